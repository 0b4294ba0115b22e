"""Built-in fulfilment: where a product asks for it, the platform sets up what was ordered, in the vendor's stead."""

from collections.abc import Iterable, Iterator

from entrepot.commerce import basket_progress, order_needs, order_subscription, parameters
from entrepot.commerce.order import complete
from entrepot.commerce.order_line import is_one_time
from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.identity import SERVICES
from entrepot.kernel.resource import Action
from entrepot.kernel.thing import Thing

FULFILLER = Caller(actor="kernel", account_id="", identity_id=SERVICES["fulfiller"], token_id=SERVICES["fulfiller"])
"""Who completes the order: no account, but a name of its own on everything that it does."""

NAME_LONGEST = 500


def fulfil(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Completes an order that waits for nobody. The order may have gone on by itself: then there is nothing to do.

    What only the vendor can know, it has to fill in: the order stays as it is, and the trail says what is missing.
    """
    if order.status != "Processing":
        return
    missing = parameters.invalid(order.fulfillment, got.definitions, parameters.FULFILLMENT)
    if missing:
        reason = "; ".join(f"{path}: {' '.join(words)}" for path, words in missing.items())
        call.record("order.fulfilment_waits", order, reason=reason)
        basket_progress.follow(call, order, got, waits=f"The vendor has to fill in {reason}")
        return
    for lines in by_terms(each for each in order.lines if not is_one_time(each) and each.subscription_id is None):
        draft = order_subscription.begin(call, order, got)
        draft.name = _name(lines, got)
        order_subscription.put_lines(order, draft, lines)
    complete(call, order, body, got)  # which gives each line that is bought once an asset of its own


FULFIL = Action("fulfil", fulfil, by="kernel", loads=order_needs.to_complete, answers=204)
"""By the platform alone, so it has no address."""


def by_terms(lines: Iterable[Thing]) -> Iterator[list[Thing]]:
    """Lines that one subscription can hold: those of the same model, period and commitment."""
    found: dict[tuple[str, str, str], list[Thing]] = {}
    for line in lines:
        found.setdefault((line.model, line.period, line.commitment), []).append(line)
    yield from found.values()


def _name(lines: list[Thing], got: Got) -> str:
    """After the item where there is one, else after the product."""
    named = got.product if len(lines) > 1 else next(each for each in got.items if each.id == lines[0].item_id)
    return f"Subscription for {named.name}"[:NAME_LONGEST]
