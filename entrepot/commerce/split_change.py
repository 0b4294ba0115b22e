"""How bills come to be split: an agreement is given its buyers, and each subscription its shares."""

from decimal import Decimal

from entrepot.accounts.buyer import BUYER
from entrepot.catalog.product import splits_bills
from entrepot.commerce import order_needs, split
from entrepot.commerce.split import (
    ACTIVE,
    AGREEMENT_ALLOCATION,
    AGREEMENT_SPLIT,
    ALL,
    SUBSCRIPTION_ALLOCATION,
    require_whole,
)
from entrepot.kernel.body import ABSENT, Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among

ALLOCATIONS_MAX = 100
LIVE = ("Active", "Updating")


async def to_activate(load: Load, call: Call, _: None, body: Body) -> Got:
    """The agreement with all that it holds, and the buyers that are named."""
    return await _hold(load, call, call.owner_id, body)


async def beside(load: Load, call: Call, thing: Thing, body: Body) -> Got:
    """The same for what is split already."""
    return await _hold(load, call, str(thing.agreement_id), body)


async def _hold(load: Load, call: Call, agreement_id: str, body: Body) -> Got:
    await load(BUYERS, buyer_ids=_named_in(body))
    return await order_needs.hold(load, call, agreement_id, Body({}))


BUYERS = {"named": Want(BUYER, lambda row: row.c.id == among("buyer_ids"), visible=True)}


def activate(call: Call, _: None, body: Body, got: Got) -> Thing:
    """From here on bills are split among these buyers, and for good (spec 3.6).

    The buyer of the agreement is one of them, and bears all of it until shares are given to others.
    """
    held = got.agreement
    if got.split is not None:
        raise Conflict(f"Agreement {held.id} is split already.")
    if held.status not in LIVE:
        raise Conflict(f"Agreement {held.id} is {held.status}; bills are split of a live one.")
    if not splits_bills(got.product):
        raise Conflict(f"Bills for product {got.product.id} are not split.", unblocks="vendor operations")
    got.split = call.new(
        AGREEMENT_SPLIT,
        agreement_id=held.id,
        client_id=held.client_id,
        buyer_id=held.buyer_id,
        precision=got.precision,
    )
    _set_buyers(call, body, got, body.objects(call, "allocations") or [])
    held.split_id = got.split.id
    split.follow(call, got)
    call.record("split.activated", got.split)
    return got.split


def set_buyers(call: Call, mine: Thing, body: Body, got: Got) -> None:
    """Says among whom bills are split; how much each bears follows from the subscriptions (spec 3.6)."""
    entries = body.objects(call, "allocations")
    if entries is None:
        return
    _set_buyers(call, body, got, entries)
    split.follow(call, got)
    call.record("split.updated", mine)


def divide(call: Call, mine: Thing, body: Body, got: Got) -> None:
    """Says how much of a subscription each buyer bears; given none, that it stays as it is (spec 3.6)."""
    subscription = next(each for each in got.agreement.subscriptions if each.id == mine.subscription_id)
    if subscription.status == "Suspended" and call.by("client"):
        raise Conflict(f"Subscription {subscription.id} is Suspended.", unblocks="operations")
    entries = body.objects(call, "allocations")
    if entries is not None:
        _set_shares(call, mine, body, got, entries)
    subscription.split_status = ACTIVE
    call.rely(got.split)  # a buyer who is taken in here must not be dropped there meanwhile
    split.follow(call, got)
    call.record("split.updated", mine)


# Buyers of an agreement ---------------------------------------------------------------------------------


def _set_buyers(call: Call, body: Body, got: Got, entries: list[Body]) -> None:
    mine, held = got.split, got.agreement
    named = _by_buyer(call, body, entries, str(held.buyer_id))
    here = {str(each.buyer_id) for each in mine.allocations}
    known = {str(each.id): each for each in got.named if each.account_id == held.client_id}
    for buyer_id, entry in named.items():
        if buyer_id in here:
            continue
        if buyer_id not in known:
            call.fault(entry.path("buyer.id"), f"Buyer {buyer_id[:80]!r} was not found.")
        elif known[buyer_id].status != "Active":
            call.fault(entry.path("buyer.id"), f"Buyer {buyer_id} is {known[buyer_id].status}; an Active one can pay.")
    used = {str(share.buyer_id) for each in got.subscription_splits for share in each.allocations}
    for buyer_id in sorted(here - named.keys()):
        if buyer_id in used:
            call.fault(body.path("allocations"), f"Buyer {buyer_id} bears subscriptions, and cannot be left out.")
    call.stop_on_faults()
    _keep(call, mine, AGREEMENT_ALLOCATION, {buyer_id: Decimal(0) for buyer_id in named})
    _name_own(call, mine, named[str(held.buyer_id)])
    call.stop_on_faults()


