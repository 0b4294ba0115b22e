"""How a buyer stands with the books of its sellers: each move of platform spec 1.2 that an ERP leads to."""

import itertools

import pytest

from tests.party import at_once, ok
from tests.world import refer

LINKS, BUYERS = "/accounts/erp-links", "/accounts/buyers"
FIRST, SECOND = "SEL-4001-0001", "SEL-4001-0055"
ADDRESS = {"addressLine1": "9 Elm Rd", "city": "Boise", "state": "ID", "postCode": "83702", "country": "US"}
_numbers = itertools.count(1)


@pytest.fixture(autouse=True, scope="module")
def second_seller(served):
    served.load([{"$kind": "accounts/sellers", "id": SECOND, "name": "Second", "currencies": ["EUR"]}])


def buyer(api, **more):
    body = {"name": "Birch", "account": refer("ACC-2001-0001"), "address": ADDRESS}
    return ok(api("operations").post(BUYERS, body | more))


def linked(api, made, seller=FIRST, **more):
    body = {"buyer": refer(made["id"]), "seller": refer(seller)}
    return f"{LINKS}/{ok(api('operations').post(LINKS, body | more))['id']}"


def seen(api, made):
    return ok(api("operations").get(f"{BUYERS}/{made['id']}"))


def status(api, made):
    return seen(api, made)["status"]


def do(api, path, verb, body=None):
    return ok(api("operations").post(f"{path}/{verb}", body))


def synchronized(api, made):
    return do(api, f"{BUYERS}/{made['id']}", "synchronize")["status"]


def number():
    return f"C-{next(_numbers):05}"


def told(served, made):
    rows = served.fetch("select name from trail where object_id = $1 order by revision, place", made["id"])
    return [row["name"] for row in rows]


# Mismatch ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "fields"),
    [
        ({"companyName": "Birch Holding"}, ["name"]),
        ({"address": {"city": "Nampa"}}, ["address.city"]),
        ({"companyName": "Oak", "address": ADDRESS | {"city": "Nampa", "addressLine2": "Rear"}},
         ["name", "address.city", "address.addressLine2"]),
        ({"companyName": "  birch "}, []),
        ({"companyName": "", "address": {"city": None, "state": " "}}, []),
        ({"name": "Any", "note": "Any", "externalIds": {"erpCustomer": "any"}}, []),
    ],
)  # fmt: skip
def test_what_the_books_say_otherwise_is_a_mismatch(api, served, says, fields):
    made = buyer(api)
    link = linked(api, made)
    ok(api("operations").put(link, says))
    found = seen(api, made)
    assert found["status"] == ("Mismatch" if fields else "Active")
    assert [each["id"] for each in found.get("errors", [])] == fields
    assert ("buyer.mismatched" in told(served, made)) == bool(fields)
    assert "errors" not in ok(api("client").get(f"{BUYERS}/{made['id']}"))


def test_a_link_that_says_otherwise_at_once_assigns_and_mismatches(api, served):
    made = buyer(api)
    linked(api, made, companyName="Oak")
    assert status(api, made) == "Mismatch"
    assert told(served, made)[-2:] == ["buyer.activated", "buyer.mismatched"]


@pytest.mark.parametrize("disabled", [False, True])
def test_told_alike_again_it_goes_on_where_it_was(api, served, disabled):
    made = buyer(api)
    link = linked(api, made)
    if disabled:
        ok(api("client").post(f"{BUYERS}/{made['id']}/disable"))
    for back in (
        lambda: ok(api("operations").put(link, {"companyName": "Birch"})),
        lambda: ok(api("client").put(f"{BUYERS}/{made['id']}", {"name": "Oak"})),
        lambda: do(api, link, "block"),
    ):
        ok(api("operations").put(link, {"companyName": "Oak"}))
        assert status(api, made) == "Mismatch"
        back()
        found = seen(api, made)
        assert "errors" not in found and "buyer.reconciled" in told(served, made)
        if found["status"] != "Unassigned":
            assert found["status"] == ("Disabled" if disabled else "Active")
        ok(api("client").put(f"{BUYERS}/{made['id']}", {"name": "Birch"}))
    assert status(api, made) == ("Disabled" if disabled else "Unassigned")


