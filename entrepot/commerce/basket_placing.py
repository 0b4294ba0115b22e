"""A basket becomes orders: one purchase, and so one new agreement, for each product and day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from entrepot.catalog.seat_rules import rules_of
from entrepot.commerce import basket_progress, parameters
from entrepot.commerce.basket_line import PRICES
from entrepot.commerce.order import create
from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Invalid
from entrepot.kernel.thing import Thing


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that become one order: of one product, for one day."""

    product_id: str
    lines: list[Thing]


def start_of(line: Thing, lines: Iterable[Thing]) -> datetime | None:
    """The day from which a line is wanted; one that says none begins with its parent."""
    here = {int(each.number): each for each in lines}
    seen: set[int] = set()
    at: Thing | None = line
    while at is not None and at.start_date is None and at.number not in seen:
        seen.add(int(at.number))
        at = here.get(at.parent_number or 0)
    return at.start_date if at is not None else None


def due(lines: list[Thing], now: datetime) -> list[Thing]:
    """Lines that wait, and whose day has come."""
    return [
        each for each in lines if each.status == "Submitted" and (each.start_date is None or each.start_date <= now)
    ]


def in_stead(call: Call, client_id: str) -> Call:
    """The same command, done for the client by whoever does it: orders are placed by clients."""
    if call.by("client"):
        return call
    who = Caller(actor="client", account_id=client_id, identity_id=call.caller.identity_id, named=call.caller.named)
    return replace(call, caller=who)


# Rules ----------------------------------------------------------------------------------------------


def require(call: Call, basket: Thing, got: Got) -> None:
    """What must hold between the lines; what must hold of each is held by its order."""
    if not basket.lines:
        call.fault("lines", "At least one line is required.")
    here = {int(each.number): each for each in basket.lines}
    for at, line in enumerate(basket.lines):
        line.start_date = start_of(line, basket.lines)
        parent = here.get(line.parent_number or 0)
        if line.parent_number is not None and (parent is None or _descends(parent, line, here)):
            call.fault(f"lines[{at}].parentNumber", f"Line {line.parent_number} is no parent for line {line.number}.")
        elif parent is not None and line.start_date is not None and _before(line, start_of(parent, basket.lines)):
            call.fault(f"lines[{at}].startDate", f"It cannot begin before its parent, line {parent.number}.")
    for at, line in enumerate(basket.lines):
        base = next((each for each in got.bases if each.id == line.parent_subscription_id), None)
        if base is not None and (base.licensee_id != basket.licensee_id or base.status not in ("Active", "Updating")):
            call.fault(f"lines[{at}].parentSubscription.id", f"Subscription {base.id} is no base for this licensee.")
    _require_bases(call, basket, got)
    call.stop_on_faults()


def _require_bases(call: Call, basket: Thing, got: Got) -> None:
    """What an item requires is in the basket too, or held by the licensee already."""
    there = {str(each.item_id) for each in (*basket.lines, *got.held)}
    items = {str(each.id): each for each in got.items}
    names = {str(each.id): str(each.name) for each in got.required}
    for at, line in enumerate(basket.lines):
        required = rules_of(items[str(line.item_id)].settings, None).requires
        if required and not there & set(required):
            words = " or ".join(f'"{names.get(each, each)}"' for each in required)
            call.fault(f"lines[{at}].item", f'"{items[str(line.item_id)].name}" requires {words}')


def _descends(line: Thing, other: Thing, here: Mapping[int, Thing]) -> bool:
    """Whether a line is the other one, or hangs on it."""
    for _ in here:
        if line is other:
            return True
        if (parent := here.get(line.parent_number or 0)) is None:
            return False
        line = parent
    return True


def _before(line: Thing, other: datetime | None) -> bool:
    return other is not None and line.start_date < other


# Orders ---------------------------------------------------------------------------------------------


def place(call: Call, basket: Thing, lines: list[Thing], got: Got) -> None:
    """Orders all of these lines, or raises Invalid with what is wrong with any of them."""
    for part, order in _ordered(call, basket, lines, got):
        for line in part.lines:
            line.order_id = order.id
            basket_progress.put(line, order, got.sales[part.product_id].product)


