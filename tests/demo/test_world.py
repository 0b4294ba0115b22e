"""The demo world is whole: everything it refers to is in it, and its figures add up."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import count

import pytest

from entrepot.demo.people import TOKENS, token_values
from entrepot.demo.products import PRODUCTS
from entrepot.demo.world import world

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NOW_TEXT = "2026-11-20T09:30:00.000Z"
CENT = Decimal("0.01")
DIVISORS = {"1m": (1, 12), "1y": (12, 1), "3y": (36, 3)}
"""What a period's price is divided by for a month; and for a year, but that a month's is multiplied."""

TYPES = {
    *("SingleLineText", "MultiLineText", "Email", "Subdomain", "Address", "Contact", "Date"),
    *("Checkbox", "Choice", "DropDown", "DataObject", "Heading"),
}

PREFIXES = {
    "accounts/accounts": ("ACC", 2),
    "accounts/buyers": ("BUY", 2),
    "accounts/licensees": ("LCE", 3),
    "accounts/sellers": ("SEL", 2),
    "accounts/users": ("USR", 2),
    "accounts/user-groups": ("UGR", 2),
    "accounts/modules": ("MOD", 1),
    "accounts/api-tokens": ("TKN", 2),
    "catalog/products": ("PRD", 2),
    "catalog/items": ("ITM", 3),
    "catalog/units-of-measure": ("UNT", 1),
    "catalog/products/item-groups": ("IGR", 3),
    "catalog/products/parameter-groups": ("PGR", 3),
    "catalog/products/parameters": ("PAR", 3),
    "catalog/products/templates": ("TPL", 3),
    "catalog/products/terms": ("TCS", 3),
    "catalog/products/terms/variants": ("TCV", 4),
    "catalog/price-lists": ("PRC", 3),
    "catalog/price-lists/items": ("PRI", 4),
    "catalog/authorizations": ("AUT", 2),
    "catalog/listings": ("LST", 2),
    "catalog/pricing-policies": ("PRP", 3),
    "program/programs": ("PRG", 2),
    "program/certificates": ("CER", 3),
    "commerce/agreements": ("AGR", 3),
    "commerce/orders": ("ORD", 3),
    "commerce/subscriptions": ("SUB", 3),
    "commerce/assets": ("AST", 3),
}


def make(now: datetime = NOW) -> list[dict]:
    numbers = count(1)
    return list(world(now, lambda: f"secret-{next(numbers)}"))


@cache
def lines() -> tuple[dict, ...]:
    return tuple(make())


def of(kind: str) -> list[dict]:
    return [line for line in lines() if bare(line["$kind"]) == kind]


def bare(kind: str) -> str:
    """A kind without the ids of parents."""
    return "/".join(part for part in kind.split("/") if not re.match(r"[A-Z]{3}-\d", part))


def by_id(kind: str) -> dict[str, dict]:
    return {line["id"]: line for line in of(kind)}


def referred(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every `{"id": …}` below a line."""
    if isinstance(value, dict):
        if path and "id" in value and re.match(r"[A-Z]{3}-\d{4}", str(value["id"])):
            yield path, value["id"]
        for name, each in value.items():
            yield from referred(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from referred(each, path)


# --- whole ---------------------------------------------------------------------------------------------


def test_ids_are_unique_and_well_formed():
    counted = Counter(line["id"] for line in lines())
    assert [id for id, times in counted.items() if times > 1] == []
    for line in lines():
        prefix, groups = PREFIXES[bare(line["$kind"])]
        assert re.fullmatch(rf"{prefix}(-\d{{4}}){{{groups}}}", line["id"]), line["id"]
        assert "-0000" not in line["id"][:8], "ids of unknown things"


def test_children_lie_below_their_parents():
    known = {line["id"] for line in lines()}
    for line in lines():
        for parent in re.findall(r"[A-Z]{3}-[\d-]+\d", line["$kind"]):
            assert parent in known, line["$kind"]
            assert line["id"].partition("-")[2].startswith(parent.partition("-")[2])


def test_every_reference_resolves():
    known = {line["id"] for line in lines()}
    for order in of("commerce/orders"):
        known |= {each["id"] for part in ("lines", "subscriptions", "assets") for each in order[part]}
    dangling = [(line["id"], path, id) for line in lines() for path, id in referred(line) if id not in known]
    assert dangling == []


def test_the_same_time_gives_the_same_world_but_for_the_secrets():
    def without_secrets(each: list[dict]) -> list[dict]:
        return [{name: value for name, value in line.items() if name != "token"} for line in each]

    assert without_secrets(make()) == without_secrets(list(lines()))
    assert make(NOW + timedelta(days=400)) != list(lines())


def test_every_role_has_a_token():
    values = token_values(lines())
    assert set(values) == {token.role for token in TOKENS}
    assert len(set(values.values())) == len(values)
    assert all(re.fullmatch(r"idt:TKN-\d{4}-\d{4}:secret-\d+", value) for value in values.values())


def test_one_group_is_kept_to_one_buyer():
    restricted = [group for group in of("accounts/user-groups") if group.get("buyers")]
    assert [len(group["buyers"]) for group in restricted] == [1]
    assert any(restricted[0]["id"] == each["id"] for user in of("accounts/users") for each in user["groups"])


def test_audit_events_tell_when_and_by_whom():
    for line in lines():
        for event, told in line.get("audit", {}).items():
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["at"])
            assert told["at"] <= NOW_TEXT, (line["id"], event)
            assert "by" in told or event in ("renewed", "expired", "terminated", "updated"), (
                line["id"],
                event,
            )
        if bare(line["$kind"]) != "accounts/modules":
            assert line["audit"]["created"]["at"] == min(told["at"] for told in line["audit"].values())


