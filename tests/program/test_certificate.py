"""Who is admitted by a certificate, and how long."""

import pytest

from entrepot.accounts.licensee import LICENSEE
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.thing import Thing
from entrepot.program.certificate import CERTIFICATE, admits

HOLDER = Thing(LICENSEE, dict.fromkeys(LICENSEE.columns) | {"id": "LCE-1", "buyer_id": "BUY-1"})


@pytest.mark.parametrize(
    ("values", "admitted"),
    [
        ({"status": "Active", "buyer_id": "BUY-1"}, True),
        ({"status": "Active", "buyer_id": "BUY-2"}, False),
        ({"status": "Active", "buyer_id": "BUY-1", "licensee_id": "LCE-2"}, False),
        ({"status": "Active", "licensee_id": "LCE-1"}, True),
        ({"status": "Updating", "licensee_id": "LCE-1"}, True),
        ({"status": "Pending", "buyer_id": "BUY-1"}, False),
        ({"status": "Expired", "buyer_id": "BUY-1"}, False),
    ],
)
def test_a_certificate_admits_its_holder_while_it_lasts(values, admitted):
    certificate = Thing(CERTIFICATE, dict.fromkeys(CERTIFICATE.columns) | values)
    assert admits(certificate, HOLDER) is admitted


@pytest.mark.parametrize(
    ("verb", "state", "actor", "expected"),
    [
        ("activate", "Pending", "kernel", "Active"),
        ("terminate", "Active", "vendor", "Terminated"),
        ("terminate", "Active", "client", Forbidden),
        ("terminate", "Pending", "vendor", Conflict),
        ("settle", "Updating", "vendor", "Active"),
        ("expire", "Active", "kernel", "Expired"),
    ],
)
def test_the_life_of_a_certificate(verb, state, actor, expected):
    if isinstance(expected, str):
        assert CERTIFICATE.life.require(verb, state, actor, "it").target == expected
    else:
        with pytest.raises(expected):
            CERTIFICATE.life.require(verb, state, actor, "it")