def probe(call: Call, basket: Thing, lines: list[Thing], got: Got) -> None:
    """The same, with nothing to come of it: lines for later are held to the same rules today, and priced."""
    aside = Call(caller=call.caller, nouns=call.nouns, now=call.now, draw=call.draw, known=call.known)
    for part, order in _ordered(aside, basket, lines, got):
        by_item = {each.item_id: each for each in order.lines}
        for line in part.lines:
            for column in PRICES:
                setattr(line, column, getattr(by_item[line.item_id], column))


def _ordered(call: Call, basket: Thing, lines: list[Thing], got: Got) -> list[tuple[Part, Thing]]:
    faults: dict[str, list[str]] = {}
    done: list[tuple[Part, Thing]] = []
    client = in_stead(call, str(basket.client_id))
    for part in _parts(lines, got, call.now):
        sale = got.sales[part.product_id]
        body, answers = _purchase(basket, part)
        try:
            if isinstance(sale, Invalid):
                raise sale
            sale.sale.basket_id = basket.id
            order = create(client, None, Body(body), sale)
            _require_answers(order, sale)
            done.append((part, order))
        except Invalid as refused:
            for path, words in (refused.errors or {}).items():
                faults.setdefault(_path(path, part, basket, answers), []).extend(words)
            call.faults.clear()
    if faults:
        raise Invalid(faults)
    return done


def _parts(lines: Iterable[Thing], got: Got, now: datetime) -> list[Part]:
    """One for each product and day; a second line of the same item is a fault of its order."""
    product_of = {str(each.id): str(each.product_id) for each in got.items}
    found: dict[tuple[str, object], Part] = {}
    for line in lines:
        product_id = product_of[str(line.item_id)]
        day = line.start_date if line.start_date is not None and line.start_date > now else None
        found.setdefault((product_id, day), Part(product_id, [])).lines.append(line)
    return list(found.values())


def _purchase(basket: Thing, part: Part) -> tuple[dict[str, Any], list[tuple[Thing, int]]]:
    """The body of the order, and from which line each of its answers comes."""
    answers = [(line, at, each) for line in part.lines for at, each in enumerate(line.parameters_ordering or ())]
    body = {
        "type": "Purchase",
        "status": "Processing",
        "agreement": {"licensee": {"id": basket.licensee_id}, "product": {"id": part.product_id}},
        "notes": basket.notes,
        "externalIds": {"client": basket.external_ids_client},
        "lines": [{"item": {"id": each.item_id}, "quantity": each.quantity} for each in part.lines],
        "parameters": {"ordering": [each for _, _, each in answers]},
    }
    return body, [(line, at) for line, at, _ in answers]


def _require_answers(order: Thing, sale: Got) -> None:
    """What its product asks has to be answered: there is nobody to be asked back at once."""
    invalid = parameters.invalid(order.ordering, sale.definitions, parameters.ORDERING)
    if invalid:
        raise Invalid(invalid)


def _path(path: str, part: Part, basket: Thing, answers: list[tuple[Thing, int]]) -> str:
    """Where a fault of an order stands in the basket."""
    places = {id(line): at for at, line in enumerate(basket.lines)}
    head, _, rest = path.partition("]")
    name, _, number = head.partition("[")
    if name == "lines" and number.isdigit() and int(number) < len(part.lines):
        return f"lines[{places[id(part.lines[int(number)])]}]{rest}"
    if name == "parameters.ordering" and number.isdigit() and int(number) < len(answers):
        line, at = answers[int(number)]
        return f"lines[{places[id(line)]}].parameters.ordering[{at}]{rest}"
    first = f"lines[{places[id(part.lines[0])]}]"
    if name.startswith("parameters."):
        return f"{first}.{path}"
    if name.startswith("agreement.licensee"):
        return path.removeprefix("agreement.")
    return f"{first}.item" if name.startswith(("agreement.", "authorization")) else path