# --- the catalogue -------------------------------------------------------------------------------------


def test_each_product_has_one_default_template_per_type_and_a_named_one():
    for product in PRODUCTS:
        templates = [each for each in of("catalog/products/templates") if each["product"]["id"] == product.id]
        defaults = Counter(each["type"] for each in templates if each["default"])
        types = ("OrderProcessing", "OrderQuerying", "OrderCompleted", "Subscription", "Asset")
        assert defaults == dict.fromkeys(types, 1)
        assert any(not each["default"] for each in templates)


def test_templates_name_parameters_of_their_product():
    parameters = by_id("catalog/products/parameters")
    placed = 0
    for template in of("catalog/products/templates"):
        for place in re.findall(r"{{(.*?)}}", template["content"]):
            assert parameters[place.strip()]["product"] == template["product"]
            placed += 1
    assert placed > 20


@pytest.mark.parametrize("kind", ["item-groups", "parameter-groups"])
def test_each_product_has_one_default_group(kind):
    groups = of(f"catalog/products/{kind}")
    assert Counter(each["product"]["id"] for each in groups if each["default"]) == {p.id: 1 for p in PRODUCTS}


def test_parameters_are_of_every_type_and_of_each_scope():
    parameters = of("catalog/products/parameters")
    assert {each["type"] for each in parameters} == TYPES
    assert {each["scope"] for each in parameters} == {"Agreement", "Asset", "Item", "Order", "Subscription"}
    assert {each["phase"] for each in parameters} == {"Configuration", "Order", "Fulfillment"}
    for flag in ("hidden", "readonly", "required"):
        assert {each["constraints"][flag] for each in parameters} == {True, False}
    for product in PRODUCTS:
        names = [each["externalId"] for each in parameters if each["product"]["id"] == product.id]
        assert len(names) == len(set(names))


def test_asked_parameters_are_shown_in_a_step_of_the_wizard():
    for each in of("catalog/products/parameters"):
        wizard = each["phase"] == "Order" and each["scope"] not in ("Item", "Request")
        assert ("group" in each) == wizard, each["id"]


def test_each_product_sells_monthly_yearly_three_year_and_one_time_items():
    for product in PRODUCTS:
        periods = {each["terms"]["period"] for each in of("catalog/items") if each["product"]["id"] == product.id}
        assert periods == {"1m", "1y", "3y", "one-time"}


def test_each_product_is_fulfilled_in_its_own_way():
    modes = Counter(each["settings"]["fulfilment"]["mode"] for each in of("catalog/products"))
    assert modes == {"automatic": 1, "manual": 1, "extension": 2}


def test_listings_join_what_belongs_together():
    authorizations, lists = by_id("catalog/authorizations"), by_id("catalog/price-lists")
    primary = Counter()
    for listing in of("catalog/listings"):
        authorization = authorizations[listing["authorization"]["id"]]
        price_list = lists[listing["priceList"]["id"]]
        assert listing["product"] == authorization["product"] == price_list["product"]
        assert listing["seller"] == authorization["owner"]
        assert authorization["currency"] == price_list["currency"]
        primary[listing["product"]["id"], listing["seller"]["id"]] += listing["primary"]
    assert set(primary.values()) == {1}
    assert {each["currency"] for each in lists.values()} == {"EUR", "USD"}


