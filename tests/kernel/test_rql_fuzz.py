"""Whatever the text, reading it gives a query or a fault, and soon."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.kernel.rql import Query, RqlFault, parse_filter, read_query, shape, values
from entrepot.kernel.rql.parse import DEPTH_MAX, LENGTH_MAX

SECONDS_MAX = 0.05
BYTES_MAX = 100 * 1024 * 1024

FRAGMENTS = [
    *"=,&;|()'\"*+-. \\%",
    *("eq(", "in(", "any(", "all(", "and(", "or(", "not(", "like(", "self()", "null()", "empty()", "filter("),
    *("limit=", "offset=", "order=", "select=", "render()", "language=", "a", "a.b", "1", "'x'", "ł"),
    *("%27", "%22", "%28", "%29", "%26", "%2C", "%00", "%FF", "%C5%81", "\0", "\ud800", "\t", "1e9"),
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))


def reading(read, raw):
    try:
        return read(raw)
    except RqlFault as fault:
        assert fault.token
        assert fault.message
        return None


@settings(max_examples=1500, deadline=None)
@given(TEXTS)
def test_any_text_is_a_query_or_a_fault(text):
    query = reading(read_query, text)
    assert query is None or isinstance(query, Query)
    if query and query.filter:
        hash(shape(query.filter, frozenset(["a"])))
        assert all(isinstance(value, (str, tuple)) for value in values(query.filter))


@settings(max_examples=500, deadline=None)
@given(st.binary())
def test_any_bytes_are_a_query_or_a_fault(raw):
    reading(read_query, raw)


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_any_text_is_a_filter_or_a_fault(text):
    node = reading(parse_filter, text)
    if node:
        hash(shape(node, frozenset(["a"])))


def full(pattern):
    return (pattern * LENGTH_MAX)[:LENGTH_MAX]


HEAVY = [
    *[full(fragment) for fragment in FRAGMENTS if fragment.isascii()],
    *[full(one + other) for one in "=,&;|()'\"" for other in "=,&;|()'\"a"],
    full("a=1&"),
    full("a=1,b='2';"),
    full("eq(a,'b')&"),
    full("in(a,(" + "1," * 900),
    full("any(a,"),
    "order=" + full("a,")[:-6],
    "order=" + full("a.")[:-6],
    "select=" + full("a,")[:-7],
    "select=" + full("a.")[:-7],
    "select=" + ",".join(f"-{'.'.join('abcdefg'[i % 7] + str(i) for i in range(8))}" for _ in range(500)),
    "limit=" + full("9")[:-6],
    "a='" + full("%41")[:-4] + "'",
    "like(a," + full("*")[:-8] + ")",
    full("not(a=1)|"),
    "and(" * DEPTH_MAX + ",".join(["a=1"] * 199) + ")" * DEPTH_MAX,
    "(" * DEPTH_MAX + full("a=1;b=2,")[: LENGTH_MAX - 2 * DEPTH_MAX] + ")" * DEPTH_MAX,
    full("'\"'\"("),
    full("%27&%22"),
]


@pytest.mark.parametrize("raw", HEAVY, ids=range(len(HEAVY)))
def test_the_longest_query_costs_little(raw):
    best = SECONDS_MAX + 1
    for _ in range(3):
        start = time.process_time()
        query = reading(read_query, raw)
        if query and query.filter:
            hash(shape(query.filter, frozenset()))
            values(query.filter)
        best = min(best, time.process_time() - start)
    assert best < SECONDS_MAX
    tracemalloc.start()
    reading(read_query, raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BYTES_MAX
