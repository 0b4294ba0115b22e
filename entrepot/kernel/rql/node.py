"""A filter as a tree: what was asked, before anybody knows whether such properties exist.

    Node     And · Or · Not · Any · All · Compare · Like · In
    Literal  Word · Quoted · Null · Empty · Property        (the right side of a Compare)

Two filters that differ only in their values have the same `shape`, so one compiled statement serves both.
"""

from collections.abc import Container

from msgspec import Struct

type Path = tuple[str, ...]


class Word(Struct, frozen=True):
    """An unquoted value, which is a property where the scope has one of that name."""

    text: str


class Quoted(Struct, frozen=True):
    """A value in quotes: never a property."""

    text: str


class Property(Struct, frozen=True):
    """`self(path)`: always a property. The empty path is the element itself."""

    path: Path


class Null(Struct, frozen=True):
    """`null()`: no value at all."""


class Empty(Struct, frozen=True):
    """`empty()`: the string without characters."""


type Literal = Word | Quoted | Property | Null | Empty

NULL = Null()
EMPTY = Empty()


class Compare(Struct, frozen=True):
    """A property against one value. `filter` is `eq` whose path may cross collections."""

    op: str  # eq ne gt ge lt le filter
    path: Path
    right: Literal


class Like(Struct, frozen=True):
    """A property against a pattern; the stars are gone from `text` and told by `form`."""

    op: str  # like ilike
    path: Path
    form: str  # equals starts ends contains
    text: str


class In(Struct, frozen=True):
    """A property against a list of values."""

    op: str  # in out
    path: Path
    items: tuple[str, ...]


class And(Struct, frozen=True):
    """Every child holds."""

    children: tuple["Node", ...]


class Or(Struct, frozen=True):
    """Some child holds."""

    children: tuple["Node", ...]


class Not(Struct, frozen=True):
    """The child does not hold."""

    child: "Node"


class Any(Struct, frozen=True):
    """Some element of the collection fits, or, without a child, there is an element."""

    path: Path
    child: "Node | None"


class All(Struct, frozen=True):
    """No element of the collection fails."""

    path: Path
    child: "Node"


type Node = And | Or | Not | Any | All | Compare | Like | In
type Shape = tuple[object, ...]


def shape(node: Node, words: Container[str]) -> Shape:
    """The filter without its values: equal shapes may share one compiled statement.

    Values whose meaning depends on the scope stay in: those that `words` holds in lower case (see
    `compile.Scope.words`).
    """
    if isinstance(node, Compare):
        right = node.right
        if isinstance(right, Quoted):
            return (node.op, node.path, "quoted", kept(right.text, words))
        if isinstance(right, Word):
            return (node.op, node.path, "word", kept_word(right.text, words))
        if isinstance(right, Property):
            return (node.op, node.path, "self", right.path)
        return (node.op, node.path, "null" if right is NULL else "empty")
    if isinstance(node, Like):
        return (node.op, node.path, node.form)
    if isinstance(node, In):
        return (node.op, node.path, kept_list(node.items, words))
    if isinstance(node, And):
        return ("and", *[shape(child, words) for child in node.children])
    if isinstance(node, Or):
        return ("or", *[shape(child, words) for child in node.children])
    if isinstance(node, Not):
        return ("not", shape(node.child, words))
    if node.child is None:
        return ("any", node.path)
    return ("any" if isinstance(node, Any) else "all", node.path, shape(node.child, words))


def values(node: Node) -> list[str | tuple[str, ...]]:
    """The literals from left to right: value `n` is bound to `vn` of every statement of this shape."""
    found: list[str | tuple[str, ...]] = []
    collect(node, found)
    return found


def collect(node: Node, found: list[str | tuple[str, ...]]) -> None:
    if isinstance(node, Compare):
        if isinstance(node.right, (Quoted, Word)):
            found.append(node.right.text)
    elif isinstance(node, (And, Or)):
        for child in node.children:
            collect(child, found)
    elif isinstance(node, Like):
        found.append(node.text)
    elif isinstance(node, In):
        found.append(node.items)
    elif node.child is not None:
        collect(node.child, found)


def kept(text: str, words: Container[str]) -> str | None:
    """The value in lower case if it may be a member of an enum, and so may stand in the statement."""
    lowered = text.lower()
    return lowered if lowered in words else None


def kept_word(text: str, words: Container[str]) -> str | None:
    """As `kept`, and also if the value may be the path of a property."""
    lowered = text.lower()
    return lowered if lowered in words or ("." in text and lowered.partition(".")[0] in words) else None


def kept_list(items: tuple[str, ...], words: Container[str]) -> tuple[str, ...] | None:
    """The values in lower case if each may be a member of an enum."""
    found: list[str] = []
    for item in items:
        lowered = item.lower()
        if lowered not in words:
            return None
        found.append(lowered)
    return tuple(found)
