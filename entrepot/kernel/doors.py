"""The six doors: search, get, create, update, act, remove. Every request, from whatever tongue, goes through one.

A search has two long forms: `stream` gives a whole collection, and `follow` goes on from where one has read to.
"""

import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import Any, Protocol

from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body, read_body, referenced
from entrepot.kernel.call import Call, OutOfIds, Secrets
from entrepot.kernel.errors import Conflict, Forbidden, Invalid, Missing, Precondition
from entrepot.kernel.explain import explain
from entrepot.kernel.field import CREATE
from entrepot.kernel.file import File, Held, Unplaced
from entrepot.kernel.letter import Send, nobody
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Action, Consult, Resource, Text, Verb, Within, owned
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.query import LIMIT_DEFAULT, LIMIT_MAX, OPTIONS, Query, read_query
from entrepot.kernel.scope import Filters
from entrepot.kernel.shape import COLUMNS, CORE, EVERYTHING, FULL, LISTED, MADE, PARTIES, Known, Plan, Shapes, core_of
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import Raw, encode

ATTEMPTS = 5
"""How often a command is run again when another one changed the same things meanwhile."""

FETCHED_MAX = 100
"""How often it is run again because it waits for ids or for its file."""


STRETCH, STRETCHES = 10_000, 10
"""How many positions of a feed are looked through by one statement, and by how many of them at a time."""


class Stale(Exception):
    """Something changed between loading and writing: run the command again.

    `words` are what the caller is told should it never come to be written.
    """

    def __init__(self, words: str = "Others are changing the same things; try again."):
        super().__init__(words)
        self.words = words


class Answered(Exception):
    """The idempotency key was used by a twin that finished first."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a request says about how it is to be done, and the file that comes with it."""

    idempotency_key: str = ""
    fingerprint: bytes = b""
    if_match: str = ""
    dry_run: bool = False
    trace_id: str = ""
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door gives back: a status, a body that is already JSON, and the revision."""

    status: int
    body: bytes = b""
    etag: str = ""
    replayed: bool = False
    dry: bool = False
    thing_id: str = ""


class Session(Protocol):
    """One connection's worth of reading and writing, as the store lends it."""

    async def one(
        self, plan: Plan, caller: Caller, thing_id: str | None, known: Known, within: Within = ()
    ) -> Thing | None: ...
    async def page(self, plan: Plan, caller: Caller, key: object, compose: Callable[..., Any],
                   given: Mapping[str, object], limit: int, offset: int, known: Known
                   ) -> tuple[list[Thing], int]: ...  # fmt: skip
    async def count(self, plan: Plan, caller: Caller, key: object, compose: Callable[..., Any],
                    given: Mapping[str, object]) -> int: ...  # fmt: skip
    def pages(self, plan: Plan, caller: Caller, key: object, compose: Callable[..., Any],
              given: Mapping[str, object], limit: int | None, offset: int, known: Known
              ) -> AsyncGenerator[tuple[list[Thing], Known]]: ...  # fmt: skip
    async def newest(self) -> int: ...
    async def onwards(self, plan: Plan, caller: Caller, key: object, compose: Callable[..., Any],
                      given: Mapping[str, object], known: Known) -> list[tuple[int, Thing]]: ...  # fmt: skip
    async def finish(self, plan: Plan, things: list[Thing], caller: Caller, known: Known) -> None: ...
    async def gather(
        self, caller: Caller, wants: Mapping[str, Any], given: Mapping[str, object], known: Known
    ) -> dict[str, list[Thing]]: ...
    async def cores(self, wanted: Mapping[str, Iterable[str]], known: Known) -> None: ...
    async def visible(self, noun: Noun, ids: Iterable[str], caller: Caller, known: Known) -> None: ...
    async def definitions(self, noun: Noun, owner_id: str, known: Known) -> list[Thing]: ...
    async def resume(self, things: Iterable[Thing]) -> None: ...
    async def now(self) -> Any: ...
    async def write(self, call: Call, answer: "Stored | None", *, dry: bool) -> None: ...


