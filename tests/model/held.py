"""What is held: entered, changed and ended without an order, and what time does to it (spec 3.1 to 3.4)."""

from calendar import monthrange
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime

from tests.model import effect
from tests.model.command import ANY, OPERATIONS, VENDOR, Body, Command, Refused, Request
from tests.model.deal import Agreement, Deal, Holding, LiveLine, Parameter, Thing, fulfillment, ordering, settle
from tests.model.lines import write_prices
from tests.model.market import ITEMS, LICENSEES, TIME, VENDORS, Somebody

AGREED = "Agreement"
"""The scope of what an agreement itself asks for."""


def judge(deal: Deal, after: Deal, request: Request) -> tuple[Deal, Thing]:
    """The deal as it is after the request, and the thing that the answer shows. Raises Refused."""
    rule, actors = RULES[request.verb]
    if request.who.actor not in actors.split():
        raise Refused(403)
    if request.stale:
        raise Refused(412)
    held = next((each for each in after.holdings if each.key == request.held), None)
    command = Command(after, request.who, request.body, held=held)
    shown = rule(command) or held or after.agreement
    command.stop()
    effect.sum_up(after)
    settle(deal, after, request.who)
    return after, shown


# Agreements -------------------------------------------------------------------------------------------


def enter_agreement(who: Somebody, body: Body) -> tuple[Deal, Agreement]:
    """Operations enters one that was made elsewhere, live or ended. Raises Refused."""
    if who.actor != OPERATIONS:
        raise Refused(403)
    licensee, product = body["licensee"]["id"], body["product"]["id"]
    if body["status"] not in ("Active", "Terminated"):
        raise Refused(400, {"status"})
    faults = {f"{name}.id" for name, found in (("licensee", licensee in LICENSEES), ("product", product in VENDORS))
              if not found}  # fmt: skip
    if product in VENDORS and body["authorization"]["id"] != f"AUT-{product[4:]}":
        faults.add("authorization.id")
    if faults:
        raise Refused(400, faults)
    agreement = Agreement("Agreement", body["status"], name=body["name"], template=f"TPL-{product[4:]}-0003")
    agreement.ordering = {name: each for name, each in ordering().items() if each.scope == AGREED}
    agreement.fulfillment = fulfillment()
    agreement.stamp(who)
    deal = Deal(product, licensee, agreement)
    settle(None, deal, who)
    return deal, agreement


def edit_agreement(command: Command) -> None:
    """Each writes its own; answers are the vendor's while it is Active."""
    agreement, body = command.deal.agreement, command.body
    agreement.name = body.get("name", agreement.name)
    write_external_id(command, agreement.external_ids)
    given = body.get("parameters", {}).get("fulfillment", ())
    if command.by(VENDOR) and agreement.status == "Active":
        for at, entry in enumerate(given):
            if entry["externalId"] in agreement.fulfillment:
                asked: Parameter = agreement.fulfillment[entry["externalId"]]
                asked.value = entry["value"]
            else:
                command.faults.add(f"parameters.fulfillment[{at}]")


def write_external_id(command: Command, ids: dict[str, str]) -> None:
    """Each actor has a name of its own for everything."""
    given = command.body.get("externalIds", {})
    if command.who.actor in given:
        ids[command.who.actor] = given[command.who.actor]


# Subscriptions and assets -----------------------------------------------------------------------------


def enter_subscription(command: Command) -> Holding:
    """The vendor enters what runs already."""
    return enter(command, Holding("Subscription", "Active"))


def enter_asset(command: Command) -> Holding:
    """The vendor enters what was bought already."""
    return enter(command, Holding("Asset", "Active"))


def enter(command: Command, held: Holding) -> Holding:
    """It begins with lines for items that are not held yet, under an agreement that is live."""
    body, deal = command.body, command.deal
    if deal.agreement.status not in ("Active", "Updating"):
        raise Refused(409)
    held.name = body.get("name") or ""
    if not held.name:
        command.faults.add("name")
    if not body["lines"]:
        command.faults.add("lines")
    held.external_ids = {VENDOR: body["externalIds"][VENDOR]} if "externalIds" in body else {}
    if not held.is_asset:
        held.auto_renew = body.get("autoRenew", True)
        held.start = datetime.fromisoformat(body["startDate"]) if "startDate" in body else None
    deal.holdings.append(held)
    made = [line for line in (enter_line(command, held, at, each) for at, each in enumerate(body["lines"])) if line]
    if len({(each.item.period, each.item.counted, each.item.term) for each in made}) > 1:
        command.faults.add("lines")
    held.term = made[0].item.term if made else 0
    if held.start is not None and held.term:
        held.commitment = months_later(held.start, held.term)
    held.stamp(command.who)
    return held


def enter_line(command: Command, held: Holding, at: int, entry: Body) -> LiveLine | None:
    """A line of an item that the vendor has, at the price given or the day's."""
    agreement, item = command.deal.agreement, ITEMS.get(entry["item"]["id"])
    there = any(each.item == item and each.status == "Active" for each in agreement.lines)
    if item is None or item.product != command.deal.product or not item.known or item.once != held.is_asset \
            or (there and not item.once):  # fmt: skip
        command.faults.add(f"lines[{at}].item.id")
        return None
    agreement.allocated += 1
    line = LiveLine(agreement.allocated, item, 0, item.unit_pp, item.markup, holding=held.key)
    agreement.lines.append(line)
    if "quantity" not in entry and item.counted:
        command.faults.add(f"lines[{at}].quantity")
    write_line(command, line, at, entry)
    return line


