"""What is written on an order, by whom and when: parameters, texts, terms, notes and external ids."""

import json
from typing import Any

import pytest

from tests.party import Api, ok
from tests.purchases import completed, draft, failed, map_lines, placed, queried
from tests.serving import Served
from tests.world import ONCE, PRODUCT, USER, purchase, refer

ORDERS = "/commerce/orders"
PROCESSING, QUERYING, COMPLETED, SPECIAL = (f"TPL-5001-0001-000{n}" for n in (1, 2, 3, 9))
OTHER_TEXT = "TPL-5002-0001-0002"


def path_of(order: Any) -> str:
    return f"{ORDERS}/{order['id']}"


def ordering(**values: Any) -> dict[str, Any]:
    """Values of ordering parameters, by external id."""
    return {"parameters": {"ordering": [{"externalId": name, "value": value} for name, value in values.items()]}}


def fulfillment(**values: Any) -> dict[str, Any]:
    return {"parameters": {"fulfillment": [{"externalId": name, "value": value} for name, value in values.items()]}}


def held(owner: Any, bag: str = "ordering") -> dict[str, Any]:
    """Each parameter's value by external id; None for one without."""
    return {each["externalId"]: each.get("value") for each in owner["parameters"][bag]}


def quoted(served: Served) -> Any:
    order = draft(served)
    return ok(served.call("client", "POST", f"{path_of(order)}/quote"))


def deleted(served: Served) -> Any:
    order = draft(served)
    ok(served.call("client", "DELETE", path_of(order)))
    return ok(served.call("client", "GET", path_of(order)))


PLAYED = {
    "Draft": draft, "Quoted": quoted, "Processing": placed, "Querying": queried, "Completed": completed,
    "Failed": failed, "Deleted": deleted,
}  # fmt: skip


# Parameters (spec 2.6) --------------------------------------------------------------------------------


def test_an_order_asks_for_everything_that_its_product_declares(api, served):
    order = draft(served)
    seen = ok(api("vendor").get(path_of(order)))
    assert held(seen) == {"company": "Northwind", "contact": None, "note": None, "secret": None}
    assert held(seen, "fulfillment") == {"customerId": None, "dueDate": None}
    company = seen["parameters"]["ordering"][0]
    assert company == {
        "id": "PAR-5001-0001-0001", "externalId": "company", "name": "Company", "type": "SingleLineText",
        "phase": "Order", "scope": "Agreement", "multiple": False, "value": "Northwind", "displayValue": "Northwind",
        "constraints": {"required": True, "hidden": False, "readonly": False},
    }  # fmt: skip


def test_a_hidden_parameter_does_not_exist_for_the_client(api, served):
    order = draft(served)
    assert held(order) == {"company": "Northwind", "contact": None, "note": None}
    assert held(order, "fulfillment") == {"customerId": None}
    ok(api("client").put(path_of(order), ordering(secret="guessed")))
    ok(api("client").post(f"{path_of(order)}/process"))
    ok(api("vendor").put(path_of(order), ordering(secret="known")))
    seen = api("client").get(path_of(order))
    assert held(ok(api("vendor").get(path_of(order))))["secret"] == "known"
    assert b"secret" not in seen.body and b"known" not in seen.body
    query = f"{ORDERS}?any(parameters.ordering,eq(displayValue,known))&eq(id,{order['id']})"
    assert len(ok(api("vendor").get(query))["data"]) == 1
    assert ok(api("client").get(query))["data"] == []


def test_the_vendor_may_hide_and_show_a_parameter_of_one_order(api, served):
    order = placed(served)
    shown = {"externalId": "secret", "value": "told", "constraints": {"hidden": False}}
    hidden = {"externalId": "note", "constraints": {"hidden": True}}
    ok(api("vendor").put(path_of(order), {"parameters": {"ordering": [shown, hidden]}}))
    assert held(ok(api("client").get(path_of(order)))) == {"company": "Northwind", "contact": None, "secret": "told"}
    query = f"{ORDERS}?any(parameters.ordering,eq(displayValue,told))&eq(id,{order['id']})"
    assert len(ok(api("client").get(query))["data"]) == 1


