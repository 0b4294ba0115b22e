"""Vendors declare parameters: which may be asked of whom and when, within which limits, and what becomes of old values."""

import pytest

from tests.catalog.drafting import below, group, parameter_body, product, settled
from tests.party import at_once, ok
from tests.purchases import completed, placed
from tests.world import PRODUCT, purchase, refer

GROUP = "PGR-5001-0001-0001"
PARAMETERS = below(PRODUCT, "parameters")
GOLD = {"optionsList": [{"label": "Gold", "value": "gold"}]}


def asked(**more):
    """A question of the ordering wizard, about the agreement."""
    return parameter_body(scope="Agreement", group=refer(GROUP), **more)


def test_a_parameter_is_declared_changed_and_deleted(api):
    made = ok(api("vendor").post(PARAMETERS, asked(options={"maxChar": "20", "hintText": "Why?", "newer": {"a": 1}})))
    assert (made["status"], made["context"], made["multiple"]) == ("Active", "None", False)
    assert made["options"] == {"maxChar": 20, "hintText": "Why?", "newer": {"a": 1}}
    path = f"{PARAMETERS}/{made['id']}"
    later = {"scope": "Order", "phase": "Fulfillment", "type": "Email", "context": "Change", "multiple": True}
    changed = ok(api("vendor").put(path, {**later, "name": "Cause", "constraints": {"hidden": True}}))
    assert {name: changed[name] for name in later} == {name: made[name] for name in later}  # said once
    assert (changed["name"], changed["constraints"], changed["options"]) == ("Cause", {"hidden": True}, made["options"])
    assert api("vendor").delete(path).status == 204
    gone = ok(api("vendor").get(path))
    assert gone["status"] == "Deleted"
    assert made["id"] not in [each["id"] for each in ok(api("vendor").get(f"{PARAMETERS}?limit=1000"))["data"]]
    assert api("client").get(path).status == 404
    assert [api("vendor").put(path, {"name": "x"}).status, api("vendor").delete(path).status] == [409, 409]


@pytest.mark.parametrize("who", ["client", "operations"])
def test_vendors_alone_declare_parameters(api, who):
    path = f"{PARAMETERS}/PAR-5001-0001-0001"
    assert [api(who).post(PARAMETERS, asked()).status, api(who).put(path, {}).status] == [403, 403]
    assert api(who).delete(path).status == 403
    assert api("other vendor").post(PARAMETERS, asked()).status == 404


def test_what_is_missing_is_told_at_once(api):
    reply = api("vendor").post(PARAMETERS, {})
    assert (reply.status, reply.json["title"]) == (400, "One or more validation errors occurred.")
    assert sorted(reply.json["errors"]) == ["description", "displayOrder", "name", "phase", "scope", "type"]


COMBINATIONS = [
    # scope           phase            context          with a group   faults
    ("Order",         "Order",         "Purchase",      True,          []),
    ("Order",         "Order",         "None",          True,          []),
    ("Order",         "Order",         "Purchase",      False,         ["group"]),
    ("Order",         "Fulfillment",   "Purchase",      False,         ["context"]),
    ("Order",         "Fulfillment",   "None",          False,         []),
    ("Agreement",     "Order",         "None",          True,          []),
    ("Agreement",     "Order",         "None",          False,         ["group"]),
    ("Agreement",     "Order",         "Change",        True,          ["context"]),
    ("Agreement",     "Fulfillment",   "None",          False,         []),
    ("Item",          "Configuration", "None",          False,         []),
    ("Item",          "Order",         "None",          False,         []),
    ("Request",       "Order",         "None",          False,         []),
    ("Request",       "Order",         "Termination",   False,         ["context"]),
    ("Subscription",  "Fulfillment",   "None",          False,         []),
    ("Subscription",  "Order",         "None",          False,         ["group"]),
    ("Asset",         "Fulfillment",   "None",          True,          []),
    ("Galaxy",        "Order",         "None",          True,          ["scope"]),
    ("Order",         "Dream",         "None",          True,          ["phase"]),
    ("Order",         "Order",         "Party",         True,          ["context"]),
]  # fmt: skip


