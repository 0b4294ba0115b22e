"""Who is shown which fields and rows of the room of accounts."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from entrepot.accounts.account_user import ACCOUNT_USER
from entrepot.accounts.api import NOUNS, OFFERS
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.user import USER
from entrepot.kernel.access import WHO

DIALECT = postgresql.dialect(paramstyle="numeric_dollar")


def condition(noun, actor, restricted=False):
    row = noun.table.alias("t")
    query = sa.select(row.c.id).where(noun.sees(row, WHO[actor, restricted]))
    return str(query.compile(dialect=DIALECT)).partition("WHERE")[2]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
@pytest.mark.parametrize(("actor", "restricted"), WHO)
def test_what_is_seen_is_one_plain_statement(noun, actor, restricted):
    assert "POSTCOMPILE" not in condition(noun, actor, restricted)


@pytest.mark.parametrize("noun", [BUYER, LICENSEE], ids=lambda noun: noun.name)
def test_a_users_groups_narrow_the_buyers(noun):
    assert "ANY" not in condition(noun, "client")
    assert "ANY" in condition(noun, "client", restricted=True)
    assert "ANY" in condition(noun, "vendor", restricted=True)


def test_not_even_operations_read_the_tokens_of_another_account():
    assert "t.account_id = " in condition(API_TOKEN, "operations")


@pytest.mark.parametrize(
    ("noun", "name"), [(USER, "passwordHash"), (API_TOKEN, "tokenHash"), (ACCOUNT_USER, "invitationHash")]
)
def test_verifiers_never_leave_the_platform(noun, name):
    field = noun.field(name)
    assert field.sees == {"kernel"} and not field.core and not field.filterable and not field.writes


def test_a_token_is_given_back_but_not_searched_for():
    token = API_TOKEN.field("token")
    assert token.secret and token.heavy and not token.core and not token.filterable


def test_every_noun_is_offered_once():
    assert [offer.noun for offer in OFFERS if offer.address == offer.noun.path] == list(NOUNS)
