from copy import deepcopy
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.commerce.parameters import (
    constraints_of,
    instance,
    instances,
    invalid,
    may_write,
    wire,
    without_errors,
    write,
)


@dataclass
class Definition:
    id: str = "PAR-1"
    external_id: str | None = "one"
    name: str = "One"
    type: str = "SingleLineText"
    phase: str = "Order"
    scope: str = "Agreement"
    context: str | None = None
    multiple: bool = False
    constraints: dict | None = None
    options: dict | None = None


COMPANY = Definition("PAR-1", "companyName", "Company name", options={"maxChar": 20})
CONTACT = Definition("PAR-2", "contact", "Contact", "Contact")
SECRET = Definition("PAR-3", "secret", "Secret", constraints={"hidden": True, "required": True})
SHOWN = Definition("PAR-4", "shown", "Shown", constraints={"readonly": True, "required": False})
TAGS = Definition(
    "PAR-5",
    None,
    "Tags",
    multiple=True,
    constraints={"required": False, "capacity": {"min": 1, "max": 2}, "unique": True},
)
DATA = Definition("PAR-6", "data", "Data", "DataObject", constraints={"required": False})
TITLE = Definition("PAR-7", "title", "Title", "Heading")
ALL = [COMPANY, CONTACT, SECRET, SHOWN, TAGS, DATA, TITLE]

OBJECTION = {"id": "EXT0007", "message": "The e-mail address is not valid."}
PATH = "parameters.ordering"


def bag():
    return [instance(each) for each in ALL]


def of(given_bag, definition):
    return next(each for each in given_bag if each["id"] == definition.id)


def written(entries, actor, start=None):
    """The bag after entries without faults."""
    result, found = write(start if start is not None else bag(), ALL, entries, actor, path=PATH)
    assert found == {}
    return result


def refused(entries, actor, start=None):
    return write(start if start is not None else bag(), ALL, entries, actor, path=PATH)[1]


# --- made with the order -------------------------------------------------------------------------------

APPLIES = [
    # scope, phase, context, order, in ordering, in fulfilment
    ("Agreement", "Order", None, "Purchase", True, False),
    ("Agreement", "Order", "None", "Change", False, False),
    ("Agreement", "Order", None, "Termination", False, False),
    ("Agreement", "Fulfillment", None, "Purchase", False, True),
    ("Agreement", "Fulfillment", None, "Change", False, True),
    ("Agreement", "Configuration", None, "Purchase", False, False),
    ("Order", "Order", None, "Purchase", True, False),
    ("Order", "Order", "None", "Change", True, False),
    ("Order", "Order", "Purchase", "Purchase", True, False),
    ("Order", "Order", "Purchase", "Change", False, False),
    ("Order", "Order", "Change", "Change", True, False),
    ("Order", "Order", "Termination", "Termination", True, False),
    ("Order", "Order", "Configuration", "Termination", False, False),
    ("Order", "Fulfillment", None, "Change", False, True),
    ("Item", "Order", None, "Purchase", False, False),
    ("Subscription", "Fulfillment", None, "Purchase", False, False),
    ("Asset", "Fulfillment", None, "Purchase", False, False),
    ("Request", "Order", None, "Purchase", False, False),
]


@pytest.mark.parametrize(("scope", "phase", "context", "order", "ordering", "fulfillment"), APPLIES)
def test_an_order_asks_for_the_parameters_of_its_type(scope, phase, context, order, ordering, fulfillment):
    definition = Definition(scope=scope, phase=phase, context=context)
    assert bool(instances([definition], order, "ordering")) is ordering
    assert bool(instances([definition], order, "fulfillment")) is fulfillment


DEFAULTS = [
    # type, options, multiple, value
    ("SingleLineText", {"defaultValue": "Northwind"}, False, "Northwind"),
    ("SingleLineText", {"defaultValue": "Northwind", "maxChar": 3}, False, None),
    ("SingleLineText", {"defaultValue": "Northwind"}, True, None),
    ("SingleLineText", {"defaultValue": ""}, False, None),
    ("MultiLineText", {"defaultValue": "a\nb"}, False, "a\nb"),
    ("Checkbox", {"defaultValue": ["a"], "optionsList": [{"value": "a"}]}, False, ["a"]),
    ("Choice", {"defaultValue": "a", "optionsList": [{"value": "a"}]}, False, "a"),
    ("DropDown", {"defaultValue": "b", "optionsList": [{"value": "a"}]}, False, None),
    ("Date", {"defaultValue": "2026-05-31"}, False, "2026-05-31"),
    ("Email", {"defaultValue": "CurrentlySignedInUser"}, False, None),
    ("Contact", {"defaultValue": "Buyer"}, False, None),
    ("Address", {"defaultValue": "Seller"}, False, None),
    ("DataObject", {"defaultValue": "{}"}, False, None),
    ("Heading", {"defaultValue": "x"}, False, None),
    ("SingleLineText", None, False, None),
]