def write_line(command: Command, line: LiveLine, at: int, entry: Body) -> None:
    """The vendor's say on quantity and price, the markup by Operations."""
    quantity = entry.get("quantity")
    if command.by(VENDOR) and quantity is not None:
        if isinstance(quantity, str) or quantity < (1 if line.item.counted else 0):
            command.faults.add(f"lines[{at}].quantity")
        else:
            line.quantity = quantity
    write_prices(command, line, f"lines[{at}]", entry)


def edit(command: Command) -> None:
    """Each writes its own, and so on the copy in an order in flight, which gives it back when it completes."""
    before = replace(command.held, external_ids=dict(command.held.external_ids))
    write(command)
    for order in command.deal.orders:
        for copy in order.drafts if order.status in ("Processing", "Querying") else ():
            if copy.live == command.held.key:
                for name in ("name", "external_ids", "auto_renew", "commitment"):
                    if getattr(command.held, name) != getattr(before, name):
                        setattr(copy, name, deepcopy(getattr(command.held, name)))


def write(command: Command) -> None:
    """What each may write; lines change while nothing holds them up."""
    held, body = command.held, command.body
    lines = body.get("lines", [])
    if command.by("client", VENDOR):
        held.name = body.get("name", held.name)
    write_external_id(command, held.external_ids)
    if command.by(VENDOR) and not held.is_asset:
        held.auto_renew = body.get("autoRenew", held.auto_renew)
        if "commitmentDate" in body:
            held.commitment = datetime.fromisoformat(body["commitmentDate"])
    if command.by("client") or (held.is_asset and (command.by(VENDOR) or held.status != "Active")):
        return
    own = {command.deal.line_id(each): each for each in command.deal.agreement.lines_of(held)}
    before = deepcopy(own)
    for at, entry in enumerate(lines):
        line = own.get(entry["id"])
        if line is None:
            command.faults.add(f"lines[{at}].id")
        elif line.status == "Active":
            write_line(command, line, at, entry)
    if own != before and held.status != "Active":  # what is put back as it is does no harm
        raise Refused(409)


def terminate(command: Command) -> None:
    """The vendor ends it. With the last subscription ends the agreement, and its assets with it."""
    deal, held, who = command.deal, command.held, command.who
    if held.status != "Active":
        raise Refused(409)
    end(deal, held, "Terminated", who)
    if held.is_asset:
        return
    held.auto_renew = False
    follow(deal, who)
    if deal.agreement.status == "Terminated":
        for each in deal.holdings:
            if each.is_asset and each.status == "Active":
                end(deal, each, "Terminated", who)


def end(deal: Deal, held: Holding, status: str, who: Somebody) -> None:
    """Nothing is held of it any more."""
    held.move(status, who)
    for each in deal.agreement.lines_of(held):
        if each.status == "Active":
            each.end(status)


def follow(deal: Deal, who: Somebody) -> None:
    """With its last subscription the agreement ends; while an order is in flight, that has the last word."""
    if deal.agreement.status == "Active" and effect.is_over(deal):
        deal.agreement.move("Terminated", who)


# Time -------------------------------------------------------------------------------------------------


def overdue(deal: Deal, now: datetime) -> Holding | None:
    """A subscription to which the client is not bound any more, and that nothing holds up."""
    return next(
        (
            each
            for each in deal.holdings
            if each.status == "Active" and each.commitment is not None and each.commitment.date() < now.date()
        ),
        None,
    )


def pass_time(deal: Deal, now: datetime) -> Deal:
    """The deal with all renewed and expired that is due; each by itself, whichever comes first."""
    while (due := overdue(deal, now)) is not None:
        after = deal.copy()
        held = after.holding(due.key)
        assert held.commitment is not None
        if held.auto_renew:
            held.commitment = renewed(held, held.commitment)
            held.history.audit["renewed"] = TIME.identity
        else:
            end(after, held, "Expired", TIME)
            follow(after, TIME)
        effect.sum_up(after)
        settle(deal, after, TIME)
        deal = after
    return deal


def renewed(held: Holding, ends: datetime) -> datetime:
    """One term on; terms that began with the subscription are counted from there, so that the 31st is not lost."""
    terms = (ends.year - held.start.year) * 12 + ends.month - held.start.month if held.start else 0
    if held.start and months_later(held.start, terms) == ends:
        return months_later(held.start, terms + held.term)
    return months_later(ends, held.term)


def months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months on, or the last day of a month that is shorter."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


RULES: dict[str, tuple[Callable[[Command], Thing | None], str]] = {
    # verb                  rule                 who may ever do it
    "edit agreement":      (edit_agreement,      ANY),
    "enter subscription":  (enter_subscription,  VENDOR),
    "enter asset":         (enter_asset,         VENDOR),
    "edit held":           (edit,                ANY),
    "terminate held":      (terminate,           VENDOR),
}  # fmt: skip