class Hand(Protocol):
    """The ids that one command draws, from its first run to its last."""

    def draw(self, noun: Noun, parent_id: str = "") -> str: ...
    def ahead(self, noun: Noun, wanted: Mapping[str, int]) -> None: ...
    async def refill(self, noun: Noun, wanted: Mapping[str, int]) -> None: ...
    def drop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Listing:
    """A collection as somebody asks for it: what is fetched of each thing, of which things, in what order."""

    plan: Plan
    query: Query
    key: object
    given: Mapping[str, object]
    compose: Callable[[], tuple[list[Any], list[Any]]]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A whole collection as it was at one moment: how many things, and their documents, some at a time."""

    count: int
    meta: Mapping[str, object]
    pages: AsyncGenerator[list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Happened:
    """What a reader of a feed is given: documents with their positions, how far it has read, and how far there is."""

    events: list[tuple[int, dict[str, object]]]
    position: int
    newest: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer kept under an idempotency key, with the request's fingerprint."""

    token_id: str
    key: str
    fingerprint: bytes
    answer: Answer
    secret: bool = False
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Answering:
    """Whoever was consulted writes now: by its own verb, if the thing is still at the revision that it was shown."""

    answerer: Caller
    apply: Verb
    revision: int


class Store(Protocol):
    """Where things are kept: the port that `storage` implements."""

    sandbox: bool

    @property
    def secrets(self) -> Secrets: ...

    def session(self) -> Any: ...
    def snapshot(self) -> Any: ...
    def hand(self) -> contextlib.AbstractContextManager[Hand]: ...
    async def replay(self, token_id: str, key: str, fingerprint: bytes) -> Answer | None: ...
    async def claim(self, token_id: str, key: str, fingerprint: bytes) -> bool: ...
    async def keep(self, stored: Stored) -> None: ...
    async def release(self, token_id: str, key: str) -> None: ...
    def reveal(self, secret: str) -> str: ...
    async def place(self, file: File) -> None: ...
    async def held(self, key: str) -> Held | None: ...


@dataclass
class Load:
    """What an action's `loads` is handed: a way to fetch, in as few round trips as it can."""

    session: Session
    call: Call
    got: SimpleNamespace = field(default_factory=SimpleNamespace)

    async def __call__(self, wants: Mapping[str, Any], **given: object) -> SimpleNamespace:
        """Fetches each want in one round trip; a want that is `held` is written when it changes."""
        found = await self.session.gather(self.call.caller, wants, given, self.call.known)
        for name, things in found.items():
            if wants[name].held:
                things = [self.call.keep(thing) for thing in things]
            for thing in things:
                self.call.known.things[thing.noun.path, str(thing.id)] = thing
            setattr(self.got, name, things)
        return self.got

    async def definitions(self, noun: Noun, owner_id: str) -> list[Thing]:
        """Declarations of a bag's values."""
        return await self.session.definitions(noun, owner_id, self.call.known)


