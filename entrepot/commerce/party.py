"""Who is party to an order, an agreement and what hangs on it: their rows, and what each sees of a price."""

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import Field, document, enum, number, ref, text

PARTIES = ("client_id", "vendor_id")
SALE = "client operations"
PURCHASE = "vendor operations"
MARGIN = "operations"

MESSAGE = {
    "type": "object",
    "properties": {"id": {}, "message": {"type": ["string", "null"], "maxLength": 4000}, "parameters": {}},
    "examples": [{"id": "TALLY-0007", "message": "The e-mail address is not known to us."}],
}
"""Words that one party leaves for the others on what they share."""

SOURCE = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "ref": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
    },
    "examples": [{"type": "PriceList", "ref": {"id": "PRC-1234-5678-0001"}}],
}
"""Where a markup came from."""


def parties(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Clients and vendors see what they are party to, within their reach; operations everything."""
    if who.actor == "client":
        return sa.and_(row.c.client_id == who.account, who.reach(row.c.buyer_id))
    if who.actor == "vendor":
        return sa.and_(row.c.vendor_id == who.account, who.reach(row.c.buyer_id))
    return sa.true() if who.actor in ("operations", "kernel") else sa.false()


def unseen_parties() -> tuple[Field, ...]:
    """The parties of a copy that shows none of them, for its row rule."""
    return (
        ref("client", "accounts/accounts", sees="kernel"),
        ref("vendor", "accounts/accounts", sees="kernel"),
        ref("buyer", "accounts/buyers", sees="kernel"),
    )


def amounts(*names: str) -> tuple[Field, ...]:
    """Amounts of a price: purchase prices are not the client's to see, sales prices not the vendor's.

    Source: spec 4.2.
    """
    return tuple(number(f"price.{name}", sees=PURCHASE if "PP" in name else SALE) for name in names)


def totals(*names: str) -> tuple[Field, ...]:
    """The price of something that has lines: the sums, and the markup that comes out of them."""
    return (
        text("price.currency", longest=3),
        *amounts(*names),
        number("price.markup", sees=MARGIN),
        number("price.margin", sees=MARGIN),
        number("price.defaultMarkup", sees=MARGIN),
    )


def line_price(*, writable: bool) -> tuple[Field, ...]:
    """The price of one line (spec 4.1). The vendor sets the purchase price, operations the markup."""
    vendor = {"writes": "vendor"} if writable else {}
    operations = {"writes": "operations"} if writable else {}
    return (
        text("price.currency", longest=3),
        number("price.unitPP", sees=PURCHASE, **vendor),
        number("price.unitSP", sees=SALE, **operations),
        *amounts("PPx1", "PPxM", "PPxY", "SPx1", "SPxM", "SPxY"),
        number("price.markup", sees=MARGIN, **operations),
        number("price.margin", sees=MARGIN, **operations),
        document("price.markupSource", sees=MARGIN, schema=SOURCE),
        document("price.defaultMarkupSource", sees=MARGIN, schema=SOURCE),
    )


def terms() -> tuple[Field, ...]:
    """How long one commits and how often one is billed (spec 4.4)."""
    return (
        enum("terms.model", "one-time usage quantity"),
        text("terms.period", longest=20),
        text("terms.commitment", longest=20),
    )
