"""What an order does to the agreement, its subscriptions, assets and lines: when placed, completed and failed.

Source: spec 2.4, a row for each type.
"""

from collections.abc import Iterator

from entrepot.commerce import (
    accepted_terms,
    agreement,
    asset,
    line,
    mirror,
    order_asset,
    order_copy,
    order_line,
    parameters,
    split,
    subscription,
)
from entrepot.commerce.order_type import type_of
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing

AGREED = ("price_unit_pp", "price_markup", "price_markup_source")
"""From these all other prices of a line follow."""


def place(call: Call, order: Thing, got: Got) -> None:
    """What the order is about waits for it from now on. Raises Conflict where something is not what it was."""
    if order.type == "Purchase":
        return
    held, kind = got.agreement, type_of(order)
    for each in order.lines:
        _refresh_line(order, each, held)
    order_line.reprice(order)
    known = {each["id"]: each for each in held.fulfillment if "value" in each}
    order.fulfillment = [known.get(each["id"], each) for each in order.fulfillment]
    for copy, live in _pairs(order, held, "subscriptions"):
        order_copy.refresh(call, copy, live, order)
        for each in (live, copy):
            call.move(each, kind.placed, by="kernel")
    for copy, live in _pairs(order, held, "assets"):
        order_copy.refresh(call, copy, live, order)


def require_rest(call: Call, order: Thing, got: Got) -> None:
    """A change that leaves nothing of what recurs is a termination, and has to be ordered as one (spec 2.4)."""
    if order.type != "Change":
        return
    before = [each for each in got.agreement.lines if each.status == "Active" and each.period != "one-time"]
    uncounted = {str(item.id) for item in got.items if item.quantity_not_applicable}
    ordered = {str(each.id): each for each in order.lines}
    after = [ordered.get(str(each.id), each) for each in before]
    after += [each for each in order.lines if each.period != "one-time" and _is_new(each, got.agreement)]
    if before and not any(each.quantity or str(each.item_id) in uncounted for each in after):
        call.fault("lines", "Nothing would be left of the agreement: that is a Termination.")


def complete(call: Call, order: Thing, got: Got) -> None:
    """What was ordered holds from now on."""
    held = got.agreement
    for each in order.lines:
        live = order_line.live_line(held, each.id)
        if live is None and not _is_new(each, held):
            continue  # the vendor ended what was bought once, meanwhile
        if live is None:
            _supersede(call, held, each)
            line.begin(call, order, each, held)
        else:
            _set_line(call, order, live, each, got)
    _settle_subscriptions(call, order, held)
    _settle_assets(call, order, held)
    held.template_id = order.template_id
    _keep_parameters(order, held, got)
    if order.type == "Purchase":
        accepted_terms.copy_to_agreement(call, order, held)
        call.link(held, "certificates", order.certificates)
    agreement.sum_up(held)
    split.follow(call, got)
    agreement.settle(call, held)
    if type_of(order).closes_drafts:
        for draft in got.competing:
            call.move(draft, "delete", by="kernel")
            call.record("order.deleted", draft, by=order.id)


def discard_drafts(call: Call, order: Thing) -> None:
    """What was prepared for an order that comes to nothing (spec 2.4)."""
    for each in order.subscriptions:
        if each.status == "Draft":
            call.move(each, "discard", by="kernel")
    for each in list(order.assets):
        if each.status == "Draft":
            order_asset.discard(call, order, each)


def revert(call: Call, order: Thing, got: Got) -> None:
    """Nothing came of it: a purchase takes its agreement along, everything else is as it was before."""
    held, kind = got.agreement, type_of(order)
    if order.type == "Purchase":
        call.move(held, "fail", by="kernel")
        return
    for copy, live in _pairs(order, held, "subscriptions"):
        call.move(live, kind.failed, by="kernel")
        call.move(copy, kind.failed, by="kernel")
        subscription.arm(call, live)
    agreement.settle(call, held)


# Lines ------------------------------------------------------------------------------------------------


def _is_new(order_line: Thing, held: Thing) -> bool:
    return all(each.id != order_line.id for each in held.lines)


def _refresh_line(order: Thing, ordered: Thing, held: Thing) -> None:
    """What the price of a line has become since it was brought in, unless the order was quoted: a quote holds.

    Raises Conflict where it is not held any more, or where its item is held already by another line.
    """
    if _is_new(ordered, held):
        live = next((each for each in held.lines if each.item_id == ordered.item_id and each.status == "Active"), None)
        if live is not None and not order_line.is_one_time(ordered):
            raise Conflict(f"Item {ordered.item_id} is held already: change its line {live.id}.")
        return
    live = order_line.live_line(held, ordered.id)
    if live is None:
        raise Conflict(f"Line {ordered.id} is not held any more.")
    for column in AGREED if order.audit_quoted_at is None else ():
        setattr(ordered, column, getattr(live, column))


