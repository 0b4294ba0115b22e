"""The crowded world, and looking at it: no answer to anybody may hold a mark that is not theirs to see."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from entrepot.kernel.field import ACTORS, Field
from entrepot.kernel.noun import Noun
from entrepot.offers import NOUNS
from entrepot.storage.sealer import seal
from tests.parts import PDF, Part
from tests.party import ok
from tests.purchases import completed, draft, failed, mapped, placed, queried
from tests.serving import FAULTS, Reply, Served
from tests.world import (
    ACCOUNTS,
    BUYER,
    LICENSEE,
    OTHER_BUYER,
    OTHER_LICENSEE,
    OTHER_PRODUCT,
    PRODUCT,
    SECOND_BUYER,
    SECOND_LICENSEE,
    SECRET,
    TOKENS,
    refer,
)

Row = dict[str, Any]
CALLERS = tuple(TOKENS)
UNKNOWN = "XXX-9999-9999-9999"

LIMITED = {"accounts only": ("MOD-1756",), "marketplace only": ("MOD-1001",), "audit only": ("MOD-1003",)}
"""Tokens of the client that some modules open: who they are, and by what."""


AGENT = f"idt:TKN-2001-1009:{SECRET}"
"""A token of the client that an agent holds."""


def limited_token(who: str) -> str:
    """The value of such a token."""
    return f"idt:TKN-2001-100{list(LIMITED).index(who)}:{SECRET}"


def lines() -> Iterator[Row]:
    """What comes to the small world."""

    def line(kind: str, thing_id: str, **fields: Any) -> Row:
        return {"$kind": kind, "id": thing_id, **fields}

    client, other = refer("ACC-2001-0001"), refer("ACC-2002-0001")
    vendor, second = refer("ACC-3001-0001"), refer("ACC-3002-0001")
    yield line("accounts/sellers", "SEL-4002-0001", name="Elsewhere", status="Active", currencies=["USD"])
    yield line("accounts/sellers", "SEL-4009-0001", name="Gone", status="Deleted", currencies=[])
    yield line("accounts/buyers", "BUY-2001-0009", name="Gone", account=client, status="Deleted", address={"city": "B"})
    yield line("accounts/licensees", "LCE-2001-0001-0009", name="Gone", account=client, buyer=refer(BUYER),
               seller=refer("SEL-4001-0001"), status="Deleted")  # fmt: skip
    yield line("accounts/cloud-tenants", "CLT-2001-0001", name="Tenancy", account=client, type="CspAzure")
    for account, digits in ((other, "2002"), (vendor, "3001"), (second, "3002"), (refer("ACC-1000-0001"), "1000")):
        yield line("accounts/user-groups", f"UGR-{digits}-0001", name=f"Group {digits}", account=account)
        yield line("accounts/users", f"USR-{digits}-0001", name=f"User {digits}", firstName="U", status="Active",
                   email=f"u@{digits}.example", accounts=[account], groups=[refer(f"UGR-{digits}-0001")])  # fmt: skip
    for account, digits in (
        (other, "2002"),
        (vendor, "3001"),
        (client, "2001"),
        (second, "3002"),
        (refer("ACC-1000-0001"), "1000"),
    ):
        yield line(f"accounts/accounts/{account['id']}/identity-provider", f"IDP-{digits}-0001", clientId="us",
                   issuer=f"https://of-{digits}.example", domains=[f"{digits}.example"])  # fmt: skip
    for user, account, digits, status in (
        ("USR-2002-0001", client, "2001", "Invited"), ("USR-3001-0001", client, "2001", "Removed"),
        ("USR-2001-0001", other, "2002", "Invited"), ("USR-3002-0001", other, "2002", "InvitationExpired"),
    ):  # fmt: skip
        yield line("accounts/account-users", f"AUSR-{user[4:]}-{digits}-0001", user=refer(user), account=account,
                   groups=[refer(f"UGR-{digits}-0001")], invitation={"status": status})  # fmt: skip
    yield line("accounts/user-groups", "UGR-2001-0003", name="Second", account=client, buyers=[refer(SECOND_BUYER)])
    yield line("accounts/user-groups", "UGR-2001-0009", name="Gone", account=client, status="Deleted")
    yield line("accounts/users", "USR-2001-0009", name="Gone", email="gone@client.example", status="Deleted",
               accounts=[client])  # fmt: skip
    for at, (who, modules) in enumerate(LIMITED.items()):
        yield line("accounts/api-tokens", f"TKN-2001-100{at}", name=who, account=client, token=limited_token(who),
                   status="Active", modules=[refer(module) for module in modules])  # fmt: skip
    yield line("accounts/api-tokens", "TKN-2001-1009", name="agent", account=client, token=AGENT, status="Active",
               heldBy="agent")  # fmt: skip
    yield line("accounts/api-tokens", "TKN-2001-0009", name="Gone", account=client, status="Deleted",
               token=f"idt:TKN-2001-0009:{SECRET}")  # fmt: skip
    for product, owner, status in (
        ("PRD-5001-0011", vendor, "Draft"), ("PRD-5001-0012", vendor, "Unpublished"),
        ("PRD-5001-0013", vendor, "Deleted"), ("PRD-5002-0011", second, "Draft"), ("PRD-5002-0012", second, "Pending"),
    ):  # fmt: skip
        yield line("catalog/products", product, name=f"Product {status}", vendor=owner, status=status)
        digits = product[4:]
        below = f"catalog/products/{product}"
        yield line(f"{below}/item-groups", f"IGR-{digits}-0001", name="Items", label="Items", default=True)
        yield line(f"{below}/parameter-groups", f"PGR-{digits}-0001", name="Asked", label="Asked", default=True)
        yield line(f"{below}/templates", f"TPL-{digits}-0001", name="Text", type="OrderProcessing", content="x")
        yield line(f"{below}/terms", f"TCS-{digits}-0001", name="Terms", status="Published", displayOrder=1)
        yield line("catalog/items", f"ITM-{digits}-0001", product=refer(product), name="Item", status="Published",
                   group=refer(f"IGR-{digits}-0001"), unit=refer("UNT-1001"), externalIds={"vendor": "X"},
                   terms={"model": "quantity", "period": "1y", "commitment": "1y"})  # fmt: skip
        yield line("catalog/authorizations", f"AUT-{digits}", name="Leave", product=refer(product), vendor=owner,
                   owner=refer("SEL-4001-0001"), currency="EUR")  # fmt: skip
        yield line("catalog/price-lists", f"PRC-{digits}-0001", product=refer(product), vendor=owner, currency="EUR")
        yield line(f"catalog/price-lists/PRC-{digits}-0001/items", f"PRI-{digits}-0001-0001", status="ForSale",
                   item=refer(f"ITM-{digits}-0001"), unitPP=1)  # fmt: skip
        yield line("catalog/listings", f"LST-{digits}", product=refer(product), vendor=owner,
                   seller=refer("SEL-4001-0001"), authorization=refer(f"AUT-{digits}"),
                   priceList=refer(f"PRC-{digits}-0001"))  # fmt: skip
    below = f"catalog/products/{PRODUCT}"
    yield line(f"{below}/terms", "TCS-5001-0001-0002", name="Coming terms", status="Draft", displayOrder=2)
    yield line(f"{below}/terms/TCS-5001-0001-0001/variants", "TCV-5001-0001-0001-0002", name="Deutsch", type="Online",
               status="Draft")  # fmt: skip
    yield line(f"{below}/terms/TCS-5001-0001-0002/variants", "TCV-5001-0001-0002-0001", name="English", type="Online",
               status="Published")  # fmt: skip
    yield line(f"{below}/parameters", "PAR-5001-0001-0019", name="Gone", description="Gone", externalId="gone",
               type="SingleLineText", phase="Order", scope="Order", status="Deleted", displayOrder=99,
               constraints={}, group=refer("PGR-5001-0001-0001"))  # fmt: skip
    yield line(f"{below}/templates", "TPL-5001-0001-0019", name="Gone", type="OrderProcessing", content="x",
               status="Deleted")  # fmt: skip
    yield line("catalog/units-of-measure", "UNT-1009", name="Gone", status="Deleted")
    yield from papers()
    # What another seller sells at is none of these clients' business.
    yield line("catalog/authorizations", "AUT-5001-0022", name="Leave", product=refer(PRODUCT), vendor=vendor,
               owner=refer("SEL-4002-0001"), currency="USD")  # fmt: skip
    yield line("catalog/price-lists", "PRC-5001-0001-0002", product=refer(PRODUCT), vendor=vendor, currency="USD")
    yield line("catalog/price-lists/PRC-5001-0001-0002/items", "PRI-5001-0001-0002-0001", status="ForSale",
               item=refer("ITM-5001-0001-0001"), unitPP=1)  # fmt: skip
    yield line("catalog/price-lists/PRC-5001-0001-0001/items", "PRI-5001-0001-0001-0009", status="Draft",
               item=refer("ITM-5001-0001-0004"), unitPP=1)  # fmt: skip
    yield line("catalog/listings", "LST-5001-0022", product=refer(PRODUCT), vendor=vendor,
               seller=refer("SEL-4002-0001"), authorization=refer("AUT-5001-0022"),
               priceList=refer("PRC-5001-0001-0002"))  # fmt: skip
    for number, (owner, status) in enumerate(((client, "Active"), (other, "Active"), (client, "Deleted")), 1):
        yield line("catalog/pricing-policies", f"PRP-6001-0001-000{number}", name=f"Policy {number}", client=owner,
                   products=[refer(PRODUCT)], markup=7, status=status)  # fmt: skip
    yield line("program/programs", "PRG-9002-0001", name="Beta programme", vendor=second, status="Draft")
    for number, (maker, holder, licensee, buyer) in enumerate(
        ((vendor, client, SECOND_LICENSEE, SECOND_BUYER), (vendor, other, OTHER_LICENSEE, OTHER_BUYER),
         (second, client, LICENSEE, BUYER)), 1,
    ):  # fmt: skip
        program = refer("PRG-9002-0001" if maker is second else "PRG-9001-0001")
        yield line("program/certificates", f"CER-9003-0001-000{number}", name="Admitted", program=program,
                   vendor=maker, client=holder, licensee=refer(licensee), buyer=refer(buyer), status="Active",
                   applicableTo="Licensee")  # fmt: skip


def papers() -> Iterator[Row]:
    """Papers of products in every state, and what a policy rests on, each with a file."""
    states = ("Draft", "Published", "Unpublished", "Deleted")
    for product in ("PRD-5001-0001", "PRD-5001-0011", "PRD-5002-0001"):
        digits, below = product[4:], f"catalog/products/{product}"
        for number, status in enumerate(states, 1):
            told = f"{status} paper of {product}."
            file = {"name": f"{told}pdf", "contentType": PDF, "base64": b64encode(told.encode()).decode()}
            yield {"$kind": f"{below}/documents", "id": f"PDC-{digits}-000{number}", "name": told, "type": "File",
                   "status": status, "$file": file}  # fmt: skip
            yield {"$kind": f"{below}/media", "id": f"MED-{digits}-000{number}", "name": told, "type": "Image",
                   "status": status, "$file": {**file, "name": f"{told}png", "contentType": "image/png"}}  # fmt: skip
            if product in (PRODUCT, OTHER_PRODUCT):
                yield {"$kind": f"{below}/terms/TCS-{digits}-0001/variants", "id": f"TCV-{digits}-0001-001{number}",
                       "name": told, "type": "File", "status": status, "$file": file}  # fmt: skip
    agreed = {"name": "Agreed.pdf", "contentType": PDF, "base64": b64encode(b"agreed").decode()}
    yield {"$kind": "catalog/pricing-policies/PRP-6001-0001-0001/attachments", "id": "PPA-6001-0001-0001-0001",
           "name": "Agreed", "$file": agreed}  # fmt: skip


def extensions() -> Iterator[Row]:
    """Programs of two vendors, with what goes with them, and who has let them in."""

    def line(kind: str, thing_id: str, **fields: Any) -> Row:
        return {"$kind": kind, "id": thing_id, **fields}

    client, other, vendor, second = (
        refer(ACCOUNTS[who][0]) for who in ("client", "other client", "vendor", "other vendor")
    )
    operations = refer(ACCOUNTS["operations"][0])
    yield line("integration/categories", "EXC-1001", name="Meters")
    yield line("integration/categories", "EXC-1002", name="Reports", status="Disabled")
    yield line("integration/categories", "EXC-1009", name="Gone", status="Deleted")
    for number, (maker, status) in enumerate(
        ((vendor, "Public"), (vendor, "Private"), (second, "Private"), (second, "Deleted"), (vendor, "Public")), 1
    ):
        digits = f"8001-000{number}"
        extension = f"EXT-{digits}"
        below = f"integration/extensions/{extension}"
        yield line("integration/extensions", extension, name=f"Extension {status}", vendor=maker, status=status,
                   modules=[refer("MOD-1001")], service={"url": "https://ext.example", "secret": f"key of {extension}"})  # fmt: skip
        yield line(f"{below}/instances", f"INS-{digits}-0001", externalId="host", status="Running")
        yield line("integration/schedules", f"SCH-{digits}-0001", externalId="nightly", cron="0 6 * * *", path="/nightly",
                   nextRun="2999-01-01T06:00:00.000Z", extension=refer(extension))  # fmt: skip
        for at, state in enumerate(("Published", "Draft", "Deleted"), 1):
            child = f"{digits}-000{at}"
            paper = {"name": "guide.pdf", "contentType": PDF, "base64": b64encode(child.encode()).decode()}
            shot = {**paper, "name": "shot.png", "contentType": "image/png"}
            yield line(
                f"{below}/documents", f"EDM-{child}", **{"$file": paper}, name="Guide", type="File", status=state
            )
            yield line(f"{below}/media", f"EXM-{child}", **{"$file": shot}, name="Shot", type="Image", status=state)
            yield line(f"{below}/terms", f"ETC-{child}", name="Terms", status=state)
            yield line(f"{below}/terms/ETC-{digits}-0001/variants", f"ETV-{digits}-0001-000{at}", name="English",
                       type="File", status=state, **{"$file": paper})  # fmt: skip
    for number, (extension, account, status) in enumerate(
        ((1, client, "Installed"), (1, vendor, "Installed"), (1, operations, "Invited"), (1, other, "Invited"),
         (3, other, "Installed"), (2, client, "Invited"), (2, vendor, "Invited")), 1,
    ):  # fmt: skip
        yield line("integration/installations", f"EXI-8001-0001-000{number}", account=account, status=status,
                   extension=refer(f"EXT-8001-000{extension}"))  # fmt: skip
    for number, (account, extension, maker, status) in enumerate(
        ((client, 1, vendor, "Queued"), (vendor, 1, vendor, "Queued"), (other, 3, second, "Queued"),
         (operations, 3, second, "Queued"), (vendor, 1, vendor, "Processing"), (vendor, 1, vendor, "Blocked")), 1,
    ):  # fmt: skip
        task = f"TSK-8001-0001-0001-000{number}"
        yield line("system/tasks", task, name="Count", account=account, status=status, extension=refer(f"EXT-8001-000{extension}"),
                   vendor=maker, object={"id": "ORD-1", "objectType": "Order", "kind": "commerce/orders"})  # fmt: skip
        yield line(f"system/tasks/{task}/logs", f"TLG-8001-0001-0001-000{number}-0001", message="Counting")


ASKED = (
    # from            to              about     requester         state         who sees it
    ("client",        "vendor",       PRODUCT,  "USR-2001-0001",  "Querying",   ("client", "vendor")),
    ("client",        "operations",   PRODUCT,  "USR-2001-0002",  "Processing", ("client", "restricted", "vendor")),
    ("client",        "other vendor", None,     None,             "Querying",   ("client", "other vendor")),
    ("other client",  "vendor",       PRODUCT,  None,             "Processing", ("other client", "vendor")),
    ("operations",    "other vendor", None,     None,             "Draft",      ("other vendor",)),
)  # fmt: skip
"""Requests of everybody, each with words for some of its parties and a document of each."""

UNANSWERED = {"status": "Unanswered", "at": "2026-01-01T00:00:00.000Z"}
"""What came of asking the vendor. The marks are put where it stands why, and who was asked."""


SUBSCRIBED = (
    # who               their own id       buyers            modules
    ("client",          "EVS-2001-0001",   (),               ()),
    ("client",          "EVS-2001-0002",   (BUYER,),         ()),
    ("client",          "EVS-2001-0003",   (SECOND_BUYER,),  ()),
    ("client",          "EVS-2001-0004",   (),               ("MOD-1003",)),
    ("other client",    "EVS-2002-0001",   (),               ()),
    ("vendor",          "EVS-3001-0001",   (),               ()),
    ("other vendor",    "EVS-3002-0001",   (),               ()),
    ("operations",      "EVS-1000-0001",   (),               ()),
)  # fmt: skip
"""Where events of everybody are sent, and what of them."""


def subscriptions() -> Iterator[Row]:
    """Their lines. What was sent to each is no line of any file: `populated` puts it there."""
    for who, subscription, buyers, modules in SUBSCRIBED:
        yield {"$kind": "notifications/event-subscriptions", "id": subscription, "account": refer(ACCOUNTS[who][0]),
               "name": f"Events to {subscription}.", "url": f"https://{subscription}.example/".lower(),
               "secret": "whsec_" + "QUJD" * 8, "buyers": [refer(each) for each in buyers],
               "modules": [refer(each) for each in modules]}  # fmt: skip


VALIDATED = (
    # who            id              type                          product
    ("vendor",       "WBH-3001-0001", "ValidatePurchaseOrderDraft", PRODUCT),
    ("vendor",       "WBH-3001-0002", "ValidateChangeOrderDraft",   PRODUCT),
    ("other vendor", "WBH-3002-0001", "ValidatePurchaseOrderDraft", OTHER_PRODUCT),
    ("operations",   "WBH-1000-0001", "ValidateAccount",            None),
)  # fmt: skip
"""Where vendors are asked to validate, and operations drafts of accounts."""


def webhooks() -> Iterator[Row]:
    """Their lines. What they answered is no line of any file either."""
    for who, webhook, kind, product in VALIDATED:
        yield {"$kind": "notifications/webhooks", "id": webhook, "account": refer(ACCOUNTS[who][0]), "type": kind,
               "name": f"Validates at {webhook}.", "url": f"https://{webhook}.example/".lower(), "secret": SECRET,
               "criteria": {"product.id": product} if product else {"type": "Client"}}  # fmt: skip


def requests() -> Iterator[tuple[Row, str, frozenset[str]]]:
    """Their lines, with a mark in each and who may see it."""
    for number, (sender, addressee, product, requester, status, parties) in enumerate(ASKED, 1):
        readers = frozenset(("operations", *parties))
        request, mark = f"REQ-9101-0001-000{number}", f"Request {number} of the crowd."
        more = {"product": refer(product)} if product else {}
        more |= {"requester": refer(requester)} if requester else {}
        yield {"$kind": "commerce/requests", "id": request, "name": mark, "from": refer(ACCOUNTS[sender][0]),
               "to": refer(ACCOUNTS[addressee][0]), "status": status, "validation": UNANSWERED, **more}, mark, readers  # fmt: skip
        for at, actors in enumerate((("client", "vendor"), ("operations",), ("vendor", "operations")), 1):
            mark = f"Words {number}-{at} of the crowd."
            seen = {actor: actor in (*actors, _actor(sender)) for actor in ACTORS}
            meant = frozenset(who for who in readers if seen[_actor(who)])
            yield {"$kind": f"commerce/requests/{request}/messages", "id": f"MSG-9101-0001-000{number}-000{at}",
                   "content": mark, "visibility": seen}, mark, meant  # fmt: skip
        for at, who in enumerate(sorted(readers - {"restricted"}), 1):
            mark = f"Document {number}-{at} of the crowd."
            yield {"$kind": f"commerce/requests/{request}/attachments", "id": f"ATT-9101-0001-000{number}-000{at}",
                   "name": mark, "account": refer(ACCOUNTS[who][0]), "$file": {
                       "name": f"{mark}pdf", "contentType": PDF, "base64": b64encode(mark.encode()).decode()},
                   }, mark, readers  # fmt: skip


def _actor(who: str) -> str:
    return ACCOUNTS[who][1].lower()


def called(served: Served) -> None:
    """Whom the platform calls, and what was sent there and answered."""
    served.load(subscriptions())
    served.run(served.parts.pool.execute(
        "insert into deliveries (id, receiver_id, account_id, event, object_id, object_type, status, payload)"
        " select 'DLV-' || substr(id, 5) || '-0001-0001', id, account_id, 'e', 'o', 'Order', 'Delivered',"
        " jsonb_build_object('mark', 'sent to ' || id || '.') from event_subscriptions"))  # fmt: skip
    served.run(served.parts.pool.execute(
        "insert into deliveries (id, receiver_id, kind, account_id, vendor_id, extension_id, event, object_id, object_type,"
        " status, payload) select 'DLV-' || substr(id, 5) || '-0001', id, 'extension', account_id, vendor_id, extension_id,"
        " 'platform.commerce.order.created', 'o', 'Order', 'Delivered', jsonb_build_object('mark', 'told to ' || id || '.')"
        " from receivers where kind = 'extension'"))  # fmt: skip
    served.load(webhooks())
    served.run(served.parts.pool.execute(
        "insert into webhook_calls (id, revision, webhook_id, success, call_time, response)"
        " select 'WHC-' || substr(id, 5) || '-0001-0001', 1, id, true, now(), 'answered by ' || id || '.' from webhooks"
    ))  # fmt: skip


def populated(served: Served) -> "Crowd":
    """Fills a served small world and marks everything in it."""
    served.load(lines())
    served.load(row for row, _, _ in requests())
    called(served)
    served.load(extensions())
    for who, vendor, more in (
        ("client", "vendor", {}),
        ("client", "vendor", {"licensee": SECOND_LICENSEE}),
        ("client", "other vendor", {"product": OTHER_PRODUCT}),
        ("other client", "vendor", {"licensee": OTHER_LICENSEE}),
    ):
        for order in (completed(served, who, vendor, **more), queried(served, who, vendor, **more),
                      mapped(served, who, vendor, **more), failed(served, who, vendor, **more), draft(served, who, **more)):  # fmt: skip
            for each in (who, vendor, "operations"):
                actor = ACCOUNTS[each][1].lower()
                path = f"/commerce/orders/{order['id']}"
                ok(served.call(each, "PUT", path, {"externalIds": {actor: f"changed by {actor}"}}))
            if order["status"] == "Completed" and not more.get("product"):
                _split(served, who, order)
    priced = placed(served)
    line = {"id": priced["lines"][0]["id"], "price": {"unitPP": "77123.45"}}
    ok(served.call("vendor", "PUT", f"/commerce/orders/{priced['id']}", {"lines": [line]}))
    ok(served.call("operations", "PUT", f"/commerce/orders/{priced['id']}", {"comments": "changed comments"}))
    served.run(served.parts.pool.execute("update orders set validation_status = 'Unanswered', validation_at = now()"))
    for agreement in served.fetch("select id, client_id, buyer_id, vendor_id from agreements order by id"):
        attached(served, agreement)
    for who, licensee in (("client", LICENSEE), ("client", SECOND_LICENSEE), ("other client", OTHER_LICENSEE)):
        for day in ("2026-01-01", "2999-01-01"):
            basketed(served, who, licensee, day)
        person = {"firstName": "Ada", "lastName": "Lo", "email": "ada@licensee.example"}
        ok(served.call(who, "POST", f"/accounts/licensees/{licensee}/contacts", person))
    told = recorded(served, priced["id"])
    crowd = Crowd(served)
    crowd.marks = {
        **told,
        "changed comments": frozenset(("operations",)),
        "77123.45": frozenset(("operations", "vendor")),  # the purchase price
        "84835.8": frozenset(("operations", "client", "restricted")),  # what the client pays for it
        **{mark: readers for _, mark, readers in requests()},
        **{
            mark: subscriber(who, buyers) | (_IN_THE_TRAIL if mark.startswith("Events") else frozenset())
            for who, each, buyers, _ in SUBSCRIBED
            for mark in (f"Events to {each}.", f"sent to {each}.")
        },
        **{
            mark: frozenset((who, "operations"))
            for who, each, _, _ in VALIDATED
            for mark in (f"Validates at {each}.", f"answered by {each}.")
        },
        **{f"changed by {actor}": _of(actor) for actor in ("client", "vendor", "operations")},
    }
    while served.run(seal(served.parts.pool, "crowd")):  # events are what is sealed
        pass
    crowd.mark()
    return crowd


_IN_THE_TRAIL = frozenset(("operations",))
"""Who reads all records, and in them what things are called that are not theirs to list."""


def subscriber(who: str, buyers: tuple[str, ...]) -> frozenset[str]:
    """Who knows of a subscription: the account's own, the one who is held to one buyer only of that."""
    return frozenset((who, "restricted") if buyers == (BUYER,) else (who,))