def test_every_item_has_a_price_in_every_list_of_its_product():
    items, lists = by_id("catalog/items"), by_id("catalog/price-lists")
    priced = Counter((each["priceList"]["id"], each["item"]["id"]) for each in of("catalog/price-lists/items"))
    wanted = {(p, i) for p in lists for i in items if lists[p]["product"] == items[i]["product"]}
    assert priced == dict.fromkeys(wanted, 1)
    for each in of("catalog/price-lists/items"):
        assert each["status"] == "ForSale"
        assert each["unitPP"] < unit_sale(each) <= each["unitLP"], each["id"]


# --- prices --------------------------------------------------------------------------------------------


def unit_sale(price: dict) -> Decimal:
    return (price["unitPP"] * (100 + price["markup"]) / 100).quantize(CENT, ROUND_HALF_UP)


def priced_lines() -> Iterator[tuple[dict, dict, int]]:
    """Every line with its owner, and the number that it is priced for."""
    for order in of("commerce/orders"):
        for line in order["lines"]:
            yield order, line, line["quantity"] - line["oldQuantity"]
    for kind in ("agreements", "subscriptions", "assets"):
        for owner in of(f"commerce/{kind}"):
            for line in owner["lines"]:
                yield owner, line, line["quantity"]


def test_lines_cost_what_their_quantity_and_period_say():
    items = by_id("catalog/items")
    for owner, line, number in priced_lines():
        price, period = line["price"], items[line["item"]["id"]]["terms"]["period"]
        assert price["unitSP"] == unit_sale(price)
        for side in ("PP", "SP"):
            amount = price[f"unit{side}"] * number
            if period == "one-time":
                wanted = {f"{side}x1": amount}
            else:
                month, year = DIVISORS[period]
                yearly = amount * 12 if period == "1m" else amount / year
                wanted = {f"{side}xM": amount / month, f"{side}xY": yearly}
            got = {name: price[name] for name in price if name.startswith(side)}
            rounded = {name: value.quantize(CENT, ROUND_HALF_UP) for name, value in wanted.items()}
            assert got == rounded, (owner["id"], line["id"])


def test_totals_are_the_sums_of_their_lines():
    for kind in ("orders", "agreements", "subscriptions", "assets"):
        for owner in of(f"commerce/{kind}"):
            once = () if kind in ("agreements", "subscriptions") else ("PPx1", "SPx1")
            for name in ("PPxM", "PPxY", "SPxM", "SPxY", *once):
                counted = [line for line in owner["lines"] if line.get("status", "Active") == "Active"]
                parts = [line["price"][name] for line in counted if name in line["price"]]
                assert owner["price"].get(name) == (sum(parts) if parts else None), (owner["id"], name)


def test_prices_come_from_the_price_list_or_the_clients_policy():
    listings, items = by_id("catalog/listings"), of("catalog/price-lists/items")
    listed = {(each["priceList"]["id"], each["item"]["id"]): each for each in items}
    (policy,) = of("catalog/pricing-policies")
    sources = Counter()
    for order in of("commerce/orders"):
        price_list = listings[order["listing"]["id"]]["priceList"]["id"]
        special = order["client"] == policy["client"] and order["product"] in policy["products"]
        assert (order.get("pricingPolicy") == {"id": policy["id"]}) == special
        for line in order["lines"]:
            entry = listed[price_list, line["item"]["id"]]
            assert line["price"]["unitPP"] == entry["unitPP"]
            assert line["price"]["markup"] == (policy["markup"] if special else entry["markup"])
            sources[line["price"]["markupSource"]["type"]] += 1
    assert min(sources["PriceList"], sources["PricingPolicy"]) > 10


# --- orders and what came of them ----------------------------------------------------------------------


def test_there_are_a_few_hundred_orders_in_every_state_and_of_every_type():
    states = Counter(order["status"] for order in of("commerce/orders"))
    assert 250 < states.total() < 350
    assert states["Completed"] > 0.7 * states.total()
    assert min(states[s] for s in ("Failed", "Querying", "Processing", "Draft", "Quoted", "Deleted")) >= 5
    types = Counter(order["type"] for order in of("commerce/orders"))
    assert set(types) == {"Purchase", "Change", "Configuration", "Termination"}
    first = min(order["audit"]["created"]["at"] for order in of("commerce/orders"))
    assert "2024-11-20" <= first[:10] <= "2025-02-20"


def orders_by_agreement() -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {each["id"]: [] for each in of("commerce/agreements")}
    for order in sorted(of("commerce/orders"), key=lambda each: each["audit"]["created"]["at"]):
        found[order["agreement"]["id"]].append(order)
    return found


def test_an_agreement_begins_with_a_purchase_and_has_one_order_in_flight_at_most():
    for orders in orders_by_agreement().values():
        assert [each["type"] == "Purchase" for each in orders] == [True] + [False] * (len(orders) - 1)
        assert sum(each["status"] in ("Processing", "Querying") for each in orders) <= 1


