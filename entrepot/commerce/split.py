"""Split billing: what an agreement costs is borne by several buyers, each subscription by shares of its own.

An agreement says who the buyers are, a subscription how much of it each of them bears. What that comes to in money,
and what part of the whole agreement it is, follows from the prices, and is kept up with them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.commerce.party import MARGIN, SALE
from entrepot.kernel.access import Who
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import Field, audited, integer, number, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.money import added, apportion
from entrepot.kernel.noun import Noun, Sees
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

DISABLED, ACTIVE, REVIEW = "Disabled", "Active", "Review"
"""Of a subscription: not split, split, and split but changed since anybody looked at the shares."""

ALL = Decimal(100)
DECIMALS = 2
"""Of the percentages of an agreement, which are computed."""

AMOUNTS = ("price_spx_y", "price_spx_m", "price_ppx_y", "price_ppx_m")


def billed(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Who bears what is between the client, within its reach, and operations: no vendor knows of it (spec 3.6)."""
    if who.actor == "client":
        return sa.and_(row.c.client_id == who.account, who.reach(row.c.buyer_id))
    return sa.true() if who.actor in ("operations", "kernel") else sa.false()


def _of_visible(split: Noun) -> Sees:
    """Whoever sees the split sees its allocations."""

    def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
        owner = split.table.alias()
        return exists(owner, owner.c.id == row.c.split_id, billed(owner, who))

    return sees


def _whose() -> tuple[Field, ...]:
    """The client, and the buyer who bears what nobody else does: that of the licensee."""
    return ref("client", "accounts/accounts", sees="kernel"), ref("buyer", "accounts/buyers", sees="kernel")


def _share(*, writes: str = "") -> tuple[Field, ...]:
    """What a buyer bears: the part, and what it comes to (spec 3.6)."""
    return (
        ref("buyer", "accounts/buyers", required=True, writes="client operations"),
        number("percentage", required=True, writes=writes),
        text("price.currency", longest=3),
        number("price.SPxY", sees=SALE),
        number("price.SPxM", sees=SALE),
        number("price.PPxY", sees=MARGIN),
        number("price.PPxM", sees=MARGIN),
        *(replace(each, heavy=False) for each in audited("created", "updated")),
    )


AGREEMENT_SPLIT = Noun(
    name="AgreementSplit",
    path="commerce/agreements/{agreement}/split",
    table_name="agreement_splits",
    ids=Ids("SBA", 2),
    owner="agreement",
    single=True,
    sees=billed,
    audience=("client_id",),
    scope="buyer_id",
    party="client_id",
    fields=(
        ref("agreement", "commerce/agreements"),
        part(
            "allocations",
            "commerce/agreements/{agreement}/split/allocations",
            by="split_id",
            writes="client operations",
        ),
        integer("precision", sees="kernel", default=2),
        *_whose(),
        *audited("created", "updated"),
    ),
)
"""Source: spec 3.6. `precision` is that of the prices, to which shares are rounded."""

AGREEMENT_ALLOCATION = Noun(
    name="AgreementAllocation",
    path="commerce/agreements/{agreement}/split/allocations",
    table_name="agreement_allocations",
    owner="split",
    shared=True,
    trailed=False,
    sees=_of_visible(AGREEMENT_SPLIT),
    order="id",
    fields=(
        ref("split", "commerce/agreements/{agreement}/split"),
        *_share(),
        integer("statistics.subscriptions", default=0),
        text("externalIds.client", sees="client", writes="client", longest=500),
    ),
)
"""Its id is that of the buyer, who has one at most."""

SUBSCRIPTION_SPLIT = Noun(
    name="SubscriptionSplit",
    path="commerce/subscriptions/{subscription}/split",
    table_name="subscription_splits",
    ids=Ids("SBS", 2),
    owner="subscription",
    single=True,
    sees=billed,
    audience=("client_id",),
    scope="buyer_id",
    party="client_id",
    fields=(
        ref("subscription", "commerce/subscriptions"),
        ref("agreement", "commerce/agreements"),
        part(
            "allocations",
            "commerce/subscriptions/{subscription}/split/allocations",
            by="split_id",
            writes="client operations",
        ),
        *_whose(),
        *audited("created", "updated"),
    ),
)

SUBSCRIPTION_ALLOCATION = Noun(
    name="SubscriptionAllocation",
    path="commerce/subscriptions/{subscription}/split/allocations",
    table_name="subscription_allocations",
    owner="split",
    shared=True,
    trailed=False,
    sees=_of_visible(SUBSCRIPTION_SPLIT),
    order="id",
    fields=(
        ref("split", "commerce/subscriptions/{subscription}/split"),
        *_share(writes="client operations"),
    ),
)

