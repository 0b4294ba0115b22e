"""Deliveries: what the feed tells goes to receivers, each object's events in order, until it has arrived.

- **Nothing is skipped.** Each receiver has its place in the order of everything. A pass reads on from there as the
  receiver may, writes a delivery for each event, and moves the place: one statement, which does nothing when another
  worker has moved it meanwhile. No more than `under_way_max` are under way to one receiver; the others wait in the
  feed.
- **Each object in order.** Of one object only the earliest delivery that is under way goes out.
- **At least once.** Due deliveries are leased with `SKIP LOCKED`; the count of attempts is the fence of a lease. That
  of a worker that died runs out. An attempt ends before its lease does, and what was leased is not sent later: a worker
  that stood still for a while sends nothing that another one has sent since.
- **Nobody waits for another.** A receiver has so many at a time, and one alone when it fails again and again: a probe,
  each time another one. When the probe arrives, all go on at once. After days of nothing but failures it is paused.

All times here are real time. What is said to a receiver, and what its answer means, is for its kind to know
(kernel/receiver.py); a fault that is made in a sandbox comes between.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import asyncpg
import structlog

from entrepot.kernel.doors import Happened
from entrepot.kernel.errors import Refusal
from entrepot.kernel.letter import Letter, Reply, Send, Unreachable
from entrepot.kernel.receiver import Arrived, Delivery, Gone, Kind, Later, NotSent, Outcome, Receiver, Refused
from entrepot.kernel.wire import encode_text, moment_text
from entrepot.storage.process import holder

LOG = structlog.get_logger()

RETRIES_S = (5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200)
"""How long after each attempt the next one comes, give or take a fifth; then always the last."""

ANSWER_SHOWN = 500
"""How much of an answer is kept, in characters."""

ATTEMPTS_KEPT = 50
SENT_WITHIN = 0.9
"""In which part of a lease a letter is sent and answered; the rest is for writing down what came of it."""

FEEDS_AT_ONCE, FEEDS_AT_A_TIME = 20, 4
UNDER_WAY_FAILING = 20
"""How many deliveries are held for a receiver that fails: for a dead one the feed is not read any more."""

BEHIND_MANY = 200
DEADLOCKS = 5
REORDERED_S = 0.5
"""Between no and so many seconds each delivery is held up, where a fault reorders them."""

GONE_WORDS = "The receiver answered that it wants no more."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the engine goes on, and how much it takes on."""

    lease: timedelta = timedelta(seconds=20)
    """Longer than any letter may take, and what is done before and after it."""

    reading: timedelta = timedelta(seconds=5)
    """How long one worker has to read on for a receiver."""

    under_way_max: int = 200
    at_once: int = 32
    """So many to one receiver, and so many in all, of each worker."""

    in_all: int = 256
    failing_after: int = 5
    probe_first_s: float = 5.0
    probe_most_s: float = 300.0
    gives_up_after: timedelta = timedelta(days=5)
    retries_s: Sequence[float] = RETRIES_S
    away: timedelta = timedelta(seconds=30)
    """How long what cannot be sent now, since its account is closed, is left alone."""


CLAIM = """
update receivers set leased_until = clock_timestamp() + $1::interval where id in (
    select r.id from receivers r where r.active and r.kind = any($2)
        and r.position < (select position from sealer)
        and (r.leased_until is null or r.leased_until <= clock_timestamp())
        and (select count(*) from deliveries d where d.receiver_id = r.id and d.status = 'Pending')
            < case when r.failures >= $5::integer then $6::integer else $3::integer end
    order by random() limit $4 for update skip locked
) returning id, kind, position, set_config('synchronous_commit', 'off', true)
"""
"""Whoever reads on next for a receiver. Should the database die before it is on disk, nothing is lost by that."""

PASS_OVER = """
update receivers r set position = s.position from sealer s
where r.active and r.position < s.position and not r.reads_all
    and (r.leased_until is null or r.leased_until <= clock_timestamp()) and s.position - r.position <= $1
    and not exists (select from events e where e.position > r.position and e.position <= s.position
        and e.accounts @> array[r.account_id])
"""
"""Receivers to whose accounts nothing has happened are brought forward together."""

