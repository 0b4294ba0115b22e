"""What to try when the story has been told: the addresses, the tokens, and a few lines to copy."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from entrepot.demo.customers import LICENSEES
from entrepot.demo.products import TALLYBIRD

WANTED = {
    "type": "Purchase",
    "status": "Processing",
    "agreement": {"licensee": {"id": LICENSEES[1].id}, "product": {"id": TALLYBIRD.id}},
    "parameters": {
        "ordering": [
            {"externalId": "workspace", "value": "brennholt-bremen"},
            {"externalId": "ownerEmail", "value": LICENSEES[1].contact.email},
            {"externalId": "weekStart", "value": "Monday"},
        ]
    },
    "lines": [{"item": {"id": TALLYBIRD.item_id(TALLYBIRD.items[0])}, "quantity": 25}],
}

CLIENT = """\
from mpt_api_client import BearerTokenAuthentication, MPTClient, RQLQuery
client = MPTClient.from_config(BearerTokenAuthentication("{token}"), base_url="{url}")
orders = client.commerce.orders.filter(RQLQuery(status="Completed")).order_by("-audit.created.at")
for order in orders.fetch_page(limit=5):
    print(order.id, order.type, order.status, order.agreement.name)
"""


def next_steps(url: str, tokens: Mapping[str, str], console: Console) -> None:
    """Prints the addresses, the tokens, three calls with curl, and five lines of the official client."""
    url = url.rstrip("/")
    console.print()
    _heading(console, "What runs")
    addresses = Table.grid(padding=(0, 2))
    for what, path in (("live page", "/"), ("API", "/public/v1/")):
        addresses.add_row(what, f"{url}{path}")
    console.print(addresses)

    _heading(console, "Tokens")
    for role, token in tokens.items():
        _copyable(console, f"{role + ':':<12}{token}")

    _heading(console, "The client's newest orders, with their lines")
    newest = "commerce/orders?eq(status,'Completed')&select=lines&order=-audit.created.at&limit=2"
    _copyable(console, _curl(url, tokens["client"], newest))
    _heading(console, "The vendor's subscriptions, in order of their renewal")
    soon = "commerce/subscriptions?in(status,(Active,Updating))&order=commitmentDate&limit=5"
    _copyable(console, _curl(url, tokens["vendor"], soon))
    _heading(console, "An order that the platform completes by itself in seconds; run it twice, it is made once")
    _copyable(console, _curl(url, tokens["client"], "commerce/orders", WANTED, key="first-try"))

    _heading(console, "The same with the official client (pip install mpt-api-client==7.0.0)")
    _copyable(console, CLIENT.format(token=tokens["client"], url=url))


def _curl(url: str, token: str, path: str, body: object = None, key: str = "") -> str:
    parts = ["curl -g -s", f"-H 'Authorization: Bearer {token}'"]
    if body is not None:
        parts += [
            "-H 'Content-Type: application/json'",
            f"-H 'Idempotency-Key: {key}'",
            f"-d '{json.dumps(body)}'",
        ]
    return " ".join((*parts, f'"{url}/public/v1/{path}"'))


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold")


def _copyable(console: Console, text: str) -> None:
    """Text that can be copied whole: nothing is coloured, wrapped or taken for markup."""
    console.print(text.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)
