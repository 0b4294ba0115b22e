"""The world of the bench: the demo catalogue, and as many orders as asked with all that hangs on them.

A handful of orders are played through the doors, one for each state and size; the rest are copies of their
rows under ids, parties, times and values of their own, written by COPY. So every row is one that the program
itself would have written, whatever its columns are today.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from entrepot.app import Application
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.api import ORDER_SUBSCRIPTIONS, ORDERS
from entrepot.commerce.asset import ASSET
from entrepot.commerce.order import ORDER
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.demo.companies import BRENNHOLT, QUILLMERE
from entrepot.demo.people import token_values
from entrepot.demo.products import SABLEGATE
from entrepot.demo.world import world as demo_world
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Answer, Options
from entrepot.kernel.noun import Noun
from entrepot.storage.callers import create_token
from entrepot.storage.store import Store

CLIENTS = 20
MATCHING = 2000
"""Orders in Processing that the measured client has, where the world is large enough."""

DAYS = 720
"""How far back the oldest order lies."""

SHARES = {
    "Processing": 40, "Completed": 35, "Draft": 8, "Quoted": 5, "Querying": 4, "Failed": 4, "Deleted": 4,
}  # fmt: skip
"""Of a hundred orders. Processing has the share that makes 2,000 of the measured client's 5,000."""

MARK = "~n~"
"""Stands in the texts of a pattern for the number of the copy."""

LICENSEE, BUYER, POLICY = "LCE-3001-0001-0001", "BUY-3001-0001", "PRP-7100-0001-0001"
ITEMS = tuple(SABLEGATE.item_id(each) for each in SABLEGATE.items)
BUYING = "ACC-3900-0001", "LCE-3900-0001-0001"
"""The client that the loads write for, and its licensee: what the measured one has stays as it is."""

LINES = ((ITEMS[1], 40), (ITEMS[4], 1), (ITEMS[2], 25))
"""Items and quantities of the patterns: two lines or all three; the second is bought once."""

PARAMETERS = (
    {"externalId": "organisation", "value": f"Brennholt {MARK}"},
    {
        "externalId": "securityContact",
        "value": {
            "firstName": "Jana",
            "lastName": "Weidner",
            "email": "jana.weidner@brennholt.example",
            "phone": {"prefix": "+49", "number": "711 5550142"},
        },
    },
    {
        "externalId": "site",
        "value": {
            "addressLine1": "Neckarhalde 118",
            "postCode": "70376",
            "city": "Stuttgart",
            "state": "Baden-Württemberg",
            "country": "DE",
        },
    },
    {"externalId": "platforms", "value": ["Windows", "Linux"]},
)
"""What the product demands."""


@dataclass
class World:
    """What was written, as the bench asks for it. Kept beside the data, so that it can be used again."""

    orders: int
    matching: int
    tokens: dict[str, str]
    sample: list[str] = field(default_factory=list)


def purchase(lines: int = 3, status: str = "Draft", licensee: str = LICENSEE) -> dict[str, object]:
    """The body of a new order."""
    return {
        "type": "Purchase",
        "status": status,
        "agreement": {"licensee": {"id": licensee}, "product": {"id": SABLEGATE.id}},
        "notes": f"Order {MARK} of the bench.",
        "externalIds": {"client": f"PO-{MARK}"},
        "lines": [{"item": {"id": item}, "quantity": quantity} for item, quantity in LINES[:lines]],
        "parameters": {"ordering": list(PARAMETERS)},
    }


def catalogue(tokens: dict[str, str]) -> Iterator[dict[str, object]]:
    """The lines of the demo world without its past. The values of its tokens are left in `tokens`."""
    lines = [
        line
        for line in demo_world(datetime.now(UTC), lambda: secrets.token_urlsafe(32))
        if not str(line["$kind"]).startswith("commerce/")
    ]
    tokens.update(token_values(lines))
    # The demo calls the first vendor `vendor`; the bench buys from the second.
    tokens["vendor"] = tokens["vendor 2"]
    yield from lines


