"""Every address with an id in it: by the wrong owner, of what is not seen, by HEAD, as a text, as a trial."""

import json
from collections.abc import Iterator

import pytest

from entrepot.http.routes import Route, routes_of
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Resource
from entrepot.offers import OFFERS
from tests.access.crowd import CALLERS, Crowd, Row, address, alike
from tests.access.documented import offered
from tests.access.oracle import Reader, visible
from tests.access.test_fields import require_seen
from tests.access.test_rows import GROWING, LISTS, may_list, owner_is_seen, owners, rows_at
from tests.serving import Reply

ROUTES = list(routes_of(OFFERS))
WITH_ID = [route for route in ROUTES if route.path.count("{") > route.resource.address.count("{")]
FEW = 3


def each(routes: list[Route]) -> list[object]:
    """Each route for each caller."""
    return [pytest.param(r, who, id=f"{r.method} {r.path} by {who}") for r in routes for who in CALLERS]


def never_like(thing_id: object) -> str:
    """An id that nothing has, of the same kind and length."""
    return "".join("9" if c.isdigit() else c for c in str(thing_id))


def nothing_there(crowd: Crowd, who: str, route: Route, owner: tuple[str, ...], thing_id: str) -> Reply:
    """Asserts that a call says of a thing what it says of one that never was. Gives its answer."""
    path, never = route.path.strip("/"), never_like(thing_id)
    first = crowd.call(who, route.method, address(path, *owner, thing_id), {}, if_match='"9"')
    other = crowd.call(who, route.method, address(path, *owner, never), {}, if_match='"9"')
    assert first.status == 404, first.body
    assert alike(first, thing_id) == alike(other, never)
    assert told_by_headers(first) == told_by_headers(other)
    return first


def told_by_headers(reply: Reply) -> dict[str, str]:
    """What else comes with an answer."""
    return {name: value for name, value in reply.headers.items() if name != "date"}


def unseen(crowd: Crowd, who: str, resource: Resource, owner: tuple[str, ...]) -> list[Row]:
    """What stands below that owner, and is not the caller's to see."""
    noun = resource.noun
    seen = {_key(noun, row) for row in visible(crowd, who, noun.path)}
    return [row for row in rows_at(crowd, resource, owner, crowd.rows[noun.path]) if _key(noun, row) not in seen]


def _key(noun: Noun, row: Row) -> object:
    return (row[noun.owner_column], row["id"]) if noun.shared else row["id"]


@pytest.mark.parametrize(("route", "who"), each(WITH_ID))
def test_a_call_on_what_is_not_seen_is_a_call_on_nothing(crowd: Crowd, route: Route, who: str) -> None:
    """Texts too, and down to the length of the answer: ids of one kind are of one length."""
    tried = 0
    for owner in owners(crowd, route.resource):
        for row in unseen(crowd, who, route.resource, owner)[:FEW]:
            if tried < 2 * FEW:
                nothing_there(crowd, who, route, owner, str(row["id"]))
                tried += 1


