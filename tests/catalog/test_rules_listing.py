"""By which listing a licensee buys."""

import pytest

from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog.listing import LISTING, choose, serves
from entrepot.kernel.thing import Thing

LICENSEE_OF_ONE = Thing(
    LICENSEE,
    dict.fromkeys(LICENSEE.columns) | {"seller_id": "SEL-1", "eligibility_client": True},
)


def listing(number=1, **values):
    given = {
        "id": f"LST-000{number}",
        "status": "Idle",
        "seller_id": "SEL-1",
        "authorization_id": "AUT-1",
        "is_primary": False,
        "eligibility_client": True,
        "eligibility_partner": False,
    }
    return Thing(LISTING, dict.fromkeys(LISTING.columns) | given | values)


@pytest.mark.parametrize(
    ("values", "served"),
    [
        ({}, True),
        ({"seller_id": "SEL-2"}, False),
        ({"eligibility_client": False, "eligibility_partner": True}, False),
        ({"eligibility_client": None, "eligibility_partner": None}, True),
        ({"status": "Deleted"}, False),
    ],
)
def test_a_listing_serves_the_licensees_of_its_seller_that_it_is_meant_for(values, served):
    assert serves(listing(**values), LICENSEE_OF_ONE) is served


def test_the_primary_listing_is_chosen():
    assert choose([listing(1), listing(2, is_primary=True)], LICENSEE_OF_ONE).id == "LST-0002"


def test_an_authorization_that_is_given_decides():
    offered = [listing(1, is_primary=True), listing(2, authorization_id="AUT-2")]
    assert choose(offered, LICENSEE_OF_ONE, "AUT-2").id == "LST-0002"
    assert choose(offered, LICENSEE_OF_ONE, "AUT-3") is None


def test_without_a_primary_one_the_first_is_chosen():
    assert choose([listing(3), listing(1), listing(2)], LICENSEE_OF_ONE).id == "LST-0001"


def test_nothing_is_chosen_where_nobody_serves():
    assert choose([listing(seller_id="SEL-2")], LICENSEE_OF_ONE) is None
