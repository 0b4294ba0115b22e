"""A message is what a party says on a request, to all of its parties or to some."""

import sqlalchemy as sa

from entrepot.commerce.request_party import party, unseen_party
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import ACTORS, audited, enum, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

CONTENT_MAX = 10_000
EVERYBODY = "client:create vendor:create operations:create"
COMMENT = "Comment"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Parties of the request for whom it is meant; operations too sees no other."""
    found = party(row, who)
    return sa.and_(found, row.c.visibility_operations) if who.actor == "operations" else found


REQUEST_MESSAGE = Noun(
    name="RequestMessage",
    path="commerce/requests/{request}/messages",
    table_name="request_messages",
    ids=Ids("MSG", 4),
    owner="request",
    sees=sees,
    audience=("client_id", "vendor_id"),
    fields=(
        ref("request", "commerce/requests"),
        ref("account", "accounts/accounts"),
        enum("type", f"{COMMENT} Processing Querying Completed", core=True, default=COMMENT),
        text("content", longest=CONTENT_MAX, required=True, core=True, writes=EVERYBODY),
        *(flag(f"visibility.{actor}", core=True, default=False, writes=EVERYBODY) for actor in ACTORS),
        *unseen_party(),
        *audited("created", "updated"),
    ),
)
"""Source: spec 3.7. `type` is the state into which the request was moved with these words, if it was.

A party is kept on the message only where it is meant for that one: so the trail too tells it to nobody else.
"""


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Something is said on a request, to those parties whose visibility is true. Whoever says it sees it."""
    message = _begin(call, got.request)
    apply(call, message, body, "create")
    if "visibility" not in body:
        call.fault(body.path("visibility"), "A value is required.")
    if message.content is None and "content" not in call.faults:
        call.fault(body.path("content"), "A value is required.")
    actors = {each for each in ACTORS if message.now[f"visibility_{each}"]}
    meant_for(message, got.request, {call.caller.actor, *actors})
    call.record("message.created", message)
    return message


def say(call: Call, request: Thing, content: str) -> None:
    """What goes with a move of the request, for all to see."""
    message = _begin(call, request)
    message.type, message.content = request.status, content
    meant_for(message, request, set(ACTORS))
    call.record("message.created", message)


def _begin(call: Call, request: Thing) -> Thing:
    return call.new(REQUEST_MESSAGE, request_id=request.id, account_id=call.caller.account_id)


def meant_for(message: Thing, request: Thing, actors: set[str]) -> None:
    """The actors see it, as far as they are party to the request."""
    for actor in ACTORS:
        setattr(message, f"visibility_{actor}", actor in actors)
    message.client_id = request.client_id if "client" in actors else None
    message.vendor_id = request.vendor_id if "vendor" in actors else None
    message.requester_id = request.requester_id
