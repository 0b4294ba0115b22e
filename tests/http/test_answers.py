"""A write answers before it is written (docs/decisions/0011): what it says must be what a read finds afterwards."""

from tests import purchases
from tests.party import ok
from tests.serving import Served
from tests.world import purchase


def test_every_write_of_a_purchase_answers_what_a_read_finds(served: Served):
    path = ""

    def write(who: str, method: str, below: str, body: object = None) -> dict:
        answer = served.call(who, method, path + below, body)
        said = ok(answer)
        at = answer.headers.get("location", "").removeprefix("/public/v1") or path
        read = served.call(who, "GET", at)
        assert said == ok(read), f"{method} {path}{below} by {who}"
        assert answer.etag == read.etag
        return said

    path = "/commerce/orders"
    order = write("client", "POST", "", purchase(notes="first", externalIds={"client": "PO"}))
    path += f"/{order['id']}"
    write("client", "PUT", "", {"notes": "second", "lines": [{"id": order["lines"][0]["id"], "quantity": 4}]})
    write("client", "POST", "/quote")
    write("operations", "PUT", "", {"lines": [{"id": order["lines"][0]["id"], "price": {"markup": 20}}]})
    write("client", "POST", "/process")
    write("vendor", "PUT", "", {"lines": [{"id": order["lines"][0]["id"], "price": {"unitPP": 111}}]})
    write("vendor", "POST", "/query", {"error": {"message": "Why?"}})
    write("client", "POST", "/process", {"notes": "because"})
    body = purchases.lines_named("Subscription", order["lines"][:1], externalIds={"vendor": "s"})
    ok(served.call("vendor", "POST", f"{path}/subscriptions", body))
    found = write(
        "vendor", "POST", "/complete", {"parameters": {"fulfillment": [{"externalId": "customerId", "value": "1"}]}}
    )
    assert found["status"] == "Completed" and found["subscriptions"]


def test_a_total_is_that_of_now_whoever_wrote_last(served: Served) -> None:
    """A page that is full has to count: what was counted before holds only while nothing was written since."""
    path = "/commerce/orders?limit=1&order=-audit.created.at"

    def total() -> int:
        return served.call("client", "GET", path).json["$meta"]["pagination"]["total"]

    for _ in range(2):
        assert served.call("client", "POST", "/commerce/orders", purchase()).status == 201
    before = total()
    assert total() == before
    assert served.call("client", "POST", "/commerce/orders", purchase()).status == 201
    assert total() == before + 1
