"""A product drafted, handed in, published and withdrawn by the official client: each call, by whoever may make it."""

import itertools
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.world import PRODUCT

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
_numbers = itertools.count(1)


@pytest.fixture
def product(vendor: Any) -> Any:
    """A draft, as the client makes one."""
    said = {"name": "e2e - please delete", "website": "https://www.example.com"}
    return vendor.catalog.products.create(said, file=("logo.png", PNG, "image/png"))


@pytest.fixture
def group(vendor: Any, product: Any) -> Any:
    return vendor.catalog.products.item_groups(product.id).create(
        {"name": "Plans", "label": "Choose", "description": "", "displayOrder": 10, "default": False,
         "multiple": True, "required": True}
    )  # fmt: skip


def item_body(product: Any, group: Any) -> dict[str, Any]:
    return {
        "name": "e2e - please delete",
        "description": "Seat",
        "group": {"id": group.id},
        "product": {"id": product.id},
        "unit": {"id": "UNT-1001"},
        "parameters": [],
        "quantityNotApplicable": False,
        "externalIds": {"vendor": f"e2e-{next(_numbers)}"},
        "terms": {"model": "quantity", "period": "1m", "commitment": "1m"},
    }


def refused(status: int, *calls: Any) -> None:
    for call in calls:
        with pytest.raises(MPTAPIError, match=f"^{status} "):
            call()


def test_a_product_lives(vendor: Any, operations: Any, client: Any, product: Any) -> None:
    ours, theirs = vendor.catalog.products, operations.catalog.products
    assert (product.status, product.website, bool(product.icon)) == ("Draft", "https://www.example.com", True)
    assert ours.get(product.id).id == product.id
    assert ours.filter(RQLQuery(id=product.id)).fetch_page(limit=0).meta.pagination.total == 1
    assert ours.update(product.id, {"name": "Renamed"}, file=("new.png", PNG, "image/png")).name == "Renamed"
    assert ours.update_settings(product.id, {"itemSelection": True}).settings.item_selection is True
    assert ours.update_settings(product.id, {"settings": {"productOrdering": False}}).settings.item_selection is True
    refused(404, lambda: client.catalog.products.get(product.id))
    assert ours.review(product.id).status == "Pending"
    assert theirs.publish(product.id).status == "Published"
    assert client.catalog.products.get(product.id).name == "Renamed"
    assert ours.unpublish(product.id, {"id": product.id}).status == "Unpublished"
    assert theirs.publish(product.id).status == "Published"
    assert theirs.unpublish(product.id).status == "Unpublished"
    refused(409, lambda: ours.delete(product.id))


def test_a_draft_is_deleted(vendor: Any, product: Any) -> None:
    vendor.catalog.products.delete(product.id)
    refused(404, lambda: vendor.catalog.products.get(product.id))


def test_an_item_lives(vendor: Any, operations: Any, product: Any, group: Any) -> None:
    ours, theirs = vendor.catalog.items, operations.catalog.items
    made = ours.create(item_body(product, group))
    assert ours.update(made.id, {"name": "Renamed"}).name == "Renamed"
    found = RQLQuery.from_string(
        f"and(eq(product.id,'{product.id}'),in(externalIds.vendor,('{made.external_ids.vendor}')))"
    )
    assert ours.filter(found).fetch_one().id == made.id
    mirror = vendor.catalog.products.items(product.id)
    assert [each.id for each in mirror.iterate()] == [made.id] and mirror.get(made.id).name == "Renamed"
    assert ours.review(made.id, {"id": made.id}).status == "Pending"
    assert theirs.publish(made.id).status == "Published"
    assert ours.unpublish(made.id).status == "Unpublished"
    assert theirs.publish(made.id, {"externalIds": {"operations": "ERP"}}).external_ids.operations == "ERP"
    assert theirs.unpublish(made.id).status == "Unpublished"
    for actor in (ours, theirs):
        draft = ours.create(item_body(product, group))
        actor.delete(draft.id)
        refused(404, lambda gone=draft: ours.get(gone.id))


