"""Groups and templates: one of each is the default, which moves and is never deleted; units are operations' to keep."""

import asyncpg
import pytest

from tests.catalog.drafting import ITEMS, UNITS, below, group, item, item_body, parameter_body, product, settled
from tests.party import at_once, ok
from tests.purchases import placed
from tests.world import refer

GROUPS = ("item-groups", "parameter-groups")


def defaults(api, product_id, kind, **alike):
    found = ok(api("vendor").get(below(product_id, kind)))["data"]
    return [each["id"] for each in found if each["default"] and alike.items() <= each.items()]


@pytest.mark.parametrize("kind", GROUPS)
def test_the_default_moves_to_whichever_is_made_it(api, kind):
    made = product(api)["id"]
    first, second = group(api, made, kind, default=True), group(api, made, kind)
    assert defaults(api, made, kind) == [first["id"]]
    third = group(api, made, kind, default=True)
    assert defaults(api, made, kind) == [third["id"]]
    ok(api("vendor").put(below(made, kind, second["id"]), {"default": True}))
    assert defaults(api, made, kind) == [second["id"]]
    refused = api("vendor").put(below(made, kind, second["id"]), {"default": False})
    assert (refused.status, list(refused.json["errors"])) == (400, ["default"])
    assert defaults(api, made, kind) == [second["id"]]


@pytest.mark.parametrize("kind", GROUPS)
def test_of_many_made_the_default_at_once_one_is(api, kind):
    made = product(api)["id"]
    body = {"name": "Plans", "label": "Choose", "default": True}
    replies = at_once(*[lambda: api("vendor").post(below(made, kind), body)] * 4)
    assert all(each.status in (201, 409) for each in replies)
    assert sum(each.status == 201 for each in replies) >= 2
    assert len(defaults(api, made, kind)) == 1
    there = [each["id"] for each in ok(api("vendor").get(below(made, kind)))["data"]]
    replies = at_once(*[lambda i=i: api("vendor").put(below(made, kind, i), {"default": True}) for i in there])
    assert all(each.status in (200, 409) for each in replies)
    assert len(defaults(api, made, kind)) == 1


def test_the_default_group_and_one_that_is_not_empty_stay(api):
    made = product(api)["id"]
    usual, other = group(api, made, default=True), group(api, made)
    vendor = api("vendor")
    assert vendor.delete(below(made, "item-groups", usual["id"])).status == 409
    held = ok(vendor.post(ITEMS, item_body(made, other["id"])))
    assert vendor.delete(below(made, "item-groups", other["id"])).status == 409
    ok(vendor.put(f"{ITEMS}/{held['id']}", {"group": refer(usual["id"])}))
    assert vendor.delete(below(made, "item-groups", other["id"])).status == 204
    assert vendor.get(below(made, "item-groups", other["id"])).status == 404
    refused = vendor.put(f"{ITEMS}/{held['id']}", {"group": refer(other["id"])})
    assert (refused.status, list(refused.json["errors"])) == (400, ["group.id"])


def test_a_group_of_deleted_parameters_is_empty(api):
    made = product(api)["id"]
    asked = group(api, made, "parameter-groups")
    body = parameter_body(scope="Agreement", group=refer(asked["id"]))
    held = ok(api("vendor").post(below(made, "parameters"), body))
    path = below(made, "parameter-groups", asked["id"])
    assert ok(api("vendor").get(path))["parameterCount"] == 1
    assert api("vendor").delete(path).status == 409
    assert api("vendor").delete(below(made, "parameters", held["id"])).status == 204
    assert ok(api("vendor").get(path))["parameterCount"] == 0
    assert api("vendor").delete(path).status == 204


@pytest.mark.parametrize("kind", GROUPS)
def test_groups_are_the_vendors_to_make(api, kind):
    made = product(api)["id"]
    body = {"name": "Plans", "label": "Choose"}
    assert api("operations").post(below(made, kind), body).status == 403
    assert api("other vendor").post(below(made, kind), body).status == 404
    there = below(made, kind, group(api, made, kind)["id"])
    assert [api("operations").put(there, {"name": "x"}).status, api("operations").delete(there).status] == [403, 403]
    assert [api("other vendor").put(there, {}).status, api("other vendor").delete(there).status] == [404, 404]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ["label", "name"]),
        ({"name": "Plans"}, ["label"]),
        ({"name": "Plans", "label": "x", "displayOrder": -1}, ["displayOrder"]),
        ({"name": "Plans", "label": "x", "default": "often"}, ["default"]),
        ({"name": "Plans", "label": "x", "multiple": 3, "required": None}, ["multiple", "required"]),
    ],
)
def test_what_is_wrong_with_a_group_is_told_by_field(api, body, faults):
    reply = api("vendor").post(below(product(api)["id"], "item-groups"), body)
    assert (reply.status, sorted(reply.json["errors"])) == (400, faults)


