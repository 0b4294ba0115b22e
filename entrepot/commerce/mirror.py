"""What an order's copy of a subscription or asset takes over from the live one, and gives back when it completes."""

from collections.abc import Iterable

from entrepot.kernel.thing import Thing

OF_ASSET = (
    "name", "external_ids_client", "external_ids_vendor", "external_ids_operations", "terms_model", "terms_period",
    "terms_commitment", "template_id", "fulfillment", "price_currency",
)  # fmt: skip
OF_SUBSCRIPTION = (*OF_ASSET, "start_date", "commitment_date", "auto_renew")


def follow(live: Thing, copies: Iterable[Thing]) -> None:
    """What is changed on something live is changed on its copy in an order in flight: completion gives it back."""
    for copy in copies:
        for column in live.changed():
            if column in OF_SUBSCRIPTION:
                setattr(copy, column, getattr(live, column))