@pytest.mark.parametrize("kind", ["item_groups", "parameter_groups"])
def test_groups_live(vendor: Any, product: Any, kind: str) -> None:
    groups = getattr(vendor.catalog.products, kind)(product.id)
    body = {"name": "e2e", "label": "e2e", "description": "x", "displayOrder": 100, "default": False}
    made = groups.create(body)
    assert groups.get(made.id).to_dict() == made.to_dict()
    assert groups.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert groups.filter(RQLQuery(id=made.id)).select("-description").fetch_one().id == made.id
    groups.delete(made.id)
    refused(404, lambda: groups.get(made.id))


def test_parameters_live(vendor: Any, product: Any) -> None:
    step = vendor.catalog.products.parameter_groups(product.id).create({"name": "Questions", "label": "Questions"})
    parameters = vendor.catalog.products.parameters(product.id)
    body = {
        "constraints": {"hidden": True, "readonly": True, "required": True},
        "context": "Purchase",
        "description": "e2e - please delete",
        "displayOrder": 100,
        "externalId": "e2e",
        "group": {"id": step.id},
        "name": "e2e - please delete",
        "options": {"hintText": "Hint", "minChar": 15, "maxChar": 255, "pattern": None, "defaultValue": None},
        "phase": "Order",
        "scope": "Order",
        "type": "SingleLineText",
    }
    made = parameters.create(body)
    assert (made.status, made.options.min_char) == ("Active", 15)
    assert parameters.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert [each.id for each in parameters.filter(RQLQuery(name="Renamed")).iterate()] == [made.id]
    parameters.delete(made.id)
    assert parameters.get(made.id).status == "Deleted"
    assert list(parameters.iterate()) == []


def test_templates_live(vendor: Any, product: Any) -> None:
    templates = vendor.catalog.products.templates(product.id)
    made = templates.create({"name": "e2e", "content": "# Hello", "type": "OrderProcessing", "default": False})
    assert templates.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert len(list(templates.iterate(batch_size=2))) == 5
    templates.delete(made.id)
    refused(404, lambda: templates.get(made.id))
    with pytest.raises(MPTAPIError, match=r"^400 One or more validation errors occurred"):
        templates.create({})


def test_units_live(operations: Any, vendor: Any) -> None:
    units = operations.catalog.units_of_measure
    made = units.create({"name": "e2e", "description": "x"})
    assert units.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert vendor.catalog.units_of_measure.get(made.id).name == "Renamed"
    units.delete(made.id)
    refused(404, lambda: units.get(made.id))


def test_what_is_not_theirs_to_do_is_refused(
    vendor: Any, operations: Any, client: Any, product: Any, group: Any
) -> None:
    item = vendor.catalog.items.create(item_body(product, group))
    refused(403, lambda: operations.catalog.products.create({"name": "x"}),
            lambda: operations.catalog.products.update(product.id, {"name": "x"}),
            lambda: operations.catalog.products.update_settings(product.id, {}),
            lambda: operations.catalog.products.review(product.id),
            lambda: vendor.catalog.products.publish(product.id),
            lambda: operations.catalog.items.create(item_body(product, group)),
            lambda: operations.catalog.items.update(item.id, {"name": "x"}),
            lambda: operations.catalog.items.review(item.id),
            lambda: vendor.catalog.items.publish(item.id),
            lambda: vendor.catalog.units_of_measure.create({"name": "x"}),
            lambda: vendor.catalog.units_of_measure.update("UNT-1001", {"name": "x"}),
            lambda: vendor.catalog.units_of_measure.delete("UNT-1001"),
            lambda: client.catalog.products.create({"name": "x"}),
            lambda: client.catalog.products.update(PRODUCT, {"name": "x"}),
            lambda: client.catalog.products.delete(PRODUCT),
            lambda: client.catalog.items.delete("ITM-5001-0001-0001"))  # fmt: skip
    for who in (operations, client):
        for kind in ("item_groups", "parameter_groups", "parameters", "templates"):
            service = getattr(who.catalog.products, kind)(PRODUCT)
            refused(403, lambda s=service: s.create({}))
            if (who is client) and kind == "templates":
                continue  # there are none for it
            found = next(iter(service.iterate())).id
            refused(403, lambda s=service, f=found: s.update(f, {}), lambda s=service, f=found: s.delete(f))
