"""A caller names what they see: a field that is hidden from them is a field that there is not."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from entrepot.kernel.access import WHO
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.query import read_query
from entrepot.kernel.scope import Filters
from tests.kernel.workshop import GADGET, NOUNS

FILTERS = Filters(NOUNS)
DIALECT = postgresql.dialect(paramstyle="numeric_dollar")


def sql(query: str, actor: str = "client", noun=GADGET) -> str:
    """The condition and order that a query stands for."""
    conditions, order = FILTERS.prepare(noun, WHO[actor, False], read_query(query)).compose()
    found = sa.select(noun.row.c.id).where(*conditions).order_by(*order)
    return str(found.compile(dialect=DIALECT, compile_kwargs={"literal_binds": False}))


def refusal(query: str, actor: str = "client") -> tuple[str, str]:
    with pytest.raises(RqlFault) as fault:
        sql(query, actor)
    return fault.value.token, fault.value.message


HIDDEN = [
    # the field that is there for others   one that is there for nobody
    ("eq({},1)",                           "price.cost"),
    ("price.sale=self({})",                "price.cost"),
    ("any(friends,eq({},1))",              "wealth"),
    ("eq({},1)",                           "maker.wealth"),
    ("eq({},a)",                           "password"),
    ("eq({},a)",                           "externalIds.vendor"),
    ("order={}",                           "price.cost"),
    ("order=-{}",                          "maker.wealth"),
    ("order={}",                           "externalIds.vendor"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "hidden"), HIDDEN)
def test_a_hidden_field_is_refused_in_the_words_for_an_unknown_one(query, hidden):
    head, _, last = hidden.rpartition(".")
    unknown = f"{head}.x{last[1:]}" if head else f"x{last[1:]}"
    token, words = refusal(query.format(hidden))
    assert (token.replace(hidden, "…"), words) == (refusal(query.format(unknown))[0].replace(unknown, "…"), words)
    assert words == "Invalid property path."


def test_the_same_field_may_be_named_by_whoever_sees_it():
    assert "price_cost" in sql("eq(price.cost,1)", "vendor")
    assert "price_cost" in sql("order=price.cost", "operations")
    assert "wealth" in sql("any(friends,gt(wealth,1))", "operations")


def test_a_secret_is_not_even_for_those_who_write_it():
    assert refusal("eq(password,a)", "operations")[1] == "Invalid property path."


def test_an_unquoted_word_that_names_a_hidden_field_is_a_plain_word():
    """Otherwise `eq(name,price.cost)` would compare with what the caller may not see."""
    assert "price_cost" not in sql("eq(name,price.cost)")
    assert "price_cost" not in sql("eq(name,password)", "operations")


def test_names_are_matched_without_case():
    assert sql("eq(PRICE.Sale,1)") == sql("eq(price.sale,1)")


def test_through_a_reference_the_core_is_reached_freely_and_the_rest_only_where_the_target_is_seen():
    assert "shy" not in sql("eq(maker.name,Ada)")
    assert "shy" in sql("eq(maker.town,Bern)")
    assert "shy" not in sql("eq(maker.town,Bern)", "operations")
    assert "shy" not in sql("eq(maker.id,MAK-0001)")


def test_elements_of_a_list_show_no_more_than_the_reader_sees_of_each():
    assert "shy" in sql("any(friends,eq(town,Bern))")
    assert "shy" not in sql("any(friends,eq(name,Ada))")


def test_a_reference_itself_is_not_compared():
    assert refusal("eq(maker,MAK-0001)")


def test_a_query_follows_so_many_references_and_no_more():
    """Each costs work before the database is asked: beyond this, one query would hold up everybody else's."""
    conditions = [f"eq(maker.name,{n})" for n in range(28)]
    assert sql(f"or({','.join(conditions)})&any(friends,eq(name,a))&order=-maker.name,judge.name,maker.name")
    refused = refusal(
        f"or({','.join(conditions)})&any(friends,eq(name,a))&order=maker.name,judge.name,maker.name,judge.name"
    )
    assert refused == ("judge", "At most 32 references and collections may be followed in one query.")
    assert refusal(f"or({','.join(['any(pieces)'] * 33)})")[0] == "pieces"
    assert sql(f"or({','.join(f'eq(maker.id,{n})' for n in range(150))})")


def test_a_document_is_neither_filtered_nor_sorted_by():
    assert refusal("eq(info,1)") == ("info", "Filtering is not permitted.")
    assert refusal("order=info") == ("info", "Ordering is not permitted.")


def test_an_order_always_ends_with_the_id_so_that_pages_never_overlap():
    assert sql("order=name").endswith("ORDER BY t.name ASC, t.id ASC")
    assert sql("order=-name").endswith("ORDER BY t.name DESC, t.id DESC")
    assert sql("").endswith("ORDER BY t.id ASC")


def test_queries_of_one_shape_are_compiled_once_for_each_kind_of_caller():
    first = FILTERS.prepare(GADGET, WHO["client", False], read_query("eq(name,Ada)"))
    other_value = FILTERS.prepare(GADGET, WHO["client", False], read_query("eq(name,Ben)"))
    other_caller = FILTERS.prepare(GADGET, WHO["vendor", False], read_query("eq(name,Ada)"))
    assert first.key == other_value.key != other_caller.key
    assert (list(first.given.values()), list(other_value.given.values())) == (["Ada"], ["Ben"])
