"""Addresses, made from the offers: which method on which path is which door."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from entrepot.kernel.resource import ALL, Action, Resource, Text


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path."""

    method: str
    path: str
    door: str
    resource: Resource
    action: Action | None = None
    text: Text | None = None


def routes_of(offers: Iterable[Resource]) -> Iterator[Route]:
    """Every route, in the order of the offers. What only the platform itself may do has no address."""
    for resource in offers:
        base = f"/{resource.address}"
        if resource.followed:
            yield Route("GET", base, "follow", resource)
            continue
        at = base if resource.noun.single else f"{base}/{{id}}"
        if not resource.noun.single:
            yield Route("GET", base, "search", resource)
        if resource.create and _is_public(resource, resource.create):
            yield Route("POST", base, "create", resource, resource.create)
        if resource.lists_only:
            continue
        yield Route("GET", at, "get", resource)
        if resource.update and _is_public(resource, resource.update):
            yield Route("PUT", at, "update", resource, resource.update)
        if resource.remove and _is_public(resource, resource.remove):
            yield Route("DELETE", at, "remove", resource, resource.remove)
        for action in resource.actions:
            if _is_public(resource, action):
                yield Route(action.method, f"{at}/{action.name}", "act", resource, action)
        if any(_is_public(resource, each) for each in resource.offered() if each is not resource.create):
            yield Route("GET", f"{at}/actions", "explain", resource)
        if resource.picture:
            yield Route("GET", f"{at}/{resource.picture}", "picture", resource)
        for text in resource.texts:
            yield Route("GET", f"{at}/{text.name}", "render", resource, text=text)


def _is_public(resource: Resource, action: Action) -> bool:
    return bool(action.actors(resource.noun) & ALL)


class Router:
    """Finds the route of a path by its segments, one step each, however many routes there are."""

    def __init__(self, routes: Iterable[Route]):
        self._root: dict[str, dict] = {}
        for route in routes:
            node = self._root
            for segment in route.path.strip("/").split("/"):
                node = node.setdefault("*" if segment.startswith("{") else segment, {})
            methods = node.setdefault("/", {})
            assert route.method not in methods, f"{route.method} {route.path} is offered twice"
            methods[route.method] = route

    def find(self, path: str) -> tuple[dict[str, Route] | None, list[str]]:
        """The routes at a path by method, and the ids in it. A literal segment goes before an id."""
        node = self._root
        ids: list[str] = []
        for segment in path.strip("/").split("/"):
            below = node.get(segment) if segment not in ("*", "/") else None
            if below is None:
                below = node.get("*")
                ids.append(segment)
            if below is None or not segment:
                return None, []
            node = below
        return node.get("/"), ids
