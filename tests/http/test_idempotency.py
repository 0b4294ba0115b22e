"""Asking twice without doing it twice, asking what would happen, and asking for one revision alone."""

from typing import Any

import pytest

from tests.party import Api, ok
from tests.purchases import completed, draft, mapped, placed
from tests.serving import Served
from tests.world import OTHER_LICENSEE, purchase

ORDERS = "/commerce/orders"


def path_of(order: Any) -> str:
    return f"{ORDERS}/{order['id']}"


def orders_with(api: Api, notes: str, who: str = "client") -> int:
    return ok(api(who).get(f"{ORDERS}?eq(notes,'{notes}')&limit=0"))["$meta"]["pagination"]["total"]


# The same again ---------------------------------------------------------------------------------------


def test_a_request_that_is_sent_again_is_answered_again_and_not_done_again(api):
    body = purchase(notes="twice")
    first, second = (api("client").post(ORDERS, body, idempotency_key="twice") for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert second.body == first.body and second.etag == first.etag
    assert first.headers.get("idempotent-replayed") is None
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"] == f"/public/v1{ORDERS}/{first.json['id']}"
    assert orders_with(api, "twice") == 1


def test_without_a_key_every_request_counts(api):
    for _ in range(2):
        ok(api("client").post(ORDERS, purchase(notes="keyless")))
    assert orders_with(api, "keyless") == 2


def test_every_kind_of_write_is_kept(api, served):
    order = draft(served)
    path = path_of(order)
    notes = {"notes": "kept"}
    for write in (
        lambda: api("client").put(path, notes, idempotency_key="put"),
        lambda: api("client").post(f"{path}/quote", idempotency_key="act"),
        lambda: api("client").delete(path, idempotency_key="delete"),
    ):
        first, second = write(), write()
        assert first.status in (200, 204) and second.status == first.status
        assert second.body == first.body and second.headers["idempotent-replayed"] == "true"
    assert ok(api("client").get(path))["revision"] == 4


OTHERS = [
    # what differs
    lambda party, path: party.post(ORDERS, purchase(notes="else"), idempotency_key="key"),
    lambda party, path: party.post(f"{ORDERS}?select=id", purchase(), idempotency_key="key"),
    lambda party, path: party.put(path, {"notes": "x"}, idempotency_key="key"),
    lambda party, path: party.post(f"{path}/process", idempotency_key="key"),
    lambda party, path: party.delete(path, idempotency_key="key"),
]


def test_a_key_that_comes_back_with_other_content_is_refused(api, served):
    order = ok(api("client").post(ORDERS, purchase(), idempotency_key="key"))
    for other in OTHERS:
        reply = other(api("client"), path_of(order))
        assert (reply.status, reply.json["title"]) == (422, "Unprocessable Content")
    assert ok(api("client").get(path_of(order)))["revision"] == 1


def test_only_success_is_kept(api, served):
    order = draft(served, lines=[])
    reply = api("client").post(f"{path_of(order)}/process", idempotency_key="later")
    assert reply.status == 400
    line = {"item": {"id": "ITM-5001-0001-0001"}, "quantity": 1}
    ok(api("client").put(path_of(order), {"lines": [line]}))
    again = api("client").post(f"{path_of(order)}/process", idempotency_key="later")
    assert (again.status, again.headers.get("idempotent-replayed")) == (200, None)
    for status, attempt in (
        (404, lambda: api("client").post(f"{ORDERS}/ORD-0000-0000/process", idempotency_key="no")),
        (403, lambda: api("client").post(f"{path_of(order)}/complete", idempotency_key="no")),
        (409, lambda: api("client").post(f"{path_of(order)}/quote", idempotency_key="no")),
        (412, lambda: api("client").put(path_of(order), {}, idempotency_key="no", if_match='"99"')),
    ):
        assert attempt().status == status
    assert served.fetch("select from idempotency where key = 'no'") == []


def test_a_key_belongs_to_one_token(api):
    mine = api("client").post(ORDERS, purchase(notes="mine"), idempotency_key="shared")
    theirs = api("other client").post(
        ORDERS, purchase(notes="theirs", licensee=OTHER_LICENSEE), idempotency_key="shared"
    )
    same_account = api("restricted").post(ORDERS, purchase(notes="mine"), idempotency_key="shared")
    assert [each.status for each in (mine, theirs, same_account)] == [201, 201, 201]
    assert len({each.json["id"] for each in (mine, theirs, same_account)}) == 3


def test_a_key_is_forgotten_after_a_day(api, served: Served):
    first = ok(api("client").post(ORDERS, purchase(notes="day"), idempotency_key="day"))
    served.fetch("update idempotency set created_at = now() - interval '25 hours' where key = 'day'")
    again = api("client").post(ORDERS, purchase(notes="day"), idempotency_key="day")
    assert (again.status, again.headers.get("idempotent-replayed")) == (201, None)
    assert again.json["id"] != first["id"]


@pytest.mark.parametrize("key", ["k" * 256, "tab\there"])
def test_a_key_is_short_and_printable(api, key):
    reply = api("client").post(ORDERS, purchase(), idempotency_key=key)
    assert (reply.status, list(reply.json["errors"])) == (400, ["Idempotency-Key"])


def test_a_get_takes_no_notice_of_a_key(api, served):
    order = draft(served)
    for _ in range(2):
        reply = api("client").get(path_of(order), idempotency_key="get")
        assert (reply.status, reply.headers.get("idempotent-replayed")) == (200, None)


# What would happen ------------------------------------------------------------------------------------

PASSING = {"id_counters"}
"""Numbers that a dry run uses up are not given back; nothing else may be left."""


def everything(served: Served) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and what is in them."""
    tables = served.fetch(
        "select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'api_tokens' order by 1"
    )
    found: dict[str, tuple[int, str]] = {}
    for table in tables:
        name = table["name"]
        if name not in PASSING:
            (row,) = served.fetch(f"select count(*), md5(string_agg(t::text, E'\\n' order by t::text)) from {name} t")
            found[name] = row[0], row[1]
    assert len(found) > 30
    return found


WRITES = {
    # what is tried, and the order on which it is tried
    "create": (lambda s: None, lambda a, o, **h: a("client").post(ORDERS, purchase(status="Processing"), **h)),
    "update": (draft, lambda a, o, **h: a("client").put(path_of(o), {"notes": "dry", "lines": []}, **h)),
    "process": (draft, lambda a, o, **h: a("client").post(f"{path_of(o)}/process", {"notes": "dry"}, **h)),
    "query": (placed, lambda a, o, **h: a("vendor").post(f"{path_of(o)}/query", **h)),
    "complete": (mapped, lambda a, o, **h: a("vendor").post(f"{path_of(o)}/complete", **h)),
    "fail": (
        mapped,
        lambda a, o, **h: a("operations").post(f"{path_of(o)}/fail", {"statusNotes": {"message": "x"}}, **h),
    ),
    "delete": (draft, lambda a, o, **h: a("client").delete(path_of(o), **h)),
    "validate": (draft, lambda a, o, **h: a("client").post(f"{path_of(o)}/validate", {"notes": "dry"}, **h)),
}


def without_what_passes(document: Any) -> Any:
    """A document without times and drawn ids: those differ from one run to the next."""
    if isinstance(document, dict):
        passing = ("at", "id", "href", "startDate", "commitmentDate", "accepted")
        return {key: without_what_passes(value) for key, value in document.items() if key not in passing}
    return [without_what_passes(each) for each in document] if isinstance(document, list) else document


@pytest.mark.parametrize("name", WRITES)
def test_a_dry_run_gives_the_answer_and_leaves_nothing(api, served, name):
    begin, write = WRITES[name]
    order = begin(served)
    before = everything(served)
    dry = write(api, order, prefer="dry-run", idempotency_key=f"dry {name}")
    assert dry.headers["preference-applied"] == "dry-run"
    assert everything(served) == before
    real = write(api, order, idempotency_key=f"dry {name}")
    assert (real.status, real.headers.get("idempotent-replayed")) == (dry.status, None)
    assert "preference-applied" not in real.headers
    assert without_what_passes(real.json) == without_what_passes(dry.json)
    assert everything(served) != before


def test_a_dry_run_is_refused_as_the_real_one_would_be(api, served):
    order = completed(served)
    for status, attempt in (
        (404, lambda: api("other vendor").post(f"{path_of(order)}/query", prefer="dry-run")),
        (403, lambda: api("client").post(f"{path_of(order)}/complete", prefer="dry-run")),
        (409, lambda: api("vendor").post(f"{path_of(order)}/complete", prefer="dry-run")),
        (400, lambda: api("client").post(ORDERS, purchase(lines=[5]), prefer="dry-run")),
        (412, lambda: api("client").put(path_of(order), {}, prefer="dry-run", if_match='"1"')),
    ):
        assert attempt().status == status


def test_a_dry_run_of_what_does_not_exist_yet_names_no_place_to_find_it(api):
    reply = api("client").post(ORDERS, purchase(), prefer="return=representation, dry-run")
    assert (reply.status, "location" in reply.headers) == (201, False)
    assert api("client").get(f"{ORDERS}/{reply.json['id']}").status == 404


# One revision alone -----------------------------------------------------------------------------------


def test_the_etag_is_the_revision(api, served):
    order = draft(served)
    for reply in (
        api("client").get(path_of(order)),
        api("client").put(path_of(order), {"notes": "x"}),
        api("client").post(f"{path_of(order)}/process"),
    ):
        assert reply.etag == f'"{reply.json["revision"]}"'
        assert reply.headers["cache-control"] == "private, no-store"


MATCHES = [
    # If-Match              at revision 1 is
    ('"1"',                 200),
    ('W/"1"',               200),
    ('"7", "1"',            200),
    ("*",                   200),
    ('"2"',                 412),
    ('"0"',                 412),
    ("1",                   412),
    ('"11"',                412),
    ("nonsense",            412),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "status"), MATCHES)
def test_a_write_may_be_meant_for_one_revision(api, served, tag, status):
    order = draft(served)
    reply = api("client").put(path_of(order), {"notes": "x"}, if_match=tag)
    assert reply.status == status
    if status == 412:
        assert "is at revision 1" in reply.json["detail"]
        assert "notes" not in ok(api("client").get(path_of(order)))
    other = api("client").delete(path_of(draft(served)), if_match=tag)
    assert other.status == (204 if status == 200 else 412)
