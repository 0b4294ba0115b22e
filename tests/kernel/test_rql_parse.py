"""The text of a filter becomes a tree, or a fault that names the token."""

import pytest

from entrepot.kernel.rql import RqlFault, parse_filter, shape, values
from entrepot.kernel.rql.node import (
    EMPTY,
    NULL,
    All,
    And,
    Any,
    Compare,
    In,
    Like,
    Not,
    Or,
    Property,
    Quoted,
    Word,
)
from entrepot.kernel.rql.parse import CONDITIONS_MAX, DEPTH_MAX, LENGTH_MAX, LIST_MAX, PATH_MAX


def eq(name, text):
    return Compare("eq", (name,), Word(text))


A, B, C, D = eq("a", "1"), eq("b", "2"), eq("c", "3"), eq("d", "4")

FORMS = [
    # comparisons
    ("eq(status,Processing)", Compare("eq", ("status",), Word("Processing"))),
    ("EQ(status,Processing)", Compare("eq", ("status",), Word("Processing"))),
    ("eq(id,'ORD-1')", Compare("eq", ("id",), Quoted("ORD-1"))),
    ('eq(id,"ORD-1")', Compare("eq", ("id",), Quoted("ORD-1"))),
    ("ne(a,1)", Compare("ne", ("a",), Word("1"))),
    ("gt(price.SPxM,100)", Compare("gt", ("price", "SPxM"), Word("100"))),
    ("ge(a,1)", Compare("ge", ("a",), Word("1"))),
    ("lt(displayValue,2025-01-31)", Compare("lt", ("displayValue",), Word("2025-01-31"))),
    ("le(a,1)", Compare("le", ("a",), Word("1"))),
    ("status=Processing", Compare("eq", ("status",), Word("Processing"))),
    ("a.b='x y'", Compare("eq", ("a", "b"), Quoted("x y"))),
    ("eq(name,Jewelry Widget)", Compare("eq", ("name",), Word("Jewelry Widget"))),
    (" eq( name , Jewelry Widget ) ", Compare("eq", ("name",), Word("Jewelry Widget"))),
    ("eq(name,' padded ')", Compare("eq", ("name",), Quoted(" padded "))),
    ("eq(name,'')", Compare("eq", ("name",), Quoted(""))),
    ("eq(name,'a=1,(b);|&\"c')", Compare("eq", ("name",), Quoted('a=1,(b);|&"c'))),
    ('eq(name,"O\'Brien")', Compare("eq", ("name",), Quoted("O'Brien"))),
    ("eq(name,Łódź 🙂)", Compare("eq", ("name",), Word("Łódź 🙂"))),
    ("filter(group.buyers.id,BUY-1)", Compare("filter", ("group", "buyers", "id"), Word("BUY-1"))),
    # constants and properties
    ("eq(a,null())", Compare("eq", ("a",), NULL)),
    ("ne(a,NULL())", Compare("ne", ("a",), NULL)),
    ("a=null()", Compare("eq", ("a",), NULL)),
    ("eq(a,empty())", Compare("eq", ("a",), EMPTY)),
    ("a=empty()", Compare("eq", ("a",), EMPTY)),
    ("eq(a,null)", Compare("eq", ("a",), Word("null"))),
    ("eq(a,self(b.c))", Compare("eq", ("a",), Property(("b", "c")))),
    ("eq(self(a.b),1)", Compare("eq", ("a", "b"), Word("1"))),
    ("a=self(b)", Compare("eq", ("a",), Property(("b",)))),
    ("self(a)=b", Compare("eq", ("a",), Word("b"))),
    ("any(tags,self()=x)", Any(("tags",), Compare("eq", (), Word("x")))),
    ("any(tags,eq(self(),x))", Any(("tags",), Compare("eq", (), Word("x")))),
    ("any(tags,like(self(),x*))", Any(("tags",), Like("like", (), "starts", "x"))),
    ("any(tags,in(self(),(x,y)))", Any(("tags",), In("in", (), ("x", "y")))),
    # lists
    ("in(status,(Active,Updating))", In("in", ("status",), ("Active", "Updating"))),
    ("out(status,('a b',\"c,d\"))", In("out", ("status",), ("a b", "c,d"))),
    ("in(id,(PRD-1))", In("in", ("id",), ("PRD-1",))),
    ("in(a, ( 1 , 2 ) )", In("in", ("a",), ("1", "2"))),
    ("in(a,(empty(),x))", In("in", ("a",), ("", "x"))),
    # patterns
    ("like(a,x)", Like("like", ("a",), "equals", "x")),
    ("like(a,*x*)", Like("like", ("a",), "contains", "x")),
    ("like(a,'*x*')", Like("like", ("a",), "contains", "x")),
    ("ilike(a,x*)", Like("ilike", ("a",), "starts", "x")),
    ("ilike(a,*x)", Like("ilike", ("a",), "ends", "x")),
    ("like(a,x*y)", Like("like", ("a",), "equals", "x*y")),
    ("like(a,*x*y*)", Like("like", ("a",), "contains", "x*y")),
    ("like(a,*)", Like("like", ("a",), "ends", "")),
    ("like(a,**)", Like("like", ("a",), "contains", "")),
    (r"like(a,\*)", Like("like", ("a",), "equals", "*")),
    (r"like(a,\*x\*)", Like("like", ("a",), "equals", "*x*")),
    (r"like(a,\*x*)", Like("like", ("a",), "starts", "*x")),
    (r"like(a,*x\*)", Like("like", ("a",), "ends", "x*")),
    (r"like(a,*\*)", Like("like", ("a",), "ends", "*")),
    (r"like(a,\**)", Like("like", ("a",), "starts", "*")),
    ("like(a,empty())", Like("like", ("a",), "equals", "")),
    # logic
    ("and(a=1,b=2)", And((A, B))),
    ("AND(a=1,b=2,c=3)", And((A, B, C))),
    ("or(a=1,b=2)", Or((A, B))),
    ("not(a=1)", Not(A)),
    ("and(a=1)", A),
    ("or(a=1)", A),
    ("(a=1)", A),
    ("((a=1))", A),
    ("and(not(a=1),or(b=2,c=3))", And((Not(A), Or((B, C))))),
    # separators
    ("a=1&b=2", And((A, B))),
    ("a=1,b=2", And((A, B))),
    ("a=1;b=2", Or((A, B))),
    ("a=1|b=2", Or((A, B))),
    ("a=1&b=2|c=3", Or((And((A, B)), C))),
    ("a=1|b=2&c=3", Or((A, And((B, C))))),
    ("a=1;b=2,c=3;d=4", Or((A, And((B, C)), D))),
    ("(a=1;b=2),c=3", And((Or((A, B)), C))),
    ("(a=1|b=2)&(c=3|d=4)", And((Or((A, B)), Or((C, D))))),
    ("eq(a,1)&eq(b,2)&eq(c,3)", And((A, B, C))),
    ("eq(a,1), eq(b,2)", And((A, B))),
    ("or(a=1,b=2&c=3)", Or((A, And((B, C))))),
    ("and(a=1;b=2,c=3)", And((Or((A, B)), C))),
    ("not(a=1;b=2)", Not(Or((A, B)))),
    # collections
    ("any(lines)", Any(("lines",), None)),
    ("any(groups,id=UGR-1)", Any(("groups",), Compare("eq", ("id",), Word("UGR-1")))),
    ("any(x,a=1&b=2)", Any(("x",), And((A, B)))),
    ("any(x,a=1;b=2)", Any(("x",), Or((A, B)))),
    ("all(lines,eq(a,1))", All(("lines",), A)),
    ("any(a,any(b,c=3))", Any(("a",), Any(("b",), C))),
    ("any(self(lines))", Any(("lines",), None)),
    (
        "any(parameters.fulfillment,and(eq(externalId,'nextSync'),lt(displayValue,2025-01-31)))",
        Any(
            ("parameters", "fulfillment"),
            And(
                (
                    Compare("eq", ("externalId",), Quoted("nextSync")),
                    Compare("lt", ("displayValue",), Word("2025-01-31")),
                )
            ),
        ),
    ),
    (
        "any(parameters.ordering,and(eq(externalId,'3YC'),like(displayValue,*Yes*)))",
        Any(
            ("parameters", "ordering"),
            And(
                (
                    Compare("eq", ("externalId",), Quoted("3YC")),
                    Like("like", ("displayValue",), "contains", "Yes"),
                )
            ),
        ),
    ),
    (
        "and(in(agreement.product.id,(PRD-1,PRD-2)),eq(status,processing))",
        And(
            (
                In("in", ("agreement", "product", "id"), ("PRD-1", "PRD-2")),
                Compare("eq", ("status",), Word("processing")),
            )
        ),
    ),
    (
        'and(gt(audit.created.at,"2025-01-01T00:00:00Z"),lt(audit.created.at,"2025-02-01T00:00:00Z"))',
        And(
            (
                Compare("gt", ("audit", "created", "at"), Quoted("2025-01-01T00:00:00Z")),
                Compare("lt", ("audit", "created", "at"), Quoted("2025-02-01T00:00:00Z")),
            )
        ),
    ),
]


