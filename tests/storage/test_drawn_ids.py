"""Numbers are drawn, never those that a world file brought along."""

import asyncio

import pytest

from entrepot.kernel.noun import Noun
from entrepot.kernel.shape import Shapes
from entrepot.storage.store import ID_BLOCK, Store, open_pool
from entrepot.storage.vault import Vault
from tests.storage.worlds import HOUSE, fetch

COPY = "insert into order_subscriptions (id, revision, order_id, status) values ($1, 1, 'ORD-1', 'Draft')"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("catalog/units-of-measure", "insert into units_of_measure (id, revision, status) values ($1, 1, 'Idle')"),
        ("commerce/subscriptions", COPY),
        ("commerce/orders/{order}/subscriptions", COPY),
    ],
)
def test_an_id_that_is_there_is_not_drawn(empty: str, path: str, text: str):
    fetch(empty, f"alter table {HOUSE[path].table_name} disable trigger all")
    fetch(empty, "alter table order_subscriptions disable trigger all")

    async def blocks(noun: Noun) -> tuple[int, set[str]]:
        pool = await open_pool(empty, smallest=1, largest=2)
        try:
            key = await pool.fetchval("select id_key from installation")
            assert noun.ids is not None
            taken = noun.ids.draw(7, key)
            await pool.execute(text, taken)
            store = Store(pool, HOUSE, Shapes(HOUSE), Vault("k"), sandbox=False, key=key)
            await store.refill(noun, {"": 1})
            drawn = {store.draw(noun) for _ in range(ID_BLOCK - 1)}
            assert taken not in drawn
            return len(drawn), drawn
        finally:
            pool.terminate()

    count, _ = asyncio.run(blocks(HOUSE[path]))
    assert count == ID_BLOCK - 1
