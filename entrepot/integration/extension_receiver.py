"""Extensions as receivers: which events go to whom, the letter about one, the task that goes with it, the answer.

Each installation is a receiver of its own: it hears of what its account may see, within the modules that were let in.
What schedules ask for comes beside the feed, as letters with a task.
Source: commerce spec 5.4.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import exists
from entrepot.accounts.module import MODULE
from entrepot.integration.api import EXTENSIONS, INSTALLATIONS, LOSING, MISSING
from entrepot.integration.extension import EXTENSION
from entrepot.integration.extension_token import LIVES_S, claims
from entrepot.integration.installation import INSTALLATION
from entrepot.integration.instance import INSTANCE
from entrepot.integration.meta import matches
from entrepot.integration.schedule import FIRED, schedules_of
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Happened, Options
from entrepot.kernel.errors import Conflict, Invalid, Missing
from entrepot.kernel.letter import Letter, Reply
from entrepot.kernel.receiver import Arrived, Delivery, Later, NotSent, Outcome, Receiver, Refused
from entrepot.kernel.resource import Action, Resource
from entrepot.kernel.rql.parse import parse_filter
from entrepot.kernel.rql.query import Query
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among, given
from entrepot.kernel.wire import Json, decode, encode, moment_text
from entrepot.notifications.event_subscription import any_of
from entrepot.notifications.webhook_receiver import TRADES, WAIT_S_MAX, wait_of
from entrepot.system.api import ACCEPT, ASKING, CANCEL, PUT_BACK, TASKS
from entrepot.system.task import ENDED, TASK

KIND = "extension"
AT_ONCE = 200
"""How many events of the feed are taken on at one time."""

LETTER = "extension"
"""What the token in a letter is for: it tells who is written to for whom, and opens nothing here."""

REPLY_S_MAX = 15.0
BUSY_S = 5.0
"""How long a task that is being worked on is left alone before it is looked at again."""

PROCESSING_S_MAX = 7200
LIFETIME_S_MAX = 604_800
"""How long a task may be worked on, and how long it may be there: longer than an extension may be away."""

INSTANCE_ID = "instanceId"
"""Under this name the public SDK keeps with a task which instance has taken it on."""
AGENT = "Entrepot-Extensions/1"
OWN = "platform.system."
"""Tasks are how extensions are told: they are not told of these."""

ROUTE = "route"
"""In the payload of a delivery: where it goes, whether a task goes with it, and which schedule asks for it."""

SCHEDULED = "schedule"

Rooms = Callable[[Iterable[str] | None], frozenset[str] | None]

INSTALLED = {"installations": Want(INSTALLATION, lambda row: row.c.id == among("ids"), alone=False)}
BESIDE = {
    "extensions": Want(EXTENSION, lambda row: row.c.id == among("extension_ids"), alone=False),
    "accounts": Want(ACCOUNT, lambda row: row.c.id == among("account_ids")),
    "modules": Want(MODULE, lambda row: row.c.id != ""),
}
OF_DELIVERY = {
    "tasks": Want(
        TASK, lambda row: sa.and_(row.c.delivery >= given("first"), row.c.delivery < given("beyond")), alone=False
    )
}
"""Those of one delivery: it has another one each time that somebody has it sent again after the last one ended."""


def _is_started_since(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Extensions that were started anew since a moment: that instance, where it is known, else any."""
    each, other = INSTANCE.table.alias(), INSTANCE.table.alias()
    deleted = sa.literal_column("'Deleted'")  # as it stands in the index of instances
    known = exists(other, other.c.extension_id == row.c.id, other.c.status != deleted, other.c.id == given("instance"))
    return sa.and_(
        row.c.id == given("extension"),
        exists(
            each,
            each.c.extension_id == row.c.id,
            each.c.status != deleted,
            each.c.audit_running_at > sa.bindparam("since", type_=sa.DateTime(timezone=True)),
            sa.or_(each.c.id == given("instance"), sa.not_(known)),
        ),
    )