def test_an_agreement_stands_where_its_orders_left_it():
    states = by_id("commerce/agreements")
    subscriptions = of("commerce/subscriptions")
    for id, orders in orders_by_agreement().items():
        purchase, status = orders[0]["status"], states[id]["status"]
        flying = any(each["status"] in ("Processing", "Querying") for each in orders)
        held = [each["status"] for each in subscriptions if each["agreement"]["id"] == id]
        alive = any(each not in ("Terminated", "Expired") for each in held)
        if purchase != "Completed":
            wanted = {"Draft": "Draft", "Quoted": "Draft", "Deleted": "Deleted", "Failed": "Failed"}
            assert status == wanted.get(purchase, "Provisioning")
            assert (held, states[id]["lines"]) == ([], [])
        else:
            assert status == ("Updating" if flying else "Active" if alive else "Terminated"), id


def test_lines_of_completed_orders_are_entitlements():
    agreements = by_id("commerce/agreements")
    for order in of("commerce/orders"):
        entitled = {each["id"]: each for each in agreements[order["agreement"]["id"]]["lines"]}
        for line in order["lines"]:
            assert line["id"].startswith(f"ALI-{order['agreement']['id'][4:]}-")
            if order["status"] == "Completed":
                assert entitled[line["id"]]["item"] == line["item"]
            elif line["oldQuantity"] == 0:
                assert line["id"] not in entitled


def test_quantities_follow_from_one_order_to_the_next():
    agreements = by_id("commerce/agreements")
    for id, orders in orders_by_agreement().items():
        quantities: dict[str, int] = {}
        for order in orders:
            for line in order["lines"]:
                assert line["oldQuantity"] == quantities.get(line["id"], 0), order["id"]
                assert line["quantity"] >= 0
                if order["type"] == "Configuration":
                    assert line["quantity"] == line["oldQuantity"]
                if order["type"] == "Termination":
                    assert line["quantity"] == 0
            if order["status"] == "Completed":
                quantities |= {line["id"]: line["quantity"] for line in order["lines"]}
        for line in agreements[id]["lines"]:
            expected = quantities[line["id"]] if line["status"] != "Expired" else 0
            assert line["quantity"] == expected
            assert (line["status"] == "Active") == (line["quantity"] > 0)


def test_an_item_is_on_one_line_of_an_agreement():
    for agreement in of("commerce/agreements"):
        items = [line["item"]["id"] for line in agreement["lines"]]
        assert len(items) == len(set(items))


def test_every_entitlement_lies_in_the_subscription_or_asset_that_it_names():
    holders = by_id("commerce/subscriptions") | by_id("commerce/assets")
    items, held = by_id("catalog/items"), Counter()
    for agreement in of("commerce/agreements"):
        for line in agreement["lines"]:
            recurring = items[line["item"]["id"]]["terms"]["period"] != "one-time"
            assert ("subscription" in line, "asset" in line) == (recurring, not recurring)
            holder = holders[line["subscription" if recurring else "asset"]["id"]]
            assert line in holder["lines"], "the same line in both"
            assert holder["agreement"]["id"] == agreement["id"]
            assert holder["terms"] == items[line["item"]["id"]]["terms"]
            held[holder["id"]] += 1
    assert held == {id: len(holder["lines"]) for id, holder in holders.items()}


def test_completed_purchases_and_changes_show_what_they_made():
    live = by_id("commerce/subscriptions") | by_id("commerce/assets")
    drafts = 0
    for order in of("commerce/orders"):
        copies = order["subscriptions"] + order["assets"]
        mapped = {line["id"] for copy in copies for line in copy["lines"]}
        assert mapped <= {line["id"] for line in order["lines"]}
        if order["status"] == "Completed":
            assert mapped == {line["id"] for line in order["lines"]}, order["id"]
        for copy in copies:
            if copy["id"] in live:
                assert copy["status"] == live[copy["id"]]["status"]
            else:
                assert (copy["status"], order["status"], order["type"]) == ("Draft", "Processing", "Purchase")
                drafts += 1
    assert drafts


def test_subscriptions_are_as_alive_as_their_lines_and_not_overdue():
    for each in of("commerce/subscriptions"):
        alive = each["status"] in ("Active", "Updating", "Terminating")
        assert any(line["status"] == "Active" for line in each["lines"]) == alive
        assert each["status"] != "Active" or each["commitmentDate"] >= NOW_TEXT
        assert ("terminationDate" in each) == (each["status"] == "Terminated")


