"""Order subscriptions and assets, and what a purchase leaves: agreements, subscriptions and assets, by the client."""

import json
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.purchases import Document, completed, draft, lines_named, mapped, placed
from tests.serving import Served

NOTHING = "SUB-0000-0000-0000"


# Prepared on the order --------------------------------------------------------------------------------


def test_a_vendor_prepares_a_subscription_for_recurring_lines(vendor: Any, served: Served) -> None:
    order = placed(served)
    made = vendor.commerce.orders.subscriptions(order["id"]).create(
        {
            "name": "Subscription for Alpha",
            "externalIds": {"vendor": "vend-sub-77"},
            "lines": [{"id": order["lines"][0]["id"]}],
            "startDate": "2026-05-04T00:00:00.000Z",
            "commitmentDate": "2027-05-03T00:00:00.000Z",
            "autoRenew": True,
            "template": None,
            "parameters": {"fulfillment": [{"externalId": "sku", "value": "A-1-X"}]},
        }
    )
    assert made.id.startswith("SUB-")
    assert (made.status, made.name, made.auto_renew) == ("Draft", "Subscription for Alpha", True)
    assert (made.start_date, made.commitment_date) == ("2026-05-04T00:00:00.000Z", "2027-05-03T00:00:00.000Z")
    assert made.terms.to_dict() == {"model": "quantity", "period": "1y", "commitment": "1y"}
    assert made.price.ppxy == 1200.0
    assert made.external_ids.vendor == "vend-sub-77"
    assert made.parameters.fulfillment[0].value == "A-1-X"
    assert [line.id for line in made.lines] == [order["lines"][0]["id"]]
    assert vendor.commerce.orders.get(order["id"]).lines[0].subscription.id == made.id


def test_prepared_subscriptions_are_read_listed_and_found(vendor: Any, client: Any, served: Served) -> None:
    order = placed(served)
    service = vendor.commerce.orders.subscriptions(order["id"])
    made = service.create(lines_named("One", order["lines"][:1], externalIds={"vendor": "vend-1"}))
    assert service.get(made.id).to_dict() == made.to_dict()
    assert [each.id for each in service.iterate()] == [made.id]
    assert service.fetch_one().id == made.id
    found = service.filter(RQLQuery(externalIds__vendor="vend-1")).fetch_page(limit=1)
    assert found.meta.pagination.total == 1
    assert [each.id for each in client.commerce.orders.subscriptions(order["id"]).iterate()] == [made.id]


def test_a_prepared_subscription_is_no_subscription_yet(vendor: Any, served: Served) -> None:
    order = placed(served)
    made = vendor.commerce.orders.subscriptions(order["id"]).create(lines_named("Not yet", order["lines"][:1]))
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        vendor.commerce.subscriptions.get(made.id)
    assert len(vendor.commerce.subscriptions.filter(RQLQuery(id=made.id)).fetch_page()) == 0


def test_each_actor_changes_its_own_part_of_a_prepared_subscription(speak: Any, served: Served) -> None:
    order = placed(served)
    service = {who: speak(who).commerce.orders.subscriptions(order["id"]) for who in ("vendor", "client", "operations")}
    made = service["vendor"].create(lines_named("Mine", order["lines"][:1])).id
    changed = service["vendor"].update(made, {"name": "Renamed", "autoRenew": False, "externalIds": {"vendor": "v"}})
    assert (changed.name, changed.auto_renew, changed.external_ids.to_dict()) == ("Renamed", False, {"vendor": "v"})
    changed = service["client"].update(made, {"name": "Stolen", "externalIds": {"client": "c", "vendor": "c"}})
    assert (changed.name, changed.external_ids.to_dict()) == ("Renamed", {"client": "c"})
    changed = service["operations"].update(
        made, {"commitmentDate": "2027-05-03T00:00:00.000Z", "externalIds": {"operations": "o"}}
    )
    assert changed.external_ids.to_dict() == {"operations": "o"}
    assert service["vendor"].get(made).external_ids.to_dict() == {"vendor": "v"}
    assert service["vendor"].get(made).commitment_date == "2027-05-03T00:00:00.000Z"