async def fill(parts: Application, url: str, orders: int, tell: Callable[[int], None] = lambda done: None) -> World:
    """Writes the orders into a database that has the catalogue."""
    patterns = await _play(parts)
    conn, drawing = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        rows = [await _pattern(conn, status, order_id) for status, order_id in patterns]
        numbers = _Numbers(drawing, parts.store)
        # The rows fit together by construction; checking each reference would take longer than writing them.
        await conn.execute("set session_replication_role = replica")
        clients = await _clients(conn)
        matching, copies = _copies(orders, clients)
        indexes = await _without_indexes(conn)
        written = await _multiply(conn, rows, copies, numbers, tell)
        for index in indexes:
            await conn.execute(index)
        await conn.execute("vacuum (analyze)")
        await conn.execute("checkpoint")
        sample = await conn.fetch("select id from orders where client_id = $1 order by md5(id) limit 2000", BRENNHOLT)
        found = await conn.fetchval(
            "select count(*) from orders where client_id = $1 and status = 'Processing'", BRENNHOLT
        )
        assert found == matching + _made(patterns, "Processing"), f"{found} orders in Processing, not {matching}"
        assert written == orders - len(patterns)
    finally:
        await drawing.close()
        await conn.close()
    tokens = {"buyer": await create_token(parts.store, BUYING[0], "Bench")}
    return World(orders, found, tokens, sample=[row["id"] for row in sample])


# Patterns: one order for each state and size ----------------------------------------------------------

Pattern = tuple[str, str]
"""A status, and the order that was played into it."""


async def _play(parts: Application) -> list[Pattern]:
    client = Caller("client", BRENNHOLT, "TKN-3000-0001", "TKN-3000-0001")
    vendor = Caller("vendor", QUILLMERE, "TKN-2000-0002", "TKN-2000-0002")
    played: list[Pattern] = []
    for status in SHARES:
        for lines in (2, 3):
            order = await _played(parts, client, vendor, status, lines)
            assert order["status"] == status, f"{order['id']} is {order['status']}, not {status}"
            played.append((status, str(order["id"])))
    return played


async def _played(parts: Application, client: Caller, vendor: Caller, status: str, lines: int) -> dict[str, Any]:
    doors = parts.doors

    async def act(caller: Caller, verb: str, body: object = None) -> dict[str, Any]:
        action = next(each for each in ORDERS.actions if each.name == verb)
        return _decoded(await doors.act(caller, ORDERS, action, order["id"], body, Options()))

    begins = status if status in ("Draft", "Quoted") else "Draft" if status == "Deleted" else "Processing"
    order = _decoded(await doors.create(client, ORDERS, purchase(lines, begins), Options()))
    if status == "Querying":
        doubt = {"externalId": "organisation", "error": {"id": "QM-31", "message": "Which of your companies?"}}
        return await act(vendor, "query", {"parameters": {"ordering": [doubt]}})
    if status == "Failed":
        return await act(vendor, "fail", {"statusNotes": {"id": "QM-7", "message": "We do not deliver there."}})
    if status == "Deleted":
        await doors.remove(client, ORDERS, order["id"], Options())
        return {**order, "status": "Deleted"}
    if status == "Completed":
        recurring = [{"id": each["id"]} for each in order["lines"] if each["item"]["id"] != ITEMS[4]]
        draft = {"name": f"Devices {MARK}", "lines": recurring, "autoRenew": True}
        await doors.create(vendor, ORDER_SUBSCRIPTIONS, draft, Options(), order["id"])
        told = {"parameters": {"fulfillment": [{"externalId": "consoleId", "value": f"SGC-{MARK}"}]}}
        return await act(vendor, "complete", told)
    return order


def _decoded(answer: Answer) -> dict[str, Any]:
    return msgspec.json.decode(answer.body)


def _made(patterns: list[Pattern], status: str) -> int:
    return sum(1 for each, _ in patterns if each == status)


# Copies: whose, in which state, how old ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """One order to write."""

    number: int
    pattern: int
    client: dict[str, str]
    at: datetime