def basketed(served: Served, who: str, licensee: str, day: str) -> None:
    """A basket of two products of two vendors, from some day on."""
    answers = {"ordering": [{"externalId": "company", "value": "Northwind"}]}
    lines = [
        {
            "item": refer(f"ITM-{product[4:]}-0001"),
            "quantity": 2,
            "startDate": day + "T00:00:00Z",
            "parameters": answers,
        }
        for product in (PRODUCT, OTHER_PRODUCT)
    ]
    ok(served.call(who, "POST", "/commerce/baskets", {"licensee": refer(licensee), "lines": lines}))


def recorded(served: Served, order: str) -> dict[str, frozenset[str]]:
    """Programs of all parties tell of an order, of nothing, and of what is theirs alone."""
    parties = {"vendor": _of("vendor") - {"other vendor"}, "client": frozenset(("client", "restricted")),
               "operations": frozenset[str]()}  # fmt: skip
    found: dict[str, frozenset[str]] = {}
    for who, own in parties.items():
        for kind, thing, readers in (
            ("Public", order, parties["vendor"] | parties["client"]), ("Private", order, own),
            ("Public", "XXX-1", own - {"restricted"}),
        ):  # fmt: skip
            mark = f"program of {who} {kind} {thing}."
            body = {
                "event": f"extensions.{who}.{kind.lower()}-{thing[:3].lower()}",
                "summary": mark,
                "type": kind,
                "object": {"id": thing},
            }
            ok(served.call(who, "POST", "/audit/records", body))
            found[mark] = readers | {"operations"}
    return found