def test_a_prepared_subscription_is_taken_back_and_its_lines_are_free_again(vendor: Any, served: Served) -> None:
    order = placed(served)
    service = vendor.commerce.orders.subscriptions(order["id"])
    made = service.create(lines_named("Taken back", order["lines"][:1]))
    assert service.delete(made.id) is None
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        service.get(made.id)
    assert not hasattr(vendor.commerce.orders.get(order["id"]).lines[0], "subscription")
    assert service.create(lines_named("Anew", order["lines"][:1])).status == "Draft"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": [0]}, "name"),
        ({"name": " ", "lines": [0]}, "name"),
        ({"name": "No lines"}, "lines"),
        ({"name": "No lines", "lines": []}, "lines"),
        ({"name": "One-time", "lines": [1]}, "lines[0].id"),
        ({"name": "Unknown", "lines": ["ALI-0000-0000-0000-0001"]}, "lines[0].id"),
        ({"name": "Long ago", "lines": [0], "commitmentDate": "2020-01-01T00:00:00Z"}, "commitmentDate"),
        ({"name": "No date", "lines": [0], "startDate": "tomorrow"}, "startDate"),
        ({"name": "Wrong text", "lines": [0], "template": {"id": "TPL-5001-0001-0001"}}, "template.id"),
        (
            {"name": "Unknown value", "lines": [0], "parameters": {"fulfillment": [{"externalId": "zzz"}]}},
            "parameters.fulfillment[0]",
        ),
    ],
)
def test_what_is_no_subscription_is_refused_by_field(vendor: Any, served: Served, body: Document, field: str) -> None:
    order = placed(served)
    lines = [{"id": order["lines"][each]["id"] if isinstance(each, int) else each} for each in body.get("lines", ())]
    with pytest.raises(MPTAPIError, match="400 Bad Request") as refused:
        vendor.commerce.orders.subscriptions(order["id"]).create(body | ({"lines": lines} if "lines" in body else {}))
    assert list(refused.value.errors) == [field]


def test_only_the_vendor_prepares_and_only_once_the_order_is_placed(vendor: Any, client: Any, served: Served) -> None:
    early, order = draft(served), placed(served)
    with pytest.raises(MPTAPIError, match="409 Conflict"):
        vendor.commerce.orders.subscriptions(early["id"]).create(lines_named("Early", early["lines"][:1]))
    with pytest.raises(MPTAPIError, match="403 Forbidden"):
        client.commerce.orders.subscriptions(order["id"]).create(lines_named("Mine", order["lines"][:1]))


def test_a_vendor_prepares_reads_changes_and_takes_back_an_asset(vendor: Any, client: Any, served: Served) -> None:
    order = placed(served)
    service = vendor.commerce.orders.assets(order["id"])
    body = lines_named("Asset", order["lines"][1:], externalIds={"vendor": "vend-ast-9"})
    made = service.create({**body, "parameters": {"fulfillment": []}})
    assert made.id.startswith("AST-")
    assert (made.status, made.terms.period, made.price.ppx1) == ("Draft", "one-time", 350.0)
    assert service.get(made.id).to_dict() == made.to_dict()
    assert [each.id for each in service.iterate()] == [made.id]
    assert service.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert client.commerce.orders.assets(order["id"]).update(made.id, {"name": "Stolen"}).name == "Renamed"
    assert json.loads(service.render(made.id)).startswith("# Asset")
    templated = service.update(made.id, {"template": {"id": "TPL-5001-0001-0005"}})
    assert templated.template.name == "Default Asset"
    assert json.loads(service.render(made.id)).startswith("# Asset")
    with pytest.raises(MPTAPIError, match="403 Forbidden"):
        client.commerce.orders.assets(order["id"]).delete(made.id)
    assert service.delete(made.id) is None
    assert service.fetch_page().meta.pagination.total == 0


def test_an_asset_may_be_prepared_while_the_order_is_a_draft(vendor: Any, served: Served) -> None:
    order = draft(served)
    made = vendor.commerce.orders.assets(order["id"]).create(lines_named("Early", order["lines"][1:]))
    assert made.status == "Draft"


def test_a_recurring_line_becomes_no_asset(vendor: Any, served: Served) -> None:
    order = placed(served)
    with pytest.raises(MPTAPIError, match="400 Bad Request") as refused:
        vendor.commerce.orders.assets(order["id"]).create(lines_named("Wrong", order["lines"][:1]))
    assert list(refused.value.errors) == ["lines[0].id"]


def test_what_was_prepared_on_one_order_is_not_there_on_another(vendor: Any, served: Served) -> None:
    order, other = mapped(served), placed(served)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        vendor.commerce.orders.subscriptions(other["id"]).get(order["subscriptions"][0]["id"])
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        vendor.commerce.orders.assets(other["id"]).update(order["assets"][0]["id"], {"name": "x"})


# Left behind ------------------------------------------------------------------------------------------


