"""A field is one line: its column, path, visibility and write rule are read from it."""

import pytest

from entrepot.kernel.field import CREATE, audited, bag, externals, flag, needed, number, part, ref, refs, snake, text


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("notes", "notes"),
        ("statusNotes", "status_notes"),
        ("externalIds.client", "external_ids_client"),
        ("price.unitPP", "price_unit_pp"),
        ("price.PPx1", "price_ppx1"),
        ("price.SPxM", "price_spx_m"),
        ("audit.created.at", "audit_created_at"),
    ],
)
def test_a_column_is_named_after_the_wire_name(name, column):
    assert snake(name) == column
    assert number(name).column == column


def test_who_sees_a_field_is_a_list_of_words_and_the_platform_sees_all():
    assert text("a").sees == {"client", "vendor", "operations", "kernel"}
    assert text("a", sees="client operations").sees == {"client", "operations", "kernel"}
    assert text("a", sees="kernel").sees == {"kernel"}


RULES = [
    # writes                          actor         state         may
    ("",                              "client",     "Draft",      False),
    ("client",                        "client",     "Anything",   True),
    ("client",                        "vendor",     "Anything",   False),
    ("client:create,Draft vendor",    "client",     CREATE,       True),
    ("client:create,Draft vendor",    "client",     "Draft",      True),
    ("client:create,Draft vendor",    "client",     "Processing", False),
    ("client:create,Draft vendor",    "vendor",     "Processing", True),
    ("client:create,Draft vendor",    "operations", "Draft",      False),
    ("vendor:Processing",             "vendor",     CREATE,       False),
]  # fmt: skip


@pytest.mark.parametrize(("writes", "actor", "state", "may"), RULES)
def test_who_writes_a_field_depends_on_the_state(writes, actor, state, may):
    assert text("a", writes=writes).writable(actor, state) is may


def test_a_reference_is_a_column_with_the_id():
    assert ref("buyer", "accounts/buyers").column == "buyer_id"
    assert ref("audit.created.by", "identities").column == "audit_created_by_id"
    assert ref("group", "x", column="of_group").column == "of_group"


def test_lists_and_parts_have_no_column_of_their_own():
    assert not refs("friends", "x").stored
    assert not part("lines", "x", by="order_id").stored
    assert bag("parameters.ordering", target="x", declared_by="product", dress=str, covers=str).stored


def test_paths_are_split_and_compared_without_case():
    each = text("externalIds.Client")
    assert each.path == ("externalIds", "Client")
    assert each.lowered == ("externalids", "client")


def test_each_party_writes_and_sees_its_own_external_id_alone():
    for each in externals("client", "vendor", "operations"):
        own = each.path[1]
        assert each.sees == {own, "kernel"}
        assert [actor for actor in ("client", "vendor", "operations") if each.writable(actor, "Draft")] == [own]


def test_an_audited_event_is_a_moment_and_an_identity():
    at, by = audited("created")
    assert (at.name, at.kind, by.name, by.kind, by.target) == (
        "audit.created.at",
        "timestamp",
        "audit.created.by",
        "ref",
        "identities",
    )
    assert at.heavy and by.heavy


def test_needed_fields_are_the_same_but_required():
    (each,) = needed(flag("active", writes="client"))
    assert each.required and each.writable("client", CREATE)
