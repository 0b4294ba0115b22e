"""What the API offers, as pages to read: made of the same documents that programs read, and of nothing else."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entrepot.http import page_view as view
from entrepot.http.markup import Html, html, together
from entrepot.http.openapi.documents import ABOUT, ROOT, TITLE, Documents
from entrepot.http.openapi.operation import JSON

PATHS = (f"{ROOT}/openapi.json", "/v1/openapi.json")
STYLE = Html(view.STYLE + Path(__file__).with_name("docs.css").read_text())
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "public, max-age=60",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
COLOURS = {"get": "blue", "post": "green", "put": "amber", "delete": "red"}

BODY = """<header class="bar">
<a class="brand" href="/docs">Entrepot API</a>
<nav aria-label="Modules">{modules}</nav>
<a href="{document}">openapi.json</a>
</header>
<main>
{main}</main>"""

TABLE = """<div class="card"><table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}</tbody>
</table></div>
"""


class Docs:
    """The routes of the documents and of the pages that show them."""

    def __init__(self, documents: Documents):
        self._documents = documents
        self.paths = frozenset(
            (*PATHS, *(path.replace("/openapi", f"/{each}/openapi") for each in documents.modules for path in PATHS))
        )
        self.routes = [
            *(Route(path, self._whole) for path in PATHS),
            *(Route(path.replace("/openapi", "/{module}/openapi"), self._module) for path in PATHS),
            Route("/docs", self._home),
            Route("/docs/{module}", self._page),
        ]
        self._html = lru_cache(maxsize=None)(self._made)

    async def _whole(self, request: Request) -> Response:
        return Response(self._documents.encoded(), media_type=JSON, headers=HEADERS)

    async def _module(self, request: Request) -> Response:
        return Response(self._documents.encoded(request.path_params["module"]), media_type=JSON, headers=HEADERS)

    async def _home(self, request: Request) -> Response:
        return Response(self._html(""), media_type="text/html", headers=HEADERS)

    async def _page(self, request: Request) -> Response:
        module = request.path_params["module"]
        if module not in self._documents.modules:
            return Response("There is no such module.", status_code=404, media_type="text/plain", headers=HEADERS)
        return Response(self._html(module), media_type="text/html", headers=HEADERS)

    def _made(self, module: str) -> bytes:
        document = self._documents.document(module)
        main = together(_module_page(document, module) if module else _home_page(document))
        links = together(html('<a href="/docs/{name}">{name}</a>', name=each) for each in self._documents.modules)
        address = f"{ROOT}/{module}/openapi.json" if module else PATHS[0]
        body = html(BODY, modules=links, document=address, main=main)
        title = f"{module} API" if module else "API"
        page = html(view.FRAME, title=title, icon=view.ICON, style=STYLE, head=None, body=body)
        return page.encode()


def _home_page(document: Mapping[str, Any]) -> Iterator[Html]:
    yield html("<h1>{title}</h1>\n", title=TITLE)
    yield from (html("<p>{words}</p>\n", words=block) for block in ABOUT.split("\n\n"))
    for tag in document["tags"]:
        rows = (
            (_method(method), html('<a href="/docs/{tag}#{name}">{path}</a>', tag=tag["name"],
                                   name=each["operationId"], path=path), ", ".join(each["x-actors"]), each["summary"])
            for path, method, each in _operations(document) if tag["name"] in each["tags"]
        )  # fmt: skip
        yield html('<h2 id="{tag}"><a href="/docs/{tag}">{tag}</a></h2>\n', tag=tag["name"])
        yield _table(("", "address", "who", "what for"), rows)


def _module_page(document: Mapping[str, Any], module: str) -> Iterator[Html]:
    yield html("<h1>{module}</h1>\n", module=module)
    for path, method, each in _operations(document):
        yield html('<section id="{name}">\n', name=each["operationId"])
        yield html("<h2>{method} <code>{path}</code></h2>\n", method=_method(method), path=path)
        yield from (html("<p>{words}</p>\n", words=block) for block in each["description"].split("\n\n"))
        yield from _parameters(each)
        yield from _body(document, each)
        yield from _answers(document, each)
        yield Html("</section>\n")
    yield Html("<h1>Schemas</h1>\n")
    for name, schema in document["components"]["schemas"].items():
        if name.endswith(("Page", "Filter", "Meta")) or not schema.get("properties"):
            continue
        yield html('<section id="schema-{name}">\n<h2>{name}</h2>\n', name=name)
        yield _table(("field", "type", "seen by"), ((path, kind, sees) for path, kind, sees, _ in _fields(schema)))
        yield Html("</section>\n")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            yield path, method, each


def _parameters(each: Mapping[str, Any]) -> Iterator[Html]:
    if each.get("parameters"):
        yield Html("<h3>Parameters</h3>\n")
        rows = ((one["name"], one["in"], one.get("description", "")) for one in each["parameters"])
        yield _table(("name", "in", "what it does"), rows)


def _body(document: Mapping[str, Any], each: Mapping[str, Any]) -> Iterator[Html]:
    if "requestBody" not in each:
        return
    content = next(iter(each["requestBody"]["content"].values()))
    yield Html("<h3>Body</h3>\n")
    rows = ((path, kind, writes) for path, kind, _, writes in _fields(content["schema"]))
    yield _table(("field", "type", "written by"), rows)
    if "example" in content:
        yield _example(content["example"])


def _answers(document: Mapping[str, Any], each: Mapping[str, Any]) -> Iterator[Html]:
    yield Html("<h3>Answers</h3>\n")
    rows: list[tuple[object, ...]] = []
    shown: list[Html] = []
    for status, found in each["responses"].items():
        one = document["components"]["responses"][status] if "$ref" in found else found
        content = next(iter(one.get("content", {}).values()), {})
        rows.append((status, one["description"], _kind(content.get("schema", {}))))
        for example in content.get("examples", {}).values():
            name = example["$ref"].rpartition("/")[2]
            shown.append(_example(document["components"]["examples"][name]["value"]))
    yield _table(("status", "when", "content"), rows)
    yield from shown


def _fields(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object, str, str]]:
    """Every field by its path: its type, who sees it, who writes it."""
    for name, each in schema.get("properties", {}).items():
        if "properties" in each and "x-writes" not in each and "examples" not in each:
            yield from _fields(each, f"{prefix}{name}.")
            continue
        writes = "; ".join(
            f"{actor} ({', '.join(states)})" if states else actor for actor, states in each.get("x-writes", {}).items()
        )
        yield f"{prefix}{name}", _kind(each), ", ".join(each.get("x-sees", ("all",))), writes
        if each.get("type") == "array" or "array" in each.get("type", ()):
            yield from _fields(each.get("items", {}), f"{prefix}{name}[].")


def _kind(schema: Mapping[str, Any]) -> object:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return html('<a href="#schema-{name}">{name}</a>', name=name)
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"] if each is not None)
    kind = schema.get("type", "any")
    word = next(each for each in kind if each != "null") if isinstance(kind, list) else kind
    if word == "array":
        return html("list of {of}", of=_kind(schema.get("items", {})))
    return schema.get("format", word)


def _method(method: str) -> Html:
    return html('<span class="pill {colour}">{name}</span>', colour=COLOURS.get(method, "grey"), name=method.upper())


def _table(heads: tuple[str, ...], rows: Any) -> Html:
    lines = (
        together((Html("<tr>"), *(html("<td>{cell}</td>", cell=cell) for cell in row), Html("</tr>\n"))) for row in rows
    )
    return html(TABLE, heads=together(html("<th>{name}</th>", name=name) for name in heads), rows=together(lines))


def _example(value: object) -> Html:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return html("<details><summary>Example</summary><pre>{text}</pre></details>\n", text=text)
