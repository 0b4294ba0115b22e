"""Every state of an order against every action and every actor, over HTTP, by a table written from the specification.

The table is not read from the code: it is what the code is held against.
"""

import pytest

from tests.party import Api, ok
from tests.serving import Served
from tests.world import USER, order_line_of, purchase

STATES = ("Draft", "Quoted", "Processing", "Querying", "Completed", "Failed", "Deleted")
ACTORS = ("client", "vendor", "operations")

C, V, O = ACTORS  # noqa: E741
CV, CO, VO, CVO = f"{C} {V}", f"{C} {O}", f"{V} {O}", f"{C} {V} {O}"

ALLOWED = [
    # action     from          by      to             its agreement is then   (spec 2.2 and 2.4)
    ("quote",    "Draft",      C,      "Quoted",      "Draft"),
    ("process",  "Draft",      C,      "Processing",  "Provisioning"),
    ("process",  "Quoted",     C,      "Processing",  "Provisioning"),
    ("process",  "Querying",   CVO,    "Processing",  "Provisioning"),
    ("query",    "Processing", V,      "Querying",    "Provisioning"),
    ("complete", "Processing", V,      "Completed",   "Active"),
    ("fail",     "Processing", VO,     "Failed",      "Failed"),
    ("fail",     "Querying",   O,      "Failed",      "Failed"),
    ("delete",   "Draft",      CVO,    "Deleted",     "Deleted"),
    ("delete",   "Quoted",     CVO,    "Deleted",     "Deleted"),
    ("validate", "Draft",      CVO,    "Draft",       "Draft"),
    ("validate", "Querying",   CVO,    "Querying",    "Provisioning"),
    ("update",   "Draft",      CV,     "Draft",       "Draft"),
    ("update",   "Draft",      O,      "Quoted",      "Draft"),
    ("update",   "Quoted",     CVO,    "Quoted",      "Draft"),
    ("update",   "Processing", CVO,    "Processing",  "Provisioning"),
    ("update",   "Querying",   CVO,    "Querying",    "Provisioning"),
    ("update",   "Completed",  CVO,    "Completed",   "Active"),
    ("update",   "Failed",     CVO,    "Failed",      "Failed"),
    ("update",   "Deleted",    CVO,    "Deleted",     "Deleted"),
    ("update",   "Deleted",    CVO,    "Deleted",     "Deleted"),
    ("notify",   "Draft",      CO,     "Draft",       "Draft"),
    ("notify",   "Quoted",     CO,     "Quoted",      "Draft"),
    ("notify",   "Processing", CO,     "Processing",  "Provisioning"),
    ("notify",   "Querying",   CO,     "Querying",    "Provisioning"),
    ("notify",   "Completed",  CO,     "Completed",   "Active"),
    ("notify",   "Failed",     CO,     "Failed",      "Failed"),
]  # fmt: skip

AGREEMENT_OF = {
    "Draft": "Draft",
    "Quoted": "Draft",
    "Processing": "Provisioning",
    "Querying": "Provisioning",
    "Completed": "Active",
    "Failed": "Failed",
    "Deleted": "Deleted",
}
ACTIONS = tuple(dict.fromkeys(action for action, *_ in ALLOWED))
BODIES = {"fail": {"statusNotes": {"message": "Not to be had."}}, "notify": {"userId": USER}, "update": {}}
SUCCESS = {"delete": 204, "notify": 204}


def expected(action: str, state: str, actor: str) -> tuple[int, str, str]:
    """The status of the answer, the order's state and its agreement's afterwards."""
    for each, source, by, target, agreement in ALLOWED:
        if (each, source) == (action, state) and actor in by.split():
            return SUCCESS.get(action, 200), target, agreement
    on_a_row = any(each == action and actor in by.split() for each, _, by, _, _ in ALLOWED)
    return (409 if on_a_row else 403), state, AGREEMENT_OF[state]


CASES = [(action, state, actor) for action in ACTIONS for state in STATES for actor in ACTORS]
NUMBERED = [pytest.param(number, *case, id="-".join(case)) for number, case in enumerate(CASES)]
STRANGERS = ("other client", "other vendor")
FOREIGN = [(action, state, actor) for action in ACTIONS for state in STATES for actor in STRANGERS]


def order_of(number: int) -> str:
    return f"/commerce/orders/ORD-7{number:03d}-0001-0001"