def test_templates_of_orders_suit_their_state():
    templates = by_id("catalog/products/templates")
    wanted = {
        "Quoted": "OrderProcessing",
        "Processing": "OrderProcessing",
        "Failed": "OrderProcessing",
        "Querying": "OrderQuerying",
        "Completed": "OrderCompleted",
    }
    for order in of("commerce/orders"):
        template = templates[order["template"]["id"]] if "template" in order else None
        assert (template and template["type"]) == wanted.get(order["status"])
        assert template is None or template["product"] == order["product"]


def test_what_the_platform_fulfils_by_itself_does_not_wait():
    (automatic,) = (each for each in of("catalog/products") if each["settings"]["fulfilment"]["mode"] == "automatic")
    waiting = [each for each in of("commerce/orders") if each["status"] in ("Processing", "Querying")]
    assert waiting and all(each["product"]["id"] != automatic["id"] for each in waiting)


def test_failed_orders_say_why_and_questions_are_asked():
    for order in of("commerce/orders"):
        doubts = [each for each in order["parameters"]["ordering"] if "error" in each]
        assert bool(order.get("statusNotes", {}).get("message")) == (order["status"] == "Failed")
        assert bool(doubts or "error" in order) == (order["status"] == "Querying")


def test_orders_of_a_program_name_an_active_certificate():
    (program,), (certificate,) = of("program/programs"), of("program/certificates")
    assert certificate["status"] == "Active"
    for order in of("commerce/orders"):
        if order["product"] in program["products"]:
            assert order["buyer"] == certificate["buyer"]
            assert order["certificates"] or order["type"] not in ("Purchase", "Change")
        else:
            assert not order["certificates"]


def test_parties_of_an_order_belong_together():
    licensees, listings = by_id("accounts/licensees"), by_id("catalog/listings")
    for order in of("commerce/orders"):
        licensee, listing = licensees[order["licensee"]["id"]], listings[order["listing"]["id"]]
        assert (order["client"], order["buyer"], order["seller"]) == (
            licensee["account"],
            licensee["buyer"],
            licensee["seller"],
        )
        assert (order["product"], order["vendor"], order["seller"], order["authorization"]) == (
            listing["product"],
            listing["vendor"],
            listing["seller"],
            listing["authorization"],
        )
        fits = listing["eligibility"]
        wants = licensee["eligibility"]
        assert any(fits[name] and wants[name] for name in ("client", "partner"))


# --- parameters ----------------------------------------------------------------------------------------


def bags() -> Iterator[tuple[dict, str, list[dict]]]:
    for kind in ("orders", "agreements", "subscriptions", "assets"):
        for owner in of(f"commerce/{kind}"):
            for phase, bag in owner["parameters"].items():
                yield owner, phase, bag


def test_bags_hold_what_is_asked_where():
    parameters = of("catalog/products/parameters")
    for order in of("commerce/orders"):
        purchase = order["type"] == "Purchase"
        for phase, list_ in (("Order", "ordering"), ("Fulfillment", "fulfillment")):
            wanted = {
                each["id"]
                for each in parameters
                if each["product"] == order["product"] and each["phase"] == phase
                if (each["scope"] == "Agreement" and (purchase or phase == "Fulfillment"))
                or (each["scope"] == "Order" and each["context"] in ("None", order["type"]))
            }
            assert {each["id"] for each in order["parameters"][list_]} == wanted, order["id"]


def test_what_is_required_is_given_once_it_is_due():
    definitions = by_id("catalog/products/parameters")
    for owner, phase, bag in bags():
        if phase == "fulfillment" and owner["status"] not in (
            "Completed",
            "Active",
            "Updating",
            "Terminated",
        ):
            continue
        for each in bag:
            definition = definitions[each["id"]]
            assert each["externalId"] == definition["externalId"]
            assert "value" in each or not definition["constraints"]["required"], (owner["id"], each)
            assert ("value" in each) == ("displayValue" in each)


def test_values_are_such_as_their_parameters_allow():
    """The rooms' own rules are asked, as they will be when the order is next written."""
    rules = pytest.importorskip("entrepot.catalog.parameter_value")
    definitions = {each["id"]: Definition(each) for each in of("catalog/products/parameters")}
    for owner, _, bag in bags():
        for each in bag:
            assert rules.faults(definitions[each["id"]], each.get("value")) == [], (owner["id"], each)
            assert rules.display(definitions[each["id"]], each.get("value")) == each.get("displayValue")


class Definition:
    """A parameter as the rooms see it."""

    def __init__(self, line: dict):
        self.type, self.options, self.constraints = line["type"], line["options"], line["constraints"]
        self.multiple = line["multiple"]
