"""What the doors settle before anything is loaded: when two requests are the same, and which tokens may come in."""

import asyncio

import pytest

from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Options, fingerprint
from entrepot.kernel.errors import Forbidden, Invalid
from entrepot.kernel.resource import Action, Resource, create, remove, update
from entrepot.kernel.shape import Shapes
from tests.kernel.workshop import GADGET, NOUNS

REQUEST = ("POST", "/public/v1/commerce/orders", "", b'{"a":1}')


def test_the_same_request_has_the_same_fingerprint():
    assert fingerprint(*REQUEST) == fingerprint(*REQUEST)


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", REQUEST[1], "", REQUEST[3]),
        ("POST", "/public/v1/commerce/order", "", REQUEST[3]),
        ("POST", REQUEST[1], "select=id", REQUEST[3]),
        ("POST", REQUEST[1], "", b'{"a": 1}'),
        ("POST", REQUEST[1], "", b""),
        ("POST", REQUEST[1] + '{"a"', "", b":1}"),
        ("POST/public", "/v1/commerce/orders", "", REQUEST[3]),
    ],
)
def test_whatever_differs_makes_another_request(other):
    """Also where the pieces, set side by side, would read the same."""
    assert fingerprint(*REQUEST) != fingerprint(*other)


class NoStore:
    """A store that must not be asked."""

    def session(self):
        raise AssertionError("nothing is loaded for a request that is refused at the door")

    def reveal(self, secret):
        return secret

    replay = session


def nothing(*_):
    return None


RESOURCE = Resource(
    GADGET,
    create=create(nothing, by="client"),
    update=update(nothing, by="client"),
    remove=remove(nothing, moves="scrap"),
    actions=(Action("judge", nothing, moves="judge"),),
    lists=frozenset(("operations",)),
)
DOORS = Doors(NOUNS, Shapes(NOUNS), NoStore())  # pyright: ignore[reportArgumentType]


def the_doors(caller):
    options = Options(idempotency_key="k")
    return {
        "search": lambda: DOORS.search(caller, RESOURCE, b""),
        "get": lambda: DOORS.get(caller, RESOURCE, "GAD-1"),
        "create": lambda: DOORS.create(caller, RESOURCE, {}, options),
        "update": lambda: DOORS.update(caller, RESOURCE, "GAD-1", {}, options),
        "act": lambda: DOORS.act(caller, RESOURCE, RESOURCE.actions[0], "GAD-1", {}, options),
        "remove": lambda: DOORS.remove(caller, RESOURCE, "GAD-1", options),
    }


@pytest.mark.parametrize("door", ["search", "get", "create", "update", "act", "remove"])
def test_no_door_opens_to_a_token_without_the_module(door):
    caller = Caller("operations", "ACC-1", "TKN-1", modules=frozenset(("accounts",)))
    with pytest.raises(Forbidden, match="no module for workshop"):
        asyncio.run(the_doors(caller)[door]())


def test_who_may_not_list_is_refused_before_anything_is_read():
    with pytest.raises(Forbidden, match="Client may not list workshop/gadgets"):
        asyncio.run(DOORS.search(Caller("client", "ACC-1", "TKN-1"), RESOURCE, b""))


def test_a_query_that_cannot_be_read_is_bad_content_keyed_by_its_token():
    with pytest.raises(Invalid) as refusal:
        asyncio.run(DOORS.search(Caller("operations", "ACC-1", "TKN-1"), RESOURCE, b"mistake(a,b)"))
    assert refusal.value.errors == {"mistake": ["Unknown expression group."]}


def test_who_is_on_no_row_is_read_from_the_life():
    assert RESOURCE.actions[0].actors(GADGET) == {"client", "vendor"}
    assert RESOURCE.remove is not None and RESOURCE.remove.actors(GADGET) == {"vendor"}
    assert RESOURCE.create is not None and RESOURCE.create.actors(GADGET) == {"client"}


def test_what_only_the_platform_does_is_offered_to_nobody():
    assert Action("reopen", nothing, moves="reopen").actors(GADGET) == {"vendor"}
