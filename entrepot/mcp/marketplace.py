"""The tools of `/mcp`: find, read, explain and follow the things of the Marketplace, made from what is offered.

Each thing is offered at one address. Kinds that hold secrets are left out: what an agent reads may be kept anywhere.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors
from entrepot.kernel.errors import Invalid, Missing, Refusal, TooLarge
from entrepot.kernel.resource import ALL, Resource
from entrepot.kernel.wire import decode, encode
from entrepot.mcp.parameter import Arguments, Parameter
from entrepot.mcp.telling import collection_told, collections_told
from entrepot.mcp.tool import Prompt, Said, Tool

ANSWER_BYTES_MAX = 60_000
"""The longest answer: about 15,000 tokens, so that an agent does not lose its thread over one of them."""

LIMIT, LIMIT_MOST = 20, 100

RECORDS, EVENTS = "audit/records", "events"

INSTRUCTIONS = """\
A marketplace for cloud software. A client orders, a vendor fulfils, operations (the distributor) see everything.
An order (commerce/orders) asks for something; completed, it leaves an agreement with subscriptions (what recurs) and
assets (what was bought once); their lines say how much of which catalog/items is held, at what price.
These tools only read. What you get depends on whose token you use: other rows, fields and prices for each party.
Begin with `describe`: it lists the collections, and of one its fields, states and actions. Then `search` and `get`.
When something seems stuck, `explain` says what may be done now, what not, why, and who can change that."""

FILTER = """\
RQL: eq(status,'Completed'), ne, gt, ge, lt, le, in(status,(Draft,Quoted)), ilike(name,*soft*), and(a,b), or(a,b), \
not(a), any(lines,eq(item.id,'ITM-…')), eq(notes,null()). Dotted names reach into references: agreement.client.id, \
audit.created.at. Put texts in '…'. `describe` with a collection lists the names."""

SELECT = """\
What to give beside the usual, or not: `lines,audit` adds; `-price` takes away; `-*,id,status` gives only these. \
What lists leave out is named in $meta.omitted."""


class Marketplace:
    """The tools, for each kind of caller those that it may use."""

    name = "entrepot"
    title = "Entrepot marketplace"
    instructions = INSTRUCTIONS
    prompts: tuple[Prompt, ...] = ()

    def __init__(self, doors: Doors, offers: Iterable[Resource]):
        self._doors = doors
        offers = tuple(offers)
        paths = {each.address for each in offers}
        self._offers = {
            each.address: each
            for each in offers
            if not any(field.secret for field in each.noun.all_fields)
            and (each.address == each.noun.path or each.noun.path not in paths)
        }
        self._made = lru_cache(maxsize=64)(self._make)

    def tools(self, caller: Caller) -> tuple[Tool, ...]:
        """What the caller may use: collections that are not open to it are in no list of them."""
        return self._made(caller.actor, caller.modules)

    def refused(self, refusal: Refusal, tool: str, trace_id: str) -> Said:
        """The problem document that REST gives."""
        return Said(encode(refusal.problem(trace_id)), failed=True)

    def stranger(self) -> bytes:
        """What is said to somebody unknown."""
        return encode(
            {"title": "Authentication Failed", "status": 401, "detail": "Send a token as Authorization: Bearer."}
        )

    # Which there are -------------------------------------------------------------------------

    def _open(self, actor: str, modules: frozenset[str] | None) -> dict[str, Resource]:
        return {
            address: each
            for address, each in self._offers.items()
            if actor in each.reads and (modules is None or each.followed or each.noun.module in modules)
        }

    def _make(self, actor: str, modules: frozenset[str] | None) -> tuple[Tool, ...]:
        there = self._open(actor, modules)
        listed = tuple(name for name, each in there.items() if actor in each.lists and not each.followed)
        whole = [each for each in there.values() if not each.lists_only]
        found = [self._describe()]
        if listed:
            found.append(self._search(listed))
        if whole:
            found.append(self._get())
        if any(_explained(each) for each in whole):
            found.append(self._explain())
        if RECORDS in listed:
            found.append(self._audit_trail())
        if EVENTS in there:
            found.append(self._events())
        return tuple(found)

    def _describe(self) -> Tool:
        return Tool(
            "describe",
            "What there is",
            "What can be read here. Without arguments: who you are, and every collection in a line. With a "
            "`collection`: its fields with their types, values and what they refer to, its states and who moves it "
            "between them. Call this first: names are exact.",
            self.describe,
            (Parameter("collection", "Of which to tell everything: a name as it stands in the list of all."),),
        )

    def _search(self, names: tuple[str, ...]) -> Tool:
        return Tool(
            "search",
            "Search a collection",
            "Things of a collection that fit a filter, a page at a time, with the exact total in "
            "$meta.pagination.total. Only what your token may see is there. `$meta.nextOffset` is there as long as "
            "there is more. To count, ask with limit 0.",
            self.search,
            (
                Parameter("collection", "Where to look.", required=True, members=names),
                _WITHIN,
                Parameter("filter", FILTER),
                Parameter("select", SELECT),
                Parameter("order", "Names to order by, `-` descends: -audit.created.at,name"),
                Parameter(
                    "limit", "How many at most.", "integer", default=LIMIT, least=0, most=LIMIT_MOST, clamps=True
                ),
                Parameter("offset", "How many to pass over.", "integer", default=0, least=0, most=10**12),
            ),
        )

    def _get(self) -> Tool:
        return Tool(
            "get",
            "Get one thing",
            "One thing, whole, by its id: with lines, parameters, prices and audit, as far as your token may see it.",
            self.get,
            (_COLLECTION, _ID, _WITHIN, Parameter("select", SELECT)),
        )

    def _explain(self) -> Tool:
        return Tool(
            "explain",
            "Explain what may be done",
            "What may be done with one thing now, by you and by others: each action with its state (Open: possible as "
            "it is; NeedsContent: possible once what `errors` names is given; Blocked: not now, or not by you), the "
            "reason, and `unblockedBy`: who can change that. Changes nothing. Use it when something is stuck.",
            self.explain,
            (_COLLECTION, _ID, _WITHIN),
        )

    def _audit_trail(self) -> Tool:
        return Tool(
            "audit_trail",
            "Audit trail of one thing",
            "What happened to one thing, newest first: when, by whom, and each changed field that you may see with "
            "what was and what is now. Changes of an order's lines are told with the order.",
            self.audit_trail,
            (
                _ID,
                Parameter(
                    "limit", "How many at most.", "integer", default=LIMIT, least=0, most=LIMIT_MOST, clamps=True
                ),
                Parameter("offset", "How many to pass over.", "integer", default=0, least=0, most=10**12),
            ),
        )

    def _events(self) -> Tool:
        return Tool(
            "events",
            "Events since a cursor",
            "What happened in the whole marketplace that concerns you, oldest first, onwards from a cursor. Answers "
            "at once. Keep $meta.cursor and give it next time: nothing is skipped or told twice. `$meta.more` says "
            "whether to ask again now. Begin with `now` to hear only of what is to come.",
            self.events,
            (
                Parameter("cursor", "$meta.cursor of the last answer, or `now`; from the beginning when not given."),
                Parameter("filter", "RQL, such as eq(object.objectType,'Order') or ilike(event,*completed*)."),
                Parameter(
                    "limit", "How many at most.", "integer", default=LIMIT, least=1, most=LIMIT_MOST, clamps=True
                ),
            ),
        )

    # What they do ----------------------------------------------------------------------------

    async def describe(self, caller: Caller, told: Arguments) -> Said:
        """The collections, or one of them."""
        there = self._open(caller.actor, caller.modules)
        if told["collection"] is None:
            return Said(encode(collections_told(caller, [each for each in there.values() if not each.followed])))
        return Said(encode(collection_told(caller, self._resource(caller, told["collection"]))))

    async def search(self, caller: Caller, told: Arguments) -> Said:
        """A page of a collection."""
        resource = self._resource(caller, told["collection"])
        owner_id = await self._owner(caller, resource, told["within"])
        return await self._page(caller, resource, owner_id, told, _query(told))

    async def get(self, caller: Caller, told: Arguments) -> Said:
        """One thing."""
        resource = self._resource(caller, told["collection"])
        owner_id = await self._owner(caller, resource, told["within"])
        query = _query({"select": told["select"]})
        answer = await self._doors.get(caller, resource, told["id"], query, owner_id)
        if len(answer.body) > ANSWER_BYTES_MAX:
            raise _too_large(answer.body)
        return Said(answer.body)

    async def explain(self, caller: Caller, told: Arguments) -> Said:
        """What may be done with it now."""
        resource = self._resource(caller, told["collection"])
        owner_id = await self._owner(caller, resource, told["within"])
        return Said(encode(await self._doors.explain(caller, resource, told["id"], owner_id)))

    async def audit_trail(self, caller: Caller, told: Arguments) -> Said:
        """What happened to one thing."""
        resource = self._resource(caller, RECORDS)
        query = _query(
            told
            | {
                "filter": f"eq(object.id,'{_quoted(told['id'])}')",
                "select": "details,actor,object.id,object.revision,-viewers,-type",
                "order": "-timestamp,-id",
            }
        )
        return await self._page(caller, resource, None, told, query)

    async def events(self, caller: Caller, told: Arguments) -> Said:
        """What happened since a cursor."""
        resource = self._resource(caller, EVENTS)
        query = self._doors.query(_query({"filter": told["filter"], "limit": told["limit"]}))
        found = await self._doors.follow(caller, resource, query, _position(told["cursor"]))
        fits = _fitting([event for _, event in found.events])
        upto = found.position if len(fits) == len(found.events) else found.events[len(fits) - 1][0]
        meta = {"cursor": str(upto), "more": upto < found.newest}
        return Said(_object({"$meta": meta}, fits))

    async def _page(
        self, caller: Caller, resource: Resource, owner_id: str | None, told: Arguments, query: str
    ) -> Said:
        found = await self._doors.search(caller, resource, query, owner_id)
        meta: dict[str, Any] = {**found["$meta"]}  # pyright: ignore[reportGeneralTypeIssues]
        rows: list[dict[str, object]] = found["data"]  # pyright: ignore[reportAssignmentType]
        fits = _fitting(rows)
        upto = told["offset"] + len(fits)
        if told["limit"] and upto < meta["pagination"]["total"]:
            meta["nextOffset"] = upto
        if len(fits) < len(rows):
            meta["cut"] = f"The page was longer than {ANSWER_BYTES_MAX} bytes; select less, or go on at nextOffset."
        return Said(_object({"$meta": meta}, fits))

    def _resource(self, caller: Caller, address: str) -> Resource:
        found = self._open(caller.actor, caller.modules).get(address)
        if found is None:
            raise Missing(f"There is no collection {address}.")
        return found

    async def _owner(self, caller: Caller, resource: Resource, within: tuple[str, ...] | None) -> str | None:
        """The id of the thing whose collection this is. Further up, each must own the next."""
        above, depth = within or (), resource.address.count("{")
        if len(above) != depth:
            told = f"{depth} ids are needed, for the braces of {resource.address}" if depth else "None are needed here"
            raise Invalid({"within": [f"{told}."]})
        if depth > 1:
            await self._doors.require_chain(caller, resource, list(above))
        return above[-1] if above else None


_ID = Parameter("id", "Its id, such as ORD-1234-5678-9012.", required=True)
_COLLECTION = Parameter("collection", "Where it is: a name as `describe` tells it.", required=True)
_WITHIN = Parameter(
    "within",
    "For collections below a thing: the ids for the braces in their name, in order. "
    "commerce/orders/{order}/lines takes one, the order's.",
    "strings",
)


def _explained(resource: Resource) -> bool:
    return any(each.actors(resource.noun) & ALL for each in resource.offered() if each is not resource.create)


def _query(told: Arguments) -> str:
    """The query string that REST would be sent."""
    parts = [quote(told["filter"], safe="")] if told.get("filter") else []
    for name in ("select", "order", "limit", "offset"):
        if told.get(name) is not None:
            parts.append(f"{name}={quote(str(told[name]), safe='')}")
    return "&".join(parts)


def _quoted(value: str) -> str:
    """An id within quotes: what could end them is no part of any."""
    if "'" in value:
        raise Missing(f"{value[:100]} was not found.")
    return value


def _position(cursor: str | None) -> int | None:
    """Where to go on; None for now."""
    if cursor == "now":
        return None
    if cursor is None:
        return 0
    if len(cursor) > 18 or not (cursor.isascii() and cursor.isdigit()):
        raise Invalid({"cursor": ["This is no cursor that was given here."]})
    return int(cursor)


def _fitting(rows: list[dict[str, object]]) -> list[bytes]:
    """As many of the rows, as JSON, as an answer holds; the first at least, unless it alone is too long."""
    fits: list[bytes] = []
    size = 0
    for row in rows:
        text = encode(row)
        size += len(text)
        if size > ANSWER_BYTES_MAX:
            if not fits:
                raise _too_large(text)
            break
        fits.append(text)
    return fits


def _object(head: dict[str, object], rows: list[bytes]) -> bytes:
    return encode(head)[:-1] + b',"data":[' + b",".join(rows) + b"]}"


def _too_large(body: bytes) -> Refusal:
    """Says what makes it so long."""
    document = decode(body)
    assert isinstance(document, dict)
    longest = sorted(document, key=lambda name: -len(encode(document[name])))[:3]
    return TooLarge(
        f"It is longer than {ANSWER_BYTES_MAX} bytes, mostly {', '.join(longest)}. "
        "Leave them out by `select`, with a `-` before each, and search the collections below it."
    )
