"""Asking somebody outside in the middle of an action: two transactions, and nothing is held between them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, cast

import asyncpg
import pytest

from entrepot.accounts.permission import rooms
from entrepot.http import session
from entrepot.http.api import Api
from entrepot.http.routes import Router, routes_of
from entrepot.kernel.access import Caller
from entrepot.kernel.body import apply
from entrepot.kernel.doors import Answer, Doors, Options
from entrepot.kernel.errors import Conflict, Forbidden, Invalid, Mismatch, Precondition
from entrepot.kernel.noun import Nouns
from entrepot.kernel.resource import Action, Consult, Question, Resource, update
from entrepot.kernel.shape import Shapes
from entrepot.offers import NOUNS
from entrepot.storage import schema, store
from entrepot.storage.callers import Callers
from entrepot.storage.sessions import Sessions
from entrepot.storage.store import Store, open_pool
from entrepot.storage.vault import Vault
from tests import world
from tests.kernel.workshop import GADGET, MAKER, PIECE
from tests.serving import KEY, copied

CLIENT = Caller("client", "ACC-2001-0001", "USR-2001-0001", token_id="TKN-2001-0001", user_id="USR-2001-0001")
VENDOR = Caller("vendor", "ACC-3001-0001", "TKN-3001-0001", token_id="TKN-3001-0001")
OPERATIONS = Caller("operations", "ACC-1000-0001", "TKN-1000-0001", token_id="TKN-1000-0001")
PATIENCE_S = 5


# The bench --------------------------------------------------------------------------------------------


class Oracle:
    """Whoever is asked: says nothing until it is told what to say."""

    def __init__(self, answerer: Caller = VENDOR):
        self.answerer: Caller | None = answerer
        self.asked: list[Any] = []
        self.begun = asyncio.Event()
        self.words: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def prepare(
        self, doors: Doors, caller: Caller, resource: Resource, thing_id: str, answer: Answer
    ) -> Question | None:
        if self.answerer is None:
            return None
        shown = await doors.get(self.answerer, resource, thing_id)
        return Question(self.answerer, int(shown.etag.strip('"')), json.loads(shown.body))

    async def ask(self, doors: Doors, question: Question) -> object:
        self.asked.append(question.content)
        self.begun.set()
        return await self.words

    def say(self, words: object) -> None:
        """The answer; an exception is what goes wrong."""
        if isinstance(words, BaseException):
            self.words.set_exception(words)
        else:
            self.words.set_result(words)


def write(call, gadget, body, got) -> None:
    """What the caller may write, whoever that is."""
    apply(call, gadget, body)


def take(call, gadget, body, got) -> None:
    """The answer: written like any edit of the answerer's; it may settle the matter."""
    write(call, gadget, body, got)
    if body.get("judged"):
        call.move(gadget, "judge")


class Bench:
    """The doors of the workshop, with an oracle behind one of its actions."""

    def __init__(self, pool: asyncpg.Pool, oracle: Oracle, gadget_id: str, url: str):
        nouns = Nouns((*NOUNS, MAKER, PIECE, GADGET))
        shapes = Shapes(nouns)
        self.pool, self.oracle, self.id, self.url = pool, oracle, gadget_id, url
        self.store = Store(pool, nouns, shapes, Vault(KEY), sandbox=False, key=b"k" * 32)
        ponder, guess = Action("ponder", write, by="client"), Action("guess", write, by="client", kept=False)
        self.resource = Resource(GADGET, update=update(write, by="client vendor operations"), actions=(ponder, guess))
        consults = {ponder: Consult(oracle.prepare, oracle.ask, take), guess: Consult(oracle.prepare, oracle.ask)}
        self.doors = Doors(nouns, shapes, self.store, consults=consults)

    async def ponder(self, body: object = None, caller: Caller = CLIENT, key: str = "", **more: Any) -> Answer:
        options = Options(idempotency_key=key, fingerprint=repr(body).encode() if key else b"", **more)
        return await self.doors.act(caller, self.resource, self.resource.actions[0], self.id, body, options)

    async def edit(self, caller: Caller, body: object) -> Answer:
        return await self.doors.update(caller, self.resource, self.id, body, Options())

    async def seen(self, caller: Caller = OPERATIONS) -> Any:
        return json.loads((await self.doors.get(caller, self.resource, self.id)).body)

    @asynccontextmanager
    async def pondering(self, body: object = None, **more: Any) -> AsyncIterator["asyncio.Task[Answer]"]:
        """While the oracle thinks."""
        task = asyncio.create_task(self.ponder(body, **more))
        begun = asyncio.create_task(self.oracle.begun.wait())
        await asyncio.wait((task, begun), return_when=asyncio.FIRST_COMPLETED)
        assert self.oracle.begun.is_set(), task.exception() or task.result()
        yield task
        await asyncio.wait((task,))


