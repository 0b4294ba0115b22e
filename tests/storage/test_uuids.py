"""UUIDs beside the core's ids: given once, for good, to whoever asks at the same time too."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from entrepot.storage.store import open_pool
from entrepot.storage.uuids import Uuids


@pytest.fixture
def play(database: str) -> Callable[[Callable[[asyncpg.Pool], Awaitable[Any]]], Any]:
    """Runs something with a pool of its own."""

    def run(work: Callable[[asyncpg.Pool], Awaitable[Any]]) -> Any:
        async def with_pool() -> Any:
            pool = await open_pool(database, smallest=1, largest=8)
            try:
                return await work(pool)
            finally:
                pool.terminate()

        return asyncio.run(with_pool())

    return run


def test_a_thing_keeps_its_uuid_and_is_found_by_it(play):
    async def work(pool: asyncpg.Pool) -> None:
        keys = [("orders", "A"), ("orders", "B"), ("products", "A"), ("orders", "A")]
        given = await Uuids(pool).give(keys)
        assert len(set(given.values())) == 3
        other = Uuids(pool)
        assert await other.give([*keys, ("orders", "C")]) == given | {
            ("orders", "C"): (await other.give([("orders", "C")]))["orders", "C"]
        }
        for fresh in (other, Uuids(pool)):
            assert await fresh.find("orders", given["orders", "A"]) == "A"
            assert await fresh.find("orders", given["orders", "B"].upper()) == "B"
            assert await fresh.find("orders", given["products", "A"]) is None

    play(work)


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x",
        "o1r2d3e4-r5s6-7890-abcd-ef1234567890",
        "5b1c1f0e-6f0a-4f35-9a0b-0d3f6c1b7a01",
        "\0",
        "5b1c1f0e6f0a4f359a0b0d3f6c1b7a01",
        "٣" * 36,
    ],
)
def test_what_nobody_was_given_is_not_found(play, odd: str):
    assert play(lambda pool: Uuids(pool).find("orders", odd)) is None


def test_those_who_ask_at_once_are_given_the_same(play):
    async def work(pool: asyncpg.Pool) -> None:
        keys = [("orders", str(number)) for number in range(50)]
        told = await asyncio.gather(*(Uuids(pool).give(keys[at:] + keys[:at]) for at in range(0, 50, 5)))
        assert all(each == told[0] for each in told)
        assert await pool.fetchval("select count(*) from uuids") == 50

    play(work)


def test_a_page_costs_one_statement_and_what_is_known_none(play):
    async def work(pool: asyncpg.Pool) -> None:
        asked: list[str] = []

        class Counting:
            async def fetch(self, text: str, *values: object) -> Any:
                asked.append(text)
                return await pool.fetch(text, *values)

        uuids = Uuids(Counting())  # pyright: ignore[reportArgumentType]
        keys = [("orders", str(number)) for number in range(200)]
        first = await uuids.give(keys)
        assert len(asked) == 1
        assert await uuids.give(keys) == first and len(asked) == 1

    play(work)
