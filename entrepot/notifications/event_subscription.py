"""An event subscription: what happens is sent to an address, signed, in order, until it has arrived."""

import re

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from entrepot.accounts.dealings import exists
from entrepot.accounts.module import MODULE
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, counted, document, enum, moment, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.node import And
from entrepot.kernel.rql.parse import parse_filter
from entrepot.kernel.rql.query import Query
from entrepot.kernel.scope import Filters
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.notifications import signature
from entrepot.notifications.fault import fault_fields

EVERY = "client vendor operations"
PATTERNS_MAX = 50
OF_AN_ACCOUNT_MAX = 100
CONDITION_LONGEST = 2000
PATTERN = re.compile(r"\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?")
ADDRESS = re.compile(r"https?://[!-~]{1,1990}")

LIFE = Machine(
    initial="Active",
    moves=(
        #     verb       from               to          by
        move("disable", "Active Paused",   "Disabled", EVERY),
        move("enable",  "Disabled Paused", "Active",   EVERY),
        move("pause",   "Active",          "Paused",   "kernel"),
    ),
)  # fmt: skip
"""Paused is what it becomes by itself when nobody has answered for days. Where it has read to is kept meanwhile."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Those of the caller's own account, for operations too: what is sent is what the account sees, and others do not.
    Nobody sees one that tells of more than the caller may know: of other modules, or of other buyers."""
    if who.actor == "kernel":
        return sa.true()
    own = sa.and_(row.c.account_id == who.account, _covered(row, who))
    return sa.and_(own, _reached(row)) if who.restricted else own