def test_it_is_a_mismatch_for_as_long_as_any_seller_says_otherwise(api):
    made = buyer(api)
    one, two = linked(api, made, companyName="Oak"), linked(api, made, SECOND, companyName="Elm")
    assert len(seen(api, made)["errors"]) == 2
    ok(api("operations").put(one, {"companyName": "Birch"}))
    assert status(api, made) == "Mismatch" and len(seen(api, made)["errors"]) == 1
    assert synchronized(api, made) == "Mismatch"
    do(api, two, "block")
    assert status(api, made) == "Active"
    do(api, two, "unblock")
    assert status(api, made) == "Mismatch"


def test_a_mismatch_orders_nothing_and_is_led_on_by_nobody(api):
    made = buyer(api)
    linked(api, made, companyName="Oak")
    path = f"{BUYERS}/{made['id']}"
    for verb in ("activate", "deactivate", "disable", "enable"):
        assert api("operations").post(f"{path}/{verb}").status == 409
    assert api("client").post(f"{path}/disable").status == 409
    assert api("client").post(f"{path}/synchronize").status == 403
    licensee = {"name": "B", "buyer": refer(made["id"]), "seller": refer(FIRST)}
    licensee = ok(api("client").post("/accounts/licensees", licensee))["id"]
    body = {"type": "Purchase", "agreement": {"licensee": refer(licensee), "product": refer("PRD-5001-0001")},
            "lines": [{"item": refer("ITM-5001-0001-0001"), "quantity": 1}]}  # fmt: skip
    reply = api("client").post("/commerce/orders", body)
    assert (reply.status, set(reply.json["errors"])) == (400, {"agreement.licensee.id"}), reply.json
    assert api("operations").delete(path).status == 204
    assert api("operations").post(f"{path}/synchronize").status == 409


def test_a_client_that_renames_its_company_makes_no_mismatch_until_it_is_compared(api):
    made = buyer(api)
    linked(api, made, companyName="Birch")
    ok(api("client").put(f"{BUYERS}/{made['id']}", {"name": "Oak"}))
    assert status(api, made) == "Active"
    assert synchronized(api, made) == "Mismatch"


# Assigned and unassigned ------------------------------------------------------------------------------


def test_a_buyer_that_no_seller_serves_any_more_is_unassigned(api, served):
    made = buyer(api)
    one, two = linked(api, made), linked(api, made, SECOND)
    do(api, one, "block")
    assert status(api, made) == "Active"
    do(api, two, "block")
    assert status(api, made) == "Unassigned" and seen(api, made)["audit"]["unassigned"]["at"]
    assert synchronized(api, made) == "Unassigned"
    do(api, one, "unblock")
    assert status(api, made) == "Active"
    assert told(served, made)[-3:] == ["buyer.unassigned", "buyer.synchronized", "buyer.activated"]


def test_a_disabled_buyer_is_unassigned_only_when_it_is_compared(api):
    made = buyer(api)
    link = linked(api, made)
    ok(api("client").post(f"{BUYERS}/{made['id']}/disable"))
    do(api, link, "block")
    assert status(api, made) == "Disabled"
    assert synchronized(api, made) == "Unassigned"


def test_a_buyer_that_support_took_back_is_assigned_again_when_it_is_compared(api):
    made = buyer(api)
    link = linked(api, made)
    do(api, f"{BUYERS}/{made['id']}", "deactivate")
    ok(api("operations").put(link, {"note": "x"}))
    do(api, link, "block")
    do(api, link, "unblock")
    assert status(api, made) == "Enabled"
    assert synchronized(api, made) == "Active"