NOUNS = (AGREEMENT_SPLIT, AGREEMENT_ALLOCATION, SUBSCRIPTION_SPLIT, SUBSCRIPTION_ALLOCATION)


# Beside an agreement ------------------------------------------------------------------------------------

SPLITS = {
    "agreement_splits": Want(
        AGREEMENT_SPLIT, lambda row: row.c.agreement_id == given("agreement_id"), alone=False, held=True
    ),
    "subscription_splits": Want(
        SUBSCRIPTION_SPLIT, lambda row: row.c.agreement_id == given("agreement_id"), alone=False, held=True
    ),
}


async def beside(load: Load, got: Got) -> None:
    """The splits of an agreement that was loaded, in `got.split` and `got.subscription_splits`; mostly none."""
    got.split, got.subscription_splits = None, []
    if got.agreement.split_id is not None:
        await load(SPLITS, agreement_id=got.agreement.id)
        got.split = got.agreement_splits[0]


# What follows from what ---------------------------------------------------------------------------------


def follow(call: Call, got: Got) -> None:
    """After subscriptions began, changed or ended: new ones take part, and shares keep up with prices (spec 3.6).

    Whether bills are split at all must not change meanwhile, so the agreement has to stay as it was loaded.
    """
    held = got.agreement
    if not held.is_new:
        call.rely(held)
    if got.split is None:
        return
    splits = {each.subscription_id: each for each in got.subscription_splits}
    for subscription in held.subscriptions:
        if subscription.id not in splits:
            got.subscription_splits.append(_enrol(call, subscription, got.split))
    sum_up(got.split, got.subscription_splits, held.subscriptions)


def _enrol(call: Call, subscription: Thing, split: Thing) -> Thing:
    """A subscription takes part: all of it is borne by the agreement's own buyer until somebody says otherwise."""
    mine = call.new(
        SUBSCRIPTION_SPLIT,
        subscription_id=subscription.id,
        agreement_id=split.agreement_id,
        client_id=split.client_id,
        buyer_id=split.buyer_id,
    )
    allocation = call.new(
        SUBSCRIPTION_ALLOCATION, id=split.buyer_id, split_id=mine.id, buyer_id=split.buyer_id, percentage=ALL
    )
    mine.parts["allocations"].append(allocation)
    subscription.split_id, subscription.split_status = mine.id, ACTIVE
    return mine


def ask_review(subscription: Thing) -> None:
    """A change order altered what is shared: somebody should look whether the shares still fit (spec 3.6)."""
    if subscription.split_status == ACTIVE:
        subscription.split_status = REVIEW


def sum_up(split: Thing, splits: Sequence[Thing], subscriptions: Iterable[Thing]) -> None:
    """What each buyer bears of each subscription, to the last cent, and what that is of the whole agreement."""
    prices = {each.id: each for each in subscriptions}
    for each in splits:
        _share_out(each, prices[each.subscription_id], split.precision)
    own = split.allocations
    for each in own:
        shares = [one for mine in splits for one in mine.allocations if one.buyer_id == each.buyer_id]
        each.statistics_subscriptions = len(shares)
        for column in AMOUNTS:
            known = [amount for one in shares if (amount := getattr(one, column)) is not None]
            setattr(each, column, added(known) if known else None)
    for each in own:
        each.price_currency = next((price.price_currency for price in prices.values()), each.price_currency)
    weights = [each.price_spx_y or Decimal(0) for each in own]
    if not any(weights):
        weights = [Decimal(each.buyer_id == split.buyer_id) for each in own]
    for each, percentage in zip(own, apportion(ALL, weights, DECIMALS), strict=True):
        each.percentage = percentage


def _share_out(mine: Thing, subscription: Thing, precision: int) -> None:
    own = sorted(mine.allocations, key=lambda each: (each.buyer_id != mine.buyer_id, str(each.buyer_id)))
    weights = [each.percentage for each in own]
    for column in AMOUNTS:
        amount = getattr(subscription, column)
        shares = [None] * len(own) if amount is None else apportion(amount, weights, precision)
        for each, share in zip(own, shares, strict=True):
            setattr(each, column, share)
    for each in own:
        each.price_currency = subscription.price_currency


# What must hold -----------------------------------------------------------------------------------------

Told = Callable[[str], None]


def require_whole(percentages: Iterable[Decimal], told: Told) -> None:
    """The shares of a subscription are the whole of it: exactly 100 percent."""
    found = added(percentages)
    if found != ALL:
        told(f"The percentages add up to {found.normalize():f}; exactly 100 was expected.")
