"""The trail as each party may read it: at once, complete for operations, and without what is not for the reader."""

from typing import Any

import pytest

from tests.party import Api, ok
from tests.serving import Served
from tests.world import BUYER, LICENSEE, OTHER_LICENSEE, SECOND_LICENSEE, purchase

WHOLE = "select=object,actor,details,documents&limit=1000"


def buy(api: Api, who: str = "client", **more: Any) -> Any:
    return ok(api(who).post("/commerce/orders", purchase(**more)))


def about(api: Api, who: str, thing: str, more: str = WHOLE) -> list[Any]:
    return ok(api(who).get(f"/audit/records?eq(object.id,'{thing}')&{more}"))["data"]


def changes(records: list[Any]) -> dict[str, Any]:
    """All changed fields that these records tell of."""
    found: dict[str, Any] = {}
    for each in records:
        found |= each["documents"].get("changes", {})
    return found


def test_a_record_is_there_with_the_answer_to_the_write(api: Api):
    order = buy(api)
    (record,) = about(api, "client", order["id"])
    assert record["event"] == "platform.commerce.order.created"
    assert record["summary"] == f"Order {order['id']} was created."
    assert record["object"]["objectType"] == "Order" and record["object"]["revision"] == 1
    assert record["actor"]["id"] == "USR-2001-0001"
    assert record["actor"]["account"]["id"] == "ACC-2001-0001"
    assert record["timestamp"] == order["audit"]["created"]["at"]
    assert record["type"] == "Public"
    assert [each["id"] for each in record["viewers"]] == ["ACC-2001-0001", "ACC-3001-0001"]
    assert [each["type"] for each in record["viewers"]] == ["Client", "Vendor"]


def test_the_newest_comes_first_and_the_heavy_is_left_out_of_lists(api: Api):
    order = buy(api)
    ok(api("client").post(f"/commerce/orders/{order['id']}/process"))
    page = ok(api("client").get(f"/audit/records?eq(object.id,'{order['id']}')"))
    times = [(each["timestamp"], each["id"]) for each in page["data"]]
    assert times == sorted(times, reverse=True) and len(times) >= 2
    assert set(page["$meta"]["omitted"]) == {"object", "actor", "details", "documents"}
    for each in page["data"]:
        assert not {"object", "actor", "details", "documents"} & each.keys()
    assert page["data"][0]["summary"] == f"Order {order['id']} was placed."


def test_a_record_is_found_by_its_id_alone_and_given_whole(api: Api):
    order = buy(api)
    (record,) = about(api, "vendor", order["id"])
    whole = ok(api("vendor").get(f"/audit/records/{record['id']}"))
    assert whole["object"]["id"] == order["id"] and whole["actor"]["name"] == "Ada Moss"
    (found,) = ok(api("vendor").get(f"/audit/records?eq(id,'{record['id']}')"))["data"]
    assert found["id"] == record["id"]
    assert record["id"].startswith("AUD-1000-")
    for unknown in ("AUD-0000-0000-0000-0001", "AUD-9999-0000-0000-0001", "x"):
        assert api("operations").get(f"/audit/records/{unknown}").status == 404


def test_a_thing_has_its_name_of_today(api: Api):
    order = buy(api)
    (record,) = about(api, "client", order["agreement"]["id"])
    assert record["object"]["name"] == order["agreement"]["name"]
    assert record["object"]["objectType"] == "Agreement"


@pytest.mark.parametrize(
    "question",
    [
        "eq(event,'platform.commerce.order.created')",
        "event=platform.commerce.order.created",
        "eq(object.objectType,'Order')",
        "and(eq(object.objectType,'Order'),gt(timestamp,'2020-01-01T00:00:00.000Z'))&order=-timestamp",
        "eq(actor.id,'USR-2001-0001')",
        "eq(actor.account.id,'ACC-2001-0001')",
        "like(event,'*.order.*')&order=timestamp",
    ],
)
def test_records_are_asked_for_by_what_they_tell(api: Api, question: str):
    buy(api)
    found = ok(api("client").get(f"/audit/records?{question}&select=object"))
    assert found["data"] and found["$meta"]["pagination"]["total"] >= 1


@pytest.mark.parametrize("name", ["summary", "details", "documents", "object.name", "delta", "accounts", "scope"])
def test_what_is_made_as_it_goes_out_or_kept_for_us_cannot_be_asked_for(api: Api, name: str):
    assert api("client").get(f"/audit/records?eq({name},'a')").status == 400
    assert api("operations").get(f"/audit/records?order={name}").status == 400


# Who reads what -------------------------------------------------------------------------------------


