"""World files are loaded whole; what they leave out is as the API would have made it."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from argon2 import PasswordHasher

from entrepot.accounts.permission import rooms
from entrepot.demo.world import world as demo_world
from entrepot.storage.callers import Callers
from entrepot.storage.loading import load
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault, digest
from entrepot.store_forms import FORMS
from tests.party import Api, ok
from tests.purchases import completed, draft, placed
from tests.serving import KEY, Served, copied
from tests.storage.worlds import (
    HOUSE,
    Line,
    content,
    counts,
    faults_of,
    fetch,
    file,
    line,
    loaded,
    row,
    small_world,
)
from tests.world import (
    AUTOMATIC,
    BUYER,
    LICENSEE,
    MONTHLY,
    ONCE,
    PRODUCT,
    RESTRICTED_USER,
    SECRET,
    TOKENS,
    YEARLY,
    refer,
    token,
)

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DIGITS = "7777-0001-0001"
AGREEMENT, ORDER, SUBSCRIPTION, ASSET = f"AGR-{DIGITS}", f"ORD-{DIGITS}", f"SUB-{DIGITS}", f"AST-{DIGITS}"
PARTIES = {
    "client_id": "ACC-2001-0001",
    "vendor_id": "ACC-3001-0001",
    "licensee_id": LICENSEE,
    "buyer_id": BUYER,
    "seller_id": "SEL-4001-0001",
    "product_id": PRODUCT,
}


def ali(number: int, digits: str = DIGITS) -> str:
    return f"ALI-{digits}-{number:04d}"


def agreement(agreement_id: str = AGREEMENT, **fields: Any) -> Line:
    given = {"product": refer(PRODUCT), "licensee": refer(LICENSEE), **fields}
    return line("commerce/agreements", agreement_id, **given)


def order(order_id: str = ORDER, **fields: Any) -> Line:
    lines = [
        {"id": ali(1), "item": refer(YEARLY), "quantity": 10},
        {"id": ali(2), "item": refer(ONCE), "quantity": 1},
    ]
    given = {"type": "Purchase", "agreement": refer(AGREEMENT), "lines": lines, **fields}
    return line("commerce/orders", order_id, **given)


def subscription(**fields: Any) -> Line:
    given = {"name": "Yearly", "agreement": refer(AGREEMENT), "lines": [{"id": ali(1)}], **fields}
    return line("commerce/subscriptions", SUBSCRIPTION, **given)


def delivered() -> list[Line]:
    """A purchase that was completed, told as shortly as can be."""
    mapped = {
        "subscriptions": [{"id": SUBSCRIPTION, "name": "Yearly", "lines": [{"id": ali(1)}]}],
        "assets": [{"id": ASSET, "name": "Once", "lines": [{"id": ali(2)}]}],
    }
    return [
        agreement(status="Active"),
        order(status="Completed", **mapped),
        subscription(),
        line("commerce/assets", ASSET, name="Once", agreement=refer(AGREEMENT), lines=[{"id": ali(2)}]),
    ]


@pytest.fixture(scope="module")
def demo() -> list[Line]:
    """The lines of the demo world."""
    numbers = count(1)
    return list(demo_world(NOW, lambda: f"secret-number-{next(numbers)}"))


# The demo world -----------------------------------------------------------------------------------------


def test_the_demo_world_loads(empty: str, demo: list[Line]):
    told: list[tuple[str, int, int | None]] = []
    summary = loaded(empty, file("demo", demo), lambda *how_far: told.append(how_far))
    assert summary.total == len(demo)
    assert summary.counts["commerce/orders"] > 300
    found = counts(empty)
    assert found["orders"] == summary.counts["commerce/orders"]
    assert found["order_lines"] == sum(len(each["lines"]) for each in demo if each["$kind"] == "commerce/orders")
    assert found["lines"] == sum(len(each["lines"]) for each in demo if each["$kind"] == "commerce/agreements")
    assert [each[0] for each in told if each[1] == each[2]] == ["loading"]
    assert dict.fromkeys(each[0] for each in told) == dict.fromkeys(("reading", "loading", "checking"))


def test_what_the_file_gives_is_what_is_loaded(empty: str, demo: list[Line]):
    """The demo world leaves out little: its orders and agreements come back as they were written."""
    loaded(empty, file("demo", demo))
    orders = {each["id"]: each for each in demo if each["$kind"] == "commerce/orders"}
    for found in fetch(empty, "select * from orders"):
        given = orders[found["id"]]
        assert (found["status"], found["type"], found["revision"]) == (given["status"], given["type"], 1)
        assert found["template_id"] == (given.get("template") or {}).get("id")
        assert found["audit_created_at"] == datetime.fromisoformat(given["audit"]["created"]["at"])
        assert found["audit_created_by_id"] == given["audit"]["created"]["by"]["id"]
        assert found["price_spx_y"] == given["price"].get("SPxY")
        assert found["price_markup"] == given["price"].get("markup")
        assert [each["id"] for each in found["ordering"]] == [each["id"] for each in given["parameters"]["ordering"]]
        assert found["default_markup_source"] == given["defaultMarkupSource"]
    for found in fetch(empty, "select * from order_lines"):
        given = next(each for each in orders[found["order_id"]]["lines"] if each["id"] == found["id"])
        for column, name in (("price_unit_pp", "unitPP"), ("price_ppx_m", "PPxM"), ("price_margin", "margin")):
            assert found[column] == given["price"].get(name)
        assert found["price_markup_source"] == given["price"]["markupSource"]


def test_its_derived_amounts_are_those_that_it_leaves_out(empty: str, demo: list[Line]):
    """The demo computes its prices by itself: stripped of them, it gets the same ones again."""
    amounts = {f"{side}{fall}" for side in ("PP", "SP") for fall in ("x1", "xM", "xY")} | {"unitSP", "margin"}

    def stripped(value: Any) -> Any:
        if isinstance(value, list):
            return [stripped(each) for each in value]
        if isinstance(value, dict):
            derived = amounts | (set() if "unitPP" in value else {"markup"})
            return {key: stripped(each) for key, each in value.items() if not ("currency" in value and key in derived)}
        return value

    loaded(empty, file("demo", stripped(demo)))
    orders = {each["id"]: each["price"] for each in demo if each["$kind"] == "commerce/orders"}
    lines = {
        each["id"]: each["price"] for one in demo if one["$kind"] == "commerce/agreements" for each in one["lines"]
    }
    columns = {"PPx1": "price_ppx1", "PPxY": "price_ppx_y", "SPxM": "price_spx_m", "markup": "price_markup"}
    for table, given in (("orders", orders), ("lines", lines)):
        for found in fetch(empty, f"select * from {table}"):
            for name, column in columns.items():
                assert found[column] == given[found["id"]].get(name), (table, found["id"], name)


def test_its_tokens_work_and_are_kept_sealed(empty: str, demo: list[Line]):
    loaded(empty, file("demo", demo))
    tokens = [each for each in demo if each["$kind"] == "accounts/api-tokens"]

    async def find() -> None:
        pool = await open_pool(empty, smallest=1, largest=1)
        for each in tokens:
            caller = await Callers(pool, rooms).find(f"Bearer {each['token']}")
            assert caller is not None
            assert (caller.account_id, caller.token_id) == (each["account"]["id"], each["id"])
        pool.terminate()

    asyncio.run(find())
    for each in tokens:
        kept = row(empty, "api_tokens", each["id"])
        assert Vault(KEY).open(kept["token"]) == each["token"]
        assert kept["token_hash"] == digest(each["token"].split(":")[2])


def test_everything_loaded_is_on_the_trail_once(empty: str, demo: list[Line]):
    loaded(empty, file("demo", demo))
    found = fetch(empty, "select kind, object_id, owner_id, revision, place, event, name, at, actor_id, account_id, "
                  "accounts, scope, delta, details from trail")  # fmt: skip
    copies = sum(len(each[part]) for each in demo if each["$kind"] == "commerce/orders"
                 for part in ("subscriptions", "assets"))  # fmt: skip
    told = {each["$kind"].split("/")[1] for each in demo}
    assert sum(each["kind"].split("/")[1] in told for each in found) == len(demo) + copies
    loaded_ones = [each for each in found if each["kind"] != "audit/event-types"]  # those are there once first seen
    assert {(each["name"], each["actor_id"], each["place"], each["revision"]) for each in loaded_ones} == {
        ("loaded", "SVC-0002", 0, 1)
    }
    one = next(each for each in found if each["kind"] == "commerce/orders")
    given = next(each for each in demo if each["id"] == one["object_id"])
    assert one["event"] == "platform.commerce.order.created"
    assert one["at"] == datetime.fromisoformat(given["audit"]["created"]["at"])
    assert one["accounts"] == sorted((given["client"]["id"], given["vendor"]["id"]))
    assert one["scope"] == given["buyer"]["id"]
    assert (one["delta"], one["details"], one["owner_id"], one["account_id"]) == ({}, {}, "", None)
    copied = next(each for each in found if each["kind"] == "commerce/orders/{order}/subscriptions")
    assert copied["owner_id"].startswith("ORD-")


def test_the_planner_knows_of_a_large_file_at_once(empty: str, demo: list[Line]):
    loaded(empty, file("demo", demo))
    rows = fetch(empty, "select reltuples from pg_class where relname = 'orders'")
    assert rows[0][0] > 300


# Order and parts ----------------------------------------------------------------------------------------


def slim_world() -> list[Line]:
    """The small world with orders in every state, told shortly."""
    return [*small_world(), *delivered(), *_more_orders()]


def _more_orders() -> Iterator[Line]:
    for number, (state, held) in enumerate(
        (("Draft", "Draft"), ("Quoted", "Draft"), ("Processing", "Provisioning"), ("Querying", "Provisioning"),
         ("Failed", "Failed"), ("Deleted", "Deleted"))
    ):  # fmt: skip
        digits = f"8888-000{number}-0001"
        lines = [{"id": ali(1, digits), "item": refer(MONTHLY), "quantity": 3}]
        yield order(f"ORD-{digits}", status=state, agreement=refer(f"AGR-{digits}"), lines=lines)
        yield agreement(f"AGR-{digits}", status=held)


def test_lines_may_come_in_any_order(cluster: Any, migrated: str):
    things = slim_world()
    with copied(cluster, migrated) as first, copied(cluster, migrated) as second:
        loaded(first, file("sorted", things))
        random.Random(5).shuffle(things)
        loaded(second, file("shuffled", things))
        assert content(second) == content(first)


def test_what_a_file_refers_to_may_be_in_the_database_already(cluster: Any, migrated: str):
    things = slim_world()
    parts: dict[str, list[Line]] = {"accounts": [], "catalog": [], "program": [], "commerce": []}
    for each in things:
        parts[each["$kind"].partition("/")[0]].append(each)
    with copied(cluster, migrated) as first, copied(cluster, migrated) as second:
        loaded(first, file("whole", things))
        for name, some in parts.items():
            loaded(second, file(name, some))
        assert content(second) == content(first)


def test_an_order_joins_an_agreement_that_is_in_the_database(database: str):
    loaded(database, file("first", [agreement(status="Active")]))
    before = row(database, "agreements", AGREEMENT)
    loaded(database, file("then", [order(status="Draft")]))
    joined, after = row(database, "orders", ORDER), row(database, "agreements", AGREEMENT)
    assert {name: joined[name] for name in PARTIES} == PARTIES
    assert after["line_count"] == 2
    assert after == {**before, "revision": 2, "line_count": 2, "core": after["core"]}
    trail = fetch(database, "select revision, event from trail where object_id = $1 order by revision", AGREEMENT)
    assert [tuple(each) for each in trail] == [
        (1, "platform.commerce.agreement.created"),
        (2, "platform.commerce.agreement.updated"),
    ]


def test_blank_lines_byte_order_marks_and_carriage_returns_are_let_be(empty: str):
    unit = json.dumps(line("catalog/units-of-measure", "UNT-0001", name="user")).encode()
    lines = [("f", 1, b"\xef\xbb\xbf" + unit + b"\r\n"), ("f", 2, b""), ("f", 3, b"  \r\n")]
    assert loaded(empty, lines).total == 1


def test_an_empty_file_loads_nothing(empty: str):
    assert loaded(empty, []).total == 0
    assert loaded(empty, [("f", 1, b"\n")]).total == 0


def test_names_are_read_without_case_and_unknown_ones_are_let_be(empty: str):
    unit = line("catalog/units-of-measure", "UNT-0001", NAME="user", nonsense={"a": [1]}, **{"$meta": 5, "$file": {}})
    loaded(empty, file("f", [unit]))
    assert row(empty, "units_of_measure", "UNT-0001")["name"] == "user"


def test_kinds_may_leave_their_parents_to_the_object(empty: str):
    product = line("catalog/products", "PRD-0001", name="x", vendor=refer("ACC-0001"))
    vendor = line("accounts/accounts", "ACC-0001", type="Vendor")
    bare = line("catalog/products/terms", "TCS-0001-0001", name="bare", product=refer("PRD-0001"))
    named = line("catalog/products/{product}/terms", "TCS-0001-0002", name="named", product=refer("PRD-0001"))
    full = line("catalog/products/PRD-0001/terms", "TCS-0001-0003", name="full")
    loaded(empty, file("f", [product, vendor, bare, named, full]))
    assert counts(empty)["terms"] == 3


def test_ids_of_any_number_of_groups_are_kept(empty: str):
    units = [
        line("catalog/units-of-measure", each) for each in ("UNT-0001", "UNT-0000", "UNT-1234-5678-9012-3456-7890")
    ]
    loaded(empty, file("f", units))
    assert sorted(each[0] for each in fetch(empty, "select id from units_of_measure")) == sorted(
        each["id"] for each in units
    )


# What is left out ---------------------------------------------------------------------------------------


def bare(value: Any) -> Any:
    """A document without what differs from one load, or request, to the next."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if isinstance(value, dict):
        moments = ("audit", "revision", "accepted", "acceptedBy", "startDate", "commitmentDate")
        return {key: bare(each) for key, each in value.items() if key not in moments}
    return value


