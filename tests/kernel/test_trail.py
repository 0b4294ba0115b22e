"""The trail tells what changed, field by field, and what happened, in the words that subscribers know."""

from datetime import UTC, date, datetime
from decimal import Decimal

from entrepot.kernel.access import Caller
from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing
from entrepot.kernel.trail import delta, entries, event_name
from tests.kernel.workshop import GADGET, NOUNS, PIECE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_call() -> Call:
    return Call(Caller("client", "ACC-1", "USR-1"), NOUNS, NOW, lambda noun, _: "GAD-0001-0001")


def a_gadget(call: Call, **values) -> Thing:
    now = {each.column: each.default for each in GADGET.all_fields if each.stored}
    now |= {"id": "GAD-0001-0001", "revision": 3, "status": "Draft", **values}
    gadget = Thing(GADGET, now, dict(now))
    gadget.parts.update(pieces=[], friends=[])
    return call.keep(gadget)


def a_piece(call: Call, **values) -> Thing:
    now = {"id": "PIE-1", "revision": 1, "gadget_id": "GAD-0001-0001", "name": "Wheel", "count": 4, "memo": None}
    return call.keep(Thing(PIECE, now | values, now | values))


def told(call: Call) -> list:
    touched = {thing.key: (thing, thing.changed()) for thing in call.things.values() if thing.changed()}
    for happening in call.happenings:
        touched.setdefault(happening.thing.key, (happening.thing, []))
    return entries(call, touched)


def test_a_change_is_told_as_what_was_and_what_is():
    call = a_call()
    gadget = a_gadget(call, name="Old", size=1, weight=Decimal("1.50"), maker_id=None)
    gadget.name, gadget.size, gadget.maker_id = "New", None, "MAK-0001"
    (entry,) = told(call)
    assert entry.delta == {"name": ["Old", "New"], "size": [1, None], "maker": [None, "MAK-0001"]}
    assert (entry.kind, entry.object_id, entry.revision, entry.place) == ("workshop/gadgets", "GAD-0001-0001", 3, 0)
    assert (entry.event, entry.name) == ("platform.workshop.gadget.updated", "updated")
    assert (entry.at, entry.actor_id, entry.account_id) == (NOW, "USR-1", "ACC-1")


def test_times_and_documents_are_told_in_their_outside_form():
    call = a_call()
    gadget = a_gadget(call, info={"a": [1]}, starts_at=datetime(2026, 1, 1, tzinfo=UTC), born_on=date(2000, 1, 2))
    gadget.info = {"a": [2]}
    gadget.starts_at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    gadget.born_on = None
    assert delta(gadget, gadget.changed()) == {
        "info": [{"a": [1]}, {"a": [2]}],
        "startsAt": ["2026-01-01T00:00:00.000Z", "2026-01-02T03:04:05.678Z"],
        "bornOn": ["2000-01-02", None],
    }


def test_what_is_set_to_what_it_was_is_no_change():
    call = a_call()
    gadget = a_gadget(call, info={"a": 1}, weight=Decimal("1.50"), name="Old")
    gadget.info, gadget.weight, gadget.name = {"a": 1}, Decimal("1.5"), "Old"
    assert gadget.changed() == []


def test_secrets_revisions_and_the_audit_itself_are_not_told():
    call = a_call()
    gadget = a_gadget(call)
    gadget.password = "sesame"
    gadget.now["revision"] = 4
    call.stamp(gadget, "updated")
    assert set(gadget.changed()) >= {"password", "revision", "audit_updated_at"}
    assert delta(gadget, gadget.changed()) == {}


def test_a_new_thing_is_created_and_what_it_began_with_is_not_told():
    call = a_call()
    call.new(GADGET, status="Draft", name="New")
    (entry,) = told(call)
    assert (entry.event, entry.delta) == ("platform.workshop.gadget.created", {})


def test_a_move_is_a_change_of_status_and_told_with_it():
    call = a_call()
    gadget = a_gadget(call)
    call.move(gadget, "judge")
    (entry,) = told(call)
    assert (entry.event, entry.delta) == ("platform.workshop.gadget.status_changed", {"status": ["Draft", "Judged"]})


def test_each_further_happening_of_a_command_has_a_place_of_its_own_in_the_same_revision():
    call = a_call()
    gadget = a_gadget(call)
    call.move(gadget, "judge")
    call.record("gadget.judged", gadget, by="hand")
    call.record("gadget.praised", gadget)
    call.record("gadget.polished", gadget, shine=2)
    found = told(call)
    assert [(e.revision, e.place, e.name) for e in found] == [
        (3, 0, "gadget.judged"),
        (3, 1, "gadget.praised"),
        (3, 2, "gadget.polished"),
    ]
    assert [e.details for e in found] == [{"by": "hand"}, {}, {"shine": 2}]
    assert found[0].delta and not found[1].delta
    assert found[1].event == "platform.workshop.gadget.praised"


def test_what_changed_on_a_piece_is_told_with_its_owner():
    call = a_call()
    gadget, piece = a_gadget(call), a_piece(call)
    piece.count = 3
    call.record("gadget.reduced", gadget)
    (entry,) = told(call)
    assert entry.object_id == "GAD-0001-0001"
    assert entry.delta == {"lines": {"PIE-1": {"count": [4, 3]}}}


def test_two_happenings_are_told_of_each_thing_apart():
    call = a_call()
    one, other = a_gadget(call), a_gadget(call, id="GAD-0002-0002")
    call.record("gadget.seen", one)
    call.record("gadget.seen", other)
    assert [(e.object_id, e.place) for e in told(call)] == [("GAD-0001-0001", 0), ("GAD-0002-0002", 0)]


def test_events_are_named_by_room_and_noun():
    assert event_name(GADGET, "judged") == "platform.workshop.gadget.judged"
