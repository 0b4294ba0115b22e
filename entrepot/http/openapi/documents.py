"""The OpenAPI documents of the API: one for all of it, and one for each module. Made when first asked for."""

import json
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any

from entrepot.http.openapi.collections import Collections
from entrepot.http.openapi.examples import Examples, whole_reader
from entrepot.http.openapi.operation import REFUSALS, Operation, refusal
from entrepot.http.openapi.schemas import (
    ACTIONS,
    FEED_META,
    META,
    PAGE_META,
    PROBLEM,
    Schema,
    document_schema,
    filter_schema,
    page_schema,
)
from entrepot.http.routes import Route
from entrepot.kernel.noun import Nouns
from entrepot.kernel.resource import Resource

ROOT = "/public/v1"
TITLE = "Entrepot: the Marketplace API"
ABOUT = """An order-management platform for cloud software.

Who asks is told by the token: an account is a client, a vendor or operations, and each sees what is theirs. A field
with `x-sees` is known to those actors alone; `x-writes` says who may write a field, and in which states; `x-actors`
who may ask for an operation. `x-core` names the fields that travel in references, `x-heavy` those that lists leave
out unless they are selected. A field without a value is left out. What is not yours to write is ignored."""


class Documents:
    """What the API offers, as OpenAPI 3.1."""

    def __init__(self, routes: Iterable[Route], nouns: Nouns, others: Iterable[Operation] = ()):
        self._routes = tuple(routes)
        self._nouns = nouns
        self._others = tuple(others)
        self.encoded = lru_cache(maxsize=None)(self._encoded)

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Every module that offers something, in the order of the offers."""
        rooms = (route.path.strip("/").partition("/")[0] for route in self._routes)
        return tuple(dict.fromkeys((*rooms, *(each.module for each in self._others))))

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Everything that answers, in the order of the offers."""
        tell = Collections(self._nouns).operation
        return (*(tell(route) for route in self._routes), *self._others)

    def _encoded(self, module: str = "") -> bytes:
        """A document as it is sent; the whole one where no module is named."""
        return json.dumps(self.document(module), separators=(",", ":"), ensure_ascii=False).encode()

    def document(self, module: str = "") -> Schema:
        """The document of one module, or of all."""
        chosen = [each for each in self.operations if module in ("", each.module)]
        paths: dict[str, Schema] = {}
        for each in chosen:
            paths.setdefault(ROOT + each.path, {})[each.method.lower()] = each.as_object()
        tags = [each for each in self.modules if module in ("", each)]
        about: Schema = {
            "openapi": "3.1.0",
            "info": {"title": TITLE, "version": version("entrepot"), "description": ABOUT},
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
            "tags": [{"name": tag} for tag in tags],
            "paths": paths,
        }
        about["components"] = self._components(paths)
        return about

    def _components(self, paths: Schema) -> Schema:
        """Everything that the paths refer to, and nothing else."""
        known = self._known
        found: dict[str, Schema] = {}
        waiting = list(_pointers(paths))
        while waiting:
            section, name = waiting.pop().removeprefix("#/components/").split("/")
            if name in found.setdefault(section, {}):
                continue
            found[section][name] = known[section][name]
            waiting += _pointers(found[section][name])
        components = {section: dict(sorted(found.get(section, {}).items())) for section in sorted(known)}
        token = {"type": "http", "scheme": "bearer", "description": "An API token: `idt:TKN-1234-5678:…`."}
        return {**components, "securitySchemes": {"token": token}}

    @cached_property
    def _known(self) -> dict[str, Schema]:
        schemas: Schema = {"Meta": META, "PageMeta": PAGE_META, "FeedMeta": FEED_META}
        schemas |= {"Problem": PROBLEM, "Actions": ACTIONS}
        for noun in self._nouns:
            assert noun.name not in schemas, f"two nouns are called {noun.name}"
            schemas[noun.name] = document_schema(noun, self._nouns)
            schemas[f"{noun.name}Page"] = page_schema(noun)
            schemas[f"{noun.name}Filter"] = filter_schema(noun)
        return {
            "schemas": schemas,
            "examples": dict(self._examples()),
            "responses": {str(status): refusal(status) for status in REFUSALS},
        }

    def _examples(self) -> Iterator[tuple[str, Schema]]:
        examples = Examples(self._nouns)
        resources: dict[str, Resource] = {route.resource.noun.name: route.resource for route in self._routes}
        for name, resource in resources.items():
            reader = whole_reader(resource)
            summary = f"As the {reader} sees it." if reader != "operations" else "As operations see it."
            whole = examples.document(resource.noun, reader)
            part = examples.document(resource.noun, reader, depth=1)
            omitted = [each.path[0] for each in resource.noun.all_fields if each.heavy and reader in each.sees]
            meta: dict[str, Any] = {"pagination": {"offset": 0, "limit": 10, "total": 1}}
            if omitted:
                meta["omitted"] = list(dict.fromkeys(omitted))
            yield name, {"summary": summary, "value": whole}
            yield f"{name}Page", {"summary": summary, "value": {"$meta": meta, "data": [part]}}


def _pointers(value: object) -> Iterator[str]:
    """Every `$ref` within, but for those in examples of values."""
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target
        for inner in value.values():
            yield from _pointers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pointers(inner)
