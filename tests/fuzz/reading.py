"""What comes from outside, read as a request is: whatever the bytes, they are taken or refused, and soon.

Both the tests and `make fuzz` feed this. It needs no database: what is fuzzed is the reading alone.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from entrepot.commerce import parameters
from entrepot.kernel.access import WHO, Caller
from entrepot.kernel.body import apply, read_body, referenced
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Invalid
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.rql import RqlFault, read_query
from entrepot.kernel.scope import Filters
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import decode, encode
from entrepot.offers import NOUNS

HOUSE = Nouns(NOUNS)
ALL = list(HOUSE)
WRITTEN = [each for each in ALL if any(f.writes for f in each.all_fields)]
ACTORS = ("client", "vendor", "operations")
NOW = datetime(2026, 3, 1, tzinfo=UTC)

SECONDS_MAX = 0.05
BYTES_MAX = 100 * 1024 * 1024

TYPES = ("SingleLineText", "MultiLineText", "Address", "Contact", "Checkbox", "Choice", "Subdomain", "Heading",
         "DropDown", "Email", "DataObject", "Date", "DateAndTime", "Collection")  # fmt: skip
DEFINITIONS: list[Any] = [
    SimpleNamespace(
        id=f"PAR-{number:04d}", external_id=kind, name=kind, type=kind, phase="Order", scope="Order", context="None",
        multiple=bool(number % 2), constraints={"required": True}, options={"values": [{"value": "a"}]}, status="Active",
    )
    for number, kind in enumerate(TYPES)
]  # fmt: skip
"""A parameter of each type, and each of them is asked for."""


def read_as_query(raw: bytes, choice: int = 0) -> bool:
    """A query string on one of the collections, up to the condition that it becomes; whether it was taken."""
    noun, actor = ALL[choice % len(ALL)], ACTORS[choice % len(ACTORS)]
    try:
        query = read_query(raw)
        Filters(HOUSE).prepare(noun, WHO[actor, bool(choice & 1)], query).compose()
    except RqlFault as fault:
        assert fault.token and fault.message
        return False
    return True


def read_as_body(raw: bytes, choice: int = 0) -> bool:
    """A JSON body, written on a thing of one kind with all that an actor may write; whether it was taken."""
    noun, actor = WRITTEN[choice % len(WRITTEN)], ACTORS[choice % len(ACTORS)]
    try:
        body = read_body(decode(raw))
    except (ValueError, RecursionError, Invalid):
        return False
    call = Call(Caller(actor, "ACC-1", "USR-1"), HOUSE, NOW, lambda noun: "XXX-0001")
    for state in noun.life.states if noun.life else ("",):
        referenced(call, noun, None, body, state)
        apply(call, _blank(noun), body, state)
    bag = parameters.instances(DEFINITIONS, "Purchase", parameters.ORDERING)
    written, faults = parameters.write(bag, DEFINITIONS, body.get("parameters"), actor, path="parameters")
    encode(parameters.wire(written, DEFINITIONS, actor))
    encode(parameters.invalid(written, DEFINITIONS, parameters.ORDERING))
    return not call.faults and not faults


def _blank(noun: Noun) -> Thing:
    now = {each.column: each.default for each in noun.all_fields if each.stored}
    thing = Thing(noun, now | {"id": "XXX-0001", "revision": 1}, dict(now))
    for each in noun.all_fields:
        if each.kind in ("part", "refs"):
            thing.parts[each.name] = []
    return thing


READERS: dict[str, Callable[[bytes, int], bool]] = {"query": read_as_query, "body": read_as_body}

WORDS = sorted(
    {f.name for noun in ALL for f in noun.all_fields if f.sees & set(ACTORS)}
    | {f"{name}(" for name in ("eq", "ne", "gt", "ge", "lt", "le", "in", "out", "like", "ilike", "any", "all", "not")}
    | {"and(", "or(", "self(", "null()", "empty()", "limit=", "offset=", "order=", "select=", "render()", "%27", "%2C"}
    | {'{"', '":', '"value":', '"externalId":', '"constraints":', '"error":', "null", "true", "1e400", "\\u0000"}
    | set(TYPES)
)
"""What a mutation may put in."""

SEEDS: dict[str, tuple[bytes, ...]] = {
    "query": (
        b"and(eq(status,processing),in(agreement.product.id,(PRD-1,PRD-2)))&select=audit,-lines&order=-audit.created.at",
        b"any(parameters.ordering,and(eq(externalId,a),like(displayValue,*Yes*)))&limit=10&offset=5",
        b"or(not(name='a;b'),price.SPxY=ge=5)|ilike(name,\"*x*\");id=null()&render()",
        b"ne(name,self(id))&out(id,(a,b,'c d'))&all(lines,gt(quantity,1))&eq(name,%27a%2Cb%27)",
    ),
    "body": (
        b'{"name":"a","notes":null,"quantity":1,"externalIds":{"client":"a"},"template":{"id":"TPL-1"},"autoRenew":true}',
        b'{"startDate":"2026-01-31T00:00:00Z","price":{"unitPP":1.5,"markup":"7"},"certificates":[{"id":"CER-1"}]}',
        b'{"parameters":[{"externalId":"Contact","value":{"firstName":"A","email":"a@b.c","phone":{"prefix":"+1"}}},'
        b'{"externalId":"Checkbox","value":["a"],"constraints":{"hidden":false,"capacity":{"min":1}}}]}',
        b'{"parameters":[{"id":"PAR-0011","value":"2026-01-31","error":{"id":"E","message":"no"}},'
        b'{"externalId":"Address","value":[{"city":"Bern","country":"CH"}]}],"statusNotes":{"message":"x"}}',
    ),
}
"""Where the search begins; each is sent to every kind."""
