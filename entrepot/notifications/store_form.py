"""What a world file may leave out about event subscriptions, and how it carries their secrets."""

from entrepot.kernel.store_form import Form, World
from entrepot.kernel.thing import Thing
from entrepot.notifications import signature
from entrepot.notifications.event_subscription import EVENT_SUBSCRIPTION


def _event_subscription(subscription: Thing, world: World) -> None:
    """Its secret is brought along: a receiver knows it already."""
    for column in ("secret", "former_secret"):
        secret = getattr(subscription, column)
        if secret is None:
            continue
        for fault in signature.check_secret(secret):
            world.fault(subscription, subscription.noun.by_column[column].name, fault)
            return
        setattr(subscription, column, world.seal(secret))


FORMS = (Form(EVENT_SUBSCRIPTION, _event_subscription, needs=("account", "url", "secret")),)
"""Deliveries are under way, and stand in no file: whoever loads one sends what happens from there on."""