@pytest.fixture(scope="module")
def workshop(cluster: Any, template: str) -> Iterator[str]:
    """A database with the workshop in it, beside the small world."""

    async def furnish(url: str) -> None:
        conn = await asyncpg.connect(url)
        for text in schema.tables(Nouns((*NOUNS, MAKER, PIECE, GADGET))):
            if " workshop_" in text[:40]:
                await conn.execute(text)
        await conn.execute(
            "insert into workshop_makers (id, revision, name, shy) "
            "values ('MAK-0001', 1, 'Ada', false), ('MAK-0002', 1, 'Ben', true)"
        )
        await conn.close()

    with copied(cluster, template) as url:
        asyncio.run(furnish(url))
        yield url


_numbers = count(1)


@pytest.fixture
def bench(workshop: str) -> Callable[..., None]:
    """Runs a story on a gadget of its own, with a single connection to the database."""

    def run(story: Callable[[Bench, Oracle], Awaitable[None]], answerer: Caller | None = VENDOR, size: int = 1) -> None:
        async def told() -> None:
            pool = await open_pool(workshop, smallest=1, largest=size)
            gadget = f"GAD-1000-{next(_numbers):04d}"
            await pool.execute(
                "insert into workshop_gadgets (id, revision, name, status, active) "
                "values ($1, 1, 'Cart', 'Draft', false)",
                gadget,
            )
            oracle = Oracle()
            oracle.answerer = answerer
            try:
                await asyncio.wait_for(story(Bench(pool, oracle, gadget, workshop), oracle), PATIENCE_S * 4)
            finally:
                await asyncio.wait_for(pool.close(), PATIENCE_S)

        asyncio.run(told())

    return run


# Whose answer it is -----------------------------------------------------------------------------------


