"""A query string is taken apart into filter, order, selection and page."""

from urllib.parse import quote

import httpx
import pytest
from mpt_api_client.http.query_options import QueryOptions
from mpt_api_client.http.query_state import QueryState
from mpt_api_client.rql import RQLQuery

from entrepot.kernel.rql import Query, RqlFault, Select, parse_filter, read_query
from entrepot.kernel.rql.node import And, Compare, Or, Quoted, Word


def eq(name, text):
    return Compare("eq", tuple(name.split(".")), Word(text))


A, B, C = eq("a", "1"), eq("b", "2"), eq("c", "3")
CREATED = ("audit", "created", "at")

QUERIES = [
    ("", Query()),
    ("&&", Query()),
    ("%20", Query()),
    # pages
    ("limit=10", Query(limit=10)),
    ("limit=0", Query(limit=0)),
    ("limit=1000", Query(limit=1000)),
    ("limit=1001", Query(limit=1000)),
    ("limit=99999999999999999999999", Query(limit=1000)),
    ("limit=1&limit=2", Query(limit=2)),
    ("Limit=10&OFFSET=5", Query(limit=10, offset=5)),
    ("limit=10&offset=20", Query(limit=10, offset=20)),
    # order
    ("order=name", Query(order=((("name",), False),))),
    ("order=+a,-b.c", Query(order=((("a",), False), (("b", "c"), True)))),
    ("order=%2Ba%2C-b", Query(order=((("a",), False), (("b",), True)))),
    ("order=%20a,%20-b", Query(order=((("a",), False), (("b",), True)))),
    ("order=-audit.created.at", Query(order=((CREATED, True),))),
    ("order=a,,b", Query(order=((("a",), False), (("b",), False)))),
    ("order=a&order=-b", Query(order=((("a",), False), (("b",), True)))),
    ("order=default", Query(order=((("default",), False),))),
    # flags and options
    ("render()", Query(render=True)),
    ("render()=", Query(render=True)),
    ("render%28%29=", Query(render=True)),
    ("language=de&template.id=TPL-1", Query(options={"language": "de", "template.id": "TPL-1"})),
    # filters
    ("a=1", Query(filter=A)),
    ("eq(a,1)&eq(b,2)&eq(c,3)", Query(filter=And((A, B, C)))),
    ("eq(a,1)&limit=2&eq(b,2)", Query(filter=And((A, B)), limit=2)),
    ("a=1;b=2&c=3", Query(filter=Or((A, And((B, C)))))),
    ("eq(a,1)|eq(b,2)&eq(c,3)", Query(filter=Or((A, And((B, C)))))),
    ("and(a=1&b=2)&limit=3", Query(filter=And((A, B)), limit=3)),
    ("eq(limit,1)&eq(order.id,2)", Query(filter=And((eq("limit", "1"), eq("order.id", "2"))))),
    ("order.id=ORD-1", Query(filter=eq("order.id", "ORD-1"))),
    ("and(limit=5,select=6)", Query(filter=And((eq("limit", "5"), eq("select", "6"))))),
    # quotes protect an ampersand, encoded or not
    ("eq(name,'A&limit=1')&limit=2", Query(filter=Compare("eq", ("name",), Quoted("A&limit=1")), limit=2)),
    ("name='A&B'&limit=2", Query(filter=Compare("eq", ("name",), Quoted("A&B")), limit=2)),
    ("name=%27A&B%27&limit=2", Query(filter=Compare("eq", ("name",), Quoted("A&B")), limit=2)),
    ("name='A%26B'&limit=2", Query(filter=Compare("eq", ("name",), Quoted("A&B")), limit=2)),
    ('name="O%27Brien"&limit=2', Query(filter=Compare("eq", ("name",), Quoted("O'Brien")), limit=2)),
    # encodings
    ("eq(name,%C5%81%C3%B3d%C5%BA)", Query(filter=eq("name", "Łódź"))),
    (b"eq(name,\xc5\x81)", Query(filter=eq("name", "Ł"))),
    ("eq(name,Ł)", Query(filter=eq("name", "Ł"))),
    ("eq(name,a%2527)", Query(filter=eq("name", "a%27"))),
    ("eq(name,50%)", Query(filter=eq("name", "50%"))),
    ("eq(name,%zz)", Query(filter=eq("name", "%zz"))),
    ("eq(name,Jewelry%20Widget)", Query(filter=eq("name", "Jewelry Widget"))),
    ("in(a%2C(1))", Query(filter=parse_filter("in(a,(1))"))),
    # a plus stays a plus, unless a form encoder wrote it for a space
    ("gt(at,2025-01-01T00:00:00+01:00)", Query(filter=parse_filter("gt(at,2025-01-01T00:00:00+01:00)"))),
    ("eq(mail,a%2Bb)", Query(filter=eq("mail", "a+b"))),
    ("eq%28name%2C%27a+b%2Bc%27%29=", Query(filter=Compare("eq", ("name",), Quoted("a b+c")))),
    ("any(x,a=1)=", Query(filter=parse_filter("any(x,a=1)"))),
]


