"""Who is shown which fields and rows of the catalogue."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from entrepot.catalog.api import NOUNS, OFFERS
from entrepot.catalog.item import ITEM
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.template import TEMPLATE
from entrepot.kernel.access import WHO

DIALECT = postgresql.dialect(paramstyle="numeric_dollar")

PURCHASE = ("unitPP", "PPx1", "PPxM", "PPxY")
SALES = ("unitSP", "SPx1", "SPxM", "SPxY")
LIST = ("unitLP", "LPx1", "LPxM", "LPxY")
INTERNAL = ("markup", "margin", "reasonForChange")


def condition(noun, actor, restricted=False):
    row = noun.table.alias("t")
    query = sa.select(row.c.id).where(noun.sees(row, WHO[actor, restricted]))
    return str(query.compile(dialect=DIALECT)).partition("WHERE")[2]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
@pytest.mark.parametrize(("actor", "restricted"), WHO)
def test_what_is_seen_is_one_plain_statement(noun, actor, restricted):
    assert "POSTCOMPILE" not in condition(noun, actor, restricted)


@pytest.mark.parametrize(
    ("names", "actors"),
    [
        (PURCHASE, {"vendor", "operations"}),
        (SALES, {"client", "operations"}),
        (LIST, {"client", "vendor", "operations"}),
        (INTERNAL, {"operations"}),
    ],
)
def test_each_side_sees_its_own_prices(names, actors):
    for name in names:
        assert PRICE_LIST_ITEM.field(name).sees - {"kernel"} == actors


@pytest.mark.parametrize(
    ("noun", "name"),
    [
        (PRICE_LIST, "defaultMarkup"),
        (PRICE_LIST, "defaultMargin"),
        (PRICING_POLICY, "markup"),
        (PRICING_POLICY, "margin"),
    ],
)
def test_what_the_distributor_puts_on_top_is_its_own_affair(noun, name):
    assert noun.field(name).sees == {"operations", "kernel"}


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
def test_what_travels_in_references_is_for_everybody(noun):
    for field in noun.all_fields:
        assert not field.core or {"client", "vendor", "operations"} <= field.sees, field.name


def test_a_client_sees_no_draft_and_no_question_that_is_not_for_it():
    assert "phase" in condition(PARAMETER, "client") and "hidden" in condition(PARAMETER, "client")
    assert "phase" not in condition(PARAMETER, "vendor")
    assert "false" in condition(TEMPLATE, "client")


def test_an_agreement_opens_a_product_that_was_withdrawn():
    assert "agreements" in condition(PRODUCT, "client")
    assert "agreements" not in condition(PRODUCT, "vendor")


def test_a_client_reads_the_price_lists_of_the_sellers_of_its_licensees():
    assert "licensees" in condition(PRICE_LIST, "client")
    assert "licensees" not in condition(PRICE_LIST, "vendor")


def test_lists_of_parameters_leave_out_deleted_ones_and_addresses_do_not():
    row = PARAMETER.table.alias("t")
    assert PARAMETER.listed is not None
    assert "status" in str(PARAMETER.listed(row, WHO["vendor", False]))
    assert "t.status" not in condition(PARAMETER, "vendor")


def test_every_noun_is_offered_and_items_also_below_their_product():
    assert list(dict.fromkeys(offer.noun for offer in OFFERS)) == list(NOUNS)
    assert [offer.address for offer in OFFERS if offer.noun is ITEM] == [
        "catalog/items",
        "catalog/products/{product}/items",
    ]


def test_vendors_do_not_ask_for_pricing_policies():
    (offer,) = (offer for offer in OFFERS if offer.noun is PRICING_POLICY)
    assert offer.reads == {"client", "operations"}
