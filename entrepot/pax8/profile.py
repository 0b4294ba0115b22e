"""Which fields a client is given: the strict classes of old ones break at any they do not know.

The audience of a token says what its holder was written against.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any


class Profile(Enum):
    """`LEGACY`: clients of the first years. `CURRENT`: the documents of 2026. `SEED`: those with order states."""

    LEGACY = "legacy"
    CURRENT = "current"
    SEED = "seed"


def profile_of(audience: str) -> Profile:
    """What the holder of a token for that audience reads. One that came with none reads everything."""
    if audience.startswith("api://p8p.client"):
        return Profile.LEGACY
    return Profile.SEED if not audience or audience.startswith("https://mcp.pax8.com") else Profile.CURRENT


LEGACY_KEYS = {
    "Company": (
        "id name address phone website status billOnBehalfOfEnabled selfServiceAllowed orderApprovalRequired externalId"
    ),
    "Product": "id name vendorName shortDescription sku vendorSku",
    "ProvisioningDetail": "label key description valueType possibleValues",
    "Pricing": "billingTerm commitmentTerm commitmentTermInMonths type unitOfMeasurement rates",
    "Order": "id companyId createdDate orderedBy orderedByUserId orderedByUserEmail lineItems",
    "LineItem": "id productId subscriptionId provisionStartDate billingTerm quantity commitmentTermId",
    "Subscription": (
        "id companyId productId quantity startDate endDate createdDate updatedDate billingStart status price "
        "billingTerm commitment"
    ),
}
"""All that these classes take, and each of it is given: some have no default."""

SEED_ALONE = {
    "Order": "status partnerCost currencyCode",
    "LineItem": "lineItemNumber status statusReason partnerCost currencyCode",
    "Company": "",
}
"""What the documents of 2026 do not hold, and strict readers of them would trip over."""

_LEGACY = {name: tuple(keys.split()) for name, keys in LEGACY_KEYS.items()}
_SEED = {name: frozenset(keys.split()) for name, keys in SEED_ALONE.items()}


def shown(profile: Profile, name: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document as that profile has it; `name` is its schema."""
    if profile is Profile.LEGACY and name in _LEGACY:
        return {key: document.get(key) for key in _LEGACY[name]}
    if profile is Profile.CURRENT and name in _SEED:
        return {key: value for key, value in document.items() if key not in _SEED[name]}
    return document


def each_shown(profile: Profile, name: str, documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """All of them."""
    return [shown(profile, name, each) for each in documents]
