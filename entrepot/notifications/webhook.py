"""A webhook: where a vendor is asked in the middle of an action, so that it validates what somebody asks of it."""

import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, document, enum, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.parse import parse_filter
from entrepot.kernel.rql.query import Query
from entrepot.kernel.scope import Filters
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.notifications.event_subscription import check_url

BY = "vendor operations"
OF = "product.id"
"""The criterion that names the product."""

ORDERS = "commerce/orders"
ABOUT: Mapping[str, tuple[str, str]] = {
    # type                           what it is about, in which collection
    "ValidatePurchaseOrderDraft":      ("Order", ORDERS),
    "ValidatePurchaseOrderQuerying":   ("Order", ORDERS),
    "ValidateChangeOrderDraft":        ("Order", ORDERS),
    "ValidateConfigurationOrderDraft": ("Order", ORDERS),
    "ValidateTerminateOrder":          ("Order", ORDERS),
    "SelectOrderLines":                ("Order", ORDERS),
    "ValidateRequest":                 ("Request", "commerce/requests"),
    "ValidateAccount":                 ("Account", "accounts/accounts"),
    "ValidateEnrollmentDraft":         ("Enrollment", ""),
    "ValidateEnrollmentQuerying":      ("Enrollment", ""),
    "ValidateReEnrollment":            ("Enrollment", ""),
    "ValidateReEnrollmentQuerying":    ("Enrollment", ""),
    "ValidateAnswer":                  ("", ""),
}  # fmt: skip
"""Source: spec 5.2 and platform spec 5.1. Orders, requests and accounts are asked about; the others are kept for those
who register them, until the platform has what they are about. What kind of object an answer is, which is given in a
chat of the helpdesk, no source says."""

OF_PRODUCTS = ("Order", "Request")
OF_OPERATIONS = ("Account",)
"""Accounts are validated by operations alone, and a draft of one is nobody else's to see (platform spec 1.1)."""

CRITERIA_MAX = 20
PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*){0,5}")
VALUE = re.compile(r"[^\"\\\0]{1,500}")
SEVERAL = re.compile(r"in\(([^,()]+),\(([^()]*)\)\)")
SECRET_LONGEST = 500

