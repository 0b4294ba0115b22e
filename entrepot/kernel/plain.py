"""Verbs without a rule of their own: a thing is made, changed, moved and ended just as it is declared.

A noun with a rule puts it beside `begin`, `write` and `require` in a verb of its own.
"""

from collections.abc import Iterable

from entrepot.kernel.body import ABSENT, Body, apply, writable
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import CREATE
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Verb
from entrepot.kernel.thing import Thing


def begin(call: Call, noun: Noun, body: Body, /, **values: object) -> Thing:
    """A new thing as the body tells it, below the owner in the address, with the file that came along.

    `values` are those that the body does not tell. What is required and not there is a fault.
    """
    if noun.owner and call.owner_id:
        values.setdefault(noun.owner_column, call.owner_id)
    elif noun.ids is not None and noun.ids.child_of:
        parent = noun.field(noun.ids.child_of)
        parent_id = values.get(parent.column) or named(body, parent.name)
        if (parent.target, parent_id) in call.visible:
            values[parent.column] = parent_id
        elif parent.column not in values:  # a fault, told below: nothing is numbered within it
            values["id"] = ""
    if noun.life is not None and len(noun.life.initial) == 1:
        values.setdefault("status", noun.life.initial[0])
    thing = call.new(noun, **values)
    apply(call, thing, body, CREATE)
    require(call, thing, body)
    take_file(call, thing)
    return thing


def write(call: Call, thing: Thing, body: Body) -> None:
    """What the body says of a thing that is there, and the file that came along.

    Raises Conflict where nothing of it is the caller's to write in the state that it is in.
    """
    state = str(thing.get("status", ""))
    if next(writable(thing.noun, call.caller.actor, state), None) is None:
        raise Conflict(f"{thing.noun.name} {thing.id} is {state}; it cannot be changed now.")
    apply(call, thing, body)
    take_file(call, thing)


def require(call: Call, thing: Thing, body: Body) -> None:
    """Each required field that the caller could have told must have a value."""
    for each in thing.noun.fields:
        if not each.required or not each.writable(call.caller.actor, CREATE):
            continue
        value = body.dig(call, each.path)
        if value is ABSENT and each.stored and thing.now[each.column] is None:
            call.missing(body.path(each.name))


def take_file(call: Call, thing: Thing) -> None:
    """The thing holds the file that came with the request, if one did."""
    if call.file is not None:
        call.hold(thing)


def take_over(call: Call, thing: Thing, others: Iterable[Thing], column: str = "is_default") -> None:
    """Where the thing is the one of several that is marked so, whichever was is it no more.

    That there are never two is for a constraint as well; that there is one is why the thing must stay as it is.
    """
    if not thing.now[column]:
        return
    call.rely(thing)
    for other in others:
        if other.id != thing.id:
            setattr(other, column, False)


def create(noun: Noun, **values: object) -> Verb:
    """The verb that makes one, in the first state of its life."""

    def run(call: Call, _: None, body: Body, got: None) -> Thing:
        return begin(call, noun, body, **values)

    return run


def update(call: Call, thing: Thing, body: Body, got: None) -> None:
    """What is given is written, as far as it is the caller's to write."""
    write(call, thing, body)


def step(verb: str) -> Verb:
    """The verb that makes one move of the life. What the body says is written first, where it may be."""

    def run(call: Call, thing: Thing, body: Body, got: object) -> None:
        apply(call, thing, body)
        call.move(thing, verb)

    return run


def remove(call: Call, thing: Thing, body: None, got: object) -> None:
    """It is deleted: gone for everybody, and kept for what refers to it."""
    call.move(thing, "delete")


def erase(call: Call, thing: Thing, body: None, got: object) -> None:
    """It is gone for good, with the file that it held."""
    call.record(f"{thing.noun.word.replace(' ', '_')}.deleted", thing)
    call.erase(thing)


def named(body: Body, name: str) -> str | None:
    """The id that a reference names, for loading what it is about; what is wrong with it is told when it is written."""
    inner = body.get(name)
    found = inner.get("id") if isinstance(inner, dict) else None
    return found if isinstance(found, str) and "\0" not in found else None
