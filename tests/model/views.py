"""What each party must see of a deal, beside what an answer shows of it, in the same small form."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.model import price
from tests.model.deal import Agreement, Deal, Draft, Holding, LiveLine, Order, Parameter, Part, Thing
from tests.model.effect import recurring
from tests.model.market import Somebody
from tests.serving import Reply

View = dict[str, Any]
Document = dict[str, Any]


def document_of(reply: Reply) -> Document:
    """The answer with its digits as they are on the wire."""
    return json.loads(reply.body, parse_float=Decimal)


# What must be seen ------------------------------------------------------------------------------------


def expected(deal: Deal, thing: Thing, who: Somebody) -> View:
    """The thing, as this party must see it."""
    found: View = {"id": thing.id, "status": thing.status, "revision": thing.history.revision} | {
        "audit": dict(thing.history.audit)
    }
    if isinstance(thing, Order):
        return found | _order(deal, thing, who)
    if isinstance(thing, Agreement):
        return found | _agreement(deal, thing, who)
    assert isinstance(thing, Part)
    found |= {
        "name": thing.name,
        "externalIds": _own(thing.external_ids, who),
        "price": price.visible(_sum_of(thing.price, thing.kind), who.actor),
        "autoRenew": None if thing.is_asset else thing.auto_renew,
    }
    if isinstance(thing, Draft):
        order = next(each for each in deal.orders if thing in each.drafts)
        return found | {"lines": sorted(deal.line_id(each) for each in order.lines_of(thing))}
    assert isinstance(thing, Holding)
    return found | {
        "lines": [_live_line(deal, each, who) for each in deal.agreement.lines_of(thing)],
        "commitmentDate": thing.commitment,
    }


def _own(external_ids: dict[str, str], who: Somebody) -> dict[str, str]:
    """Each actor sees its own name for a thing."""
    return {name: each for name, each in external_ids.items() if name == who.actor}


def _order(deal: Deal, order: Order, who: Somebody) -> View:
    ids = {each.key: each.id for each in order.drafts}
    shown: View = {
        "type": order.type,
        "agreement": [deal.agreement.id, deal.agreement.status, deal.agreement.history.revision],
        "notes": order.notes,
        "comments": order.comments if who.actor == "operations" else None,
        "statusNotes": order.status_notes,
        "error": order.error,
        "template": order.template,
        "externalIds": _own(order.external_ids, who),
        "ordering": _parameters(order.ordering, who),
        "fulfillment": _parameters(order.fulfillment, who),
        "lines": [
            {
                "id": deal.line_id(line),
                "item": line.item.id,
                "quantity": line.quantity,
                "oldQuantity": line.old,
                "belongs to": ids.get(line.draft or 0),
                "price": price.visible(line.price, who.actor),
            }
            for line in sorted(order.lines, key=lambda line: line.number)
        ],
        "price": price.visible(price.total(line.price for line in order.lines), who.actor),
        "drafts": sorted((each.id, each.status, each.name) for each in order.drafts),
        "terms": [f"TCS-{deal.product[4:]}-0001"],
    }
    for name in ("markup", "margin"):  # an order tells its amounts; what they come to is told of subscriptions
        shown["price"].setdefault(name, None)
    return shown


def _agreement(deal: Deal, agreement: Agreement, who: Somebody) -> View:
    return {
        "name": agreement.name,
        "externalIds": _own(agreement.external_ids, who),
        "template": agreement.template,
        "ordering": _parameters(agreement.ordering, who),
        "fulfillment": _parameters(agreement.fulfillment, who),
        "lines": [_live_line(deal, each, who) for each in sorted(agreement.lines, key=lambda line: line.number)],
        "price": price.visible(price.total(each.price for each in recurring(agreement)), who.actor),
        "holdings": sorted((each.id, each.status, each.name) for each in deal.holdings),
    }


def _live_line(deal: Deal, line: LiveLine, who: Somebody) -> View:
    shown = price.visible(line.price, who.actor)
    return {"id": deal.line_id(line), "quantity": line.quantity, "status": line.status, "price": shown}


def _sum_of(total: price.Price, kind: str) -> price.Price:
    """An asset falls once; a subscription each month and year."""
    once = kind.endswith("Asset")
    return {name: each for name, each in total.items() if "x" not in name or name.endswith("x1") == once}


def _parameters(bag: dict[str, Parameter], who: Somebody) -> View:
    """What is hidden does not exist for the client."""
    return {
        name: [each.value, each.error, each.required, each.hidden]
        for name, each in bag.items()
        if not (each.hidden and who.actor == "client")
    }


# What is seen -----------------------------------------------------------------------------------------


def seen(document: Document, kind: str) -> View:
    """The same, read from an answer."""
    audit = {event: each["by"]["id"] for event, each in document["audit"].items()}
    found: View = {name: document[name] for name in ("id", "status", "revision")} | {"audit": audit}
    return found | READ[kind](document)


def _seen_order(document: Document) -> View:
    agreement = document["agreement"]
    return {
        "type": document["type"],
        "agreement": [agreement["id"], agreement["status"], agreement["revision"]],
        "notes": document.get("notes"),
        "comments": document.get("comments"),
        "statusNotes": document.get("statusNotes", {}).get("message"),
        "error": document.get("error", {}).get("message"),
        "template": document.get("template", {}).get("id"),
        "externalIds": document.get("externalIds", {}),
        "ordering": _seen_parameters(document["parameters"]["ordering"]),
        "fulfillment": _seen_parameters(document["parameters"]["fulfillment"]),
        "lines": [
            {
                "id": line["id"],
                "item": line["item"]["id"],
                "quantity": line["quantity"],
                "oldQuantity": line["oldQuantity"],
                "belongs to": (line.get("subscription") or line.get("asset") or {}).get("id"),
                "price": _seen_price(line),
            }
            for line in sorted(document["lines"], key=lambda line: line["id"])
        ],
        "price": {"markup": None, "margin": None} | _seen_price(document),
        "drafts": sorted((each["id"], each["status"], each["name"]) for each in _drafts(document)),
        "terms": [each["id"] for each in document["termsAndConditions"]],
    }


def _drafts(document: Document) -> list[Document]:
    return [*document["subscriptions"], *document["assets"]]


def _seen_agreement(document: Document) -> View:
    return {
        "name": document["name"],
        "externalIds": document.get("externalIds", {}),
        "template": document.get("template", {}).get("id"),
        "ordering": _seen_parameters(document["parameters"]["ordering"]),
        "fulfillment": _seen_parameters(document["parameters"]["fulfillment"]),
        "lines": sorted((_seen_live_line(each) for each in document["lines"]), key=lambda line: line["id"]),
        "price": _seen_price(document),
        "holdings": sorted((each["id"], each["status"], each["name"]) for each in _drafts(document)),
    }


def _seen_part(document: Document) -> View:
    return {
        "name": document["name"],
        "externalIds": document.get("externalIds", {}),
        "price": _seen_price(document),
        "autoRenew": document.get("autoRenew"),
    }


def _seen_draft(document: Document) -> View:
    return _seen_part(document) | {"lines": sorted(each["id"] for each in document["lines"])}


def _seen_holding(document: Document) -> View:
    lines = sorted((_seen_live_line(each) for each in document["lines"]), key=lambda line: line["id"])
    ends = document.get("commitmentDate")
    return _seen_part(document) | {"lines": lines, "commitmentDate": ends and datetime.fromisoformat(ends)}


def _seen_live_line(line: Document) -> View:
    return {"id": line["id"], "quantity": line["quantity"], "status": line["status"], "price": _seen_price(line)}


def _seen_parameters(bag: list[Document]) -> View:
    return {
        each["externalId"]: [
            each.get("value"),
            each.get("error", {}).get("message"),
            each["constraints"]["required"],
            each["constraints"]["hidden"],
        ]
        for each in bag
    }


def _seen_price(document: Document) -> price.Price:
    """The amounts; where they come from is not the model's."""
    told = (
        "currency", "billingCurrency", "source", "markupSource", "defaultMarkup", "defaultMargin", "defaultMarkupSource",
    )  # fmt: skip
    return {name: each for name, each in document.get("price", {}).items() if name not in told}


READ = {
    "Order": _seen_order,
    "Agreement": _seen_agreement,
    "OrderSubscription": _seen_draft,
    "OrderAsset": _seen_draft,
    "Subscription": _seen_holding,
    "Asset": _seen_holding,
}


# Documents of two runs --------------------------------------------------------------------------------

PASSING = ("at", "id", "href", "startDate", "commitmentDate", "terminationDate", "accepted")


def without_what_passes(document: Any) -> Any:
    """Without times and drawn ids: those differ from one run to the next."""
    if isinstance(document, dict):
        return {key: without_what_passes(value) for key, value in document.items() if key not in PASSING}
    return [without_what_passes(each) for each in document] if isinstance(document, list) else document
