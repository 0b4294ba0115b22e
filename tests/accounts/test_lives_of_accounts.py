"""The lives of the parties to the marketplace, move by move."""

import pytest

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.cloud_tenant import CLOUD_TENANT
from entrepot.accounts.erp_link import ERP_LINK
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.seller import SELLER
from entrepot.accounts.user import USER
from entrepot.accounts.user_group import USER_GROUP
from entrepot.kernel.errors import Conflict, Forbidden

MOVES = [
    # noun       verb          from                 by            to
    (ACCOUNT,    "activate",   "Enabled",           "operations", "Active"),
    (ACCOUNT,    "activate",   "Enabled",           "client",     Forbidden),
    (ACCOUNT,    "deactivate", "Active",            "operations", "Enabled"),
    (ACCOUNT,    "disable",    "Enabled",           "operations", "Disabled"),
    (ACCOUNT,    "disable",    "Disabled",          "operations", Conflict),
    (ACCOUNT,    "reinstate",  "Disabled",          "operations", "Active"),
    (BUYER,      "activate",   "Enabled",           "kernel",     "Active"),
    (BUYER,      "disable",    "Active",            "client",     "Disabled"),
    (BUYER,      "enable",     "Disabled",          "client",     Forbidden),
    (BUYER,      "enable",     "Disabled",          "operations", "Active"),
    (BUYER,      "mismatch",   "Disabled",          "kernel",     "Mismatch"),
    (BUYER,      "delete",     "Conflict",          "operations", "Deleted"),
    (BUYER,      "delete",     "Active",            "client",     Forbidden),
    (SELLER,     "deactivate", "Active",            "operations", "Offline"),
    (SELLER,     "activate",   "Offline",           "operations", "Active"),
    (SELLER,     "delete",     "Offline",           "operations", Conflict),
    (ERP_LINK,   "block",      "Active",            "operations", "Blocked"),
    (ERP_LINK,   "block",      "Active",            "client",     Forbidden),
    (ERP_LINK,   "unblock",    "Active",            "operations", Conflict),
    (CLOUD_TENANT, "delete",   "Disabled",          "operations", "Deleted"),
    (LICENSEE,   "disable",    "Enabled",           "client",     "Disabled"),
    (LICENSEE,   "disable",    "Active",            "vendor",     Forbidden),
    (LICENSEE,   "delete",     "Disabled",          "client",     "Deleted"),
    (LICENSEE,   "enable",     "Deleted",           "operations", Conflict),
    (USER,       "expire",     "Invited",           "kernel",     "InvitationExpired"),
    (USER,       "invite",     "InvitationExpired", "client",     "Invited"),
    (USER,       "accept",     "InvitationExpired", "client",     Conflict),
    (USER,       "block",      "Active",            "operations", "Blocked"),
    (USER,       "release",    "Blocked",           "operations", "Disabled"),
    (USER,       "delete",     "Active",            "operations", Conflict),
    (USER_GROUP, "delete",     "Active",            "vendor",     "Deleted"),
    (API_TOKEN,  "disable",    "Active",            "client",     "Disabled"),
    (API_TOKEN,  "enable",     "Deleted",           "client",     Conflict),
    (API_TOKEN,  "delete",     "Disabled",          "vendor",     "Deleted"),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "verb", "state", "actor", "expected"), MOVES)
def test_who_may_move_what_and_when(noun, verb, state, actor, expected):
    if isinstance(expected, str):
        assert noun.life.require(verb, state, actor, noun.word).target == expected
    else:
        with pytest.raises(expected):
            noun.life.require(verb, state, actor, noun.word)


def test_buyers_move_as_the_platform_draws_it_and_no_other_way():
    """Source: platform spec 1.2, arrow by arrow; the kernel moves where the ERP does."""
    allowed = {(row.verb, state, row.target): row.by for row in BUYER.life.moves for state in row.sources}
    ends = ("Enabled", "Active", "Disabled", "Mismatch", "Unassigned", "Conflict")
    assert allowed == {
        ("activate", "Enabled", "Active"): {"operations", "kernel"},
        ("deactivate", "Active", "Enabled"): {"operations"},
        ("disable", "Active", "Disabled"): {"client", "operations"},
        ("enable", "Disabled", "Active"): {"operations"},
        ("mismatch", "Active", "Mismatch"): {"kernel"},
        ("mismatch", "Disabled", "Mismatch"): {"kernel"},
        ("reconcile", "Mismatch", "Active"): {"operations", "kernel"},
        ("shelve", "Mismatch", "Disabled"): {"operations", "kernel"},
        ("unassign", "Active", "Unassigned"): {"operations", "kernel"},
        ("unassign", "Disabled", "Unassigned"): {"operations", "kernel"},
        ("assign", "Unassigned", "Active"): {"operations", "kernel"},
        ("conflict", "Unassigned", "Conflict"): {"operations", "kernel"},
        ("settle", "Conflict", "Unassigned"): {"operations", "kernel"},
    } | {("delete", state, "Deleted"): {"operations"} for state in ends}