@pytest.mark.parametrize(
    ("make", "state", "held"),
    [(draft, "Draft", "Draft"), (placed, "Processing", "Provisioning"), (completed, "Completed", "Active")],
)
def test_what_is_left_out_is_as_the_api_would_have_made_it(served: Served, api: Api, make: Any, state: str, held: str):
    made = ok(api("operations").get(f"/commerce/orders/{make(served)['id']}"))
    digits = made["agreement"]["id"][4:]
    renamed = {digits: "5555" + digits[4:], made["id"]: f"ORD-5555{digits[4:]}"}
    for part in ("subscriptions", "assets"):
        renamed |= {each["id"]: f"{each['id'][:4]}5555{digits[4:]}" for each in made[part]}

    def rename(value: Any) -> Any:
        text = json.dumps(value)
        for before, after in renamed.items():
            text = text.replace(before, after)
        return json.loads(text)

    def of(part: str, each: Line) -> list[Line]:
        return [{"id": one["id"]} for one in made["lines"] if (one.get(part[:-1]) or {}).get("id") == each["id"]]

    ordering = [
        {"externalId": each["externalId"], "value": each.get("value")} for each in made["parameters"]["ordering"]
    ]
    answers = {"parameters": {"ordering": ordering}}
    kept = {"parameters": {"ordering": [each for each in ordering if each["externalId"] != "note"]}}
    things = [
        agreement(made["agreement"]["id"], status=held, **(kept if held == "Active" else {})),
        order(
            made["id"], status=state, agreement=refer(made["agreement"]["id"]), **answers,
            lines=[{"id": each["id"], "item": each["item"], "quantity": each["quantity"]} for each in made["lines"]],
            **{part: [{"id": each["id"], "name": each["name"], "lines": of(part, each)} for each in made[part]]
               for part in ("subscriptions", "assets")},
        ),
    ]  # fmt: skip
    paths = [f"/commerce/orders/{made['id']}", f"/commerce/agreements/{made['agreement']['id']}"]
    for part in ("subscriptions", "assets"):
        for each in made[part]:
            things.append(line(f"commerce/{part}", each["id"], name=each["name"], lines=of(part, each),
                               agreement=refer(made["agreement"]["id"])))  # fmt: skip
            paths += [f"/commerce/{part}/{each['id']}", f"/commerce/{part}/{each['id']}/lines"]
    assert len(paths) == (6 if state == "Completed" else 2)
    served.run(load(served.parts.pool, HOUSE, FORMS, Vault(KEY), file("f", rename(things))))
    for path in paths:
        for who in ("client", "vendor", "operations"):
            expected = rename(bare(ok(api(who).get(path))))
            assert bare(ok(api(who).get(rename(path)))) == expected, (who, path)


