"""A product is what a vendor brings to the marketplace, with its items, questions, texts and terms."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from entrepot.accounts.dealings import AGREEMENTS, count, dealt_with
from entrepot.catalog.publication import EVENTS, LIFE, kept
from entrepot.kernel.access import Who
from entrepot.kernel.field import Field, audited, counted, document, enum, externals, icon, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a vendor its own in any state; a client the published ones, and those that it has an
    agreement on. A deleted draft is gone for all of them."""
    here = kept(row, who)
    match who.actor:
        case "client":
            return sa.and_(sa.or_(row.c.status == "Published", dealt_with("product_id", row.c.id, who)), here)
        case "vendor":
            return sa.and_(row.c.vendor_id == who.account, here)
        case _:
            return here


# What is bought of a product is told in later rooms and files; here only the columns that are counted are known.
ITEMS, ORDERS, SUBSCRIPTIONS, REQUESTS = (
    sa.table(name, sa.column("product_id", sa.Text()), sa.column("status", sa.Text()))
    for name in ("items", "orders", "subscriptions", "requests")
)
NEVER_PLACED = [sa.literal_column(f"'{state}'") for state in ("Draft", "Quoted", "Deleted")]


def _number(table: sa.TableClause, *never: sa.ColumnElement[str]) -> Callable[..., sa.ScalarSelect[int]]:
    def counts(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
        each = table.alias()
        there = [each.c.status.not_in(never)] if never else []
        return count(each, each.c.product_id == row.c.id, *there)

    return counts


def _statistics(**counts: Callable[..., sa.ScalarSelect[int]]) -> Iterator[Field]:
    """Numbers for the vendor and operations, each under the two names that it has had."""
    for name, number in counts.items():
        older = "ordersPlacedCount" if name == "orders" else f"{name[:-1]}Count"
        for spelled in (older, name):
            column = f"statistics_{name}"
            yield counted(f"statistics.{spelled}", number, column=column, sees="vendor operations", heavy=True)


PRODUCT = Noun(
    name="Product",
    path="catalog/products",
    table_name="products",
    ids=Ids("PRD", 2),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        *icon(),
        enum("status", " ".join(LIFE.states), core=True),
        text("shortDescription", longest=2000, writes="vendor"),
        text("longDescription", longest=20_000, writes="vendor"),
        text("website", longest=2000, writes="vendor"),
        ref("vendor", "accounts/accounts"),
        *externals("operations"),
        document("settings", schema={"type": "object"}, heavy=True, default={}),
        *_statistics(
            items=_number(ITEMS, sa.literal_column("'Deleted'")),
            orders=_number(ORDERS, *NEVER_PLACED),
            agreements=_number(AGREEMENTS),
            subscriptions=_number(SUBSCRIPTIONS),
            requests=_number(REQUESTS),
        ),
        *audited(*EVENTS),
    ),
)


def fill_texts(product: Thing) -> None:
    """Texts that are not there are empty ones: the official command line insists on them (platform spec 12)."""
    for each in ("short_description", "long_description", "website"):
        if product.now[each] is None:
            setattr(product, each, "")


def is_orderable(product: Thing, *, under_agreement: bool = False) -> bool:
    """Whether it may be bought; under an agreement that is there, what was withdrawn may still be changed.

    A product whose settings do not speak of ordering may be ordered.
    Source: platform spec 2.14; commerce spec 2.3, rule 3.
    """
    if under_agreement:
        return product.status in ("Published", "Unpublished")
    return product.status == "Published" and _settings(product).get("productOrdering") is not False


def takes_requests(product: Thing) -> bool:
    """Whether one may ask for something about it. A product whose settings do not speak of requests takes them."""
    return _object(_settings(product), "productRequests").get("enabled") is not False


# Settings ------------------------------------------------------------------------------------------------

MODES: Final = ("automatic", "manual", "extension")
"""Who fulfils: the built-in fulfiller after a delay, a person of the vendor's, or the vendor's extension."""

SPELLINGS: Final = {"purchaseOrderQuerying": "purchaseOrderQuery"}
"""Flags that the official command line reads and writes in its own way."""

DURATION_LENGTH_MAX = 30
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)


def fulfilment(product: Thing) -> tuple[str, timedelta]:
    """How its orders are fulfilled, and after what delay where that is automatic."""
    said = _object(_settings(product), "fulfilment")
    mode = said.get("mode")
    return (mode if mode in MODES else "extension"), _duration(said.get("delay"))


STEPS = ("remind", "escalate", "due")


def order_clock(product: Thing, state: str) -> tuple[dict[str, timedelta], bool]:
    """How long its orders may be Processing or Querying: when to remind, when to escalate, when they are due.

    From `settings.orderClock.<state>`: `{"remind": "P1D", "escalate": "P2D", "due": "P3D", "onDue": "fail"}`, each
    optional. The second value says whether an order that is overdue fails by itself.
    """
    said = _object(_object(_settings(product), "orderClock"), state.lower())
    found = {step: _duration(said.get(step)) for step in STEPS}
    return {step: after for step, after in found.items() if after}, said.get("onDue") == "fail"


def pre_validates(product: Thing, flag: str) -> bool:
    """Whether the vendor wants to be asked at that point, such as `purchaseOrderDraft`."""
    flags = _object(_settings(product), "preValidation")
    return flags.get(flag, flags.get(SPELLINGS.get(flag, flag))) is True


UNREACHABLE = ("accept", "refuse")
VALIDATED_WITHIN_S, VALIDATED_WITHIN_S_MAX = 30.0, 60.0


def refuses_unvalidated(product: Thing) -> bool:
    """Whether a validation is refused while the vendor cannot be asked; else all stays as it was given (spec 2.10)."""
    return _object(_settings(product), "preValidation").get("whenUnreachable") == "refuse"


def validated_within(product: Thing) -> float:
    """How many seconds the vendor has to validate, all tries together."""
    said = _duration(_object(_settings(product), "preValidation").get("timeout")).total_seconds()
    return min(said or VALIDATED_WITHIN_S, VALIDATED_WITHIN_S_MAX)


def selects_items(product: Thing) -> bool:
    """Whether its vendor says which lines an order has, where the client names none."""
    return _settings(product).get("itemSelection") is True


def splits_bills(product: Thing) -> bool:
    """Whether what is held of it may be billed to several buyers."""
    return _object(_settings(product), "splitBilling").get("enabled") is True


def _settings(product: Thing) -> dict[str, object]:
    return product.settings or {}


def _object(settings: dict[str, object], name: str) -> dict[str, object]:
    found = settings.get(name)
    return found if isinstance(found, dict) else {}


def duration_fault(said: object) -> list[str]:
    """What is wrong with a duration that somebody writes."""
    found = _DURATION.fullmatch(said) if isinstance(said, str) and len(said) <= DURATION_LENGTH_MAX else None
    return [] if found is not None and any(found.groups()) else ["A duration such as PT5M or P1DT12H was expected."]


def _duration(said: object) -> timedelta:
    """`PT5M`, `P1DT12H`; anything else is no delay."""
    found = _DURATION.fullmatch(said) if isinstance(said, str) and len(said) <= DURATION_LENGTH_MAX else None
    if found is None:
        return timedelta()
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return timedelta()
