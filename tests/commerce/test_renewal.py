"""What time does to subscriptions: they are renewed or expire the day after their commitment (spec 3.2)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from entrepot.commerce.subscription import months_later
from entrepot.storage.clock import advance, show
from entrepot.storage.embedded import Embedded
from tests.orders import agreement, finish, line_of, ordered, two_subscriptions
from tests.party import Api, Party, ok
from tests.serving import Served, serving
from tests.world import MONTHLY, YEARLY, refer


@pytest.fixture
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    """One of its own for each test, since the clock moves."""
    with serving(cluster, template) as server:
        yield server


@pytest.fixture
def api(served: Served) -> Api:
    return lambda who: Party(served, who)


def wait(served: Served, days: float) -> None:
    assert served.run(advance(served.parts.pool, timedelta(days=days), served.parts.work)) == []


def now(served: Served) -> datetime:
    return served.run(show(served.parts.pool)).now


def of(served: Served, held, item):
    found = line_of(held, item)["subscription"]["id"]
    return ok(served.call("client", "GET", f"/commerce/subscriptions/{found}"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_it_is_renewed_for_another_term_and_another(served):
    held = two_subscriptions(served)
    first = of(served, held, YEARLY)
    start = moment(first["startDate"])
    assert moment(first["commitmentDate"]) == months_later(start, 12)
    wait(served, 364)
    assert of(served, held, YEARLY)["commitmentDate"] == first["commitmentDate"]
    wait(served, 3)
    renewed = of(served, held, YEARLY)
    assert moment(renewed["commitmentDate"]) == months_later(start, 24)
    assert renewed["audit"]["renewed"]["by"]["name"] == "Entrepot"
    assert (renewed["lines"][0]["quantity"], renewed["status"]) == (10, "Active")
    wait(served, 800)
    assert moment(of(served, held, YEARLY)["commitmentDate"]) == months_later(start, 48)
    names = [row["name"] for row in served.fetch("select name from trail where object_id = $1", first["id"])]
    assert names.count("subscription.renewed") == 3


def test_without_renewal_it_expires_and_with_the_last_one_the_agreement_ends(served):
    held = two_subscriptions(served)
    for item in (YEARLY, MONTHLY):
        off = {"autoRenew": False}
        finish(
            served, ordered(served, held, "Configuration", subscriptions=[refer(of(served, held, item)["id"]) | off])
        )
        if item == YEARLY:
            wait(served, 370)
            ended = of(served, held, YEARLY)
            assert (ended["status"], ended["lines"][0]["status"], ended["lines"][0]["quantity"]) == (
                "Expired",
                "Expired",
                0,
            )
            assert ended["audit"]["expired"]["at"] and agreement(served, held["id"])["status"] == "Active"
            assert agreement(served, held["id"])["price"]["SPxY"] == pytest.approx(4 * 12 * 10.99)
    wait(served, 370)
    done = agreement(served, held["id"])
    assert (done["status"], {each["status"] for each in done["subscriptions"]}) == ("Terminated", {"Expired"})


def test_what_an_order_holds_waits_for_its_end(served):
    held = two_subscriptions(served)
    target = of(served, held, YEARLY)
    order = ordered(served, held, "Change", lines=[{"id": line_of(held, YEARLY)["id"], "quantity": 11}])
    wait(served, 400)
    assert of(served, held, YEARLY)["commitmentDate"] == target["commitmentDate"]
    finish(served, order, "fail")
    wait(served, 0.01)
    assert moment(of(served, held, YEARLY)["commitmentDate"]) == months_later(moment(target["startDate"]), 24)


def test_a_date_that_the_vendor_moves_is_kept(served, api):
    held = two_subscriptions(served)
    path = f"/commerce/subscriptions/{of(served, held, YEARLY)['id']}"
    soon = (now(served) + timedelta(days=10)).astimezone(UTC)
    ok(api("vendor").put(path, {"commitmentDate": soon.isoformat().replace("+00:00", "Z"), "autoRenew": False}))
    wait(served, 9)
    assert of(served, held, YEARLY)["status"] == "Active"
    wait(served, 3)
    assert of(served, held, YEARLY)["status"] == "Expired"


def test_a_date_that_was_put_off_is_waited_for(served, api):
    """The work that fell due for the old date finds nothing to do."""
    held = two_subscriptions(served)
    path = f"/commerce/subscriptions/{of(served, held, YEARLY)['id']}"
    ok(api("vendor").put(path, {"commitmentDate": "2035-05-05T00:00:00.000Z"}))
    wait(served, 400)
    kept = of(served, held, YEARLY)
    assert (kept["commitmentDate"], "renewed" in kept["audit"]) == ("2035-05-05T00:00:00.000Z", False)


def test_a_subscription_from_a_world_file_is_renewed_too(served):
    held = two_subscriptions(served)
    digits = "7001-0001-0001"
    served.load([{
        "$kind": "commerce/subscriptions", "id": f"SUB-{digits}", "name": "Loaded", "agreement": refer(held["id"]),
        "status": "Active", "startDate": "2024-05-31T00:00:00.000Z", "commitmentDate": "2024-06-30T00:00:00.000Z",
        "autoRenew": True, "terms": {"model": "quantity", "period": "1m"},
    }])  # fmt: skip
    wait(served, 0.01)
    found = ok(served.call("client", "GET", f"/commerce/subscriptions/SUB-{digits}"))
    last = moment(found["commitmentDate"])
    assert last > now(served) - timedelta(days=1)
    assert (last + timedelta(days=1)).month != last.month, "the last day of the month, from a start on the 31st"
