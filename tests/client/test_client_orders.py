"""Every call of the official client's `commerce.orders`, over a socket, as the actors make them."""

import json
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.purchases import completed, draft, mapped, placed, queried
from tests.serving import Served
from tests.world import PRODUCT, USER, purchase


@pytest.fixture
def marked(served: Served, request: pytest.FixtureRequest) -> str:
    """A note by which a test finds its own three drafts again."""
    note = f"{request.node.name}"
    for number in (3, 1, 2):
        draft(served, notes=f"{note} {number}")
    return note


def mine(note: str) -> RQLQuery:
    """The filter that finds them."""
    return RQLQuery(notes__like=f"{note}*")


# Made and read ---------------------------------------------------------------------------------------


def test_a_client_creates_an_order_and_is_given_it_whole(client: Any) -> None:
    order = client.commerce.orders.create(purchase(notes="For the design team", externalIds={"client": "PO-1"}))
    assert order.status == "Draft"
    assert order.id.startswith("ORD-")
    assert [line.quantity for line in order.lines] == [10, 1]
    assert order.lines[0].price.unit_sp == 132.0
    assert order.price.spxy == 1320.0
    assert order.price.currency == "EUR"
    assert order.agreement.status == "Draft"
    assert order.external_ids.client == "PO-1"
    assert order.terms_and_conditions[0].accepted_by.name == "Ada Moss"
    assert order.audit.created.by.name == "Ada Moss"


def test_the_client_sees_no_purchase_price_and_the_vendor_no_sales_price(
    served: Served, client: Any, vendor: Any
) -> None:
    order = draft(served)
    bought, sold = client.commerce.orders.get(order["id"]), vendor.commerce.orders.get(order["id"])
    assert set(bought.price.to_dict()) == {"currency", "SPx1", "SPxM", "SPxY"}
    assert set(sold.price.to_dict()) == {"currency", "PPx1", "PPxM", "PPxY"}
    assert set(bought.lines[0].price.to_dict()) == {"currency", "unitSP", "SPxM", "SPxY"}
    assert set(sold.lines[0].price.to_dict()) == {"currency", "unitPP", "PPxM", "PPxY"}


def test_an_order_is_fetched_as_it_was_created(served: Served, client: Any) -> None:
    order = draft(served, notes="Fetched")
    found = client.commerce.orders.get(order["id"])
    assert json.loads(json.dumps(found.to_dict())) == {k: v for k, v in order.items() if k != "$meta"}


@pytest.mark.parametrize("select", ["-*,id,notes", ["-*", "id", "notes"]])
def test_an_order_is_fetched_with_what_was_selected_and_no_more(served: Served, client: Any, select: Any) -> None:
    order = draft(served, notes="Selected")
    found = client.commerce.orders.get(order["id"], select=select)
    assert found.to_dict().keys() - {"href"} == {"id", "notes"}
    assert {"status", "lines", "audit"} <= set(found.meta.omitted)


def test_a_selection_of_nested_names_reaches_what_the_vendors_sdk_asks_for(served: Served, vendor: Any) -> None:
    order = placed(served)
    found = vendor.commerce.orders.get(
        order["id"],
        select=[
            "agreement", "agreement.client", "agreement.licensee", "agreement.lines", "agreement.parameters", "assets",
            "authorization", "externalIds", "lines", "lines.asset", "lines.subscription", "parameters", "product",
            "seller", "subscriptions", "template",
        ],
    )  # fmt: skip
    assert found.agreement.product.id == PRODUCT
    assert found.agreement.licensee.id == order["licensee"]["id"]
    assert found.agreement.client.name == order["client"]["name"]
    assert found.agreement.parameters.ordering == []
    assert found.lines[0].item.external_ids.vendor == "A-1"
    assert found.seller.name == "Distributor"


# Found ------------------------------------------------------------------------------------------------


def test_a_page_is_as_long_as_was_asked_and_tells_the_whole(client: Any, marked: str) -> None:
    page = client.commerce.orders.filter(mine(marked)).order_by("notes").fetch_page(limit=2, offset=1)
    assert [order.notes for order in page] == [f"{marked} 2", f"{marked} 3"]
    assert (page.meta.pagination.offset, page.meta.pagination.limit, page.meta.pagination.total) == (1, 2, 3)


