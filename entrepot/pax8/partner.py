"""A partner, asking: the account that buys, its way through the doors, and the UUIDs by which it knows things."""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Answer, Doors, Options
from entrepot.kernel.errors import Missing, Refusal
from entrepot.kernel.resource import Resource
from entrepot.kernel.wire import decode
from entrepot.pax8.errors import BadRequest, Rename, reworded
from entrepot.pax8.profile import Profile

Document = dict[str, Any]

LICENSEE, BUYER = "accounts/licensees", "accounts/buyers"
BASKET, LINE, ORDER = "commerce/baskets", "commerce/lines", "commerce/orders"
SUBSCRIPTION, AGREEMENT = "commerce/subscriptions", "commerce/agreements"
PRODUCT, ITEM, PARAMETER = "catalog/products", "catalog/items", "catalog/products/{product}/parameters"
LISTING, PRICE = "catalog/listings", "catalog/price-lists/{priceList}/items"
"""Addresses of the core's collections that this tongue is about."""

ALL_MAX = 1000
"""How many things the doors give at a time."""


class Uuids(Protocol):
    """Where UUIDs are kept beside the ids of the core."""

    async def give(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]: ...
    async def find(self, kind: str, uuid: str) -> str | None: ...


@dataclass(frozen=True)
class Partner:
    """One request of a partner. `profile` says what it reads, `options` how a write is to be done."""

    caller: Caller
    doors: Doors
    resources: Mapping[str, Resource]
    uuids: Uuids
    profile: Profile = Profile.SEED
    options: Options = field(default_factory=Options)
    writes: list[Answer] = field(default_factory=list)
    """What the doors answered to the writes of this request."""

    # Reading ---------------------------------------------------------------------------------

    async def search(self, address: str, query: str, owner_id: str | None = None) -> tuple[list[Document], int]:
        """Things of a collection that the partner sees, and how many there are in all."""
        found: Any = await self.doors.search(self.caller, self.resources[address], query, owner_id, plain=True)
        return found["data"], found["$meta"]["pagination"]["total"]

    async def all(self, address: str, query: str, owner_id: str | None = None) -> list[Document]:
        """All of them, however many."""
        found: list[Document] = []
        while True:
            things, total = await self.search(address, f"{query}&limit={ALL_MAX}&offset={len(found)}", owner_id)
            found += things
            if not things or len(found) >= total:
                return found

    async def get(self, address: str, thing_id: str, query: str = "", owner_id: str | None = None) -> Document:
        """One thing, whole. Raises Missing."""
        return document_of(await self.doors.get(self.caller, self.resources[address], thing_id, query, owner_id))

    async def now(self) -> datetime:
        """The moment it is, by the clock of business."""
        async with self.doors.store.session() as session:
            return await session.now()

    # Writing ---------------------------------------------------------------------------------

    async def create(
        self, address: str, body: Document, what: str, rename: Rename = str, owner_id: str | None = None
    ) -> Document:
        """A new thing. What the core refuses is told in the words of this API; `what` was to be made."""
        made = self.doors.create(self.caller, self.resources[address], body, self.options, owner_id)
        return await self._written(made, what, rename)

    async def update(
        self,
        address: str,
        thing_id: str,
        body: Document,
        what: str,
        rename: Rename = str,
        owner_id: str | None = None,
    ) -> Document:
        """A partial update."""
        made = self.doors.update(self.caller, self.resources[address], thing_id, body, self.options, owner_id)
        return await self._written(made, what, rename)

    async def act(self, address: str, name: str, thing_id: str, body: Document | None, what: str) -> Document:
        """A verb of a thing's life."""
        resource = self.resources[address]
        action = next(each for each in resource.actions if each.name == name)
        made = self.doors.act(self.caller, resource, action, thing_id, body, self.options)
        return await self._written(made, what, str)

    async def remove(self, address: str, thing_id: str, what: str, owner_id: str | None = None) -> None:
        """The end of a thing."""
        made = self.doors.remove(self.caller, self.resources[address], thing_id, self.options, owner_id)
        await self._written(made, what, str)

    async def _written(self, writing: Awaitable[Answer], what: str, rename: Rename) -> Document:
        try:
            answer = await writing
        except Refusal as refusal:
            raise reworded(refusal, what, rename) from refusal
        self.writes.append(answer)
        return document_of(answer)

    # UUIDs -----------------------------------------------------------------------------------

    async def id_of(self, kind: str, uuid: str, word: str) -> str:
        """The core's id behind a UUID. Raises Missing in the words of this API."""
        found = await self.uuids.find(kind, uuid)
        if found is None:
            raise not_found(word, uuid)
        return found

    async def named(self, *keys: tuple[str, str | None]) -> "Names":
        """The UUIDs of everything on a page, in one statement."""
        return Names(await self.uuids.give((kind, thing_id) for kind, thing_id in keys if thing_id))


class Names:
    """UUIDs at hand."""

    def __init__(self, given: Mapping[tuple[str, str], str]):
        self._given = given

    def of(self, kind: str, thing_id: str | None) -> str | None:
        """The UUID of a thing; None for none."""
        return self._given[kind, thing_id] if thing_id else None

    def beside(self, others: Mapping[tuple[str, str], str]) -> "Names":
        """The same, and others."""
        return Names({**self._given, **others})


def not_found(word: str, uuid: str) -> Missing:
    """`Company Not Found: …`: the same for what never was and for what is somebody else's."""
    return Missing(f"{word} Not Found: {uuid[:200]}")


def document_of(answer: Answer) -> Document:
    """The document of an answer; empty for one without a body."""
    found: Any = decode(answer.body) if answer.body else {}
    return found


def literal(value: str) -> str:
    """A value within a filter of the doors. Raises BadRequest for a text that holds both kinds of quotes."""
    mark = "'" if "'" not in value else '"'
    if mark in value:
        raise BadRequest({}, "A text that holds both kinds of quotes cannot be searched for.")
    return f"{mark}{quote(value, safe='')}{mark}"


def containing(name: str, value: str) -> str:
    """A condition: the text holds the value somewhere, whatever the case."""
    return f"ilike({name},{literal(f'*{value.replace("*", "")}*')})"


def dig(document: Mapping[str, Any], *path: str) -> Any:
    """What stands at the end of a path of names; None where it breaks off."""
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def id_in(document: Mapping[str, Any], name: str) -> str | None:
    """The id in a reference."""
    return dig(document, name, "id")