WRITES = [
    # in state      list           who may write it
    ("Draft",       "ordering",    {"client"}),
    ("Draft",       "fulfillment", set()),
    ("Quoted",      "ordering",    set()),
    ("Quoted",      "fulfillment", set()),
    ("Processing",  "ordering",    {"vendor"}),
    ("Processing",  "fulfillment", {"vendor"}),
    ("Querying",    "ordering",    {"client"}),
    ("Querying",    "fulfillment", set()),
    ("Completed",   "ordering",    set()),
    ("Completed",   "fulfillment", set()),
    ("Failed",      "ordering",    set()),
    ("Failed",      "fulfillment", set()),
    ("Deleted",     "ordering",    set()),
    ("Deleted",     "fulfillment", set()),
]  # fmt: skip


@pytest.mark.parametrize(("state", "bag", "writers"), WRITES)
def test_who_fills_which_list_depends_on_the_state(api, served, state, bag, writers):
    name = {"ordering": "note", "fulfillment": "customerId"}[bag]
    order = PLAYED[state](served)
    for actor in ("client", "vendor", "operations"):
        body = {"parameters": {bag: [{"externalId": name, "value": f"by {actor}"}]}}
        if state == "Draft" and actor == "operations":
            continue  # its edit would make a quote of the draft
        ok(api(actor).put(path_of(order), body))
        found = held(ok(api(actor).get(path_of(order))), bag)[name]
        assert (found == f"by {actor}") == (actor in writers), (actor, found)


def test_an_entry_names_its_parameter_by_id_or_external_id_and_leaves_the_others_alone(api, served):
    order = draft(served)
    ok(api("client").put(path_of(order), {"parameters": {"ordering": [{"id": "PAR-5001-0001-0003", "value": "n"}]}}))
    contact = {"firstName": "Ada", "lastName": "Moss", "email": "a@b.example"}
    found = ok(api("client").put(path_of(order), ordering(contact=contact)))
    assert held(found) == {"company": "Northwind", "note": "n", "contact": contact}
    assert held(ok(api("client").put(path_of(order), ordering(note=None))))["note"] is None


FAULTY = [
    # the list                                              the fault is at
    ([{"externalId": "nonsense", "value": 1}],              "parameters.ordering[0]"),
    ([{"value": 1}],                                        "parameters.ordering[0]"),
    ([5],                                                   "parameters.ordering[0]"),
    (5,                                                     "parameters.ordering"),
    ([{"externalId": "company", "value": {"a": 1}}],        "parameters.ordering[0].value"),
    ([{"externalId": "contact", "value": "Ada"}],           "parameters.ordering[0].value"),
    ([{"externalId": "contact", "value": {"email": "x"}}],  "parameters.ordering[0].value"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "at"), FAULTY)
def test_a_value_of_the_wrong_shape_is_refused_at_every_save(api, served, given, at):
    order = draft(served)
    for reply in (
        api("client").put(path_of(order), {"parameters": {"ordering": given}}),
        api("client").post(f"{path_of(order)}/process", {"parameters": {"ordering": given}}),
        api("client").post(ORDERS, purchase(parameters={"ordering": given})),
    ):
        assert (reply.status, list(reply.json["errors"])) == (400, [at]), reply.json
    assert ok(api("client").get(path_of(order))) == order


@pytest.mark.parametrize("given", [{}, {"ordering": []}, {"ordering": None}, None])
def test_an_order_without_what_it_asks_for_is_placed_and_comes_back_at_once_as_a_question(api, given):
    order = ok(api("client").post(ORDERS, purchase(parameters=given)))
    found = ok(api("client").post(f"{path_of(order)}/process"))
    assert (found["status"], found["template"]["id"]) == ("Querying", QUERYING)
    assert (found["agreement"]["status"], found["revision"]) == ("Provisioning", 2)
    assert {"processing", "querying"} <= set(found["audit"])
    again = ok(api("client").post(ORDERS, purchase(parameters=given, status="Processing")))
    assert (again["status"], again["revision"]) == ("Querying", 1)


