"""One purchase, from draft to active subscription, played by its three parties over the public API."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from rich.console import Console

from entrepot.demo.customers import LICENSEES
from entrepot.demo.product import Item
from entrepot.demo.products import MIRRORVAULT
from entrepot.demo.selling import offer
from entrepot.demo.stage import Body, Stage, Unexpected, amount, expect

LICENSEE = LICENSEES[0]
"""Brennholt Headquarters."""

BASKET = {"MV-WRK-Y": 140, "MV-SRV-Y": 8, "MV-ONB": 2}
CONTACT = "technicalContact"
HIDDEN = {"client": ("unitPP", "PP", "mar"), "vendor": ("unitSP", "SP", "mar")}
"""How the names of prices begin that the actor must not see: markup and margin among them."""


def play(url: str, tokens: Mapping[str, str], console: Console, pause: float) -> None:
    """Plays the purchase, and shows each step on the console. Raises Unexpected with what the server said."""
    with Stage(url, tokens, console, pause) as stage:
        order = _draft(stage)
        _three_views(stage, order)
        _place(stage, order)
        _ask_back(stage, order)
        _answer(stage, order)
        _fulfil(stage, order)
        _look_back(stage, order)


def _draft(stage: Stage) -> str:
    stage.scene("client", "drafts an order: 140 people, 8 servers, and a workshop of 2 days.")
    stage.say("Somebody was in a hurry: look at the e-mail address of the contact.")
    order = stage.call("client", "POST", "commerce/orders", _purchase(), status=201)
    expect(order, "Draft")
    stage.came_back(order, f"agreement {_ref(order, 'agreement')} is a draft too")
    return str(order["id"])


def _three_views(stage: Stage, order: str) -> None:
    stage.scene("operations", "compares what each party is shown of the same order.")
    path = f"commerce/orders/{order}"
    sees = {actor: stage.call(actor, "GET", path) for actor in ("client", "vendor", "operations")}
    prices = {actor: [*_prices(seen), cast(Body, seen["price"])] for actor, seen in sees.items()}
    for actor, hidden in HIDDEN.items():
        if shown := [name for price in prices[actor] for name in price if name.startswith(hidden)]:
            raise Unexpected(f"the {actor} is shown {', '.join(shown)}")
    rows: list[list[str]] = []
    names = [f"{line['quantity']} x {_name(line)}" for line in _lines(sees["operations"])]
    for name, client, vendor, operations in zip([*names, "first year"], *prices.values(), strict=True):
        markup = f"{amount(operations, 'markup')} %"
        rows.append(
            [name, amount(client, "unitSP"), _sum(client, "SP"), amount(vendor, "unitPP"), _sum(vendor, "PP"), markup]
        )
    currency = cast(Body, sees["operations"]["price"])["currency"]
    columns = ("client: unit", "pays", "vendor: unit", "gets", "operations: markup")
    stage.say("No answer to the client holds a purchase price, none to the vendor a sales price, neither a markup.")
    stage.table((f"in {currency}", *columns), rows)


def _place(stage: Stage, order: str) -> None:
    stage.scene("client", "places the order.")
    placed = expect(stage.call("client", "POST", f"commerce/orders/{order}/process"), "Processing")
    agreement = stage.call("client", "GET", f"commerce/agreements/{_ref(placed, 'agreement')}")
    stage.came_back(placed, f"the agreement is {agreement['status']}, and takes no other order meanwhile")


def _ask_back(stage: Stage, order: str) -> None:
    stage.scene("vendor", "polls for work, and finds the order.")
    waiting = f"and(eq(status,'Processing'),eq(agreement.product.id,'{MIRRORVAULT.id}'))"
    page = stage.call("vendor", "GET", f"commerce/orders?{waiting}&order=-audit.created.at&limit=5")
    if order not in [each["id"] for each in cast(list[Body], page["data"])]:
        raise Unexpected(f"{order} is not among the orders that wait for the vendor:\n{page}")
    seen = expect(stage.call("vendor", "GET", f"commerce/orders/{order}"), "Processing")
    contact = _answer_to(seen, CONTACT)
    stage.came_back(seen, f"the contact reads {contact.get('displayValue')}")

    stage.scene("vendor", "does not guess who may hold the keys, and asks.")
    template = MIRRORVAULT.template_id("OrderQuerying", "Correct the contact")
    doubt = {
        "template": {"id": template},
        "parameters": {
            "ordering": [
                {
                    "externalId": CONTACT,
                    "error": {"id": "HV-0107", "message": "The domain brennholt.exmaple does not exist."},
                }
            ]
        },
    }
    asked = expect(stage.call("vendor", "POST", f"commerce/orders/{order}/query", doubt), "Querying")
    stage.came_back(asked, "the client's turn")


def _answer(stage: Stage, order: str) -> None:
    stage.scene("client", "reads what is wrong, and corrects it.")
    seen = stage.call("client", "GET", f"commerce/orders/{order}")
    error = cast(Body, _answer_to(seen, CONTACT).get("error") or {})
    stage.came_back(seen, f"{error.get('id')}: {error.get('message')}")
    stage.read("client", f"commerce/orders/{order}")
    right = {"externalId": CONTACT, "value": LICENSEE.contact.value()}
    fixed = stage.call("client", "PUT", f"commerce/orders/{order}", {"parameters": {"ordering": [right]}})
    stage.came_back(fixed, f"now {_answer_to(fixed, CONTACT).get('displayValue')}")
    again = expect(stage.call("client", "POST", f"commerce/orders/{order}/process"), "Processing")
    stage.came_back(again, "the vendor's turn")


def _fulfil(stage: Stage, order: str) -> None:
    stage.scene("vendor", "opens the vault, and writes down what came of it.")
    today = datetime.now(UTC).date()
    told = {
        "externalIds": {"vendor": "MV-2207161"},
        "parameters": {
            "fulfillment": [
                {"externalId": "customerId", "value": "HV-318840"},
                {"externalId": "activationDate", "value": today.isoformat()},
                {"externalId": "dueDate", "value": (today + timedelta(days=30)).isoformat()},
            ]
        },
    }
    written = stage.call("vendor", "PUT", f"commerce/orders/{order}", told)
    stage.came_back(written, "customer id HV-318840, seen by the client as well")

    stage.scene("vendor", "makes one subscription of the two yearly lines.")
    recurring = [{"id": line["id"]} for line in _lines(written) if _sku(line) != "MV-ONB"]
    subscription = stage.call(
        "vendor",
        "POST",
        f"commerce/orders/{order}/subscriptions",
        {
            "name": "Mirrorvault for headquarters",
            "externalIds": {"vendor": "mv-7f0c2a11"},
            "lines": recurring,
            "autoRenew": True,
            "parameters": {"fulfillment": [{"externalId": "licenceKey", "value": "MVK-550172394"}]},
        },
        status=201,
    )
    stage.came_back(subscription, "a draft, within the order only")

    stage.scene("vendor", "completes the order.")
    done = {"template": {"id": MIRRORVAULT.template_id("OrderCompleted")}}
    completed = expect(stage.call("vendor", "POST", f"commerce/orders/{order}/complete", done), "Completed")
    stage.came_back(completed, "the workshop becomes an asset by itself")


def _look_back(stage: Stage, order: str) -> None:
    stage.scene("client", "looks at what it has got.")
    seen = expect(stage.call("client", "GET", f"commerce/orders/{order}"), "Completed")
    stage.read("client", f"commerce/orders/{order}")
    agreement = expect(stage.call("client", "GET", f"commerce/agreements/{_ref(seen, 'agreement')}"), "Active")
    yearly = amount(cast(Body, agreement["price"]), "SPxY")
    stage.came_back(agreement, str(agreement["name"]), f"{yearly} a year")
    bought = _ref_of(seen, "subscriptions")
    subscription = expect(stage.call("client", "GET", f"commerce/subscriptions/{bought}"), "Active")
    until = str(subscription.get("commitmentDate"))[:10]
    stage.came_back(subscription, str(subscription["name"]), f"committed until {until}, then it renews")
    assets = stage.call("client", "GET", f"commerce/assets?eq(agreement.id,'{agreement['id']}')")
    for asset in cast(list[Body], assets["data"]) or [{"id": "no asset", "status": "Missing"}]:
        stage.came_back(expect(asset, "Active"), str(asset["name"]))

    stage.scene("operations", "reads the trail of the order.")
    trail = stage.call(
        "operations",
        "GET",
        f"audit/records?eq(object.id,'{order}')&select=actor,object&order=timestamp&limit=100",
    )
    records = cast(list[Body], trail["data"])
    if not records:
        raise Unexpected(f"{order} has left no trail:\n{trail}")
    stage.table(
        ("when", "who", "event", "summary"),
        [
            [
                str(each.get("timestamp"))[11:19],
                str(cast(Body, each.get("actor") or {}).get("name", "—")),
                str(each.get("event")),
                str(each.get("summary", "")),
            ]
            for each in records
        ],
    )


def _purchase() -> Body:
    """What the client sends: the agreement is described within its first order."""
    found = offer(MIRRORVAULT, LICENSEE)
    assert found, "the story's product is sold to the story's licensee"
    hurried = {**LICENSEE.contact.value(), "email": LICENSEE.contact.email.replace(".example", ".exmaple")}
    answers = {
        "companyName": LICENSEE.buyer.name,
        CONTACT: hurried,
        "vaultName": "brennholt-hq",
        "region": "eu-central",
        "retention": "7 years",
    }
    return {
        "type": "Purchase",
        "status": "Draft",
        "agreement": {
            "licensee": {"id": LICENSEE.id},
            "product": {"id": MIRRORVAULT.id},
            "listing": {"id": found.listing},
        },
        "authorization": {"id": found.authorization},
        "externalIds": {"client": "PO-71184"},
        "notes": "Before the old tape library is switched off.",
        "parameters": {"ordering": [{"externalId": name, "value": value} for name, value in answers.items()]},
        "lines": [
            {"item": {"id": MIRRORVAULT.item_id(item)}, "quantity": BASKET[item.sku]}
            for item in MIRRORVAULT.items
            if item.sku in BASKET
        ],
    }


def _lines(order: Body) -> list[Body]:
    return cast(list[Body], order["lines"])


def _prices(order: Body) -> list[Body]:
    return [cast(Body, line["price"]) for line in _lines(order)]


def _item(line: Body) -> Item:
    item_id = cast(Body, line["item"])["id"]
    return next(each for each in MIRRORVAULT.items if MIRRORVAULT.item_id(each) == item_id)


def _sku(line: Body) -> str:
    return _item(line).sku


def _name(line: Body) -> str:
    return _item(line).name


def _sum(price: Body, side: str) -> str:
    """What falls once, and what falls in a year."""
    parts = [Decimal(str(price[name])) for name in (f"{side}x1", f"{side}xY") if name in price]
    return amount({"sum": sum(parts)}, "sum") if parts else "—"


def _ref(thing: Body, name: str) -> str:
    return str(cast(Body, thing[name])["id"])


def _ref_of(thing: Body, name: str) -> str:
    """The first of several."""
    found = cast(list[Body], thing.get(name) or [])
    if not found:
        raise Unexpected(f"{thing.get('id')} has no {name}:\n{thing}")
    return str(found[0]["id"])


def _answer_to(order: Body, external_id: str) -> Body:
    """A parameter of the order as the caller sees it."""
    bag = cast(Body, order.get("parameters") or {})
    for each in cast(list[Body], bag.get("ordering") or []):
        if each.get("externalId") == external_id:
            return each
    raise Unexpected(f"{order.get('id')} does not show {external_id}:\n{order}")
