"""A small world for tests: two clients of whom one has two buyers, two vendors, one distributor."""

from collections.abc import Iterator
from typing import Any

Line = dict[str, Any]

SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

TOKENS = {
    "operations": "TKN-1000-0001",
    "client": "TKN-2001-0001",
    "restricted": "TKN-2001-0002",  # the same client, held to its first buyer
    "other client": "TKN-2002-0001",
    "vendor": "TKN-3001-0001",
    "other vendor": "TKN-3002-0001",
}
ACCOUNTS = {
    "operations": ("ACC-1000-0001", "Operations"),
    "client": ("ACC-2001-0001", "Client"),
    "restricted": ("ACC-2001-0001", "Client"),
    "other client": ("ACC-2002-0001", "Client"),
    "vendor": ("ACC-3001-0001", "Vendor"),
    "other vendor": ("ACC-3002-0001", "Vendor"),
}

PRODUCT, OTHER_PRODUCT, AUTOMATIC = "PRD-5001-0001", "PRD-5002-0001", "PRD-5001-0002"
LICENSEE, SECOND_LICENSEE, OTHER_LICENSEE = "LCE-2001-0001-0001", "LCE-2001-0002-0001", "LCE-2002-0001-0001"
BUYER, SECOND_BUYER, OTHER_BUYER = "BUY-2001-0001", "BUY-2001-0002", "BUY-2002-0001"
YEARLY, MONTHLY, ONCE, DRAFT_ITEM, PRIVATE_ITEM = (f"ITM-5001-0001-000{n}" for n in range(1, 6))
OTHER_YEARLY = "ITM-5002-0001-0001"
USER, RESTRICTED_USER = "USR-2001-0001", "USR-2001-0002"
CERTIFICATE, DEAD_CERTIFICATE = "CER-9001-0001-0001", "CER-9001-0001-0002"


def token(who: str) -> str:
    """The whole value of somebody's token."""
    return f"idt:{TOKENS[who]}:{SECRET}"


def refer(target: str) -> Line:
    """A reference."""
    return {"id": target}


def world() -> Iterator[Line]:
    """The lines of the world file."""
    yield from _accounts()
    for vendor, product, name in (
        ("ACC-3001-0001", PRODUCT, "Alpha Suite"),
        ("ACC-3002-0001", OTHER_PRODUCT, "Beta Shield"),
        ("ACC-3001-0001", AUTOMATIC, "Gamma Box"),
    ):
        yield from _product(vendor, product, name)
    yield _line("catalog/items", DRAFT_ITEM, product=refer(PRODUCT), name="Unborn", status="Draft",
                group=refer("IGR-5001-0001-0001"), unit=refer("UNT-1001"), externalIds={"vendor": "A-DRAFT"},
                terms={"model": "quantity", "period": "1y", "commitment": "1y"})  # fmt: skip
    yield _line("catalog/items", PRIVATE_ITEM, product=refer(PRODUCT), name="Reserved", status="Published",
                group=refer("IGR-5001-0001-0001"), unit=refer("UNT-1001"), externalIds={"vendor": "A-PRIVATE"},
                terms={"model": "quantity", "period": "1y", "commitment": "1y"})  # fmt: skip
    yield _line("catalog/price-lists/PRC-5001-0001-0001/items", "PRI-5001-0001-0001-0005", item=refer(PRIVATE_ITEM),
                status="Private", unitPP=10, markup=10)  # fmt: skip
    yield _line("program/programs", "PRG-9001-0001", name="Alpha programme", vendor=refer("ACC-3001-0001"),
                status="Published")  # fmt: skip
    for certificate, status in ((CERTIFICATE, "Active"), (DEAD_CERTIFICATE, "Terminated")):
        yield _line("program/certificates", certificate, name="Alpha partner", program=refer("PRG-9001-0001"),
                    vendor=refer("ACC-3001-0001"), client=refer("ACC-2001-0001"), licensee=refer(LICENSEE),
                    buyer=refer(BUYER), applicableTo="Licensee", status=status)  # fmt: skip


def _line(kind: str, thing_id: str, **fields: Any) -> Line:
    return {"$kind": kind, "id": thing_id, **fields}


