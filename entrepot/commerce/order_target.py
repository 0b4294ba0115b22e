"""Orders about whole subscriptions: which ones a termination, a configuration, a suspension or its end names."""

from entrepot.commerce import order_copy, order_line
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import flag, integer
from entrepot.kernel.thing import Thing

AUTO_RENEW = flag("autoRenew")
QUANTITY = integer("quantity", least=-(2**31))
ENDED = ("Terminated", "Expired")


def write(call: Call, order: Thing, body: Body, got: Got) -> None:
    """The subscriptions that the body names, by themselves or by a line of theirs, each with all its live lines.

    What is given is the whole set: others that were on the order are taken off it. Source: spec 2.5 and 7.3.
    """
    named = body.objects(call, "subscriptions")
    lines = body.objects(call, "lines")
    if named is None and lines is None:
        return
    chosen: dict[str, Body | None] = {}
    for entry in named or ():
        found = _named(call, entry, got)
        if found is not None:
            chosen[str(found.id)] = entry
    for entry in lines or ():
        subscription_id = _by_line(call, order, entry, got)
        if subscription_id is not None:
            chosen.setdefault(subscription_id, None)
    if call.faults:
        return
    _put(call, order, set(chosen), got)
    for copy in order.subscriptions:
        _configure(call, order, copy, chosen.get(str(copy.id)))


def _named(call: Call, entry: Body, got: Got) -> Thing | None:
    asked = entry.get("id")
    found = next((each for each in got.agreement.subscriptions if each.id == asked), None)
    if found is None:
        call.fault(entry.path("id"), f"Subscription {str(asked)[:80]!r} was not found in this agreement.")
    elif found.status in ENDED:
        call.fault(entry.path("id"), f"Subscription {found.id} is {found.status}.")
        return None
    return found


def _by_line(call: Call, order: Thing, entry: Body, got: Got) -> str | None:
    live = order_line.live_line(got.agreement, entry.get("id"))
    if live is None:
        call.fault(entry.path("id"), f"Line {str(entry.get('id'))[:80]!r} was not found in this agreement.")
        return None
    if live.subscription_id is None:
        call.fault(entry.path("id"), f"Line {live.id} was bought once: it belongs to no subscription.")
        return None
    asked = convert(call, QUANTITY, entry.path("quantity"), entry.get("quantity"))
    wanted = _quantity(order, live)
    if isinstance(asked, int) and max(asked, 0) != wanted:
        call.fault(entry.path("quantity"), f"A {order.type} order leaves {wanted} of this line.")
    return str(live.subscription_id)


def _quantity(order: Thing, live: Thing) -> int:
    """Nothing is left by a termination; the others change no quantity (spec 2.5)."""
    return 0 if order.type == "Termination" else live.quantity


def _put(call: Call, order: Thing, chosen: set[str], got: Got) -> None:
    for line in [each for each in order.lines if each.subscription_id not in chosen]:
        order.parts["lines"].remove(line)
        call.erase(line)
    here = {str(each.id) for each in order.lines}
    for live in got.agreement.lines:
        if live.status == "Active" and live.subscription_id in chosen and live.id not in here:
            order_line.bring(call, order, live, got, quantity=_quantity(order, live))
    order_copy.follow_lines(call, order, got.agreement, chosen)


def _configure(call: Call, order: Thing, copy: Thing, entry: Body | None) -> None:
    """A configuration says whether a subscription renews itself (spec 2.5)."""
    if order.type != "Configuration" or entry is None or entry.get("autoRenew") is None:
        return
    value = convert(call, AUTO_RENEW, entry.path("autoRenew"), entry.get("autoRenew"))
    if isinstance(value, bool):
        copy.auto_renew = value
