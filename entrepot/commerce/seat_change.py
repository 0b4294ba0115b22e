"""How many seats may be ordered, and when fewer or none: every order that is placed is held to `catalog/seat_rules.py`.

The rules are the vendor's, as it declares them on its items, in whatever tongue an order is asked for. Where a vendor
says nothing about fewer seats, the table of terms holds for what came of a basket; everywhere else there may be fewer.
A Termination is held to the same: it would be a way around otherwise.
"""

from datetime import datetime

from entrepot.catalog.seat_rules import SeatRules, may_decrease, may_end, opens, quantity_fault, rules_of
from entrepot.catalog.unit_price import months_of
from entrepot.commerce.order_line import live_line
from entrepot.commerce.subscription import months_later
from entrepot.kernel.call import Call, Got
from entrepot.kernel.thing import Thing


def require(call: Call, order: Thing, got: Got) -> None:
    """Notes as faults what the order asks for and may not have."""
    if order.type == "Termination":
        _require_end(call, order, got)
    if order.type not in ("Purchase", "Change"):
        return
    items = {str(each.id): each for each in got.items}
    for at, line in enumerate(order.lines):
        item = items[str(line.item_id)]
        rules = _rules(item)
        live = live_line(got.agreement, line.id)
        if live is not None and line.quantity == live.quantity:
            continue
        words = quantity_fault(rules, line.quantity, str(item.name)) if line.quantity or live is None else None
        if words is None and live is not None and line.quantity < live.quantity:
            words = _fault(call, rules, item, live, got.agreement, ends=not line.quantity)
        if words is not None:
            call.fault(f"lines[{at}].quantity", words)


def _require_end(call: Call, order: Thing, got: Got) -> None:
    """A subscription ends early where each of its lines may (pax8 spec 2.6: `allowForEarlyCancellation`)."""
    items = {str(each.id): each for each in got.items}
    for at, copy in enumerate(order.subscriptions):
        for live in got.agreement.lines:
            item = items.get(str(live.item_id))
            if live.subscription_id != copy.id or live.status != "Active" or item is None:
                continue
            words = _fault(call, _rules(item), item, live, got.agreement, ends=True)
            if words is not None:
                call.fault(f"subscriptions[{at}].id", words)


def _rules(item: Thing) -> SeatRules:
    return rules_of(item.settings, item.terms_commitment or item.terms_period)


def _fault(call: Call, rules: SeatRules, item: Thing, live: Thing, held: Thing, *, ends: bool) -> str | None:
    """What keeps a line from having fewer seats now, or from ending."""
    declared = rules.declares_end if ends else rules.declares_decrease
    if not declared and held.basket_id is None:
        return None
    found = next((each for each in held.subscriptions if each.id == live.subscription_id), None)
    start, end = term_of(found) if found is not None else (None, None)
    if (may_end if ends else may_decrease)(rules, call.now, start, end):
        return None
    day = opens(rules, end)
    when = f" before {day:%Y-%m-%d}, when its renewal is near" if day is not None else " in its term"
    if ends:
        return f'"{item.name}" cannot be ended{when}; without renewal it ends with its term'
    return f'Quantity of "{item.name}" cannot be decreased{when}; it can be increased at any time'


def term_of(subscription: Thing) -> tuple[datetime | None, datetime | None]:
    """From when to when a subscription is committed to now."""
    end = subscription.commitment_date
    months = months_of(subscription.terms_commitment or subscription.terms_period or "one-time")
    if end is None or months is None:
        return subscription.start_date, end
    return months_later(end, -months), end