STARTED_SINCE = {"extensions": Want(EXTENSION, _is_started_since)}

OF_SCHEDULE = {
    "tasks": Want(
        TASK,
        lambda row: sa.and_(
            row.c.object_id == given("schedule"),
            row.c.account_id == given("account"),
            row.c.event == sa.literal_column(f"'{FIRED}'"),
            row.c.status.not_in([sa.literal_column(f"'{each}'") for each in ENDED]),
        ),
    )
}
"""What a schedule has asked for and has not ended: there is one for an account, by the index `tasks_of_schedule`."""


class Extensions:
    """The kind of receivers that installations are. `by_type` tells where things of a kind are found."""

    def __init__(self, doors: Doors, feed: Resource, by_type: Mapping[str, Resource], platform: Caller, rooms: Rooms):
        self._doors, self._feed, self._by_type = doors, feed, by_type
        self._platform, self._rooms = platform, rooms

    async def receivers(self, ids: Sequence[str]) -> Mapping[str, Receiver]:
        """Those that are let in, of extensions that have told where they are and what they want to hear, where both
        the account and the extension's vendor trade. What happens before waits for them."""
        known = Known(reveal=self._doors.store.reveal)
        async with self._doors.store.session() as session:
            found = await session.gather(self._platform, INSTALLED, {"ids": list(ids)}, known)
            mine = [each for each in found["installations"] if each.status == "Installed"]
            named = {
                "extension_ids": list({str(each.extension_id) for each in mine}),
                "account_ids": list({str(party) for each in mine for party in (each.account_id, each.vendor_id)}),
            }
            beside = await session.gather(self._platform, BESIDE, named, known)
            now = await session.now()
        extensions = {str(each.id): each for each in beside["extensions"] if each.address and _is_told(each)}
        accounts = {str(each.id): each for each in beside["accounts"] if each.status in TRADES}
        codes = {str(each.id): str(each.code) for each in beside["modules"]}
        return {
            str(each.id): self._receiver(each, extensions[each.extension_id], accounts[each.account_id], codes, now)
            for each in mine
            if each.extension_id in extensions and each.account_id in accounts and each.vendor_id in accounts
        }

    def _receiver(
        self, installation: Thing, extension: Thing, account: Thing, codes: Mapping[str, str], now: datetime
    ) -> Receiver:
        asked = set(extension.modules)
        opened = [codes[each] for each in installation.modules if each in asked and each in codes]
        reader = Caller(
            actor=str(account.type).lower(),
            account_id=str(account.id),
            identity_id=str(extension.id),
            modules=self._rooms(opened),
            codes=frozenset(opened),
            narrow=True,
            whole=False,
        )
        return Installed(
            self._doors, self._feed, self._by_type, self._platform, installation, extension, account, reader,
            tuple(_meta(extension).get("events") or ()), now,
        )  # fmt: skip

    async def pause(self, receiver_id: str, reason: str) -> None:
        """The extension is called no more until it tells anew where it is; its vendor finds an event about that."""
        extension_id = await self._extension_of(receiver_id)
        if extension_id is not None:
            await self._doors.act(self._platform, EXTENSIONS, LOSING, extension_id, {"reason": reason}, Options())

    async def give_up(self, receiver_id: str, delivery_id: str) -> None:
        """Both sides find an event about it in the feed."""
        body = {"delivery": delivery_id}
        await self._doors.act(self._platform, INSTALLATIONS, MISSING, receiver_id, body, Options())

    async def _extension_of(self, receiver_id: str) -> str | None:
        async with self._doors.store.session() as session:
            found = await session.gather(self._platform, INSTALLED, {"ids": [receiver_id]}, Known())
        return next((str(each.extension_id) for each in found["installations"]), None)


