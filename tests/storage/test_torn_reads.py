"""A list is read by several statements: what is taken back between two of them is no fault."""

from typing import Any

import pytest

from tests.party import ok
from tests.purchases import lines_named, placed
from tests.serving import FAULTS, Served


@pytest.mark.parametrize("kind", ["subscriptions", "assets"])
@pytest.mark.parametrize("query", ["/lines", "?select=lines", "?select=lines,subscriptions.lines,assets.lines"])
def test_a_draft_that_is_taken_back_while_a_list_is_read_is_left_out_of_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, kind: str, query: str
) -> None:
    order = placed(served)
    path = f"/commerce/orders/{order['id']}"
    lines = order["lines"][:1] if kind == "subscriptions" else order["lines"][1:]
    draft = ok(served.call("vendor", "POST", f"{path}/{kind}", lines_named("Short-lived", lines)))
    reader = served.parts.store.reader
    fetch = reader.fetch_cores

    async def after_it_is_gone(*given: Any) -> None:
        column = f"{kind.removesuffix('s')}_id"
        async with served.parts.pool.acquire() as conn, conn.transaction():
            await conn.execute(f"update order_lines set {column} = null where order_id = $1", order["id"])
            await conn.execute(f"delete from order_{kind} where id = $1", draft["id"])
        await fetch(*given)

    monkeypatch.setattr(reader, "fetch_cores", after_it_is_gone)
    where = f"{path}/lines" if query == "/lines" else f"/commerce/orders{query}&eq(id,{order['id']})"
    reply = served.call("client", "GET", where)
    assert reply.status == 200, FAULTS[-1:]
    data = reply.json["data"]
    shown = data if query == "/lines" else data[0]["lines"]
    assert len(shown) == 2
    assert not any(kind.removesuffix("s") in line for line in shown)
