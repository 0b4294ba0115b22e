"""Extensions poll: the query of the SDK of 2025 finds what waits for a vendor by an index, among many orders."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from tests.asked import scans, statements
from tests.orders import live
from tests.party import Party, ok
from tests.purchases import completed, placed
from tests.serving import Served
from tests.world import LICENSEE, OTHER_LICENSEE, OTHER_PRODUCT, PRODUCT

Row = dict[str, Any]
Api = Callable[[str], Party]
SELECT = (
    "select=audit,parameters,lines,subscriptions,subscriptions.lines,agreement,buyer,seller,authorization.externalIds"
    "&order=audit.created.at"
)
MANY, WAITING = 20_000, 300


def polling(*products: str, limit: int = 10, offset: int = 0) -> str:
    """The address that the SDK asks."""
    query = f"and(in(agreement.product.id,({','.join(products)})),eq(status,'processing'))"
    return f"/commerce/orders?{query}&{SELECT}&limit={limit}&offset={offset}"


def test_what_waits_for_the_vendor_is_found_oldest_first_with_all_that_is_asked_for(api: Api, served: Served):
    first, second = placed(served), placed(served, "other client", licensee=OTHER_LICENSEE)
    completed(served)
    placed(served, vendor="other vendor", product=OTHER_PRODUCT, licensee=LICENSEE)
    for query in (polling(PRODUCT), polling(PRODUCT, OTHER_PRODUCT)):
        page = ok(api("vendor").get(query))
        assert [each["id"] for each in page["data"]] == [first["id"], second["id"]]
        assert page["$meta"]["pagination"] == {"offset": 0, "limit": 10, "total": 2}
        found = page["data"][0]
        assert found["status"] == "Processing" and found["audit"]["created"]["at"]
        assert found["lines"][0]["item"]["externalIds"]["vendor"] == "A-1" and found["lines"][0]["price"]["unitPP"]
        assert found["agreement"]["product"]["id"] == PRODUCT and found["agreement"]["licensee"]["id"] == LICENSEE
        assert found["buyer"]["id"] and found["seller"]["id"] and found["subscriptions"] == []
        assert {"ordering", "fulfillment"} == set(found["parameters"])
    assert ok(api("vendor").get(polling(OTHER_PRODUCT)))["data"] == []
    assert ok(api("vendor").get(polling(PRODUCT, limit=1, offset=1)))["data"][0]["id"] == second["id"]


FILL = """
do $$
declare
    order_columns text := (select string_agg(quote_ident(attname), ',') from pg_attribute
        where attrelid = 'orders'::regclass and attnum > 0 and attgenerated = '' and not attisdropped
        and attname not in ('id', 'agreement_id', 'status', 'audit_created_at'));
    agreement_columns text := (select string_agg(quote_ident(attname), ',') from pg_attribute
        where attrelid = 'agreements'::regclass and attnum > 0 and attgenerated = '' and not attisdropped
        and attname <> 'id');
begin
    execute format('insert into agreements (id, %1$s) select ''AGR-X-'' || n, %1$s from agreements,
        generate_series(1, {waiting}) n where id = ''{agreement}''', agreement_columns);
    execute format('insert into orders (id, agreement_id, status, audit_created_at, %1$s)
        select ''ORD-X-'' || n, case when n <= {waiting} then ''AGR-X-'' || n else agreement_id end,
            case when n <= {waiting} then ''Processing'' else ''Completed'' end, now() - n * interval ''1 minute'', %1$s
        from orders, generate_series(1, {many}) n where id = ''{order}''', order_columns);
end $$
"""


@pytest.fixture(scope="module")
def many(served: Served) -> None:
    """A vendor with many orders, of which some wait for it."""
    order = completed(served)

    async def fill() -> None:
        conn = await asyncpg.connect(served.database)
        await conn.execute(
            FILL.format(waiting=WAITING, many=MANY, agreement=order["agreement"]["id"], order=order["id"])
        )
        await conn.execute("vacuum analyze orders")
        await conn.execute("vacuum analyze agreements")
        await conn.close()

    asyncio.run(fill())


def test_no_order_that_waits_for_nobody_is_looked_at(api: Api, served: Served, many: None):
    before = live(served)["status"]
    assert before == "Active"
    with statements(served) as asked:
        page = ok(api("vendor").get(polling(PRODUCT, OTHER_PRODUCT, offset=100)))
    assert page["$meta"]["pagination"]["total"] >= WAITING and len(page["data"]) == 10
    looked = [each for each in asked if "from orders" in each.query.lower() and "limit" in each.query.lower()]
    assert looked, [each.query for each in asked]
    for each in looked:
        found = scans(served, each, "orders")
        assert found, each.query
        for node in found:
            assert node["Node Type"].startswith(("Index", "Bitmap")), node
            assert node["read"] <= WAITING * 2, node
