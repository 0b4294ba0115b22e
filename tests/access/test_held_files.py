"""A file is for those who may see the thing that holds it, and for nobody else."""

import pytest

from entrepot.kernel.resource import Resource
from entrepot.offers import OFFERS
from tests.access.crowd import CALLERS, LIMITED, Crowd, address, alike, limited_token
from tests.access.oracle import Reader, visible
from tests.access.test_addresses import never_like
from tests.access.test_rows import owner_is_seen, owners, rows_at

HOLDING = [
    each for each in OFFERS if each.noun.file is not None and each.noun.file.name == "file" and not each.lists_only
]
"""Icons have addresses of their own."""

EACH = [pytest.param(resource, who, id=f"{resource.address} by {who}") for resource in HOLDING for who in CALLERS]


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_who_sees_a_thing_has_its_file_and_nobody_else(crowd: Crowd, resource: Resource, who: str) -> None:
    """Nothing in headers either: the crowd looks for marks there too."""
    seen = {row["id"] for row in visible(crowd, who, resource.noun.path)}
    given = hidden = 0
    for owner in owners(crowd, resource):
        for row in rows_at(crowd, resource, owner, crowd.rows[resource.noun.path]):
            if row["file_key"] is None:
                continue
            path, never = f"{address(resource.address, *owner)}/{row['id']}", never_like(row["id"])
            reply = crowd.call(who, "GET", path, accept=row["content_type"])
            if row["id"] in seen and owner_is_seen(crowd, who, resource, owner):
                assert (reply.status, len(reply.body)) == (200, row["size"])
                given += 1
                continue
            none = crowd.call(who, "GET", path.replace(row["id"], never), accept=row["content_type"])
            assert reply.status == 404
            assert alike(reply, row["id"], *owner) == alike(none, never, *owner)
            head = crowd.call(who, "HEAD", path, accept=row["content_type"])
            assert (head.status, head.headers["content-type"]) == (404, "application/problem+json")
            hidden += 1
    assert given or Reader(who).actor not in resource.reads
    assert hidden or who == "operations"


@pytest.mark.parametrize("who", LIMITED)
def test_a_token_without_the_module_has_no_file(crowd: Crowd, who: str) -> None:
    for resource in HOLDING:
        for owner in owners(crowd, resource):
            for row in rows_at(crowd, resource, owner, crowd.rows[resource.noun.path])[:1]:
                path = f"{address(resource.address, *owner)}/{row['id']}"
                plain = crowd.call(limited_token(who), "GET", path)
                reply = crowd.call(limited_token(who), "GET", path, accept="application/pdf")
                assert reply.status == plain.status if plain.status != 200 else reply.status in (200, 406)
                if who != "marketplace only":
                    assert reply.status == 403