class Doors:
    """Who asks, what they may see, idempotency, preconditions, the transaction, the trail: once, for all."""

    def __init__(
        self,
        nouns: Nouns,
        shapes: Shapes,
        store: Store,
        send: Send = nobody,
        consults: Mapping[Action, Consult] = MappingProxyType({}),
    ):
        """`consults` says in the middle of which actions somebody outside is asked."""
        self.nouns = nouns
        self.shapes = shapes
        self.store = store
        self.send = send
        self.consults = consults
        self.filters = Filters(nouns)

    # Reading ---------------------------------------------------------------------------------

    async def search(
        self,
        caller: Caller,
        resource: Resource,
        raw_query: bytes | str,
        owner_id: str | None = None,
        *,
        plain: bool = False,
    ) -> dict[str, object]:
        """A page of a collection: `{"$meta": …, "data": […]}` (spec 1.4).

        What travels in references is JSON already, for those who pass it on. With `plain` it is values, for those who
        read it; the same thing is then the same object wherever it stands, and not to be changed.
        """
        found = self._listing(caller, resource, self.query(raw_query), owner_id)
        plan, limit, offset = found.plan, found.query.limit, found.query.offset
        limit = LIMIT_DEFAULT if limit is None else limit
        known = Known(reveal=self.store.reveal, account_id=caller.account_id, plain=plain, rendered=found.query.render)
        async with self.store.session() as session:
            if owner_id is not None:
                await self._require_owner(session, caller, resource, owner_id)
            things, total = await session.page(
                plan, caller, found.key, found.compose, found.given, limit, offset, known
            )
        return {"$meta": _meta(plan, offset, limit, total), "data": [plan.give(thing, known) for thing in things]}

    @contextlib.asynccontextmanager
    async def stream(
        self, caller: Caller, resource: Resource, raw_query: bytes | str, owner_id: str | None = None
    ) -> AsyncIterator[Streamed]:
        """A whole collection of one moment, for as long as the block runs; a limit and an offset are honoured.

        All of it comes from one snapshot, references too: nothing in it can be gone by the time that it is given.
        """
        found = self._listing(caller, resource, self.query(raw_query, limit_max=None), owner_id)
        plan, limit, offset = found.plan, found.query.limit, found.query.offset
        known = Known(reveal=self.store.reveal, account_id=caller.account_id, rendered=found.query.render)
        async with self.store.snapshot() as session:
            if owner_id is not None:
                await self._require_owner(session, caller, resource, owner_id)
            there = await session.count(plan, caller, found.key, found.compose, found.given)
            count = max(there - offset, 0) if limit is None else min(max(there - offset, 0), limit)
            pages = session.pages(plan, caller, found.key, found.compose, found.given, limit, offset, known)

            async def documents() -> AsyncGenerator[list[dict[str, object]]]:
                async for things, beside in pages:
                    yield [plan.give(thing, beside) for thing in things]

            meta = _meta(plan, offset, count if limit is None else limit, count)
            async with contextlib.aclosing(pages), contextlib.aclosing(documents()) as given:
                yield Streamed(count, meta, given)

    async def follow(self, caller: Caller, resource: Resource, query: Query, after: int | None) -> Happened:
        """What has happened beyond a position, oldest first; with None nothing yet, but from where to go on.

        No more than some stretches of positions are looked through at a time. Where few of them are the caller's
        there may be nothing to give, and yet more to come: then it is asked again, from the position given back.
        """
        if query.order or query.offset:
            raise Invalid({"order" if query.order else "offset": ["Events are given in their own order."]})
        limit = LIMIT_DEFAULT if query.limit is None else query.limit
        found = self._listing(caller, resource, query, None)
        known = Known(reveal=self.store.reveal, account_id=caller.account_id, rendered=query.render)
        events: list[tuple[int, Thing]] = []
        async with self.store.session() as session:
            newest = await session.newest()
            upto = newest if after is None else after
            if upto > newest:
                raise Invalid({"cursor": ["It lies beyond the newest event."]})
            for _ in range(STRETCHES):
                if upto >= newest or len(events) >= limit:
                    break
                start, upto = upto, min(upto + STRETCH, newest)
                given = {**found.given, "after": start, "upto": upto, "page_limit": limit - len(events)}
                events += await session.onwards(found.plan, caller, found.key, found.compose, given, known)
                if len(events) >= limit:
                    upto = events[-1][0]
        return Happened([(position, found.plan.give(each, known)) for position, each in events], upto, newest)

    def _listing(self, caller: Caller, resource: Resource, query: Query, owner_id: str | None) -> Listing:
        """Raises Forbidden for a collection that is not the caller's to list, Invalid for what it cannot ask."""
        if not resource.followed:  # each row of a feed says which room it is of
            self._require_module(caller, resource)
        if caller.actor not in resource.reads & resource.lists:
            raise Forbidden(f"{caller.actor.capitalize()} may not list {resource.address}.")
        plan = self.shapes.plan(resource.noun, caller.actor, LISTED, query.select)
        try:
            found = self.filters.prepare(resource.noun, caller.who, query)
        except RqlFault as fault:
            raise Invalid({fault.token: [fault.message]}) from None
        key: object = (plan, caller.who, found.key)
        if owner_id is None:
            return Listing(plan, query, key, found.given, found.compose)

        ((by, _),) = resource.within(owner_id)

        def within() -> tuple[list[Any], list[Any]]:
            conditions, order = found.compose()
            return [owned(resource.noun.row, by, "owner_id"), *conditions], order

        given = {**found.given, "owner_id": owner_id}
        return Listing(plan, query, (key, by), given, within)

    async def get(
        self,
        caller: Caller,
        resource: Resource,
        thing_id: str,
        raw_query: bytes | str = b"",
        owner_id: str | None = None,
    ) -> Answer:
        """One thing, whole unless something else was selected. Raises Missing."""
        self._require_module(caller, resource)
        query = self.query(raw_query)
        plan = self.shapes.plan(resource.noun, caller.actor, FULL, query.select)
        known = Known(reveal=self.store.reveal, account_id=caller.account_id, rendered=query.render)
        async with self.store.session() as session:
            await self._require_namer(session, caller, resource, owner_id)
            thing = await session.one(plan, caller, thing_id, known, self._within(resource, owner_id))
        if thing is None or caller.actor not in resource.reads:
            raise self._missing(resource.noun, thing_id)
        return self._answer(200, plan, thing, known)

    async def single(self, caller: Caller, resource: Resource, owner_id: str, action: Action | None = None) -> str:
        """The id of the one thing that an owner has, for whoever may read it, or do that with it.

        Whoever may not is told so whether there is one or not. Raises Missing, Forbidden.
        """
        self._require_module(caller, resource)
        plan = self.shapes.plan(resource.noun, caller.actor, CORE)
        async with self.store.session() as session:
            await self._require_owner(session, caller, resource, owner_id)
            if action is not None:
                self._require_actor(caller, resource, action)
            elif caller.actor not in resource.reads:
                raise Forbidden(f"{caller.actor.capitalize()} may not read {resource.noun.word}s.")
            found = await session.one(plan, caller, None, Known(), self._within(resource, owner_id))
        if found is None:
            raise Missing(f"{self.nouns[resource.owner_noun_path].name} {owner_id} has no {resource.noun.word}.")
        return str(found.id)

    async def named(self, caller: Caller, noun: Noun, name: str, owner_id: str | None = None) -> str:
        """The id of the thing that an address names otherwise, such as a user by its e-mail; else the name itself."""
        if not noun.aka or noun.ids is None or name.startswith(f"{noun.ids.prefix}-"):
            return name
        plan = self.shapes.plan(noun, caller.actor, CORE)
        owner = ((noun.owner_column, owner_id or caller.account_id),) if noun.owner else ()
        async with self.store.session() as session:
            for value in dict.fromkeys((name, name.lower())):
                named = ((noun.field(noun.aka).column, value), *owner)
                found = await session.one(plan, caller, None, Known(), named)
                if found is not None:
                    return str(found.id)
        return name

    async def implied(self, caller: Caller, resource: Resource, options: Mapping[str, str]) -> str:
        """The id of the thing that an address means by `-`. Raises Missing."""
        self._require_module(caller, resource)
        noun = resource.noun
        assert noun.implied is not None, f"{noun.path} says nothing of what is meant"
        plan = self.shapes.plan(noun, caller.actor, CORE)
        values = noun.implied(caller, options)
        async with self.store.session() as session:
            found = await session.one(plan, caller, None, Known(), tuple(values.items()))
        if found is None:
            told = ", ".join(f"{noun.by_column[column].name} {value}" for column, value in values.items())
            raise Missing(f"{noun.name} with {told} was not found.")
        return str(found.id)

    async def held(self, caller: Caller, resource: Resource, thing_id: str, owner_id: str | None = None) -> Held | None:
        """The file that a thing holds, for whoever may see the thing; None where it holds none. Raises Missing."""
        self._require_module(caller, resource)
        key = resource.noun.file
        assert key is not None, f"{resource.noun.name} holds no files"
        plan = self.shapes.plan(resource.noun, "kernel", COLUMNS)
        async with self.store.session() as session:
            thing = await session.one(plan, caller, thing_id, Known(), self._within(resource, owner_id))
        if thing is None or caller.actor not in resource.reads:
            raise self._missing(resource.noun, thing_id)
        return await self.store.held(thing.now[key.column]) if thing.now[key.column] is not None else None

    async def render(
        self, caller: Caller, resource: Resource, text: Text, thing_id: str, owner_id: str | None = None
    ) -> str:
        """The rendered text of one thing."""
        self._require_module(caller, resource)
        if caller.actor not in resource.reads:
            raise self._missing(resource.noun, thing_id)
        with self.store.hand() as hand:
            async with self.store.session() as session:
                call = await self._call(session, caller, Options(), hand)
                thing = await self._load_one(session, call, resource, thing_id, owner_id)
                got = await text.loads(Load(session, call), call, thing, Body({})) if text.loads else None
        return text.render(call, thing, got)

    def query(
        self, raw_query: bytes | str, *, limit_max: int | None = LIMIT_MAX, option_names: tuple[str, ...] = OPTIONS
    ) -> Query:
        """The query string, read. Raises Invalid with the offending token."""
        try:
            return read_query(raw_query, limit_max, option_names)
        except RqlFault as fault:
            raise Invalid({fault.token: [fault.message]}) from None

    async def explain(
        self, caller: Caller, resource: Resource, thing_id: str, owner_id: str | None = None
    ) -> dict[str, object]:
        """What the caller may do with a thing now, what is blocked, by which rule, and who may change that."""
        self._require_module(caller, resource)
        plan = self.shapes.plan(resource.noun, caller.actor, CORE)
        async with self.store.session() as session:
            await self._require_namer(session, caller, resource, owner_id)
            thing = await session.one(plan, caller, thing_id, Known(), self._within(resource, owner_id))
        if thing is None or caller.actor not in resource.reads:
            raise self._missing(resource.noun, thing_id)
        options = Options(dry_run=True)

        def attempt(action: Action) -> Awaitable[Answer]:
            return self._retry(
                lambda hand: self._once(caller, resource, action, thing_id, owner_id, None, options, hand)
            )

        actions = [each for each in resource.offered() if each is not resource.create]
        status = str(thing.get("status") or "")
        told = await explain(caller, resource, status, actions, attempt)
        found: dict[str, object] = {"id": thing_id, "revision": thing.revision}
        return found | ({"status": status} if status else {}) | {"actions": told}

    # Writing ---------------------------------------------------------------------------------

    async def create(
        self, caller: Caller, resource: Resource, raw: object, options: Options, owner_id: str | None = None
    ) -> Answer:
        """A new thing in a collection."""
        assert resource.create is not None
        return await self._do(caller, resource, resource.create, None, owner_id, raw, options)

    async def update(
        self,
        caller: Caller,
        resource: Resource,
        thing_id: str,
        raw: object,
        options: Options,
        owner_id: str | None = None,
    ) -> Answer:
        """A partial update."""
        assert resource.update is not None
        return await self._do(caller, resource, resource.update, thing_id, owner_id, raw, options)

    async def act(
        self,
        caller: Caller,
        resource: Resource,
        action: Action,
        thing_id: str,
        raw: object,
        options: Options,
        owner_id: str | None = None,
    ) -> Answer:
        """A verb of the thing's life."""
        return await self._do(caller, resource, action, thing_id, owner_id, raw, options)

    async def remove(
        self,
        caller: Caller,
        resource: Resource,
        thing_id: str,
        options: Options,
        owner_id: str | None = None,
    ) -> Answer:
        """The end of a thing."""
        assert resource.remove is not None
        return await self._do(caller, resource, resource.remove, thing_id, owner_id, None, options)

    async def _do(
        self,
        caller: Caller,
        resource: Resource,
        action: Action,
        thing_id: str | None,
        owner_id: str | None,
        raw: object,
        options: Options,
    ) -> Answer:
        self._require_module(caller, resource)
        key = options.idempotency_key
        if key and not options.dry_run:
            replayed = await self.store.replay(caller.token_id, key, options.fingerprint)
            if replayed is not None:
                return replayed
        consult = self.consults.get(action)
        if consult is not None and not options.dry_run:
            return await self._consult(consult, caller, resource, action, thing_id, owner_id, raw, options)
        try:
            return await self._retry(
                lambda hand: self._once(caller, resource, action, thing_id, owner_id, raw, options, hand)
            )
        except Answered:
            replayed = await self.store.replay(caller.token_id, key, options.fingerprint)
            if replayed is None:
                raise Conflict(
                    "A request with the same Idempotency-Key is still running.", headers={"Retry-After": "1"}
                ) from None
            return replayed

    async def _retry(self, run: Callable[[Hand], Awaitable[Answer]]) -> Answer:
        """Runs a command until nobody comes between. Fetching what it waits for is no race, and is not counted as one.

        Raises Conflict after the last attempt.
        """
        races = fetched = 0
        with self.store.hand() as hand:
            while True:
                try:
                    return await run(hand)
                except Stale as fault:
                    hand.drop()
                    races += 1
                    if races > ATTEMPTS:
                        raise Conflict(fault.words, headers={"Retry-After": "1"}) from None
                except (OutOfIds, Unplaced) as waiting:
                    fetched += 1
                    if fetched > FETCHED_MAX:
                        raise Conflict(Stale().words, headers={"Retry-After": "1"}) from None
                    if isinstance(waiting, OutOfIds):
                        await hand.refill(waiting.noun, waiting.wanted)
                    else:
                        await self.store.place(waiting.file)

    async def _once(
        self,
        caller: Caller,
        resource: Resource,
        action: Action,
        thing_id: str | None,
        owner_id: str | None,
        raw: object,
        options: Options,
        hand: Hand,
        *,
        by: Answering | None = None,
    ) -> Answer:
        """One run of a command: load, refuse or do, compose the answer, write: all in this order.

        With `by` it is the second half of a consultation: somebody else writes, the caller gets the answer.
        """
        async with self.store.session() as session:
            call = await self._call(session, by.answerer if by else caller, options, hand)
            thing: Thing | None = None
            if thing_id is not None:
                thing = await self._load_one(session, call, resource, thing_id, owner_id)
            elif owner_id is not None:
                await self._require_owner(session, caller, resource, owner_id)
            self._require_actor(caller, resource, action)
            if thing is not None:
                self._require_keeper(caller, thing)
                self._require_revision(thing, options, by.revision if by else None)
            body = read_body({action.bare: raw} if action.bare and isinstance(raw, list) else raw)
            if action.reads is not None:
                body = action.reads(body)
            if owner_id is not None:
                call.owner_id = owner_id
            await self._load_targets(session, call, resource.noun, thing, body)
            self._take_file(call, action)
            got = await action.loads(Load(session, call), call, thing, body) if action.loads else None
            result = (by.apply if by else action.run)(call, thing, body, got)
            call.stop_on_faults()
            given = result if isinstance(result, Thing) else thing
            assert given is not None
            await session.resume(each for each in call.again if not self._is_of_new(call, each))
            call.touched = self._touch(call)
            if action.gives:
                answer = Answer(action.answers, encode(result), dry=options.dry_run)
            else:
                answer = await self._compose(session, call, caller, action, given, options)
            stored = None
            if options.idempotency_key and not options.dry_run:
                stored = self._stored(caller, resource, options, answer, claimed=by is not None)
            await session.write(call, stored, dry=options.dry_run or not action.kept)
            return answer

    def _stored(self, caller: Caller, resource: Resource, options: Options, answer: Answer, *, claimed: bool) -> Stored:
        secret = any(each.secret for each in resource.noun.fields)
        return Stored(caller.token_id, options.idempotency_key, options.fingerprint, answer, secret, claimed)

    async def _consult(
        self,
        consult: Consult,
        caller: Caller,
        resource: Resource,
        action: Action,
        thing_id: str | None,
        owner_id: str | None,
        raw: object,
        options: Options,
    ) -> Answer:
        """Asks somebody outside between two transactions, holding neither lock nor connection meanwhile.

        The key is claimed before the first and settled by the second; what fails in between gives it back.
        """
        key, token_id = options.idempotency_key, caller.token_id
        while key and not await self.store.claim(token_id, key, options.fingerprint):
            replayed = await self.store.replay(token_id, key, options.fingerprint)
            if replayed is not None:
                return replayed
        try:
            return await self._ask_and_apply(consult, caller, resource, action, thing_id, owner_id, raw, options)
        except BaseException:
            if key:
                with contextlib.suppress(Exception):  # a claim that cannot be given back runs out by itself
                    await self.store.release(token_id, key)
            raise

    async def _ask_and_apply(
        self,
        consult: Consult,
        caller: Caller,
        resource: Resource,
        action: Action,
        thing_id: str | None,
        owner_id: str | None,
        raw: object,
        options: Options,
    ) -> Answer:
        assert thing_id is not None, "what is not there yet is asked about by nobody"
        first = replace(options, idempotency_key="")
        answer = await self._retry(
            lambda hand: self._once(caller, resource, action, thing_id, owner_id, raw, first, hand)
        )
        question = await consult.prepare(self, caller, resource, thing_id, answer)
        reply = await consult.ask(self, question) if question is not None else None
        if reply is not None and consult.apply is None:
            answer = replace(answer, body=encode(reply))
        if question is None or reply is None or consult.apply is None:
            if options.idempotency_key:
                await self.store.keep(self._stored(caller, resource, options, answer, claimed=True))
            return answer
        by = Answering(question.answerer, consult.apply, question.revision)
        second = replace(options, if_match="")
        try:
            return await self._retry(
                lambda hand: self._once(caller, resource, action, thing_id, owner_id, reply, second, hand, by=by)
            )
        except Invalid as fault:
            if consult.instead is None:
                raise
            instead = await consult.instead(self, question, fault)
        return await self._retry(
            lambda hand: self._once(caller, resource, action, thing_id, owner_id, instead, second, hand, by=by)
        )

    # Steps of a command ----------------------------------------------------------------------

    async def _call(self, session: Session, caller: Caller, options: Options, hand: Hand) -> Call:
        known = Known(reveal=self.store.reveal, account_id=caller.account_id)
        if caller.named:
            known.cores["identities", caller.identity_id] = Raw(caller.named.encode())
        return Call(
            caller=caller,
            nouns=self.nouns,
            now=await session.now(),
            draw=hand.draw,
            ahead=hand.ahead,
            known=known,
            trace_id=options.trace_id,
            sandbox=self.store.sandbox,
            file=options.file,
            vault=self.store.secrets,
        )

    def _take_file(self, call: Call, action: Action) -> None:
        """The file gets the content type under which it is kept. One of a type that is not taken is a fault."""
        file, upload = call.file, action.takes_file
        if file is None or upload is None:
            return
        kind = upload.type_of(file)
        if kind is None:
            call.fault(upload.file, f"Files of these types are taken: {', '.join(upload.types)}.")
        elif 0 < upload.bytes_max < file.size:
            call.fault(upload.file, f"At most {upload.bytes_max:,} bytes are allowed.")
        else:
            file.content_type = kind

    async def _load_one(
        self, session: Session, call: Call, resource: Resource, thing_id: str, owner_id: str | None
    ) -> Thing:
        plan = self.shapes.plan(resource.noun, "kernel", EVERYTHING)
        await self._require_namer(session, call.caller, resource, owner_id)
        found = await session.one(plan, call.caller, thing_id, call.known, self._within(resource, owner_id))
        if found is None:
            raise self._missing(resource.noun, thing_id)
        return call.keep(found)

    async def _load_targets(self, session: Session, call: Call, noun: Noun, thing: Thing | None, body: Body) -> None:
        """Fetches the targets that the body names, as far as the caller may see them."""
        state = CREATE if thing is None else str(thing.get("status", ""))
        by_kind: dict[str, list[str]] = {}
        for path, target in referenced(call, noun, thing, body, state):
            by_kind.setdefault(path, []).append(target)
        for path, ids in by_kind.items():
            found = Known()
            await session.visible(self.nouns[path], ids, call.caller, found)
            call.visible.update(found.cores)
            call.known.cores.update(found.cores)
        call.faults.clear()

    async def _compose(
        self, session: Session, call: Call, caller: Caller, action: Action, thing: Thing, options: Options
    ) -> Answer:
        """The answer, made from what is in hand before anything is written."""
        if action.answers == 204:
            return Answer(204, dry=options.dry_run)
        _, columns = call.touched.get(thing.key, (thing, ()))
        made = any(each.asked and each.column in columns for each in thing.noun.all_fields)
        plan = self.shapes.plan(thing.noun, caller.actor, MADE if made else FULL)
        await self._know(session, call, plan, thing)
        answer = self._answer(action.answers, plan, thing, call.known)
        return replace(answer, dry=options.dry_run, thing_id=str(thing.id))

    async def _know(self, session: Session, call: Call, plan: Plan, thing: Thing) -> None:
        """Brings in the cores of references that the verb set, from what is in hand where possible."""
        known = call.known
        for touched, _ in call.touched.values():
            if touched.noun.has_core:
                path, owner, touched_id = touched.key
                known.cores[path, f"{owner}/{touched_id}" if owner else touched_id] = core_of(touched)
        missing: dict[str, list[str]] = {}
        for path, key in plan.core_keys(thing):
            if (path, key) in known.cores:
                continue
            if (path, key) in known.things:
                known.cores[path, key] = core_of(known.things[path, key])
            else:
                missing.setdefault(path, []).append(key)
        await session.cores(missing, known)
        for each in plan.bags:
            owner = thing.now[plan.noun.field(each.declared_by).column]
            if owner is not None and (each.target, str(owner)) not in known.definitions:
                await session.definitions(self.nouns[each.target], str(owner), known)

    def _is_of_new(self, call: Call, thing: Thing) -> bool:
        """Whether its owner is new as well, so that it cannot have been there before."""
        owner = call.things.get(thing.owner_key)
        return owner is not None and owner.is_new

    def _touch(self, call: Call) -> dict[tuple[str, str, str], tuple[Thing, list[str]]]:
        """What must be written: new and changed things, and the owners of changed children.

        Everything touched gets its next revision here, exactly once.
        """
        found: dict[tuple[str, str, str], tuple[Thing, list[str]]] = {}
        owners: dict[tuple[str, str, str], None] = {}
        mentioned = {id(happening.thing) for happening in call.happenings}
        for key, thing in call.things.items():
            columns = thing.changed()
            linked = bool(call.links) and any(owner == thing.id for _, owner in call.links)
            if columns or linked or id(thing) in mentioned:
                found[key] = thing, columns
                if thing.noun.owned_quietly:
                    owners[thing.owner_key] = None
        for erased in call.erased:
            if erased.noun.owned_quietly:
                owners[erased.owner_key] = None
            if id(erased) in mentioned:
                erased.now["revision"] = int(erased.now["revision"]) + 1  # pyright: ignore[reportArgumentType]
        for key in owners:
            if key not in found and key in call.things:
                found[key] = call.things[key], []
        for thing, columns in found.values():
            if thing.was is not None:
                call.stamp(thing, "updated")
                for name in ("audit_updated_at", "audit_updated_by_id"):
                    if name in thing.now and name not in columns:
                        columns.append(name)
            thing.now["revision"] = int(thing.now["revision"]) + 1  # pyright: ignore[reportArgumentType]
        return found

    # Refusals --------------------------------------------------------------------------------

    def _require_module(self, caller: Caller, resource: Resource) -> None:
        if caller.modules is not None and resource.noun.module not in caller.modules:
            raise Forbidden(f"This token has no module for {resource.noun.module}.")

    def _require_actor(self, caller: Caller, resource: Resource, action: Action) -> None:
        if caller.actor not in action.actors(resource.noun):
            raise Forbidden(f"{caller.actor.capitalize()} may not {action.name} {resource.noun.word}s.")
        if action.needs and not caller.manages(action.needs):
            raise Forbidden(f"This takes the module {action.needs}, and is not for agents.")

    def _require_keeper(self, caller: Caller, thing: Thing) -> None:
        """Of the parties who see it, one alone may do something with it."""
        keeper = thing.noun.keeper
        if keeper and caller.actor in PARTIES and thing.now[keeper] != caller.account_id:
            raise Forbidden(f"{thing.noun.name} {thing.id} is another account's.")

    def _require_revision(self, thing: Thing, options: Options, revision: int | None) -> None:
        if revision is not None and thing.revision != revision:
            raise Conflict(f"{thing.noun.name} {thing.id} was changed while the answer was awaited.")
        wanted = options.if_match
        if (
            wanted
            and wanted != "*"
            and f'"{thing.revision}"' not in [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
        ):
            raise Precondition(f"{thing.noun.name} {thing.id} is at revision {thing.revision}.")

    async def _require_owner(self, session: Session, caller: Caller, resource: Resource, owner_id: str) -> None:
        """The thing in the path must be there for the caller."""
        noun = self.nouns[resource.owner_noun_path]
        known = Known()
        await session.visible(noun, [owner_id], caller, known)
        if (noun.path, owner_id) not in known.cores:
            raise self._missing(noun, owner_id)

    async def _require_namer(self, session: Session, caller: Caller, resource: Resource, owner_id: str | None) -> None:
        """Who sees a thing need not see all that name it in their lists."""
        if resource.among is not None and owner_id is not None:
            await self._require_owner(session, caller, resource, owner_id)

    async def require_chain(self, caller: Caller, resource: Resource, ids: list[str]) -> None:
        """In an address of several levels each thing must belong to the one before it. Raises Missing."""
        self._require_module(caller, resource)
        noun = self.nouns[resource.owner_noun_path]
        plan = self.shapes.plan(noun, caller.actor, CORE)
        async with self.store.session() as session:
            found = await session.one(plan, caller, ids[-1], Known(), ((noun.owner_column, ids[-2]),))
        if found is None:
            raise self._missing(noun, ids[-1])

    def _within(self, resource: Resource, owner_id: str | None) -> Within:
        return () if owner_id is None else resource.within(owner_id)

    def _missing(self, noun: Noun, thing_id: str) -> Missing:
        return Missing(f"{noun.name} {thing_id} was not found.")

    def _answer(self, status: int, plan: Plan, thing: Thing, known: Known) -> Answer:
        document = plan.give(thing, known)
        if plan.omitted:
            document["$meta"] = {"omitted": list(plan.omitted)}
        return Answer(status, encode(document), f'"{thing.revision}"')


def _meta(plan: Plan, offset: int, limit: int, total: int) -> dict[str, object]:
    meta: dict[str, object] = {"pagination": {"offset": offset, "limit": limit, "total": total}}
    if plan.omitted:
        meta["omitted"] = list(plan.omitted)
    return meta


def fingerprint(method: str, path: str, query: str, *content: bytes) -> bytes:
    """What makes two requests the same for an idempotency key."""
    digest = hashlib.sha256()
    for piece in (method.encode(), path.encode(), query.encode(), *content):
        digest.update(len(piece).to_bytes(8))
        digest.update(piece)
    return digest.digest()
