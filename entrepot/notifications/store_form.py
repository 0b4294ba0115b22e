"""What a world file may leave out about where we call others, and how it carries the secrets of that."""

from entrepot.kernel.store_form import Form, World
from entrepot.kernel.thing import Thing
from entrepot.notifications import signature
from entrepot.notifications.event_subscription import EVENT_SUBSCRIPTION
from entrepot.notifications.webhook import OF, WEBHOOK, object_type


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


def _webhook(webhook: Thing, world: World) -> None:
    """What it is about follows from its type and criteria; its secret is known to the receiver already."""
    named = (webhook.criteria or {}).get(OF)
    if webhook.object_id is None and named is not None:
        webhook.object_id = named
    if webhook.object_type is None:
        webhook.object_type = object_type(str(webhook.type))
    if isinstance(webhook.secret, str):
        webhook.secret = world.seal(webhook.secret)


FORMS = (
    Form(EVENT_SUBSCRIPTION, _event_subscription, needs=("account", "url", "secret")),
    Form(WEBHOOK, _webhook, needs=("account", "type", "url", "secret")),
)
"""Calls of webhooks are what has been, and stand in no file either.
Deliveries are under way, and stand in no file: whoever loads one sends what happens from there on."""
