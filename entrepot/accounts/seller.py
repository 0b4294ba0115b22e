"""A seller is a company of the distributor that sells in one country, and invoices there."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from entrepot.accounts.address import ADDRESS
from entrepot.accounts.dealings import SEE_ALL, of_own_buyers
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import audited, computed, counted, document, enum, icon, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        #     verb          from                to          by
        move("deactivate", "Active",           "Offline",  "operations"),
        move("disable",    "Active",           "Disabled", "operations"),
        move("activate",   "Offline Disabled", "Active",   "operations"),
        move("delete",     "Active",           "Deleted",  "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.3."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Everybody: clients choose a seller for a licensee, vendors need its address to fulfil."""
    return sa.true() if who.actor in SEE_ALL else row.c.status != "Deleted"


# Links between buyers and sellers stand in a later file; here only the columns that name them are known.
ERP_LINKS = sa.table(
    "erp_links", *(sa.column(name, sa.Text()) for name in ("id", "seller_id", "buyer_id", "account_id", "status"))
)


LINKS = "accounts/erp-links"


def _only_link(row: sa.FromClause, who: Who) -> sa.ScalarSelect[str]:
    """The one link of the seller that the caller sees and that is not blocked; of several none is meant."""
    each = ERP_LINKS.alias()
    served = sa.and_(each.c.seller_id == row.c.id, each.c.status == "Active", of_own_buyers(each, who))
    two = sa.select(each.c.id).where(served).limit(2).correlate_except(each).subquery()
    only = sa.case((sa.func.count() == 1, sa.func.min(two.c.id)))
    return sa.select(only).select_from(two).scalar_subquery()


def _links(seller: Thing, nouns: Nouns) -> Iterator[tuple[str, str]]:
    if seller.now.get("erp_link_id"):
        yield LINKS, str(seller.now["erp_link_id"])


def _link(seller: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    """What travels in a reference to it."""
    return next((known.core(*key) for key in _links(seller, nouns) if key in known.cores), None)


CURRENCIES = {"type": "array", "items": {"type": "string"}, "examples": [["EUR", "CHF"]]}
CURRENCIES_MAX = 200
_CODE = re.compile("[A-Z]{3}")


def told_currencies(value: object) -> list[str]:
    """What is wrong with the currencies of a seller: codes, or `{"value": "EUR", "isDefault": true}` each."""
    words = 'A list of currencies was expected, such as ["EUR", "CHF"].'
    if not isinstance(value, list) or len(value) > CURRENCIES_MAX:
        return [words]
    codes = [each.get("value") if isinstance(each, dict) else each for each in value]
    return [] if all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes) else [words]


def codes(value: list[Any]) -> list[str]:
    """Currencies as they are kept and given back: each code once, the one that is used when nothing is said first."""
    objects = [each if isinstance(each, dict) else {"value": each} for each in value]
    return list(dict.fromkeys(each["value"] for each in sorted(objects, key=lambda each: not each.get("isDefault"))))


SELLER = Noun(
    name="Seller",
    path="accounts/sellers",
    table_name="sellers",
    ids=Ids("SEL", 2),
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        *icon(),
        text("externalId", longest=250, core=True, writes="operations"),
        enum("status", " ".join(LIFE.states)),
        document(
            "currencies", check=told_currencies, schema=CURRENCIES, required=True, default=[], writes="operations"
        ),
        document("address", schema=ADDRESS, writes="operations"),
        counted("erpLinkId", _only_link, column="erp_link_id", sees="kernel"),
        computed("erpLink", "erp_link_id", _link, _links, target=LINKS, sees="client operations", heavy=True),
        *audited("created", "updated"),
    ),
)


def currencies(seller: Thing) -> frozenset[str]:
    """What it sells in."""
    return frozenset(codes(seller.currencies or []))


def _namesake(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(row.c.external_id == given("external_id"), row.c.status != sa.literal_column("'Deleted'"))


NAMESAKES = {"namesakes": Want(SELLER, _namesake)}


async def namesakes(load: Load, call: Call, seller: Thing | None, body: Body) -> Got:
    """Sellers with the number that is given."""
    external_id = body.get("externalId")
    usable = isinstance(external_id, str) and "\0" not in external_id
    return await load(NAMESAKES, external_id=external_id if usable else None)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """One more company that sells."""
    seller = plain.begin(call, SELLER, body)
    _settle(call, seller, body, got)
    return seller


def update(call: Call, seller: Thing, body: Body, got: Got) -> None:
    """What is said of it."""
    plain.write(call, seller, body)
    _settle(call, seller, body, got)


def _settle(call: Call, seller: Thing, body: Body, got: Got) -> None:
    """It sells in something, under a number of its own (platform spec 1.3)."""
    if not seller.currencies and body.path("currencies") not in call.faults:
        call.missing(body.path("currencies"), "At least one currency is required.")
    if "currencies" in body and not call.faults:
        seller.currencies = codes(seller.currencies)
    if any(each.id != seller.id for each in got.namesakes):
        call.fault(body.path("externalId"), "Another seller has this number.")
