"""Answers are what the platform's published document says: every operation, for every actor that may ask.

Reads look at everything that the actor finds. Writes are tried as dry runs, on each thing in turn, until one succeeds:
nothing is played by hand, so that a new operation is under the test with its declaration. What needs a body of its own
to succeed has it in BODIES. Our own document is held to every answer as well, as in all tests (tests/conforming.py).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.http.openapi.collections import actors, name_of
from entrepot.http.routes import Route
from entrepot.storage.embedded import Embedded
from entrepot.storage.vault import digest
from tests.access.crowd import called, extensions, lines, requests
from tests.conformance.comparing import of_answer, of_documents
from tests.conformance.differences import patterns
from tests.conformance.facts import PUBLISHED, Facts, known, plain, published
from tests.conformance.test_published import matches
from tests.conforming import ROUTES
from tests.party import ok
from tests.purchases import completed, draft, failed, placed, queried
from tests.serving import Reply, Served, serving
from tests.world import (
    BUYER,
    CERTIFICATE,
    LICENSEE,
    MONTHLY,
    ONCE,
    OTHER_PRODUCT,
    PRODUCT,
    USER,
    YEARLY,
    purchase,
    refer,
)

ACTORS = ("client", "vendor", "operations")
BY_NAME = {name_of(route): route for route in ROUTES}
TRIED_MAX = 60
READ_MAX = 4

BEGUN = {"name": "From before", "status": "Active", "product": refer(PRODUCT), "licensee": refer(LICENSEE),
         "authorization": refer("AUT-5001-0001")}  # fmt: skip
BASKET_LINE = {
    "item": refer(YEARLY),
    "quantity": 5,
    "parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]},
}
PERSON = {"firstName": "Ada", "lastName": "Lo", "email": "ada@client.example"}
ITEM = {"name": "Seat", "product": refer(PRODUCT), "group": refer("IGR-5001-0001-0001"), "unit": refer("UNT-1001"),
        "externalIds": {"vendor": "NEW"}, "terms": {"model": "usage", "period": "1m"}}  # fmt: skip
STEP = {"name": "Extras", "label": "Choose"}
ACCOUNTS = {"2001": "ACC-2001-0001", "3001": "ACC-3001-0001", "1000": "ACC-1000-0001"}
MEMBERS = ("accounts_users", "account_users", "of_account_users")
CODE = "told to one alone"
JOINED = [[refer(f"UGR-{digits}-0021")] for digits in ACCOUNTS]
INVITED = [{"user": {"email": "new@person.example"}, "groups": groups} for groups in JOINED]
BODIES: dict[str, list[Any]] = {
    "catalog_items_create": [ITEM],
    "catalog_products_item_groups_create": [STEP],
    "catalog_products_parameter_groups_create": [STEP],
    "catalog_products_parameters_create": [
        {"name": "Why", "description": "Why?", "scope": "Request", "phase": "Order", "type": "Email", "displayOrder": 1}
    ],
    "catalog_products_templates_create": [{"name": "Ours", "type": "Asset", "content": "# Yours"}],
    "catalog_units_of_measure_create": [{"name": "device"}],
    "catalog_products_terms_create": [{"name": "New"}],
    "catalog_authorizations_create": [
        {
            "name": "New",
            "product": refer(PRODUCT),
            "owner": refer("SEL-4001-0001"),
            "currency": "USD",
            "journal": {"frequency": "1m", "firstInvoiceDate": "2030-01-01"},
            "eligibility": {"client": True, "partner": True},
        }
    ],
    "catalog_listings_create": [
        {
            "product": refer(PRODUCT),
            "authorization": refer("AUT-5001-0001"),
            "seller": refer("SEL-4001-0001"),
            "priceList": refer("PRC-5001-0001-0001"),
        }
    ],
    "catalog_price_lists_create": [{"product": refer(PRODUCT), "currency": "USD"}],
    "catalog_pricing_policies_create": [
        {"name": "New", "client": refer("ACC-2002-0001"), "product": refer(OTHER_PRODUCT), "markup": 5}
    ],
    "integration_categories_create": [{"name": "New"}],
    "integration_extensions_instances_create": [{"externalId": "new"}],
    "integration_extensions_terms_create": [{"name": "New"}],
    "integration_installations_create": [{"extension": refer("EXT-8001-0005")}],
    "notifications_event_subscriptions_create": [{"url": "https://receiver.example/"}],
    "notifications_webhooks_create": [
        {
            "type": "ValidateConfigurationOrderDraft",
            "url": "https://receiver.example/",
            "criteria": {"product.id": PRODUCT},
        }
    ],
    "system_tasks_create": [{"name": "New"}],
    "system_tasks_logs_create": [{"message": "Counting"}],
    "audit_records_create": [
        {"event": "extensions.ours.done", "summary": "Done.", "type": "Public", "object": {"id": "XXX-1"}}
    ],
    "accounts_buyers_create": [{"name": "New", "account": refer("ACC-2001-0001"), "address": {"city": "Bern"}}],
    "accounts_accounts_create": [{"name": "New", "type": "Client", "externalId": "CDG-1"}],
    "accounts_accounts_activate": [{"externalId": "CDG-1"}],
    "accounts_sellers_create": [{"name": "New", "currencies": ["EUR"]}],
    "accounts_erp_links_create": [{"buyer": refer("BUY-2001-0021"), "seller": refer("SEL-4001-0001")}],
    "accounts_cloud_tenants_create": [{"name": "New", "externalIds": {"pyraTenantId": "P", "cloudConsumptionId": "C"}}],
    **{f"accounts_{at}_create": INVITED for at in MEMBERS},
    **{f"accounts_{at}_groups{put}": JOINED for at in MEMBERS for put in ("", "_put")},
    **{f"accounts_{at}_accept_invite": [{"invitation": {"code": CODE}}] for at in MEMBERS},
    "accounts_user_groups_create": [{"name": "New"}],
    "accounts_users_set_password": [{"password": "a fine password"}],
    "accounts_api_tokens_create": [{"name": "New", "modules": [refer("MOD-1001")]}],
    "accounts_licensees_create": [{"name": "New", "buyer": refer(BUYER)}],
    "accounts_licensees_contacts_create": [PERSON],
    "commerce_baskets_create": [{"licensee": refer(LICENSEE), "lines": [BASKET_LINE]}],
    "commerce_orders_create": [
        purchase(),
        {"type": "Change", "agreement": refer("{agreement}"), "lines": [{"id": "{line}", "quantity": 12}]},
        {"type": "Termination", "agreement": refer("{agreement}"), "subscriptions": [refer("{subscription}")]},
        {"type": "Suspend", "agreement": refer("{agreement}"), "subscriptions": [refer("{subscription}")]},
        {"type": "Termination", "agreement": refer("{agreement}"), "lines": [{"id": "{line}", "quantity": 0}]},
    ],
    "commerce_orders_fail": [{"statusNotes": {"message": "No."}}],
    "commerce_orders_notify": [{"userId": USER}],
    "commerce_agreements_split_create": [{"allocations": [{"buyer": refer(BUYER)}]}],
    "commerce_agreements_split_update": [{"allocations": [{"buyer": refer(BUYER)}]}],
    "commerce_subscriptions_split_update": [{"allocations": [{"buyer": refer(BUYER), "percentage": 100}]}],
    "commerce_agreements_create": [BEGUN],
    "commerce_requests_create": [
        {
            "from": refer("ACC-2001-0001"),
            "to": refer("ACC-3001-0001"),
            "product": refer(PRODUCT),
            "name": "Move us",
            "status": "Draft",
        }
    ],
    "commerce_requests_messages_create": [{"content": "When?", "visibility": {"client": True}}],
    "commerce_subscriptions_create": [
        {"name": "Entered", "agreement": refer("{agreement}"), "lines": [{"item": refer(MONTHLY), "quantity": 5}]}
    ],
    "commerce_assets_create": [
        {"name": "Entered", "agreement": refer("{agreement}"), "lines": [{"item": refer(ONCE), "quantity": 5}]}
    ],
}
"""What must be said for an action to succeed; `{}` is tried for all. Names in braces are of one live agreement."""

MAPPED = ("commerce_orders_subscriptions_create", "commerce_orders_assets_create")
"""What is made of the lines of the order in the address."""

NEVER: dict[str, str] = {
    # operation by actor: why it may be asked, and never succeeds in this world
    "catalog_products_templates_actions_explain by client": "as reading them",
    **{
        f"accounts_accounts_identity_provider_create by {actor}": "each account of the crowd has one"
        for actor in ACTORS
    },
    "integration_installations_token by vendor": "its token is not the extension's own key",
    "catalog_products_templates_get by client": "texts reach clients rendered; the templates themselves do not",
}


class Asked:
    """Every successful answer of one served world, by operation and actor."""

    def __init__(self, served: Served):
        self.served = served
        self.answers: dict[tuple[str, str], list[Reply]] = {}
        self.live = self._live(completed(served))
        failed(served), queried(served), placed(served)
        prepared = f"/commerce/orders/{placed(served)['id']}"
        for kind, at in (("subscriptions", 0), ("assets", 1)):
            line = ok(served.call("vendor", "GET", f"{prepared}/lines")).get("data")[at]
            ok(served.call("vendor", "POST", f"{prepared}/{kind}", {"name": "Prepared", "lines": [{"id": line["id"]}]}))
        draft(served, certificates=[{"id": CERTIFICATE}])
        self._companies()
        self._people()
        self._drafts()
        self._calls()
        shared = completed(served)["agreement"]["id"]
        ok(
            served.call(
                "client", "POST", f"/commerce/agreements/{shared}/split", {"allocations": [{"buyer": refer(BUYER)}]}
            )
        )
        for route in ROUTES:
            for actor in ACTORS:
                if actor in actors(route):
                    self.answers[name_of(route), actor] = list(self._ask(route, actor))

    def _live(self, order: Any) -> dict[str, str]:
        """Of what a completed purchase made: the agreement, a subscription of it, and a line of that."""
        held = f"/commerce/agreements/{order['agreement']['id']}"
        found = ok(self.served.call("operations", "GET", held))
        line = next(each for each in found["lines"] if "subscription" in each)
        return {"{agreement}": found["id"], "{subscription}": line["subscription"]["id"], "{line}": line["id"]}

    def _companies(self) -> None:
        """Buyers and licensees to be enabled, somebody at a licensee, and baskets that wait for approval or a day."""
        client, address = refer("ACC-2001-0001"), {"city": "Bern"}
        self.served.load((
            {"$kind": "accounts/buyers", "id": "BUY-2001-0021", "status": "Enabled", "name": "A", "account": client,
             "address": address},
            {"$kind": "accounts/buyers", "id": "BUY-2001-0022", "status": "Disabled", "name": "B", "account": client,
             "address": address},
            {"$kind": "accounts/licensees", "id": "LCE-2001-0001-0021", "status": "Disabled", "name": "C",
             "buyer": refer(BUYER), "seller": refer("SEL-4001-0001")},
        ))  # fmt: skip
        path = f"/accounts/licensees/{LICENSEE}"
        ok(self.served.call("client", "POST", f"{path}/contacts", PERSON))
        approved = {"settings": {"selfServiceAllowed": True, "orderApprovalRequired": True}}
        ok(self.served.call("client", "PUT", path, approved))
        for kind, day in (("Customer", None), ("Partner", "2999-01-01T00:00:00Z"), ("Partner", None)):
            body = {
                "licensee": refer(LICENSEE),
                "orderedBy": {"type": kind},
                "lines": [{**BASKET_LINE, "startDate": day}],
            }
            ok(self.served.call("client", "POST", "/commerce/baskets", body))

    def _people(self) -> None:
        """For each party an empty group, a key that is disabled, and people who are invited, too late, or blocked."""
        states = (("0031", "Invited", "Invited"), ("0032", "InvitationExpired", "InvitationExpired"),
                  ("0033", "Blocked", "Active"), ("0034", "Active", "Active"))  # fmt: skip
        for digits, account in ACCOUNTS.items():
            groups = [refer(f"UGR-{digits}-{number}") for number in ("0022", "0023")]
            self.served.load((
                *({"$kind": "accounts/user-groups", "id": f"UGR-{digits}-{number}", "name": "G", "account": refer(account)}
                  for number in ("0021", "0022", "0023")),
                {"$kind": "accounts/api-tokens", "id": f"TKN-{digits}-0021", "name": "T", "account": refer(account),
                 "token": f"idt:TKN-{digits}-0021:x", "status": "Disabled"},
                *({"$kind": "accounts/users", "id": f"USR-{digits}-{number}", "name": "P", "status": state,
                   "email": f"{number}@{digits}.example", "currentAccount": refer(account)}
                  for number, state, _ in states),
                *({"$kind": "accounts/account-users", "id": f"AUSR-{digits}-{number}-{account[4:]}", "account": refer(account),
                   "user": refer(f"USR-{digits}-{number}"), "groups": groups, "invitation": {"status": status},
                   "invitationHash": digest(CODE)} for number, _, status in states),
            ))  # fmt: skip
        self.served.run(self.served.parts.pool.execute("update identity_providers set enabled = true"))

    def _calls(self) -> None:
        """For each party a subscription that is off, and a webhook that is off."""
        address = "https://receiver.example/"
        self.served.load((
            *({"$kind": "notifications/event-subscriptions", "id": f"EVS-{digits}-0031", "account": refer(account),
               "url": address, "secret": "whsec_" + "QUJD" * 8, "status": "Disabled"}
              for digits, account in ACCOUNTS.items()),
            {"$kind": "notifications/webhooks", "id": "WBH-3001-0031", "account": refer("ACC-3001-0001"), "url": address,
             "type": "ValidateTerminateOrder", "secret": "s", "status": "Disabled", "criteria": {"product.id": PRODUCT}},
        ))  # fmt: skip

    def _drafts(self) -> None:
        """Steps, units and lists that nothing is in, and what was handed in or withdrawn."""
        product, vendor, client = refer(PRODUCT), refer("ACC-3001-0001"), refer("ACC-2001-0001")
        self.served.load((
            {"$kind": "catalog/authorizations", "id": "AUT-5001-0031", "name": "Unused", "product": product,
             "vendor": vendor, "owner": refer("SEL-4001-0001"), "currency": "USD"},
            {"$kind": "catalog/price-lists", "id": "PRC-5001-0001-0031", "product": product, "vendor": vendor,
             "currency": "USD"},
            {"$kind": "catalog/pricing-policies", "id": "PRP-6001-0001-0031", "name": "Off", "client": client,
             "products": [refer(OTHER_PRODUCT)], "markup": 7, "status": "Disabled"},
            {"$kind": f"catalog/products/{PRODUCT}/terms", "id": "TCS-5001-0001-0031", "name": "Coming",
             "status": "Pending", "displayOrder": 3},
        ))  # fmt: skip
        for kind in ("item-groups", "parameter-groups"):
            ok(self.served.call("vendor", "POST", f"/catalog/products/{PRODUCT}/{kind}", STEP))
        ok(self.served.call("operations", "POST", "/catalog/units-of-measure", {"name": "device"}))
        item = ok(self.served.call("vendor", "POST", "/catalog/items", {**ITEM, "externalIds": {"vendor": "PENDING"}}))
        ok(self.served.call("vendor", "POST", f"/catalog/items/{item['id']}/review"))

    def _filled(self, body: Any) -> Any:
        text = json.dumps(body)
        for name, value in self.live.items():
            text = text.replace(name, value)
        return json.loads(text)

    def _ask(self, route: Route, actor: str) -> Iterator[Reply]:
        reads, given = route.method == "GET", 0
        for path in self._addresses(route, actor):
            for reply in self._replies(route, actor, path):
                if 200 <= reply.status < 300:
                    yield reply
                    given += 1
                    break
            if given >= (READ_MAX if reads else 1):
                return

    def _replies(self, route: Route, actor: str, path: str) -> Iterator[Reply]:
        if route.method == "GET":
            query = "?select=*,audit&limit=20" if route.door in ("search", "get") else ""
            yield self.served.call(actor, "GET", path + query)
            return
        bodies: list[Any] = (
            [None] if route.door == "remove" else [*map(self._filled, BODIES.get(name_of(route), ())), {}]
        )
        if name_of(route) in MAPPED:
            found = self.served.call(actor, "GET", f"{path.rpartition('/')[0]}/lines").json["data"]
            bodies = [{"name": "Prepared", "lines": [{"id": each["id"]}]} for each in found]
        for body in bodies:
            yield self.served.call(actor, route.method, path, body, prefer="dry-run")

    def _addresses(self, route: Route, actor: str) -> Iterator[str]:
        """The addresses at which there may be something for the actor, the likelier ones first."""
        found = [""]
        at = 0
        for ids in re.finditer(r"\{[^}]*\}", route.path):
            piece = route.path[at : ids.start()]
            found = [f"{base}{piece}{each}" for base in found for each in self._ids(base + piece, actor)][:TRIED_MAX]
            at = ids.end()
        yield from (base + route.path[at:] for base in found)

    def _ids(self, collection: str, actor: str) -> list[str]:
        """Ids in a collection, as operations find them where the actor may not list."""
        if collection == "/accounts/":  # the third address of members leaves out what it is an id of
            collection = "/accounts/accounts"
        for who in (actor, "operations"):
            reply = self.served.call(who, "GET", f"{collection.rstrip('/')}?select=-*,id,status&limit=60")
            if reply.status == 200:
                return [each["id"] for each in reply.json["data"]]
        return []


@pytest.fixture(scope="module")
def asked(cluster: Embedded, template: str) -> Iterator[Asked]:
    """A world with something of everything, in which everybody has asked for everything."""
    with serving(cluster, template) as served:
        served.load((*lines(), *(row for row, _, _ in requests()), *extensions()))
        called(served)
        yield Asked(served)


def differences(asked: Asked, facts: Facts) -> set[str]:
    """Where answers are other than the facts have it."""
    found: set[str] = set()
    for (name, _), replies in asked.answers.items():
        route = BY_NAME[name]
        told = facts["operations"].get(f"{route.method} {plain(f'/public/v1{route.path}')}")
        for reply in replies if told else ():
            if str(reply.status) != told[0]:
                found.add(f"{route.method} {route.path}: answers {told[0]} there")
            elif told[1] and reply.body:
                found |= set(of_answer(json.loads(reply.body), told[1], "answer", facts))
    return found


def unexplained(found: set[str]) -> list[str]:
    """Those for which the table gives no reason."""
    return sorted(each for each in found if not any(matches(each, pattern) for pattern in patterns()))


def holds_file(route: Route) -> bool:
    """Whether what it is about holds a file: those are uploaded, and played where uploads are tested."""
    return any(each.kind == "file" for each in route.resource.noun.fields)


def test_every_operation_answers_every_actor_that_may_ask_and_as_it_is_published(asked: Asked):
    silent = {
        f"{name} by {actor}" for (name, actor), replies in asked.answers.items()
        if not replies and not holds_file(BY_NAME[name])
    }  # fmt: skip
    lost, stale = sorted(silent - set(NEVER)), sorted(set(NEVER) - silent)
    assert not lost, f"say in BODIES how it succeeds, or in NEVER why it cannot here: {lost}"
    assert not stale, f"it succeeds: {stale}"
    other = unexplained(differences(asked, known()))
    assert not other, f"mend it, or give the reason in differences.py: {other}"
    if PUBLISHED.exists():
        assert unexplained(differences(asked, published())) == []
    told = of_documents(known()) | differences(asked, known())
    stale = [pattern for pattern in patterns() if not any(matches(each, pattern) for each in told)]
    assert not stale, f"no difference any more: {stale}"
