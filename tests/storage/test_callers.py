"""Who asks: tokens are found by their value, with what they may reach; new ones work at once."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from entrepot.accounts.account_user import id_of
from entrepot.accounts.permission import rooms
from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Invalid, Unavailable
from entrepot.kernel.noun import Nouns
from entrepot.kernel.shape import Shapes
from entrepot.offers import NOUNS
from entrepot.storage import callers
from entrepot.storage.callers import Callers, create_token
from entrepot.storage.store import Store, open_pool
from entrepot.storage.vault import Vault
from tests.serving import KEY
from tests.world import ACCOUNTS, BUYER, RESTRICTED_USER, SECOND_BUYER, SECRET, TOKENS, USER, token

CLIENT = "ACC-2001-0001"
MEMBER = id_of(RESTRICTED_USER, CLIENT)


Told = Callable[[asyncpg.Pool], Awaitable[None]]


def tell(url: str, told: Told) -> None:
    """Hands a pool to a coroutine."""

    async def run() -> None:
        pool = await open_pool(url, smallest=1, largest=4)
        try:
            await asyncio.wait_for(told(pool), 60)
        finally:
            pool.terminate()

    asyncio.run(run())


def story(told: Told) -> Callable[[str], None]:
    """Makes a test of a coroutine that changes a small world of its own."""

    def test(database: str) -> None:
        tell(database, told)

    return test


def question(told: Told) -> Callable[[str], None]:
    """Makes a test of a coroutine that changes nothing."""

    def test(shared: str) -> None:
        tell(shared, told)

    return test


async def found(pool: asyncpg.Pool, value: str) -> Caller | None:
    """What a process finds that has not seen the token yet."""
    return await Callers(pool, rooms).find(value)


async def reach(pool: asyncpg.Pool, value: str) -> Caller:
    caller = await found(pool, value)
    assert caller is not None
    return caller


# Who it is ----------------------------------------------------------------------------------------------


@question
async def test_each_token_speaks_for_its_account(pool: asyncpg.Pool):
    for who, token_id in TOKENS.items():
        caller = await reach(pool, f"Bearer {token(who)}")
        account, kind = ACCOUNTS[who]
        assert (caller.actor, caller.account_id, caller.token_id) == (kind.lower(), account, token_id)
        assert caller.held_by == "service"
        assert caller.modules is None


@question
async def test_a_token_of_a_user_acts_in_the_users_name(pool: asyncpg.Pool):
    client, vendor = await reach(pool, token("client")), await reach(pool, token("vendor"))
    assert (client.identity_id, client.user_id) == (USER, USER)
    assert (vendor.identity_id, vendor.user_id) == (TOKENS["vendor"], "")


@question
async def test_the_value_may_come_with_and_without_its_scheme(pool: asyncpg.Pool):
    for header in ("Bearer {}", "bearer {}", "BEARER   {}", "{}", "  Bearer {} "):
        assert await found(pool, header.format(token("client"))), header


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        f"Bearer {SECRET}",
        f"idt:{SECRET}",
        f"idt:TKN-2001-0001:{SECRET}x",
        "idt:TKN-2001-0001:",
        f"idt:TKN-2001-0002:{SECRET} ; drop table orders",
        f"idt:TKN-9999-9999:{SECRET}",
        f"idt:TKN-2001-0001:{SECRET}\0",
        f"IDT:tkn-2001-0001:{SECRET}",
        f"idt:TKN-2001-\u0660\u0660\u0660\u0661:{SECRET}",
        "Bearer idt:TKN-2001-0001:" + "x" * 5000,
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
    ],
)
def test_anything_else_is_a_stranger(shared: str, header: str):
    async def told(pool: asyncpg.Pool) -> None:
        assert await found(pool, header) is None

    tell(shared, told)


@pytest.mark.parametrize(
    "change",
    [
        "update api_tokens set status = 'Disabled' where id = 'TKN-2001-0001'",
        "update api_tokens set status = 'Deleted' where id = 'TKN-2001-0001'",
        "update api_tokens set token_hash = null where id = 'TKN-2001-0001'",
        "update accounts set status = 'Disabled' where id = 'ACC-2001-0001'",
        "update users set status = 'Blocked' where id = 'USR-2001-0001'",
        "update users set status = 'Disabled' where id = 'USR-2001-0001'",
    ],
)
def test_what_was_disabled_speaks_no_more(database: str, change: str):
    async def told(pool: asyncpg.Pool) -> None:
        assert await found(pool, token("client"))
        await pool.execute(change)
        assert await found(pool, token("client")) is None

    tell(database, told)


# How far it reaches -------------------------------------------------------------------------------------


@story
async def test_a_user_is_held_to_the_buyers_of_its_groups(pool: asyncpg.Pool):
    assert (await reach(pool, token("restricted"))).buyers == (BUYER,)
    assert (await reach(pool, token("client"))).buyers is None
    await pool.execute("insert into user_groups_buyers values ('UGR-2001-0001', $1, 1)", SECOND_BUYER)
    await pool.execute("insert into account_users_groups values ($1, 'UGR-2001-0001', 2)", MEMBER)
    assert (await reach(pool, token("restricted"))).buyers == (BUYER, SECOND_BUYER)
    await pool.execute("delete from user_groups_buyers where owner_id = 'UGR-2001-0001'")
    assert (await reach(pool, token("restricted"))).buyers is None


@story
async def test_a_user_without_groups_reaches_no_buyer(pool: asyncpg.Pool):
    await pool.execute("delete from account_users_groups where owner_id = $1", MEMBER)
    assert (await reach(pool, token("restricted"))).buyers == ()


@story
async def test_groups_that_are_deleted_or_of_another_account_open_nothing(pool: asyncpg.Pool):
    await pool.execute(
        "insert into user_groups (id, revision, status, account_id) values "
        "('UGR-0001', 1, 'Deleted', 'ACC-2001-0001'), ('UGR-0002', 1, 'Active', 'ACC-2002-0001')"
    )
    await pool.execute("insert into account_users_groups select $1, id, 5 from user_groups where id < 'UGR-1'", MEMBER)
    assert (await reach(pool, token("restricted"))).buyers == (BUYER,)


@story
async def test_a_token_is_held_to_its_modules_and_may_always_read_itself(pool: asyncpg.Pool):
    for token_id, module in (("TKN-3001-0001", "MOD-1001"), ("TKN-3002-0001", "MOD-1003")):
        await pool.execute("insert into api_tokens_modules values ($1, $2, 1)", token_id, module)
    assert (await reach(pool, token("vendor"))).modules == {"accounts", "catalog", "commerce"}
    assert (await reach(pool, token("other vendor"))).modules == {"accounts", "audit"}
    await pool.execute("insert into modules (id, revision, code) values ('MOD-0001', 1, 'Something')")
    await pool.execute("update api_tokens_modules set target_id = 'MOD-0001'")
    assert (await reach(pool, token("vendor"))).modules == {"accounts", "something"}


@story
async def test_what_the_token_opens_the_users_groups_may_close(pool: asyncpg.Pool):
    await pool.execute("insert into api_tokens_modules select 'TKN-2001-0002', id, 1 from modules")
    opened = {"accounts", "audit", "catalog", "commerce"}
    assert (await reach(pool, token("restricted"))).modules == opened, "its group lists none"
    await pool.execute("insert into user_groups_modules values ('UGR-2001-0002', 'MOD-1001', 1)")
    assert (await reach(pool, token("restricted"))).modules == opened - {"audit"}
    await pool.execute("delete from api_tokens_modules")
    assert (await reach(pool, token("restricted"))).modules == opened - {"audit"}


# What is kept -------------------------------------------------------------------------------------------


def test_a_caller_is_kept_for_a_moment_and_no_longer(database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(callers, "CALLER_LIVES_S", 0.3)

    async def told(pool: asyncpg.Pool) -> None:
        keeping = Callers(pool, rooms)
        before = await keeping.find(token("client"))
        await pool.execute("update api_tokens set status = 'Disabled'")
        assert await keeping.find(token("client")) is before
        await asyncio.sleep(0.35)
        assert await keeping.find(token("client")) is None

    tell(database, told)


@story
async def test_a_stranger_who_was_turned_away_is_known_soon_after_being_let_in(pool: asyncpg.Pool):
    await pool.execute("update api_tokens set status = 'Disabled' where id = 'TKN-2001-0001'")
    keeping = Callers(pool, rooms)
    assert await keeping.find(token("client")) is None
    await pool.execute("update api_tokens set status = 'Active' where id = 'TKN-2001-0001'")
    assert await keeping.find(token("client")) is None, "remembered for the moment"
    await asyncio.sleep(callers.STRANGER_LIVES_S + 0.05)
    assert await keeping.find(token("client"))


def test_only_so_many_are_kept(database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(callers, "CALLERS_MAX", 2)

    async def told(pool: asyncpg.Pool) -> None:
        keeping = Callers(pool, rooms)
        for who in TOKENS:
            assert await keeping.find(token(who))
        for number in range(3000):
            keeping._strangers.put(f"stranger {number}", 0.0)
        assert len(keeping._known) == 2
        assert len(keeping._strangers._items) == callers.STRANGERS_MAX

    tell(database, told)


@question
async def test_a_caller_that_is_kept_is_found_in_less_than_three_microseconds(pool: asyncpg.Pool):
    keeping, value = Callers(pool, rooms), f"Bearer {token('client')}"
    await keeping.find(value)
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(500):
            await keeping.find(value)
        best = min(best, (time.perf_counter() - began) / 500)
    assert best < 3e-6


@question
async def test_a_database_that_is_away_is_told_as_such(pool: asyncpg.Pool):
    await pool.close()
    with pytest.raises(Unavailable):
        await found(pool, token("client"))


# New tokens ---------------------------------------------------------------------------------------------


def store(pool: asyncpg.Pool) -> Store:
    nouns = Nouns(NOUNS)
    return Store(pool, nouns, Shapes(nouns), Vault(KEY), sandbox=False, key=b"\1" * 32)


@story
async def test_a_new_token_works_at_once(pool: asyncpg.Pool):
    value = await create_token(store(pool), CLIENT, "Robot", ("marketplace",), RESTRICTED_USER, "agent")
    caller = await reach(pool, value)
    assert caller == Caller(
        actor="client",
        account_id=CLIENT,
        identity_id=RESTRICTED_USER,
        token_id=value.split(":")[1],
        user_id=RESTRICTED_USER,
        held_by="agent",
        named='{"id":"USR-2001-0002","revision":1,"name":"Ben Moss"}',
        modules=frozenset(("accounts", "catalog", "commerce")),
        codes=frozenset(("marketplace",)),
        buyers=(BUYER,),
        narrow=True,
        whole=False,
    )
    row = await pool.fetchrow("select * from api_tokens where id = $1", caller.token_id)
    assert (row["name"], row["revision"], row["status"]) == ("Robot", 1, "Active")
    assert Vault(KEY).open(row["token"]) == value
    assert value not in str(dict(row)), "its secret lies nowhere in the open"
    trail = await pool.fetch("select event, actor_id, accounts, delta from trail where object_id = $1", caller.token_id)
    assert [tuple(each) for each in trail] == [
        ("platform.accounts.api_token.created", "SVC-0002", [CLIENT], trail[0]["delta"])
    ]
    assert value.split(":")[2] not in json.dumps(trail[0]["delta"])
    assert await pool.fetchval("select name from identities where id = $1", caller.token_id) == "Robot"


@story
async def test_a_number_that_is_taken_is_drawn_again(pool: asyncpg.Pool):
    house = store(pool)
    drawn = iter([TOKENS["client"], TOKENS["vendor"], "TKN-8888-8888"])
    house.draw = lambda noun, parent_id="": next(drawn)  # pyright: ignore[reportAttributeAccessIssue]
    assert (await create_token(house, CLIENT, "Robot")).startswith("idt:TKN-8888-8888:")


@pytest.mark.parametrize(
    ("account", "modules", "user", "held_by", "words"),
    [
        ("ACC-9999-9999", (), None, "service", "Account 'ACC-9999-9999' was not found."),
        (CLIENT, ("marketplace", "nonsense"), None, "service", "Module 'nonsense' was not found."),
        (CLIENT, (), "USR-9999-9999", "service", "User 'USR-9999-9999' was not found in account ACC-2001-0001."),
        ("ACC-2002-0001", (), USER, "service", "User 'USR-2001-0001' was not found in account ACC-2002-0001."),
        (CLIENT, (), None, "robot", "One of person, service, agent was expected."),
    ],
)
def test_a_token_for_what_is_not_there_is_refused(shared: str, account, modules, user, held_by, words):
    async def told(pool: asyncpg.Pool) -> None:
        with pytest.raises(Invalid, match=words):
            await create_token(store(pool), account, "Robot", modules, user, held_by)

    tell(shared, told)