def test_parties_read_of_their_own_and_strangers_of_nothing(api: Api):
    mine, others = buy(api), buy(api, "other client", licensee=OTHER_LICENSEE)
    for who, readable in {
        "operations": (True, True),
        "client": (True, False),
        "other client": (False, True),
        "vendor": (True, True),
        "other vendor": (False, False),
    }.items():
        for order, shown in zip((mine, others), readable, strict=True):
            records = about(api, who, order["id"])
            assert bool(records) == shown, (who, order["id"])
    (record,) = about(api, "client", mine["id"])
    assert api("other client").get(f"/audit/records/{record['id']}").status == 404


def test_who_is_held_to_a_buyer_reads_of_that_buyer_alone(api: Api):
    first, second = buy(api), buy(api, licensee=SECOND_LICENSEE)
    assert about(api, "client", second["id"]) and about(api, "restricted", first["id"])
    assert about(api, "restricted", second["id"]) == []
    everything = ok(api("restricted").get(f"/audit/records?{WHOLE}"))["data"]
    kinds = {each["object"]["objectType"] for each in everything}
    assert "Order" in kinds and "Account" not in kinds
    assert first["buyer"]["id"] == BUYER and first["licensee"]["id"] == LICENSEE


def test_prices_that_are_not_for_a_party_are_not_in_what_it_reads(api: Api):
    order = buy(api)
    more = {"lines": [{"id": each["id"], "quantity": each["quantity"] + 1} for each in order["lines"]]}
    ok(api("client").put(f"/commerce/orders/{order['id']}", more))
    told = {who: str(about(api, who, order["id"])) for who in ("client", "vendor", "operations")}
    for word, readers in {
        "price.PPx1": {"vendor", "operations"},
        "price.SPx1": {"client", "operations"},
        "quantity": {"client", "vendor", "operations"},
        "price.unitPP": set(),
    }.items():
        assert {who for who, words in told.items() if word in words} == readers, word
    assert "arkup" not in told["client"] + told["vendor"]
    assert "priceList" not in "".join(told.values()) and "precision" not in "".join(told.values())


def test_changes_of_lines_are_told_with_their_order(api: Api):
    order = buy(api)
    line = order["lines"][0]
    more = {"lines": [{"id": each["id"], "quantity": each["quantity"] + 5} for each in order["lines"]]}
    ok(api("client").put(f"/commerce/orders/{order['id']}", more))
    (record, _) = about(api, "vendor", order["id"])
    was, now = line["quantity"], line["quantity"] + 5
    assert record["documents"]["changes"]["lines"][line["id"]]["quantity"] == [was, now]
    assert f"{line['id']} quantity: {was} → {now}" in record["details"]
    assert "unitSP" not in str(record) and "SPx" not in str(record)


def test_each_reads_its_own_external_id_alone_and_comments_are_for_operations(api: Api):
    order = buy(api, externalIds={"client": "Cypress"})
    path = f"/commerce/orders/{order['id']}"
    ok(api("client").put(path, {"externalIds": {"client": "Cedar"}, "notes": "Hurry."}))
    ok(api("vendor").put(path, {"externalIds": {"vendor": "Vine"}}))
    ok(api("operations").put(path, {"externalIds": {"operations": "Oak"}, "comments": "Watch this one."}))
    for who, own in (("client", "Cedar"), ("vendor", "Vine"), ("operations", "Oak")):
        words = str(about(api, who, order["id"]))
        assert own in words
        for foreign in {"Cedar", "Vine", "Oak"} - {own}:
            assert foreign not in words, (who, foreign)
        assert ("Watch this one" in words) == (who == "operations")
        assert "notes: nothing → Hurry." in words


def test_values_of_parameters_are_not_told_to_clients_since_some_are_hidden(api: Api):
    order = buy(api, status="Processing")
    bag = {"parameters": {"ordering": [{"externalId": "secret", "value": "HUSH"}]}}
    ok(api("vendor").put(f"/commerce/orders/{order['id']}", bag))
    assert "HUSH" in str(about(api, "vendor", order["id"]))
    assert "HUSH" in str(about(api, "operations", order["id"]))
    told = about(api, "client", order["id"])
    assert "HUSH" not in str(told) and "parameters.ordering" not in changes(told)


def test_secrets_of_tokens_are_told_to_nobody(api: Api, served: Served):
    words = str(ok(api("operations").get(f"/audit/records?eq(object.objectType,'ApiToken')&{WHOLE}")))
    assert "ApiToken" in words
    assert "idt:" not in words and "tokenHash" not in words


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_nobody_changes_a_record(api: Api, who: str):
    order = buy(api)
    (record,) = about(api, "client", order["id"])
    assert api(who).put(f"/audit/records/{record['id']}", {"summary": "x"}).status == 405
    assert api(who).delete(f"/audit/records/{record['id']}").status == 405