def come_and_go(api, made):
    """Something is put into a group of either kind, counted in a unit, while these are deleted."""
    steps, asked = group(api, made)["id"], group(api, made, "parameter-groups")["id"]
    unit = ok(api("operations").post(UNITS, {"name": "box"}))["id"]
    at_once(
        lambda: api("vendor").post(ITEMS, item_body(made, steps, unit=refer(unit))),
        lambda: api("vendor").delete(below(made, "item-groups", steps)),
        lambda: api("operations").delete(f"{UNITS}/{unit}"),
        lambda: api("vendor").post(below(made, "parameters"), parameter_body(scope="Order", group=refer(asked))),
        lambda: api("vendor").delete(below(made, "parameter-groups", asked)),
    )


def test_nothing_is_in_a_group_or_a_unit_that_goes_at_the_same_time(api, served):
    made = product(api)["id"]
    for _ in range(6):
        come_and_go(api, made)
    assert not served.fetch(
        "select i.id from items i join item_groups g on g.id = i.group_id join units_of_measure u on u.id = i.unit_id"
        " where i.status <> 'Deleted' and 'Deleted' in (g.status, u.status) union all"
        " select p.id from parameters p join parameter_groups g on g.id = p.group_id"
        " where p.status <> 'Deleted' and g.status = 'Deleted'"
    )


def test_what_was_put_into_a_group_behind_its_back_keeps_it(api, served):
    """The database itself sees to it: the group was looked at before the item was there."""
    held = item(api)
    with pytest.raises(asyncpg.SerializationError):
        served.fetch("update item_groups set status = 'Deleted' where id = $1", held["group"]["id"])
    with pytest.raises(asyncpg.SerializationError):
        served.fetch("update units_of_measure set status = 'Deleted' where id = $1", held["unit"]["id"])


# Templates --------------------------------------------------------------------------------------------


def test_the_default_text_of_a_type_moves_and_is_not_deleted(api):
    made = product(api)["id"]
    vendor, path = api("vendor"), below(made, "templates")
    (before,) = defaults(api, made, "templates", type="OrderProcessing")
    body = {"name": "Ours", "type": "OrderProcessing", "content": "# Hello", "default": True}
    ours = ok(vendor.post(path, body))["id"]
    assert defaults(api, made, "templates", type="OrderProcessing") == [ours]
    assert len(defaults(api, made, "templates")) == 4
    assert vendor.delete(f"{path}/{ours}").status == 409
    assert ok(vendor.put(f"{path}/{ours}", {"content": "# Hello again"}))["content"] == "# Hello again"
    assert vendor.delete(f"{path}/{before}").status == 204
    assert vendor.get(f"{path}/{before}").status == 404
    assert ok(vendor.put(f"{path}/{ours}", {"type": "Asset"}))["type"] == "OrderProcessing"


def test_nothing_is_no_template(api):
    reply = api("vendor").post(below(product(api)["id"], "templates"), {})
    assert (reply.status, reply.json["title"]) == (400, "One or more validation errors occurred.")
    assert sorted(reply.json["errors"]) == ["content", "name", "type"]


def test_a_deleted_text_is_chosen_no_more_and_stays_where_it_was(api, served):
    """Orders refer to it still; a new choice of it is of something that is not there."""
    path = "/catalog/products/PRD-5001-0001/templates"
    body = {"name": "Once", "type": "OrderProcessing", "content": "Wait."}
    once = ok(api("vendor").post(path, body))["id"]
    orders = [f"/commerce/orders/{placed(served)['id']}" for _ in range(2)]
    chosen = settled(lambda: api("vendor").put(orders[0], {"template": refer(once)}), lambda reply: reply.status == 200)
    assert ok(chosen)["template"]["name"] == "Once"
    assert api("vendor").delete(f"{path}/{once}").status == 204
    assert ok(api("client").get(orders[0]))["template"]["name"] == "Once"
    refused = api("vendor").put(orders[1], {"template": refer(once)})
    assert (refused.status, list(refused.json["errors"])) == (400, ["template.id"])


# Units ------------------------------------------------------------------------------------------------


def test_operations_keep_units_and_those_in_use_stay(api):
    operations = api("operations")
    unit = ok(operations.post(UNITS, {"name": "device", "description": "One machine"}))
    assert unit["id"].startswith("UNT-") and unit["statistics"] == {"itemCount": 0}
    assert "status" not in unit
    found = ok(api("vendor").get(f"{UNITS}?eq(name,'device')&limit=1"))["data"]
    assert [each["id"] for each in found] == [unit["id"]]
    assert ok(operations.put(f"{UNITS}/{unit['id']}", {"name": "machine"}))["name"] == "machine"
    held = item(api, unit=refer(unit["id"]))
    assert operations.delete(f"{UNITS}/{unit['id']}").status == 409
    assert api("vendor").delete(f"{ITEMS}/{held['id']}").status == 204
    assert operations.delete(f"{UNITS}/{unit['id']}").status == 204
    assert operations.get(f"{UNITS}/{unit['id']}").status == 404
    assert operations.post(UNITS, {}).json["title"] == "One or more validation errors occurred."


@pytest.mark.parametrize("who", ["client", "vendor"])
def test_units_are_operations_to_keep(api, who):
    assert api(who).post(UNITS, {"name": "box"}).status == 403
    assert api(who).put(f"{UNITS}/UNT-1001", {"name": "box"}).status == 403
    assert api(who).delete(f"{UNITS}/UNT-1001").status == 403
