"""Who may call what, as the Marketplace documents it, and where this program differs: one table, with reasons.

`documented.tsv` beside this file holds what the specification says of every address that it knows; what is built
is held against it. `python -m tests.access.documented` writes it anew from the specification, where that is at
hand, and the table of differences into docs/access.md.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from entrepot.http.routes import Route, routes_of
from entrepot.kernel.resource import ALL
from entrepot.offers import OFFERS

HERE = Path(__file__).parent
FACTS = HERE / "documented.tsv"
SPEC = HERE.parents[2] / "shared" / "spec"
DOCS = HERE.parents[1] / "docs" / "access.md"
LETTERS = {"C": "client", "V": "vendor", "O": "operations"}
UNSAID = "?"

Call = tuple[str, str]
"""A method, and an address in which each id is `{}`."""

DIFFERENCES: dict[Call, tuple[str, str]] = {
    # what is called                                       who may here, and why
    ("GET",  "accounts/buyers"):                  ("CVO", "Extensions of vendors look up the parties of their agreements (commerce 6); a vendor finds those alone."),
    ("GET",  "accounts/buyers/{}"):               ("CVO", "As the list."),
    ("GET",  "accounts/buyers/{}/transfer"):      ("C-O", "It counts what a buyer has with all vendors: that is no vendor's business."),
    ("GET",  "accounts/erp-links/{}/icon"):       ("C-O", "Links have pictures; whoever reads the link sees it."),
    ("GET",  "accounts/licensees"):               ("CVO", "As for buyers."),
    ("GET",  "accounts/licensees/{}"):            ("CVO", "As for buyers."),
    ("DELETE", "accounts/licensees/{}"):          ("C-O", "Platform 14: the end-to-end tests of the client delete their own."),
    ("GET",  "accounts/licensees/{}/contacts"):   ("C-O", "Our own: people at a licensee, known to its client."),
    ("POST", "accounts/licensees/{}/contacts"):   ("C-O", "As the list."),
    ("GET",  "accounts/licensees/{}/contacts/{}"): ("C-O", "As the list."),
    ("PUT",  "accounts/licensees/{}/contacts/{}"): ("C-O", "As the list."),
    ("DELETE", "accounts/licensees/{}/contacts/{}"): ("C-O", "As the list."),
    ("GET",  "accounts/sellers"):                 ("CVO", "As for buyers; the sellers of a marketplace are no secret of its vendors."),
    ("GET",  "accounts/sellers/{}"):              ("CVO", "As the list."),
    ("DELETE", "accounts/sellers/{}"):            ("--O", "All other writes of sellers are operations' (platform 1.3): the row is a slip."),
    ("GET",  "accounts/sellers/{}/icon"):         ("CVO", "Whoever reads a seller sees its picture."),
    ("PUT",  "accounts/users/{}"):                ("CVO", "A person changes what is told of them, and whoever manages them: not stated by the documents."),
    ("POST", "accounts/users/{}/sso"):            ("CVO", "As their update."),
    ("POST", "accounts/users/{}/sso-check"):      ("CVO", "As by GET: the client asks by POST."),
    ("PUT",  "accounts/account-users/{}"):        ("CVO", "Platform 1.8: one store under three addresses; each account keeps its own members."),
    ("DELETE", "accounts/account-users/{}"):      ("CVO", "As at the address of the client."),
    ("POST", "accounts/accounts/{}/users"): ("CVO", "As POST account-users, which is documented."),
    ("POST", "accounts/accounts/{}/users/{}/groups"): ("CVO", "As below account-users."),
    ("PUT", "accounts/accounts/{}/users/{}/groups"): ("CVO", "As below account-users."),
    ("POST", "accounts/accounts/{}/users/{}/accept-invite"): ("CVO", "As below account-users."),
    ("POST", "accounts/accounts/{}/users/{}/resend-invite"): ("CVO", "As below account-users."),
    ("POST", "accounts/accounts/{}/users/{}/send-new-invite"): ("CVO", "As below account-users."),
    ("DELETE", "accounts/accounts/{}/users/{}/groups/{}"): ("CVO", "As below account-users."),
    ("POST", "accounts/{}/users"): ("CVO", "As POST account-users, which is documented."),
    ("POST", "accounts/{}/users/{}/groups"): ("CVO", "As below account-users."),
    ("PUT", "accounts/{}/users/{}/groups"): ("CVO", "As below account-users."),
    ("POST", "accounts/{}/users/{}/accept-invite"): ("CVO", "As below account-users."),
    ("POST", "accounts/{}/users/{}/resend-invite"): ("CVO", "As below account-users."),
    ("POST", "accounts/{}/users/{}/send-new-invite"): ("CVO", "As below account-users."),
    ("DELETE", "accounts/{}/users/{}/groups/{}"): ("CVO", "As below account-users."),
    ("PUT", "accounts/{}/users/{}"): ("CVO", "As at the address of the client."),
    ("DELETE", "accounts/{}/users/{}"): ("CVO", "As at the address of the client."),
    ("GET", "accounts/account-users/{}/groups"): ("CVO", "As at the address of the client."),
    ("GET", "accounts/account-users/{}/groups/{}"): ("CVO", "As at the address of the client."),
    ("GET", "accounts/{}/users/{}/groups"): ("CVO", "As at the address of the client."),
    ("GET", "accounts/{}/users/{}/groups/{}"): ("CVO", "As at the address of the client."),
    ("POST", "accounts/accounts/{}/identity-provider"): ("CVO", "Our own: how the people of an account sign in at their organisation."),
    ("GET", "accounts/accounts/{}/identity-provider"): ("CVO", "Our own: how the people of an account sign in at their organisation."),
    ("PUT", "accounts/accounts/{}/identity-provider"): ("CVO", "Our own: how the people of an account sign in at their organisation."),
    ("DELETE", "accounts/accounts/{}/identity-provider"): ("CVO", "Our own: how the people of an account sign in at their organisation."),
    ("GET",  "audit/records/{}"):                 ("CVO", "A client may list them, and one is no more than its line in the list."),
    ("PUT",  "catalog/products/{}/terms/{}/variants/{}"): ("-VO", "As terms and documents are: whoever drafts them changes them."),
    ("GET",  "catalog/units-of-measure"):         ("CVO", "Platform 2.8: all read; clients meet units in every item."),
    ("GET",  "catalog/units-of-measure/{}"):      ("CVO", "As the list."),
    ("GET",  "commerce/baskets"):                 ("C-O", "Our own: what a client asks for at once; vendors get the orders."),
    ("POST", "commerce/baskets"):                 ("C--", "As purchases: clients alone buy."),
    ("GET",  "commerce/baskets/{}"):              ("C-O", "As the list."),
    ("PUT",  "commerce/baskets/{}"):              ("C-O", "The client changes it, operations their own number of it."),
    ("POST", "commerce/baskets/{}/approve"):      ("C--", "It is the partner that wants to be asked."),
    ("POST", "commerce/baskets/{}/refuse"):       ("C--", "As approval."),
    ("POST", "commerce/baskets/{}/cancel"):       ("C-O", "Before anything is placed."),
    ("GET",  "commerce/baskets/{}/lines"):        ("C-O", "As the basket."),
    ("POST", "commerce/orders/{}/resubmit"):      ("C--", "Our own: the client asks again for what failed, as it alone may buy."),
    ("POST", "commerce/requests/{}/attachments"): ("CVO", "Commerce 3.7: who asks shows what is meant, and so does who answers."),
    ("PUT",  "commerce/requests/{}/attachments/{}"): ("CVO", "Whoever attached a document may rename it."),
    ("DELETE", "commerce/requests/{}/attachments/{}"): ("CVO", "Whoever attached a document may take it back."),
    ("POST", "commerce/requests/{}/messages"):    ("CVO", "Commerce 3.7: visibility names all three, so all three talk."),
    ("GET",  "notifications/event-subscriptions"):  ("CVO", "Our own: where an account has its events sent; each its own."),
    ("POST", "notifications/event-subscriptions"):  ("CVO", "As the list."),
    ("GET",  "notifications/event-subscriptions/{}"): ("CVO", "As the list."),
    ("PUT",  "notifications/event-subscriptions/{}"): ("CVO", "As the list."),
    ("DELETE", "notifications/event-subscriptions/{}"): ("CVO", "As the list."),
    ("POST", "notifications/event-subscriptions/{}/enable"): ("CVO", "As the list."),
    ("POST", "notifications/event-subscriptions/{}/disable"): ("CVO", "As the list."),
    ("POST", "notifications/event-subscriptions/{}/rotate-secret"): ("CVO", "As the list."),
    ("POST", "notifications/event-subscriptions/{}/test"): ("CVO", "As the list."),
    ("POST", "notifications/event-subscriptions/{}/fault"): ("CVO", "As the list; it does something in a sandbox alone."),
    ("GET",  "notifications/webhooks"):           ("-VO", "Commerce 5.2: vendors and operations only; whose each is, is a matter of rows."),
    ("POST", "notifications/webhooks"):           ("-VO", "As the list."),
    ("GET",  "notifications/webhooks/{}"):        ("-VO", "As the list."),
    ("PUT",  "notifications/webhooks/{}"):        ("-VO", "As the list."),
    ("DELETE", "notifications/webhooks/{}"):      ("-VO", "As the list."),
    ("POST", "notifications/webhooks/{}/enable"): ("-VO", "As the list."),
    ("POST", "notifications/webhooks/{}/disable"): ("-VO", "As the list."),
    ("GET",  "notifications/webhooks/{}/calls"):  ("-VO", "Our own: the last calls, for whoever reads the webhook."),
    ("GET",  "notifications/deliveries"):         ("CVO", "What was sent to them or to their extensions, and what became of it."),
    ("GET",  "notifications/deliveries/{}"):      ("CVO", "As the list."),
    ("POST", "notifications/deliveries/{}/redeliver"): ("CVO", "As the list."),
    ("GET",  "events"):                           ("CVO", "Our own: the feed of what happened; each reads of what it may see."),
    ("POST", "system/tasks"):                     ("-VO", "Commerce 5.4: extensions work on tasks, by the right of their vendor."),
    ("PUT",  "system/tasks/{}"):                  ("-VO", "As their creation."),
    ("POST", "system/tasks/{}/execute"):          ("-VO", "As their creation."),
    ("POST", "system/tasks/{}/complete"):         ("-VO", "As their creation."),
    ("POST", "system/tasks/{}/fail"):             ("-VO", "As their creation."),
    ("POST", "system/tasks/{}/reschedule"):       ("-VO", "As their creation."),
    ("POST", "system/tasks/{}/queue"):            ("-VO", "As their creation."),
    ("GET",  "system/tasks/{}/logs"):             ("-VO", "Whoever works on a task reads what it noted."),
    ("POST", "system/tasks/{}/logs"):             ("-VO", "The public SDK notes what it does (6.8)."),
    ("GET",  "system/tasks/{}/logs/{}"):          ("-VO", "As the list."),
    ("POST", "integration/extensions/{}/regenerate"): ("-V-", "The key is its vendor's, and nobody else is told it."),
    ("POST", "integration/extensions/{}/token"):  ("-V-", "As the key."),
    ("POST", "integration/extensions/{}/documents"): ("-V-", "As media and terms, which are documented."),
    ("PUT",  "integration/extensions/{}/media/{}/image"): ("-V-", "As the update of media."),
    ("GET",  "integration/extensions/{}/media/{}/image"): ("CVO", "As media of products: whoever reads it sees the picture."),
    ("POST", "integration/extensions/{}/instances"): ("-VO", "Commerce 5.4: an extension tells of itself with its key, which acts for its vendor."),
    ("PUT",  "integration/installations/{}"):     ("CVO", "Each account sets up what it has installed."),
    ("DELETE", "integration/installations/{}"):   ("CVO", "Whoever lets a program act for them can end it."),
    ("POST", "integration/installations/{}/fault"): ("-VO", "Our own: the vendor tries its extension; it does something in a sandbox alone."),
    ("GET",  "integration/schedules"):            ("-VO", "Our own: what an extension does by the clock, for whoever makes it."),
    ("GET",  "integration/schedules/{}"):         ("-VO", "As the list."),
    ("POST", "integration/schedules/{}/run"):     ("-VO", "As the list."),
    ("POST", "integration/installations/{}/token"): ("-V-", "Documented as `-/token`: by the extension's key, which acts for its vendor."),
}  # fmt: skip
"""The only place where who may call what differs from the documents."""

OURS = frozenset(("actions",))
"""Last segments of our own, offered below every kind of thing that has a life: who reads the thing may ask."""


def routes() -> Iterator[tuple[Call, Route]]:
    """What is offered, by the call as the documents write it."""
    for route in routes_of(OFFERS):
        yield (route.method, _nameless(route.path.strip("/"))), route


def offered(route: Route) -> frozenset[str]:
    """Who may ask at all."""
    if route.action is not None:
        return route.action.actors(route.resource.noun) & ALL
    resource = route.resource
    return resource.reads & resource.lists if route.door == "search" else resource.reads


def documented() -> dict[Call, str]:
    """Letters of the actors for every call that the documents know; `?` where they do not say."""
    rows = (line.split("\t") for line in FACTS.read_text().splitlines() if not line.startswith("#"))
    return {(method, path): letters for method, path, letters in rows}


def meant(call: Call, letters: str) -> frozenset[str]:
    """The actors: what is not stated is for operations where it writes, and a matter of rows where it reads."""
    if letters == UNSAID:
        return ALL if call[0] == "GET" else frozenset(("operations",))
    return frozenset(actor for letter, actor in LETTERS.items() if letter in letters)


def lettered(actors: frozenset[str]) -> str:
    """`CVO`, with a dash for who may not."""
    return "".join(letter if actor in actors else "-" for letter, actor in LETTERS.items())


# From the specification -------------------------------------------------------------------------------


def facts(spec: Path) -> str:
    """The file of facts, made anew. Section 6 of the commerce document goes before the list of endpoints."""
    found = {**_endpoints(spec / "endpoints.tsv"), **_section_6(spec / "marketplace-commerce.md")}
    head = "# Who may call what, from the specification: C client, V vendor, O operations; ? not stated.\n"
    rows = sorted(found.items(), key=lambda row: (row[0][1], row[0][0]))
    return head + "".join(f"{method}\t{path}\t{letters}\n" for (method, path), letters in rows)


def _endpoints(file: Path) -> dict[Call, str]:
    found: dict[Call, str] = {}
    words = {"ops": "operations"}
    for line in file.read_text().splitlines():
        if line.startswith("#"):
            continue
        method, path, *_, access = line.split("\t")
        actors = ALL if "public" in access else frozenset(words.get(each, each) for each in access.split())
        letters = UNSAID if access == UNSAID else lettered(actors)
        call = method, _nameless(path.removeprefix("/public/v1/"))
        # Two names for the same id make two lines of one call: what is stated holds.
        if found.get(call, UNSAID) == UNSAID:
            found[call] = letters
    return found


def _section_6(file: Path) -> dict[Call, str]:
    """Every actor that a row names may call, those in brackets too: what stands there is when."""
    section = file.read_text().partition("\n# 6. ")[2].partition("\n# 7. ")[0]
    found: dict[Call, str] = {}
    for line in section.splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if len(cells) != 8 or not re.fullmatch(r"/[\w/{}-]+", cells[1]):
            continue
        actors = frozenset(LETTERS[letter] for letter in re.findall(r"\b[CVO]\b", cells[-1]))
        if actors:
            found[cells[0], _nameless(f"commerce{cells[1]}")] = lettered(actors)
    return found


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


# For readers ------------------------------------------------------------------------------------------

BEGIN, END = "<!-- differences: written by `make surface` -->", "<!-- end -->"


def differences() -> str:
    """The table as docs/access.md shows it."""
    known = documented()
    lines = ["| call | documented | here | why |", "| --- | --- | --- | --- |"]
    for call, (ours, why) in DIFFERENCES.items():
        theirs = lettered(meant(call, known[call])) if call in known else "not at all"
        lines.append(f"| `{call[0]} /{call[1]}` | {theirs} | {ours} | {why} |")
    return "\n".join((BEGIN, *lines, END))


def page(text: str) -> str:
    """The page with the table as it is now."""
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: differences(), text, flags=re.DOTALL)


if __name__ == "__main__":
    if SPEC.is_dir():
        FACTS.write_text(facts(SPEC))
    DOCS.write_text(page(DOCS.read_text()))
