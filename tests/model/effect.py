"""The types of order once more: who asks for which, and what each does to what is held (spec 2.3 to 2.5)."""

from dataclasses import dataclass, replace

from tests.model.command import CLIENT, OPERATIONS, Body, Command, Refused
from tests.model.deal import Agreement, Deal, Draft, Holding, Line, LiveLine, Order, Parameter
from tests.model.market import Somebody
from tests.model.price import total


@dataclass(frozen=True)
class Type:
    """One type of order: through which states its subscriptions go, and whether it is about whole ones."""

    by: str
    before: str = ""
    placed: str = ""
    completed: str = ""
    whole: bool = False
    closes_drafts: bool = False


TYPES = {
    #                       by          before       placed         completed
    "Purchase":      Type(CLIENT),
    "Change":        Type(CLIENT,     "Active",    "Updating",    "Active", closes_drafts=True),
    "Termination":   Type(CLIENT,     "Active",    "Terminating", "Terminated", whole=True, closes_drafts=True),
    "Configuration": Type(CLIENT,     "Active",    "Updating",    "Active", whole=True),
    "Suspend":       Type(OPERATIONS, "Active",    "Suspending",  "Suspended", whole=True),
    "Resume":        Type(OPERATIONS, "Suspended", "Resuming",    "Active", whole=True),
}  # fmt: skip
ENDED = ("Terminated", "Expired")


# Named in the order -----------------------------------------------------------------------------------


def bring_line(deal: Deal, order: Order, live: LiveLine, quantity: int) -> Line:
    """What is held of an item, in the order: with the quantity that was, at the price that was agreed."""
    line = Line(live.number, live.item, quantity, live.unit_pp, live.markup, old=live.quantity)
    order.lines.append(line)
    return line


def follow_lines(command: Command) -> None:
    """What lines belong to is copied into the order, and is taken out with the last of its lines."""
    deal, order = command.deal, command.order
    for line in order.lines:
        live = next((each for each in deal.agreement.lines if each.number == line.number), None)
        if live is not None and line.draft is None:
            line.draft = copy_of(command, deal.holding(live.holding)).key
    order.drafts = [each for each in order.drafts if each.live is None or order.lines_of(each)]


def copy_of(command: Command, live: Holding) -> Draft:
    """The copy of something live, made when it is not there yet."""
    found = next((each for each in command.order.drafts if each.live == live.key), None)
    if found is None:
        suspended = live.status in ("Suspending", "Suspended", "Resuming")
        found = Draft(f"Order{live.kind}", "Suspended" if suspended else "Active", live.id, live=live.key)
        take_over(found, live, command.order)
        found.stamp(command.who)
        command.order.drafts.append(found)
    return found


def take_over(copy: Draft, live: Holding, order: Order, *, again: bool = False) -> None:
    """The copy as what it is a copy of; whether it renews is what a configuration itself asks for."""
    copy.name, copy.commitment = live.name, live.commitment
    copy.external_ids = dict(live.external_ids)
    if not (again and order.type == "Configuration"):
        copy.auto_renew = live.auto_renew


def write_targets(command: Command) -> None:
    """An order about whole subscriptions names them, by themselves or by a line; what it leaves out is off it."""
    body, deal, order = command.body, command.deal, command.order
    if body.get("subscriptions") is None and body.get("lines") is None:
        return
    chosen: dict[int, Body] = {}
    for at, entry in enumerate(body.get("subscriptions") or ()):
        found = next((each for each in deal.holdings if each.id == entry["id"] and not each.is_asset), None)
        if found is None or found.status in ENDED:
            command.faults.add(f"subscriptions[{at}].id")
        else:
            chosen[found.key] = entry
    for at, entry in enumerate(body.get("lines") or ()):
        live = next(
            (e for e in deal.agreement.lines if deal.line_id(e) == entry.get("id") and e.status == "Active"), None
        )
        if live is None or live.item.once:
            command.faults.add(f"lines[{at}].id")
            continue
        chosen.setdefault(live.holding, {})
        asked = entry.get("quantity")
        if isinstance(asked, str) or (asked is not None and max(asked, 0) != left(order, live)):
            command.faults.add(f"lines[{at}].quantity")
    if command.faults:
        return
    here = {each.number for each in deal.agreement.lines if each.holding in chosen and each.status == "Active"}
    order.lines = [each for each in order.lines if each.number in here]
    for live in deal.agreement.lines:
        if live.number in here and all(each.number != live.number for each in order.lines):
            bring_line(deal, order, live, left(order, live))
    follow_lines(command)
    for copy in order.drafts:
        renew = chosen.get(copy.live or 0, {}).get("autoRenew")
        if order.type == "Configuration" and renew is not None:
            copy.auto_renew = renew


def left(order: Order, live: LiveLine) -> int:
    """What an order about whole subscriptions leaves of a line."""
    return 0 if order.type == "Termination" else live.quantity


# Placed, completed, failed ----------------------------------------------------------------------------


def reserve(deal: Deal, order: Order, who: Somebody) -> None:
    """One order of an agreement is in flight; only a purchase begins one, all others are about a live one."""
    begins, on = ("Draft", "Provisioning") if order.type == "Purchase" else ("Active", "Updating")
    if deal.agreement.status != begins:
        raise Refused(409)
    deal.agreement.move(on, who)


def place(command: Command) -> None:
    """What the order is about is brought up to date, and waits for the order from now on."""
    deal, order = command.deal, command.order
    kind = TYPES[order.type]
    if order.type == "Purchase":
        return
    for line in order.lines:
        refresh_line(deal, order, line)
    order.reprice()
    known = deal.agreement.fulfillment.items()
    order.fulfillment |= {name: replace(each) for name, each in known if each.value is not None}
    for copy, live in pairs(deal, order):
        take_over(copy, live, order, again=True)
        if copy.is_asset:
            continue
        if live.status != kind.before:
            raise Refused(409)
        if copy.status != live.status:
            copy.move(live.status, command.who)
        for each in (live, copy):
            each.move(kind.placed, command.who)


