"""Split billing: who may, among which buyers, by which shares, and what follows from that (spec 3.6)."""

import pytest
import sqlalchemy as sa

from entrepot.commerce.split import AGREEMENT_SPLIT, SUBSCRIPTION_SPLIT
from entrepot.kernel.access import Caller
from entrepot.storage.statements import Statement
from tests.commerce.test_held import entered, running
from tests.orders import ORDERS, about, agreement, finish, line_of, live, ordered, two_subscriptions
from tests.party import at_once, ok
from tests.purchases import completed
from tests.world import (
    BUYER,
    MONTHLY,
    OTHER_BUYER,
    OTHER_PRODUCT,
    PRIVATE_ITEM,
    SECOND_BUYER,
    SECOND_LICENSEE,
    YEARLY,
    purchase,
    refer,
)

AGREEMENTS, SUBSCRIPTIONS = "/commerce/agreements", "/commerce/subscriptions"
STRANGE = "BUY-9999-9999"
PRICES = ("currency", "SPxY", "SPxM")


def of(held):
    """Where the split of an agreement is."""
    return f"{AGREEMENTS}/{held['id']}/split"


def of_subscription(subscription):
    return f"{SUBSCRIPTIONS}/{subscription['id']}/split"


def among(*buyers):
    """The body that names these buyers."""
    return {"allocations": [{"buyer": refer(each)} for each in buyers]}


def shares(**percentages):
    """The body that gives so much to the first and the second buyer."""
    names = {"first": BUYER, "second": SECOND_BUYER}
    return {"allocations": [{"buyer": refer(names[n]), "percentage": p} for n, p in percentages.items()]}


def split(served, held, *buyers):
    return ok(served.call("client", "POST", of(held), among(*(buyers or (BUYER, SECOND_BUYER)))))


def borne(document):
    """Percentages by buyer."""
    return {each["buyer"]["id"]: each["percentage"] for each in document["allocations"]}


def subscription_of(held, item):
    return line_of(held, item)["subscription"]


# Activation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["client", "operations"])
def test_client_and_operations_split_an_agreement(api, served, who):
    held = two_subscriptions(served)
    reply = api(who).post(of(held), among(BUYER, SECOND_BUYER))
    assert reply.headers["location"].endswith(of(held))
    made = ok(reply)
    assert reply.status == 201 and made["id"].startswith("SBA-") and made["revision"] == 1
    assert made["href"] == f"/commerce/agreements/{held['id']}/split"
    assert borne(made) == {BUYER: 100, SECOND_BUYER: 0}
    first, second = made["allocations"]
    assert {n: first["price"][n] for n in PRICES} == {n: held["price"][n] for n in PRICES}
    assert (first["statistics"], second["statistics"]) == ({"subscriptions": 2}, {"subscriptions": 0})
    assert second["price"] == {"currency": "EUR"} and {"created", "updated"} >= set(first["audit"]) > set()
    seen = agreement(served, held["id"])
    assert seen["split"] == {"id": made["id"], "revision": 1}
    assert ok(api("client").get(of(held)))["allocations"] == ok(api("client").get(of(held)))["allocations"]
    for each in seen["subscriptions"]:
        assert each["splitStatus"] == "Active"
        mine = ok(api(who).get(of_subscription(each)))
        assert mine["id"].startswith("SBS-") and mine["subscription"]["id"] == each["id"]
        assert borne(mine) == {BUYER: 100}
        assert ok(api("client").get(f"{SUBSCRIPTIONS}/{each['id']}"))["split"] == {"id": mine["id"], "revision": 1}


def test_it_is_activated_once(api, served):
    held = live(served)
    split(served, held)
    assert api("client").post(of(held), among(BUYER)).status == 409
    assert api("operations").post(of(held), {}).status == 409


def test_of_two_who_activate_at_once_one_does(api, served):
    held = live(served)
    replies = at_once(*[lambda who=who: api(who).post(of(held), among(BUYER)) for who in ("client", "operations")])
    assert sorted(reply.status for reply in replies) == [201, 409]
    assert borne(ok(api("client").get(of(held)))) == {BUYER: 100}


def test_the_product_must_allow_it(api, served):
    order = completed(served, "client", "other vendor", product=OTHER_PRODUCT)
    assert api("client").post(of(order["agreement"]), among(BUYER)).status == 409