@pytest.mark.parametrize(("type_", "options", "multiple", "value"), DEFAULTS)
def test_a_default_is_applied_only_where_it_is_the_value_itself(type_, options, multiple, value):
    fresh = instance(Definition(type=type_, options=options, multiple=multiple))
    assert fresh.get("value") == value
    assert ("displayValue" in fresh) is (value is not None)


def test_an_instance_holds_no_copy_of_its_definition():
    assert instance(COMPANY) == {"id": "PAR-1", "externalId": "companyName"}
    assert instance(TAGS) == {"id": "PAR-5"}


# --- who writes when -----------------------------------------------------------------------------------

STATES = ["Draft", "Quoted", "Processing", "Querying", "Completed", "Failed", "Deleted"]
ALLOWED = {
    ("client", "Draft", "ordering"),
    ("client", "Querying", "ordering"),
    ("vendor", "Processing", "ordering"),
    ("vendor", "Processing", "fulfillment"),
}


@pytest.mark.parametrize("phase", ["ordering", "fulfillment"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("actor", ["client", "vendor", "operations"])
def test_parameters_are_written_by_whose_turn_it_is(actor, state, phase):
    assert may_write(actor, state, phase) is ((actor, state, phase) in ALLOWED)


# --- written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [{"id": "PAR-1"}, {"externalId": "companyName"}, {"ExternalID": "companyName"},
             {"id": "PAR-1", "externalId": "renamed"}, {"id": "PAR-1", "externalId": "companyName"}]
)  # fmt: skip
def test_an_entry_names_its_instance_by_id_or_by_external_id(name):
    after = written([name | {"value": "Northwind", "type": "ignored"}], "client")
    assert of(after, COMPANY) == {
        "id": "PAR-1",
        "externalId": "companyName",
        "value": "Northwind",
        "displayValue": "Northwind",
    }


def test_what_an_entry_leaves_out_stays():
    start = written([{"id": "PAR-1", "value": "Northwind"}, {"id": "PAR-5", "value": ["a"]}], "client")
    after = written([{"id": "PAR-5", "value": ["b"]}, {"id": "PAR-1"}], "client", start)
    assert of(after, COMPANY)["value"] == "Northwind"
    assert of(after, TAGS)["value"] == ["b"]


@pytest.mark.parametrize("nothing", [None, "", "  ", [], {}, {"email": None}])
def test_null_and_empty_shells_clear_a_value(nothing):
    start = written([{"id": "PAR-1", "value": "Northwind"}], "client")
    after = written([{"id": "PAR-1", "value": nothing}], "client", start)
    assert of(after, COMPANY) == {"id": "PAR-1", "externalId": "companyName"}


def test_an_empty_object_is_a_value_of_a_data_object():
    assert of(written([{"id": "PAR-6", "value": {}}], "client"), DATA)["value"] == {}
    assert of(written([{"id": "PAR-6", "value": None}], "client"), DATA) == {
        "id": "PAR-6",
        "externalId": "data",
    }


def test_the_bag_that_was_given_is_left_as_it_was():
    start = written([{"id": "PAR-1", "value": "A", "constraints": {"hidden": True}}], "vendor")
    before = deepcopy(start)
    written(
        [{"id": "PAR-1", "value": "B", "constraints": {"readonly": True}, "error": OBJECTION}],
        "vendor",
        start,
    )
    assert start == before


def test_no_entries_change_nothing():
    assert written(None, "client") == written([], "client") == bag()


FAULTY = [
    # entries, path of the fault
    ("junk", PATH),
    ({"id": "PAR-1"}, PATH),
    ([{}] * 1_001, PATH),
    (["junk"], f"{PATH}[0]"),
    ([None], f"{PATH}[0]"),
    ([{}], f"{PATH}[0]"),
    ([{"value": "x"}], f"{PATH}[0]"),
    ([{"id": 5, "value": "x"}], f"{PATH}[0]"),
    ([{"externalId": ["companyName"]}], f"{PATH}[0]"),
    ([{"id": "PAR-1"}, {"id": "PAR-5"}, {"externalId": "unknown"}], f"{PATH}[2]"),
    ([{"id": "PAR-1", "externalId": "contact"}], f"{PATH}[0]"),
    ([{"id": "PAR-1", "value": 5}], f"{PATH}[0].value"),
    ([{"id": "PAR-1", "value": "x" * 21}], f"{PATH}[0].value"),
    ([{"id": "PAR-5", "value": ["a", "b", "c"]}], f"{PATH}[0].value"),
    ([{"id": "PAR-7", "value": "x"}], f"{PATH}[0].value"),
    ([{"id": "PAR-6", "value": {"a": "\0"}}], f"{PATH}[0].value"),
]