LIFE = Machine(
    initial="Enabled",
    moves=(
        #     verb       from        to          by
        move("disable", "Enabled",  "Disabled", BY),
        move("enable",  "Disabled", "Enabled",  BY),
    ),
)  # fmt: skip
"""What would have been asked while it is disabled is not asked later."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """A vendor its own, operations all of them; what they answered tells of things in rooms that must be open too.

    Whoever is held to some buyers would learn of others by it.
    """
    if who.actor == "kernel":
        return sa.true()
    if who.actor not in BY.split() or who.restricted:
        return sa.false()
    about = sa.case(*_collections(row), else_=sa.literal_column("'notifications'"))
    whose = sa.true() if who.actor == "operations" else row.c.account_id == who.account
    return sa.and_(whose, who.opens(about))


def _collections(row: sa.FromClause) -> Iterator[tuple[sa.ColumnElement[bool], sa.ColumnElement[str]]]:
    """Of each type, the collection that it is about."""
    for kind, (_, collection) in ABOUT.items():
        if collection:
            yield row.c.type == sa.literal_column(f"'{kind}'"), sa.literal_column(f"'{collection}'")


def check_criteria(value: object) -> list[str]:
    """What is wrong with criteria: paths, each with the value that must be there, or several as `in(path,(a,b))`."""
    if not isinstance(value, dict) or len(value) > CRITERIA_MAX or len({path.lower() for path in value}) < len(value):
        return [f"An object of at most {CRITERIA_MAX} paths, each once, and texts was expected."]
    for path, wanted in value.items():
        if not PATH.fullmatch(path):
            return [f"{path[:80]!r} is no path of a field."]
        if not isinstance(wanted, str) or not VALUE.fullmatch(wanted):
            return [f"A text without quotation marks and backslashes was expected for {path}."]
    return []


def in_map(body: Body) -> Body:
    """Criteria as a map, also where they came as a list of keys and values, in which older papers have them."""
    said = body.get("criteria")
    if not isinstance(said, list):
        return body
    entries = [Body(each) for each in said if isinstance(each, dict)]
    keys = [each.get("key") for each in entries]
    if len(entries) < len(said) or not all(isinstance(each, str) for each in keys) or len(set(keys)) < len(keys):
        return body
    found = {str(each.get("key")): each.get("value") for each in entries}
    rest = {name: value for name, value in body.raw.items() if name.lower() != "criteria"}
    return Body(rest | {"criteria": found}, body.prefix)


CALL = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean", "examples": [True]},
        "callTime": {"type": "string", "format": "date-time"},
        "responseTime": {"type": "string", "format": "date-time"},
        "httpStatusCode": {"type": "integer", "examples": [200]},
        "reasonPhrase": {"type": "string", "examples": ["OK"]},
        "headers": {"type": "string"},
        "response": {"type": "string"},
        "error": {"type": "string"},
    },
}
"""One call as it is told on its webhook: what came back, or why nothing did. Source: spec 5.2."""

CRITERIA = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "examples": [{"product.id": "PRD-1234-5678"}],
}
COUNTS = ("total", "successes", "failures", "failuresSinceLastSuccess")
LAST = ("lastCall", "lastSuccess", "lastFailure")

WEBHOOK = Noun(
    name="Webhook",
    path="notifications/webhooks",
    table_name="webhooks",
    ids=Ids("WBH", 2),
    life=LIFE,
    sees=sees,
    audience=("account_id",),
    fields=(
        text("name", core=True, writes=BY),
        enum("status", " ".join(LIFE.states)),
        enum("type", " ".join(ABOUT), required=True, writes="vendor:create operations:create"),
        text("url", longest=2000, required=True, check=check_url, writes=BY),
        text("description", longest=2000, writes=BY),
        document("criteria", default={}, check=check_criteria, schema=CRITERIA, writes=BY),
        enum("objectType", "Order Request Account Enrollment"),
        ref("object", "catalog/products"),
        ref("account", "accounts/accounts"),
        text("secret", longest=SECRET_LONGEST, secret=True, heavy=True, asked=True, filterable=False),
        *(integer(f"statistics.{each}", default=0, heavy=True, untold=True) for each in COUNTS),
        *(document(each, heavy=True, untold=True, schema=CALL) for each in LAST),
        *audited("created", "updated", "enabled", "disabled"),
    ),
)
"""Source: spec 5.2. `object` is the product of whose orders or requests it is told, `account` that product's vendor.
What came of calls is counted by the database as each is noted (`webhook_call.py`)."""


PRODUCTS = {"products": Want(PRODUCT, lambda row: row.c.id == given("product_id"), visible=True)}
OTHERS = {
    "others": Want(
        WEBHOOK,
        lambda row: sa.and_(
            row.c.account_id == given("account_id"),
            row.c.type == given("type"),
            row.c.object_id.is_not_distinct_from(sa.func.nullif(given("product_id"), "")),
        ),
    )
}


async def beside(load: Load, call: Call, webhook: Thing | None, body: Body) -> Got:
    """The product that the criteria name, and what asks about it already."""
    criteria = body.get("criteria") if "criteria" in body or webhook is None else webhook.criteria
    product_id = _product_id(criteria)
    got = await load(PRODUCTS, product_id=product_id)
    kind = _type(body) if webhook is None else str(webhook.type)
    whose = call.caller.account_id if webhook is None else webhook.account_id
    account = got.products[0].vendor_id if got.products else whose
    return await load(OTHERS, account_id=account, type=kind, product_id=product_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """From here on its vendor is asked. Operations may set one up for a vendor."""
    _require_room(call, _type(body))
    webhook = plain.begin(call, WEBHOOK, body, account_id=call.caller.account_id)
    webhook.object_type = object_type(str(webhook.type))
    if webhook.object_type in OF_OPERATIONS and not call.by("operations"):
        call.fault(body.path("type"), f"{webhook.object_type}s are validated by operations alone.")
    _take_object(call, webhook, body, got)
    _take_secret(call, webhook, body)
    if webhook.secret is None:
        webhook.secret = call.secrets.seal(call.secrets.new())
    call.stop_on_faults()
    _require_alone(webhook, got)
    return webhook


def update(call: Call, webhook: Thing, body: Body, got: Got) -> None:
    """Where, and about what; a new secret where there is one in the body."""
    _require_room(call, str(webhook.type))
    plain.write(call, webhook, body)
    _take_object(call, webhook, body, got)
    _take_secret(call, webhook, body)
    call.stop_on_faults()
    _require_alone(webhook, got)


def criteria_filter(webhook: Thing) -> str:
    """What it must be about beyond the product, in the language of filters; nothing where there is no more."""
    return "&".join(_filter(path, wanted) for path, wanted in (webhook.criteria or {}).items() if path.lower() != OF)


def _filter(path: str, wanted: str) -> str:
    several = SEVERAL.fullmatch(wanted)
    if several is None:
        return f'eq({path},"{wanted}")'
    return f"in({path},({','.join(f'"{each.strip()}"' for each in several[2].split(','))}))"


def _product_id(criteria: object) -> str:
    """The product that criteria name; what is wrong with it is told by the verb."""
    found = {key.lower(): value for key, value in criteria.items()} if isinstance(criteria, dict) else {}
    named = found.get(OF)
    return named if isinstance(named, str) and "\0" not in named else ""


def object_type(kind: str) -> str | None:
    """What a webhook of that type is about."""
    return ABOUT.get(kind, ("", ""))[0] or None


def _type(body: Body) -> str:
    """The type that a body names, in whatever case; what is wrong with it is told by the verb."""
    named = str(body.get("type") or "").lower()
    return next((each for each in ABOUT if each.lower() == named), "")


def _require_room(call: Call, kind: str) -> None:
    """Whole orders, requests or accounts are sent to where it says: that is for whoever may read them all."""
    modules, room = call.caller.modules, ABOUT.get(kind, ("", ""))[1].partition("/")[0]
    if call.caller.buyers is not None or (modules is not None and room and room not in modules):
        raise Forbidden("Webhooks are sent whole documents: this caller may not read them all.")


def _take_object(call: Call, webhook: Thing, body: Body, got: Got) -> None:
    """The product that the criteria name, and what else they say, checked as a filter of the owner's."""
    path = body.path("criteria")
    if any(each.startswith(path) for each in call.faults) or webhook.type is None:
        return
    named = _product_id(webhook.criteria)
    product = got.products[0] if got.products else None
    webhook.object_id = None
    if webhook.object_type in OF_PRODUCTS:
        if not named:
            call.missing(f"{path}.{OF}", "The product is required.")
        elif product is None or (call.by("vendor") and product.vendor_id != call.caller.account_id):
            call.fault(f"{path}.{OF}", f"Product {named[:80]!r} was not found.")
        else:
            webhook.object_id, webhook.account_id = product.id, product.vendor_id
            call.known.things[PRODUCT.path, str(product.id)] = product
    _require_filter(call, webhook, path)