def attached(served: Served, agreement: Row) -> None:
    """A paper and a key on an agreement, which say whose they are; operations leave them for every vendor."""
    deal = f"deal of {agreement['client_id']} {agreement['buyer_id']} {agreement['vendor_id']}."
    path = f"/commerce/agreements/{agreement['id']}/attachments"
    paper = Part("file", deal.encode(), PDF, f"{deal}pdf")
    ok(served.call("operations", "POST", path, {"name": deal}, file=paper))
    ok(served.call("operations", "POST", path, {"name": deal, "type": "LicenseKey", "licenseKey": deal}))


def _split(served: Served, who: str, order: Row) -> None:
    """Bills of the client for what it has of its first vendor are split."""
    body = {"allocations": [{"buyer": refer(order["buyer"]["id"])}]}
    ok(served.call(who, "POST", f"/commerce/agreements/{order['agreement']['id']}/split", body))


def _of(actor: str) -> frozenset[str]:
    return frozenset(who for who in CALLERS if ACCOUNTS[who][1].lower() == actor)


# Marks ------------------------------------------------------------------------------------------------

NUMBERS_FROM = 66_000_000
WORKING = ("token", "token_hash", "secret_hash", "delivery", "revision", "period", "commitment")
"""Columns without which nothing would work: they are left as they are."""


