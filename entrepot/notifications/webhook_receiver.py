"""Event subscriptions as receivers: who reads the feed for each, the signed letter, and what its answer means."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.module import MODULE
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Happened, Options
from entrepot.kernel.errors import Conflict, Missing
from entrepot.kernel.letter import Letter, Reply
from entrepot.kernel.receiver import Arrived, Delivery, Gone, Later, Outcome, Receiver
from entrepot.kernel.resource import Action, Resource
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among
from entrepot.kernel.wire import Json, decode
from entrepot.notifications import signature
from entrepot.notifications.api import EVENT_SUBSCRIPTIONS, GIVE_UP, PAUSE
from entrepot.notifications.event_subscription import EVENT_SUBSCRIPTION, feed_of

KIND = "webhook"
AT_ONCE = 100
"""How many events of the feed are taken on at one time."""

REPLY_S_MAX = 10.0
WAIT_S_MAX = 86_400.0
"""The longest that a receiver may ask us to wait."""

KEPT_S, KEPT_MAX = 1.0, 10_000
"""How long a subscription is kept in a process, and how many are."""

AGENT = "Entrepot-Webhooks/1"

WANTS = {
    "subscriptions": Want(EVENT_SUBSCRIPTION, lambda row: row.c.id == among("subscription_ids"), alone=False),
    "modules": Want(MODULE, lambda row: row.c.id != ""),
}
ACCOUNTS = {"accounts": Want(ACCOUNT, lambda row: row.c.id == among("account_ids"))}
TRADES = ("Enabled", "Active")

Rooms = Callable[[Iterable[str] | None], frozenset[str] | None]


class Webhooks:
    """The kind of receivers that event subscriptions are."""

    def __init__(self, doors: Doors, feed: Resource, platform: Caller, rooms: Rooms):
        self._doors, self._feed, self._platform, self._rooms = doors, feed, platform, rooms
        self._kept: dict[str, tuple[float, Receiver | None]] = {}

    async def receivers(self, ids: Sequence[str]) -> Mapping[str, Receiver]:
        """Those that are there, of accounts that take part in the market. What is known is at most a second old."""
        now = time.monotonic()
        unknown = [each for each in ids if each not in self._kept or self._kept[each][0] <= now]
        if unknown:
            if len(self._kept) + len(unknown) > KEPT_MAX:
                self._kept.clear()
            found = await self._load(unknown)
            self._kept.update((each, (now + KEPT_S, found.get(each))) for each in unknown)
        kept = {each: self._kept.get(each, (0.0, None))[1] for each in ids}
        return {each: receiver for each, receiver in kept.items() if receiver is not None}

    async def _load(self, ids: Sequence[str]) -> Mapping[str, Receiver]:
        known = Known(reveal=self._doors.store.reveal)
        async with self._doors.store.session() as session:
            found = await session.gather(self._platform, WANTS, {"subscription_ids": list(ids)}, known)
            mine = found["subscriptions"]
            named = {"account_ids": list({str(each.account_id) for each in mine})}
            accounts = (await session.gather(self._platform, ACCOUNTS, named, known))["accounts"]
            now = await session.now()
        of = {str(each.id): each for each in accounts}
        codes = {str(each.id): str(each.code) for each in found["modules"]}
        return {
            str(each.id): Webhook(self._doors, self._feed, each, self._reader(each, of[each.account_id], codes), now)
            for each in mine
            if each.account_id in of and of[each.account_id].status in TRADES
        }

    async def pause(self, receiver_id: str, reason: str) -> None:
        """Its account finds it Paused, and an event about that in the feed."""
        await self._act(PAUSE, receiver_id, {"reason": reason})

    async def give_up(self, receiver_id: str, delivery_id: str) -> None:
        """Its account finds an event about it in the feed."""
        await self._act(GIVE_UP, receiver_id, {"delivery": delivery_id})

    async def _act(self, action: Action, receiver_id: str, body: dict[str, object]) -> None:
        try:
            await self._doors.act(self._platform, EVENT_SUBSCRIPTIONS, action, receiver_id, body, Options())
        except (Missing, Conflict):  # it was disabled or removed meanwhile
            return

    def _reader(self, subscription: Thing, account: Thing, codes: Mapping[str, str]) -> Caller:
        """Whoever made it, as far as it could see then."""
        own = frozenset(codes[each] for each in subscription.modules if each in codes) if subscription.modules else None
        return Caller(
            actor=str(account.type).lower(),
            account_id=str(account.id),
            identity_id=self._platform.identity_id,
            modules=self._rooms(own),
            codes=own,
            buyers=tuple(subscription.buyers) or None,
        )


@dataclass(frozen=True, slots=True)
class Webhook:
    """One subscription, as it is just now."""

    doors: Doors
    feed: Resource
    subscription: Thing
    reader: Caller
    now: datetime

    async def follow(self, after: int) -> Happened:
        """What of the feed it asked for."""
        return await self.doors.follow(self.reader, self.feed, feed_of(_read(self.subscription), AT_ONCE), after)

    async def letter(self, delivery: Delivery) -> Letter:
        """The event in an envelope of Standard Webhooks. Only the time and the signatures differ between attempts."""
        body = b'{"type":"%b","data":%b}' % (delivery.event.encode(), delivery.payload)
        headers = {"content-type": "application/json", "user-agent": AGENT}
        headers |= signature.headers(delivery.id, int(time.time()), body, self._secrets())
        return Letter(str(self.subscription.url), body, headers, seconds=REPLY_S_MAX, reply_bytes_max=1024)

    async def understand(self, delivery: Delivery, reply: Reply) -> Outcome:
        """Any 2xx is a receipt, 410 the end; everything else is tried again, when the receiver says so."""
        if 200 <= reply.status < 300:
            return Arrived()
        if reply.status == 410:
            return Gone("The receiver answered 410: it wants no more.")
        return Later(f"The receiver answered {reply.status}.", wait_of(reply))

    def _secrets(self) -> list[str]:
        """The one that counts, and for a day the one before."""
        reveal, found = self.doors.store.reveal, [str(self.subscription.secret)]
        until = self.subscription.former_secret_until
        if until is not None and until > self.now and self.subscription.former_secret:
            found.append(str(self.subscription.former_secret))
        return [reveal(each) for each in found]


def _read(subscription: Thing) -> Thing:
    """With its list of events read."""
    if isinstance(subscription.events, Json):
        subscription.now["events"] = decode(subscription.events)
    return subscription


def wait_of(reply: Reply) -> float | None:
    """How long the receiver asks us to wait, in seconds: a number or a date (RFC 9110, 10.2.3)."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        return min(float(said), WAIT_S_MAX)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), WAIT_S_MAX)