def _covered(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whether the caller has all the modules of which it tells. One that names none tells of all."""
    link, module = EVENT_SUBSCRIPTION.link(EVENT_SUBSCRIPTION.field("modules")).alias(), MODULE.table.alias()
    some = sa.exists().where(link.c.owner_id == row.c.id)
    further = exists(
        link.join(module, module.c.id == link.c.target_id),
        link.c.owner_id == row.c.id,
        module.c.code != sa.all_(who.codes),
    )
    return sa.or_(who.codes.is_(None), sa.and_(some, sa.not_(further)))


def _reached(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether it tells of no other buyers than those that the caller is held to."""
    link = EVENT_SUBSCRIPTION.link(EVENT_SUBSCRIPTION.field("buyers")).alias()
    reach = sa.bindparam("caller_buyers", type_=ARRAY(sa.Text()))
    further = sa.exists().where(link.c.owner_id == row.c.id, link.c.target_id != sa.all_(reach))
    return sa.and_(sa.exists().where(link.c.owner_id == row.c.id), sa.not_(further))


def check_url(value: object) -> list[str]:
    """What is wrong with the address of a receiver. Whether it may be called is found when it is."""
    if isinstance(value, str) and ADDRESS.fullmatch(value) and "@" not in value.split("/")[2]:
        return []
    return ["An address such as https://example.com/hook was expected, without a user in it."]


def check_events(value: object) -> list[str]:
    """What is wrong with a list of events."""
    if not isinstance(value, list) or not 0 < len(value) <= PATTERNS_MAX:
        return [f"A list of 1 to {PATTERNS_MAX} events was expected."]
    wrong = [each for each in value if not isinstance(each, str) or len(each) > 200 or not PATTERN.fullmatch(each)]
    return ["Events such as platform.commerce.order.created or platform.commerce.* were expected."] if wrong else []


def _engine(column: str):
    """A number that whoever delivers keeps."""
    receivers = sa.table("receivers", sa.column("id"), sa.column(column))

    def count(row: sa.FromClause, who: Who) -> sa.ColumnElement[int]:
        return sa.select(receivers.c[column]).where(receivers.c.id == row.c.id).scalar_subquery()

    return count


def _pending(row: sa.FromClause, who: Who) -> sa.ColumnElement[int]:
    """How many are under way: no more than the engine takes on at a time."""
    table = sa.table("deliveries", sa.column("receiver_id"), sa.column("status"))
    pending = sa.and_(table.c.receiver_id == row.c.id, table.c.status == sa.literal_column("'Pending'"))
    return sa.select(sa.func.count()).select_from(table).where(pending).scalar_subquery()


EVENT_SUBSCRIPTION = Noun(
    name="EventSubscription",
    path="notifications/event-subscriptions",
    table_name="event_subscriptions",
    ids=Ids("EVS", 2),
    life=LIFE,
    sees=sees,
    audience=("account_id",),
    fields=(
        text("name", core=True, writes=EVERY),
        enum("status", " ".join(LIFE.states), core=True),
        text("pauseReason", longest=500),
        text("url", longest=2000, required=True, check=check_url, writes=EVERY),
        text("description", longest=2000, writes=EVERY),
        document(
            "events",
            default=["*"],
            check=check_events,
            schema={"type": "array", "items": {"type": "string"}, "examples": [["platform.commerce.order.*"]]},
            writes=EVERY,
        ),
        text("condition", longest=CONDITION_LONGEST, writes=EVERY),
        ref("account", "accounts/accounts"),
        refs("modules", "accounts/modules", heavy=True),
        refs("buyers", "accounts/buyers", heavy=True),
        text("secret", longest=500, secret=True, heavy=True, asked=True, filterable=False),
        text("formerSecret", longest=500, sees="kernel", secret=True, filterable=False),
        moment("formerSecretUntil", heavy=True),
        counted("statistics.delivered", _engine("delivered"), heavy=True),
        counted("statistics.failed", _engine("failed"), heavy=True),
        counted("statistics.pending", _pending, heavy=True),
        counted("statistics.failuresSinceLastSuccess", _engine("failures"), heavy=True),
        *fault_fields(),
        *audited("created", "updated", "activated", "disabled", "paused"),
    ),
)
"""`modules` and `buyers` are what whoever made it could see then; none named: all of the account's."""

BESIDE = {
    "modules": Want(MODULE, lambda row: sa.true()),
    "others": Want(EVENT_SUBSCRIPTION, lambda row: row.c.account_id == given("account_id"), named=True),
}
EVENTS = "events"
"""The path of the feed."""


async def beside(load: Load, call: Call, subscription: Thing | None, body: Body | None) -> Got:
    """The modules that there are, and the account's other subscriptions."""
    return await load(BESIDE, account_id=call.caller.account_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """From here on, what happens is sent: of what the caller can see, and no more if it may see more later."""
    caller = call.caller
    if len(got.others) >= OF_AN_ACCOUNT_MAX:
        raise Conflict(f"An account has {OF_AN_ACCOUNT_MAX} event subscriptions at most.")
    subscription = plain.begin(call, EVENT_SUBSCRIPTION, body, account_id=caller.account_id)
    if caller.codes is not None:
        call.link(subscription, "modules", sorted(each.id for each in got.modules if each.code in caller.codes))
    if caller.buyers is not None:
        if not caller.buyers:
            raise Conflict("The caller is held to no buyer: there would be nothing to send.")
        call.link(subscription, "buyers", caller.buyers)
    _require_condition(call, subscription, body)
    secret = body.get("secret")
    if secret is not None and (faults := signature.check_secret(secret)):
        call.fault(body.path("secret"), faults[0])
    subscription.secret = call.secrets.seal(
        secret if isinstance(secret, str) else signature.made_of(call.secrets.new())
    )
    return subscription


def update(call: Call, subscription: Thing, body: Body, got: None) -> None:
    """Where it goes to, and what of it. What is under way goes to the new address."""
    plain.write(call, subscription, body)
    _require_condition(call, subscription, body)


def rotate_secret(call: Call, subscription: Thing, body: Body, got: None) -> None:
    """A new secret. For a day letters bear the signatures of both, so that the receiver can change over in peace."""
    secret = body.get("secret")
    if secret is not None and (faults := signature.check_secret(secret)):
        call.fault(body.path("secret"), faults[0])
    subscription.former_secret = subscription.secret
    subscription.former_secret_until = call.now + signature.BOTH_SIGN_FOR
    subscription.secret = call.secrets.seal(
        secret if isinstance(secret, str) else signature.made_of(call.secrets.new())
    )
    call.record("event_subscription.secret_rotated", subscription)


def pause(call: Call, subscription: Thing, body: Body, got: None) -> None:
    """Nobody has answered for long: it waits until its account enables it, and goes on from there."""
    call.move(subscription, "pause")
    subscription.pause_reason = body.get("reason")
    call.record("event_subscription.paused", subscription)


def enable(call: Call, subscription: Thing, body: Body, got: None) -> None:
    """It goes on where it was."""
    call.move(subscription, "enable")
    subscription.pause_reason = None
    call.record("event_subscription.enabled", subscription)


def give_up(call: Call, subscription: Thing, body: Body, got: None) -> None:
    """One delivery is skipped, after days in which others arrived: its account is told which."""
    call.record("event_subscription.delivery_failed", subscription, delivery=body.get("delivery"))


def _require_condition(call: Call, subscription: Thing, body: Body) -> None:
    """A filter of the feed, as the account itself could ask for it."""
    if not subscription.condition:
        subscription.condition = None
        return
    try:
        query = Query(filter=parse_filter(subscription.condition))
        Filters(call.nouns).prepare(call.nouns[EVENTS], call.caller.who, query)
    except RqlFault as fault:
        call.fault(body.path("condition"), f"{fault.token}: {fault.message}"[:500])


def feed_of(subscription: Thing, limit: int) -> Query:
    """What of the feed goes to the receiver: the events that it names, under its condition."""
    named = [str(each) for each in subscription.events or ()]
    parts = [] if "*" in named else [parse_filter(any_of(named))]
    if subscription.condition:
        parts.append(parse_filter(subscription.condition))
    return Query(filter=And(tuple(parts)) if len(parts) > 1 else next(iter(parts), None), limit=limit)


def any_of(patterns: list[str]) -> str:
    """The filter that lets these events through; a pattern has nothing in it that the language would read."""
    exact = [each for each in patterns if not each.endswith("*")]
    found = [f"in(event,({','.join(exact)}))"] if exact else []
    found += [f"like(event,'{each}')" for each in patterns if each.endswith("*")]
    return found[0] if len(found) == 1 else f"or({','.join(found)})"