def test_what_comes_with_the_placing_answers_before_it_is_asked(api):
    order = ok(api("client").post(ORDERS, purchase(parameters={})))
    found = ok(api("client").post(f"{path_of(order)}/process", ordering(company="N")))
    assert found["status"] == "Processing"


def test_a_client_does_not_resume_before_it_has_answered_but_the_vendor_may(api, served):
    order = ok(api("client").post(ORDERS, purchase(parameters={}, status="Processing")))
    reply = api("client").post(f"{path_of(order)}/process")
    assert (reply.status, reply.json["errors"]) == (400, {"parameters.ordering.company": ["A value is required."]})
    assert ok(api("client").get(path_of(order)))["status"] == "Querying"
    other = ok(api("client").post(ORDERS, purchase(parameters={}, status="Processing")))
    assert ok(api("vendor").post(f"{path_of(other)}/process"))["status"] == "Processing"
    assert ok(api("client").post(f"{path_of(order)}/process", ordering(company="N")))["status"] == "Processing"


def test_an_objection_of_the_vendor_stands_until_the_client_gives_another_value(api, served):
    order = placed(served)
    objection = {"externalId": "company", "error": {"id": "EXT0007", "message": "Not in the register."}}
    body = {"parameters": {"ordering": [objection]}, "error": {"id": "EXT1", "message": "Please correct."}}
    found = ok(api("vendor").post(f"{path_of(order)}/query", body))
    assert (found["status"], found["error"]) == ("Querying", body["error"])
    path = f"{path_of(order)}/process"
    for same in (None, ordering(note="else"), ordering(company="Northwind")):
        reply = api("client").post(path, same)
        assert (reply.status, reply.json["errors"]) == (
            400,
            {"parameters.ordering.company": ["Not in the register."]},
        )
    found = ok(api("client").post(path, ordering(company="Northwind Ltd")))
    assert (found["status"], "error" in found) == ("Processing", False)
    assert "error" not in found["parameters"]["ordering"][0]


def test_parameters_of_the_agreement_go_along_and_those_of_the_order_stay(api, served):
    order = placed(served, lines=[{"item": refer(ONCE), "quantity": 1}])
    body = ordering(note="stays", secret="goes")
    body["parameters"] |= fulfillment(customerId="cust-1", dueDate="2031-01-31")["parameters"]
    body["parameters"]["ordering"].append({"externalId": "contact", "constraints": {"readonly": True}})
    ok(api("vendor").put(path_of(order), body))
    done = ok(api("vendor").post(f"{path_of(order)}/complete", fulfillment(dueDate=None)))
    agreement = ok(api("vendor").get(f"/commerce/agreements/{order['agreement']['id']}"))
    assert held(agreement) == {"company": "Northwind", "contact": None, "secret": "goes"}
    assert held(agreement, "fulfillment") == {"customerId": "cust-1", "dueDate": None}
    contact = agreement["parameters"]["ordering"][1]
    assert (contact["externalId"], contact["constraints"]["readonly"]) == ("contact", True)
    assert held(done)["note"] == "stays"
    client = ok(api("client").get(f"/commerce/agreements/{order['agreement']['id']}"))
    assert held(client) == {"company": "Northwind", "contact": None}


def test_an_order_is_not_completed_before_the_vendor_has_filled_what_is_required_of_it(api, served):
    order = placed(served, lines=[{"item": refer(ONCE), "quantity": 1}])
    required = {"externalId": "customerId", "constraints": {"required": True}}
    ok(api("vendor").put(path_of(order), {"parameters": {"fulfillment": [required]}}))
    reply = api("vendor").post(f"{path_of(order)}/complete")
    assert (reply.status, list(reply.json["errors"])) == (400, ["parameters.fulfillment.customerId"])
    found = ok(api("vendor").post(f"{path_of(order)}/complete", fulfillment(customerId="c")))
    assert found["status"] == "Completed"


def test_a_stray_list_beside_its_place_is_ignored(api, served):
    """What the mock of the vendors' SDK sends (spec 2.7)."""
    order = placed(served, lines=[{"item": refer(ONCE), "quantity": 1}])
    stray = {"fulfillment": [{"externalId": "nonsense"}]}
    assert ok(api("vendor").post(f"{path_of(order)}/complete", stray))["status"] == "Completed"


