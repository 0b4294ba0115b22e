"""Who may call what is what the Marketplace documents, but for one table of differences."""

import pytest

from entrepot.http.routes import Route
from tests.access.crowd import Crowd, address
from tests.access.documented import (
    DIFFERENCES,
    DOCS,
    FACTS,
    OURS,
    SPEC,
    Call,
    documented,
    facts,
    lettered,
    meant,
    offered,
    page,
    routes,
)
from tests.access.oracle import WORKS_ON, Reader, visible
from tests.access.test_fields import OF_ACTOR
from tests.access.test_rows import owner_is_seen, owners, rows_at

ROUTES = list(routes())
BODIES = {("POST", "/commerce/orders", "operations"): {"type": "Suspend"}}
"""What somebody may call for some purposes only: a body of such a purpose."""

EACH = [pytest.param(call, route, id=" ".join(call)) for call, route in ROUTES]
EACH_ACTOR = [
    pytest.param(route, actor, id=f"{' '.join(call)} by {actor}") for call, route in ROUTES for actor in OF_ACTOR
]


IN_PERSON = {
    ("/accounts/users/{id}/set-password", "client"): "that very person",  # who works for another account as well
    ("/accounts/users/{id}/set-password", "vendor"): "that very person",
    ("/integration/installations/{id}/token", "vendor"): "the extension itself",
}
"""What is for one alone, who asks by none of the tokens here: the words by which others are told."""


@pytest.mark.parametrize(("call", "route"), EACH)
def test_who_may_call_is_as_documented(call: Call, route: Route) -> None:
    known, ours = documented(), lettered(offered(route))
    if call not in known and call[1].rpartition("/")[2] in OURS:
        assert offered(route) == route.resource.reads
        return
    theirs = lettered(meant(call, known[call])) if call in known else "not documented"
    if call not in DIFFERENCES:
        assert ours == theirs, "tests/access/documented.py is the place for differences, with their reasons"
        return
    declared, why = DIFFERENCES[call]
    assert ours == declared
    assert ours != theirs, "there is no difference any more"
    assert why


def test_every_difference_is_about_something_that_is_offered() -> None:
    assert set(DIFFERENCES) <= {call for call, _ in ROUTES}


def test_the_page_shows_the_differences() -> None:
    assert DOCS.read_text() == page(DOCS.read_text()), "run `make surface` and commit what it changes"


def test_the_facts_are_those_of_the_specification() -> None:
    if not SPEC.is_dir():
        pytest.skip(f"{SPEC} is not here; the facts that were derived from it are checked all the same")
    assert FACTS.read_text() == facts(SPEC), "run `make surface` and commit what it changes"


@pytest.mark.parametrize(("route", "actor"), EACH_ACTOR)
def test_over_the_wire_it_is_the_same(crowd: Crowd, route: Route, actor: str) -> None:
    """Of what the caller sees, a call that is not its own is refused with 403, and one that is its own is not."""
    who, resource = OF_ACTOR[actor], route.resource
    single = route.path.count("{") > resource.address.count("{")
    for owner in owners(crowd, resource):
        if not owner_is_seen(crowd, who, resource, owner):
            continue
        chain = owner
        if single:
            rows = rows_at(crowd, resource, owner, visible(crowd, who, resource.noun.path))
            if not rows:
                continue
            column = WORKS_ON.get(resource.noun.path, "id")
            rows = [row for row in rows if row[column] == Reader(who).account] or rows
            chain = (*owner, str(rows[0]["id"]))
        body = BODIES.get((route.method, route.path, actor), {})
        reply = crowd.call(who, route.method, address(route.path.strip("/"), *chain), body, prefer="dry-run")
        if (route.path, actor) in IN_PERSON:
            assert (reply.status, IN_PERSON[route.path, actor] in reply.json["detail"]) == (403, True)
            return
        assert (reply.status == 403) == (actor not in offered(route)), reply.body
        assert reply.status != 404 or "has no picture" in reply.json["detail"]
        return
    assert actor not in offered(route) or not visible(crowd, who, resource.noun.path), "nothing was called"