def _accounts() -> Iterator[Line]:
    for account, kind in dict(ACCOUNTS.values()).items():
        yield _line("accounts/accounts", account, name=f"{kind} {account[-9:]}", type=kind, status="Active")
    for name in ("marketplace", "access-management", "audit"):
        number = {"marketplace": 1001, "access-management": 1756, "audit": 1003}[name]
        yield _line("accounts/modules", f"MOD-{number}", name=name.title(), code=name)
    yield _line("accounts/sellers", "SEL-4001-0001", name="Distributor", externalId="S1", status="Active",
                currencies=["EUR"])  # fmt: skip
    for buyer, account in ((BUYER, "client"), (SECOND_BUYER, "client"), (OTHER_BUYER, "other client")):
        yield _line("accounts/buyers", buyer, name=f"Buyer {buyer}", account=refer(ACCOUNTS[account][0]),
                    status="Active", address={"city": "Bern", "country": "CH"})  # fmt: skip
    for licensee, buyer, account in (
        (LICENSEE, BUYER, "client"),
        (SECOND_LICENSEE, SECOND_BUYER, "client"),
        (OTHER_LICENSEE, OTHER_BUYER, "other client"),
    ):
        yield _line("accounts/licensees", licensee, name=f"Licensee {licensee}", buyer=refer(buyer),
                    seller=refer("SEL-4001-0001"), account=refer(ACCOUNTS[account][0]), status="Active",
                    eligibility={"client": True, "partner": False})  # fmt: skip
    yield _line("accounts/user-groups", "UGR-2001-0001", name="Everybody", account=refer("ACC-2001-0001"))
    yield _line("accounts/user-groups", "UGR-2001-0002", name="First buyer", account=refer("ACC-2001-0001"),
                buyers=[refer(BUYER)])  # fmt: skip
    for user, group, first in ((USER, "UGR-2001-0001", "Ada"), (RESTRICTED_USER, "UGR-2001-0002", "Ben")):
        yield _line("accounts/users", user, name=f"{first} Moss", firstName=first, lastName="Moss",
                    email=f"{first.lower()}@client.example", status="Active", accounts=[refer("ACC-2001-0001")],
                    groups=[refer(group)])  # fmt: skip
    for who, token_id in TOKENS.items():
        more: Line = {"user": refer(RESTRICTED_USER)} if who == "restricted" else {}
        if who == "client":
            more = {"user": refer(USER)}
        yield _line("accounts/api-tokens", token_id, name=who, account=refer(ACCOUNTS[who][0]), token=token(who),
                    status="Active", **more)  # fmt: skip


def _product(vendor: str, product: str, name: str) -> Iterator[Line]:
    digits = product[4:]
    letter = name[0]
    mode = "automatic" if product == AUTOMATIC else "extension"
    yield _line("catalog/products", product, name=name, vendor=refer(vendor), status="Published",
                settings={"productOrdering": True, "fulfilment": {"mode": mode, "delay": "PT5S"},
                          "splitBilling": {"enabled": product != OTHER_PRODUCT}})  # fmt: skip
    if letter == "A":
        yield _line("catalog/units-of-measure", "UNT-1001", name="user")
    below = f"catalog/products/{product}"
    yield _line(f"{below}/item-groups", f"IGR-{digits}-0001", name="Items", label="Items", default=True)
    yield _line(f"{below}/parameter-groups", f"PGR-{digits}-0001", name="Questions", label="Questions", default=True)
    yield from _parameters(below, digits)
    for number, kind in enumerate(("OrderProcessing", "OrderQuerying", "OrderCompleted", "Subscription", "Asset"), 1):
        yield _line(f"{below}/templates", f"TPL-{digits}-000{number}", name=f"Default {kind}", type=kind, default=True,
                    content=f"# {kind}\n\nFor {{{{ PAR-{digits}-0001 }}}}, secret {{{{ PAR-{digits}-0004 }}}}.")  # fmt: skip
    yield _line(f"{below}/templates", f"TPL-{digits}-0009", name="Special question", type="OrderQuerying",
                content="Please explain.")  # fmt: skip
    yield _line(f"{below}/terms", f"TCS-{digits}-0001", name=f"{name} terms", status="Published", displayOrder=1)
    yield _line(f"{below}/terms/TCS-{digits}-0001/variants", f"TCV-{digits}-0001-0001", name="English", type="Online",
                assetUrl="https://terms.example/en", languageCode="en-GB", status="Published")  # fmt: skip
    for number, (period, model, price) in enumerate(
        (("1y", "quantity", 120), ("1m", "quantity", 9.99), ("one-time", "one-time", 350)), 1
    ):
        item = f"ITM-{digits}-000{number}"
        terms = {"model": model, "period": period} | ({} if model == "one-time" else {"commitment": "1y"})
        yield _line("catalog/items", item, product=refer(product), name=f"{name} {period}", status="Published",
                    group=refer(f"IGR-{digits}-0001"), unit=refer("UNT-1001"),
                    externalIds={"vendor": f"{letter}-{number}"}, terms=terms)  # fmt: skip
        yield _line(f"catalog/price-lists/PRC-{digits}-0001/items", f"PRI-{digits}-0001-000{number}",
                    item=refer(item), status="ForSale", unitPP=price, markup=10)  # fmt: skip
    yield _line("catalog/price-lists", f"PRC-{digits}-0001", product=refer(product), vendor=refer(vendor),
                currency="EUR", precision=2, defaultMarkup=12)  # fmt: skip
    yield _line("catalog/authorizations", f"AUT-{digits}", name=f"{name} EU", product=refer(product),
                vendor=refer(vendor), owner=refer("SEL-4001-0001"), currency="EUR",
                eligibility={"client": True, "partner": True})  # fmt: skip
    yield _line("catalog/listings", f"LST-{digits}", product=refer(product), vendor=refer(vendor),
                seller=refer("SEL-4001-0001"), authorization=refer(f"AUT-{digits}"),
                priceList=refer(f"PRC-{digits}-0001"), primary=True,
                eligibility={"client": True, "partner": True})  # fmt: skip