@pytest.mark.parametrize("actor", ["client", "vendor"])
@pytest.mark.parametrize(("entries", "path"), FAULTY, ids=range(len(FAULTY)))
def test_a_fault_names_the_entry_it_is_in(entries, path, actor):
    assert list(refused(entries, actor)) == [path]


def test_all_faults_are_told_at_once():
    entries = [{"id": "PAR-1", "value": 5}, {"id": "nobody"}, {"id": "PAR-2", "value": {"email": "bad"}}]
    assert list(refused(entries, "client")) == [f"{PATH}[0].value", f"{PATH}[1]", f"{PATH}[2].value"]


@pytest.mark.parametrize("definition", [SECRET, SHOWN])
def test_a_client_does_not_write_what_is_hidden_or_readonly(definition):
    for value in ("x", 5, None):
        assert written([{"id": definition.id, "value": value}], "client") == bag()
    assert of(written([{"id": definition.id, "value": "x"}], "vendor"), definition)["value"] == "x"


def test_a_client_does_not_write_constraints_and_errors():
    entry = {"id": "PAR-1", "constraints": {"required": False}, "error": {"message": "x"}}
    assert written([entry], "client") == bag()
    assert written([{"id": "PAR-1", "constraints": "junk", "error": 5}], "client") == bag()


def test_a_vendor_opens_a_hidden_parameter_and_the_client_then_answers():
    opened = written([{"id": "PAR-3", "constraints": {"hidden": False}}], "vendor")
    assert of(opened, SECRET)["constraints"] == {"hidden": False}
    assert of(written([{"id": "PAR-3", "value": "x"}], "client", opened), SECRET)["value"] == "x"


CONSTRAINTS = [
    # definition, written one after the other, kept
    (COMPANY, [{"required": False}], {"required": False}),
    (COMPANY, [{"required": True, "hidden": False, "readonly": False}], None),
    (COMPANY, [{"hidden": True}, {"readonly": True}], {"hidden": True, "readonly": True}),
    (COMPANY, [{"hidden": True}, {"hidden": None}], None),
    (COMPANY, [{"hidden": True}, {"hidden": False}], None),
    (COMPANY, [{"hidden": True}, None], None),
    (COMPANY, [{"ReadOnly": True, "whatever": 1}], {"readonly": True}),
    (SECRET, [{"hidden": False, "required": True}], {"hidden": False}),
    (TAGS, [{"capacity": {"max": 5, "min": None, "extra": 1}}], {"capacity": {"max": 5}}),
    (TAGS, [{"capacity": {"min": 1, "max": 2}}], None),
]


@pytest.mark.parametrize(("definition", "steps", "kept"), CONSTRAINTS)
def test_only_the_constraints_that_differ_from_the_definition_are_kept(definition, steps, kept):
    after = bag()
    for step in steps:
        after = written([{"id": definition.id, "constraints": step}], "vendor", after)
    assert of(after, definition).get("constraints") == kept


BAD_EXTRAS = [
    # member, value, path
    ("constraints", "junk", "constraints"),
    ("constraints", {"hidden": "yes"}, "constraints.hidden"),
    ("constraints", {"required": 1}, "constraints.required"),
    ("constraints", {"capacity": 3}, "constraints.capacity"),
    ("constraints", {"capacity": {"min": -1}}, "constraints.capacity"),
    ("constraints", {"capacity": {"max": True}}, "constraints.capacity"),
    ("constraints", {"capacity": {"max": 10**30}}, "constraints.capacity"),
    ("error", "junk", "error.message"),
    ("error", {}, "error.message"),
    ("error", {"id": "EXT1"}, "error.message"),
    ("error", {"message": " "}, "error.message"),
    ("error", {"message": "x" * 4_001}, "error.message"),
    ("error", {"message": "x", "id": 5}, "error.id"),
    ("error", {"message": "x", "parameters": {"a": "\0"}}, "error"),
]


@pytest.mark.parametrize(("member", "value", "path"), BAD_EXTRAS)
def test_a_vendors_constraints_and_errors_have_a_shape(member, value, path):
    assert list(refused([{"id": "PAR-1", member: value}], "vendor")) == [f"{PATH}[0].{path}"]