def test_when_and_by_whom_is_now_and_the_platform(database: str):
    loaded(database, file("f", [agreement(), order(status="Querying")]))
    found = row(database, "orders", ORDER)
    assert abs(found["audit_created_at"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert found["audit_querying_at"] == found["audit_created_at"]
    assert found["audit_created_by_id"] == found["audit_querying_by_id"] == "SVC-0002"


def test_an_audit_that_is_given_is_kept_as_it_is(database: str):
    audit = {"quoted": {"at": "2025-01-02T03:04:05.678Z", "by": refer(RESTRICTED_USER)}}
    loaded(database, file("f", [agreement(), order(status="Completed", audit=audit)]))
    found = row(database, "orders", ORDER)
    assert found["audit_quoted_at"] == datetime(2025, 1, 2, 3, 4, 5, 678000, UTC)
    assert found["audit_quoted_by_id"] == RESTRICTED_USER
    assert "audit_completed_at" not in found
    assert "audit_created_by_id" not in found
    assert found["audit_created_at"] is not None


def test_the_lines_of_a_delivered_purchase_follow_from_its_order(database: str):
    loaded(database, file("f", delivered()))
    yearly, once = row(database, "lines", ali(1)), row(database, "lines", ali(2))
    assert {name: yearly[name] for name in PARTIES if name != "licensee_id"} == {
        name: value for name, value in PARTIES.items() if name != "licensee_id"
    }
    assert (yearly["status"], yearly["quantity"], yearly["item_id"]) == ("Active", 10, YEARLY)
    assert (yearly["subscription_id"], once["asset_id"], once["order_id"]) == (SUBSCRIPTION, ASSET, ORDER)
    assert "order_id" not in yearly
    assert (yearly["price_unit_pp"], yearly["price_unit_sp"]) == (120, 132)
    assert (yearly["price_spx_y"], once["price_spx1"]) == (1320, 385)
    held = row(database, "agreements", AGREEMENT)
    assert (held["price_spx_y"], held["price_currency"], held["line_count"]) == (1320, "EUR", 2)
    assert held["name"] == "Alpha Suite for Client 2001-0001"
    assert (held["listing_id"], held["authorization_id"]) == ("LST-5001-0001", "AUT-5001-0001")


def test_a_line_may_stand_in_its_agreement_and_in_its_subscription(database: str):
    told_there = {"id": ali(1), "item": refer(YEARLY), "quantity": 7, "price": {"unitPP": 100, "markup": 20}}
    things = [agreement(status="Active", lines=[told_there]), subscription(lines=[{"id": ali(1), "status": "Expired"}])]
    loaded(database, file("f", things))
    kept = row(database, "lines", ali(1))
    assert (kept["quantity"], kept["price_spx_y"], kept["subscription_id"]) == (7, 840, SUBSCRIPTION)
    assert kept["status"] == "Expired"
    assert counts(database)["lines"] == 1
    assert "price_spx_y" not in row(database, "agreements", AGREEMENT), "an expired line costs nothing more"


def test_lines_that_end_are_no_part_of_a_price(database: str):
    lines = [
        {"id": ali(number), "item": refer(YEARLY), "quantity": 1, "status": status}
        for number, status in enumerate(("Active", "Terminated"), 1)
    ]
    loaded(database, file("f", [agreement(status="Active", lines=lines)]))
    assert row(database, "agreements", AGREEMENT)["price_spx_y"] == 132


def test_a_line_without_an_id_is_numbered_after_all_others(database: str):
    lines = [{"item": refer(YEARLY), "quantity": 1}, {"id": ali(41), "item": refer(ONCE), "quantity": 1}]
    loaded(database, file("f", [agreement(), order(lines=lines)]))
    found = sorted(each[0] for each in fetch(database, "select id from order_lines"))
    assert found == [ali(41), ali(42)]
    assert row(database, "agreements", AGREEMENT)["line_count"] == 42


def test_the_next_line_never_has_a_number_that_was_loaded(served: Served, api: Api):
    digits = "6666-0001-0001"
    things = [
        agreement(f"AGR-{digits}", client=refer("ACC-2001-0001")),
        order(f"ORD-{digits}", status="Draft", agreement=refer(f"AGR-{digits}"),
              lines=[{"id": ali(7, digits), "item": refer(YEARLY), "quantity": 1}]),
        order(f"ORD-{digits}-0002", status="Deleted", agreement=refer(f"AGR-{digits}"),
              lines=[{"id": ali(9, digits), "item": refer(YEARLY), "quantity": 1}]),
    ]  # fmt: skip
    served.run(load(served.parts.pool, HOUSE, FORMS, Vault(KEY), file("f", things)))
    lines = [{"id": ali(7, digits), "quantity": 2}, {"item": refer(ONCE), "quantity": 1}]
    order_now = ok(api("client").put(f"/commerce/orders/ORD-{digits}", {"lines": lines}))
    assert [each["id"] for each in order_now["lines"]] == [ali(7, digits), ali(10, digits)]


def test_a_change_that_tells_only_its_lines_has_copies_of_what_it_changes(database: str):
    change = order("ORD-7777-0002", type="Change", status="Processing",
                   lines=[{"id": ali(1), "item": refer(YEARLY), "oldQuantity": 10, "quantity": 12,
                           "subscription": refer(SUBSCRIPTION)}])  # fmt: skip
    things = delivered()
    things[0]["status"] = "Updating"
    things[2] |= {"status": "Updating", "autoRenew": False, "externalIds": {"vendor": "V-1"}}
    loaded(database, file("f", [*things, change]))
    (copy,) = fetch(database, "select * from order_subscriptions where order_id = 'ORD-7777-0002'")
    assert (copy["id"], copy["status"], copy["name"], copy["auto_renew"]) == (SUBSCRIPTION, "Updating", "Yearly", False)
    assert copy["external_ids_vendor"] == "V-1"
    assert copy["price_spx_y"] == 264, "two more"
    assert row(database, "orders", "ORD-7777-0002")["price_spx_y"] == 264
    assert counts(database)["lines"] == 2


def test_a_policy_of_the_client_sets_the_price_of_lines_that_have_none(database: str):
    policy = line("catalog/pricing-policies", "PRP-7777-0001", name="Frame", client=refer("ACC-2001-0001"),
                  products=[refer(PRODUCT)], markup=5)  # fmt: skip
    lines = [
        {"id": ali(1), "item": refer(YEARLY), "quantity": 1},
        {"id": ali(2), "item": refer(MONTHLY), "quantity": 1, "price": {"unitPP": Decimal("10.00"), "markup": 30}},
    ]
    loaded(database, file("f", [policy, agreement(), order(lines=lines)]))
    first, second = fetch(database, "select * from order_lines order by id")
    assert (first["price_unit_sp"], second["price_unit_sp"]) == (126, 13)
    assert first["price_markup_source"] == {"type": "PricingPolicy", "ref": {"id": "PRP-7777-0001", "name": "Frame"}}
    placed_order = row(database, "orders", ORDER)
    assert (placed_order["pricing_policy_id"], placed_order["default_markup_source"]) == (
        "PRP-7777-0001",
        "PricingPolicy",
    )
    assert round(row(database, "pricing_policies", "PRP-7777-0001")["margin"], 4) == Decimal("4.7619")


def test_a_bag_keeps_what_differs_from_its_definitions(database: str):
    given = [
        {"externalId": "company", "name": "ignored", "value": "Northwind", "error": {"message": "No."},
         "constraints": {"required": True, "hidden": True, "readonly": False}},
        {"id": "PAR-5001-0001-0002",
         "value": {"firstName": "Ada", "lastName": "Moss", "email": "ada@x.example",
                   "phone": {"prefix": "+1", "number": "2"}}},
        {"externalId": "note", "value": "a", "displayValue": "as it was shown"},
        {"externalId": "secret", "value": None},
    ]  # fmt: skip
    loaded(database, file("f", [agreement(), order(parameters={"ordering": given})]))
    found = row(database, "orders", ORDER)
    assert found["ordering"] == [
        {"id": "PAR-5001-0001-0001", "externalId": "company", "value": "Northwind", "displayValue": "Northwind",
         "error": {"message": "No."}, "constraints": {"hidden": True}},
        {"id": "PAR-5001-0001-0002", "externalId": "contact", "value": given[1]["value"],
         "displayValue": "Ada Moss, ada@x.example, +1 2"},
        {"id": "PAR-5001-0001-0003", "externalId": "note", "value": "a", "displayValue": "as it was shown"},
        {"id": "PAR-5001-0001-0004", "externalId": "secret"},
    ]  # fmt: skip
    assert [each["externalId"] for each in found["fulfillment"]] == ["customerId", "dueDate"]


def test_an_order_that_the_platform_fulfils_goes_on_from_where_it_is(database: str):
    things = [agreement(product=refer(AUTOMATIC)), order(status="Processing", lines=[]),
              agreement("AGR-8888-0001"), order("ORD-8888-0001", agreement=refer("AGR-8888-0001"), lines=[],
                                                status="Processing")]  # fmt: skip
    loaded(database, file("f", things))
    (due,) = fetch(database, "select job, kind, object_id, at - now() as away from due")
    assert (due["job"], due["kind"], due["object_id"]) == ("fulfil", "commerce/orders", ORDER)
    assert due["away"] < timedelta(seconds=6)


# The catalogue ------------------------------------------------------------------------------------------

PRICES = [
    # period, given -> unitSP, markup, margin, xs
    ("1y", {"unitPP": 120, "markup": 10}, {"unit_sp": "132.00", "margin": "9.0909090909", "ppx_m": "10.00"}),
    ("1y", {"unitPP": 120, "markup": 10}, {"spx_y": "132.00", "spx_m": "11.00", "ppx_y": "120.00", "spx1": None}),
    ("1m", {"unitPP": "9.99", "markup": 10}, {"unit_sp": "10.99", "spx_y": "131.88", "ppx_y": "119.88"}),
    ("one-time", {"unitPP": 350, "markup": 10}, {"unit_sp": "385.00", "spx1": "385.00", "ppx1": "350.00"}),
    ("1y", {"unitPP": 100}, {"unit_sp": "112.00", "markup": None, "margin": "10.7142857143"}),
    ("1y", {"unitPP": 100, "unitLP": 150}, {"unit_sp": "150.00", "markup": None, "lpx_m": "12.50"}),
    ("1y", {"unitPP": 100, "unitSP": 125}, {"unit_sp": "125", "markup": "25", "margin": "20"}),
    ("1y", {"unitPP": 100, "unitSP": 112}, {"unit_sp": "112", "markup": None}),
    ("1y", {"unitPP": 100, "margin": 20}, {"unit_sp": "125.00", "markup": "25", "margin": "20"}),
    ("1y", {"unitPP": 100, "markup": 10, "SPxM": 9}, {"spx_m": "9", "spx_y": "110.00"}),
    ("1y", {}, {"unit_sp": None, "markup": None, "margin": None, "ppx_y": None}),
]  # fmt: skip


@pytest.mark.parametrize(("number", "period", "given", "expected"), [(at, *each) for at, each in enumerate(PRICES)])
def test_a_price_list_item_derives_what_it_leaves_out(
    shared: str, number: int, period: str, given: Line, expected: Line
):
    item = line("catalog/items", f"ITM-5001-0001-90{number:02d}", product=refer(PRODUCT), terms={"period": period})
    entry_id = f"PRI-5001-0001-90{number:02d}"
    entry = line("catalog/price-lists/PRC-5001-0001-0001/items", entry_id, item=refer(item["id"]), **given)
    loaded(shared, file("f", [entry, item]))
    found = row(shared, "price_list_items", entry["id"])
    assert {name: found.get(name) for name in expected} == {
        name: None if value is None else Decimal(value) for name, value in expected.items()
    }
    assert found["status"] == "Draft"
    assert row(shared, "items", item["id"])["terms_model"] == ("one-time" if period == "one-time" else "quantity")


def test_the_catalogue_takes_its_defaults(database: str):
    listing = line("catalog/listings", "LST-7777-0001", seller=refer("SEL-4001-0001"),
                   authorization=refer("AUT-5001-0001"), priceList=refer("PRC-7777-0001"))  # fmt: skip
    things = [
        line("catalog/price-lists", "PRC-7777-0001", product=refer(PRODUCT), currency="USD", defaultMargin=20),
        listing,
        line("catalog/authorizations", "AUT-7777-0001", product=refer(PRODUCT), owner=refer("SEL-4001-0001")),
        line("catalog/products", "PRD-7777-0001", vendor=refer("ACC-3001-0001")),
        line("catalog/items", "ITM-7777-0001-0001", product=refer("PRD-7777-0001"), terms={"model": "one-time"}),
        line("catalog/items", "ITM-5001-0001-0098", product=refer(PRODUCT), terms={"period": "1y"},
             parameters=[{"externalId": "sku", "value": "x", "name": "ignored"}]),
        line("catalog/products/PRD-7777-0001/templates", "TPL-7777-0001-0001", type="OrderProcessing"),
    ]  # fmt: skip
    loaded(database, file("f", things))
    prices = row(database, "price_lists", "PRC-7777-0001")
    assert (prices["precision"], prices["default_markup"], prices["vendor_id"]) == (2, 25, "ACC-3001-0001")
    found = row(database, "listings", "LST-7777-0001")
    assert (found["product_id"], found["vendor_id"], found["status"]) == (PRODUCT, "ACC-3001-0001", "Idle")
    assert found["is_primary"] is False
    assert row(database, "authorizations", "AUT-7777-0001")["vendor_id"] == "ACC-3001-0001"
    product = row(database, "products", "PRD-7777-0001")
    assert (product["status"], product["revision"], product["settings"]) == ("Draft", 1, {})
    assert row(database, "items", "ITM-7777-0001-0001")["terms_period"] == "one-time"
    assert row(database, "items", "ITM-5001-0001-0098")["parameters"] == [{"id": "PAR-5001-0001-0007", "value": "x"}]
    assert row(database, "templates", "TPL-7777-0001-0001")["status"] == "Active"


# People and secrets -------------------------------------------------------------------------------------


def test_people_take_their_defaults(database: str):
    things = [
        line("accounts/users", "USR-7777-0001", firstName="Ada", lastName="Moss", password="correct horse",
             accounts=[refer("ACC-2002-0001"), refer("ACC-2001-0001")]),
        line("accounts/users", "USR-7777-0002", name="Ben", passwordHash=PasswordHasher(1, 8, 1).hash("battery")),
        line("accounts/licensees", "LCE-7777-0001", buyer=refer(BUYER), seller=refer("SEL-4001-0001")),
        line("accounts/licensees", "LCE-7777-0002", buyer=refer(BUYER), seller=refer("SEL-4001-0001"),
             address={"city": "Bern"}),
        line("accounts/api-tokens", "TKN-7777-0001", account=refer("ACC-2001-0001"), user=refer(RESTRICTED_USER),
             token=f"idt:TKN-7777-0001:{SECRET}", heldBy="Agent"),
    ]  # fmt: skip
    loaded(database, file("f", things))
    ada, ben = row(database, "users", "USR-7777-0001"), row(database, "users", "USR-7777-0002")
    assert (ada["name"], ada["status"], ada["current_account_id"]) == ("Ada Moss", "Invited", "ACC-2002-0001")
    assert ada["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify(ada["password_hash"], "correct horse")
    assert PasswordHasher().verify(ben["password_hash"], "battery")
    links = fetch(
        database, "select account_id, status from account_users where user_id = 'USR-7777-0001' order by account_id"
    )
    assert [tuple(each) for each in links] == [("ACC-2001-0001", "Invited"), ("ACC-2002-0001", "Invited")]
    first, second = (row(database, "licensees", f"LCE-7777-000{n}") for n in (1, 2))
    assert (first["account_id"], first["use_buyer_address"], first["status"]) == ("ACC-2001-0001", True, "Active")
    assert second["use_buyer_address"] is False
    kept = row(database, "api_tokens", "TKN-7777-0001")
    assert (kept["status"], kept["held_by"], kept["user_id"]) == ("Active", "agent", RESTRICTED_USER)
    assert SECRET not in kept["token"]
    names = fetch(database, "select name, kind from identities where id = any($1)", ["USR-7777-0001", "TKN-7777-0001"])
    assert {(each["name"], each["kind"]) for each in names} == {("Ada Moss", "User"), (None, "Token")}


def test_the_pool_speaks_as_before_after_a_load(served: Served):
    unit = line("catalog/units-of-measure", "UNT-9001", name="user")
    served.run(load(served.parts.pool, HOUSE, FORMS, Vault(KEY), file("f", [unit])))
    for _ in range(20):
        assert served.fetch("select '{\"a\": 1}'::jsonb as found")[0]["found"] == '{"a": 1}'


def test_a_served_platform_knows_what_was_loaded(served: Served, api: Api):
    things = [line("accounts/api-tokens", "TKN-9001-0001", name="Later", account=refer("ACC-2001-0001"),
                   token=f"idt:TKN-9001-0001:{SECRET}")]  # fmt: skip
    served.run(load(served.parts.pool, HOUSE, FORMS, Vault(KEY), file("f", things)))
    assert ok(api("client").get("/accounts/api-tokens/TKN-9001-0001"))["token"] == f"idt:TKN-9001-0001:{SECRET}"
    assert ok(api("client").get(f"/accounts/api-tokens/{TOKENS['client']}"))["token"] == token("client")


def test_a_file_is_not_half_loaded_when_the_database_refuses_it(database: str):
    settings = {"a": Decimal("1e200000")}
    product = line("catalog/products", "PRD-7777-0001", vendor=refer("ACC-3001-0001"), settings=settings)
    with pytest.raises(Exception, match="The database refuses a value"):
        loaded(database, file("f", [product]))
    assert faults_of(database, file("f", [{**product, "settings": {}}])) == []