def test_the_answer_is_written_by_the_answerers_rules_and_shown_as_the_asker_sees_it(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon", "price": {"cost": 1}}) as task:
            words = {"price": {"cost": 5, "sale": 9}, "name": "Mine", "externalIds": {"vendor": "v", "client": "c"}}
            oracle.say(words | {"judged": True})
        given = json.loads(task.result().body)
        assert (given["name"], given["status"], given["revision"]) == ("Wagon", "Judged", 3)
        assert "price" not in given and given["externalIds"] == {}
        assert task.result().etag == '"3"'
        assert given["audit"]["updated"]["by"]["id"] == VENDOR.identity_id
        assert (await b.seen())["price"] == {"cost": 5}
        assert (await b.seen(VENDOR))["externalIds"] == {"vendor": "v"}

    bench(story)


def test_the_trail_tells_who_did_what(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon"}):
            oracle.say({"price": {"cost": 5}})
        rows = await b.pool.fetch("select revision, actor_id, delta from trail where object_id = $1 order by 1", b.id)
        assert [(row["revision"], row["actor_id"], json.loads(row["delta"])) for row in rows] == [
            (2, CLIENT.identity_id, {"name": ["Cart", "Wagon"]}),
            (3, VENDOR.identity_id, {"price.cost": [None, 5]}),
        ]

    bench(story)


@pytest.mark.parametrize(("answerer", "finds"), [(VENDOR, False), (OPERATIONS, True)])
def test_what_the_answer_refers_to_is_looked_up_as_the_answerer_sees_it(bench, answerer, finds):
    """Ben is shy: operations see him, the vendor and the client who asks do not."""

    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering() as task:
            oracle.say({"judge": {"id": "MAK-0002"}})
        if finds:
            assert json.loads(task.result().body)["judge"] == {"id": "MAK-0002", "revision": 1, "name": "Ben"}
        else:
            fault = task.exception()
            assert isinstance(fault, Invalid) and list(fault.errors) == ["judge.id"]
            assert (await b.seen())["revision"] == 1

    bench(story, answerer)


def test_the_question_is_put_as_the_answerer_may_see_it_with_the_askers_changes(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon", "externalIds": {"client": "secret"}}):
            oracle.say(None)
        (question,) = oracle.asked
        assert (question["name"], question["externalIds"]) == ("Wagon", {})

    bench(story)


def test_only_who_is_on_the_row_may_ask(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        with pytest.raises(Forbidden):
            await b.ponder(caller=VENDOR)
        assert oracle.asked == []

    bench(story)


# Nothing is held --------------------------------------------------------------------------------------


def test_no_connection_and_no_lock_is_held_while_asking(bench):
    """The pool has one connection: whoever held it would leave none for the others."""

    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon"}, key="held") as task:
            async with asyncio.timeout(PATIENCE_S):
                assert (await b.seen())["name"] == "Wagon"
                assert b.pool.get_idle_size() == b.pool.get_size() == 1
                other = await asyncpg.connect(b.url)
                busy = await other.fetchval(
                    "select count(*) from pg_stat_activity where datname = current_database() "
                    "and xact_start is not null and pid <> pg_backend_pid()"
                )
                await other.execute("set lock_timeout = '1s'")
                await other.execute("update workshop_gadgets set active = active where id = $1", b.id)
                await other.close()
            assert busy == 0 and not task.done()
            oracle.say(None)
        assert task.result().status == 200

    bench(story)


def test_an_edit_in_between_is_a_conflict_and_the_answer_is_not_applied(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon"}) as task:
            await b.edit(OPERATIONS, {"name": "Barrow"})
            oracle.say({"price": {"cost": 5}})
        fault = task.exception()
        assert isinstance(fault, Conflict) and "changed while the answer was awaited" in str(fault)
        found = await b.seen()
        assert (found["name"], "price" in found, found["revision"]) == ("Barrow", False, 3)

    bench(story)


def test_two_may_ask_at_once_and_one_of_the_answers_counts(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        first, second = asyncio.create_task(b.ponder()), asyncio.create_task(b.ponder())
        while len(oracle.asked) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        oracle.say({"price": {"cost": 5}})
        found = await asyncio.gather(first, second, return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["Answer", "Conflict"]
        assert (await b.seen())["revision"] == 2

    bench(story)


# When there is no answer ------------------------------------------------------------------------------


@pytest.mark.parametrize("answerer", [VENDOR, None], ids=["nobody answers", "nobody is asked"])
def test_without_an_answer_the_request_itself_is_answered_and_kept(bench, answerer):
    async def story(b: Bench, oracle: Oracle) -> None:
        if answerer is not None:
            oracle.say(None)
        answer = await b.ponder({"name": "Wagon"}, key=f"none {answerer}")
        assert json.loads(answer.body)["name"] == "Wagon"
        again = await b.ponder({"name": "Wagon"}, key=f"none {answerer}")
        assert (again.replayed, again.body, again.etag) == (True, answer.body, answer.etag)
        assert len(oracle.asked) == (0 if answerer is None else 1)

    bench(story, answerer)


FAILURES = [OSError("away"), Invalid({"x": ["The vendor refuses."]}), asyncio.CancelledError()]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: type(each).__name__)
def test_what_fails_gives_the_key_back_and_what_was_asked_for_stays(bench, failure):
    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon"}, key=f"fails {failure!r}") as task:
            oracle.say(failure)
        assert task.cancelled() or isinstance(task.exception(), type(failure))
        assert (await b.seen())["name"] == "Wagon"
        assert await b.pool.fetchval("select count(*) from idempotency where key = $1", f"fails {failure!r}") == 0
        oracle.words = asyncio.get_running_loop().create_future()
        oracle.say({"price": {"cost": 5}})
        answer = await b.ponder({"name": "Wagon"}, key=f"fails {failure!r}")
        assert (answer.status, answer.replayed) == (200, False)

    bench(story)


@pytest.mark.parametrize("words", [{"price": {"cost": "dear"}}, ["no object"], {"judge": "Ada"}])
def test_an_answer_that_cannot_be_taken_is_refused_and_changes_nothing(bench, words):
    async def story(b: Bench, oracle: Oracle) -> None:
        oracle.say(words)
        with pytest.raises(Invalid):
            await b.ponder({"name": "Wagon"}, key=f"bad {words}")
        assert (await b.seen())["revision"] == 2
        assert await b.pool.fetchval("select count(*) from idempotency where key = $1", f"bad {words}") == 0

    bench(story)


def test_where_nothing_is_kept_what_is_said_is_the_answer(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        oracle.say({"id": b.id, "name": "Said"})
        guess = b.resource.actions[1]
        options = Options(idempotency_key="guess", fingerprint=b"guess")
        answer = await b.doors.act(CLIENT, b.resource, guess, b.id, {"name": "Wagon"}, options)
        assert json.loads(answer.body) == {"id": b.id, "name": "Said"}
        found = await b.seen()
        assert (found["name"], found["revision"]) == ("Cart", 1)
        again = await b.doors.act(CLIENT, b.resource, guess, b.id, {"name": "Wagon"}, options)
        assert (again.replayed, again.body, len(oracle.asked)) == (True, answer.body, 1)

    bench(story)


def test_what_is_refused_at_once_asks_nobody(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        with pytest.raises(Invalid):
            await b.ponder({"name": 5}, key="refused")
        with pytest.raises(Precondition):
            await b.ponder({"name": "x"}, key="refused", if_match='"99"')
        assert oracle.asked == []
        assert await b.pool.fetchval("select count(*) from idempotency where key = 'refused'") == 0

    bench(story)


def test_a_precondition_is_about_the_revision_before_the_request(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        oracle.say({"price": {"cost": 5}})
        answer = await b.ponder({"name": "Wagon"}, if_match='"1"')
        assert answer.etag == '"3"'

    bench(story)


def test_a_dry_run_asks_nobody_and_leaves_nothing(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        answer = await b.ponder({"name": "Wagon"}, key="dry", dry_run=True)
        assert (json.loads(answer.body)["name"], answer.dry, oracle.asked) == ("Wagon", True, [])
        assert (await b.seen())["revision"] == 1
        assert await b.pool.fetchval("select count(*) from idempotency where key = 'dry'") == 0

    bench(story)


# Twins ------------------------------------------------------------------------------------------------


def test_the_same_request_again_gets_the_whole_answer_and_nobody_is_asked_twice(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        oracle.say({"price": {"cost": 5}, "judged": True})
        first = await b.ponder({"name": "Wagon"}, key="again")
        second = await b.ponder({"name": "Wagon"}, key="again")
        assert (second.replayed, second.body, second.etag) == (True, first.body, '"3"')
        assert len(oracle.asked) == 1
        with pytest.raises(Mismatch):
            await b.ponder({"name": "Else"}, key="again")

    bench(story)


def test_a_twin_that_comes_meanwhile_waits_and_gets_the_same_answer(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        async with b.pondering({"name": "Wagon"}, key="twin") as task:
            twin = asyncio.create_task(b.ponder({"name": "Wagon"}, key="twin"))
            await asyncio.sleep(0.2)
            assert not twin.done()
            with pytest.raises(Mismatch):
                await b.ponder({"name": "Else"}, key="twin")
            oracle.say({"price": {"cost": 5}})
        assert (await twin).replayed and (await twin).body == task.result().body
        assert len(oracle.asked) == 1

    bench(story)


def test_of_five_twins_that_come_at_once_one_asks(bench):
    async def story(b: Bench, oracle: Oracle) -> None:
        oracle.say({"price": {"cost": 5}})
        found = await asyncio.gather(*(b.ponder({"name": "Wagon"}, key="five") for _ in range(5)))
        assert len({each.body for each in found}) == 1
        assert sorted(each.replayed for each in found) == [False, True, True, True, True]
        assert len(oracle.asked) == 1

    bench(story, size=4)


def asking(pool: Any) -> session.Callers:
    return session.Callers(Callers(pool, rooms), Sessions(pool, rooms))


def test_a_twin_of_one_that_runs_for_long_is_told_to_come_back(bench, monkeypatch):
    """Over HTTP, where `Retry-After` goes out as a header."""
    monkeypatch.setattr(store, "TWIN_WAIT_S", 0.3)

    async def story(b: Bench, oracle: Oracle) -> None:
        routes, unused = Router(routes_of((b.resource,))), cast(Any, None)
        api = Api(routes, b.doors, asking(b.pool), unused, unused, body_bytes_max=1000)
        first = asyncio.create_task(post(api, b.id))
        await oracle.begun.wait()
        status, headers, body = await post(api, b.id)
        assert (status, headers[b"retry-after"], json.loads(body)["title"]) == (409, b"1", "Conflict")
        oracle.say({"price": {"cost": 5}})
        status, headers, body = await first
        assert (status, b"idempotent-replayed" in headers) == (200, False)
        status, headers, again = await post(api, b.id)
        assert (status, headers[b"idempotent-replayed"], again) == (200, b"true", body)

    bench(story)


def test_a_key_that_was_claimed_and_never_settled_runs_out(bench):
    """Its holder was killed while it waited: after two minutes the same request may try again."""

    async def story(b: Bench, oracle: Oracle) -> None:
        oracle.say({"price": {"cost": 5}})
        await b.store.claim(CLIENT.token_id, "orphan", repr(None).encode())
        await b.pool.execute("update idempotency set created_at = now() - interval '121 seconds' where key = 'orphan'")
        answer = await b.ponder(key="orphan")
        assert (answer.status, answer.replayed) == (200, False)
        assert (await b.ponder(key="orphan")).replayed

    bench(story)


async def post(api: Api, gadget_id: str) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request, as the server hands it on."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"name": "Wagon"}'}

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "http", "method": "POST", "path": f"/public/v1/workshop/gadgets/{gadget_id}/ponder",
        "query_string": b"", "headers": [
            (b"authorization", f"Bearer {world.token('client')}".encode()), (b"idempotency-key", b"long"),
        ],
    }  # fmt: skip
    await asyncio.wait_for(api(scope, receive, send), PATIENCE_S)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]
