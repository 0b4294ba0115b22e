"""A life is a table: what is wrong with it shows at start-up, and every move is refused but those in it."""

from itertools import pairwise

import pytest

from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.machine import Machine, move

LIFE = Machine(
    initial="Draft Quoted",
    final="Done Gone",
    moves=(
        move("quote", "Draft", "Quoted", "client"),
        move("place", "Draft Quoted", "Open", "client"),
        move("finish", "Open", "Done", "vendor"),
        move("drop", "Draft Quoted", "Gone", "client vendor"),
        move("drop", "Open", "Gone", "operations"),
    ),
)


def test_states_come_in_the_order_of_the_table():
    assert LIFE.states == ("Draft", "Quoted", "Open", "Done", "Gone")
    assert LIFE.verbs() == ("quote", "place", "finish", "drop")


def test_a_state_that_no_move_leads_to_is_refused_at_start_up():
    with pytest.raises(AssertionError, match=r"no move leads to \['Limbo'\]"):
        Machine(initial="Draft", final="Done", moves=(move("end", "Draft Limbo", "Done", "client"),))


def test_a_ring_of_states_that_only_lead_to_one_another_is_unreachable_too():
    rows = (
        move("a", "One", "Two", "client"),
        move("b", "Two", "One", "client"),
        move("end", "Draft", "Done", "client"),
    )
    with pytest.raises(AssertionError, match=r"no move leads to \['One', 'Two'\]"):
        Machine(initial="Draft", final="Done", moves=rows)


def test_a_final_state_that_nothing_leads_to_is_refused():
    with pytest.raises(AssertionError, match="no move leads to"):
        Machine(initial="Draft", final="Done Lost", moves=(move("end", "Draft", "Done", "client"),))


def test_a_dead_end_must_be_declared_final():
    with pytest.raises(AssertionError, match="Stuck: final and without a way out"):
        Machine(initial="Draft", moves=(move("end", "Draft", "Stuck", "client"),))


def test_a_final_state_has_no_way_out():
    rows = (move("end", "Draft", "Done", "client"), move("again", "Done", "Draft", "client"))
    with pytest.raises(AssertionError, match="Done: final and without a way out"):
        Machine(initial="Draft", final="Done", moves=rows)


def test_a_long_way_through_the_states_still_counts_as_reachable():
    names = [f"S{n}" for n in range(30)]
    rows = tuple(move("on", a, b, "client") for a, b in reversed(list(pairwise(names))))
    assert len(Machine(initial="S0", final="S29", moves=rows).states) == 30


MOVES = [
    # verb     from      by            what comes of it
    ("quote",  "Draft",  "client",     "Quoted"),
    ("quote",  "Quoted", "client",     Conflict),
    ("quote",  "Draft",  "vendor",     Forbidden),
    ("quote",  "Done",   "vendor",     Forbidden),   # who comes before when
    ("place",  "Quoted", "client",     "Open"),
    ("finish", "Draft",  "vendor",     Conflict),
    ("drop",   "Draft",  "vendor",     "Gone"),
    ("drop",   "Open",   "vendor",     Conflict),    # on a row of the verb, but not from here
    ("drop",   "Open",   "operations", "Gone"),
    ("drop",   "Draft",  "operations", Conflict),
    ("drop",   "Gone",   "operations", Conflict),
    ("drop",   "Draft",  "kernel",     Forbidden),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "state", "actor", "expected"), MOVES)
def test_a_move_is_on_a_row_or_refused(verb, state, actor, expected):
    if isinstance(expected, str):
        assert LIFE.require(verb, state, actor, "gadget 1").target == expected
    else:
        with pytest.raises(expected):
            LIFE.require(verb, state, actor, "gadget 1")


def test_a_refusal_says_where_the_caller_could_have_moved_from():
    with pytest.raises(Conflict, match="Gadget 1 is Done; drop by client is possible from Draft or Quoted only"):
        LIFE.require("drop", "Done", "client", "gadget 1")


def test_the_actors_of_an_action_are_those_on_any_row_of_its_moves():
    assert LIFE.actors("drop") == {"client", "vendor", "operations"}
    assert LIFE.actors("quote", "finish") == {"client", "vendor"}
    assert LIFE.actors("unheard-of") == frozenset()