@pytest.mark.parametrize(("raw", "query"), QUERIES, ids=[repr(row[0]) for row in QUERIES])
def test_every_query_string_has_its_reading(raw, query):
    assert read_query(raw) == query
    if isinstance(raw, str):
        assert read_query(raw.encode()) == query


ORDER = "No valid ordering properties were detected"
FAULTS = [
    ("limit=ten", "limit", "Cannot convert value: 'ten'."),
    ("limit=-1", "limit", "Cannot convert value: '-1'."),
    ("limit=1.5", "limit", "Cannot convert value: '1.5'."),
    ("limit=", "limit", "Cannot convert value: ''."),
    ("limit=²", "limit", "Cannot convert value: '²'."),
    ("offset=x", "offset", "Cannot convert value: 'x'."),
    ("offset=99999999999999999999", "offset", "Cannot convert value: '99999999999999999999'."),
    ("order=", "order", ORDER),
    ("order=,+,-", "order", ORDER),
    ("order=" + ",".join("a" * 33), "order", "At most 32 ordering properties are allowed."),
    ("order=" + ".".join("a" * 17), ".".join("a" * 17), "Invalid property path."),
    ("select=" + ",".join("a" * 501), "select", "At most 500 properties can be selected."),
    ("select=a.b.c.d.e.f.g.h.i", "a.b.c.d.e.f.g.h.i", "A selected property may lie at most 8 levels deep."),
    ("rql=eq(a,b)", "rql", "Invalid equals shortcut expression"),
    ("mistake(a)", "mistake", "Unknown expression group."),
    ("select", "select", "Expression expected."),
    ("%FF", "query", "The query is not valid UTF-8."),
    (b"\xff", "query", "The query is not valid UTF-8."),
    ("a=%ED%A0%80", "query", "The query is not valid UTF-8."),
    ("a=\ud800", "query", "The query is not valid UTF-8."),
    ("a=%00", "query", "The query holds a NUL character."),
    ("select=a%00", "query", "The query holds a NUL character."),
    ("language=%00", "query", "The query holds a NUL character."),
    ("&" * 16385, "query", "The query is longer than 16384 bytes."),
    ("a='b&limit=3", "'b&limit=3", "Closing quote expected."),
    ("eq(a,1&limit=3", "eq", "Binary expression must have 2 arguments"),
]


@pytest.mark.parametrize(("raw", "token", "message"), FAULTS, ids=[repr(row[0][:40]) for row in FAULTS])
def test_every_bad_query_string_has_its_fault(raw, token, message):
    with pytest.raises(RqlFault) as caught:
        read_query(raw)
    assert (caught.value.token, caught.value.message) == (token, message)


def test_the_cap_of_a_collection_lowers_the_limit_silently():
    assert read_query("limit=500", limit_max=100).limit == 100


def level(star=None, added=(), dropped=(), reaches=None, **below):
    reaches = bool(star or added or any(under.reaches for under in below.values())) if reaches is None else reaches
    return Select(star, frozenset(added), frozenset(dropped), below, reaches)


SELECTS = [
    ("audit", level(added={"audit"})),
    ("+audit", level(added={"audit"})),
    (" audit", level(added={"audit"})),
    ("%2Baudit,%20lines", level(added={"audit", "lines"})),
    ("Audit", level(added={"audit"})),
    ("-lines", level(dropped={"lines"})),
    ("-*", level(star=False)),
    ("*", level(star=True)),
    ("+*", level(star=True)),
    ("-*,+id,+name", level(star=False, added={"id", "name"})),
    ("agreement.client", level(agreement=level(added={"client"}))),
    ("-agreement.parameters", level(agreement=level(dropped={"parameters"}))),
    ("agreement.*", level(agreement=level(star=True))),
    ("agreement.-*", level(agreement=level(added={"-*"}))),
    ("-agreement.*", level(agreement=level(star=False))),
    ("+id,-id", level(dropped={"id"})),
    ("-id,+id", level(added={"id"})),
    ("-agreement,agreement.id", level(agreement=level(added={"id"}))),
    ("agreement.id,-agreement", level(dropped={"agreement"})),
    ("", level()),
    (",,", level()),
    ("a..b,*.b,.", level()),
    (
        "+audit,-lines,agreement.client,-agreement.parameters,-*,+id,*",
        level(
            star=True,
            added={"audit", "id"},
            dropped={"lines"},
            agreement=level(added={"client"}, dropped={"parameters"}),
        ),
    ),
]


