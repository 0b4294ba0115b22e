"""A request asks a vendor, or operations, for something that is no order. Legacy: newer platforms have none of it."""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import AGREEMENTS, exists
from entrepot.accounts.user import USER
from entrepot.catalog.parameter import PARAMETER, is_active
from entrepot.catalog.product import PRODUCT, takes_requests
from entrepot.catalog.template import TEMPLATE
from entrepot.commerce import parameters
from entrepot.commerce.bags import DEFINITIONS, not_hidden
from entrepot.commerce.parameters import Instance
from entrepot.commerce.request_message import CONTENT_MAX, say
from entrepot.commerce.request_party import CLIENT, OPERATIONS, VENDOR, party, take_parties
from entrepot.commerce.template import default_template
from entrepot.commerce.text import render, values_of
from entrepot.kernel.body import Body, apply, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Forbidden
from entrepot.kernel.field import audited, bag, enum, externals, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.notifications.validation import validated

LIFE = Machine(
    initial="Draft",
    final="Completed",
    moves=(
        #     verb        from                   to            by
        move("place",    "Draft",               "Processing", "client operations"),
        move("resume",   "Querying",            "Processing", "client vendor operations"),
        move("ask",      "Processing",          "Querying",   "vendor operations"),
        move("complete", "Processing Querying", "Completed",  "client vendor operations"),
    ),
)  # fmt: skip
"""Source: spec 3.7."""

UNDER_WAY = "Draft,Processing,Querying"
FOUND = "client:create operations:create"
ANSWERED = f"vendor:{UNDER_WAY} operations:create,{UNDER_WAY}"
NAMED = f"client:create {ANSWERED}"

REQUEST_PARAMETER = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "examples": ["PAR-1234-5678-0001"]},
        "externalId": {"type": "string", "examples": ["reason"]},
        "title": {"type": "string", "examples": ["Reason"]},
        "description": {"type": "string"},
        "value": {"examples": ["We have moved."]},
        "displayOrder": {"type": "integer", "examples": [10]},
        "constraints": {
            "type": "object",
            "properties": {"isReadonly": {"type": "boolean"}, "isOptional": {"type": "boolean"}},
        },
        "typeOptions": {},
        "errorMessage": {"type": "string"},
        "errorCode": {"type": "string"},
    },
}
"""What one value of a request looks like, in words that are older than those of orders."""


def wire(values: Iterable[Instance], definitions: Iterable[Any], actor: str) -> list[dict[str, object]]:
    """The values as the actor sees them; hidden ones do not exist for the client."""
    by_id = {each.id: each for each in definitions}
    return [_wired(shown, by_id[str(shown["id"])]) for shown in parameters.wire(values, by_id.values(), actor)]


def _wired(shown: dict[str, object], definition: Any) -> dict[str, object]:
    constraints, error = shown["constraints"], shown.get("error")
    assert isinstance(constraints, dict)
    found = {
        "id": shown["id"],
        "externalId": shown.get("externalId"),
        "title": definition.name,
        "description": definition.description,
        "value": shown.get("value"),
        "displayOrder": definition.display_order,
        "constraints": {"isReadonly": constraints["readonly"], "isOptional": not constraints["required"]},
        "typeOptions": definition.options or None,
        "errorMessage": error.get("message") if isinstance(error, dict) else None,
        "errorCode": error.get("id") if isinstance(error, dict) else None,
    }
    return {name: value for name, value in found.items() if value is not None}


REQUEST = Noun(
    name="Request",
    path="commerce/requests",
    table_name="requests",
    ids=Ids("REQ", 3),
    life=LIFE,
    sees=party,
    audience=("client_id", "vendor_id"),
    fields=(
        text("name", longest=1000, required=True, core=True, writes=NAMED),
        enum("status", " ".join(LIFE.states)),
        text("externalId", longest=250, writes=NAMED),
        text("error", longest=4000, writes=ANSWERED),
        ref("from", "accounts/accounts", required=True, writes=FOUND),
        ref("to", "accounts/accounts"),
        ref("client", "accounts/accounts"),
        ref("vendor", "accounts/accounts"),
        ref("requester", "accounts/users", writes=FOUND),
        ref("assignee", "accounts/users", writes="vendor operations"),
        ref("product", "catalog/products", writes=FOUND),
        *externals("client", "vendor", "operations"),
        bag(
            "parameters",
            target=DEFINITIONS,
            declared_by="product",
            dress=wire,
            covers=not_hidden,
            heavy=True,
            schema=REQUEST_PARAMETER,
            writes=NAMED,
        ),
        part("messages", "commerce/requests/{request}/messages", by="request_id", heavy=True, screened=True),
        *validated(),
        *audited("created", "updated", "processing", "querying", "completed"),
    ),
)
"""Source: spec 3.7. `from` asks `to`. Its parties are the client and the vendor among them, or the product's vendor."""

