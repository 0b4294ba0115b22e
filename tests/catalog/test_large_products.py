"""A large product: pages of its items and of its prices take no statement for each row."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.asked import BESIDE, scans, statements
from tests.party import Api, at_once, ok
from tests.serving import Served
from tests.world import PRODUCT, refer

MANY, FEW = 150, 6
"""Statements: rows, their number unless it is known, what they refer to, and one for each reference that is followed."""

DIGITS = PRODUCT[4:]
PRICES = f"PRC-{DIGITS}-0001"
ITEMS = f"/catalog/items?eq(product.id,{PRODUCT})&like(name,Plan*)&order=id"
ENTRIES = f"/catalog/price-lists/{PRICES}/items?like(item.name,Plan*)&order=id"
ASKED = (
    f"{ITEMS}&eq(status,Published)",
    f"{ITEMS}&select=*,product.*,group.*,unit.*,parameters",
    f"{ENTRIES}&eq(status,ForSale)",
    f"{ENTRIES}&select=audit,item.terms,priceList.precision,priceList.currency",
    f"/catalog/products/{PRODUCT}/items?like(name,Plan*)",
)
"""What programs ask of a large product."""


@pytest.fixture(scope="module")
def large(served: Served) -> Served:
    """The small world with many items more, each with its price."""

    def lines() -> Iterator[dict[str, Any]]:
        for number in range(1000, 1000 + MANY):
            item = f"ITM-{DIGITS}-{number}"
            yield {"$kind": "catalog/items", "id": item, "product": refer(PRODUCT), "name": f"Plan {number}",
                   "status": "Published", "group": refer(f"IGR-{DIGITS}-0001"), "unit": refer("UNT-1001"),
                   "externalIds": {"vendor": f"PLAN-{number}"},
                   "terms": {"model": "quantity", "period": "1m", "commitment": "1y"}}  # fmt: skip
            yield {"$kind": f"catalog/price-lists/{PRICES}/items", "id": f"PRI-{DIGITS}-0001-{number}",
                   "item": refer(item), "status": "ForSale", "unitPP": number}  # fmt: skip

    served.load(lines())
    return served


@pytest.mark.parametrize("who", ["vendor", "client", "operations"])
@pytest.mark.parametrize("path", ASKED)
def test_a_long_page_takes_as_few_statements_as_a_short_one(large: Served, api: Api, path: str, who: str) -> None:
    for limit in (2, 100):
        address = f"{path}{'&' if '?' in path else '?'}limit={limit}"
        ok(api(who).get(address))  # what is kept between requests is there
        with statements(large) as asked:
            page = ok(api(who).get(address))
        assert len(page["data"]) == limit and page["$meta"]["pagination"]["total"] == MANY
        found = [each for each in asked if not any(word in each.query for word in BESIDE)]
        assert 0 < len(found) <= FEW, found


def test_lists_count_what_stands_on_them_without_a_statement_for_each(large: Served, api: Api) -> None:
    ok(api("operations").get("/catalog/price-lists?select=statistics"))
    with statements(large) as asked:
        page = ok(api("operations").get("/catalog/price-lists?select=statistics"))
    assert len([each for each in asked if not any(word in each.query for word in BESIDE)]) <= 3
    assert {each["id"]: each["statistics"]["priceListItems"] for each in page["data"]}[PRICES] == MANY + 4


def test_items_of_one_product_are_made_at_once(large: Served, api: Api) -> None:
    """They rely on the same group and unit, and are numbered one after the other."""

    def body(number: int) -> dict[str, Any]:
        return {"name": f"Made {number}", "product": refer(PRODUCT), "group": refer(f"IGR-{DIGITS}-0001"),
                "unit": refer("UNT-1001"), "externalIds": {"vendor": f"MADE-{number}"},
                "terms": {"model": "quantity", "period": "1m", "commitment": "1y"}}  # fmt: skip

    made = [
        ok(reply)["id"]
        for first in range(0, 40, 8)
        for reply in at_once(
            *(lambda n=n: api("vendor").post("/catalog/items", body(n)) for n in range(first, first + 8))
        )
    ]
    assert len(set(made)) == 40


FILL = """
do $$
declare
    of_items text := (select string_agg(quote_ident(attname), ',') from pg_attribute
        where attrelid = 'items'::regclass and attnum > 0 and attgenerated = '' and not attisdropped
        and attname not in ('id', 'external_ids_vendor', 'audit_created_at'));
    of_prices text := (select string_agg(quote_ident(attname), ',') from pg_attribute
        where attrelid = 'price_list_items'::regclass and attnum > 0 and attgenerated = '' and not attisdropped
        and attname not in ('id', 'item_id', 'audit_created_at'));
begin
    execute format('insert into items (id, external_ids_vendor, audit_created_at, %1$s)
        select ''ITM-X-'' || n, ''X-'' || n, now() + n * interval ''1 ms'', %1$s
        from items, generate_series(1, {more}) n where id = ''ITM-{digits}-1000''', of_items);
    execute format('insert into price_list_items (id, item_id, audit_created_at, %1$s)
        select ''PRI-X-'' || n, ''ITM-X-'' || n, now() + n * interval ''1 ms'', %1$s
        from price_list_items, generate_series(1, {more}) n where id = ''PRI-{digits}-0001-1000''', of_prices);
    analyze items;
    analyze price_list_items;
end $$
"""
MORE = 3000


@pytest.fixture(scope="module")
def larger(large: Served) -> Served:
    """Some thousand items more, all of them published and for sale."""
    large.fetch(FILL.format(more=MORE, digits=DIGITS))
    return large


@pytest.mark.parametrize("who", ["vendor", "client", "operations"])
@pytest.mark.parametrize(
    ("path", "table"),
    [
        (f"/catalog/items?eq(product.id,{PRODUCT})&eq(status,Published)", "items"),
        (f"/catalog/price-lists/{PRICES}/items?eq(status,ForSale)", "price_list_items"),
        (f"/catalog/price-lists/{PRICES}/items?eq(status,ForSale)&like(item.name,*Plan*)", "price_list_items"),
    ],
)
def test_a_page_of_a_long_list_reads_its_rows_alone(larger: Served, api: Api, path: str, table: str, who: str) -> None:
    """Whether it is planned with these values in view or once for all."""
    with statements(larger) as asked:
        assert ok(api(who).get(f"{path}&limit=100"))["$meta"]["pagination"]["total"] > MORE
    paging = next(each for each in asked if f"FROM {table} " in each.query and "LIMIT" in each.query)
    for planned in ("force_custom_plan", "force_generic_plan"):
        found = scans(larger, paging, table, planned=planned)
        assert 0 < sum(each["read"] for each in found) <= 300, (planned, found)