def test_an_agreement_is_read_listed_and_rendered(client: Any, vendor: Any, served: Served) -> None:
    order = completed(served)
    agreement = client.commerce.agreements.get(order["agreement"]["id"])
    assert (agreement.status, agreement.product.name) == ("Active", "Alpha Suite")
    assert [line.quantity for line in agreement.lines] == [10, 1]
    assert [each.status for each in (*agreement.subscriptions, *agreement.assets)] == ["Active", "Active"]
    assert agreement.terms_and_conditions[0].name == "Alpha Suite terms"
    assert agreement.price.to_dict() == {"currency": "EUR", "SPxM": 110.0, "SPxY": 1320.0, "billingCurrency": "EUR"}
    assert [each.external_id for each in agreement.parameters.ordering] == ["company", "contact"]
    found = client.commerce.agreements.filter(RQLQuery(id=agreement.id) & RQLQuery(status="Active")).fetch_one()
    assert found.name == agreement.name
    text = json.loads(client.commerce.agreements.render(agreement.id))
    assert text.startswith("# OrderCompleted")
    assert json.loads(client.commerce.agreements.template(agreement.id)) == text
    assert json.loads(vendor.commerce.agreements.render(agreement.id)).startswith("# OrderCompleted")


def test_an_agreement_that_is_a_draft_or_deleted_has_words_of_its_own(client: Any, served: Served) -> None:
    order = draft(served)
    agreement = order["agreement"]["id"]
    assert "draft" in json.loads(client.commerce.agreements.render(agreement))
    client.commerce.orders.delete(order["id"])
    assert "deleted" in json.loads(client.commerce.agreements.template(agreement))


def test_a_subscription_is_read_listed_and_rendered_under_the_id_it_had_in_the_order(
    client: Any, vendor: Any, served: Served
) -> None:
    order = completed(served)
    subscription = client.commerce.subscriptions.get(order["subscriptions"][0]["id"])
    assert (subscription.status, subscription.auto_renew) == ("Active", True)
    assert subscription.agreement.id == order["agreement"]["id"]
    assert subscription.licensee.id == order["licensee"]["id"]
    assert subscription.price.to_dict() == {"currency": "EUR", "SPxM": 110.0, "SPxY": 1320.0}
    assert subscription.lines[0].id == order["lines"][0]["id"]
    assert subscription.split_status == "Disabled"
    assert not hasattr(vendor.commerce.subscriptions.get(subscription.id), "split_status")
    of_agreement = client.commerce.subscriptions.filter(RQLQuery(agreement__id=order["agreement"]["id"]))
    assert [each.id for each in of_agreement.iterate()] == [subscription.id]
    assert json.loads(client.commerce.subscriptions.render(subscription.id)).startswith("# Subscription")


def test_a_subscription_is_committed_for_its_term_from_its_start(client: Any, served: Served) -> None:
    order = completed(served)
    subscription = client.commerce.subscriptions.get(order["subscriptions"][0]["id"])
    started, committed = subscription.start_date, subscription.commitment_date
    assert int(committed[:4]) == int(started[:4]) + 1
    assert committed[10:] == started[10:]


def test_an_asset_is_read_listed_and_rendered_under_the_id_it_had_in_the_order(client: Any, served: Served) -> None:
    order = completed(served)
    asset = client.commerce.assets.get(order["assets"][0]["id"])
    assert (asset.status, asset.terms.period, asset.price.spx1) == ("Active", "one-time", 385.0)
    assert asset.agreement.id == order["agreement"]["id"]
    assert asset.lines[0].item.external_ids.vendor == "A-3"
    found = client.commerce.assets.filter(RQLQuery(agreement__id=order["agreement"]["id"])).fetch_one()
    assert found.id == asset.id
    assert json.loads(client.commerce.assets.render(asset.id)).startswith("# Asset")


def test_vendors_find_their_own_by_their_own_numbers(vendor: Any, served: Served) -> None:
    order = placed(served)
    number = f"vend-{order['id']}"
    vendor.commerce.orders.subscriptions(order["id"]).create(
        lines_named("Numbered", order["lines"][:1], externalIds={"vendor": number})
    )
    vendor.commerce.orders.complete(order["id"])
    found = vendor.commerce.subscriptions.filter(RQLQuery(externalIds__vendor=number)).fetch_page(limit=1)
    assert found.meta.pagination.total == 1
    narrow = RQLQuery(agreement__id=order["agreement"]["id"]) & RQLQuery(status="Active")
    assert vendor.commerce.assets.filter(narrow).select("agreement.id").fetch_page(limit=1).meta.pagination.total == 1


@pytest.mark.parametrize("service", ["agreements", "subscriptions", "assets"])
@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_what_is_not_there_is_a_404_for_all_three(speak: Any, who: str, service: str) -> None:
    found = getattr(speak(who).commerce, service)
    for call in (lambda: found.get(NOTHING), lambda: found.render(NOTHING)):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            call()