def test_a_buyer_without_any_link_stays_as_it_was_led(api):
    made = buyer(api)
    assert synchronized(api, made) == "Enabled"
    do(api, f"{BUYERS}/{made['id']}", "activate")
    assert synchronized(api, made) == "Active"


@pytest.mark.parametrize("said", ["Unassigned", "unassigned"])
def test_a_buyer_that_was_found_in_the_erp_waits_for_a_seller(api, said):
    made = buyer(api, status=said)
    assert made["status"] == "Unassigned"
    linked(api, made)
    assert status(api, made) == "Active"


@pytest.mark.parametrize("said", ["Active", "Mismatch", "Deleted", "any", 5, None])
def test_no_other_state_is_begun_with(api, said):
    assert buyer(api, status=said)["status"] == "Enabled"


# Conflict ---------------------------------------------------------------------------------------------


def test_two_buyers_with_one_number_are_in_conflict_until_one_has_another(api, served):
    same = {"externalIds": {"erpCustomer": number()}}
    there = buyer(api, **same)
    found = buyer(api, status="Unassigned", **same)
    assert found["status"] == "Conflict" and there["id"] in found["errors"][0]["message"]
    assert status(api, there) == "Enabled"
    assert synchronized(api, found) == "Conflict"
    linked(api, found)
    assert status(api, found) == "Conflict"
    assert api("operations").post(f"{BUYERS}/{found['id']}/activate").status == 409
    ok(api("operations").put(f"{BUYERS}/{there['id']}", {"externalIds": {"erpCustomer": number()}}))
    assert synchronized(api, found) == "Active"
    assert "errors" not in seen(api, found) and "buyer.settled" in told(served, found)


def test_who_is_unassigned_comes_into_conflict_when_it_is_compared(api):
    found = buyer(api, status="Unassigned", externalIds={"erpCustomer": number()})
    assert found["status"] == "Unassigned"
    other = buyer(api, externalIds=found["externalIds"])
    assert other["status"] == "Enabled"
    assert synchronized(api, found) == "Conflict"
    assert api("operations").delete(f"{BUYERS}/{other['id']}").status == 204
    assert synchronized(api, found) == "Unassigned"


# Races ------------------------------------------------------------------------------------------------


def test_however_the_two_meet_the_last_link_that_goes_unassigns(api):
    for _ in range(6):
        made = buyer(api)
        one, two = linked(api, made), linked(api, made, SECOND)
        at_once(*(lambda each=each: api("operations").post(f"{each}/block") for each in (one, two)))
        for each in (one, two):
            api("operations").post(f"{each}/block")
        assert status(api, made) == "Unassigned"


def test_a_link_that_is_made_is_told_of_its_buyer(api, served):
    """So whoever blocks another link meanwhile sees that there is one more."""
    made = buyer(api)
    linked(api, made)
    before = seen(api, made)["revision"]
    linked(api, made, SECOND)
    assert seen(api, made)["revision"] == before + 1
    assert told(served, made)[-2:] == ["buyer.activated", "buyer.linked"]


def test_a_link_that_comes_while_the_last_one_goes_keeps_the_buyer(api):
    for _ in range(6):
        made = buyer(api)
        one = linked(api, made)
        body = {"buyer": refer(made["id"]), "seller": refer(SECOND)}
        _, came = at_once(
            lambda one=one: api("operations").post(f"{one}/block"),
            lambda body=body: api("operations").post(LINKS, body),
        )
        assert (came.status, status(api, made)) == (201, "Active")


def test_a_name_that_is_mended_while_the_books_change_is_compared_with_what_they_say_then(api):
    for _ in range(6):
        made = buyer(api)
        link = linked(api, made, companyName="Oak")
        at_once(
            lambda path=f"{BUYERS}/{made['id']}": api("client").put(path, {"name": "Oak"}),
            lambda link=link: api("operations").put(link, {"companyName": "Elm"}),
        )
        found = seen(api, made)
        assert (found["name"], found["status"]) == ("Oak", "Mismatch")
