"""What the room of notifications offers, and to whom."""

from entrepot.kernel import plain
from entrepot.kernel.field import text
from entrepot.kernel.resource import Action, Resource, create, remove, update
from entrepot.notifications import delivery, event_subscription, fault, webhook, webhook_call
from entrepot.notifications.delivery import DELIVERY
from entrepot.notifications.event_subscription import EVENT_SUBSCRIPTION, EVERY
from entrepot.notifications.webhook import WEBHOOK
from entrepot.notifications.webhook_call import WEBHOOK_CALL

NOUNS = (EVENT_SUBSCRIPTION, DELIVERY, WEBHOOK, WEBHOOK_CALL)

NEEDS = "notifications"
"""The module that makes it one's business where events are sent. No agent sends them anywhere."""

_SECRET = (text("secret", longest=100),)
_SIGNED = (text("secret", longest=webhook.SECRET_LONGEST),)

PAUSE = Action("pause", event_subscription.pause, by="kernel", takes=(text("reason"),))
GIVE_UP = Action("give-up", event_subscription.give_up, by="kernel", takes=(text("delivery"),))
"""What deliveries bring about by themselves: neither has an address."""

EVENT_SUBSCRIPTIONS = Resource(
    EVENT_SUBSCRIPTION,
    create=create(event_subscription.create, by=EVERY, loads=event_subscription.beside, takes=_SECRET, needs=NEEDS),
    update=update(event_subscription.update, by=EVERY, needs=NEEDS),
    remove=remove(plain.erase, by=EVERY, needs=NEEDS),
    actions=(
        Action("enable", event_subscription.enable, moves="enable", needs=NEEDS),
        Action("disable", plain.step("disable"), moves="disable", needs=NEEDS),
        Action("rotate-secret", event_subscription.rotate_secret, by=EVERY, takes=_SECRET, alone=True, needs=NEEDS),
        Action("test", delivery.ping, by=EVERY, gives=delivery.GIVEN, needs=NEEDS),
        Action("fault", fault.make, by=EVERY, takes=fault.TAKES, alone=True, needs=NEEDS),
        PAUSE,
        GIVE_UP,
    ),
    summary="Where events are sent as they happen: signed, in order, until they have arrived.",
)

VALIDATING = frozenset(webhook.BY.split())

WEBHOOKS = Resource(
    WEBHOOK,
    create=create(
        webhook.create, by=webhook.BY, loads=webhook.beside, takes=_SIGNED, reads=webhook.in_map, needs=NEEDS
    ),
    update=update(
        webhook.update, by=webhook.BY, loads=webhook.beside, takes=_SIGNED, reads=webhook.in_map, needs=NEEDS
    ),
    remove=remove(plain.erase, by=webhook.BY, needs=NEEDS),
    actions=(
        Action("enable", plain.step("enable"), moves="enable", needs=NEEDS),
        Action("disable", plain.step("disable"), moves="disable", needs=NEEDS),
        webhook_call.NOTE,
    ),
    reads=VALIDATING,
    lists=VALIDATING,
    summary="Where vendors, and operations, are asked to validate what is asked of them.",
)

OFFERS = (
    EVENT_SUBSCRIPTIONS,
    WEBHOOKS,
    Resource(
        WEBHOOK_CALL,
        path="notifications/webhooks/{webhook}/calls",
        by="webhook_id",
        lists_only=True,
        reads=VALIDATING,
        lists=VALIDATING,
        summary="The last calls of a webhook, and what came of each.",
    ),
    Resource(
        DELIVERY,
        actions=(Action("redeliver", delivery.redeliver, by=EVERY, loads=delivery.needs, needs=NEEDS),),
        summary="Events on their way to a receiver, and what became of each.",
    ),
)
