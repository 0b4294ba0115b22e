"""The query language of the marketplace: which of the things that a caller may see the caller wants.

read_query      the query string of a request, taken apart
parse_filter    the text of a filter as a tree
shape, values   what of a filter is in its statement, and what is bound to it
compile_filter  the tree as a condition over the properties of a scope
RqlFault        what is wrong with any of it
"""

from .compile import (
    Compiled,
    Many,
    Reference,
    Scalar,
    Scope,
    Target,
    compile_filter,
    compile_order,
)
from .fault import RqlFault
from .node import Node, Path, shape, values
from .parse import parse_filter
from .query import LIMIT_DEFAULT, LIMIT_MAX, Query, read_query
from .select import Select

__all__ = [
    "LIMIT_DEFAULT",
    "LIMIT_MAX",
    "Compiled",
    "Many",
    "Node",
    "Path",
    "Query",
    "Reference",
    "RqlFault",
    "Scalar",
    "Scope",
    "Select",
    "Target",
    "compile_filter",
    "compile_order",
    "parse_filter",
    "read_query",
    "shape",
    "values",
]
