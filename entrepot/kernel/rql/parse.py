"""The text of a filter becomes a tree, in one pass and at a bounded cost.

    filter  := pair { sep pair }
    sep     := '&' ',' mean and;  ';' '|' mean or, and bind less tightly
    pair    := func | '(' filter ')' | property '=' value
    value   := word | 'quoted' | "quoted" | null() | empty() | self(path)

Between the arguments of a function a comma parts arguments and nothing else: `or(a=1,b=2&c=3)` has two.
"""

import re

from .fault import RqlFault
from .node import (
    EMPTY,
    NULL,
    All,
    And,
    Any,
    Compare,
    In,
    Like,
    Literal,
    Node,
    Not,
    Or,
    Path,
    Property,
    Quoted,
    Word,
)

LENGTH_MAX = 16 * 1024
DEPTH_MAX = 32
CONDITIONS_MAX = 200
LIST_MAX = 1000
PATH_MAX = 16

# Possessive, so that no input makes it look twice. A quote that is never closed swallows the rest.
TOKEN = re.compile(r"""[=,&;|()]|'[^']*+'?|"[^"]*+"?|[^=,&;|()'"]++""")
BLANK = re.compile(r"\s")
QUOTES = "'\""
END = "\0"  # no text holds it: `require_sound` sees to that
PUNCTUATION = frozenset("=,&;|()" + END)

SEPARATORS = frozenset(",&;|)")

COMPARISONS = frozenset(("eq", "ne", "gt", "ge", "lt", "le", "filter"))
PATTERNS = frozenset(("like", "ilike"))
LISTS = frozenset(("in", "out"))
COLLECTIONS = frozenset(("any", "all"))
CONSTANTS = frozenset(("null", "empty", "self"))
FUNCTIONS = COMPARISONS | PATTERNS | LISTS | COLLECTIONS | CONSTANTS | {"and", "or", "not"}

BINARY = "Binary expression must have 2 arguments"
UNARY = "Unary expression must have 1 argument"
CONSTANT = "Constant expression must have no arguments"
COLLECTION = {
    "any": "Collection expression must have 1 or 2 arguments",
    "all": "Collection expression must have 2 arguments",
}
SHORTCUT = "Invalid equals shortcut expression"
EMPTY_GROUP = "Expression group cannot be empty."
UNKNOWN_GROUP = "Unknown expression group."
EXPRESSION_EXPECTED = "Expression expected."
VALUE_EXPECTED = "Value expected."
CLOSE = "Closing parenthesis expected."
NO_PATH = "Invalid property path."
NO_LIST = "Value has to be a non empty array."
NO_NULL = "Null values are not supported."


def parse_filter(text: str) -> Node:
    """Read one filter. Raises RqlFault, and nothing else, whatever the text."""
    require_sound(text)
    tokens = TOKEN.findall(text)
    if BLANK.search(text):
        tokens = [token for token in map(trimmed, tokens) if token]
    tokens.append(END)
    reader = Reader(tokens)
    node = reader.expression(comma_is_and=True)
    if tokens[reader.at] != END:
        raise reader.unexpected()
    return node


def require_sound(text: str) -> None:
    """Refuse what is too long to read or what a database could not hold."""
    if len(text) > LENGTH_MAX:
        raise RqlFault("query", f"The query is longer than {LENGTH_MAX} bytes.")
    if "\0" in text:
        raise RqlFault("query", "The query holds a NUL character.")
    if not text.isascii():
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise RqlFault("query", "The query is not valid UTF-8.") from None
        if size > LENGTH_MAX:
            raise RqlFault("query", f"The query is longer than {LENGTH_MAX} bytes.")


def trimmed(token: str) -> str:
    return token if token[0] in QUOTES else token.strip()


def unquoted(token: str) -> str:
    if len(token) < 2 or token[-1] != token[0]:
        raise RqlFault(token, "Closing quote expected.")
    return token[1:-1]


def path_of(word: str) -> Path:
    path = tuple(word.split("."))
    if len(path) > PATH_MAX:
        raise RqlFault(word, NO_PATH)
    return path


