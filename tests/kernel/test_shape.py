"""What goes out: the default shape, what a selection adds and takes away, and what an actor never sees."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from entrepot.kernel.rql.select import parse_select
from entrepot.kernel.shape import CORE, ELEMENT, FULL, LISTED, Known, Shapes, core_of
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import decode, encode
from tests.kernel.workshop import GADGET, MAKER, NOUNS, PIECE

SHAPES = Shapes(NOUNS)

LIST = {"id", "href", "revision", "name", "status", "price", "externalIds", "info", "maker"}
"""What a list shows of the gadget below."""


def a_thing(noun, **values) -> Thing:
    now = {each.column: None for each in noun.all_fields if each.stored} | values
    return Thing(noun, now, dict(now))


ADA = a_thing(MAKER, id="MAK-0001", revision=1, name="Ada", town="Bern", wealth=Decimal(7), shy=False)
BEN = a_thing(MAKER, id="MAK-0002", revision=1, name="Ben", town="Rome", wealth=Decimal(8), shy=False)
WHEEL = a_thing(PIECE, id="PIE-1", revision=1, gadget_id="GAD-0001-0001", name="Wheel", count=4, memo="round")


CART = {
    "id": "GAD-0001-0001",
    "revision": 2,
    "name": "Cart",
    "status": "Draft",
    "price_cost": Decimal("1.50"),
    "price_sale": Decimal("2.00"),
    "external_ids_client": "C-1",
    "external_ids_vendor": "V-1",
    "maker_id": "MAK-0001",
    "audit_created_at": datetime(2026, 1, 31, 23, tzinfo=UTC),
    "audit_created_by_id": "USR-1",
    "info": {"a": None},
}


def a_gadget(**values) -> Thing:
    gadget = a_thing(GADGET, **(CART | values))
    gadget.parts.update(pieces=[WHEEL], friends=["MAK-0002"])
    return gadget


def given(select: str | None = None, mode: str = FULL, actor: str = "client", **values) -> dict:
    """The document as it would go out, with everything at hand that it may refer to."""
    plan = SHAPES.plan(GADGET, actor, mode, parse_select(select) if select else None)
    known = Known()
    for maker in (ADA, BEN):
        known.cores[MAKER.path, maker.id] = core_of(maker)
    known.cores["identities", "USR-1"] = {"id": "USR-1", "name": "Eva"}
    known.cores[GADGET.path, "GAD-0001-0001"] = core_of(a_gadget())
    for _, below in plan.expands:
        known.expanded[id(below), "MAK-0001"] = ADA
    for _, below in plan.lists:
        if below is not None:
            known.expanded[id(below), "MAK-0002"] = BEN
    return decode(encode(plan.give(a_gadget(**values), known)))  # pyright: ignore[reportReturnType]


def omitted(select: str | None = None, mode: str = LISTED, actor: str = "client") -> tuple[str, ...]:
    return SHAPES.plan(GADGET, actor, mode, parse_select(select) if select else None).omitted


# The default shape ----------------------------------------------------------------------------------


def test_a_full_document_holds_all_that_is_set_and_leaves_nulls_out():
    assert given() == {
        "id": "GAD-0001-0001",
        "href": "/workshop/gadgets/GAD-0001-0001",
        "revision": 2,
        "name": "Cart",
        "status": "Draft",
        "price": {"sale": Decimal("2.00")},
        "externalIds": {"client": "C-1"},
        "info": {"a": None},
        "maker": {"id": "MAK-0001", "revision": 1, "name": "Ada"},
        "friends": [{"id": "MAK-0002", "revision": 1, "name": "Ben"}],
        "pieces": [{"id": "PIE-1", "revision": 1, "name": "Wheel", "count": 4}],
        "audit": {"created": {"at": "2026-01-31T23:00:00.000Z", "by": {"id": "USR-1", "name": "Eva"}}},
    }


def test_a_list_leaves_the_heavy_fields_out_and_names_them():
    assert set(given(mode=LISTED)) == LIST
    assert omitted() == ("friends", "pieces", "audit")
    assert omitted(mode=FULL) == ()


def test_money_goes_out_with_its_digits_and_as_a_number():
    plan = SHAPES.plan(GADGET, "client", FULL)
    known = Known(cores={(MAKER.path, "MAK-0001"): {}, (MAKER.path, "MAK-0002"): {}, ("identities", "USR-1"): {}})
    assert b'"price":{"sale":2.00}' in encode(plan.give(a_gadget(), known))


def test_an_object_that_is_always_there_is_given_when_nothing_is_in_it():
    assert given(actor="vendor", external_ids_vendor=None)["externalIds"] == {}
    assert given(actor="vendor")["externalIds"] == {"vendor": "V-1"}
    assert "externalIds" not in given(actor="operations")


def test_what_an_actor_does_not_see_is_neither_given_nor_named_as_left_out():
    assert given(actor="vendor")["price"] == {"cost": Decimal("1.50")}
    assert given(actor="operations")["price"] == {"cost": Decimal("1.50"), "sale": Decimal("2.00")}
    assert "password" not in omitted(actor="client", select="-*,id")
    assert "password" in omitted(actor="operations", select="-*,id")


def test_a_reference_carries_the_core_alone():
    core = {"id": "GAD-0001-0001", "revision": 2, "name": "Cart", "status": "Draft"}
    assert given(mode=CORE) == core_of(a_gadget()) == core


def test_a_part_does_not_tell_of_its_owner_again():
    assert "gadget" not in given()["pieces"][0]
    assert "gadget_id" in SHAPES.plan(PIECE, "client", ELEMENT).columns
    assert PIECE.field("gadget") in SHAPES.plan(PIECE, "client", LISTED).cores


def test_only_what_goes_out_is_fetched():
    assert set(SHAPES.plan(GADGET, "client", LISTED, parse_select("-*,name")).columns) == {"id", "revision", "name"}
    assert "price_cost" not in SHAPES.plan(GADGET, "client", FULL).columns


# A selection ----------------------------------------------------------------------------------------

SHOWN = [
    # select                       which names are shown
    ("audit",                      LIST | {"audit"}),
    ("+audit",                     LIST | {"audit"}),
    (" audit",                     LIST | {"audit"}),           # a plus that was decoded to a space
    ("+audit,-name",               LIST - {"name"} | {"audit"}),
    ("AUDIT,PIECES",               LIST | {"audit", "pieces"}),
    ("-name,-maker",               LIST - {"name", "maker"}),
    ("-*,+id",                     {"id"}),
    ("-*,+id,+name",               {"id", "name"}),
    ("+id,+name,-*",               {"id", "name"}),             # the order of words does not matter here
    ("-*",                         set()),
    ("-*,href",                    {"href"}),
    ("*",                          LIST | {"audit", "pieces", "friends"}),
    ("*,-audit",                   LIST | {"pieces", "friends"}),
    ("-*,maker.name",              {"maker"}),
    ("-*,price",                   {"price"}),
    ("-*,price.sale",              {"price"}),
    ("-*,price.cost",              set()),                      # not the client's to see
    ("-id",                        LIST - {"id"}),
    ("nonsense,-nowhere,a.b.c",    LIST),
    ("name,-name",                 LIST - {"name"}),            # the later word counts
    ("-name,name",                 LIST),
    ("",                           LIST),
    (",,",                         LIST),
    ("audit.created.at",           LIST | {"audit"}),
    ("-externalIds",               LIST - {"externalIds"}),
    ("-maker.name",                LIST),
    ("maker.*",                    LIST),
    ("password",                   LIST),
]  # fmt: skip


@pytest.mark.parametrize(("select", "names"), SHOWN)
def test_a_selection_adds_to_and_takes_from_the_list_shape(select, names):
    assert set(given(select or ",", mode=LISTED)) == names


REFERENCES = [
    # select                     what the reference shows
    (None,                       {"id", "revision", "name"}),
    ("maker",                    {"id", "revision", "name", "town"}),
    ("maker.town",               {"id", "revision", "name", "town"}),
    ("-*,maker",                 {"id", "revision", "name", "town"}),
    ("-*,maker.town",            {"id", "revision", "name", "town"}),
    ("-maker.name",              {"id", "revision", "name"}),
    ("maker,-maker.name",        {"id", "revision", "town"}),
    ("maker.-*",                 {"id", "revision", "name"}),
    ("maker.wealth",             {"id", "revision", "name"}),
]  # fmt: skip


@pytest.mark.parametrize(("select", "names"), REFERENCES)
def test_naming_a_reference_expands_it_and_a_path_below_it_adds_that_alone(select, names):
    assert set(given(select, mode=LISTED)["maker"]) == names


def test_an_expanded_reference_shows_no_more_than_its_reader_may_see():
    assert "wealth" not in given("maker")["maker"]
    assert given("maker", actor="operations")["maker"]["wealth"] == Decimal(7)


def test_a_reference_that_cannot_be_expanded_for_the_reader_stays_a_summary():
    plan = SHAPES.plan(GADGET, "client", LISTED, parse_select("-*,maker"))
    known = Known(cores={(MAKER.path, "MAK-0001"): core_of(ADA)})
    assert plan.give(a_gadget(), known) == {"maker": core_of(ADA)}


def test_heavy_fields_of_a_part_are_added_by_path():
    assert given("pieces.memo", mode=LISTED)["pieces"][0]["memo"] == "round"
    assert "memo" not in given("pieces", mode=LISTED)["pieces"][0]
    assert set(given("-pieces.count")["pieces"][0]) == {"id", "revision", "name"}


def test_a_list_of_references_is_expanded_like_a_reference():
    assert given("friends", mode=LISTED)["friends"] == [
        {"id": "MAK-0002", "revision": 1, "name": "Ben", "town": "Rome"}
    ]


def test_a_part_of_a_nested_object_can_be_dropped_alone():
    assert given("-audit.created.by")["audit"] == {"created": {"at": "2026-01-31T23:00:00.000Z"}}
    assert given("-*,audit.created.at")["audit"] == {"created": {"at": "2026-01-31T23:00:00.000Z"}}


def test_what_a_selection_leaves_out_is_named():
    assert "name" in omitted("-name")
    assert omitted("audit,pieces,friends") == ()
    assert set(omitted("-*,+id", mode=FULL)) >= {"name", "maker", "pieces", "audit"}


def test_an_identity_is_never_expanded():
    assert given("audit.created.by")["audit"]["created"]["by"] == {"id": "USR-1", "name": "Eva"}