def test_only_what_is_live_is_split(api, served):
    draft = ok(api("client").post(ORDERS, purchase()))
    ended = entered(served, status="Terminated")
    for held in (draft["agreement"], ended):
        assert api("client").post(of(held), among(BUYER)).status == 409
        assert api("client").get(of(held)).status == 404


def test_a_vendor_learns_nothing_of_it(api, served):
    plain, held = live(served), live(served)
    split(served, held)
    for each in (plain, held):
        for method, path in (("GET", of(each)), ("POST", of(each)), ("PUT", of(each)), ("GET", f"{of(each)}/actions"),
                             ("GET", of_subscription(each["subscriptions"][0])),
                             ("PUT", of_subscription(each["subscriptions"][0]))):  # fmt: skip
            reply = served.call("vendor", method, path, None if method == "GET" else {})
            assert (method, path, reply.status) == (method, path, 403)
            assert served.call("other vendor", method, path, None if method == "GET" else {}).status == 404
    seen = agreement(served, held["id"], "vendor")
    assert "split" not in seen and "splitStatus" not in seen["subscriptions"][0]
    assert "split" not in ok(api("vendor").get(f"{SUBSCRIPTIONS}/{held['subscriptions'][0]['id']}?select=split"))
    for asked in ("eq(split.id,SBA-1111-1111)", "order=split.id"):
        assert api("vendor").get(f"{AGREEMENTS}?{asked}").status == 400
    assert api("vendor").get(f"{SUBSCRIPTIONS}?splitStatus=Active").status == 400
    told = ok(api("vendor").get("/audit/records?limit=1000&select=documents,details,object"))
    assert "plit" not in str(told)


@pytest.mark.parametrize("who", ["other client", "other vendor"])
def test_strangers_find_nothing(api, served, who):
    held = live(served)
    split(served, held)
    for method in ("GET", "POST", "PUT"):
        assert served.call(who, method, of(held), None if method == "GET" else among(BUYER)).status == 404


def test_it_is_one_thing_without_an_id(api, served):
    held = live(served)
    made = split(served, held)
    assert api("client").get(f"{of(held)}/{made['id']}").status == 404
    assert api("client").delete(of(held)).status == 405
    assert api("client").post(of_subscription(held["subscriptions"][0]), {}).status == 405
    assert api("client").put(of(held), {}, **{"If-Match": '"9"'}).status == 412
    assert api("client").get(of(held)).headers["etag"] == '"1"'
    listed = ok(api("client").get(f"{AGREEMENTS}?eq(split.id,{made['id']})"))["data"]
    assert [each["id"] for each in listed] == [held["id"]] and "split" not in listed[0]
    told = ok(api("client").get(f"{of(held)}/actions"))
    assert [each["name"] for each in told["actions"]] == ["update"]