BEGINS = enum("status", "Draft Processing", required=True)
ADDRESSED = ref("to", "accounts/accounts", required=True)
SAID = text("message", longest=CONTENT_MAX)
"""What bodies hold beside the fields of a request."""


# What verbs need ---------------------------------------------------------------------------------------

PARTNERS = {
    "senders": Want(ACCOUNT, lambda row: row.c.id == given("from_id"), visible=True),
    "addressees": Want(ACCOUNT, lambda row: row.c.id == given("to_id")),
    "partners": Want(ACCOUNT, lambda row: sa.and_(row.c.id == given("to_id"), _deals(row.c.id))),
    "products": Want(PRODUCT, lambda row: row.c.id == given("product_id"), visible=True),
}


def _deals(vendor_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether who asks has an agreement with that vendor."""
    agreement = AGREEMENTS.alias()
    return exists(agreement, agreement.c.client_id == given("from_id"), agreement.c.vendor_id == vendor_id)


async def to_begin(load: Load, call: Call, _: None, body: Body) -> Got:
    """Who asks whom about which product, as far as the body says so."""
    await load(PARTNERS, from_id=_id_of(body, "from"), to_id=_id_of(body, "to"), product_id=_id_of(body, "product"))
    return await _declared(load, next((str(each.id) for each in load.got.products), None))


async def beside(load: Load, call: Call, request: Thing, body: Body) -> Got:
    """What the product declares: its questions and texts."""
    return await _declared(load, request.product_id)


async def _declared(load: Load, product_id: str | None) -> Got:
    load.got.definitions = await load.definitions(PARAMETER, product_id) if product_id else []
    load.got.templates = await load.definitions(TEMPLATE, product_id) if product_id else []
    return load.got


COLLEAGUES = {"colleagues": Want(USER, lambda row: row.c.id == given("assignee_id"), visible=True)}


async def to_change(load: Load, call: Call, request: Thing, body: Body) -> Got:
    """As for any verb, and whoever is to work on it: somebody that the caller knows by itself."""
    await load(COLLEAGUES, assignee_id=_id_of(body, "assignee"))
    return await beside(load, call, request, body)


OWNER = {"requests": Want(REQUEST, lambda row: row.c.id == given("request_id"))}


async def with_request(load: Load, call: Call, _: None, body: Body) -> Got:
    """For what hangs on a request: the request."""
    got = await load(OWNER, request_id=call.owner_id)
    got.request = got.requests[0]
    return got


def _id_of(body: Body, name: str) -> str:
    """The id that a reference of the body names; what is wrong with it is told by the verb."""
    named = body.get(name)
    found = named.get("id") if isinstance(named, dict) else None
    return found if isinstance(found, str) and "\0" not in found else ""


# Verbs, in the order of life ---------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A client, or operations for it or for itself, asks somebody; as a draft, or at once (spec 3.7)."""
    request = call.new(REQUEST, status="Draft", requester_id=call.caller.user_id or None)
    begins = convert(call, BEGINS, body.path("status"), body.get("status"))
    apply(call, request, body, "create")
    if call.caller.buyers is not None:  # it sees no requests but its own
        request.requester_id = call.caller.user_id
    for name in ("name", "from"):
        if body.get(name) is None:
            call.fault(body.path(name), "A value is required.")
    _address(call, request, body, got)
    request.parameters = [parameters.instance(each) for each in _asked(got.definitions)]
    _write_parameters(call, request, body, got)
    call.stop_on_faults()
    call.record("request.created", request)
    if begins == "Processing":
        place(call, request, got)
    return request


def _address(call: Call, request: Thing, body: Body, got: Got) -> None:
    """Whoever may be asked: operations, or the vendor of the product, or without one a vendor that one deals with."""
    sender, addressee, product = (
        found[0] if found else None for found in (got.senders, got.addressees, got.products)
    )  # fmt: skip
    if sender is not None and sender.type not in (CLIENT, OPERATIONS):
        call.fault(body.path("from.id"), "Only clients and operations make requests.")
    if product is not None and not takes_requests(product):
        call.fault(body.path("product.id"), f"Product {product.id} takes no requests.")
    if body.get("to") is None:
        call.fault(body.path("to"), "A value is required.")
    elif addressee is None or not _may_be_asked(call, request, addressee, product, got):
        call.fault(body.path("to.id"), f"Account {_id_of(body, 'to')!r} cannot be asked for this.")
    else:
        request.to_id = addressee.id
    take_parties(request, sender, addressee, product)


def _may_be_asked(call: Call, request: Thing, addressee: Thing, product: Thing | None, got: Got) -> bool:
    if addressee.status == "Disabled" or addressee.id == request.from_id:
        return False
    if addressee.type != VENDOR:
        return addressee.type == OPERATIONS
    if product is not None:
        return product.vendor_id == addressee.id
    return call.by("operations") or bool(got.partners)


def update(call: Call, request: Thing, body: Body, got: Got) -> None:
    """Who answers puts right what is asked, says what is wrong with it, and who works on it."""
    _require_addressed(call, request, but="operations")
    apply(call, request, body)
    if "assignee_id" in request.changed() and request.assignee_id is not None and not got.colleagues:
        call.fault(body.path("assignee.id"), f"User {request.assignee_id!r} was not found.")
    if request.status != "Completed":
        _write_parameters(call, request, body, got)
    if request.changed():
        call.record("request.updated", request)


def validate(call: Call, request: Thing, body: Body, got: Got) -> dict[str, object]:
    """Judges the answers to the product's questions; what is wrong is told, not refused (spec 3.7).

    The vendor is asked afterwards, where its product wants that (`request_validation.py`).
    """
    judged = [
        {
            "id": definition.id,
            "externalId": definition.external_id,
            "value": each.get("value"),
            "isValid": not wrong,
            "error": " ".join(wrong) or None,
        }
        for each, definition, wrong in parameters.judged(request.parameters, got.definitions)
    ]
    slim = [{name: value for name, value in each.items() if value is not None} for each in judged]
    return {**({"error": request.error} if request.error else {}), "parameters": slim}


def take_answer(call: Call, request: Thing, body: Body, got: Got) -> None:
    """What the vendor says of a request that it validates: what it objected to before counts no more (spec 2.10).

    What is wrong with all of it is a text here, and `{"id": …, "message": …}` of orders: either is understood.
    """
    said = body.get("error")
    words = said.get("message") if isinstance(said, dict) else said
    request.error = convert(call, REQUEST.field("error"), body.path("error"), words)
    request.parameters = parameters.without_errors(request.parameters)
    _write_parameters(call, request, body, got)


def objected(request: Thing) -> bool:
    """Whether whoever is asked finds something wrong."""
    return bool(request.error) or any(each.get("error") for each in request.parameters)


VALIDATED = {
    "type": "object",
    "required": ["parameters"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong with the request as a whole."},
        "parameters": {
            "type": "array",
            "examples": [[{"id": "PAR-1234-5678-0001", "externalId": "reason", "value": "We moved.", "isValid": True}]],
            "items": {
                "type": "object",
                "required": ["id", "isValid"],
                "properties": {
                    "id": {"type": "string"},
                    "externalId": {"type": "string"},
                    "value": {},
                    "isValid": {"type": "boolean"},
                    "error": {"type": "string", "description": "What is wrong with the value."},
                },
            },
        },
    },
}


def process(call: Call, request: Thing, body: Body, got: Got) -> None:
    """Sends a draft on its way, or goes on with a request that waited for an answer: by its state."""
    if request.status == "Draft" and not call.by("vendor"):
        place(call, request, got)
    else:
        resume(call, request)
    _say(call, request, body)


def place(call: Call, request: Thing, got: Got) -> None:
    """Who asks has said all that the product wants to know."""
    call.move(request, "place")
    for each, definition, wrong in parameters.judged(request.parameters, got.definitions):
        for words in wrong:
            call.fault(f"parameters.{definition.external_id or each['id']}", words)
    call.stop_on_faults()
    call.record("request.placed", request)


def resume(call: Call, request: Thing) -> None:
    """The question is answered, or need not be."""
    _require_addressed(call, request, but="client operations")
    call.move(request, "resume")
    call.record("request.resumed", request)


def ask(call: Call, request: Thing, body: Body, got: Got) -> None:
    """Whoever was asked asks back. Nobody does so in their stead."""
    _require_addressed(call, request)
    call.move(request, "ask")
    call.record("request.queried", request)
    _say(call, request, body)


def complete(call: Call, request: Thing, body: Body, got: Got) -> None:
    """It is done, says whoever was asked; or it need not be, says whoever asked."""
    _require_addressed(call, request, but="client operations")
    call.move(request, "complete")
    call.record("request.completed", request)
    _say(call, request, body)


def told(call: Call, request: Thing, got: Got) -> str:
    """The product's text for requests, filled with the answers; nothing where there is none."""
    chosen = default_template(got, "RequestProcessing")
    template = next((each for each in got.templates if each.id == chosen), None)
    if template is None:
        return ""
    return render(
        str(template.content), values_of(parameters.wire(request.parameters, got.definitions, call.caller.actor))
    )


# Rules -------------------------------------------------------------------------------------------------


def _require_addressed(call: Call, request: Thing, but: str = "") -> None:
    """A vendor reads along where its product is concerned; it works on what it was asked itself."""
    if not call.by(*but.split()) and request.to_id != call.caller.account_id:
        raise Forbidden(f"Request {request.id} is addressed to somebody else.")


def _asked(definitions: Iterable[Any]) -> Iterator[Any]:
    """The questions that a product has for whoever makes a request."""
    return (each for each in definitions if each.scope == "Request" and each.phase == "Order" and is_active(each))


def _write_parameters(call: Call, request: Thing, body: Body, got: Got) -> None:
    """Merges values, which newer clients name by `id` or `externalId`, older ones by `parameterDefinitionId`."""
    entries = body.get("parameters")
    if isinstance(entries, list):
        entries = [_in_words_of_orders(each) if isinstance(each, dict) else each for each in entries]
    written, faults = parameters.write(
        request.parameters, got.definitions, entries, call.caller.actor, path=body.path("parameters")
    )
    for path, messages in faults.items():
        for words in messages:
            call.fault(path, words)
    if not faults:
        request.parameters = written


def _in_words_of_orders(entry: dict[str, object]) -> dict[str, object]:
    """An entry, be it in newer words, in those in which a request is read, or in those of its validation."""
    said = {name.lower(): value for name, value in entry.items()}
    found = {_NEWER.get(name, name): value for name, value in said.items() if name not in _OLDER}
    if isinstance(found.get("error"), str):
        found["error"] = {"message": found["error"]}
    elif said.get("errormessage") is not None:
        found.setdefault("error", {"message": said["errormessage"], "id": said.get("errorcode")})
    elif "errormessage" in said:
        found.setdefault("error", None)
    if said.get("isvalid") is False and found.get("error") is None:
        found["error"] = {"message": "The value is not accepted."}
    constraints = found.get("constraints")
    if isinstance(constraints, dict):
        found["constraints"] = _constraints(constraints)
    return found


_NEWER = {"parameterdefinitionid": "id"}
_OLDER = ("errormessage", "errorcode", "isvalid")


def _constraints(said: dict[str, object]) -> dict[str, object]:
    """What may be left out is not required."""
    found = {name.lower().removeprefix("is"): value for name, value in said.items()}
    if "optional" in found:
        optional = found.pop("optional")
        found.setdefault("required", not optional if isinstance(optional, bool) else optional)
    return found


def _say(call: Call, request: Thing, body: Body) -> None:
    message = convert(call, SAID, body.path("message"), body.get("message"))
    call.stop_on_faults()
    if isinstance(message, str) and message.strip():
        say(call, request, message)