@pytest.fixture(scope="module")
def orders(served: Served) -> None:
    """An order of its own for each case, and after them one in each state for strangers and other tests."""
    wanted = [state for _, state, _ in CASES]
    served.load(line for number, state in enumerate((*wanted, *STATES)) for line in order_line_of(state, number))


def act(api: Api, actor: str, action: str, path: str, **headers: str):
    party = api(actor)
    if action == "delete":
        return party.delete(path, **headers)
    if action == "update":
        return party.put(path, BODIES["update"], **headers)
    return party.post(f"{path}/{action}", BODIES.get(action), **headers)


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(("number", "action", "state", "actor"), NUMBERED)
def test_an_action_is_open_to_whom_the_specification_says_and_when(api, number, action, state, actor):
    status, target, agreement = expected(action, state, actor)
    before = ok(api("operations").get(order_of(number)))
    assert before["status"] == state
    reply = act(api, actor, action, order_of(number))
    assert reply.status == status, reply.json
    after = ok(api("operations").get(order_of(number)))
    assert (after["status"], after["agreement"]["status"]) == (target, agreement)
    if status >= 400:
        assert after == before
        assert reply.json["status"] == status and reply.json["detail"]


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(("action", "state", "actor"), FOREIGN)
def test_an_order_of_others_is_not_there_whatever_its_state(api, action, state, actor):
    """404 goes before 403: a vendor who may not quote at all is not told that there is something to quote."""
    path = order_of(len(CASES) + STATES.index(state))
    reply = act(api, actor, action, path)
    assert (reply.status, reply.json["title"]) == (404, "Not Found")
    assert api(actor).get(path).status == 404


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("state", STATES)
def test_every_party_sees_the_order_in_every_state(api, state):
    for actor in ACTORS:
        path = order_of(len(CASES) + STATES.index(state))
        assert ok(api(actor).get(path))["status"] == state
        listed = ok(api(actor).get(f"/commerce/orders?eq(id,{path[-18:]})&select=-*,status"))
        assert [each["status"] for each in listed["data"]] == [state]


# Which refusal goes first (contract, Answers) ---------------------------------------------------------


@pytest.mark.usefixtures("orders")
def test_refusals_come_in_their_order(api):
    draft, processing = (order_of(len(CASES) + STATES.index(state)) for state in ("Draft", "Processing"))
    bad = {"statusNotes": {"message": 5}}
    stale = '"999"'
    assert api("client").post("/commerce/orders/ORD-0000-0000/complete", bad, if_match=stale).status == 404
    assert api("client").post(f"{draft}/complete", bad, if_match=stale).status == 403
    assert api("vendor").post(f"{draft}/complete", bad, if_match=stale).status == 412
    assert api("vendor").post(f"{draft}/fail", bad).status == 409
    assert api("vendor").post(f"{processing}/fail", bad).status == 400


# Creating ---------------------------------------------------------------------------------------------

BIRTHS = [
    # as           the order is     its agreement     and its text
    (None,         "Draft",         "Draft",          None),
    ("Draft",      "Draft",         "Draft",          None),
    ("Quoted",     "Quoted",        "Draft",          "TPL-5001-0001-0001"),
    ("Processing", "Processing",    "Provisioning",   "TPL-5001-0001-0001"),
    ("processing", "Processing",    "Provisioning",   "TPL-5001-0001-0001"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "order", "agreement", "text"), BIRTHS)
def test_an_order_begins_as_a_draft_a_quote_or_placed(api, status, order, agreement, text):
    reply = api("client").post("/commerce/orders", purchase(status=status))
    made = ok(reply)
    assert (reply.status, made["status"], made["revision"]) == (201, order, 1)
    assert (made["agreement"]["status"], made.get("template", {}).get("id")) == (agreement, text)
    assert reply.headers["location"] == f"/public/v1/commerce/orders/{made['id']}"
    assert {"created", order.lower()} - {"draft"} <= set(made["audit"])
    assert ok(api("client").get(f"/commerce/orders/{made['id']}")) == made


@pytest.mark.parametrize("status", ["Querying", "Completed", "Failed", "Deleted", "New", "", 5])
def test_an_order_begins_as_nothing_else(api, status):
    reply = api("client").post("/commerce/orders", purchase(status=status))
    assert (reply.status, set(reply.json["errors"])) == (400, {"status"})


@pytest.mark.parametrize("actor", ["vendor", "operations"])
def test_only_a_client_begins_a_purchase(api, actor):
    assert api(actor).post("/commerce/orders", purchase()).status == 403