# Texts (spec 2.3.7) -----------------------------------------------------------------------------------

TEXTS = [("Draft", None), ("Quoted", PROCESSING), ("Processing", PROCESSING), ("Querying", QUERYING)]


@pytest.mark.parametrize(("state", "text"), [*TEXTS, ("Completed", COMPLETED)])
def test_each_state_has_the_products_default_text(served, state, text):
    order = PLAYED[state](served)
    assert order.get("template", {}).get("id") == text


def test_the_text_changes_with_every_move_there_and_back(api, served):
    order = queried(served)
    assert ok(api("client").post(f"{path_of(order)}/process"))["template"]["id"] == PROCESSING
    assert ok(api("vendor").post(f"{path_of(order)}/query"))["template"]["id"] == QUERYING


def test_the_vendor_chooses_a_text_of_its_own(api, served):
    path, chosen = path_of(placed(served)), {"template": {"id": SPECIAL, "name": "ignored"}}
    found = ok(api("vendor").post(f"{path}/query", chosen))
    assert found["template"] == {"id": SPECIAL, "name": "Special question", "revision": 1}
    assert ok(api("client").get(path))["template"]["id"] == SPECIAL
    assert ok(api("client").get(f"{path}/render")) == "Please explain."
    assert ok(api("vendor").put(path, {"template": {"id": QUERYING}}))["template"]["id"] == QUERYING
    assert ok(api("vendor").put(path, chosen))["template"]["id"] == SPECIAL


def test_a_text_that_the_vendor_does_not_name_is_the_default(api, served):
    for body in (None, {"template": None}, {"template": {"id": PROCESSING}}):
        path = path_of(queried(served))
        assert ok(api("vendor").put(path, {"template": {"id": SPECIAL}}))["template"]["id"] == SPECIAL
        assert ok(api("vendor").put(path, {"template": None}))["template"]["id"] == QUERYING
        assert ok(api("vendor").post(f"{path}/process", body))["template"]["id"] == PROCESSING


def test_a_text_that_comes_with_a_move_is_of_the_kind_of_the_new_state(api, served):
    path, asked = path_of(placed(served)), path_of(queried(served))
    for write, where, text in (
        (api("vendor").put, path, "TPL-5001-0001-0004"),  # one for subscriptions
        (api("vendor").post, f"{path}/query", PROCESSING),
        (api("vendor").post, f"{path}/query", COMPLETED),
        (api("vendor").post, f"{asked}/process", SPECIAL),
        (api("vendor").post, f"{path}/complete", PROCESSING),
    ):
        reply = write(where, {"template": {"id": text}})
        assert (where, reply.status, "template.id" in reply.json.get("errors", ())) == (where, 400, True)


def test_the_client_chooses_none(api, served):
    order = queried(served)
    found = ok(api("client").put(path_of(order), {"template": {"id": SPECIAL}}))
    assert found["template"]["id"] == QUERYING
    found = ok(api("client").post(f"{path_of(order)}/process", {"template": {"id": SPECIAL}}))
    assert found["template"]["id"] == PROCESSING


@pytest.mark.parametrize("text", [OTHER_TEXT, "TPL-0000-0000-0000", ""])
def test_a_text_of_another_product_is_refused(api, served, text):
    order = placed(served)
    for reply in (
        api("vendor").put(path_of(order), {"template": {"id": text}}),
        api("vendor").post(f"{path_of(order)}/query", {"template": {"id": text}}),
    ):
        assert reply.status == 400 and min(reply.json["errors"]).startswith("template"), reply.json
    assert ok(api("vendor").get(path_of(order)))["status"] == "Processing"


@pytest.mark.parametrize("name", ["render", "template"])
def test_a_text_is_read_with_the_values_that_its_reader_may_see(api, served, name):
    order = placed(served)
    ok(api("vendor").put(path_of(order), ordering(secret="known")))
    assert ok(api("vendor").get(f"{path_of(order)}/{name}")) == "# OrderProcessing\n\nFor Northwind, secret known."
    assert ok(api("client").get(f"{path_of(order)}/{name}")) == "# OrderProcessing\n\nFor Northwind, secret ."