@pytest.mark.parametrize(("text", "node"), FORMS, ids=[text for text, _ in FORMS])
def test_every_form_has_its_tree(text, node):
    assert parse_filter(text) == node


BINARY = "Binary expression must have 2 arguments"
UNARY = "Unary expression must have 1 argument"
SHORTCUT = "Invalid equals shortcut expression"
EMPTY_GROUP = "Expression group cannot be empty."
EXPRESSION = "Expression expected."
ARRAY = "Value has to be a non empty array."
NO_NULL = "Null values are not supported."
UNKNOWN = "Unknown expression group."
NO_PATH = "Invalid property path."
CLOSE = "Closing parenthesis expected."

FAULTS = [
    ("mistake(a,b)", "mistake", UNKNOWN),
    ("Mistake(a,b)", "Mistake", UNKNOWN),
    ("and(a=1,gte(b,2))", "gte", UNKNOWN),
    ("order_by(a)", "order_by", UNKNOWN),
    ("eq(a,foo())", "foo", UNKNOWN),
    ("eq(foo(),1)", "foo", UNKNOWN),
    ("word", "word", EXPRESSION),
    ("'word'", "word", EXPRESSION),
    ("and(a=1,word)", "word", EXPRESSION),
    ("any(lines,word)", "word", EXPRESSION),
    ("not(word)", "word", EXPRESSION),
    ("null()", "null", EXPRESSION),
    ("self(a)", "self", EXPRESSION),
    ("", "query", EXPRESSION),
    ("   ", "query", EXPRESSION),
    ("a=1&", "query", EXPRESSION),
    ("a=1,,b=2", ",", EXPRESSION),
    ("and(a=1,)", ")", EXPRESSION),
    ("any(a,)", ")", EXPRESSION),
    ("in(a,(b;c))", "in", "Value expected."),
    ("and()", "and", EMPTY_GROUP),
    ("or()", "or", EMPTY_GROUP),
    ("not()", "not", EMPTY_GROUP),
    ("()", "()", EMPTY_GROUP),
    ("and(a=1,())", "()", EMPTY_GROUP),
    ("any(lines,and())", "and", EMPTY_GROUP),
    ("not(a=1,b=2)", "not", UNARY),
    ("eq()", "eq", BINARY),
    ("eq(a)", "eq", BINARY),
    ("eq(a,)", "eq", BINARY),
    ("eq(,b)", "eq", BINARY),
    ("eq(a,b,c)", "eq", BINARY),
    ("eq(a,b&c)", "eq", BINARY),
    ("gt(a,1;2)", "gt", BINARY),
    ("like(a)", "like", BINARY),
    ("in(a)", "in", BINARY),
    ("in(a,(b),c)", "in", BINARY),
    ("any()", "any", "Collection expression must have 1 or 2 arguments"),
    ("any(a,b=1,c=2)", "any", "Collection expression must have 1 or 2 arguments"),
    ("all(a)", "all", "Collection expression must have 2 arguments"),
    ("eq(a,null(b))", "null", "Constant expression must have no arguments"),
    ("eq(a,self(b,c))", "self", UNARY),
    ("in(a,())", "in", ARRAY),
    ("in(a,b)", "in", ARRAY),
    ("out(a,'b')", "out", ARRAY),
    ("in(a,(b,null()))", "in", NO_NULL),
    ("like(a,null())", "like", NO_NULL),
    ("in(a,(self(b)))", "in", "Value expected."),
    ("in(a,((b)))", "in", "Value expected."),
    ("in(a,(b,))", "in", "Value expected."),
    ("like(a,self(b))", "like", "Value expected."),
    ("eq(a,(b))", "eq", "Value expected."),
    ("eq(a,eq(b,c))", "eq", "Value expected."),
    ("eq(a,x=y)", "eq", SHORTCUT),
    ("rql=eq(a,b)", "rql", SHORTCUT),
    ("a=(b)", "a", SHORTCUT),
    ("a=", "a", SHORTCUT),
    ("a=b=c", "a", SHORTCUT),
    ("and(b=1)=2", "and", SHORTCUT),
    ("eq(a,b)=c", "eq", SHORTCUT),
    ("=a", "=", SHORTCUT),
    ("eq('a',b)", "a", NO_PATH),
    ("eq(null(),b)", "null", NO_PATH),
    ("eq((a),b)", "eq", NO_PATH),
    ("and(a=1", "and", CLOSE),
    ("eq(a,b", "eq", CLOSE),
    ("(a=1", "(", CLOSE),
    ("in(a,(b,c)", "in", CLOSE),
    ("any(a", "any", CLOSE),
    ("a=1)", ")", "Opening parenthesis expected."),
    ("eq(a,'b)", "'b)", "Closing quote expected."),
    ("eq(name,O'Brien)", "'Brien)", "Closing quote expected."),
    ("a='", "'", "Closing quote expected."),
    ("a='b\"", "'b\"", "Closing quote expected."),
    ("eq(a,b)c", "c", "Separator expected."),
    ("a='b'c", "c", "Separator expected."),
    ("eq(a,b'c')", "c", "Separator expected."),
    ("(a=1)(b=2)", "(", "Separator expected."),
    ("a\0=1", "query", "The query holds a NUL character."),
    ("a=\ud800", "query", "The query is not valid UTF-8."),
]