class Reader:
    """A walk along the tokens. Every method starts at `at` and leaves it behind what it read."""

    __slots__ = ("at", "conditions", "depth", "tokens")

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.conditions = 0
        self.depth = 0

    # --- expressions

    def expression(self, comma_is_and: bool) -> Node:
        """Pairs and the separators between them."""
        tokens = self.tokens
        node = self.pair()
        token = tokens[self.at]
        if token == ")" or token == END:
            return node
        every = [node]
        some: list[Node] = []
        while True:
            token = tokens[self.at]
            if token == "&" or (token == "," and comma_is_and):
                self.at += 1
                every.append(self.pair())
            elif token == ";" or token == "|":
                self.at += 1
                some.append(every[0] if len(every) == 1 else And(tuple(every)))
                every = [self.pair()]
            else:
                break
        node = every[0] if len(every) == 1 else And(tuple(every))
        return Or((*some, node)) if some else node

    def pair(self) -> Node:
        """One condition or one group."""
        tokens = self.tokens
        at = self.at
        token = tokens[at]
        if token == "(":
            self.at = at + 1
            return self.group()
        if token in PUNCTUATION:
            raise RqlFault("query" if token == END else token, SHORTCUT if token == "=" else EXPRESSION_EXPECTED)
        if token[0] in QUOTES:
            raise RqlFault(unquoted(token), EXPRESSION_EXPECTED)
        after = tokens[at + 1]
        if after == "(":
            return self.function(token)
        if after == "=":
            self.at = at + 2
            return self.shortcut(token, path_of(token))
        raise RqlFault(token, EXPRESSION_EXPECTED)

    def group(self) -> Node:
        """`(filter)`: parentheses for precedence."""
        if self.tokens[self.at] == ")":
            raise RqlFault("()", EMPTY_GROUP)
        self.enter("(")
        node = self.expression(comma_is_and=True)
        self.depth -= 1
        self.close("(", None)
        return node

    def function(self, name: str) -> Node:
        """`name(…)` where a condition may stand."""
        op = name.lower()
        if op not in FUNCTIONS:
            raise RqlFault(name, UNKNOWN_GROUP)
        if op == "self":
            path = self.own()
            if self.tokens[self.at] != "=":
                raise RqlFault(name, EXPRESSION_EXPECTED)
            self.at += 1
            return self.shortcut(name, path)
        if op in CONSTANTS:
            raise RqlFault(name, EXPRESSION_EXPECTED)
        self.at += 2
        if op in COMPARISONS:
            node = self.comparison(name, op)
        elif op in LISTS:
            node = self.membership(name, op)
        elif op in PATTERNS:
            node = self.pattern(name, op)
        elif op in COLLECTIONS:
            node = self.collection(name, op)
        else:
            node = self.logic(name, op)
        if self.tokens[self.at] == "=":
            raise RqlFault(name, SHORTCUT)
        return node

    def logic(self, name: str, op: str) -> Node:
        """`and(a,b,…)`, `or(a,b,…)`, `not(a)`."""
        tokens = self.tokens
        if tokens[self.at] == ")":
            raise RqlFault(name, EMPTY_GROUP)
        self.enter(name)
        children = [self.expression(comma_is_and=False)]
        while tokens[self.at] == ",":
            self.at += 1
            children.append(self.expression(comma_is_and=False))
        self.depth -= 1
        self.close(name, None)
        if op == "not":
            if len(children) > 1:
                raise RqlFault(name, UNARY)
            return Not(children[0])
        if len(children) == 1:
            return children[0]
        return And(tuple(children)) if op == "and" else Or(tuple(children))

    def collection(self, name: str, op: str) -> Node:
        """`any(collection)`, `any(collection,expression)`, `all(collection,expression)`."""
        path = self.path(name, COLLECTION[op])
        self.count()
        if self.tokens[self.at] != ",":
            self.close(name, COLLECTION[op])
            if op == "all":
                raise RqlFault(name, COLLECTION[op])
            return Any(path, None)
        self.at += 1
        self.enter(name)
        child = self.expression(comma_is_and=False)
        self.depth -= 1
        self.close(name, COLLECTION[op])
        return Any(path, child) if op == "any" else All(path, child)

    # --- conditions

    def comparison(self, name: str, op: str) -> Node:
        path = self.path(name, BINARY)
        self.comma(name)
        right = self.value(name)
        self.close(name, BINARY)
        self.count()
        return Compare(op, path, right)

    def shortcut(self, name: str, path: Path) -> Node:
        """`property=value`."""
        tokens = self.tokens
        token = tokens[self.at]
        if token in PUNCTUATION or (tokens[self.at + 1] == "(" and token.lower() not in CONSTANTS):
            raise RqlFault(name, SHORTCUT)
        right = self.value(name)
        if tokens[self.at] == "=":
            raise RqlFault(name, SHORTCUT)
        self.count()
        return Compare("eq", path, right)

    def pattern(self, name: str, op: str) -> Node:
        path = self.path(name, BINARY)
        self.comma(name)
        right = self.value(name)
        self.close(name, BINARY)
        self.count()
        return Like(op, path, *form_and_text(text_of(right, name)))

    def membership(self, name: str, op: str) -> Node:
        """`in(property,(a,b,…))`."""
        path = self.path(name, BINARY)
        self.comma(name)
        tokens = self.tokens
        if tokens[self.at] != "(":
            raise RqlFault(name, NO_LIST)
        self.at += 1
        if tokens[self.at] == ")":
            raise RqlFault(name, NO_LIST)
        items = [self.item(name)]
        while tokens[self.at] == ",":
            self.at += 1
            items.append(self.item(name))
            if len(items) > LIST_MAX:
                raise RqlFault(name, f"A list may hold at most {LIST_MAX} values.")
        self.close(name, None)
        self.close(name, BINARY)
        self.count()
        return In(op, path, tuple(items))

    # --- operands

    def path(self, name: str, arity: str) -> Path:
        """The property on the left."""
        token = self.tokens[self.at]
        if token in PUNCTUATION:
            raise RqlFault(name, arity if token == ")" or token == "," else NO_PATH)
        if token[0] in QUOTES:
            raise RqlFault(unquoted(token), NO_PATH)
        if self.tokens[self.at + 1] == "(":
            if token.lower() == "self":
                return self.own()
            raise RqlFault(token, NO_PATH if token.lower() in FUNCTIONS else UNKNOWN_GROUP)
        self.at += 1
        return path_of(token)

    def own(self) -> Path:
        """`self()` or `self(path)`."""
        name = self.tokens[self.at]
        self.at += 2
        token = self.tokens[self.at]
        if token == ")":
            self.at += 1
            return ()
        if token in PUNCTUATION or token[0] in QUOTES:
            raise RqlFault(name, NO_PATH)
        self.at += 1
        self.close(name, UNARY)
        return path_of(token)

    def value(self, name: str) -> Literal:
        """The right side of a comparison."""
        tokens = self.tokens
        at = self.at
        token = tokens[at]
        if token in PUNCTUATION:
            raise RqlFault(name, BINARY if token == ")" or token == "," else VALUE_EXPECTED)
        if token[0] in QUOTES:
            self.at = at + 1
            return Quoted(unquoted(token))
        if tokens[at + 1] != "(":
            self.at = at + 1
            return Word(token)
        op = token.lower()
        if op == "self":
            return Property(self.own())
        if op not in CONSTANTS:
            raise RqlFault(token, VALUE_EXPECTED if op in FUNCTIONS else UNKNOWN_GROUP)
        if tokens[at + 2] != ")":
            raise RqlFault(token, CLOSE if tokens[at + 2] == END else CONSTANT)
        self.at = at + 3
        return NULL if op == "null" else EMPTY

    def item(self, name: str) -> str:
        """One value of a list."""
        token = self.tokens[self.at]
        if token in PUNCTUATION:
            raise RqlFault(name, VALUE_EXPECTED)
        if token[0] not in QUOTES and self.tokens[self.at + 1] != "(":
            self.at += 1
            return token
        return text_of(self.value(name), name)

    # --- small steps

    def comma(self, name: str) -> None:
        if self.tokens[self.at] != ",":
            raise self.unclosed(name, BINARY)
        self.at += 1

    def close(self, name: str, arity: str | None) -> None:
        if self.tokens[self.at] != ")":
            raise self.unclosed(name, arity)
        self.at += 1

    def enter(self, name: str) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise RqlFault(name, f"The filter is nested more than {DEPTH_MAX} levels deep.")

    def count(self) -> None:
        self.conditions += 1
        if self.conditions > CONDITIONS_MAX:
            raise RqlFault("query", f"The filter has more than {CONDITIONS_MAX} conditions.")

    def unclosed(self, name: str, arity: str | None) -> RqlFault:
        """Why there is no closing parenthesis here: the text ends, or something stands too much."""
        token = self.tokens[self.at]
        if token == END:
            return RqlFault(name, CLOSE)
        if token == "=":
            return RqlFault(name, SHORTCUT)
        if token in SEPARATORS:
            return RqlFault(name, arity or VALUE_EXPECTED)
        return self.unexpected()

    def unexpected(self) -> RqlFault:
        """The fault of a token behind something that is complete."""
        token = self.tokens[self.at]
        if token == "=":
            return RqlFault(token, SHORTCUT)
        if token == ")":
            return RqlFault(token, "Opening parenthesis expected.")
        return RqlFault(unquoted(token) if token[0] in QUOTES else token, "Separator expected.")


def text_of(value: Literal, name: str) -> str:
    """The text of a literal where neither null nor a property may stand."""
    if isinstance(value, (Word, Quoted)):
        return value.text
    if value is EMPTY:
        return ""
    raise RqlFault(name, NO_NULL if value is NULL else VALUE_EXPECTED)


def form_and_text(pattern: str) -> tuple[str, str]:
    """A star at the very start or end is a wildcard, with a backslash before it or elsewhere a star."""
    open_start = pattern.startswith("*")
    if open_start:
        pattern = pattern[1:]
    open_end = False
    if pattern.endswith("\\*"):
        pattern = f"{pattern[:-2]}*"
    elif pattern.endswith("*"):
        pattern = pattern[:-1]
        open_end = True
    if not open_start and pattern.startswith("\\*"):
        pattern = pattern[1:]
    if open_start:
        return ("contains" if open_end else "ends"), pattern
    return ("starts" if open_end else "equals"), pattern
