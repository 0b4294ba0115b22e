"""Writes endpoints.txt beside this file: every address that answers, who may ask, and what for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from entrepot.http.page import Page
from entrepot.http.routes import Route, routes_of
from entrepot.http.site import Site
from entrepot.kernel.resource import ALL
from entrepot.offers import OFFERS
from entrepot.settings import Settings
from entrepot.storage.vault import Vault

FILE = Path(__file__).with_name("endpoints.txt")
HEAD = (
    "# Made by `make surface` from what is offered. The API also answers at /v1/ in place of /public/v1/.",
    "# C client, V vendor, O operations: who may ask; what they find is what they may see.",
)
LETTERS = (("client", "C"), ("vendor", "V"), ("operations", "O"))


def endpoints() -> str:
    """The whole file."""
    rows = [(each.method, f"/public/v1{each.path}", _who(each), _summary(each)) for each in routes_of(OFFERS)]
    rows += _others()
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    lines = ("  ".join((*map(str.ljust, row[:3], widths), row[3])).rstrip() for row in rows)
    return "\n".join((*HEAD, "", *lines, ""))


def _who(route: Route) -> str:
    resource = route.resource
    if route.action is not None:
        actors = route.action.actors(resource.noun) & ALL
    else:
        actors = resource.reads & resource.lists if route.door == "search" else resource.reads
    return "".join(letter if actor in actors else "-" for actor, letter in LETTERS)


def _summary(route: Route) -> str:
    match route.door:
        case "search":
            return route.resource.summary or "A page of them."
        case "get":
            return "One of them, whole."
        case "render":
            assert route.text is not None
            return route.text.summary or _first_sentence(route.text.render)
        case _:
            assert route.action is not None
            return route.action.summary or _first_sentence(route.action.run)


def _first_sentence(function: Any) -> str:
    """What the function means to the business, without its source."""
    line = (function.__doc__ or "").strip().partition("\n")[0]
    return re.sub(r" \((?:spec|T\d)[^)]*\)", "", line)


def _others() -> Iterator[tuple[str, str, str, str]]:
    """What answers beside the API; nothing is called, so no part is needed."""
    nothing: Any = None
    site: Any = Site(Settings(), nothing, Page(nothing, nothing, Vault(""), OFFERS), nothing)
    said = {
        "/health/live": "The process answers.",
        "/health/ready": "The database answers too.",
        "/metrics": "Prometheus metrics.",
        "/": "The live page: the newest orders of whoever is signed in.",
        "/orders/{id}": "The live page of one order.",
        "/sign-in": "Signs in to the page: by a token, or by a link that works once.",
        "/sign-out": "Signs out of the page.",
    }
    for route in site._others.routes:
        for method in sorted(route.methods - {"HEAD"}):
            yield method, route.path, "any", said[route.path]


if __name__ == "__main__":
    FILE.write_text(endpoints())
