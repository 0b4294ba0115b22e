"""What a world file may leave out about split bills: whose they are, and everything that follows from the shares."""

from collections.abc import Mapping

from entrepot.commerce.split import (
    ACTIVE,
    AGREEMENT_ALLOCATION,
    AGREEMENT_SPLIT,
    SUBSCRIPTION_ALLOCATION,
    SUBSCRIPTION_SPLIT,
    require_whole,
    sum_up,
)
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing

FORMS = (
    Form(
        AGREEMENT_SPLIT,
        nests={"allocations": Form(AGREEMENT_ALLOCATION, needs=("buyer",), numbered=True)},
    ),
    Form(
        SUBSCRIPTION_SPLIT,
        needs=("agreement",),
        nests={"allocations": Form(SUBSCRIPTION_ALLOCATION, needs=("buyer", "percentage"), numbered=True)},
    ),
)
"""That of a subscription names its agreement too: they are filled together."""


def mark(agreement: Thing | None, members: Mapping[str, list[Thing]]) -> None:
    """What is split says so."""
    for split in members[AGREEMENT_SPLIT.path]:
        if agreement is not None and agreement.split_id is None:
            agreement.split_id = split.id
    subscriptions = {each.id: each for each in members[SUBSCRIPTION.path]}
    for split in members[SUBSCRIPTION_SPLIT.path]:
        subscription = subscriptions.get(split.subscription_id)
        if subscription is not None:
            subscription.split_id = subscription.split_id or split.id
            subscription.now["split_status"] = subscription.split_status or ACTIVE


def fill(agreement: Thing | None, members: Mapping[str, list[Thing]], precision: int | None, world: World) -> None:
    """Percentages of subscriptions are told; money, and percentages of the agreement, follow from prices."""
    wholes, splits = members[AGREEMENT_SPLIT.path], members[SUBSCRIPTION_SPLIT.path]
    sound = True
    for split in (*wholes, *splits):
        inherit(split, agreement, "client_id", "buyer_id")
        sound &= _is_each_once(split, world)
    subscriptions = {each.id for each in members[SUBSCRIPTION.path]}
    for split in splits:
        sound &= _is_sound(split, wholes, subscriptions, world)
    for split in wholes:
        split.precision = 2 if precision is None else precision
        if sound:
            sum_up(split, splits, members[SUBSCRIPTION.path])


def _is_each_once(split: Thing, world: World) -> bool:
    """Each buyer has one allocation, which has its id; the agreement's own buyer is among them."""
    buyers: set[object] = set()
    for each in split.allocations:
        if each.buyer_id in buyers:
            world.fault(each, "buyer.id", f"Buyer {each.buyer_id} stands here twice.")
        buyers.add(each.buyer_id)
        each.id = each.buyer_id
    if split.buyer_id not in buyers:
        world.fault(split, "allocations", f"The buyer of the agreement, {split.buyer_id}, is required.")
    return len(buyers) == len(split.allocations) and split.buyer_id in buyers


def _is_sound(split: Thing, wholes: list[Thing], subscriptions: set[object], world: World) -> bool:
    """It stands beside its subscription and its agreement's split; its buyers are among those, and bear all of it."""
    faults: list[tuple[str, str]] = []
    if split.subscription_id not in subscriptions:
        faults.append(("subscription.id", "Its subscription must stand in the same file."))
    if not wholes:
        faults.append(("agreement.id", "The split of its agreement must stand in the same file."))
    sharing = {each.buyer_id for whole in wholes for each in whole.allocations}
    for each in split.allocations:
        if wholes and each.buyer_id not in sharing:
            faults.append(("allocations", f"Buyer {each.buyer_id} was not found in the split of the agreement."))
    if any(each.percentage is None or not 0 <= each.percentage <= 100 for each in split.allocations):
        faults.append(("allocations", "Each has a percentage between 0 and 100."))
    else:
        require_whole(
            (each.percentage for each in split.allocations), lambda words: faults.append(("allocations", words))
        )
    for name, words in faults:
        world.fault(split, name, words)
    return not faults