# Terms (spec 2.11) ------------------------------------------------------------------------------------


def test_terms_are_accepted_with_the_order_and_again_when_it_is_placed(api, served):
    order = draft(served)
    (first,) = order["termsAndConditions"]
    assert (first["id"], first["name"]) == ("TCS-5001-0001-0001", "Alpha Suite terms")
    assert first["acceptedBy"] == {
        "id": USER, "name": "Ada Moss", "firstName": "Ada", "lastName": "Moss", "email": "ada@client.example",
        "revision": 1,
    }  # fmt: skip
    assert ok(api("client").put(path_of(order), {"notes": "x"}))["termsAndConditions"] == [first]
    (again,) = ok(api("client").post(f"{path_of(order)}/process"))["termsAndConditions"]
    assert again["accepted"] > first["accepted"]
    assert {**again, "accepted": 0} == {**first, "accepted": 0} or again["revision"] > first["revision"]
    (later,) = ok(api("client").get(path_of(order)))["termsAndConditions"]
    assert later == again


def test_a_token_without_a_user_accepts_in_its_own_name(api):
    order = ok(api("other client").post(ORDERS, purchase(licensee="LCE-2002-0001-0001")))
    assert order["termsAndConditions"][0]["acceptedBy"]["id"] == "TKN-2002-0001"


# Notes, external ids and the rest ---------------------------------------------------------------------


@pytest.mark.parametrize("state", PLAYED)
def test_notes_are_the_clients_and_operations_in_any_state(api, served, state):
    order = PLAYED[state](served)
    ok(api("vendor").put(path_of(order), {"notes": "by vendor"}))
    assert "notes" not in ok(api("client").get(path_of(order)))
    assert ok(api("client").put(path_of(order), {"notes": "by client"}))["notes"] == "by client"
    assert ok(api("operations").put(path_of(order), {"notes": "by operations"}))["notes"] == "by operations"
    assert "notes" not in ok(api("client").put(path_of(order), {"notes": None}))


@pytest.mark.parametrize("state", PLAYED)
def test_each_party_has_an_external_id_of_its_own_in_any_state(api, served, state):
    order = PLAYED[state](served)
    for actor in ("client", "vendor", "operations"):
        body = {"externalIds": {other: f"{other} by {actor}" for other in ("client", "vendor", "operations")}}
        assert ok(api(actor).put(path_of(order), body))["externalIds"] == {actor: f"{actor} by {actor}"}
    for actor in ("client", "vendor", "operations"):
        assert ok(api(actor).get(path_of(order)))["externalIds"] == {actor: f"{actor} by {actor}"}


def test_external_ids_given_at_creation_are_the_clients_alone(api):
    order = ok(api("client").post(ORDERS, purchase(externalIds={"client": "PO-1", "vendor": "V-1"})))
    assert order["externalIds"] == {"client": "PO-1"}
    assert ok(api("vendor").get(path_of(order)))["externalIds"] == {}
    assert ok(api("client").get(f"{ORDERS}?eq(externalIds.client,PO-1)"))["$meta"]["pagination"]["total"] == 1


IGNORED = [
    {"status": "Completed"},
    {"status": "Draft"},
    {"status": 5},
    {"id": "ORD-1", "revision": 99, "type": "Change", "audit": {"created": None}},
    {"product": {"id": "PRD-5002-0001"}, "client": {"id": "ACC-2002-0001"}, "agreement": {"id": "AGR-1"}},
    {"price": {"SPxY": 1}, "termsAndConditions": [], "subscriptions": [], "assets": []},
    {"nonsense": {"deep": [1, 2, {"x": None}]}, "$meta": {"omitted": []}, "href": "/x"},
    {},
]


@pytest.mark.parametrize("body", IGNORED)
def test_what_is_not_ones_own_to_write_is_ignored(api, served, body):
    order = draft(served)
    found = ok(api("client").put(path_of(order), body))
    for name in ("id", "status", "type", "product", "client", "agreement", "price", "termsAndConditions", "lines"):
        assert found[name] == order[name]


