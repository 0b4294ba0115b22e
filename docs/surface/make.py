"""Writes what answers, beside this file: endpoints.txt for people, openapi.json for programs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from entrepot.http.auth import Auth
from entrepot.http.beside import OPERATIONS
from entrepot.http.docs import Docs
from entrepot.http.openapi.documents import ROOT, Documents
from entrepot.http.openapi.operation import Operation
from entrepot.http.page import Page
from entrepot.http.routes import routes_of
from entrepot.http.site import Site
from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS, OFFERS
from entrepot.settings import Settings
from entrepot.storage.vault import Vault

DOCUMENTS = Documents(routes_of(OFFERS), Nouns(NOUNS), OPERATIONS)
HEAD = (
    "# Made by `make surface` from what is offered. The API also answers at /v1/ in place of /public/v1/.",
    "# C client, V vendor, O operations: who may ask; what they find is what they may see.",
)
LETTERS = (("client", "C"), ("vendor", "V"), ("operations", "O"))


def openapi() -> str:
    """The whole document, as `/public/v1/openapi.json` gives it, laid out to be compared."""
    document = DOCUMENTS.document()
    document["info"]["version"] = "0"  # it changes with each release, and is no part of the surface
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def endpoints() -> str:
    """The whole list."""
    rows = [(each.method, ROOT + each.path, _who(each), each.summary) for each in DOCUMENTS.operations]
    rows += _others()
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    lines = ("  ".join((*map(str.ljust, row[:3], widths), row[3])).rstrip() for row in rows)
    return "\n".join((*HEAD, "", *lines, ""))


def _who(operation: Operation) -> str:
    return "".join(letter if actor in operation.actors else "-" for actor, letter in LETTERS)


def _others() -> Iterator[tuple[str, str, str, str]]:
    """What answers beside the API; nothing is called, so no part is needed."""
    nothing: Any = None
    page = Page(nothing, nothing, Vault(""), OFFERS, nothing)
    auth = Auth(nothing, nothing, nothing, nothing, nothing)
    site: Any = Site(Settings(), nothing, page, Docs(DOCUMENTS), auth, nothing, nothing, {})
    said = {
        "/health/live": "The process answers.",
        "/health/ready": "The database answers too.",
        "/metrics": "Prometheus metrics.",
        "/": "The live page: the newest orders of whoever is signed in.",
        "/orders/{id}": "The live page of one order.",
        "/public/v1/openapi.json": "What answers, for programs (OpenAPI 3.1).",
        "/public/v1/{module}/openapi.json": "The same of one module.",
        "/docs": "What answers, to read.",
        "/docs/{module}": "The same of one module.",
        "/sign-in": "Signs in to the page: by a token, or by a link that works once.",
        "/sign-out": "Signs out of the page.",
        "/auth/sign-in": "A person signs in with e-mail and password.",
        "/auth/sign-out": "The session ends.",
        "/auth/session": "Who is signed in, and for which account.",
        "/auth/account": "Acts for another one of one's accounts.",
        "/auth/invitation": "The link of an invitation: says yes, with a password where the person is new.",
        "/auth/organisation": "Leads to the sign-in of one's own organisation (OpenID Connect).",
        "/auth/callback": "Comes back from there.",
    }
    for route in site._others.routes:
        if route.path.startswith("/v1/"):
            continue
        for method in sorted(route.methods - {"HEAD"}):
            yield method, route.path, "any", said[route.path]
    yield "POST", "/mcp", "CVO", "MCP: the tools of the Marketplace, for agents."
    yield "POST", "/pax8/mcp", "C--", "MCP: the tools of Pax8, by their own names."


MADE = {"endpoints.txt": endpoints, "openapi.json": openapi}


if __name__ == "__main__":
    for name, made in MADE.items():
        Path(__file__).with_name(name).write_text(made())