def _name_own(call: Call, mine: Thing, entry: Body) -> None:
    """What the client calls the share of the agreement's own buyer; no other has a name (spec 3.6)."""
    each = AGREEMENT_ALLOCATION.field("externalIds.client")
    value = entry.dig(call, each.path) if call.by("client") else ABSENT
    if value is not ABSENT:
        own = next(one for one in mine.allocations if one.buyer_id == mine.buyer_id)
        own.external_ids_client = convert(call, each, entry.path(each.name), value)


# Shares of a subscription -------------------------------------------------------------------------------


def _set_shares(call: Call, mine: Thing, body: Body, got: Got, entries: list[Body]) -> None:
    named = _by_buyer(call, body, entries, str(mine.buyer_id))
    sharing = {str(each.buyer_id) for each in got.split.allocations}
    for buyer_id, entry in named.items():
        if buyer_id not in sharing:
            call.fault(entry.path("buyer.id"), f"Buyer {buyer_id[:80]!r} was not found in the split of the agreement.")
    shares = {buyer_id: _percentage(call, entry) for buyer_id, entry in named.items()}
    if not call.faults:
        require_whole(shares.values(), lambda words: call.fault(body.path("allocations"), words))
    call.stop_on_faults()
    _keep(call, mine, SUBSCRIPTION_ALLOCATION, shares)
    for each in mine.allocations:
        each.percentage = shares[str(each.buyer_id)]


def _percentage(call: Call, entry: Body) -> Decimal:
    path = entry.path("percentage")
    found = convert(call, SUBSCRIPTION_ALLOCATION.field("percentage"), path, entry.get("percentage"))
    if isinstance(found, Decimal) and 0 <= found <= ALL:
        return found
    if path not in call.faults:
        call.fault(path, "A percentage is between 0 and 100.")
    return Decimal(0)


# Of both ------------------------------------------------------------------------------------------------


def _named_in(body: Body) -> list[str]:
    """Buyers that the allocations name; what is wrong with one is told by the verb."""
    entries = body.get("allocations")
    named = (Body(each).get("buyer") for each in entries if isinstance(each, dict)) if isinstance(entries, list) else ()
    ids = (Body(each).get("id") for each in named if isinstance(each, dict))
    return [each for each in ids if isinstance(each, str) and "\0" not in each]


def _by_buyer(call: Call, body: Body, entries: list[Body], own: str) -> dict[str, Body]:
    """The allocations by buyer: each buyer once, and among them the one who bears what nobody else does."""
    found: dict[str, Body] = {}
    if len(entries) > ALLOCATIONS_MAX:
        call.fault(body.path("allocations"), f"At most {ALLOCATIONS_MAX} allocations are allowed.")
        call.stop_on_faults()
    for entry in entries:
        before = len(call.faults)
        buyer_id = entry.id_of(call, "buyer")
        if buyer_id is None:
            if len(call.faults) == before:
                call.fault(entry.path("buyer"), "A buyer is required.")
        elif buyer_id in found:
            call.fault(entry.path("buyer.id"), f"Buyer {buyer_id[:80]!r} stands here twice.")
        else:
            found[buyer_id] = entry
    if own not in found:
        call.fault(body.path("allocations"), f"The buyer of the agreement, {own}, is required.")
    return found


def _keep(call: Call, mine: Thing, kind: Noun, percentages: dict[str, Decimal]) -> None:
    """Allocations of these buyers and no others, in the order of their ids; new ones begin with these percentages."""
    kept = {str(each.buyer_id): each for each in mine.allocations}
    for buyer_id in kept.keys() - percentages.keys():
        call.erase(kept.pop(buyer_id))
    for buyer_id in percentages.keys() - kept.keys():
        kept[buyer_id] = call.new(
            kind, id=buyer_id, split_id=mine.id, buyer_id=buyer_id, percentage=percentages[buyer_id]
        )
    mine.parts["allocations"] = [kept[buyer_id] for buyer_id in sorted(kept)]