@pytest.mark.parametrize(("text", "token", "message"), FAULTS, ids=[repr(row[0]) for row in FAULTS])
def test_every_fault_names_its_token(text, token, message):
    with pytest.raises(RqlFault) as caught:
        parse_filter(text)
    assert (caught.value.token, caught.value.message) == (token, message)


LIMITS = [
    (f"a='{'x' * (LENGTH_MAX - 4)}'", f"a='{'x' * (LENGTH_MAX - 3)}'", "query", "16384 bytes"),
    (f"a='{'ł' * 8190}'", f"a='{'ł' * 8191}'", "query", "16384 bytes"),
    ("not(" * DEPTH_MAX + "a=1" + ")" * DEPTH_MAX, "not(" * 33 + "a=1" + ")" * 33, "not", "32 levels"),
    ("(" * DEPTH_MAX + "a=1" + ")" * DEPTH_MAX, "(" * 33 + "a=1" + ")" * 33, "(", "32 levels"),
    (",".join(["a=1"] * CONDITIONS_MAX), ",".join(["a=1"] * 201), "query", "200 conditions"),
    (f"in(a,({','.join('1' * LIST_MAX)}))", f"in(a,({','.join('1' * 1001)}))", "in", "1000 values"),
    (".".join("a" * PATH_MAX) + "=1", ".".join("a" * 17) + "=1", ".".join("a" * 17), NO_PATH),
]