def test_pagination_holds_three_numbers_and_nothing_more(served: Served, marked: str) -> None:
    """The client builds its own object of it and breaks on any further key."""
    meta = served.call("client", "GET", "/commerce/orders?limit=2").json["$meta"]
    assert set(meta["pagination"]) == {"offset", "limit", "total"}
    assert all(type(number) is int for number in meta["pagination"].values())


def test_an_empty_page_tells_the_total_alone(client: Any, marked: str) -> None:
    page = client.commerce.orders.filter(mine(marked)).fetch_page(limit=0)
    assert (len(page), page.meta.pagination.total, page.meta.pagination.limit) == (0, 3, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_iterating_gives_each_order_once_whatever_the_batch(client: Any, marked: str, size: int) -> None:
    found = client.commerce.orders.filter(mine(marked)).order_by("-notes").iterate(batch_size=size)
    assert [order.notes for order in found] == [f"{marked} {n}" for n in (3, 2, 1)]


def test_iterating_over_nothing_ends_at_once(client: Any) -> None:
    assert list(client.commerce.orders.filter(RQLQuery(notes="nobody wrote this")).iterate()) == []


def test_the_one_that_fits_is_fetched_alone(client: Any, marked: str) -> None:
    assert client.commerce.orders.filter(RQLQuery(notes=f"{marked} 2")).fetch_one().notes == f"{marked} 2"


def test_fetching_one_where_none_or_several_fit_is_refused_by_the_client(client: Any, marked: str) -> None:
    with pytest.raises(ValueError, match="got 3 results"):
        client.commerce.orders.filter(mine(marked)).fetch_one()
    with pytest.raises(ValueError, match="got zero results"):
        client.commerce.orders.filter(RQLQuery(notes="nobody wrote this")).fetch_one()


def test_filters_that_are_chained_all_hold(client: Any, served: Served) -> None:
    order = draft(served)
    both = client.commerce.orders.filter(RQLQuery(id=order["id"])).filter(RQLQuery(type="Purchase"))
    assert both.fetch_one().id == order["id"]
    assert len(both.filter(RQLQuery(status="Completed")).fetch_page()) == 0


def test_a_list_leaves_out_what_is_heavy_and_says_so(client: Any, marked: str) -> None:
    page = client.commerce.orders.filter(mine(marked)).fetch_page()
    heavy = {"lines", "subscriptions", "assets", "parameters", "termsAndConditions", "certificates", "audit"}
    assert set(page.meta.omitted) == heavy
    assert not heavy & set(page[0].to_dict())


def test_a_list_gives_what_is_heavy_when_it_is_selected(client: Any, marked: str) -> None:
    page = client.commerce.orders.filter(mine(marked)).select("audit", "lines", "parameters").fetch_page()
    assert set(page.meta.omitted) == {"subscriptions", "assets", "termsAndConditions", "certificates"}
    assert page[0].lines[0].item.name == "Alpha Suite 1y"
    assert page[0].parameters.ordering[0].external_id == "company"
    assert page[0].audit.created.at.endswith("Z")


def test_render_as_an_option_is_taken_by_lists_and_single_orders(client: Any, served: Served, marked: str) -> None:
    orders = client.commerce.orders.options(render=True)
    assert len(orders.filter(mine(marked)).fetch_page()) == 3
    assert orders.get(draft(served)["id"]).status == "Draft"


# Changed ----------------------------------------------------------------------------------------------


def test_a_client_changes_single_fields_and_the_rest_stays(client: Any, served: Served) -> None:
    order = draft(served, notes="Before", externalIds={"client": "PO-1"})
    changed = client.commerce.orders.update(order["id"], {"notes": "After"})
    assert (changed.notes, changed.external_ids.client, changed.revision) == ("After", "PO-1", 2)
    assert len(changed.lines) == 2


def test_a_whole_order_that_was_fetched_is_taken_back_as_it_is(client: Any, served: Served) -> None:
    order = client.commerce.orders.get(draft(served, notes="Same")["id"])
    again = client.commerce.orders.update(order.id, order.to_dict())
    assert again.status == "Draft"
    volatile = ("revision", "audit")
    assert _without(again.to_dict(), *volatile) == _without(order.to_dict(), *volatile)


def test_what_others_alone_may_write_is_dropped_without_a_word(client: Any, vendor: Any, served: Served) -> None:
    order = draft(served)
    body = {"status": "Completed", "comments": "x", "externalIds": {"vendor": "mine", "client": "PO-2"}, "id": "ORD-1"}
    changed = client.commerce.orders.update(order["id"], body)
    assert (changed.status, changed.id, changed.external_ids.client) == ("Draft", order["id"], "PO-2")
    assert "vendor" not in vendor.commerce.orders.get(order["id"]).external_ids.to_dict()


def test_lines_of_a_draft_are_given_as_a_whole_set(client: Any, served: Served) -> None:
    order = draft(served)
    kept = order["lines"][0]["id"]
    changed = client.commerce.orders.update(
        order["id"], {"lines": [{"id": kept, "quantity": 4}, {"item": {"id": "ITM-5001-0001-0002"}, "quantity": 2}]}
    )
    assert [(line.item.id, line.quantity) for line in changed.lines] == [
        ("ITM-5001-0001-0001", 4),
        ("ITM-5001-0001-0002", 2),
    ]
    assert changed.price.spxm == pytest.approx(4 * 11 + 2 * 10.99, abs=0.01)


def test_a_vendor_notes_its_own_number_and_fulfilment_values_and_prices(vendor: Any, served: Served) -> None:
    order = placed(served)
    line = order["lines"][0]["id"]
    changed = vendor.commerce.orders.update(
        order["id"],
        {
            "externalIds": {"vendor": "vend-1"},
            "parameters": {"fulfillment": [{"externalId": "customerId", "value": "cust-1"}]},
            "lines": [{"id": line, "price": {"unitPP": 118.5}}],
        },
    )
    assert changed.external_ids.vendor == "vend-1"
    assert changed.parameters.fulfillment[0].value == "cust-1"
    assert changed.lines[0].price.unit_pp == 118.5
    assert changed.price.ppxy == 1185.0


def test_operations_price_an_order_by_editing_it(operations: Any, client: Any, served: Served) -> None:
    order = draft(served)
    line = order["lines"][0]["id"]
    body = {"comments": "Priced by hand", "lines": [{"id": line, "price": {"markup": 20}}]}
    changed = operations.commerce.orders.update(order["id"], body)
    assert (changed.status, changed.comments, changed.lines[0].price.unit_sp) == ("Quoted", "Priced by hand", 144.0)
    seen = client.commerce.orders.get(order["id"]).to_dict()
    assert "comments" not in seen
    assert seen["price"]["SPxY"] == 1440.0


def _without(document: dict[str, Any], *names: str) -> Any:
    return {name: _stripped(value, names) for name, value in document.items() if name not in names}


def _stripped(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return _without(value, *names)
    return [_stripped(each, names) for each in value] if isinstance(value, list) else value


# Lived ------------------------------------------------------------------------------------------------


def test_a_client_has_its_order_validated_with_and_without_changes(client: Any, served: Served) -> None:
    order = draft(served)
    assert client.commerce.orders.validate(order["id"]).status == "Draft"
    assert client.commerce.orders.validate(order["id"], {"notes": "Checked"}).notes == "Checked"


def test_a_client_asks_for_a_quote_with_and_without_changes(client: Any, served: Served) -> None:
    assert client.commerce.orders.quote(draft(served)["id"]).status == "Quoted"
    quoted = client.commerce.orders.quote(draft(served)["id"], {"notes": "Make me an offer"})
    assert (quoted.status, quoted.notes, quoted.template.name) == (
        "Quoted",
        "Make me an offer",
        "Default OrderProcessing",
    )
    assert quoted.audit.quoted.at


def test_a_client_places_a_draft_and_a_quote(client: Any, served: Served) -> None:
    placed_ = client.commerce.orders.process(draft(served)["id"])
    assert (placed_.status, placed_.agreement.status) == ("Processing", "Provisioning")
    quoted = client.commerce.orders.quote(draft(served)["id"])
    assert client.commerce.orders.process(quoted.id, {"notes": "Go"}).notes == "Go"


def test_an_order_may_be_created_as_a_quote_or_placed_at_once(client: Any) -> None:
    assert client.commerce.orders.create(purchase(status="Quoted")).status == "Quoted"
    at_once = client.commerce.orders.create(purchase(status="Processing"))
    assert (at_once.status, at_once.agreement.status) == ("Processing", "Provisioning")


def test_an_order_with_invalid_answers_comes_back_as_a_question_at_once(client: Any) -> None:
    order = client.commerce.orders.create(purchase(parameters={"ordering": []}))
    assert client.commerce.orders.process(order.id).status == "Querying"


def test_a_vendor_asks_back_with_nothing_and_with_a_marked_field(vendor: Any, client: Any, served: Served) -> None:
    assert vendor.commerce.orders.query(placed(served)["id"]).status == "Querying"
    order = placed(served)
    asked = vendor.commerce.orders.query(
        order["id"],
        {
            "template": {"id": "TPL-5001-0001-0009"},
            "parameters": {
                "ordering": [{"externalId": "company", "error": {"id": "EXT7", "message": "Not that one."}}],
                "fulfillment": [],
            },
            "error": {"id": "EXT1", "message": "Please correct the marked fields."},
        },
    )
    assert (asked.status, asked.template.name) == ("Querying", "Special question")
    seen = client.commerce.orders.get(order["id"])
    assert seen.error.message == "Please correct the marked fields."
    assert seen.parameters.ordering[0].error.message == "Not that one."


def test_a_client_answers_and_the_order_goes_on(client: Any, served: Served) -> None:
    order = queried(served)
    client.commerce.orders.update(
        order["id"], {"parameters": {"ordering": [{"externalId": "company", "value": "Southwind"}]}}
    )
    resumed = client.commerce.orders.process(order["id"])
    assert (resumed.status, resumed.parameters.ordering[0].value) == ("Processing", "Southwind")


def test_a_vendor_completes_with_nothing_and_with_a_last_word(vendor: Any, served: Served) -> None:
    assert vendor.commerce.orders.complete(mapped(served)["id"]).status == "Completed"
    body = {
        "template": {"id": "TPL-5001-0001-0003"},
        "parameters": {"ordering": [], "fulfillment": [{"externalId": "dueDate", "value": None}]},
    }
    done = vendor.commerce.orders.complete(mapped(served)["id"], body)
    assert (done.status, done.agreement.status, done.template.id) == ("Completed", "Active", "TPL-5001-0001-0003")


def test_stray_fields_in_an_actions_body_do_no_harm(vendor: Any, served: Served) -> None:
    done = vendor.commerce.orders.complete(
        mapped(served)["id"], {"fulfillment": [{"externalId": "x"}], "zzz": {"a": 1}}
    )
    assert done.status == "Completed"


def test_a_one_time_line_that_nobody_mapped_becomes_an_asset_by_itself(vendor: Any, served: Served) -> None:
    order = placed(served)
    vendor.commerce.orders.subscriptions(order["id"]).create(
        {"name": "Only the recurring one", "lines": [{"id": order["lines"][0]["id"]}]}
    )
    done = vendor.commerce.orders.complete(order["id"])
    assert [each.status for each in done.assets] == ["Active"]
    assert done.lines[1].asset.id == done.assets[0].id


def test_a_vendor_and_operations_fail_an_order_with_a_reason(vendor: Any, operations: Any, served: Served) -> None:
    for actor in (vendor, operations):
        gone = actor.commerce.orders.fail(
            placed(served)["id"],
            {"statusNotes": {"id": "EXT42", "message": "Rejected."}, "parameters": {"ordering": [], "fulfillment": []}},
        )
        assert (gone.status, gone.status_notes.message, gone.agreement.status) == ("Failed", "Rejected.", "Failed")


def test_failing_without_a_reason_is_refused(vendor: Any, served: Served) -> None:
    order = placed(served)
    with pytest.raises(MPTAPIError, match="400 Bad Request") as refused:
        vendor.commerce.orders.fail(order["id"])
    assert "statusNotes" in refused.value.errors


def test_a_user_is_told_of_a_quote(client: Any, operations: Any, served: Served) -> None:
    quoted = client.commerce.orders.quote(draft(served)["id"])
    assert client.commerce.orders.notify(quoted.id, {"userId": USER, "notifyMe": True}) is None
    assert operations.commerce.orders.notify(quoted.id, {"userId": USER}) is None


def test_a_deleted_draft_stays_visible_as_deleted(client: Any, served: Served) -> None:
    order = draft(served)
    assert client.commerce.orders.delete(order["id"]) is None
    gone = client.commerce.orders.get(order["id"])
    assert (gone.status, gone.agreement.status) == ("Deleted", "Deleted")
    assert client.commerce.orders.filter(RQLQuery(id=order["id"])).fetch_one().status == "Deleted"


def test_the_text_of_an_order_is_read_as_a_template_and_as_rendered(client: Any, vendor: Any, served: Served) -> None:
    order = placed(served, parameters={"ordering": [{"externalId": "company", "value": "North & South"}]})
    text = client.commerce.orders.render(order["id"])
    assert "For North & South" in json.loads(text)
    assert client.commerce.orders.template(order["id"]) == text
    assert vendor.commerce.orders.template(order["id"]) == text


def test_an_order_without_a_template_renders_as_an_empty_text(client: Any, served: Served) -> None:
    assert json.loads(client.commerce.orders.render(draft(served)["id"])) == ""


# Refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order_id", ["ORD-0000-0000-0000", "ORD-0000-0000", "nonsense", "ORD-%C3%BC"])
def test_an_order_that_is_not_there_is_a_404_for_every_call(client: Any, order_id: str) -> None:
    orders = client.commerce.orders
    for call in (
        lambda: orders.get(order_id),
        lambda: orders.update(order_id, {"notes": "x"}),
        lambda: orders.delete(order_id),
        lambda: orders.process(order_id),
        lambda: orders.query(order_id),
        lambda: orders.complete(order_id),
        lambda: orders.fail(order_id),
        lambda: orders.quote(order_id),
        lambda: orders.validate(order_id),
        lambda: orders.notify(order_id, {"userId": USER}),
        lambda: orders.render(order_id),
        lambda: orders.template(order_id),
        lambda: orders.subscriptions(order_id).fetch_page(),
        lambda: orders.assets(order_id).get("AST-1"),
    ):
        with pytest.raises(MPTAPIError, match=r"404 Not Found"):
            call()


@pytest.mark.parametrize("token", ["nonsense", "idt:TKN-2001-0001:wrong", "idt:TKN-0000-0000:x"])
def test_a_token_that_is_not_known_is_a_401_for_every_call(speak: Any, token: str) -> None:
    orders = speak(token).commerce.orders
    for call in (orders.fetch_page, lambda: orders.get("ORD-1"), lambda: orders.create(purchase())):
        with pytest.raises(MPTAPIError, match=r"401 Authentication Failed"):
            call()


def test_what_another_actor_does_is_a_403(client: Any, vendor: Any, operations: Any, served: Served) -> None:
    order = placed(served)["id"]
    for call in (
        lambda: vendor.commerce.orders.create(purchase()),
        lambda: vendor.commerce.orders.quote(order),
        lambda: vendor.commerce.orders.notify(order, {"userId": USER}),
        lambda: client.commerce.orders.complete(order),
        lambda: client.commerce.orders.query(order),
        lambda: client.commerce.orders.fail(order, {"statusNotes": {"message": "No."}}),
        lambda: operations.commerce.orders.complete(order),
        lambda: operations.commerce.orders.query(order),
    ):
        with pytest.raises(MPTAPIError, match=r"403 Forbidden"):
            call()


def test_what_comes_at_the_wrong_time_is_a_409(client: Any, vendor: Any, served: Served) -> None:
    done, waiting = completed(served)["id"], queried(served)["id"]
    for call in (
        lambda: vendor.commerce.orders.complete(done),
        lambda: vendor.commerce.orders.query(waiting),
        lambda: vendor.commerce.orders.complete(waiting),
        lambda: vendor.commerce.orders.fail(waiting, {"statusNotes": {"message": "No."}}),
        lambda: client.commerce.orders.process(done),
        lambda: client.commerce.orders.delete(done),
        lambda: client.commerce.orders.quote(waiting),
    ):
        with pytest.raises(MPTAPIError, match=r"409 Conflict"):
            call()


def test_bad_content_is_a_400_whose_errors_name_every_field(client: Any) -> None:
    body = purchase(notes=5, lines=[{"item": {"id": "ITM-0000-0000-0000"}, "quantity": 1}])
    with pytest.raises(MPTAPIError, match=r"400 Bad Request - One or more validation errors occurred") as refused:
        client.commerce.orders.create(body)
    assert set(refused.value.errors) == {"notes", "lines[0].item.id"}
    assert refused.value.trace_id.startswith("00-")