NAMED = [
    # what is said                                             the faults are at
    ({},                                                       {"allocations"}),
    ({"allocations": None},                                    {"allocations"}),
    ({"allocations": "all"},                                   {"allocations"}),
    (among(),                                                  {"allocations"}),
    (among(SECOND_BUYER),                                      {"allocations"}),
    (among(BUYER, BUYER),                                      {"allocations[1].buyer.id"}),
    (among(BUYER, STRANGE),                                    {"allocations[1].buyer.id"}),
    (among(BUYER, OTHER_BUYER),                                {"allocations[1].buyer.id"}),
    ({"allocations": [{"buyer": refer(BUYER)}, {}]},           {"allocations[1].buyer"}),
    ({"allocations": [{"buyer": refer(BUYER)}, {"buyer": "x"}]}, {"allocations[1].buyer"}),
    ({"allocations": [{"buyer": refer(BUYER)}, {"buyer": {}}]}, {"allocations[1].buyer.id"}),
    ({"allocations": [{"buyer": refer(BUYER)}, 7]},            {"allocations[1]"}),
    (among(BUYER, *(f"BUY-8000-{n:04d}" for n in range(100))), {"allocations"}),
    ({"allocations": [{"buyer": refer(BUYER), "externalIds": {"client": "x" * 501}}]},
                                                               {"allocations[0].externalIds.client"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "faults"), NAMED)
def test_buyers_are_the_clients_own_each_once_with_that_of_the_agreement(api, served, body, faults):
    held = live(served)
    reply = api("client").post(of(held), body)
    assert (reply.status, set(reply.json["errors"])) == (400, faults)
    assert api("client").get(of(held)).status == 404 and "split" not in agreement(served, held["id"])


@pytest.mark.parametrize("who", ["client", "operations"])
def test_buyers_of_strangers_are_not_found(api, served, who):
    for buyer in (OTHER_BUYER, STRANGE):
        reply = api(who).post(of(live(served)), among(BUYER, buyer))
        assert reply.json["errors"] == {"allocations[1].buyer.id": [f"Buyer {buyer!r} was not found."]}


def test_whoever_is_held_to_one_buyer_takes_in_no_other(api, served):
    held = live(served)
    reply = api("restricted").post(of(held), among(BUYER, SECOND_BUYER))
    assert (reply.status, list(reply.json["errors"])) == (400, ["allocations[1].buyer.id"])
    split(served, held)
    assert (
        ok(api("restricted").put(of(held), among(BUYER, SECOND_BUYER)))["allocations"][1]["buyer"]["id"] == SECOND_BUYER
    )
    elsewhere = completed(served, licensee=SECOND_LICENSEE)["agreement"]
    assert api("restricted").get(of(elsewhere)).status == 404


# Shares of a subscription -----------------------------------------------------------------------------


SHARES = [
    # what is said                                             the faults are at
    (shares(first=50, second=49.99),                           {"allocations"}),
    (shares(first=50.01, second=50),                           {"allocations"}),
    (shares(first=100, second=100),                            {"allocations"}),
    (shares(second=100),                                       {"allocations"}),
    (among(),                                                  {"allocations"}),
    (shares(first=101, second=-1),                             {"allocations[0].percentage", "allocations[1].percentage"}),
    (shares(first="much", second=0),                           {"allocations[0].percentage"}),
    (shares(first=None, second=100),                           {"allocations[0].percentage"}),
    (among(BUYER),                                             {"allocations[0].percentage"}),
    ({"allocations": [{"buyer": refer(BUYER), "percentage": 50}] * 2}, {"allocations[1].buyer.id"}),
    ({"allocations": [{"buyer": refer(BUYER), "percentage": 50}, {"buyer": refer(OTHER_BUYER), "percentage": 50}]},
                                                               {"allocations[1].buyer.id"}),
]  # fmt: skip


@pytest.mark.parametrize("who", ["client", "operations"])
@pytest.mark.parametrize(("body", "faults"), SHARES)
def test_shares_are_all_of_it_by_buyers_of_the_agreement(api, served, who, body, faults):
    held = live(served)
    split(served, held)
    path = of_subscription(held["subscriptions"][0])
    reply = api(who).put(path, body)
    assert (reply.status, set(reply.json["errors"])) == (400, faults)
    assert borne(ok(api(who).get(path))) == {BUYER: 100}


def test_what_is_not_split_has_no_shares(api, served):
    path = of_subscription(live(served)["subscriptions"][0])
    assert api("client").get(path).status == 404
    assert api("client").put(path, shares(first=100)).status == 404


def test_shares_come_to_money_and_money_to_shares_of_the_agreement(api, served):
    held = two_subscriptions(served)  # 1320 a year in ten yearly seats, 527.52 in four monthly ones
    split(served, held)
    path = of_subscription(subscription_of(held, YEARLY))
    mine = ok(api("client").put(path, shares(first=33.333, second=66.667)))
    assert borne(mine) == {BUYER: 33.333, SECOND_BUYER: 66.667}
    assert [each["price"]["SPxY"] for each in mine["allocations"]] == [440.0, 880.0]
    ok(api("operations").put(path, shares(first=25, second=75)))
    whole = ok(api("client").get(of(held)))
    assert [each["price"] for each in whole["allocations"]] == [
        {"currency": "EUR", "SPxY": 857.52, "SPxM": 71.46}, {"currency": "EUR", "SPxY": 990.0, "SPxM": 82.5}]  # fmt: skip
    assert borne(whole) == {BUYER: 46.41, SECOND_BUYER: 53.59}
    assert [each["statistics"]["subscriptions"] for each in whole["allocations"]] == [2, 1]
    for who in ("client", "operations"):
        for at in (of(held), path):
            price = ok(api(who).get(at))["allocations"][0]["price"]
            assert ("PPxY" in price, "PPxM" in price) == (who == "operations",) * 2
    assert whole["revision"] > 1 and agreement(served, held["id"])["split"]["revision"] == whole["revision"]


def test_no_cent_is_lost(api, served):
    held = live(served, (MONTHLY, 1))  # 10.99 a month
    third = "BUY-2001-0003"
    served.load([{"$kind": "accounts/buyers", "id": third, "name": "Third", "account": refer("ACC-2001-0001"),
                  "status": "Active", "address": {"city": "Bern"}}])  # fmt: skip
    split(served, held, BUYER, SECOND_BUYER, third)
    body = {
        "allocations": [{"buyer": refer(b), "percentage": p} for b, p in ((BUYER, 50), (SECOND_BUYER, 50), (third, 0))]
    }
    mine = ok(api("client").put(of_subscription(held["subscriptions"][0]), body))
    assert [each["price"]["SPxM"] for each in mine["allocations"]] == [5.5, 5.49, 0]
    assert borne(ok(api("client").get(of(held)))) == {BUYER: 50, SECOND_BUYER: 50, third: 0}


def test_the_client_leaves_a_suspended_one_alone(api, served):
    held = live(served)
    split(served, held)
    mine = held["subscriptions"][0]
    finish(served, ordered(served, held, "Suspend", who="operations", subscriptions=[refer(mine["id"])]))
    reply = api("client").put(of_subscription(mine), shares(first=100))
    assert reply.status == 409
    assert borne(ok(api("operations").put(of_subscription(mine), shares(first=40, second=60))))[BUYER] == 40
    told = ok(api("client").get(f"{of_subscription(mine)}/actions"))["actions"]
    assert [(each["state"], each["unblockedBy"]) for each in told] == [("Blocked", ["operations"])]


# Buyers of the agreement ------------------------------------------------------------------------------


def test_a_buyer_is_dropped_once_it_bears_nothing(api, served):
    held = live(served)
    split(served, held)
    path = of_subscription(held["subscriptions"][0])
    ok(api("client").put(path, shares(first=100, second=0)))
    for who in ("client", "operations"):
        reply = api(who).put(of(held), among(BUYER))
        assert (reply.status, list(reply.json["errors"])) == (400, ["allocations"])
    ok(api("client").put(path, shares(first=100)))
    assert borne(ok(api("client").put(of(held), among(BUYER)))) == {BUYER: 100}
    assert api("client").put(path, shares(first=50, second=50)).status == 400
    assert borne(ok(api("operations").put(of(held), among(SECOND_BUYER, BUYER)))) == {BUYER: 100, SECOND_BUYER: 0}


def test_percentages_of_an_agreement_are_computed_and_its_own_buyer_alone_is_named(api, served):
    held = live(served)
    split(served, held)
    body = among(BUYER, SECOND_BUYER)
    for at, each in enumerate(body["allocations"]):
        each |= {"percentage": 50, "externalIds": {"client": f"CC-{at}"}}
    kept = ok(api("client").put(of(held), body))
    assert borne(kept) == {BUYER: 100, SECOND_BUYER: 0}
    assert [each["externalIds"] for each in kept["allocations"]] == [{"client": "CC-0"}, {}]
    body["allocations"][0]["externalIds"] = {"client": "theirs", "operations": "ours"}
    assert "CC-0" not in str(ok(api("operations").put(of(held), body)))
    assert ok(api("client").get(of(held)))["allocations"][0]["externalIds"] == {"client": "CC-0"}
    assert ok(api("client").put(of(held), {}))["revision"] == ok(api("client").get(of(held)))["revision"]


def test_of_dropping_a_buyer_and_giving_it_a_share_one_happens(api, served):
    for _ in range(5):
        held = live(served)
        split(served, held)
        path = of_subscription(held["subscriptions"][0])
        dropped, shared = at_once(
            lambda held=held: api("client").put(of(held), among(BUYER)),
            lambda path=path: api("operations").put(path, shares(first=10, second=90)),
        )
        assert sorted((dropped.status, shared.status)) == [200, 400]
        whole, mine = (borne(ok(api("client").get(at))) for at in (of(held), path))
        assert set(mine) <= set(whole)


# What follows -----------------------------------------------------------------------------------------


def test_later_subscriptions_enrol_by_themselves(api, served):
    held = live(served)
    split(served, held)
    made = running(served, held, lines=[{"item": refer(MONTHLY), "quantity": 2}])
    assert "split" not in made
    order = ordered(served, held, "Change", lines=[{"item": refer(PRIVATE_ITEM), "quantity": 3}])
    line = order["lines"][-1]["id"]
    body = {"name": "Ordered", "lines": [refer(line)]}
    ordered_one = ok(api("vendor").post(f"{ORDERS}/{order['id']}/subscriptions", body))
    finish(served, order)
    for each in (made, ordered_one):
        assert borne(ok(api("client").get(of_subscription(each)))) == {BUYER: 100}
        assert ok(api("client").get(f"{SUBSCRIPTIONS}/{each['id']}"))["splitStatus"] == "Active"
    whole = ok(api("client").get(of(held)))
    assert whole["allocations"][0]["statistics"]["subscriptions"] == 3
    assert whole["allocations"][0]["price"]["SPxY"] == agreement(served, held["id"])["price"]["SPxY"]


def test_a_subscription_that_comes_while_it_is_activated_takes_part(api, served):
    for _ in range(5):
        held = live(served)
        body = {"name": "x", "agreement": refer(held["id"]), "lines": [{"item": refer(MONTHLY), "quantity": 1}]}
        replies = at_once(
            lambda held=held: api("client").post(of(held), among(BUYER)),
            lambda body=body: api("vendor").post(SUBSCRIPTIONS, body),
        )
        assert [reply.status for reply in replies] == [201, 201]
        seen = agreement(served, held["id"])["subscriptions"]
        assert [each["splitStatus"] for each in seen] == ["Active", "Active"]


def test_a_change_asks_for_a_review(api, served):
    held = two_subscriptions(served)
    split(served, held)
    changed, other = subscription_of(held, YEARLY), subscription_of(held, MONTHLY)
    ok(api("client").put(of_subscription(changed), shares(first=50, second=50)))
    finish(served, ordered(served, held, "Configuration", subscriptions=[{"id": changed["id"], "autoRenew": False}]))
    assert ok(api("client").get(f"{SUBSCRIPTIONS}/{changed['id']}"))["splitStatus"] == "Active"
    line = line_of(held, YEARLY)["id"]
    finish(served, ordered(served, held, "Change", lines=[{"id": line, "quantity": 20}]), "fail")
    assert ok(api("client").get(f"{SUBSCRIPTIONS}/{changed['id']}"))["splitStatus"] == "Active"
    finish(served, ordered(served, held, "Change", lines=[{"id": line, "quantity": 20}]))
    states = {each["id"]: each["splitStatus"] for each in agreement(served, held["id"])["subscriptions"]}
    assert states == {changed["id"]: "Review", other["id"]: "Active"}
    mine = ok(api("client").get(of_subscription(changed)))
    assert [each["price"]["SPxY"] for each in mine["allocations"]] == [1320, 1320]
    ok(api("client").put(of_subscription(changed), {}))
    assert ok(api("client").get(f"{SUBSCRIPTIONS}/{changed['id']}"))["splitStatus"] == "Active"


def test_shares_keep_up_with_whatever_changes_a_price(api, served):
    held = two_subscriptions(served)
    split(served, held)
    yearly, monthly = subscription_of(held, YEARLY), subscription_of(held, MONTHLY)
    ok(api("client").put(of_subscription(yearly), shares(first=50, second=50)))
    line = line_of(held, YEARLY)["id"]
    ok(api("vendor").put(f"{SUBSCRIPTIONS}/{yearly['id']}", {"lines": [{"id": line, "quantity": 20}]}))
    assert ok(api("client").get(of(held)))["allocations"][1]["price"]["SPxY"] == 1320
    ok(api("vendor").post(f"{SUBSCRIPTIONS}/{monthly['id']}/terminate"))
    whole = ok(api("client").get(of(held)))
    assert borne(whole) == {BUYER: 50, SECOND_BUYER: 50}
    finish(served, ordered(served, held, "Termination", subscriptions=[refer(yearly["id"])]))
    assert borne(ok(api("client").get(of(held)))) == {BUYER: 100, SECOND_BUYER: 0}
    assert borne(ok(api("client").get(of_subscription(yearly)))) == {BUYER: 50, SECOND_BUYER: 50}


def test_a_change_is_billed_to_a_buyer_of_the_split(api, served):
    held = live(served)
    line = line_of(held, YEARLY)["id"]
    change = about(held, "Change", status="Draft", lines=[{"id": line, "quantity": 12}])
    assert list(api("client").post(ORDERS, change | {"billTo": refer(BUYER)}).json["errors"]) == ["billTo"]
    split(served, held, BUYER)
    refused = api("client").post(ORDERS, change | {"billTo": refer(SECOND_BUYER)})
    assert (refused.status, list(refused.json["errors"])) == (400, ["billTo.id"])
    assert list(api("client").post(ORDERS, change | {"billTo": refer(OTHER_BUYER)}).json["errors"]) == ["billTo.id"]
    ok(api("client").put(of(held), among(BUYER, SECOND_BUYER)))
    order = ok(api("client").post(ORDERS, change | {"billTo": refer(SECOND_BUYER)}))
    assert order["billTo"]["id"] == SECOND_BUYER
    path = f"{ORDERS}/{order['id']}"
    assert "billTo" not in ok(api("client").put(path, {"billTo": None}))
    ok(api("client").put(path, {"billTo": refer(SECOND_BUYER)}))
    ok(api("client").put(of(held), among(BUYER)))
    assert list(api("client").post(f"{path}/process").json["errors"]) == ["billTo.id"]
    ok(api("client").put(path, {"billTo": refer(BUYER)}))
    assert ok(api("client").post(f"{path}/process"))["billTo"]["id"] == BUYER
    configuring = about(held, "Configuration", status="Draft", subscriptions=[{"id": held["subscriptions"][0]["id"]}])
    assert "billTo" in api("client").post(ORDERS, configuring | {"billTo": refer(BUYER)}).json["errors"]
    assert "billTo" in api("client").post(ORDERS, purchase(billTo=refer(BUYER))).json["errors"]


def test_the_client_and_operations_read_what_happened(api, served):
    held = live(served)
    made = split(served, held)
    ok(api("operations").put(of_subscription(held["subscriptions"][0]), shares(first=10, second=90)))
    for who in ("client", "operations"):
        records = ok(api(who).get(f"/audit/records?eq(object.id,{made['id']})&order=timestamp&select=documents"))[
            "data"
        ]
        assert [each["event"] for each in records] == [
            "platform.commerce.agreement_split.created", "platform.commerce.agreement_split.updated"]  # fmt: skip
        assert ("PPxY" in str(records)) == (who == "operations")


def test_a_dry_run_splits_nothing(api, served):
    held = live(served)
    assert api("client").post(of(held), among(BUYER), Prefer="dry-run").status == 201
    assert api("client").get(of(held)).status == 404
    key = {"Idempotency-Key": f"split {held['id']}"}
    first, again = (api("client").post(of(held), among(BUYER), **key) for _ in range(2))
    assert (first.status, again.status, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert first.json == again.json and first.headers["location"] == again.headers["location"]


@pytest.mark.parametrize("noun", [AGREEMENT_SPLIT, SUBSCRIPTION_SPLIT], ids=lambda noun: noun.path)
def test_the_rows_of_a_split_are_its_clients_and_operations_alone(served, noun):
    """At their addresses the owner is looked at first; the rule of the rows holds by itself too."""
    split(served, two_subscriptions(served))
    accounts = {"client": "ACC-2001-0001", "vendor": "ACC-3001-0001", "operations": "ACC-1000-0001"}

    def seen(actor: str, account: str, *buyers: str) -> int:
        caller = Caller(actor, account, "TKN-1", "TKN-1", buyers=buyers or None)
        found = Statement(sa.select(noun.row.c.id).where(noun.sees(noun.row, caller.who)))
        return len(served.fetch(found.text, *found.values(caller.bound())))

    assert seen("operations", accounts["operations"]) >= seen("client", accounts["client"]) > 0
    assert seen("client", accounts["client"], BUYER) > 0
    for stranger in (
        ("client", "ACC-2002-0001"),
        ("vendor", accounts["vendor"]),
        ("client", accounts["client"], "BUY-9"),
    ):
        assert seen(*stranger) == 0, stranger
