"""For whom, and for what, a client has a price of its own."""

import pytest

from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog.pricing_policy import PRICING_POLICY, applies_to
from entrepot.kernel.thing import Thing

LICENSEE_OF_ITS_OWN = Thing(LICENSEE, dict.fromkeys(LICENSEE.columns) | {"eligibility_client": True})


def policy(products=("PRD-1",), **values):
    made = Thing(
        PRICING_POLICY,
        dict.fromkeys(PRICING_POLICY.columns) | {"status": "Active", "client_id": "ACC-1"} | values,
    )
    made.parts["products"] = list(products)
    return made


@pytest.mark.parametrize(
    ("given", "applies"),
    [
        (policy(), True),
        (policy(status="Disabled"), False),
        (policy(client_id="ACC-2"), False),
        (policy(products=("PRD-2",)), False),
        (policy(products=()), False),
        (policy(eligibility_partner=True, eligibility_client=False), False),
        (policy(eligibility_client=True), True),
    ],
)
def test_a_policy_applies_to_its_client_its_products_and_whom_it_is_meant_for(given, applies):
    assert applies_to(given, "ACC-1", "PRD-1", LICENSEE_OF_ITS_OWN) is applies