@dataclass(frozen=True, slots=True)
class Installed:
    """One installation, as it is just now. `entries` are the events that the extension wants, with their routes."""

    doors: Doors
    feed: Resource
    by_type: Mapping[str, Resource]
    platform: Caller
    installation: Thing
    extension: Thing
    account: Thing
    reader: Caller
    entries: tuple[Mapping[str, Any], ...]
    now: datetime

    # From the feed ---------------------------------------------------------------------------

    async def follow(self, after: int) -> Happened:
        """Events that the extension named, about things which meet its conditions as they are now.

        Of several routes for one event the first counts.
        """
        patterns = [str(each["event"]) for each in self.entries]
        if not patterns:
            newest = await self.doors.follow(self.reader, self.feed, Query(limit=0), after)
            return Happened([], newest.newest, newest.newest)
        query = Query(filter=parse_filter(any_of(patterns)), limit=AT_ONCE)
        happened = await self.doors.follow(self.reader, self.feed, query, after)
        told = [each for each in happened.events if not str(each[1]["event"]).startswith(OWN)]
        routes = await self._routes([document for _, document in told])
        events = [
            (position, _names(document, route))
            for (position, document), route in zip(told, routes, strict=True)
            if route is not None
        ]
        return Happened(events, happened.position, happened.newest)

    async def _routes(self, documents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any] | None]:
        """The route of each event, if there is one: one question for each condition, about all things at once."""
        found: list[Mapping[str, Any] | None] = [None] * len(documents)
        for entry in self.entries:
            fit = [
                at
                for at, each in enumerate(documents)
                if found[at] is None and matches(str(each["event"]), str(entry["event"]))
            ]
            if fit and entry.get("condition"):
                passed = await self._passed(str(entry["condition"]), [documents[at]["object"] for at in fit])
                fit = [at for at in fit if _is_about(documents[at], passed)]
            for at in fit:
                found[at] = {"path": entry["path"], "task": bool(entry.get("task"))}
        return found

    async def _passed(self, condition: str, things: Sequence[Mapping[str, Any]]) -> dict[str, object]:
        """Which of them meet a condition, with the status that each has. One about what the account may not know is
        met by none."""
        passed: dict[str, object] = {}
        ids: dict[str, list[str]] = {}
        for each in things:
            ids.setdefault(str(each.get("objectType")), []).append(str(each.get("id")))
        for name, named in ids.items():
            resource = self.by_type.get(name)
            if resource is None:
                continue
            asked = quote(f"and(in(id,({','.join(dict.fromkeys(named))})),({condition}))", safe="")
            query = f"{asked}&select=-*,id,status&limit={AT_ONCE}"
            try:
                page = await self.doors.search(self.reader, resource, query, plain=True)
            except Invalid:
                continue
            found: Any = page["data"]
            passed |= {str(each["id"]): each.get("status") for each in found}
        return passed

    # To the extension ------------------------------------------------------------------------

    async def letter(self, delivery: Delivery) -> Letter:
        """What happened, in the words of the public SDK; the thing itself is for the extension to ask for."""
        event: Any = decode(delivery.payload)
        route, about = await self._route(delivery, event[ROUTE]), event["object"]
        letter: dict[str, object] = {
            "id": delivery.id,
            "object": {
                "id": about.get("id"),
                "objectType": about.get("objectType"),
                "name": about.get("name") or about.get("id"),
            },
            "details": {
                "eventType": event["event"],
                "enqueueTime": event["at"],
                "deliveryTime": moment_text(self.now),
            },
        }
        headers = {"content-type": "application/json", "user-agent": AGENT, "x-request-id": delivery.id}
        if route["task"]:
            task = await self._task(delivery, event)
            letter["task"] = {"id": task.id}
            headers["mpt-task-id"] = str(task.id)
        headers["authorization"] = f"Bearer {self._token()}"
        url = f"{str(self.extension.address).rstrip('/')}{route['path']}"
        return Letter(url, encode(letter), headers, seconds=REPLY_S_MAX, reply_bytes_max=4096)

    async def understand(self, delivery: Delivery, reply: Reply) -> Outcome:
        """OK, Delay or Cancel; anything else is tried again, when the extension says so.

        With OK a task that nobody has taken on is done, with Cancel it has failed. Source: commerce spec 5.4.
        """
        outcome = self._meant(reply)
        if isinstance(outcome, Arrived):
            await self._end(delivery, ACCEPT)
        elif isinstance(outcome, Refused):
            await self._end(delivery, CANCEL, {"reason": outcome.words})
        return outcome

    def _meant(self, reply: Reply) -> Outcome:
        if not 200 <= reply.status < 300:
            return Later(f"The extension answered {reply.status}.", wait_of(reply))
        try:
            read: Any = decode(reply.body) if reply.body.strip() else {"response": "OK"}
        except ValueError:
            read = None
        said: Mapping[str, Any] = read if isinstance(read, dict) else {}
        word = str(said.get("response", "")).lower()
        match word:
            case "ok":
                return Arrived()
            case "delay" | "defer":
                return Later("The extension asked for a delay.", _delay(said.get("delay")), asked=True)
            case "cancel":
                reason = str(said.get("cancelReason") or "").replace("\0", "").strip()[:1000]
                return Refused(reason or "The extension wants no more of it.")
            case _:
                return Later("The extension answered neither OK nor Delay nor Cancel.")

    async def _end(self, delivery: Delivery, action: Action, body: object = None) -> None:
        """What comes of the task that went with a letter, if one did. The second time nothing comes of it."""
        event: Any = decode(delivery.payload)
        task = await self._found(delivery) if event[ROUTE]["task"] else None
        if task is not None and (task.status not in ENDED or action is CANCEL):
            with contextlib.suppress(Missing):
                await self.doors.act(self.platform, TASKS, action, str(task.id), body, Options())

    async def _route(self, delivery: Delivery, route: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where a letter goes: one of a schedule to where that is now. Raises NotSent where it is told of no more."""
        if SCHEDULED not in route:
            return route
        now = schedules_of(_meta(self.extension)).get(route[SCHEDULED])
        if now is None:
            gone = f"The extension tells of no schedule {route[SCHEDULED]!r} any more."
            await self._end(delivery, CANCEL, {"reason": gone})
            raise NotSent(Refused(gone))
        return {**route, "path": now["path"]}

    def _token(self) -> str:
        said = claims(
            str(self.account.id), str(self.account.type), str(self.extension.id), sorted(self.reader.codes or ())
        )
        return self.doors.store.secrets.token({**said, "sub": str(self.installation.id)}, LETTER, LIVES_S)

    async def _task(self, delivery: Delivery, event: Mapping[str, Any]) -> Thing:
        """The task of a delivery, made at the first attempt. Raises NotSent where it is over, or being worked on."""
        named = f"{delivery.id}/{delivery.redelivered}" if delivery.redelivered else delivery.id
        task = await self._found(delivery)
        if task is None or (task.status in ENDED and task.delivery != named):
            await self._ask(named, event)
            task = await self._found(delivery)
        assert task is not None, "the task was made just now"
        if task.status == "Completed":
            raise NotSent(Arrived())
        if task.status == "Failed":
            raise NotSent(Refused(f"Task {task.id} has failed: {task.reason or 'it was not said why.'}"))
        if task.status == "Processing" and (delivery.tries > 1 or delivery.redelivered):
            # Whoever took it on may still be at it, though its answer did not come; unless it was started anew since.
            if not await self._was_lost(task):
                raise NotSent(Later(f"Task {task.id} is being worked on.", BUSY_S, asked=True))
            try:
                await self.doors.act(self.platform, TASKS, PUT_BACK, str(task.id), None, Options())
            except (Conflict, Missing):
                raise NotSent(Later(f"Task {task.id} moved on meanwhile.", 0.0, asked=True)) from None
        return task

    async def _was_lost(self, task: Thing) -> bool:
        """Whether whoever took it on has been started anew since: that instance, where it is known, else any."""
        if task.audit_started_at is None:
            return False
        taken_by = str(_read(task.parameters).get(INSTANCE_ID) or "").replace("\0", "")
        named = {"extension": str(self.extension.id), "instance": taken_by, "since": task.audit_started_at}
        async with self.doors.store.session() as session:
            return bool((await session.gather(self.platform, STARTED_SINCE, named, Known()))["extensions"])

    async def _ask(self, named: str, event: Mapping[str, Any]) -> None:
        """Makes a task. Raises NotSent while an earlier one of the same schedule is there for the same account."""
        if SCHEDULED in event[ROUTE]:
            of = {"schedule": str(event["object"]["id"]), "account": str(self.account.id)}
            async with self.doors.store.session() as session:
                earlier = (await session.gather(self.platform, OF_SCHEDULE, of, Known()))["tasks"]
            if earlier:
                raise NotSent(Later(f"Task {earlier[0].id} comes first.", BUSY_S, asked=True))
        try:
            await self.doors.create(self.platform, ASKING, self._asked(named, event), Options())
        except Conflict:  # another worker made one just now: of this delivery, or of the same schedule
            raise NotSent(Later("A task was made meanwhile.", 0.0, asked=True)) from None

    async def _found(self, delivery: Delivery) -> Thing | None:
        """The newest: of several only that one may be open."""
        span = {"first": delivery.id, "beyond": f"{delivery.id}0"}
        async with self.doors.store.session() as session:
            got = await session.gather(self.platform, OF_DELIVERY, span, Known())
        return max(got["tasks"], key=_turn, default=None)

    def _asked(self, named: str, event: Mapping[str, Any]) -> dict[str, object]:
        about = event["object"]
        resource = self.by_type.get(str(about.get("objectType")))
        return {
            "name": f"{event['event']} {about.get('id')}"[:500],
            "event": event["event"],
            "delivery": named,
            "parameters": {
                "extensionId": self.extension.id,
                "maxTaskProcessingSeconds": PROCESSING_S_MAX,
                "maxTaskLifetimeSeconds": LIFETIME_S_MAX,
            },
            "object": {
                "id": about.get("id"),
                "name": about.get("name"),
                "objectType": about.get("objectType"),
                "kind": resource.noun.path if resource is not None else None,
            },
            "account": self.account.id,
            "extension": self.extension.id,
            "vendor": self.extension.vendor_id,
        }


def _turn(task: Thing) -> int:
    """For which sending of its delivery a task was made."""
    return int(str(task.delivery).partition("/")[2] or 0)


def _names(event: Mapping[str, Any], route: Mapping[str, Any]) -> dict[str, object]:
    """What is kept of an event, and shown to the vendor: no more than its letter tells, and where that goes."""
    about = event["object"]
    named = {key: about[key] for key in ("id", "objectType", "name") if about.get(key) is not None}
    return {"event": event["event"], "at": event["at"], "object": named, ROUTE: route}


def _is_about(event: Mapping[str, Any], passed: Mapping[str, object]) -> bool:
    """Whether the thing meets the condition, and still is what the event says that it became.

    Else what it became since is told by an event of its own.
    """
    thing_id = event["object"].get("id")
    change = (event.get("documents") or {}).get("changes", {}).get("status")
    return thing_id in passed and (not change or change[-1] == passed[thing_id])


def _meta(extension: Thing) -> Mapping[str, Any]:
    """What an extension tells of itself, as its newest instance told it."""
    return _read(extension.meta)


def _read(document: object) -> Mapping[str, Any]:
    found: Any = decode(document) if isinstance(document, Json) else document
    return found or {}


def _is_told(extension: Thing) -> bool:
    """Whether it has told what it wants to hear, or does by the clock."""
    meta = _meta(extension)
    return "events" in meta or "schedules" in meta


def _delay(said: object) -> float | None:
    """So many seconds, within reason; where none are said, as usual."""
    if isinstance(said, bool) or not isinstance(said, int | Decimal) or said < 0:
        return None
    return float(min(said, Decimal(WAIT_S_MAX)))
