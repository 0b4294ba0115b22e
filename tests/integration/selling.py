"""Server, workers and a vendor's extension are killed while orders are fulfilled: each comes to what its vendor meant.

`make faults` plays it for long (tests/faults.py); a test plays it for a little.
"""

import asyncio
import contextlib
import json
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import asyncpg

from tests import world as small
from tests.integration.fulfiller import EVENTS, NOBODY, UNLUCKY
from tests.integration.installing import MARKETPLACE
from tests.notifications.killing import ENTREPOT, Process, ask, killed, started, until, written

PATIENCE_S = 240.0
MANY = 100
"""With so many orders each worker has its share; of a few one worker may make all deliveries."""

ORDERS = "/commerce/orders"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Meant:
    """What the vendor means for an order: how it ends, and how many subscriptions it then has."""

    states: tuple[str, ...]
    subscriptions: int


@dataclass
class Sale:
    """One run: what was ordered, what was meant, and what each process did. `pace_s`: between two orders, at most."""

    database: str
    orders: int
    kills: int
    pace_s: float = 0.4
    meant: dict[str, Meant] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)
    letters: list[Row] = field(default_factory=list)
    events: int = 0
    shares: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What is not as it should be, in words."""

    def run(self) -> "Sale":
        """Plays it, and looks at what came of it."""
        base = ["--database-url", self.database]
        api, own = free_ports(2)
        server = Process([ENTREPOT, "serve", "--no-work", "--port", str(api), *base])
        workers = [Process([ENTREPOT, "work", *base]) for _ in range(2)]
        with tempfile.TemporaryDirectory() as folder:
            log, processes = Path(folder) / "letters", [server, *workers]
            try:
                started(processes)
                receiver = self._receiver(server, own, log)
                processes.append(receiver)
                receiver.start()
                with self._client(server):
                    names = ("server", "first worker", "second worker", "receiver")
                    self.killed = dict(zip(names, killed(processes, self.kills), strict=True))
                self._settle(server, log)
            finally:
                for each in processes:
                    each.stop()
        self._judge(workers)
        return self

    def _receiver(self, server: Process, port: int, log: Path) -> Process:
        """The vendor makes its extension known, and lets it in."""
        made = written(server, "vendor", "POST", "/integration/extensions", "extension",
                       {"name": "Fulfiller", "modules": [small.refer(MARKETPLACE)]})  # fmt: skip
        body = {"extension": small.refer(made["id"])}
        self.installation = written(
            server, "vendor", "POST", "/integration/installations", "installation", body
        )["id"]  # fmt: skip
        return Process([
            sys.executable, "-m", "tests.integration.fulfiller", "--api", str(server.port), "--port", str(port),
            "--log", str(log), "--extension", made["id"], "--key", made["service"]["secret"],
        ])  # fmt: skip

    # The client ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _client(self, server: Process):
        """Orders meanwhile, and answers what it is asked; it ends when everything was ordered."""
        self._over, faults = threading.Event(), list[BaseException]()

        def run(what: Any) -> None:
            try:
                what(server)
            except BaseException as fault:
                faults.append(fault)

        ordering, answering = (
            threading.Thread(target=run, args=(each,), daemon=True) for each in (self._order, self._answer)
        )
        ordering.start()
        answering.start()
        yield
        ordering.join(PATIENCE_S)
        if not faults and not ordering.is_alive():
            with contextlib.suppress(AssertionError):  # what is not as meant is told in the end
                until(lambda: faults or self._done(server), PATIENCE_S)
        self._over.set()
        answering.join(30)
        assert not faults and not ordering.is_alive(), faults

    def _order(self, server: Process) -> None:
        """Of ten orders six are delivered, two asked back first, two fail."""
        for number in range(self.orders):
            time.sleep(random.uniform(0, self.pace_s))
            fails, asked, two = number % 5 == 3, number % 5 == 1, number % 2 == 0
            body = small.purchase(status="Processing")
            seats = {"item": small.refer(small.YEARLY), "quantity": UNLUCKY if fails else 1 + number % 10}
            body["lines"] = [seats, *([{"item": small.refer(small.MONTHLY), "quantity": 2}] if two else [])]
            body["parameters"]["ordering"][0]["value"] = NOBODY if asked else "Northwind"
            made = written(server, "client", "POST", ORDERS, f"order {number}", body)
            states = ("Processing", *(("Querying", "Processing") if asked else ()), "Failed" if fails else "Completed")
            self.meant[made["id"]] = Meant(states, 0 if fails else len(body["lines"]))

    def _answer(self, server: Process) -> None:
        while not self._over.is_set():
            time.sleep(0.2)
            with contextlib.suppress(HTTPException, OSError, ValueError):
                _, page = ask(server.port, "GET", f"{ORDERS}?eq(status,Querying)&limit=1000")
                for each in page.get("data", ()):
                    answer = {"parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]}}
                    written(server, "client", "POST", f"{ORDERS}/{each['id']}/process", f"{each['id']} answer", answer)

    def _done(self, server: Process) -> bool:
        with contextlib.suppress(HTTPException, OSError, ValueError):
            _, page = ask(server.port, "GET", f"{ORDERS}?in(status,(Processing,Querying))&limit=1")
            return page["$meta"]["pagination"]["total"] == 0
        return False

    # What came of it -----------------------------------------------------------------------------------

    def _settle(self, server: Process, log: Path) -> None:
        """Until everything has its place in the feed and was sent."""
        waiting = f"/notifications/deliveries?eq(installation.id,{self.installation})&eq(status,Pending)&limit=1"

        def settled() -> bool:
            (row,) = rows(self.database, BEHIND, self.installation)
            _, page = ask(server.port, "GET", waiting, who="vendor")
            return not row["behind"] and page["$meta"]["pagination"]["total"] == 0

        with contextlib.suppress(AssertionError):
            until(settled, PATIENCE_S)
        noted = [json.loads(line) for line in log.read_text().splitlines()]
        self.letters = [each for each in noted if "id" in each]
        self.wrong += [f"the receiver: {each['fault']}" for each in noted if "fault" in each]
        cursor, self.feed = "0", []
        while True:
            path = f"/events?cursor={cursor}&like(event,'{EVENTS}')&limit=1000"
            _, page = ask(server.port, "GET", path, who="vendor")
            self.feed += page["data"]
            cursor = page["$meta"]["cursor"]
            if not page["$meta"]["more"]:
                break
        self.events = len(self.feed)
        self.found = {
            each: ask(server.port, "GET", f"{ORDERS}/{each}?select=subscriptions.lines")[1] for each in self.meant
        }

    def _judge(self, workers: Iterable[Process]) -> None:
        sent = {row["id"]: row for row in rows(self.database, SENT, self.installation)}
        self._judge_letters(sent)
        self._judge_orders()
        makers = Counter(row["maker"] for row in sent.values() if row["status"] == "Delivered")
        self.shares = [sum(makers[pid] for pid in each.pids) for each in workers]
        if sum(self.shares) != len(sent) or (self.orders >= MANY and not all(self.shares)):
            self._complain(f"the workers delivered {self.shares} of {len(sent)}")
        for task in rows(self.database, "select id, status from tasks where status <> 'Completed'"):
            self._complain(f"{task['id']} is {task['status']}")

    def _judge_letters(self, sent: Mapping[str, Any]) -> None:
        """Every event has come, and of each thing nothing earlier after something later unless it came before."""
        came = {sent[each["id"]]["position"] for each in self.letters}
        missing = [each["id"] for each in self.feed if each["position"] not in came]
        if missing or not self.feed:
            self._complain(f"{len(missing)} of {len(self.feed)} events never came: {missing[:5]}")
        seen: dict[str, list[int]] = {}
        for each in self.letters:
            seen.setdefault("/".join(each["about"]), []).append(sent[each["id"]]["position"])
        for thing, positions in seen.items():
            first = list(dict.fromkeys(positions))
            if first != sorted(first):
                self._complain(f"{thing} came out of order: {positions}")

    def _judge_orders(self) -> None:
        """Each is where its vendor meant it to be, once, with just the subscriptions that were meant."""
        told: dict[str, list[str]] = {}
        born: Counter[str] = Counter()
        for each in self.feed:
            change = each.get("documents", {}).get("changes", {}).get("status")
            if each["object"]["objectType"] == "Order" and change:
                told.setdefault(each["object"]["id"], []).append(change[-1])
        for row in rows(self.database, BORN):
            born[row["order_id"]] += row["born"]
        for order_id, meant in self.meant.items():
            order = self.found[order_id]
            if order["status"] != meant.states[-1]:
                self._complain(f"{order_id} is {order['status']}, not {meant.states[-1]}")
            states = (
                ["Processing", *told.get(order_id, ())]
                if told.get(order_id, [""])[0] != "Processing"
                else told[order_id]
            )
            if tuple(states) != meant.states:
                self._complain(f"{order_id} went through {states}, not {meant.states}")
            if meant.states[-1] == "Completed":
                lines = [line["id"] for each in order["subscriptions"] for line in each["lines"]]
                if len(order["subscriptions"]) != meant.subscriptions or len(lines) != len(set(lines)):
                    self._complain(f"{order_id} has {len(order['subscriptions'])} subscriptions")
            if born[order_id] != meant.subscriptions:
                self._complain(f"{order_id} brought about {born[order_id]} subscriptions, not {meant.subscriptions}")
        if len(self.meant) != self.orders:
            self._complain(f"{len(self.meant)} orders of {self.orders} were made")

    def _complain(self, words: str) -> None:
        self.wrong.append(words)


BEHIND = """
select exists (select from trail t left join seals s on s.trail_id = t.id where s.trail_id is null)
    or r.position < (select position from sealer) as behind from receivers r where r.id = $1
"""

SENT = """
select id, position, status, split_part(leased_by, ':', 2)::integer as maker from deliveries where receiver_id = $1
"""

BORN = """
select a.id as order_id, count(s.id) as born from orders a join subscriptions s on s.agreement_id = a.agreement_id
group by a.id
"""
"""An agreement of these has one order: what there is of subscriptions, in whatever state, that order brought about."""


def rows(database: str, text: str, *values: object) -> list[asyncpg.Record]:
    """Rows of the database, past all rules."""

    async def fetched() -> list[asyncpg.Record]:
        conn = await asyncpg.connect(database)
        try:
            return await conn.fetch(text, *values)
        finally:
            await conn.close()

    return asyncio.run(fetched())


def free_ports(count: int) -> list[int]:
    """Ports at which nobody listens, and which no connection of somebody else's begins at meanwhile: a program that is
    killed finds its own again."""
    with contextlib.ExitStack() as stack:
        found: list[int] = []
        while len(found) < count:
            with contextlib.suppress(OSError):
                address = "127.0.0.1", random.SystemRandom().randrange(20_000, 30_000)
                found.append(stack.enter_context(socket.create_server(address)).getsockname()[1])
        return found