TAKE_ON = """
with moved as (
    update receivers set position = $3, leased_until = null where id = $1 and position = $2 and active
    returning id, kind, account_id, vendor_id, extension_id
), made as (
    insert into deliveries (id, receiver_id, kind, account_id, vendor_id, extension_id, position, event, object_id,
        object_type, object_key, payload)
    select u.id, moved.id, moved.kind, moved.account_id, moved.vendor_id, moved.extension_id, u.position, u.event,
        u.object_id, u.object_type, u.object_type || '/' || u.object_id, u.payload
    from moved, unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::jsonb[])
        as u(id, position, event, object_id, object_type, payload)
    returning 1
)
select count(*), set_config('synchronous_commit', 'off', true) from made
"""
"""Nothing is sent before it is on disk: a delivery is leased first, and with a lease all that was written before."""

LEASE = """
with ready as (
    select r.id, r.active, r.fault is not distinct from 'reorder' as shuffled, r.failures >= $4 as failing,
        r.active and (r.retry_at is null or r.retry_at <= clock_timestamp()) as open,
        case when r.failures >= $4 then 1 when r.failures > 0 then least($3, 4) else $3 end
            - coalesce(($6::jsonb ->> r.id)::integer, 0) as room
    from receivers r
    where r.kind = any($2) and case when r.active and (r.retry_at is null or r.retry_at <= clock_timestamp())
        then exists (select from deliveries d where d.receiver_id = r.id and d.status = 'Pending'
            and (d.next_at <= clock_timestamp() or r.failures >= $4))
        else exists (select from deliveries d where d.receiver_id = r.id and d.status = 'Pending'
            and d.position is null and d.next_at <= clock_timestamp()) end
    order by random()
), picked as (
    select d.id from ready cross join lateral (
        select d.id from deliveries d
        where d.receiver_id = ready.id and d.status = 'Pending' and (d.next_at <= clock_timestamp() or ready.failing)
            and (d.leased_until is null or d.leased_until <= clock_timestamp())
            and (ready.open or (d.position is null and d.next_at <= clock_timestamp()))
            and not exists (select from deliveries e where e.receiver_id = d.receiver_id
                and e.object_key = d.object_key and e.status = 'Pending' and e.position < d.position)
        order by case when ready.shuffled then random() end, d.next_at, d.position
        limit greatest(ready.room, 0) for update of d skip locked
    ) d limit $5
)
update deliveries d set leased_until = clock_timestamp() + $1::interval, leased_by = $7, tries = tries + 1,
    first_tried_at = coalesce(first_tried_at, clock_timestamp())
from picked, receivers r where d.id = picked.id and r.id = d.receiver_id
returning d.id, d.receiver_id, d.kind, d.position, d.event, d.object_type, d.object_id, d.payload, d.tries, d.revision,
    r.fault
"""

SETTLE = """
with done as (
    select * from unnest($1::text[], $2::integer[], $3::text[], $4::float8[], $5::jsonb[])
        as u(id, tries, outcome, wait_s, attempt)
), put as (
    update deliveries d set
        status = case when done.outcome = 'arrived' then 'Delivered'
            when done.outcome = 'refused' then 'Failed'
            when done.outcome = 'failed' and d.first_tried_at < clock_timestamp() - $6::interval and r.failures < $7
                then 'Failed'
            else 'Pending' end,
        delivered_at = case when done.outcome = 'arrived' then clock_timestamp() end,
        next_at = clock_timestamp() + make_interval(secs => done.wait_s),
        leased_until = null,
        tries = case when done.outcome = 'left' then d.tries - 1 else d.tries end,
        attempts = case when done.attempt is null then attempts when jsonb_array_length(attempts) >= $8
            then (attempts - 0) || done.attempt else attempts || done.attempt end
    from done, receivers r
    where d.id = done.id and d.tries = done.tries and d.status = 'Pending' and r.id = d.receiver_id
    returning d.id, d.receiver_id, d.status, done.outcome, done.wait_s
), told as (
    select receiver_id, count(*) filter (where status = 'Delivered') as delivered,
        count(*) filter (where status = 'Failed') as failed,
        count(*) filter (where outcome in ('arrived', 'refused', 'later')) as well,
        count(*) filter (where outcome in ('failed', 'gone')) as bad,
        max(wait_s) filter (where outcome = 'left') as left_s
    from put group by receiver_id
), kept as (
    update receivers r set delivered = r.delivered + told.delivered, failed = r.failed + told.failed,
        failures = case when well > 0 then 0 else r.failures + bad end,
        failing_since = case when well > 0 then null when bad > 0 then coalesce(r.failing_since, clock_timestamp())
            else r.failing_since end,
        retry_at = case when well > 0 or r.failures + bad < $7 then null when bad = 0
                then greatest(r.retry_at, clock_timestamp() + make_interval(secs => left_s))
            else clock_timestamp() + make_interval(
                secs => (0.8 + 0.4 * random()) * least($10, $9 * power(2, least(r.failures + bad - $7, 20)))) end
    from told join receivers o on o.id = told.receiver_id where r.id = told.receiver_id
    returning r.id, r.active and r.failing_since < clock_timestamp() - $6::interval as over,
        well > 0 and o.failures >= $7 as recovered
)
select array(select row(id, receiver_id) from put where status = 'Failed' and outcome = 'failed') as skipped,
    array(select receiver_id from put where outcome = 'gone') as gone,
    array(select id from kept where over) as over, array(select id from kept where recovered) as recovered,
    set_config('synchronous_commit', 'off', true)
"""
"""Should the database die before it is on disk, the same is sent once more: nothing later of its object was sent, since
with the lease of that it would be on disk."""