def _parameters(below: str, digits: str) -> Iterator[Line]:
    group = refer(f"PGR-{digits}-0001")
    for number, (external_id, kind, phase, scope, constraints) in enumerate(
        (
            ("company", "SingleLineText", "Order", "Agreement", {"required": True}),
            ("contact", "Contact", "Order", "Agreement", {"required": False}),
            ("note", "MultiLineText", "Order", "Order", {"required": False}),
            ("secret", "SingleLineText", "Order", "Agreement", {"required": False, "hidden": True}),
            ("customerId", "SingleLineText", "Fulfillment", "Agreement", {"required": False}),
            ("dueDate", "Date", "Fulfillment", "Agreement", {"required": False, "hidden": True}),
            ("sku", "SingleLineText", "Fulfillment", "Subscription", {"required": False}),
        ),
        1,
    ):
        yield _line(f"{below}/parameters", f"PAR-{digits}-000{number}", name=external_id.title(),
                    description=f"The {external_id}.", externalId=external_id, type=kind, phase=phase, scope=scope,
                    context="None", constraints=constraints, displayOrder=number * 10, group=group,
                    status="Active")  # fmt: skip


def purchase(*, product: str = PRODUCT, licensee: str = LICENSEE, status: str = "Draft", **more: Any) -> Line:
    """The body of a purchase order that can be placed as it stands."""
    digits = product[4:]
    return {
        "type": "Purchase",
        "status": status,
        "agreement": {"licensee": refer(licensee), "product": refer(product)},
        "lines": [
            {"item": refer(f"ITM-{digits}-0001"), "quantity": 10},
            {"item": refer(f"ITM-{digits}-0003"), "quantity": 1},
        ],
        "parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]},
        **more,
    }


def order_line_of(state: str, number: int) -> tuple[Line, Line]:
    """An order of the client in a state of its life, with the agreement that such an order has."""
    agreement_state = {
        "Draft": "Draft",
        "Quoted": "Draft",
        "Processing": "Provisioning",
        "Querying": "Provisioning",
        "Completed": "Active",
        "Failed": "Failed",
        "Deleted": "Deleted",
    }[state]
    digits = f"7{number:03d}-0001-0001"
    agreement = _line("commerce/agreements", f"AGR-{digits}", name=f"Agreement in {agreement_state}",
                      status=agreement_state, client=refer("ACC-2001-0001"), vendor=refer("ACC-3001-0001"),
                      licensee=refer(LICENSEE), buyer=refer(BUYER), seller=refer("SEL-4001-0001"),
                      product=refer(PRODUCT), listing=refer("LST-5001-0001"),
                      authorization=refer("AUT-5001-0001"))  # fmt: skip
    order = _line("commerce/orders", f"ORD-{digits}", type="Purchase", status=state, agreement=refer(f"AGR-{digits}"),
                  client=refer("ACC-2001-0001"), vendor=refer("ACC-3001-0001"), licensee=refer(LICENSEE),
                  buyer=refer(BUYER), seller=refer("SEL-4001-0001"), product=refer(PRODUCT),
                  listing=refer("LST-5001-0001"), authorization=refer("AUT-5001-0001"),
                  parameters={"ordering": [{"id": "PAR-5001-0001-0001", "externalId": "company", "value": "N"}],
                              "fulfillment": []},
                  lines=[{"id": f"ALI-{digits}-0001", "item": refer(ONCE), "quantity": 2, "oldQuantity": 0,
                          "price": {"currency": "EUR", "unitPP": 350, "markup": 10}}])  # fmt: skip
    return agreement, order
