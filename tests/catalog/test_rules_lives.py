"""The lives of what is sold, move by move."""

import pytest

from entrepot.catalog.authorization import AUTHORIZATION
from entrepot.catalog.item import ITEM
from entrepot.catalog.item_group import ITEM_GROUP
from entrepot.catalog.listing import LISTING
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.template import TEMPLATE
from entrepot.catalog.terms import TERMS, VARIANT
from entrepot.catalog.unit_of_measure import UNIT_OF_MEASURE
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import ACTORS

PUBLISHED_THINGS = (PRODUCT, ITEM, TERMS, VARIANT)

PUBLICATION = [
    # verb        from           by            to
    ("review",    "Draft",       "vendor",     "Pending"),
    ("review",    "Draft",       "operations", Forbidden),
    ("review",    "Unpublished", "vendor",     "Pending"),
    ("review",    "Published",   "vendor",     Conflict),
    ("publish",   "Pending",     "operations", "Published"),
    ("publish",   "Unpublished", "operations", "Published"),
    ("publish",   "Draft",       "operations", Conflict),
    ("publish",   "Pending",     "vendor",     Forbidden),
    ("unpublish", "Published",   "vendor",     "Unpublished"),
    ("unpublish", "Published",   "client",     Forbidden),
    ("delete",    "Draft",       "operations", "Deleted"),
    ("delete",    "Published",   "vendor",     Conflict),
]  # fmt: skip

MOVES = [
    # noun            verb        from       by            to
    (PRICE_LIST_ITEM, "offer",    "Draft",   "vendor",     "ForSale"),
    (PRICE_LIST_ITEM, "offer",    "Private", "operations", "ForSale"),
    (PRICE_LIST_ITEM, "reserve",  "ForSale", "vendor",     "Private"),
    (PRICE_LIST_ITEM, "reserve",  "ForSale", "client",     Forbidden),
    (PRICING_POLICY,  "disable",  "Active",  "operations", "Disabled"),
    (PRICING_POLICY,  "activate", "Active",  "operations", Conflict),
    (PRICING_POLICY,  "disable",  "Active",  "vendor",     Forbidden),
    (PARAMETER,       "delete",   "Active",  "vendor",     "Deleted"),
    (TEMPLATE,        "delete",   "Active",  "operations", Forbidden),
    (ITEM_GROUP,      "delete",   "Idle",    "vendor",     "Deleted"),
    (PRICE_LIST,      "delete",   "Idle",    "operations", "Deleted"),
    (AUTHORIZATION,   "delete",   "Idle",    "vendor",     Forbidden),
    (LISTING,         "delete",   "Deleted", "operations", Conflict),
    (UNIT_OF_MEASURE, "delete",   "Idle",    "operations", "Deleted"),
]  # fmt: skip


def check(noun, verb, state, actor, expected):
    if isinstance(expected, str):
        assert noun.life.require(verb, state, actor, noun.word).target == expected
    else:
        with pytest.raises(expected):
            noun.life.require(verb, state, actor, noun.word)


@pytest.mark.parametrize("noun", PUBLISHED_THINGS, ids=lambda noun: noun.name)
@pytest.mark.parametrize(("verb", "state", "actor", "expected"), PUBLICATION)
def test_a_vendor_drafts_and_the_distributor_publishes(noun, verb, state, actor, expected):
    check(noun, verb, state, actor, expected)


@pytest.mark.parametrize("noun", PUBLISHED_THINGS, ids=lambda noun: noun.name)
def test_no_other_move_is_open_to_anybody(noun):
    life = noun.life
    found = {
        (verb, state, actor)
        for verb in life.verbs()
        for state in life.states
        for actor in (*ACTORS, "kernel")
        if life.find(verb, state, actor)
    }
    assert found == {
        ("review", "Draft", "vendor"), ("review", "Unpublished", "vendor"),
        ("publish", "Pending", "operations"), ("publish", "Unpublished", "operations"),
        ("unpublish", "Published", "vendor"), ("unpublish", "Published", "operations"),
        ("delete", "Draft", "vendor"), ("delete", "Draft", "operations"),
    }  # fmt: skip


@pytest.mark.parametrize(("noun", "verb", "state", "actor", "expected"), MOVES)
def test_who_may_move_what_and_when(noun, verb, state, actor, expected):
    check(noun, verb, state, actor, expected)


def test_a_priced_item_is_never_a_draft_again():
    assert "Draft" not in {move.target for move in PRICE_LIST_ITEM.life.moves}