RECOVERED = """
update deliveries set next_at = clock_timestamp() where receiver_id = any($1) and status = 'Pending'
and next_at > clock_timestamp() and leased_until is null
"""

SPENT = """
update receivers r set fault_left = r.fault_left - 1,
    fault = case when r.fault_left is null or r.fault_left > 1 then r.fault end
from receivers o where r.id = $1 and o.id = r.id and r.fault is not null returning o.fault
"""

SWEPT = "delete from deliveries where status <> 'Pending' and made_at < clock_timestamp() - interval '30 days'"


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one attempt."""

    delivery: Delivery
    outcome: str
    wait_s: float
    attempt: str | None


Ids = Callable[[int], Any]
"""Draws so many ids for deliveries."""


class Deliveries:
    """The deliveries that one process makes. Any number of processes share them; nothing is kept here."""

    def __init__(
        self, pool: asyncpg.Pool, kinds: Mapping[str, Kind], send: Send, ids: Ids, patience: Patience | None = None
    ):
        self._pool = pool
        self._kinds = kinds
        self._send = send
        self._ids = ids
        self._patience = patience or Patience()
        self.holder = holder()
        self._settled: list[_Result] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self.moved = asyncio.Event()
        """There may be something to send, or something was."""

        self.much = False
        self.behind: set[str] = set()
        """Receivers for which more waits in the feed, until some of what is under way has arrived."""

    async def wanted(self) -> bool:
        """Whether there is anybody to send to."""
        return await self._pool.fetchval("select exists (select from receivers where active)")

    # From the feed ---------------------------------------------------------------------------

    async def take_on(self) -> int:
        """One pass: reads on for receivers that are behind. Gives back how many it looked at.

        `much`: there is more to be sent now than one worker sends at a time.
        """
        self.much = False
        patience = self._patience
        claimed = await self._pool.fetch(
            CLAIM,
            patience.reading,
            list(self._kinds),
            patience.under_way_max // 2,
            FEEDS_AT_ONCE,
            patience.failing_after,
            UNDER_WAY_FAILING,
        )
        if not claimed:
            return 0
        by_kind: dict[str, list[asyncpg.Record]] = {}
        for row in claimed:
            by_kind.setdefault(row["kind"], []).append(row)
        for kind, rows in by_kind.items():
            found = await self._kinds[kind].receivers([row["id"] for row in rows])
            for some in batched(rows, FEEDS_AT_A_TIME):
                await asyncio.gather(*(self._read_on(found.get(row["id"]), row) for row in some))
        if len(claimed) == FEEDS_AT_ONCE:
            await self._pool.execute(PASS_OVER, BEHIND_MANY)
        self.moved.set()
        return len(claimed)

    async def _read_on(self, receiver: Receiver | None, row: asyncpg.Record) -> None:
        """Who may not read now keeps its place; its claim runs out, and then it is looked at again. A mistake of ours
        about one holds up no other."""
        if receiver is None:
            return
        try:
            happened = await receiver.follow(row["position"])
        except Refusal as refusal:
            LOG.warning("a receiver may not read its feed", receiver=row["id"], refusal=str(refusal))
        except Exception:
            LOG.exception("nothing could be read for a receiver", receiver=row["id"])
        else:
            await self._write(row, happened)

    async def _write(self, row: asyncpg.Record, happened: Happened) -> None:
        events = happened.events
        (self.behind.add if happened.position < happened.newest else self.behind.discard)(row["id"])
        self.much = self.much or len(events) > self._patience.at_once
        drawn = await self._ids(len(events)) if events else []
        objects = [_object(document) for _, document in events]
        await self._pool.fetchval(
            TAKE_ON,
            row["id"],
            row["position"],
            happened.position,
            drawn,
            [position for position, _ in events],
            [str(document["event"]) for _, document in events],
            [each[1] for each in objects],
            [each[0] for each in objects],
            [encode_text(document) for _, document in events],
        )

    # To the receivers ------------------------------------------------------------------------

    async def go_on(self) -> int:
        """One pass: writes down what came of the attempts that are over, and begins those that are due.

        Gives back how many were begun. It waits for none of them: `moved` tells when one is over.
        """
        await self._settle()
        room = self._patience.in_all - len(self._in_flight)
        if room <= 0:
            return 0
        patience = self._patience
        until = time.monotonic() + patience.lease.total_seconds() * SENT_WITHIN
        leased = await self._pool.fetch(
            LEASE,
            patience.lease,
            list(self._kinds),
            patience.at_once,
            patience.failing_after,
            room,
            encode_text(self._busy),
            self.holder,
        )
        by_kind: dict[str, list[asyncpg.Record]] = {}
        for row in leased:
            by_kind.setdefault(row["kind"], []).append(row)
        for kind, rows in by_kind.items():
            found = await self._kinds[kind].receivers(list({row["receiver_id"] for row in rows}))
            for row in rows:
                self._begin(found.get(row["receiver_id"]), row, until)
        return len(leased)

    async def stop(self) -> None:
        """Ends the attempts that are under way; whoever goes on need not wait for the end of their leases."""
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        await self._settle()

    def _begin(self, receiver: Receiver | None, row: asyncpg.Record, until: float) -> None:
        delivery = Delivery(
            row["id"], row["receiver_id"], row["position"], row["event"], row["object_type"] or "",
            row["object_id"] or "", str(row["payload"]).encode(), row["tries"], row["revision"] - 1,
        )  # fmt: skip
        if receiver is None:
            self._put(delivery, "left", self._patience.away.total_seconds())
            return
        task = asyncio.create_task(self._attempt(receiver, delivery, row["fault"], until))
        self._in_flight.add(task)
        self._busy[delivery.receiver_id] += 1
        task.add_done_callback(self._in_flight.discard)
        task.add_done_callback(lambda _: self._over(delivery.receiver_id))

    def _over(self, receiver_id: str) -> None:
        self._busy[receiver_id] -= 1
        if not self._busy[receiver_id]:
            del self._busy[receiver_id]

    async def _attempt(self, receiver: Receiver, delivery: Delivery, fault: str | None, until: float) -> None:
        """Sends one letter, whatever comes of it, while it is leased."""
        at, reply, words = datetime.now(UTC), None, ""
        outcome: Outcome
        try:
            reply = await self._post(receiver, delivery, fault, until)
            outcome = await receiver.understand(delivery, reply)
        except Unreachable as unreachable:
            outcome = Later(unreachable.words)
        except NotSent as known:
            outcome = known.outcome
        except _TooLate:
            self._put(delivery, "left", 0.0)
            return
        except asyncio.CancelledError:
            self._put(delivery, "left", 0.0)
            raise
        except Exception as mistake:
            LOG.exception("a delivery could not be made", delivery=delivery.id)
            outcome = Later(f"Something went wrong on our side: {type(mistake).__name__}.")
        seconds = (datetime.now(UTC) - at).total_seconds()
        words = getattr(outcome, "words", "")
        attempt = encode_text(_told(at, seconds, reply, words))
        name, wait_s = self._meant(outcome, delivery)
        self._put(delivery, name, wait_s, attempt)

    def _meant(self, outcome: Outcome, delivery: Delivery) -> tuple[str, float]:
        """What becomes of the delivery, and after how many seconds it goes out again."""
        match outcome:
            case Arrived():
                return "arrived", 0.0
            case Refused():
                return "refused", 0.0
            case Gone():
                return "gone", 0.0
            case Later(_, seconds, asked):
                usual = self._patience.retries_s[min(delivery.tries, len(self._patience.retries_s)) - 1]
                wait_s = seconds if seconds is not None else usual * random.uniform(0.8, 1.2)
                return "later" if asked else "failed", wait_s

    async def _post(self, receiver: Receiver, delivery: Delivery, fault: str | None, until: float) -> Reply:
        letter = await receiver.letter(delivery)
        if fault is not None:
            fault = await self._pool.fetchval(SPENT, delivery.receiver_id)
        match fault:
            case "timeout":
                raise Unreachable("There was no reply in time: a fault that was made in this sandbox.")
            case "error":
                return Reply(500, {}, b"A fault that was made in this sandbox.", 0.0)
            case "twice":
                await self._send_by(letter, until)
            case "reorder":
                await asyncio.sleep(random.uniform(0.0, REORDERED_S))
        return await self._send_by(letter, until)

    async def _send_by(self, letter: Letter, until: float) -> Reply:
        """The reply, which is waited for no longer than until then. Raises _TooLate."""
        left = until - time.monotonic()
        if left <= 0:
            raise _TooLate
        return await self._send(replace(letter, seconds=min(letter.seconds, left)))

    def _put(self, delivery: Delivery, outcome: str, wait_s: float, attempt: str | None = None) -> None:
        self._settled.append(_Result(delivery, outcome, wait_s, attempt))
        self.moved.set()

    async def _settle(self) -> None:
        """Writes down what came of attempts. What cannot be written is kept for the next pass."""
        results, self._settled = self._settled, []
        if not results:
            return
        patience = self._patience
        try:
            row = await self._retried(
                SETTLE,
                [each.delivery.id for each in results],
                [each.delivery.tries for each in results],
                [each.outcome for each in results],
                [each.wait_s for each in results],
                [each.attempt for each in results],
                patience.gives_up_after,
                patience.failing_after,
                ATTEMPTS_KEPT,
                patience.probe_first_s,
                patience.probe_most_s,
            )
        except BaseException:
            self._settled = results + self._settled
            raise
        if row["recovered"]:
            await self._pool.execute(RECOVERED, row["recovered"])
        kinds = {each.delivery.receiver_id: each for each in results}
        await self._tell(row, kinds)

    async def _tell(self, row: asyncpg.Record, results: Mapping[str, _Result]) -> None:
        """What the accounts of receivers are told of."""
        gone = {receiver_id: GONE_WORDS for receiver_id in row["gone"]}
        over = {receiver_id: self._over_words() for receiver_id in row["over"]}
        if not (gone or over or row["skipped"]):
            return
        kinds = dict(await self._pool.fetch("select id, kind from receivers where id = any($1)", list(results)))
        for receiver_id, reason in {**over, **gone}.items():
            await self._kinds[kinds[receiver_id]].pause(receiver_id, reason)
        for delivery_id, receiver_id in row["skipped"]:
            await self._kinds[kinds[receiver_id]].give_up(receiver_id, delivery_id)

    def _over_words(self) -> str:
        return f"Nothing has arrived for {self._patience.gives_up_after.days} days."

    async def _retried(self, text: str, *values: object) -> asyncpg.Record:
        for _ in range(DEADLOCKS):
            with contextlib.suppress(asyncpg.DeadlockDetectedError):
                return await self._pool.fetchrow(text, *values)
        return await self._pool.fetchrow(text, *values)


class _TooLate(Exception):
    """The lease has run out, or nearly: another worker may send it now."""


class FaultError(Exception):
    """A fault cannot be made like that; the message is for the person at the keyboard."""


async def make_fault(pool: asyncpg.Pool, receiver_id: str, kind: str | None, times: int | None) -> None:
    """Makes a fault at a receiver of a sandbox for so many attempts, or until it is cleared. Raises FaultError."""
    if not await pool.fetchval("select sandbox from installation"):
        raise FaultError("Faults are made in a sandbox alone: a database that was made with --sandbox.")
    done = await pool.execute(
        "update receivers set fault = $2, fault_left = $3, retry_at = null where id = $1", receiver_id, kind, times
    )
    if done != "UPDATE 1":
        raise FaultError(f"There is no receiver {receiver_id!r}.")


async def faults(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    """Receivers with faults, the kind, and for how many attempts more; null: until it is cleared."""
    text = "select id, fault, fault_left from receivers where fault is not null order by id limit 1000"
    return await pool.fetch(text)


def _object(document: Mapping[str, Any]) -> tuple[str, str]:
    """The type and id of what an event is about."""
    about = document.get("object") or {}
    return str(about.get("objectType", "")), str(about.get("id", ""))


def _told(at: datetime, seconds: float, reply: Reply | None, words: str) -> dict[str, object]:
    """An attempt, as it is kept. What a receiver says may hold what the database cannot: all attempts that are over
    are written down together, so nobody's words may keep those of others from it."""
    found: dict[str, object] = {"at": moment_text(at), "milliseconds": round(seconds * 1000)}
    if reply is not None:
        found["status"] = reply.status
        if reply.body:
            found["answer"] = _kept(reply.body.decode("utf-8", "replace"))[:ANSWER_SHOWN]
    if words:
        found["error"] = _kept(words)
    return found


def _kept(words: str) -> str:
    return words.replace("\0", "")