@dataclass
class Crowd:
    """The world, with all rows as they are in the database, and what nobody but some may see."""

    served: Served
    rows: dict[str, list[Row]] = field(default_factory=dict)
    marks: dict[str, frozenset[str]] = field(default_factory=dict)
    """Each mark with the callers who may see it."""
    worked_out: dict[object, Any] = field(default_factory=dict)
    """What follows from the rows, which stay as they were: who sees what of them, and what stands below what."""

    def once[T](self, about: object, work: Callable[[], T]) -> T:
        """What follows from the rows, worked out when it is first asked for. Nobody may change it."""
        if about not in self.worked_out:
            self.worked_out[about] = work()
        return self.worked_out[about]

    def linked(self, table: str) -> dict[str, list[str]]:
        """The targets in a table of links, by their owners."""

        def fetched() -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for owner, target in self.served.fetch(f"select owner_id, target_id from {table}"):
                found.setdefault(owner, []).append(target)
            return found

        return self.once(table, fetched)

    def mark(self) -> None:
        """Writes a mark into each field that not every actor sees, and into what belongs to some parties alone."""
        tables = {row[0] for row in self.served.fetch(
            "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
        )}  # fmt: skip
        for noun in NOUNS:
            if noun.table_name in tables:
                self._mark_fields(noun)
        self._mark_owners()
        for noun in NOUNS:
            self.rows[noun.path] = [dict(row) for row in self.served.fetch(f"select * from {noun.table_name}")]

    def _mark_fields(self, noun: Noun) -> None:
        for each in noun.all_fields:
            if not each.stored or each.sees >= set(ACTORS) or each.column in WORKING:
                continue
            mark = self._mark_for(noun, each)
            if mark is None:
                continue
            self.served.run(self.served.parts.pool.execute(f"update {noun.table_name} set {each.column} = $1", mark[1]))
            self.marks[mark[0]] = frozenset().union(*(_of(actor) for actor in each.sees))

    def _mark_for(self, noun: Noun, each: Field) -> tuple[str, Any] | None:
        """What is looked for, and what is written."""
        words = f"only {noun.table_name} {each.column}"
        if each.kind == "text" and each.longest >= len(words):
            return words, words
        if each.kind == "json":
            marked: object = {"mark": words}
            return words, json.dumps([marked] if each.schema.get("type") == "array" else marked)
        if each.kind == "decimal":
            number = NUMBERS_FROM + len(self.marks)
            return str(number), number
        return None

    def _mark_owners(self) -> None:
        """What belongs to a party carries its name: `of <client> <buyer> <vendor>` and the like."""
        run = lambda text: self.served.run(self.served.parts.pool.execute(text))  # noqa: E731
        for table, column in (("orders", "notes"), ("agreements", "name"), ("subscriptions", "name"), ("assets", "name"),
                              ("lines", "description"), ("order_subscriptions", "name"), ("order_assets", "name")):  # fmt: skip
            run(f"update {table} set {column} = 'deal of ' || client_id || ' ' || buyer_id || ' ' || vendor_id || '.'")
        run("update order_lines l set description = 'deal of ' || o.client_id || ' ' || o.buyer_id || ' ' || o.vendor_id"
            " || '.' from orders o where o.id = l.order_id")  # fmt: skip
        deals = self.served.fetch("select distinct client_id, buyer_id, vendor_id from orders")
        for client, buyer, vendor in deals:
            self.marks[f"deal of {client} {buyer} {vendor}."] = self._among(client, buyer, vendor)
        for table in ("buyers", "licensees"):
            buyer = "id" if table == "buyers" else "buyer_id"
            run(f"update {table} set contact_email = '{table} of ' || account_id || ' ' || {buyer} || '.'")
            for buyer_id, account in self.served.fetch(f"select distinct {buyer}, account_id from {table}"):
                partners = {v for c, b, v in deals if b == buyer_id and c == account}
                self.marks[f"{table} of {account} {buyer_id}."] = self._among(account, buyer_id, *partners)
        for table, column, owner in (
            ("baskets", "notes", "client_id"),
            ("licensee_contacts", "last_name", "account_id"),
            ("erp_links", "note", "account_id"),
        ):
            run(f"update {table} set {column} = '{table} of ' || {owner} || ' ' || buyer_id || '.'")
            for account, buyer in self.served.fetch(f"select distinct {owner}, buyer_id from {table}"):
                self.marks[f"{table} of {account} {buyer}."] = self._among(account, buyer)
        run("update basket_lines l set reason = b.notes from baskets b where b.id = l.basket_id")
        for table, column, owner in (
            ("user_groups", "description", "account_id"), ("api_tokens", "description", "account_id"),
            ("pricing_policies", "name", "client_id"), ("accounts", "description", "id"),
        ):  # fmt: skip
            run(f"update {table} set {column} = '{table} of ' || {owner} || '.'")
            for (account,) in self.served.fetch(f"select distinct {owner} from {table}"):
                self.marks[f"{table} of {account}."] = self._among(account, None)
        for table, column in (("products", "short_description"), ("templates", "content"), ("programs", "website")):
            if table == "templates":
                run("update templates t set content = 'templates of ' || p.vendor_id || '. ' || t.content"
                    " from products p where p.id = t.product_id")  # fmt: skip
            else:
                run(f"update {table} set {column} = '{table} of ' || vendor_id || ' ' || status || '.'")
        for account in ("ACC-3001-0001", "ACC-3002-0001"):
            own = self._among(account, None)
            self.marks[f"templates of {account}."] = own | {"client", "restricted", "other client"}
            for status in ("Draft", "Pending", "Deleted", "Unpublished"):
                self.marks[f"products of {account} {status}."] = own
            self.marks[f"products of {account} Published."] = own | {"client", "restricted", "other client"}
            self.marks[f"programs of {account} Draft."] = own

    def _among(self, account: str, buyer: str | None, *partners: str) -> frozenset[str]:
        """Operations, the account's own callers who reach the buyer, and its partners."""
        return frozenset(
            who
            for who in CALLERS
            if who == "operations"
            or ACCOUNTS[who][0] in partners
            or (ACCOUNTS[who][0] == account and (who != "restricted" or buyer in (None, BUYER)))
        )

    # Looking -------------------------------------------------------------------------------------

    def call(self, who: str, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """One request, whatever comes of it; what comes must not hold what the caller may not see."""
        reply = self.served.call(who, method, path, body, **headers)
        assert reply.status < 500, (method, path, FAULTS[-1:])
        if who in CALLERS:
            text = reply.body.decode() + unquote(" ".join(reply.headers.values()))
            seen = [mark for mark, callers in self.marks.items() if who not in callers and mark in text]
            assert not seen, f"{who} sees {seen} by {method} {path}"
        return reply

    def get(self, who: str, path: str) -> Reply:
        """What somebody finds there."""
        return self.call(who, "GET", path)

    def list(self, who: str, path: str) -> list[Row]:
        """A whole collection."""
        return ok(self.get(who, f"{path}{'&' if '?' in path else '?'}limit=1000"))["data"]

    def total(self, who: str, path: str) -> int:
        """How many are said to be there, without being shown."""
        document = ok(self.get(who, f"{path}{'&' if '?' in path else '?'}limit=0"))
        assert document["data"] == []
        return document["$meta"]["pagination"]["total"]


def alike(reply: Reply, *names: str) -> tuple[int, object]:
    """A refusal without what the caller itself has named, and without its trace."""
    text = reply.body.decode()
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "<name>")
    document = json.loads(text)
    document.pop("traceId", None)
    return reply.status, document


def same(one: Reply, other: Reply, name: str, never: str) -> bool:
    """Whether an answer about `name` is the answer about `never`, word for word."""
    first, second = json.loads(one.body), json.loads(other.body.decode().replace(never, name))
    first.pop("traceId", None), second.pop("traceId", None)
    return (one.status, first) == (other.status, second)


def address(path: str, *ids: str) -> str:
    """A collection's address with the ids of its owners in it."""
    found = iter(ids)
    return "/" + re.sub(r"\{[^}]*\}", lambda _: next(found), path)
