"""When a product may be ordered, and what its settings say."""

from datetime import timedelta

import pytest

from entrepot.catalog.product import PRODUCT, fulfilment, is_orderable, pre_validates
from entrepot.kernel.thing import Thing


def product(status="Published", settings=None):
    return Thing(PRODUCT, dict.fromkeys(PRODUCT.columns) | {"status": status, "settings": settings})


@pytest.mark.parametrize(
    ("status", "settings", "bought", "changed"),
    [
        ("Published", None, True, True),
        ("Published", {"productOrdering": True}, True, True),
        ("Published", {"productOrdering": False}, False, True),
        ("Unpublished", None, False, True),
        ("Pending", None, False, False),
        ("Draft", None, False, False),
    ],
)
def test_what_is_withdrawn_may_still_be_changed_under_an_agreement(status, settings, bought, changed):
    assert is_orderable(product(status, settings)) is bought
    assert is_orderable(product(status, settings), under_agreement=True) is changed


@pytest.mark.parametrize(
    ("said", "mode", "delay"),
    [
        (None, "extension", timedelta()),
        ({}, "extension", timedelta()),
        ({"mode": "manual"}, "manual", timedelta()),
        ({"mode": "automatic", "delay": "PT5S"}, "automatic", timedelta(seconds=5)),
        ({"mode": "automatic", "delay": "P1DT12H30M"}, "automatic", timedelta(days=1, hours=12, minutes=30)),
        ({"mode": "automatic", "delay": "P2W"}, "automatic", timedelta(weeks=2)),
        ({"mode": "automatic", "delay": "soon"}, "automatic", timedelta()),
        ({"mode": "automatic", "delay": "P9999999999999999999W"}, "automatic", timedelta()),
        ({"mode": "magic", "delay": 5}, "extension", timedelta()),
        ("automatic", "extension", timedelta()),
    ],
)
def test_how_orders_are_fulfilled(said, mode, delay):
    assert fulfilment(product(settings={"fulfilment": said})) == (mode, delay)


@pytest.mark.parametrize(
    ("flags", "asks"),
    [
        (None, False),
        ({}, False),
        ({"purchaseOrderQuerying": True}, True),
        ({"purchaseOrderQuery": True}, True),
        ({"purchaseOrderQuerying": False, "purchaseOrderQuery": True}, False),
        ({"purchaseOrderDraft": True}, False),
    ],
)
def test_a_flag_says_whether_the_vendor_is_asked(flags, asks):
    assert pre_validates(product(settings={"preValidation": flags}), "purchaseOrderQuerying") is asks
