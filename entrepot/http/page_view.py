"""What the page shows: orders and one order, made from the same documents that the API gives to this caller."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from entrepot.http.markup import Html, html, together

Document = Mapping[str, object]

STYLE = Html(Path(__file__).with_name("page.css").read_text())
SCRIPT = Html(Path(__file__).with_name("page.js").read_text())
COLOURS = {
    "Quoted": "violet",
    "Processing": "blue",
    "Updating": "blue",
    "Terminating": "amber",
    "Querying": "amber",
    "Completed": "green",
    "Active": "green",
    "Failed": "red",
}
DETAILS_MAX = 500
PARTIES = ("client", "licensee", "buyer", "vendor", "seller")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The browser is told to run and load nothing but what stands here."""

HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send forms with `Origin: null`, which are refused
    "X-Content-Type-Options": "nosniff",
}
"""What goes with every page, and with whatever else tells of somebody who is signed in."""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%230b57b7'/%3E"
    "%3Cpath d='M4 5h8M4 8h8M4 11h5' stroke='white' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E"
)

FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Entrepot</title>
<link rel="icon" href="{icon}">
<style>{style}</style>
{head}
</head>
<body>
{body}
</body>
</html>
"""

SIGNED_IN = """<a class="skip" href="#live">Skip to the orders</a>
<header class="bar">
<a class="brand" href="/">Entrepot</a>
<span class="who">{who}</span>
<span id="state" role="status"></span>
<button type="button" id="pause" hidden>Pause</button>
<form method="post" action="/sign-out"><button>Sign out</button></form>
</header>
<main id="live" tabindex="-1">
{main}</main>
<script>{script}</script>"""

SIGN_IN = """<main class="form card">
<h1>Entrepot</h1>
<p class="quiet">Sign in with an API token to see the orders of its account.</p>
{fault}<form method="post" action="/sign-in">
<label for="token">API token</label>
<input id="token" name="token" type="password" required autofocus autocomplete="off" spellcheck="false"
 placeholder="idt:TKN-…" maxlength="600">
<button class="main">Sign in</button>
</form>
<p class="small quiet">People sign in <a href="/auth/sign-in">with their e-mail and password</a>.</p>
<p class="small quiet">In the demo the tokens are in <code>entrepot-data/demo.env</code>.
<code>entrepot token create</code> makes more.</p>
</main>"""

FORWARD = """<main class="form card">
<h1>Signed in</h1>
<p><a href="/">Go on to the orders</a></p>
</main>"""


# Whole pages ----------------------------------------------------------------------------------------


def signed_in(title: str, who: Html, main: Html) -> Html:
    """A page for somebody who is signed in; it keeps itself current."""
    body = html(SIGNED_IN, who=who, main=main, script=SCRIPT)
    without_script = Html('<noscript><meta http-equiv="refresh" content="5"></noscript>')
    return html(FRAME, title=title, icon=ICON, style=STYLE, head=without_script, body=body)


def sign_in(fault: str = "") -> Html:
    """The form that asks for a token."""
    told = html('<p class="note red" role="alert">{fault}</p>', fault=fault) if fault else None
    return html(FRAME, title="Sign in", icon=ICON, style=STYLE, head=None, body=html(SIGN_IN, fault=told))


def forward() -> Html:
    """Takes the browser on to the orders as a step of this site's own: else a strict cookie stays behind."""
    head = Html('<meta http-equiv="refresh" content="0; url=/">')
    return html(FRAME, title="Signed in", icon=ICON, style=STYLE, head=head, body=Html(FORWARD))


def who(actor: str, account: str) -> Html:
    """Who is signed in."""
    return html("<b>{account}</b> ({actor})", account=account, actor=actor)


def refused(title: str, detail: str | None) -> Html:
    """What stands in the place of what was asked for."""
    form = '<h1>{title}</h1>\n<p class="quiet">{detail}</p>\n<p><a href="/">All orders</a></p>'
    return html(form, title=title, detail=detail)


# The newest orders ----------------------------------------------------------------------------------


def orders(page: Document, actor: str, now: datetime) -> Html:
    """The newest orders of whoever is signed in."""
    found = _documents(page, "data")
    total = _at(page, "$meta.pagination.total")
    if not found:
        return Html('<h1>Orders</h1>\n<p class="card empty">There are no orders yet.</p>\n')
    form = """<h1>Orders</h1>
<p class="quiet">{count}</p>
<table class="card" role="table">
<thead><tr role="row">
<th scope="col" role="columnheader">Order</th><th scope="col" role="columnheader">Status</th>
<th scope="col" role="columnheader">Product</th><th scope="col" role="columnheader">{party}</th>
<th scope="col" role="columnheader" class="number">{price}</th>
<th scope="col" role="columnheader">Notes</th><th scope="col" role="columnheader">Age</th>
</tr></thead>
<tbody>
{rows}</tbody>
</table>
"""
    count = f"The newest {len(found)} of {total}." if len(found) != total else f"{total} in all."
    return html(
        form,
        count=count,
        party="Vendor" if actor == "client" else "Client",
        price={"client": "You pay", "vendor": "You get"}.get(actor, "Sales price"),
        rows=together(_order_row(each, actor, now) for each in found),
    )