def test_a_put_that_changes_nothing_makes_no_revision(api, served):
    order = draft(served)
    assert ok(api("client").put(path_of(order), {}))["revision"] == 1
    assert ok(api("client").put(path_of(order), order))["revision"] == 1
    assert ok(api("client").put(path_of(order), {"notes": "x"}))["revision"] == 2


ACTIONS = [("process", "client", draft), ("quote", "client", draft), ("validate", "client", draft),
           ("query", "vendor", placed), ("process", "vendor", queried)]  # fmt: skip


@pytest.mark.parametrize(("action", "actor", "play"), ACTIONS)
@pytest.mark.parametrize("raw", [b"", b"{}", b"null", b"  "])
def test_an_action_takes_an_empty_body_of_any_kind(served, action, actor, play, raw):
    order = play(served)
    reply = served.call(actor, "POST", f"{path_of(order)}/{action}", raw=raw)
    assert reply.status == 200, reply.json


def test_an_answer_to_a_write_is_the_whole_order_as_it_is_read_afterwards(api: Api, served):
    order = placed(served)
    map_lines(served, order)
    vendor, path = api("vendor"), path_of(order)
    for write in (
        lambda: vendor.put(path, {"externalIds": {"vendor": "v"}}),
        lambda: vendor.post(f"{path}/query"),
        lambda: vendor.post(f"{path}/process"),
        lambda: vendor.post(f"{path}/complete"),
    ):
        reply = write()
        document = ok(reply)
        assert {"lines", "parameters", "subscriptions", "assets", "termsAndConditions", "audit"} <= set(document)
        assert ok(vendor.get(path)) == document
        assert reply.etag == f'"{document["revision"]}"'


# Validate, quote, notify ------------------------------------------------------------------------------


def test_validating_keeps_the_changes_and_leaves_the_order_where_it_is(api):
    order = ok(api("client").post(ORDERS, purchase(parameters={})))
    found = ok(api("client").post(f"{path_of(order)}/validate", ordering(note="kept") | {"notes": "kept too"}))
    assert (found["status"], held(found)["note"], found["notes"]) == ("Draft", "kept", "kept too")
    assert ok(api("client").get(path_of(order))) == found
    assert ok(api("client").post(f"{path_of(order)}/validate"))["revision"] == found["revision"]


def test_a_quote_is_frozen_but_may_still_be_placed_or_given_up(api, served):
    order = draft(served)
    found = ok(api("client").post(f"{path_of(order)}/quote", ordering(note="last word")))
    assert (found["status"], held(found)["note"]) == ("Quoted", "last word")
    body = ordering(note="too late") | {"lines": []}
    found = ok(api("client").put(path_of(order), body))
    assert (held(found)["note"], len(found["lines"])) == ("last word", 2)
    found = ok(api("client").post(f"{path_of(order)}/process", body))
    assert (found["status"], held(found)["note"], len(found["lines"])) == ("Processing", "last word", 2)


@pytest.mark.parametrize("actor", ["client", "operations"])
def test_somebody_is_notified_of_an_order(api, served, actor):
    order = quoted(served)
    reply = api(actor).post(f"{path_of(order)}/notify", {"userId": USER, "notifyMe": True})
    assert (reply.status, reply.body) == (204, b"")
    assert ok(api("client").get(path_of(order)))["status"] == "Quoted"
    (row,) = served.fetch("select details from trail where object_id = $1 and name = 'order.notified'", order["id"])
    assert json.loads(row["details"]).items() >= {"userId": USER, "notifyMe": True}.items()


@pytest.mark.parametrize("body", [None, {}, {"userId": 5}, {"userId": "USR-0000-0000"}, {"userId": ""}])
def test_whoever_notifies_says_whom(api, served, body):
    order = draft(served)
    reply = api("client").post(f"{path_of(order)}/notify", body)
    assert (reply.status, list(reply.json["errors"])) == (400, ["userId"])


def test_the_product_is_the_one_that_was_asked_for(served):
    assert draft(served)["product"]["id"] == PRODUCT