def _require_filter(call: Call, webhook: Thing, path: str) -> None:
    _, collection = ABOUT[str(webhook.type)]
    said = criteria_filter(webhook)
    if not said or not collection:
        return
    try:
        Filters(call.nouns).prepare(call.nouns[collection], _owner(webhook), Query(filter=parse_filter(said)))
    except RqlFault as fault:
        call.fault(path, f"{fault.token}: {fault.message}"[:500])


def _owner(webhook: Thing) -> Who:
    """As whom its criteria are read."""
    return Who("operations" if webhook.object_type in OF_OPERATIONS else "vendor", restricted=False)


def _take_secret(call: Call, webhook: Thing, body: Body) -> None:
    """What calls are signed with: the caller's choice."""
    said = body.get("secret")
    if said is None:
        return
    if not isinstance(said, str) or not said.strip() or len(said) > SECRET_LONGEST or "\0" in said:
        call.fault(body.path("secret"), f"A text of 1 to {SECRET_LONGEST} characters was expected.")
        return
    webhook.secret = call.secrets.seal(said)


def _require_alone(webhook: Thing, got: Got) -> None:
    """Of one type there is one for each product (spec 5.2)."""
    for each in got.others:
        if each.id != webhook.id:
            raise Conflict(f"Webhook {each.id} is of type {each.type} and about the same already.")