def _order_row(order: Document, actor: str, now: datetime) -> Html:
    form = """<tr role="row">
<td role="cell" class="tight nowrap"><a class="id" id="{id}" href="/orders/{id}">{id}</a>
<span class="sub">{type}</span></td>
<td role="cell">{status}</td>
<td role="cell">{product}</td>
<td role="cell">{party}</td>
<td role="cell" class="number price">{price}</td>
<td role="cell" class="small">{notes}</td>
<td role="cell" class="nowrap small" data-label="Age">{age}</td>
</tr>
"""
    party: object = _at(order, "vendor.name" if actor == "client" else "client.name")
    if actor == "operations":
        party = html('{client}<span class="sub">from {vendor}</span>', client=party, vendor=_at(order, "vendor.name"))
    return html(
        form,
        id=order.get("id"),
        type=order.get("type"),
        status=pill(order.get("status")),
        product=_at(order, "product.name"),
        party=party,
        price=_prices(order, actor),
        notes=order.get("notes"),
        age=_age(_at(order, "audit.created.at"), now),
    )


# One order ------------------------------------------------------------------------------------------


def order(document: Document, trail: Iterable[Document], actor: str, now: datetime) -> Html:
    """One order with all that belongs to it."""
    form = """<p class="small"><a href="/" id="back">All orders</a></p>
<h1><span class="id">{id}</span> {status}</h1>
<p class="quiet">{type} of {product}</p>
{messages}<dl class="facts card">
{facts}</dl>
{lines}{subscriptions}{assets}{ordering}{fulfillment}{trail}"""
    return html(
        form,
        id=document.get("id"),
        status=pill(document.get("status")),
        type=document.get("type"),
        product=_at(document, "product.name"),
        messages=_messages(document),
        facts=_facts(document, actor, now),
        lines=_lines(document, actor),
        subscriptions=_entitlements("Subscriptions", _documents(document, "subscriptions"), actor),
        assets=_entitlements("Assets", _documents(document, "assets"), actor),
        ordering=_parameters("Ordering parameters", _documents(document, "parameters.ordering")),
        fulfillment=_parameters("Fulfilment parameters", _documents(document, "parameters.fulfillment")),
        trail=_trail(trail, now),
    )


def _messages(document: Document) -> Html:
    said = (("amber", _at(document, "error.message")), ("red", _at(document, "statusNotes.message")))
    form = '<p class="note {colour}">{words}</p>\n'
    return together(html(form, colour=colour, words=words) for colour, words in said if words)


def _facts(document: Document, actor: str, now: datetime) -> Html:
    facts: list[tuple[str, object]] = [
        ({"client": "You pay", "vendor": "You get"}.get(actor, "Price"), _prices(document, actor) or "nothing yet"),
        ("Agreement", _named(_at(document, "agreement"))),
        *((party.capitalize(), _named(_at(document, party))) for party in PARTIES if party != actor),
        ("Notes", document.get("notes")),
        *((f"External id ({name})", value) for name, value in sorted(_mapping(_at(document, "externalIds")).items())),
        ("Created", _when(_at(document, "audit.created.at"), now)),
        ("Template", _at(document, "template.name")),
    ]
    form = "<div><dt>{name}</dt><dd>{value}</dd></div>\n"
    return together(html(form, name=name, value=value) for name, value in facts if value)


def _lines(document: Document, actor: str) -> Html:
    def row(line: Document) -> list[object]:
        names = {"client": ("unitSP",), "vendor": ("unitPP",)}.get(actor, ("unitSP", "unitPP"))
        price = _mapping(line.get("price"))
        unit = [_money(price[name]) for name in names if price.get(name) is not None]
        held = _at(line, "subscription.id") or _at(line, "asset.id")
        return [
            html('{name}<span class="sub id">{id}</span>', name=_at(line, "item.name"), id=line.get("id")),
            line.get("quantity"),
            " / ".join(unit),
            _prices(line, actor),
            html('<span class="id">{id}</span>', id=held) if held else None,
        ]

    names = ("Line", "Quantity", "A unit" if actor != "operations" else "A unit: sold / bought", "Price", "Becomes")
    return _table("Lines", names, [row(each) for each in _documents(document, "lines")], numbers=(1, 2, 3))


def _entitlements(title: str, found: list[Document], actor: str) -> Html:
    def row(each: Document) -> list[object]:
        return [
            html('{name}<span class="sub id">{id}</span>', name=each.get("name"), id=each.get("id")),
            pill(each.get("status")),
            _terms(each),
            _prices(each, actor),
        ]

    return _table(title, ("Name", "Status", "Terms", "Price"), [row(each) for each in found], numbers=(3,))


def _terms(each: Document) -> str:
    period, commitment = _at(each, "terms.period"), _at(each, "terms.commitment")
    return f"{period}, committed for {commitment}" if period and commitment else str(period or "")