@pytest.mark.parametrize(("text", "select"), SELECTS)
def test_every_selection_has_its_tree(text, select):
    read = read_query(f"select={text}").select
    assert read == select
    assert hash(read) == hash(select)


SHOWN = [  # selection, property, shown by default, shown
    ("audit", "audit", False, True),
    ("audit", "name", True, True),
    ("-name", "name", True, False),
    ("-*,+id", "name", True, False),
    ("-*,+id", "id", True, True),
    ("+id,-*", "id", True, True),
    ("*", "audit", False, True),
    ("*,-audit", "audit", False, False),
    ("-*,agreement.client", "agreement", True, True),
    ("audit.created", "audit", False, True),
    ("-audit.created", "audit", False, False),
    ("-audit.created", "audit", True, True),
    ("lines.*", "lines", False, True),
    ("unknown", "name", True, True),
]


@pytest.mark.parametrize(("text", "name", "by_default", "shown"), SHOWN)
def test_a_selection_starts_from_the_default_shape(text, name, by_default, shown):
    assert read_query(f"select={text}").select.shows(name, by_default) is shown


def test_only_a_property_that_is_named_itself_is_expanded():
    select = read_query("select=agreement.client,product").select
    assert (select.expands("product"), select.expands("agreement")) == (True, False)
    assert select.under("agreement").expands("client")
    assert select.under("nowhere").shows("anything", True)


def test_repeated_selections_add_up():
    assert read_query("select=a&select=-b").select == level(added={"a"}, dropped={"b"})


AWKWARD = "a&b=c,(d);|'e'+% #?ł*"
CLIENT_FILTERS = [
    (RQLQuery(id="ORD-1"), "eq(id,'ORD-1')"),
    (RQLQuery("name").eq("O'Brien & Sons"), 'eq(name,"O\'Brien & Sons")'),
    (RQLQuery("status").in_(["a,b", "c"]), "in(status,('a,b','c'))"),
    (RQLQuery("status").out(["a"]), "out(status,('a'))"),
    (RQLQuery("name").ilike("*50% +*"), "ilike(name,'*50% +*')"),
    (RQLQuery("a").null(True) & ~RQLQuery("b").empty(True), "and(eq(a,null()),not(and(eq(b,empty()))))"),
    (RQLQuery("a").eq(1) | RQLQuery("b").gt(1.5), "or(eq(a,1),gt(b,1.5))"),
    (RQLQuery("default").eq(True), "eq(default,true)"),
    (
        RQLQuery("externalId").eq("x").any("parameters.fulfillment"),
        "any(parameters.fulfillment,eq(externalId,'x'))",
    ),
]


@pytest.mark.parametrize(("built", "text"), CLIENT_FILTERS, ids=[text for _, text in CLIENT_FILTERS])
def test_what_the_official_client_builds_is_read_as_meant(built, text):
    state = QueryState(built, ["-audit.created.at", "name"], ["audit", "-lines"], options=QueryOptions(render=True))
    sent = str(httpx.URL("http://host/orders?" + state.build({"limit": 10, "offset": 20})).query, "ascii")
    meant = Query(
        parse_filter(text),
        ((CREATED, True), (("name",), False)),
        level(added={"audit"}, dropped={"lines"}),
        10,
        20,
        True,
    )
    assert read_query(sent) == meant
    # The client library takes the string apart and encodes it again where it is given further parameters.
    again = httpx.URL("http://host/orders?" + sent).copy_merge_params({"extra": "1"}).copy_remove_param("extra")
    assert again.query != sent.encode()
    assert read_query(again.query) == meant


@pytest.mark.parametrize("encode", [quote, lambda text: quote(text, safe="'*()")])
def test_an_encoded_value_arrives_unharmed(encode):
    raw = f'eq(name,"{encode(AWKWARD)}")&limit=1'
    assert read_query(raw) == Query(Compare("eq", ("name",), Quoted(AWKWARD)), limit=1)