def test_the_instances_capacity_binds_its_value():
    wider = [{"id": "PAR-5", "constraints": {"capacity": {"max": 3}}, "value": ["a", "b", "c"]}]
    assert of(written(wider, "vendor"), TAGS)["value"] == ["a", "b", "c"]


# --- objections ----------------------------------------------------------------------------------------

ASKED = [
    {
        "externalId": "contact",
        "value": {"email": "bad"},
        "constraints": {"hidden": False, "required": True},
        "error": OBJECTION,
    }
]
ANSWER = {"firstName": "Ada", "lastName": "Moss", "email": "ada@example.org"}


def test_a_vendor_lays_an_error_on_a_value_that_is_wrong():
    after = written(ASKED, "vendor")
    assert of(after, CONTACT) == {
        "id": "PAR-2",
        "externalId": "contact",
        "value": {"email": "bad"},
        "displayValue": "bad",
        "error": OBJECTION,
    }
    assert invalid(after, [CONTACT], "ordering")["parameters.ordering.contact"][-1] == OBJECTION["message"]


def test_a_vendor_cannot_store_a_wrong_value_without_an_error():
    entry = {"externalId": "contact", "value": {"email": "bad"}}
    assert list(refused([entry], "vendor")) == [f"{PATH}[0].value"]
    assert list(refused([entry | {"error": None}], "vendor")) == [f"{PATH}[0].value"]
    assert list(refused([entry | {"value": {"email": "\0"}, "error": OBJECTION}], "vendor")) == [f"{PATH}[0].value"]


@pytest.mark.parametrize("actor", ["client", "vendor"])
def test_a_wrong_value_may_be_sent_back_as_it_was(actor):
    asked = written(ASKED, "vendor")
    assert written([{"id": "PAR-2", "value": {"email": "bad"}}], actor, asked) == asked


def test_a_clients_new_value_answers_the_objection():
    asked = written(ASKED, "vendor")
    after = written([{"id": "PAR-2", "value": ANSWER}], "client", asked)
    assert "error" not in of(after, CONTACT)
    assert "parameters.ordering.contact" not in invalid(after, ALL, "ordering")


def test_a_clients_clearing_of_a_value_drops_the_objection_but_is_no_answer():
    after = written([{"id": "PAR-2", "value": None}], "client", written(ASKED, "vendor"))
    assert invalid(after, [CONTACT], "ordering") == {"parameters.ordering.contact": ["A value is required."]}


def test_true_is_a_new_value_where_1_was():
    start = written([{"id": "PAR-6", "value": {"a": 1}, "error": OBJECTION}], "vendor")
    after = written([{"id": "PAR-6", "value": {"a": True}}], "client", start)
    assert of(after, DATA) == {
        "id": "PAR-6",
        "externalId": "data",
        "value": {"a": True},
        "displayValue": '{"a":true}',
    }


def test_a_vendors_new_value_leaves_the_objection_until_null_takes_it_back():
    asked = written(ASKED, "vendor")
    assert of(written([{"id": "PAR-2", "value": ANSWER}], "vendor", asked), CONTACT)["error"] == OBJECTION
    assert "error" not in of(written([{"id": "PAR-2", "error": None}], "vendor", asked), CONTACT)


def test_an_error_keeps_its_id_message_and_parameters_alone():
    said = {"Id": "E1", "Message": "No.", "parameters": {"a": 1}, "extra": 1}
    after = written([{"id": "PAR-1", "error": said}], "vendor")
    assert of(after, COMPANY)["error"] == {"id": "E1", "message": "No.", "parameters": {"a": 1}}


def test_a_validation_starts_without_the_errors_of_the_last():
    assert "error" not in of(without_errors(written(ASKED, "vendor")), CONTACT)


# --- judged and shown ----------------------------------------------------------------------------------

OPTIONAL = {"required": False}
INVALID = [
    # definition, instance, complaints
    (Definition(), {}, ["A value is required."]),
    (Definition(constraints={}), {}, ["A value is required."]),
    (Definition(constraints={"required": None}), {}, ["A value is required."]),
    (Definition(constraints=OPTIONAL), {}, []),
    (Definition(constraints=OPTIONAL), {"constraints": {"required": True}}, ["A value is required."]),
    (Definition(), {"constraints": OPTIONAL}, []),
    (Definition(), {"value": "x"}, []),
    (Definition(), {"value": " "}, ["A value is required."]),
    (Definition(), {"value": 5}, ["Must be text."]),
    (Definition(), {"value": "x", "error": {"message": "No."}}, ["No."]),
    (Definition(constraints=OPTIONAL), {"error": {"message": "No."}}, ["No."]),
    (Definition(constraints={"hidden": True}), {}, []),
    (Definition(constraints={"hidden": True}), {"error": {"message": "No."}}, []),
    (Definition(), {"constraints": {"hidden": True}}, []),
    (Definition(constraints={"readonly": True}), {}, ["A value is required."]),
    (Definition(type="Heading"), {}, []),
    (Definition(type="Checkbox"), {"value": []}, ["A value is required."]),
    (Definition(type="Checkbox"), {"value": False}, []),
]