def _parameters(title: str, found: list[Document]) -> Html:
    def row(each: Document) -> list[object]:
        objection = _at(each, "error.message")
        told = html('<span class="note amber small">{words}</span>', words=objection) if objection else None
        return [each.get("name") or each.get("externalId"), each.get("displayValue"), told]

    shown = [each for each in found if each.get("type") != "Heading"]
    return _table(title, ("Parameter", "Value", "Objection"), [row(each) for each in shown])


def _trail(found: Iterable[Document], now: datetime) -> Html:
    form = """<li>{summary}<span class="sub">{details}</span><span class="sub">{by} {at}</span></li>
"""
    entries = together(
        html(
            form,
            summary=each.get("summary"),
            details=_short(each.get("details")),
            by=html("{by},", by=each.get("by")) if each.get("by") else None,
            at=_when(each.get("at"), now),
        )
        for each in found
    )
    return html('<h2>Trail</h2>\n<ol class="trail card">\n{entries}</ol>\n', entries=entries) if entries else Html("")


def _table(title: str, names: tuple[str, ...], rows: list[list[object]], *, numbers: tuple[int, ...] = ()) -> Html:
    """A table of rows; a column that is empty throughout is left out."""
    if not rows:
        return Html("")
    kept = [at for at in range(len(names)) if any(row[at] not in (None, "") for row in rows)]
    head = together(
        html(
            '<th scope="col" role="columnheader"{number}>{name}</th>',
            number=Html(' class="number"') if at in numbers else None,
            name=names[at],
        )
        for at in kept
    )
    body = together(
        html(
            '<tr role="row">\n{cells}</tr>\n',
            cells=together(
                html(
                    '<td role="cell"{label}{number}>{value}</td>\n',
                    label=html(' data-label="{name}"', name=names[at]) if at else None,
                    number=Html(' class="number price"') if at in numbers else None,
                    value=row[at],
                )
                for at in kept
            ),
        )
        for row in rows
    )
    form = """<h2>{title}</h2>
<table class="card" role="table">
<thead><tr role="row">{head}</tr></thead>
<tbody>
{body}</tbody>
</table>
"""
    return html(form, title=title, head=head, body=body)


def happenings(page: Document) -> list[Document]:
    """Entries of the trail, as far as they are shown."""
    return [
        {
            "summary": each.get("summary") or each.get("event"),
            "details": each.get("details"),
            "by": _at(each, "actor.name"),
            "at": each.get("timestamp"),
        }
        for each in _documents(page, "data")
    ]


# Small pieces ---------------------------------------------------------------------------------------


def pill(status: object) -> Html:
    """A status, in its colour."""
    return html('<span class="pill {colour}">{status}</span>', colour=COLOURS.get(str(status), "grey"), status=status)


def _prices(document: Document, actor: str) -> Html:
    """What it costs a year and once: the amounts that are in the document, sales before purchase."""
    price = _mapping(document.get("price"))
    pieces: list[Html] = []
    for side, words in (("SP", ""), ("PP", "bought for " if actor == "operations" else "")):
        said = [
            f"{_money(price[name])}{how}"
            for name, how in ((f"{side}xY", " a year"), (f"{side}x1", " once"))
            if price.get(name) is not None
        ]
        if not said:
            continue
        first = f"{price.get('currency') or ''} {said[0]}".strip() if not words else f"{words}{said[0]}"
        pieces.append(html("{words}" if not words else '<span class="sub">{words}</span>', words=first))
        pieces += [html('<span class="sub">+ {words}</span>', words=each) for each in said[1:]]
    return together(pieces)


def _money(value: object) -> str:
    amount = Decimal(str(value))
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -2:
        amount = amount.quantize(Decimal("0.01"))
    return f"{amount:,}"


def _short(text: object) -> str | None:
    words = str(text) if text else ""
    return (words if len(words) <= DETAILS_MAX else words[:DETAILS_MAX] + "…") or None


def _named(reference: object) -> Html | None:
    """A reference by its name, with its id and status."""
    found = _mapping(reference)
    if not found:
        return None
    status = pill(found["status"]) if found.get("status") else None
    return html(
        '{name} {status}<span class="sub id">{id}</span>',
        name=found.get("name") or found.get("id"),
        status=status,
        id=found.get("id"),
    )


def _when(value: object, now: datetime) -> Html | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value).astimezone(UTC)
    form = '<time datetime="{at}">{day} UTC</time> ({age})'
    return html(form, at=value, day=f"{moment:%Y-%m-%d %H:%M:%S}", age=_ago(moment, now))


def _age(value: object, now: datetime) -> Html | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value).astimezone(UTC)
    return html('<time datetime="{at}" title="{at}">{age}</time>', at=value, age=_ago(moment, now))


def _ago(moment: datetime, now: datetime) -> str:
    seconds = int((now - moment).total_seconds())
    if seconds < 0:
        return "to come"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _at(document: object, path: str) -> object:
    """What stands at a dotted path, or None."""
    for name in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _documents(document: Document, path: str) -> list[Document]:
    found = _at(document, path)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
