"""What a verb may do with a call in its hand: move, stamp, record, make and erase; nothing is written by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from entrepot.kernel.access import Caller
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.thing import Thing
from tests.kernel.workshop import GADGET, MAKER, NOUNS, PIECE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_call(actor: str = "client") -> Call:
    return Call(Caller(actor, "ACC-1", "USR-1"), NOUNS, NOW, lambda noun, _: f"{noun.ids.prefix}-0001-0001")


def a_gadget(call: Call, status: str = "Draft") -> Thing:
    now = {each.column: each.default for each in GADGET.all_fields if each.stored}
    now |= {"id": "GAD-0001-0001", "revision": 3, "status": status}
    gadget = Thing(GADGET, now, dict(now))
    gadget.parts.update(pieces=[], friends=[])
    return call.keep(gadget)


def test_a_move_writes_the_status_and_who_did_it_when():
    call = a_call()
    gadget = a_gadget(call)
    assert call.move(gadget, "judge") == "Draft"
    assert (gadget.status, gadget.audit_judged_at, gadget.audit_judged_by_id) == ("Judged", NOW, "USR-1")
    assert set(gadget.changed()) == {"status", "audit_judged_at", "audit_judged_by_id"}


def test_a_move_that_may_not_be_is_refused_and_leaves_everything():
    call = a_call()
    for status, verb, refusal in (("Judged", "judge", Conflict), ("Draft", "scrap", Forbidden)):
        gadget = a_gadget(a_call(), status)
        with pytest.raises(refusal):
            call.move(gadget, verb)
        assert gadget.changed() == []


def test_the_platform_moves_where_it_is_on_the_row():
    call = a_call("client")
    gadget = a_gadget(call, "Judged")
    with pytest.raises(Forbidden):
        call.move(gadget, "reopen")
    call.move(gadget, "reopen", by="kernel")
    assert gadget.status == "Draft"


def test_nothing_but_a_move_writes_a_status():
    gadget = a_gadget(a_call())
    with pytest.raises(AssertionError, match="status is written by a move"):
        gadget.status = "Gone"
    with pytest.raises(AssertionError, match="has no column nonsense"):
        gadget.nonsense = 1


def test_a_thing_without_a_life_does_not_move():
    call = a_call()
    maker = Thing(MAKER, {"id": "MAK-0001"}, {"id": "MAK-0001"})
    with pytest.raises(AssertionError, match="Maker has no life"):
        call.move(maker, "judge")


def test_a_new_thing_is_drawn_an_id_and_born_as_its_life_says():
    call = a_call()
    gadget = call.new(GADGET, status="Draft", name="Cart")
    assert (gadget.id, gadget.is_new, gadget.active, gadget.pieces, gadget.friends) == (
        "GAD-0001-0001",
        True,
        False,
        [],
        [],
    )
    assert (gadget.audit_created_at, gadget.audit_created_by_id) == (NOW, "USR-1")
    assert call.new(PIECE, id="PIE-7", gadget_id=gadget.id).id == "PIE-7"
    with pytest.raises(AssertionError, match="Gadget is not born Judged"):
        call.new(GADGET, status="Judged")


def test_a_thing_is_kept_once_and_its_parts_with_it():
    call = a_call()
    piece = Thing(PIECE, {"id": "PIE-1", "gadget_id": "GAD-0001-0001"}, {})
    first, second = a_gadget(call), a_gadget(a_call())
    first.parts["pieces"] = [piece]
    assert call.keep(first) is first
    assert call.keep(second) is first
    assert call.things[piece.key] is piece


def test_what_is_erased_is_not_written():
    call = a_call()
    gadget = a_gadget(call)
    call.erase(gadget)
    assert (call.erased, call.things) == ([gadget], {})


def test_work_falls_due_by_the_business_clock_of_the_call():
    call = a_call()
    call.due("polish", a_gadget(call), call.now + timedelta(hours=2))
    (due,) = call.dues
    assert (due.job, due.thing_id, due.at) == ("polish", "GAD-0001-0001", datetime(2026, 3, 1, 14, tzinfo=UTC))


def test_a_list_of_references_is_set_as_a_whole():
    call = a_call()
    gadget = a_gadget(call)
    call.link(gadget, "friends", ("MAK-0002", "MAK-0001"))
    assert gadget.friends == ["MAK-0002", "MAK-0001"]
    assert call.links == {("friends", "GAD-0001-0001"): ["MAK-0002", "MAK-0001"]}


def test_an_attribute_that_is_no_column_is_an_error_and_not_nothing():
    gadget = a_gadget(a_call())
    with pytest.raises(AttributeError, match="Gadget has no nonsense"):
        _ = gadget.nonsense
    assert gadget.get("nonsense", "else") == "else"