@pytest.mark.parametrize(("scope", "phase", "context", "grouped", "faults"), COMBINATIONS)
def test_who_is_asked_when_and_for_what(api, scope, phase, context, grouped, faults):
    body = parameter_body(scope=scope, phase=phase, context=context, **({"group": refer(GROUP)} if grouped else {}))
    reply = api("vendor").post(PARAMETERS, body)
    assert (reply.status, sorted(reply.json.get("errors", {}))) == (400 if faults else 201, faults)


SOUND = [
    ("SingleLineText", {"minChar": 2, "maxChar": 5, "pattern": "^[a-z]+$", "defaultValue": "abc"}),
    ("SingleLineText", {"pattern": None, "defaultValue": None, "minChar": None, "placeholderText": "x"}),
    ("MultiLineText", {"defaultValue": "a\nb"}),
    ("Address", {"defaultValue": "Licensee"}),
    ("Contact", {"defaultValue": "CurrentlySignedInUser", "phoneMandatory": True}),
    ("Checkbox", {**GOLD, "defaultValue": ["gold"]}),
    ("Checkbox", {}),
    ("Choice", {**GOLD, "defaultValue": "gold"}),
    ("DropDown", {**GOLD, "placeholderText": "Choose"}),
    ("Subdomain", {"domainSuffix": ".vendor.example"}),
    ("Email", {"defaultValue": "CurrentlySignedInUser"}),
    ("DataObject", {"objectType": "Xml"}),
    ("Date", {"dateRange": False, "minAvailableDate": "2026-01-01", "maxAvailableDate": "2026-12-31"}),
    ("Heading", {"label": "About you"}),
]


@pytest.mark.parametrize(("kind", "options"), SOUND)
def test_options_are_those_of_the_type(api, kind, options):
    made = ok(api("vendor").post(PARAMETERS, asked(type=kind, options=options)))
    assert made["options"] == {name: value for name, value in options.items() if value is not None}


WRONG = [
    ("SingleLineText", {"minChar": "few"}, "options.minChar"),
    ("SingleLineText", {"minChar": -1}, "options.minChar"),
    ("SingleLineText", {"minChar": 9, "maxChar": 2}, "options.minChar"),
    ("SingleLineText", {"pattern": "([a-z"}, "options.pattern"),
    ("SingleLineText", {"pattern": "(?=a)b"}, "options.pattern"),
    ("SingleLineText", {"maxChar": 3, "defaultValue": "long enough"}, "options.defaultValue"),
    ("SingleLineText", {"pattern": "^[0-9]+$", "defaultValue": "abc"}, "options.defaultValue"),
    ("SingleLineText", ["a"], "options"),
    ("MultiLineText", {"placeholderText": 4}, "options.placeholderText"),
    ("Address", {"defaultValue": "Vendor"}, "options.defaultValue"),
    ("Contact", {"phoneMandatory": "maybe"}, "options.phoneMandatory"),
    ("Choice", {}, "options.optionsList"),
    ("DropDown", None, "options.optionsList"),
    ("DropDown", {"optionsList": {}}, "options.optionsList"),
    ("DropDown", {"optionsList": [{"label": "A"}]}, "options.optionsList[0].value"),
    ("DropDown", {"optionsList": [{"label": 5, "value": "a"}]}, "options.optionsList[0].label"),
    ("DropDown", {"optionsList": [{"value": "a"}, {"value": "a"}]}, "options.optionsList[1].value"),
    ("DropDown", {**GOLD, "defaultValue": "tin"}, "options.defaultValue"),
    ("Checkbox", {**GOLD, "defaultValue": ["tin"]}, "options.defaultValue"),
    ("Email", {"defaultValue": "me@example.com"}, "options.defaultValue"),
    ("DataObject", {"objectType": "Yaml"}, "options.objectType"),
    ("Date", {"minAvailableDate": "soon"}, "options.minAvailableDate"),
    ("Date", {"minAvailableDate": "2026-W01-1"}, "options.minAvailableDate"),
    ("Date", {"minAvailableDate": "2027-01-01", "maxAvailableDate": "2026-01-01"}, "options.minAvailableDate"),
    ("Heading", {"defaultValue": "x"}, "options.defaultValue"),
]


