"""What ordering asks of accounts, sellers and licensees."""

import pytest

from entrepot.accounts.account import ACCOUNT, may_complete_orders, may_start_orders
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.eligibility import fits
from entrepot.accounts.licensee import LICENSEE, may_order
from entrepot.accounts.seller import SELLER, currencies
from entrepot.kernel.thing import Thing


def thing(noun, **values):
    return Thing(noun, dict.fromkeys(noun.columns) | values)


@pytest.mark.parametrize(
    ("status", "starts", "completes"),
    [("Active", True, True), ("Enabled", True, False), ("Disabled", False, False)],
)
def test_an_enabled_account_starts_orders_and_completes_none(status, starts, completes):
    account = thing(ACCOUNT, status=status)
    assert (may_start_orders(account), may_complete_orders(account)) == (starts, completes)


@pytest.mark.parametrize(
    ("licensee", "buyer", "allowed"),
    [
        ("Active", "Active", True),
        ("Active", "Enabled", False),
        ("Enabled", "Active", False),
        ("Disabled", "Disabled", False),
    ],
)
def test_a_licensee_orders_while_it_and_its_buyer_are_active(licensee, buyer, allowed):
    payer = thing(BUYER, id="BUY-1000-0001", status=buyer)
    assert may_order(thing(LICENSEE, status=licensee, buyer_id="BUY-1000-0001"), payer) is allowed


def test_a_licensee_does_not_order_through_another_buyer():
    licensee = thing(LICENSEE, status="Active", buyer_id="BUY-1000-0001")
    assert not may_order(licensee, thing(BUYER, id="BUY-1000-0002", status="Active"))


@pytest.mark.parametrize(
    ("offer", "licensee", "meant"),
    [
        # client partner  client partner
        ((True, False), (True, False), True),
        ((True, False), (False, True), False),
        ((False, True), (False, True), True),
        ((True, True), (False, True), True),
        ((True, False), (True, True), True),
        ((None, None), (False, True), True),
        ((True, None), (None, None), True),
        ((None, True), (None, None), False),
        ((False, False), (True, False), False),
    ],
)
def test_an_offer_is_for_those_it_names(offer, licensee, meant):
    def eligible(flags):
        return thing(LICENSEE, eligibility_client=flags[0], eligibility_partner=flags[1])

    assert fits(eligible(offer), eligible(licensee)) is meant


@pytest.mark.parametrize("given", [["EUR", "USD"], [{"value": "EUR", "isDefault": True}, {"value": "USD"}]])
def test_a_sellers_currencies_are_codes_or_objects(given):
    assert currencies(thing(SELLER, currencies=given)) == {"EUR", "USD"}
