"""A delivery: one event on its way to one receiver, with every attempt that was made.

A receiver is an event subscription, or an installation of an extension.
"""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists, vendor_unseen
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import document, enum, integer, moment, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.kernel.wire import moment_text
from entrepot.notifications import event_subscription
from entrepot.notifications.event_subscription import EVENT_SUBSCRIPTION

PING = "platform.notifications.event_subscription.ping"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the subscription; of an installation its account, the vendor of the extension, and operations."""
    if who.actor == "kernel":
        return sa.true()
    owner = EVENT_SUBSCRIPTION.table.alias()
    seen = sa.exists().where(owner.c.id == row.c.subscription_id, event_subscription.sees(owner, who))
    return sa.or_(sa.and_(row.c.account_id == who.account, seen), _told_to_an_extension(row, who))


def _told_to_an_extension(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """As with the task that may go with it: which buyer it is about is not said, so who is held to some sees none; and
    a token whose modules do not open the room of what it is about does not hear of it."""
    if who.restricted:
        return sa.false()
    parties = row.c.account_id == who.account
    if who.actor == "vendor":
        parties = sa.or_(parties, row.c.vendor_id == who.account)
    opened = who.opens(sa.func.split_part(row.c.event, ".", 2))
    return sa.and_(row.c.installation_id.is_not(None), sa.true() if who.actor in SEE_ALL else parties, opened)


ATTEMPT = {
    "type": "object",
    "properties": {
        "at": {"type": "string", "format": "date-time"},
        "status": {"type": "integer"},
        "milliseconds": {"type": "integer"},
        "answer": {"type": "string"},
        "error": {"type": "string"},
    },
}

DELIVERY = Noun(
    name="Delivery",
    path="notifications/deliveries",
    table_name="delivery_records",
    ids=Ids("DLV", 4),
    sees=sees,
    order="-created",
    trailed=False,
    keeper="keeper_id",
    fields=(
        ref("subscription", "notifications/event-subscriptions"),
        ref("installation", "integration/installations"),
        ref("extension", "integration/extensions"),
        text("receiver", sees="kernel", filterable=False, column="receiver_id"),
        ref("keeper", "accounts/accounts", sees="kernel", filterable=False),
        vendor_unseen(),
        ref("account", "accounts/accounts"),
        enum("status", "Pending Delivered Failed"),
        text("event"),
        text("object.id"),
        text("object.objectType"),
        integer("tries"),
        moment("created"),
        moment("nextAttempt"),
        moment("delivered"),
        document("attempts", heavy=True, own="keeper_id", schema={"type": "array", "items": ATTEMPT}),
        document("payload", heavy=True, schema={"type": "object"}),
    ),
)
"""A view of what the engine keeps; it is kept for 30 days. Attempts are the last fifty.

Its keeper is the account of the subscription, or the vendor of the extension: it alone reads what the receiver
answered, and has it sent again. The `payload` of one to an extension is what its letter is made of: names.
"""


def ping(call: Call, subscription: Thing, body: Body, got: Got) -> dict[str, object]:
    """A letter about nothing, to see whether it arrives. It goes out even while nothing else does."""
    payload = {"id": subscription.id, "event": PING, "at": moment_text(call.now)}
    delivery = call.new(
        DELIVERY,
        receiver_id=subscription.id,
        account_id=subscription.account_id,
        status="Pending",
        event=PING,
        object_id=subscription.id,
        object_object_type="EventSubscription",
        tries=0,
        attempts=[],
        payload=payload,
    )
    return {"delivery": {"id": delivery.id}}


GIVEN = {
    "type": "object",
    "properties": {"delivery": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
    "required": ["delivery"],
}
"""What is told of a ping: the delivery, in which its fate will stand."""


# Who has let an extension in is told in a later room; here only the columns that are asked for are known.
INSTALLATIONS = sa.table("extension_installations", *(sa.column(name, sa.Text()) for name in ("id", "status")))


def _is_to_nobody(row: sa.FromClause) -> sa.ColumnElement[bool]:
    each = INSTALLATIONS.alias()
    let_in = exists(each, each.c.id == row.c.installation_id, each.c.status == "Installed")
    return sa.and_(row.c.id == given("delivery"), row.c.installation_id.is_not(None), sa.not_(let_in))


TO_NOBODY = {"to_nobody": Want(DELIVERY, _is_to_nobody)}


async def needs(load: Load, call: Call, delivery: Thing, body: Body) -> Got:
    """Whether the account has let the extension go since."""
    return await load(TO_NOBODY, delivery=delivery.id)


def redeliver(call: Call, delivery: Thing, body: Body, got: Got) -> None:
    """It goes out once more, with the id that it had: the receiver can tell that it is the same."""
    if delivery.status == "Pending":
        raise Conflict(f"Delivery {delivery.id} is under way.")
    if got.to_nobody:
        raise Conflict(f"Installation {delivery.installation_id} has ended.")
    delivery.status, delivery.delivered, delivery.tries = "Pending", None, 0