@pytest.mark.parametrize(("kind", "options", "fault"), WRONG, ids=[f"{row[0]} {row[1]}"[:60] for row in WRONG])
def test_options_that_are_not_are_told_by_field(api, served, kind, options, fault):
    before = served.fetch("select count(*) from parameters")
    reply = api("vendor").post(PARAMETERS, asked(type=kind, **({"options": options} if options is not None else {})))
    assert (reply.status, list(reply.json["errors"])) == (400, [fault])
    assert served.fetch("select count(*) from parameters") == before


@pytest.mark.parametrize(
    ("constraints", "fault"),
    [
        ({"required": "mostly"}, "constraints.required"),
        ({"hidden": 1}, "constraints.hidden"),
        ({"capacity": {"min": 5, "max": 2}}, "constraints.capacity.min"),
        ({"capacity": {"max": 0}}, "constraints.capacity.max"),
        ({"capacity": 3}, "constraints.capacity"),
        (None, "constraints"),
        ("required", "constraints"),
    ],
)
def test_constraints_that_are_none_are_told_by_field(api, constraints, fault):
    reply = api("vendor").post(PARAMETERS, asked(constraints=constraints))
    assert (reply.status, list(reply.json["errors"])) == (400, [fault])


def test_a_group_of_another_product_reads_as_an_unknown_one(api):
    mine = group(api, product(api)["id"], "parameter-groups")["id"]
    for near in (mine, "PGR-5002-0001-0001", "PGR-0000-0000-0000"):
        reply = api("vendor").post(PARAMETERS, parameter_body(scope="Order", group=refer(near)))
        assert reply.json["errors"] == {"group.id": [f"ParameterGroup {near!r} was not found."]}


def test_the_external_id_is_one_parameters_alone(api):
    twin = asked(externalId="twin")
    made = ok(api("vendor").post(PARAMETERS, twin))
    reply = api("vendor").post(PARAMETERS, twin)
    assert (reply.status, list(reply.json["errors"])) == (400, ["externalId"])
    other = ok(api("vendor").post(PARAMETERS, asked()))
    taken = api("vendor").put(f"{PARAMETERS}/{other['id']}", {"externalId": "twin"})
    assert (taken.status, list(taken.json["errors"])) == (400, ["externalId"])
    assert api("vendor").delete(f"{PARAMETERS}/{made['id']}").status == 204
    assert ok(api("vendor").put(f"{PARAMETERS}/{other['id']}", {"externalId": "twin"}))["externalId"] == "twin"
    replies = at_once(*[lambda: api("vendor").post(PARAMETERS, asked(externalId="race"))] * 4)
    assert sorted(each.status for each in replies) == [201, 400, 400, 400]


def test_what_was_answered_stays_when_a_parameter_is_deleted(api, served):
    """Orders under way and agreements keep it and go on; new orders are not asked."""
    said = {"ordering": [{"externalId": "company", "value": "N"}, {"externalId": "budget", "value": "900"}]}
    budget = ok(api("vendor").post(PARAMETERS, asked(externalId="budget", constraints={"required": True})))
    done = completed(served, parameters=said)
    order = placed(served, parameters=said)
    assert api("vendor").delete(f"{PARAMETERS}/{budget['id']}").status == 204
    held = ok(api("client").get(f"/commerce/orders/{order['id']}"))["parameters"]["ordering"]
    assert [each["value"] for each in held if each["id"] == budget["id"]] == ["900"]
    agreement = ok(api("client").get(f"/commerce/agreements/{done['agreement']['id']}"))["parameters"]["ordering"]
    assert [each["value"] for each in agreement if each["id"] == budget["id"]] == ["900"]
    assert ok(api("vendor").post(f"/commerce/orders/{order['id']}/query", {}))["status"] == "Querying"
    assert ok(api("client").post(f"/commerce/orders/{order['id']}/process", {}))["status"] == "Processing"
    new = settled(
        lambda: api("client").post("/commerce/orders", purchase()), lambda reply: budget["id"] not in asked_in(reply)
    )
    assert budget["id"] not in asked_in(new)


def asked_in(reply):
    return [each["id"] for each in ok(reply)["parameters"]["ordering"]]
