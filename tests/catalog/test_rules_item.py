"""What an item becomes, and which of its values a client is shown."""

import pytest

from entrepot.catalog.item import ITEM, dressed, is_one_time, is_orderable
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM, is_for_sale, is_in_use
from entrepot.kernel.thing import Thing


def thing(noun, **values):
    return Thing(noun, dict.fromkeys(noun.columns) | values)


@pytest.mark.parametrize(("period", "once"), [("one-time", True), ("1m", False), ("3y", False)])
def test_what_is_bought_once_becomes_an_asset(period, once):
    assert is_one_time(thing(ITEM, terms_period=period)) is once


@pytest.mark.parametrize(("status", "orderable"), [("Published", True), ("Unpublished", False), ("Draft", False)])
def test_only_published_items_are_ordered(status, orderable):
    assert is_orderable(thing(ITEM, status=status)) is orderable


@pytest.mark.parametrize(
    ("status", "sold", "in_use"), [("ForSale", True, True), ("Private", False, True), ("Draft", False, False)]
)
def test_private_prices_serve_what_is_owned_already(status, sold, in_use):
    entry = thing(PRICE_LIST_ITEM, status=status)
    assert (is_for_sale(entry), is_in_use(entry)) == (sold, in_use)


def parameter(number, **values):
    given = {"name": f"Number {number}", "type": "SingleLineText", "multiple": False, **values}
    return thing(PARAMETER, id=f"PAR-1000-0001-000{number}", external_id=f"p{number}", **given)


def test_values_are_given_with_the_names_of_their_parameters():
    values = [{"id": "PAR-1000-0001-0001", "value": "full"}]
    assert dressed(values, [parameter(1)], "client") == [
        {
            "id": "PAR-1000-0001-0001",
            "externalId": "p1",
            "name": "Number 1",
            "type": "SingleLineText",
            "value": "full",
            "displayValue": "full",
        }
    ]


def test_a_hidden_value_does_not_exist_for_the_client():
    values = [{"id": "PAR-1000-0001-0001", "value": "full"}, {"id": "PAR-1000-0001-0009", "value": "lost"}]
    hidden = [parameter(1, constraints={"hidden": True})]
    assert dressed(values, hidden, "client") == []
    assert len(dressed(values, hidden, "vendor")) == 1