def refresh_line(deal: Deal, order: Order, line: Line) -> None:
    """What was agreed for it meanwhile; unless the order was quoted, since a quote holds."""
    held = {each.number: each for each in deal.agreement.lines}
    if line.number not in held:
        if not line.item.once and any(each.item == line.item and each.status == "Active" for each in held.values()):
            raise Refused(409)
        return
    live = held[line.number]
    if live.status != "Active":
        raise Refused(409)
    if "quoted" not in order.history.audit:
        line.unit_pp, line.markup = live.unit_pp, live.markup


def require_rest(command: Command) -> None:
    """A change that leaves nothing of what recurs is a termination."""
    order, agreement = command.order, command.deal.agreement
    if order.type != "Change":
        return
    before = [each for each in agreement.lines if each.status == "Active" and not each.item.once]
    ordered = {each.number: each for each in order.lines if not each.item.once}
    after = {each.number: each for each in before} | ordered
    if before and not any(each.quantity or not each.item.counted for each in after.values()):
        command.faults.add("lines")


def complete(command: Command) -> None:
    """What was ordered holds from now on."""
    deal, order, who = command.deal, command.order, command.who
    agreement, copies = deal.agreement, pairs(deal, order)
    for draft in order.drafts:
        if draft.live is None:
            go_live(deal, order, draft, who)
    holders = {each.key: each.live for each in order.drafts}
    for line in order.lines:
        live = next((each for each in agreement.lines if each.number == line.number), None)
        if live is None:
            for dead in agreement.lines:
                if dead.item == line.item and dead.status in ENDED:
                    dead.status = "Deleted"
            agreement.lines.append(
                LiveLine(
                    line.number, line.item, line.quantity, line.unit_pp, line.markup,
                    holding=holders[line.draft or 0] or 0,
                )
            )  # fmt: skip
        elif live.status == "Active":
            live.unit_pp, live.markup = line.unit_pp, line.markup
            if order.type in ("Change", "Termination"):
                live.quantity = line.quantity
            if order.type == "Termination" or (not live.quantity and live.item.counted):
                live.end("Terminated")
    for copy, live in copies:
        settle_pair(command, copy, live)
    sum_up(deal)
    agreement.template = order.template
    for bag, answered in ((agreement.ordering, order.ordering), (agreement.fulfillment, order.fulfillment)):
        bag |= agreed(answered)
    go_on(deal, who)
    if TYPES[order.type].closes_drafts:
        for other in deal.orders:
            if other.status in ("Draft", "Quoted") and other.key != order.key:
                other.move("Deleted", who)


def agreed(bag: dict[str, Parameter]) -> dict[str, Parameter]:
    """What the agreement keeps of an order's answers: objections are none of it."""
    return {name: replace(each, error=None) for name, each in bag.items() if each.scope == "Agreement"}


def go_live(deal: Deal, order: Order, draft: Draft, who: Somebody) -> None:
    """What was prepared is live, under the id of its draft."""
    live = Holding(draft.kind.removeprefix("Order"), "Active", draft.id, name=draft.name)
    live.external_ids, live.auto_renew = dict(draft.external_ids), draft.auto_renew
    live.term = order.lines_of(draft)[0].item.term
    live.stamp(who)
    deal.holdings.append(live)
    draft.move("Active", who)
    draft.live = live.key


def settle_pair(command: Command, copy: Draft, live: Holding) -> None:
    """What was changed on the copy is taken over; what has no live line left has ended."""
    order, who = command.order, command.who
    if live.status in ENDED:  # an asset that the vendor ended meanwhile
        copy.move(live.status, who)
        return
    live.name, live.auto_renew, live.commitment = copy.name, copy.auto_renew, copy.commitment
    live.external_ids = dict(copy.external_ids)
    over = all(each.status != "Active" for each in command.deal.agreement.lines_of(live))
    if live.is_asset:
        live.history.mentioned = True
        for each in (live, copy) if over else ():
            each.move("Terminated", who)
        return
    status = "Terminated" if over and order.type == "Change" else TYPES[order.type].completed
    if status == "Terminated":
        copy.auto_renew = live.auto_renew = False
    for each in (live, copy):
        each.move(status, who)


def revert(command: Command) -> None:
    """Everything is as it was before the order was placed."""
    for copy, live in pairs(command.deal, command.order):
        if not live.is_asset:
            for each in (live, copy):
                each.move(TYPES[command.order.type].before, command.who)
    go_on(command.deal, command.who)


def pairs(deal: Deal, order: Order) -> list[tuple[Draft, Holding]]:
    """Copies, each with what it is a copy of."""
    return [(each, deal.holding(each.live)) for each in order.drafts if each.live is not None]


def go_on(deal: Deal, who: Somebody) -> None:
    """After an order the agreement goes on, unless the last of its subscriptions has ended."""
    deal.agreement.move("Terminated" if is_over(deal) else "Active", who)


def is_over(deal: Deal) -> bool:
    """All its subscriptions have ended, and there were some."""
    held = [each for each in deal.holdings if not each.is_asset]
    return bool(held) and all(each.status in ENDED for each in held)


def sum_up(deal: Deal) -> None:
    """What is held costs what its live lines cost."""
    for each in deal.holdings:
        each.price = total(line.price for line in deal.agreement.lines_of(each) if line.status == "Active")


def recurring(agreement: Agreement) -> list[LiveLine]:
    """What the price of an agreement is made of."""
    return [each for each in agreement.lines if each.status == "Active" and not each.item.once]