@pytest.mark.parametrize(("definition", "given_", "complaints"), INVALID, ids=range(len(INVALID)))
def test_an_order_is_held_up_by_what_is_missing_wrong_or_objected_to(definition, given_, complaints):
    found = invalid([instance(definition) | given_], [definition], "fulfillment")
    assert found == ({"parameters.fulfillment.one": complaints} if complaints else {})


def test_a_complaint_without_an_external_id_names_the_id():
    nameless = Definition(external_id=None)
    assert list(invalid([instance(nameless)], [nameless], "ordering")) == ["parameters.ordering.PAR-1"]


def test_the_wire_form_joins_instance_and_definition():
    start = written(
        [
            {
                "id": "PAR-5",
                "value": ["a", "b"],
                "constraints": {"required": True},
                "error": {"message": "No."},
            }
        ],
        "vendor",
    )
    assert wire(start, ALL, "vendor")[4] == {
        "id": "PAR-5",
        "name": "Tags",
        "type": "SingleLineText",
        "phase": "Order",
        "scope": "Agreement",
        "multiple": True,
        "constraints": {
            "required": True,
            "hidden": False,
            "readonly": False,
            "capacity": {"min": 1, "max": 2},
            "unique": True,
        },
        "error": {"message": "No."},
        "value": ["a", "b"],
        "displayValue": "a, b",
    }


def test_an_unanswered_parameter_is_shown_with_its_constraints_and_without_nulls():
    assert wire([instance(COMPANY)], ALL, "client") == [
        {
            "id": "PAR-1",
            "externalId": "companyName",
            "name": "Company name",
            "type": "SingleLineText",
            "phase": "Order",
            "scope": "Agreement",
            "multiple": False,
            "constraints": {"required": True, "hidden": False, "readonly": False},
        }
    ]


@pytest.mark.parametrize(("actor", "sees"), [("client", False), ("vendor", True), ("operations", True)])
def test_a_hidden_parameter_does_not_exist_for_the_client(actor, sees):
    shown = [each["id"] for each in wire(bag(), ALL, actor)]
    assert ("PAR-3" in shown) is sees
    hidden = written([{"id": "PAR-1", "constraints": {"hidden": True}}], "vendor")
    assert ("PAR-1" in [each["id"] for each in wire(hidden, ALL, actor)]) is sees


def test_what_was_read_can_be_written_back_without_a_change():
    start = written([*ASKED, {"id": "PAR-1", "value": "A"}, {"id": "PAR-6", "value": {}}], "vendor")
    for actor in ("client", "vendor"):
        assert written(wire(start, ALL, actor), actor, start) == start


def test_an_instance_whose_definition_is_gone_is_neither_shown_nor_asked_for():
    assert wire(bag(), [COMPANY], "vendor") == wire([instance(COMPANY)], [COMPANY], "vendor")
    assert invalid([instance(COMPANY)], [], "ordering") == {}
    assert list(write(bag(), [COMPANY], [{"id": "PAR-2"}], "vendor", path=PATH)[1]) == [f"{PATH}[0]"]


def test_constraints_default_to_required_shown_and_open():
    assert constraints_of({}, Definition()) == {"required": True, "hidden": False, "readonly": False}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
members = st.fixed_dictionaries(
    {"id": st.sampled_from([each.id for each in ALL]) | json_values},
    optional={
        "externalId": json_values,
        "value": json_values,
        "constraints": json_values
        | st.dictionaries(st.sampled_from(["hidden", "required", "readonly", "capacity"]), json_values),
        "error": json_values | st.fixed_dictionaries({"message": json_values}),
    },
)


@given(st.lists(members, max_size=4) | json_values, st.sampled_from(["client", "vendor"]))
def test_no_entries_make_the_writer_fall_over_and_what_it_accepts_can_be_read(entries, actor):
    after, found = write(bag(), ALL, entries, actor, path=PATH)
    if not found:
        assert [each["id"] for each in after] == [each.id for each in ALL]
        wire(after, ALL, actor)
        invalid(after, ALL, "ordering")
        assert write(after, ALL, entries, actor, path=PATH) == (after, {})