def _set_line(call: Call, order: Thing, live: Thing, ordered: Thing, got: Got) -> None:
    """Takes over quantity and price; what is at zero now has ended, unless it is not counted at all."""
    if order.type in ("Change", "Termination"):
        live.quantity = ordered.quantity
    for column in AGREED:
        setattr(live, column, getattr(ordered, column))
    counted = not any(each.id == live.item_id and each.quantity_not_applicable for each in got.items)
    if order.type == "Termination" or (not ordered.quantity and counted):
        line.end(call, live, "terminate")
    else:
        line.reprice(live, order.precision)


def _supersede(call: Call, held: Thing, ordered: Thing) -> None:
    """An item that is ordered anew leaves no dead line of its own behind (spec 3.4)."""
    for each in held.lines:
        if each.item_id == ordered.item_id and each.status in ("Terminated", "Expired"):
            call.move(each, "supersede", by="kernel")


# Subscriptions and assets -----------------------------------------------------------------------------


def _pairs(order: Thing, held: Thing, name: str) -> Iterator[tuple[Thing, Thing]]:
    """Copies on the order, each with what it is the copy of."""
    live = {str(each.id): each for each in held.parts[name]}
    for copy in order.parts[name]:
        if copy.status not in ("Draft", "Deleted"):  # which were never live
            if str(copy.id) not in live:
                raise Conflict(f"{copy.noun.word.capitalize()} {copy.id} is not held by agreement {held.id}.")
            yield copy, live[str(copy.id)]


def _settle_subscriptions(call: Call, order: Thing, held: Thing) -> None:
    kind = type_of(order)
    for copy, live in list(_pairs(order, held, "subscriptions")):
        own = [each for each in held.lines if each.subscription_id == live.id]
        verb = kind.completed
        if order.type == "Change" and not any(each.status == "Active" for each in own):
            verb = "terminate"
        _merge(live, copy, mirror.OF_SUBSCRIPTION)
        if verb == "terminate":
            for each in own:
                if each.status == "Active":
                    line.end(call, each, "terminate")
            for each in (live, copy):
                each.termination_date = call.now
                each.auto_renew = False
        subscription.sum_up(live, own)
        if order.type == "Change":
            split.ask_review(live)
        call.move(live, verb, by="kernel")
        call.move(copy, verb, by="kernel")
        call.record(f"subscription.{_told(verb)}", live, order=order.id)
        subscription.arm(call, live)
    for draft in [each for each in order.subscriptions if each.status == "Draft"]:
        subscription.begin_term(call, draft)
        call.move(draft, "activate", by="kernel")
        subscription.begin(call, order, draft, held)


def _settle_assets(call: Call, order: Thing, held: Thing) -> None:
    for copy, live in list(_pairs(order, held, "assets")):
        if live.status == "Terminated":
            call.move(copy, "terminate", by="kernel")
            continue
        own = [each for each in held.lines if each.asset_id == live.id]
        _merge(live, copy, mirror.OF_ASSET)
        asset.sum_up(live, own)
        if not any(each.status == "Active" for each in own):
            call.move(live, "terminate", by="kernel")
            call.move(copy, "terminate", by="kernel")
        call.record("asset.changed", live, order=order.id)
    for draft in [each for each in order.assets if each.status == "Draft"]:
        call.move(draft, "activate", by="kernel")
        asset.begin(call, order, draft, held)


def _merge(live: Thing, copy: Thing, columns: tuple[str, ...]) -> None:
    """What was changed on the copy while the order ran; what was changed on the live one is on the copy already."""
    for column in columns:
        setattr(live, column, getattr(copy, column))


def _told(verb: str) -> str:
    return {"settle": "changed", "terminate": "terminated", "rest": "suspended"}[verb]


# Parameters -------------------------------------------------------------------------------------------


def _keep_parameters(order: Thing, held: Thing, got: Got) -> None:
    """Parameters of the order stay with the order; values and constraints of the agreement's go along (spec 2.4)."""
    ours = {str(each.id) for each in got.definitions if each.scope == "Agreement"}
    for phase in (parameters.ORDERING, parameters.FULFILLMENT):
        answered = parameters.without_errors(getattr(order, phase))
        given = {each["id"]: each for each in answered if each["id"] in ours}
        kept = [given.pop(each["id"], each) for each in getattr(held, phase)]
        setattr(held, phase, [*kept, *given.values()])