@pytest.mark.parametrize(("longest", "too_long", "token", "message"), LIMITS, ids=range(len(LIMITS)))
def test_everything_that_grows_has_a_limit(longest, too_long, token, message):
    parse_filter(longest)
    with pytest.raises(RqlFault) as caught:
        parse_filter(too_long)
    assert caught.value.token == token
    assert message in caught.value.message


def test_a_token_in_a_fault_is_cut_to_a_readable_length():
    with pytest.raises(RqlFault) as caught:
        parse_filter("x" * 5000)
    assert len(caught.value.token) == 120


WORDS = frozenset(("status", "name", "client", "processing", "active", "1m"))


def shape_of(text):
    return shape(parse_filter(text), WORDS)


SAME_SHAPE = [
    ("eq(id,ORD-1)", "eq(id,ORD-2)"),
    ("eq(id,'ORD-1')", 'eq(id,"ORD-2")'),
    ("EQ(id,1)", "id=2"),
    ("in(id,(a,b))", "in(id,('c',d,e))"),
    ("like(a,x*)", "like(a,'y*')"),
    ("and(a=1,b=2)", "a=3&b=4"),
    ("eq(status,Processing)", "eq(status,PROCESSING)"),
    ("in(status,(Active,Processing))", "in(status,(active,processing))"),
]
OTHER_SHAPE = [
    ("eq(id,1)", "ne(id,1)"),
    ("eq(id,1)", "eq(name,1)"),
    ("eq(id,1)", "eq(id,'1')"),
    ("eq(id,1)", "eq(id,null())"),
    ("eq(id,null())", "eq(id,empty())"),
    ("eq(id,1)", "eq(id,self(name))"),
    ("eq(id,self(status))", "eq(id,self(name))"),
    ("eq(id,1)", "eq(id,name)"),
    ("eq(id,status)", "eq(id,name)"),
    ("eq(id,client.id)", "eq(id,client.name)"),
    ("eq(status,Active)", "eq(status,Processing)"),
    ("eq(status,'Active')", "eq(status,'Processing')"),
    ("in(status,(Active,Processing))", "in(status,(Active))"),
    ("in(status,(Active))", "in(status,(other))"),
    ("in(id,(1))", "out(id,(1))"),
    ("eq(id,1)", "in(id,(1))"),
    ("like(a,x)", "like(a,x*)"),
    ("like(a,*x)", "like(a,*x*)"),
    ("like(a,x)", "ilike(a,x)"),
    ("and(a=1,b=2)", "or(a=1,b=2)"),
    ("any(a)", "any(a,b=1)"),
    ("any(a,b=1)", "all(a,b=1)"),
    ("not(a=1)", "a=1"),
    ("and(a=1,b=2,c=3)", "and(a=1,and(b=2,c=3))"),
]


@pytest.mark.parametrize(("one", "other"), SAME_SHAPE)
def test_filters_that_differ_in_values_have_one_shape(one, other):
    assert shape_of(one) == shape_of(other)
    assert hash(shape_of(one)) == hash(shape_of(other))


@pytest.mark.parametrize(("one", "other"), OTHER_SHAPE)
def test_filters_that_need_another_statement_have_another_shape(one, other):
    assert shape_of(one) != shape_of(other)


def test_values_stand_from_left_to_right_and_a_list_is_one_value():
    node = parse_filter("a=1;in(b,(2,3)),any(c,like(d,*4)|e='5'),not(f=null()),g=empty(),h=self(i),j=k")
    assert values(node) == ["1", ("2", "3"), "4", "5", "k"]