def _copies(orders: int, clients: list[dict[str, str]]) -> tuple[int, Iterator[Copy]]:
    """The orders by age. Client and status are drawn by hash, so that neither tells the other or the age.

    The measured client, the first one, has a twentieth of them and exactly so many in Processing.
    """
    numbers = range(orders - 2 * len(SHARES))
    own = min(len(numbers), max(len(numbers) // CLIENTS, MATCHING * 100 // SHARES["Processing"]))
    matching = min(MATCHING, own * SHARES["Processing"] // 100) - 2
    drawn = sorted(numbers, key=lambda number: _hash(number, "client"))
    mine = sorted(drawn[:own], key=lambda number: _hash(number, "mine"))
    given = dict.fromkeys(mine[:matching], "Processing")
    others = [status for status, share in SHARES.items() if status != "Processing" for _ in range(share)]
    for number in mine[matching:]:
        given[number] = others[_hash(number, "status") % len(others)]
    every = [status for status, share in SHARES.items() for _ in range(share)]
    places = {status: at for at, status in enumerate(SHARES)}
    began, step = datetime.now(UTC) - timedelta(days=DAYS), timedelta(days=DAYS) / max(1, len(numbers))

    def copies() -> Iterator[Copy]:
        for number in numbers:
            status, client = given.get(number), clients[0]
            if status is None:
                status = every[_hash(number, "status") % 100]
                client = clients[1 + _hash(number, "client") % (CLIENTS - 1)]
            pattern = 2 * places[status] + _hash(number, "lines") % 2
            yield Copy(number, pattern, client, began + step * number)

    return matching, copies()


def _hash(number: int, what: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{what}{number}".encode(), digest_size=8).digest())


async def _clients(conn: asyncpg.Connection) -> list[dict[str, str]]:
    """The measured client and copies of it, each with a buyer, a licensee and a price of its own."""
    found = [{BRENNHOLT: BRENNHOLT, BUYER: BUYER, LICENSEE: LICENSEE, POLICY: POLICY}]
    for number in range(1, CLIENTS):
        found.append(
            {
                BRENNHOLT: f"ACC-3900-{number:04d}",
                BUYER: f"BUY-3900-{number:04d}",
                LICENSEE: f"LCE-3900-{number:04d}-0001",
                POLICY: f"PRP-7900-{number:04d}-0001",
            }
        )
    tables = (("accounts", "id", BRENNHOLT), ("buyers", "id", BUYER), ("licensees", "id", LICENSEE),
              ("pricing_policies", "id", POLICY), ("pricing_policies_products", "owner_id", POLICY))  # fmt: skip
    for table, column, thing_id in tables:
        columns = await _columns(conn, table)
        rows = await conn.fetch(f"select {', '.join(columns)} from {table} where {column} = $1", thing_id)
        copies = [tuple(ids.get(v, v) if isinstance(v, str) else v for v in row) for ids in found[1:] for row in rows]
        await conn.copy_records_to_table(table, records=copies, columns=columns)
    return found


# Rows -------------------------------------------------------------------------------------------------

TABLES = (
    ("agreements", "id", 0), ("orders", "id", 1), ("order_subscriptions", "order_id", 1),
    ("order_assets", "order_id", 1), ("order_lines", "order_id", 1), ("order_terms", "order_id", 1),
    ("agreement_terms", "agreement_id", 0), ("subscriptions", "agreement_id", 0),
    ("assets", "agreement_id", 0), ("lines", "agreement_id", 0),
)  # fmt: skip
"""What hangs on an order: table, column, and whether it holds the agreement's id or the order's."""

DRAWN: dict[str, Noun] = {"ORD": ORDER, "AGR": AGREEMENT, "SUB": SUBSCRIPTION, "AST": ASSET}


@dataclass(slots=True)
class Row:
    """A row of a pattern, with the places where a copy differs: ids, times and marked texts."""

    values: list[Any]
    ids: list[tuple[int, str]]
    times: list[tuple[int, timedelta]]
    texts: list[tuple[int, str]]

    def copy(self, ids: dict[str, str], at: datetime, number: str) -> tuple[Any, ...]:
        """The row of one copy."""
        values = self.values.copy()
        for place, old in self.ids:
            values[place] = ids[old]
        for place, later in self.times:
            values[place] = at + later
        for place, text in self.texts:
            values[place] = text.replace(MARK, number)
        return tuple(values)


@dataclass(slots=True)
class Rows:
    """An order with all that hangs on it: rows by table, and the ids to be drawn anew."""

    tables: dict[str, list[Row]]
    drawn: list[str]
    lines: list[str]
    agreement: str


async def _columns(conn: asyncpg.Connection, table: str) -> list[str]:
    rows = await conn.fetch(
        "select column_name from information_schema.columns "
        "where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position",
        table,
    )
    return [row[0] for row in rows]


async def _pattern(conn: asyncpg.Connection, status: str, order_id: str) -> Rows:
    agreement = await conn.fetchval("select agreement_id from orders where id = $1", order_id)
    began = await conn.fetchval("select audit_created_at from orders where id = $1", order_id)
    found: dict[str, list[asyncpg.Record]] = {}
    for table, column, of_order in TABLES:
        columns = ", ".join(await _columns(conn, table))
        found[table] = await conn.fetch(
            f"select {columns} from {table} where {column} = $1", order_id if of_order else agreement
        )
    ids = {str(row["id"]): None for rows in found.values() for row in rows if "id" in row}
    drawn = [each for each in ids if each[:3] in DRAWN]
    lines = [each for each in ids if each.startswith("ALI-")]
    known = {*drawn, *lines, BRENNHOLT, BUYER, LICENSEE, POLICY}
    tables = {table: [_row(list(row), known, began) for row in rows] for table, rows in found.items()}
    return Rows(tables, drawn, lines, agreement)


def _row(values: list[Any], known: set[str], began: datetime) -> Row:
    places = list(enumerate(values))
    return Row(
        values,
        [(at, v) for at, v in places if isinstance(v, str) and v in known],
        [(at, v - began) for at, v in places if isinstance(v, datetime)],
        [(at, v) for at, v in places if isinstance(v, str) and MARK in v],
    )


class _Numbers:
    """Ids drawn as the program draws them, so that it never draws one of them again."""

    def __init__(self, conn: asyncpg.Connection, store: Store):
        self._conn, self._store = conn, store
        self._left: dict[str, Iterator[int]] = {}

    async def reserve(self, prefix: str, count: int) -> None:
        """Takes a block from the counter that all processes share."""
        last = await self._conn.fetchval(
            "insert into id_counters (prefix, last) values ($1, $2) "
            "on conflict (prefix) do update set last = id_counters.last + $2 returning last",
            prefix,
            count,
        )
        self._left[prefix] = iter(range(last - count + 1, last + 1))

    def draw(self, prefix: str) -> str:
        """The next id of a kind."""
        ids = DRAWN[prefix].ids
        assert ids is not None
        return ids.draw(next(self._left[prefix]), self._store._key)


BATCH = 2000


async def _multiply(
    conn: asyncpg.Connection,
    patterns: list[Rows],
    copies: Iterable[Copy],
    numbers: _Numbers,
    tell: Callable[[int], None],
) -> int:
    columns = {table: await _columns(conn, table) for table, _, _ in TABLES}
    written = 0
    writing: asyncio.Task[None] | None = None
    async for batch in _batches(copies, patterns, numbers):
        # While the database takes in one batch, the next is made.
        records = await asyncio.to_thread(_records, batch, patterns, numbers)
        if writing is not None:
            await writing
        writing = asyncio.create_task(_write(conn, records, columns))
        written += len(batch)
        tell(written)
    if writing is not None:
        await writing
    return written


Records = dict[str, list[tuple[Any, ...]]]


def _records(batch: list[Copy], patterns: list[Rows], numbers: _Numbers) -> Records:
    records: Records = {table: [] for table, _, _ in TABLES}
    for copy in batch:
        pattern = patterns[copy.pattern]
        ids = {old: numbers.draw(old[:3]) for old in pattern.drawn} | copy.client
        digits = ids[pattern.agreement].partition("-")[2]
        ids |= {old: f"ALI-{digits}-{old[-4:]}" for old in pattern.lines}
        number = f"{copy.number:07d}"
        for table, rows in pattern.tables.items():
            records[table].extend(row.copy(ids, copy.at, number) for row in rows)
    return records


async def _write(conn: asyncpg.Connection, records: Records, columns: dict[str, list[str]]) -> None:
    async with conn.transaction():
        for table, rows in records.items():
            await conn.copy_records_to_table(table, records=rows, columns=columns[table])


async def _without_indexes(conn: asyncpg.Connection) -> list[str]:
    """Takes the indexes away, but for keys; gives what makes them anew, far faster once the rows are there."""
    await conn.execute("set maintenance_work_mem = '256MB'")
    found = await conn.fetch(
        "select c.oid::regclass::text as name, pg_get_indexdef(c.oid) as made from pg_index i"
        " join pg_class c on c.oid = i.indexrelid where i.indrelid = any ($1::regclass[])"
        " and not exists (select 1 from pg_constraint k where k.conindid = c.oid)",
        [table for table, _, _ in TABLES],
    )
    for row in found:
        await conn.execute(f"drop index {row['name']}")
    return [row["made"] for row in found]


async def _batches(copies: Iterable[Copy], patterns: Sequence[Rows], numbers: _Numbers) -> AsyncIterator[list[Copy]]:
    batch: list[Copy] = []
    for copy in copies:
        batch.append(copy)
        if len(batch) == BATCH:
            await _reserve(batch, patterns, numbers)
            yield batch
            batch = []
    if batch:
        await _reserve(batch, patterns, numbers)
        yield batch


async def _reserve(batch: list[Copy], patterns: Sequence[Rows], numbers: _Numbers) -> None:
    for prefix in DRAWN:
        count = sum(sum(old.startswith(prefix) for old in patterns[copy.pattern].drawn) for copy in batch)
        if count:
            await numbers.reserve(prefix, count)