def wrong_chains(chains: list[tuple[str, ...]], own: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Owners that do not own it: others as a whole, and for longer chains others at one place."""
    for other in chains:
        if other != own and other[-1] != own[-1]:
            yield other
            if len(own) > 1:
                yield (*other[:-1], own[-1])
                yield (*own[:-1], other[-1])


@pytest.mark.parametrize(("route", "who"), each([r for r in WITH_ID if "{" in r.resource.address]))
def test_below_an_owner_that_is_not_its_own_a_thing_is_not_there(crowd: Crowd, route: Route, who: str) -> None:
    """Not even one's own thing below one's own other owner; no write and no text reaches it from there."""
    resource = route.resource
    chains = owners(crowd, resource)
    mine = visible(crowd, who, resource.noun.path)
    tried = 0
    for own in chains:
        for row in rows_at(crowd, resource, own, mine)[:1]:
            for chain in [each for each in wrong_chains(chains, own) if each != own][:FEW]:
                below = {str(each["id"]) for each in rows_at(crowd, resource, chain, crowd.rows[resource.noun.path])}
                if tried >= 4 * FEW or (str(row["id"]) in below and chain in chains):
                    continue
                reply = crowd.call(who, route.method, address(route.path.strip("/"), *chain, str(row["id"])), {})
                never = crowd.call(who, route.method, address(route.path.strip("/"), *chain, never_like(row["id"])), {})
                assert reply.status == 404, (chain, row["id"], reply.body)
                assert alike(reply, str(row["id"])) == alike(never, never_like(row["id"]))
                tried += 1


@pytest.mark.parametrize(("route", "who"), each([r for r in ROUTES if r.method == "GET"]))
def test_head_tells_what_get_tells_and_no_more(crowd: Crowd, route: Route, who: str) -> None:
    resource, path = route.resource, route.path.strip("/")
    single = route in WITH_ID
    for owner in owners(crowd, resource)[:FEW]:
        rows = rows_at(crowd, resource, owner, visible(crowd, who, resource.noun.path))[:1]
        for chain in [(*owner, str(row["id"])) for row in [*rows, *unseen(crowd, who, resource, owner)[:1]]]:
            where = address(path, *(chain if single else owner))
            head, get = crowd.call(who, "HEAD", where), crowd.get(who, where)
            assert (head.status, head.body) == (get.status, b"")
            if resource.noun.path not in GROWING or single:
                assert told_by_headers(head) == told_by_headers(get)


@pytest.mark.parametrize(("route", "who"), each([r for r in WITH_ID if r.method != "GET"]))
def test_trying_finds_nothing_that_doing_would_not(crowd: Crowd, route: Route, who: str) -> None:
    """A dry run of what is not seen is 404 like the deed, and one of what is seen shows what its reader sees."""
    resource, path, reader = route.resource, route.path.strip("/"), Reader(who)
    before = state(crowd)
    mine, tried = visible(crowd, who, resource.noun.path), 0
    for owner in owners(crowd, resource):
        for row in unseen(crowd, who, resource, owner)[:1]:
            if tried < FEW:
                dry = crowd.call(who, route.method, address(path, *owner, str(row["id"])), {}, prefer="dry-run")
                wet = crowd.call(who, route.method, address(path, *owner, str(row["id"])), {})
                assert dry.status == 404
                assert alike(dry) == alike(wet)
                tried += 1
        if not owner_is_seen(crowd, who, resource, owner):
            continue
        for row in rows_at(crowd, resource, owner, mine)[:FEW]:
            reply = crowd.call(who, route.method, address(path, *owner, str(row["id"])), {}, prefer="dry-run")
            assert reply.status == 403 or reader.actor in offered(route)
            if reply.status == 200:
                assert reply.headers["preference-applied"] == "dry-run"
                if not (route.action and route.action.gives):
                    require_seen(resource.noun, reader.actor, reply.json)
    assert state(crowd) == before


def state(crowd: Crowd) -> list[object]:
    """What would show that anything was written, or kept to be done or answered later; numbers may be drawn."""
    ((began,),) = crowd.served.fetch("select pg_current_snapshot()::text")
    if crowd.worked_out.get("state", ("", []))[0] != began:  # else no transaction has written anything since
        crowd.worked_out["state"] = began, _state(crowd)
    return crowd.worked_out["state"][1]


def _state(crowd: Crowd) -> list[object]:
    tables = [name for (name,) in crowd.served.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
        " and table_name not in ('id_counters', 'seals', 'sealer') order by 1"
    )]  # fmt: skip
    # When a token was last used is noted beside.
    written = {table: "max(xmin::text::bigint)" for table in tables} | {"api_tokens": "sum(revision)"}
    counts = (f"select '{table}', count(*), {written[table]} from {table}" for table in tables)
    return [tuple(row) for row in crowd.served.fetch(" union all ".join(counts))]


@pytest.mark.parametrize("route", [pytest.param(r, id=f"{r.method} {r.path}") for r in ROUTES if r.door == "update"])
def test_an_answer_is_kept_for_the_token_that_got_it(crowd: Crowd, route: Route) -> None:
    """Whoever else sends the same request with the same key gets an answer of its own, as with a new key."""
    resource, path = route.resource, route.path.strip("/")
    for who in CALLERS:
        if Reader(who).actor not in offered(route):
            continue
        things = [
            (*owner, str(row["id"]))
            for owner in owners(crowd, resource)
            for row in rows_at(crowd, resource, owner, visible(crowd, who, resource.noun.path))
        ]
        for chain in things:
            where = address(path, *chain)
            key = f"{who} {where}"
            first = crowd.call(who, route.method, where, {}, idempotency_key=key)
            if first.status != 200:
                continue
            again = crowd.call(who, route.method, where, {}, idempotency_key=key)
            assert (again.headers.get("idempotent-replayed"), again.body) == ("true", first.body)
            for other in CALLERS:
                if other == who:
                    continue
                reply = crowd.call(other, route.method, where, {}, idempotency_key=key)
                fresh = crowd.call(other, route.method, where, {}, prefer="dry-run")
                assert "idempotent-replayed" not in reply.headers
                assert reply.status == fresh.status, (other, reply.body)
                if reply.status != 200:
                    assert alike(reply) == alike(fresh)
                else:
                    require_seen(resource.noun, Reader(other).actor, reply.json)
            break
        else:
            pytest.fail(f"{who} could change nothing")


@pytest.mark.parametrize("resource", [pytest.param(each, id=each.address) for each in LISTS])
def test_a_count_is_of_its_caller(crowd: Crowd, resource: Resource) -> None:
    """Counts may be kept for a while: asked in turn, nobody gets the count of another."""
    if resource.noun.path in GROWING:
        return
    for _ in range(2):
        for owner in owners(crowd, resource)[:2]:
            for who in (*CALLERS, *reversed(CALLERS)):
                if may_list(who, resource) and owner_is_seen(crowd, who, resource, owner):
                    where = address(resource.address, *owner)
                    said = json.loads(crowd.get(who, f"{where}?limit=1").body)["$meta"]["pagination"]["total"]
                    assert said == crowd.total(who, where) == len(crowd.list(who, f"{where}?select=-*,id"))
