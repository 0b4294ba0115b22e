"""Requests: something is asked of a vendor or of operations that is no order, with words and documents (spec 3.7)."""

from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.storage.embedded import Embedded
from tests.orders import live
from tests.parts import PDF, Part
from tests.party import Party, ok
from tests.purchases import Document
from tests.serving import Reply, Served, serving
from tests.world import ACCOUNTS, OTHER_PRODUCT, PRODUCT, RESTRICTED_USER, USER, refer

REQUESTS = "/commerce/requests"
CLIENT, OTHER_CLIENT, VENDOR, OTHER_VENDOR, OPERATIONS = (
    ACCOUNTS[who][0] for who in ("client", "other client", "vendor", "other vendor", "operations")
)
BELOW = f"catalog/products/{PRODUCT}"
REASON, DAY, HIDDEN = (f"PAR-5001-0001-002{n}" for n in (1, 2, 3))
ALL = {"client": True, "operations": True, "vendor": True}
FILE = Part("file", b"%PDF-1.7 content", PDF, "plan.pdf")


def questions() -> Iterator[dict[str, Any]]:
    """What the product asks of whoever makes a request, and what it tells them."""
    for number, (parameter, name, kind, constraints) in enumerate((
        (REASON, "reason", "SingleLineText", {"required": True}),
        (DAY, "day", "Date", {"required": False}),
        (HIDDEN, "inside", "SingleLineText", {"required": False, "hidden": True}),
    )):  # fmt: skip
        yield {"$kind": f"{BELOW}/parameters", "id": parameter, "name": name.title(), "description": f"The {name}.",
               "externalId": name, "type": kind, "phase": "Order", "scope": "Request", "constraints": constraints,
               "displayOrder": number, "status": "Active"}  # fmt: skip
    yield {"$kind": f"{BELOW}/templates", "id": "TPL-5001-0001-0021", "name": "Asked", "type": "RequestProcessing",
           "default": True, "content": "Because {{ reason }}, {{ inside }}."}  # fmt: skip
    yield {"$kind": "catalog/products", "id": "PRD-5001-0009", "name": "Deaf", "vendor": refer(VENDOR),
           "status": "Published", "settings": {"productRequests": {"enabled": False}}}  # fmt: skip
    yield {"$kind": "accounts/accounts", "id": "ACC-3009-0001", "name": "Gone", "type": "Vendor", "status": "Disabled"}
    yield {"$kind": "accounts/users", "id": "USR-3001-0001", "name": "Vic", "accounts": [refer(VENDOR)],
           "email": "vic@vendor.example", "status": "Active"}  # fmt: skip


@pytest.fixture(scope="module")
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    with serving(cluster, template) as server:
        server.load(questions())
        live(server)
        yield server


def asking(**more: Any) -> Document:
    """The body of a request to the vendor about its product."""
    return {
        "from": refer(CLIENT), "to": refer(VENDOR), "name": "Move us", "status": "Processing",
        "product": refer(PRODUCT), "parameters": [{"parameterDefinitionId": REASON, "value": "We moved"}],
    } | more  # fmt: skip


def asked(served: Served, who: str = "client", **more: Any) -> Document:
    return ok(served.call(who, "POST", REQUESTS, asking(**more)))


def at(request: Document, *more: str) -> str:
    return "/".join((REQUESTS, request["id"], *more))


def state(served: Served, request: Document) -> str:
    return ok(served.call("operations", "GET", at(request)))["status"]


def step(served: Served, who: str, request: Document, verb: str, body: object = None) -> Reply:
    return served.call(who, "POST", at(request, verb), body)


# Made -------------------------------------------------------------------------------------------------


def test_a_client_asks_the_vendor_of_a_product(served: Served) -> None:
    made = asked(served, externalId="X-1", requester=refer(USER), assignee=refer("USR-3001-0001"), error="mine")
    assert made["id"].startswith("REQ-") and len(made["id"]) == 18
    assert {name: made[name] for name in ("name", "status", "externalId")} == {
        "name": "Move us", "status": "Processing", "externalId": "X-1"}  # fmt: skip
    assert {name: made[name]["id"] for name in ("from", "to", "client", "vendor", "product", "requester")} == {
        "from": CLIENT, "to": VENDOR, "client": CLIENT, "vendor": VENDOR, "product": PRODUCT, "requester": USER,
    }  # fmt: skip
    assert "error" not in made and "assignee" not in made
    assert set(made["audit"]) >= {"created", "processing"} and made["messages"] == []
    assert made["parameters"][0] == {
        "id": REASON, "externalId": "reason", "title": "Reason", "description": "The reason.", "value": "We moved",
        "displayOrder": 0, "constraints": {"isReadonly": False, "isOptional": False},
    }  # fmt: skip
    assert [each["id"] for each in made["parameters"]] == [REASON, DAY]
    seen = {who: ok(served.call(who, "GET", at(made))) for who in ("client", "vendor", "operations")}
    assert [each["id"] for each in seen["vendor"]["parameters"]] == [REASON, DAY, HIDDEN]
    assert ok(served.call("vendor", "GET", f"{REQUESTS}?eq(id,{made['id']})"))["data"][0]["name"] == "Move us"
    assert {"parameters", "messages"} <= set(ok(served.call("client", "GET", REQUESTS))["$meta"]["omitted"])


def test_strangers_see_nothing_of_it(served: Served) -> None:
    made = asked(served)
    for who in ("other client", "other vendor", "restricted"):
        assert served.call(who, "GET", at(made)).status == 404
        assert made["id"] not in str(ok(served.call(who, "GET", f"{REQUESTS}?limit=1000")))
        for verb in ("process", "query", "complete", "validate"):
            assert step(served, who, made, verb).status == 404
        for below in ("messages", "attachments", "template", "actions"):
            assert served.call(who, "GET", at(made, below)).status == 404
        assert served.call(who, "POST", at(made, "messages"), {"content": "x", "visibility": ALL}).status == 404
        records = ok(served.call(who, "GET", f"/audit/records?eq(object.id,{made['id']})"))
        assert records["data"] == []


def test_who_is_held_to_some_buyers_sees_its_own_requests(served: Served) -> None:
    made = asked(served, "restricted", requester=refer(USER))
    assert made["requester"]["id"] == RESTRICTED_USER
    assert ok(served.call("restricted", "GET", at(made)))["id"] == made["id"]
    assert step(served, "restricted", made, "complete").status == 204


@pytest.mark.parametrize(
    ("who", "more", "parties"),
    [
        ("client", {"to": refer(OPERATIONS), "product": None, "parameters": None}, (CLIENT, None)),
        ("client", {"to": refer(OPERATIONS)}, (CLIENT, VENDOR)),
        ("client", {"product": None, "parameters": None}, (CLIENT, VENDOR)),
        ("operations", {}, (CLIENT, VENDOR)),
        ("operations", {"from": refer(OPERATIONS)}, (None, VENDOR)),
        ("operations", {"to": refer(OTHER_VENDOR), "product": None, "parameters": None}, (CLIENT, OTHER_VENDOR)),
    ],
)
def test_its_parties_follow_from_who_asks_whom_about_what(
    served: Served, who: str, more: dict[str, Any], parties: tuple[str | None, str | None]
) -> None:
    made = asked(served, who, **more)
    assert tuple(made.get(name, {}).get("id") for name in ("client", "vendor")) == parties
    vendor = served.call("vendor", "GET", at(made)).status
    assert vendor == (200 if parties[1] == VENDOR else 404)
    assert served.call("client", "GET", at(made)).status == (200 if parties[0] else 404)


def test_a_vendor_asks_nobody(served: Served) -> None:
    assert served.call("vendor", "POST", REQUESTS, asking()).status == 403


WRONG = [
    # what is said otherwise                                   by            the faults are at
    ({"name": None},                                           "client",     {"name"}),
    ({"name": " "},                                            "client",     {"name"}),
    ({"name": "n" * 1001},                                     "client",     {"name"}),
    ({"name": 5},                                              "client",     {"name"}),
    ({"externalId": "x" * 251},                                "client",     {"externalId"}),
    ({"status": None},                                         "client",     {"status"}),
    ({"status": "Completed"},                                  "client",     {"status"}),
    ({"from": None},                                           "client",     {"from"}),
    ({"from": refer(OTHER_CLIENT)},                            "client",     {"from.id"}),
    ({"from": refer(VENDOR)},                                  "operations", {"from.id", "to.id"}),
    ({"from": "me"},                                           "client",     {"from"}),
    ({"to": None},                                             "client",     {"to"}),
    ({"to": "x"},                                              "client",     {"to.id"}),
    ({"to": refer("x\0")},                                     "client",     {"to.id"}),
    ({"to": refer("ACC-0000-0001")},                           "client",     {"to.id"}),
    ({"to": refer(CLIENT)},                                    "client",     {"to.id"}),
    ({"to": refer(OTHER_CLIENT)},                              "operations", {"to.id"}),
    ({"to": refer(OTHER_VENDOR)},                              "client",     {"to.id"}),
    ({"to": refer(OTHER_VENDOR), "product": None, "parameters": None}, "client", {"to.id"}),
    ({"to": refer("ACC-3009-0001"), "product": None, "parameters": None}, "operations", {"to.id"}),
    ({"product": refer("PRD-0000-0001")},                      "client",     {"product.id", "parameters[0]"}),
    ({"product": refer(OTHER_PRODUCT), "parameters": None},    "client",     {"to.id"}),
    ({"product": refer("PRD-5001-0009"), "parameters": None},  "client",     {"product.id"}),
    ({"requester": refer("USR-3001-0001")},                    "client",     {"requester.id"}),
    ({"parameters": 5},                                        "client",     {"parameters"}),
    ({"parameters": [5]},                                      "client",     {"parameters[0]"}),
    ({"parameters": [{"value": "x"}]},                         "client",     {"parameters[0]"}),
    ({"parameters": [{"parameterDefinitionId": "PAR-5001-0001-0001", "value": "x"}]}, "client", {"parameters[0]"}),
    ({"parameters": [{"externalId": "day", "value": "soon"}]}, "client",     {"parameters[0].value"}),
    ({"parameters": None},                                     "client",     {"parameters.reason"}),
]  # fmt: skip


@pytest.mark.parametrize(("more", "who", "faults"), WRONG)
def test_bad_content_is_refused_by_name(served: Served, more: dict[str, Any], who: str, faults: set[str]) -> None:
    reply = served.call(who, "POST", REQUESTS, asking(**more))
    assert (reply.status, set(reply.json["errors"])) == (400, faults), reply.json


def test_whether_an_account_is_there_is_not_told(served: Served) -> None:
    there, never = (
        served.call("client", "POST", REQUESTS, asking(to=refer(each))) for each in (OTHER_VENDOR, "ACC-9999-9999")
    )
    assert there.json["errors"]["to.id"][0].replace(OTHER_VENDOR, "ACC-9999-9999") == never.json["errors"]["to.id"][0]


# Its life ---------------------------------------------------------------------------------------------


def in_state(served: Served, status: str, **more: Any) -> Document:
    made = asked(served, status="Draft" if status == "Draft" else "Processing", **more)
    verb = {"Querying": "query", "Completed": "complete"}.get(status)
    if verb:
        assert step(served, "vendor", made, verb).status == 204
    return made


MOVES = [
    # verb       by            from          what comes of it
    ("process",  "client",     "Draft",      "Processing"),
    ("process",  "operations", "Draft",      "Processing"),
    ("process",  "vendor",     "Draft",      409),
    ("process",  "client",     "Querying",   "Processing"),
    ("process",  "vendor",     "Querying",   "Processing"),
    ("process",  "operations", "Querying",   "Processing"),
    ("process",  "client",     "Processing", 409),
    ("process",  "client",     "Completed",  409),
    ("query",    "vendor",     "Processing", "Querying"),
    ("query",    "vendor",     "Draft",      409),
    ("query",    "vendor",     "Querying",   409),
    ("query",    "vendor",     "Completed",  409),
    ("query",    "client",     "Processing", 403),
    ("query",    "operations", "Processing", 403),  # it was the vendor who was asked
    ("complete", "vendor",     "Processing", "Completed"),
    ("complete", "vendor",     "Querying",   "Completed"),
    ("complete", "client",     "Processing", "Completed"),
    ("complete", "operations", "Querying",   "Completed"),
    ("complete", "client",     "Draft",      409),
    ("complete", "vendor",     "Completed",  409),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "who", "status", "outcome"), MOVES)
def test_each_moves_it_as_far_as_is_theirs(
    served: Served, verb: str, who: str, status: str, outcome: str | int
) -> None:
    made = in_state(served, status)
    reply = step(served, who, made, verb)
    if isinstance(outcome, int):
        assert (reply.status, state(served, made)) == (outcome, status)
    else:
        assert (reply.status, reply.body, state(served, made)) == (204, b"", outcome)
        assert outcome.lower() in ok(served.call("client", "GET", at(made)))["audit"]


def test_a_vendor_reads_along_what_operations_is_asked_about_its_product(served: Served) -> None:
    made = asked(served, to=refer(OPERATIONS))
    for verb in ("query", "complete"):
        assert step(served, "vendor", made, verb).status == 403
    assert served.call("vendor", "PUT", at(made), {"name": "Mine"}).status == 403
    assert step(served, "operations", made, "query").status == 204
    assert step(served, "vendor", made, "process").status == 403
    assert step(served, "client", made, "process").status == 204
    assert step(served, "operations", made, "complete").status == 204


def test_a_draft_is_placed_once_what_the_product_asks_is_answered(served: Served) -> None:
    made = asked(served, status="Draft", parameters=[])
    refused = step(served, "client", made, "process")
    assert (refused.status, list(refused.json["errors"])) == (400, ["parameters.reason"])
    told = ok(step(served, "client", made, "validate"))
    assert [(each["externalId"], each["isValid"]) for each in told["parameters"]] == [("reason", False), ("day", True)]
    assert told["parameters"][0]["error"] == "A value is required."
    answer = {"parameters": [{"id": REASON, "value": "By phone"}], "error": "Say when."}
    ok(served.call("vendor", "PUT", at(made), answer))
    told = ok(step(served, "client", made, "validate"))
    assert told["error"] == "Say when." and told["parameters"][0] == {
        "id": REASON, "externalId": "reason", "value": "By phone", "isValid": True}  # fmt: skip
    assert state(served, made) == "Draft"
    assert step(served, "client", made, "process").status == 204


def test_words_go_with_a_step(served: Served) -> None:
    made = asked(served, status="Draft")
    steps = (
        ("client", "process", "Please."),
        ("vendor", "query", "When?"),
        ("client", "process", "Now."),
        ("vendor", "complete", " "),
    )
    for who, verb, words in steps:
        assert step(served, who, made, verb, {"message": words}).status == 204
    said = ok(served.call("client", "GET", f"{at(made, 'messages')}?order=audit.created.at"))["data"]
    assert [(each["type"], each["content"], each["account"]["id"]) for each in said] == [
        ("Processing", "Please.", CLIENT), ("Querying", "When?", VENDOR), ("Processing", "Now.", CLIENT)]  # fmt: skip
    assert all(each["visibility"] == ALL for each in said)
    events = ok(served.call("vendor", "GET", f"/audit/records?eq(object.id,{made['id']})&select=event&order=timestamp"))
    assert [each["event"].rpartition(".")[2] for each in events["data"]] == ["created"] + ["status_changed"] * 4


@pytest.mark.parametrize("message", [5, "m" * 10_001, "\0", {}])
def test_words_that_are_none_keep_it_where_it_is(served: Served, message: object) -> None:
    made = asked(served)
    reply = step(served, "vendor", made, "query", {"message": message})
    assert (reply.status, list(reply.json["errors"])) == (400, ["message"])
    assert state(served, made) == "Processing"
    assert ok(served.call("client", "GET", at(made, "messages")))["data"] == []


# Changed ----------------------------------------------------------------------------------------------


def test_who_answers_puts_right_what_is_asked(served: Served) -> None:
    made = asked(served)
    changed = ok(served.call("vendor", "PUT", at(made), {
        "name": "Move them", "error": "Which house?", "assignee": refer("USR-3001-0001"), "status": "Completed",
        "from": refer(VENDOR), "to": refer(OPERATIONS), "externalIds": {"vendor": "V", "client": "C"},
        "parameters": [{"externalId": "inside", "value": "ours"}, {"id": REASON, "error": {"message": "Why?"}}],
    }))  # fmt: skip
    assert {name: changed[name] for name in ("name", "error", "status", "externalIds")} == {
        "name": "Move them", "error": "Which house?", "status": "Processing", "externalIds": {"vendor": "V"}}  # fmt: skip
    assert (changed["to"]["id"], changed["assignee"]["id"]) == (VENDOR, "USR-3001-0001")
    seen = ok(served.call("client", "GET", at(made)))
    assert seen["parameters"][0]["errorMessage"] == "Why?" and "ours" not in str(seen)
    assert ok(served.call("operations", "PUT", at(made), {"error": None})).get("error") is None
    assert served.call("client", "PUT", at(made), {"name": "x"}).status == 403
    for body, fault in (({"name": None}, "name"), ({"error": "e" * 4001}, "error"), ({"assignee": refer(USER)}, "assignee.id"),
                        ({"parameters": [{"id": "x"}]}, "parameters[0]")):  # fmt: skip
        reply = served.call("vendor", "PUT", at(made), body)
        assert reply.status == 400, body
        assert list(reply.json["errors"]) == [fault]


def test_what_is_completed_stays_as_it_is(served: Served) -> None:
    made = in_state(served, "Completed")
    body = {"name": "Late", "error": "Late", "parameters": [{"id": REASON, "value": "late"}]}
    assert "ate" not in str(ok(served.call("vendor", "PUT", at(made), body)).get("name", "")).replace("Move", "")
    assert ok(served.call("client", "GET", at(made)))["parameters"][0]["value"] == "We moved"


def test_its_text_is_filled_with_the_answers_that_the_reader_sees(served: Served) -> None:
    made = asked(served)
    ok(served.call("vendor", "PUT", at(made), {"parameters": [{"externalId": "inside", "value": "ours"}]}))
    told = {who: ok(served.call(who, "GET", at(made, "template"))) for who in ("client", "vendor")}
    assert told == {"client": "Because We moved, .", "vendor": "Because We moved, ours."}
    plain = asked(served, product=None, parameters=None)
    assert ok(served.call("client", "GET", at(plain, "template"))) == ""


# Messages ---------------------------------------------------------------------------------------------


def say(served: Served, who: str, request: Document, **seen_by: bool) -> Reply:
    return served.call(who, "POST", at(request, "messages"), {"content": f"By-{who}", "visibility": seen_by})


VISIBLE = [
    # by          to whom                                    who sees it
    ("client",     ALL,                                       "client vendor operations"),
    ("client",     {"vendor": True},                          "client vendor"),
    ("client",     {"client": False, "operations": True},     "client operations"),
    ("vendor",     {"client": True, "vendor": True},          "client vendor"),
    ("vendor",     {},                                        "vendor"),
    ("operations", {"vendor": True},                          "vendor operations"),
    ("operations", {"client": True},                          "client operations"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "visibility", "readers"), VISIBLE)
def test_a_message_is_seen_by_whom_it_is_meant_for_and_by_whoever_said_it(
    served: Served, who: str, visibility: dict[str, bool], readers: str
) -> None:
    request = asked(served)
    made = ok(say(served, who, request, **visibility))
    assert made["id"].startswith("MSG-") and made["content"] == f"By-{who}" and made["type"] == "Comment"
    assert made["visibility"] == {each: each in readers for each in ALL}
    assert (made["request"]["id"], made["account"]["id"]) == (request["id"], ACCOUNTS[who][0])
    for reader in ("client", "vendor", "operations"):
        sees = reader in readers
        everywhere = {
            "list": ok(served.call(reader, "GET", at(request, "messages")))["data"],
            "request": ok(served.call(reader, "GET", at(request)))["messages"],
            "requests": ok(served.call(reader, "GET", f"{REQUESTS}?select=messages&eq(id,{request['id']})"))["data"][0]["messages"],
            "filter": ok(served.call(reader, "GET", f"{REQUESTS}?any(messages,eq(content,'By-{who}'))&eq(id,{request['id']})"))["data"],
            "none": [] if ok(served.call(reader, "GET", f"{REQUESTS}?all(messages,ne(content,'By-{who}'))&eq(id,{request['id']})"))["data"] else [1],
        }  # fmt: skip
        assert {name: bool(found) for name, found in everywhere.items()} == dict.fromkeys(everywhere, sees), reader
        assert served.call(reader, "GET", at(request, "messages", made["id"])).status == (200 if sees else 404)
        if reader != "operations":
            told = ok(served.call(reader, "GET", f"/audit/records?eq(object.id,{made['id']})"))["data"]
            assert bool(told) == sees
    changed = ok(served.call("vendor", "PUT", at(request), {"externalId": "seen"}))
    assert bool(changed["messages"]) == ("vendor" in readers)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"content", "visibility"}),
        ({"content": "x"}, {"visibility"}),
        ({"content": "x", "visibility": None}, {f"visibility.{actor}" for actor in ALL}),
        ({"content": "x", "visibility": 5}, {"visibility"}),
        ({"content": "x", "visibility": {"client": 5}}, {"visibility.client"}),
        ({"content": "", "visibility": ALL}, {"content"}),
        ({"content": 5, "visibility": ALL}, {"content"}),
        ({"content": "x" * 10_001, "visibility": ALL}, {"content"}),
    ],
)
def test_a_message_has_words_and_readers(served: Served, body: dict[str, Any], faults: set[str]) -> None:
    reply = served.call("client", "POST", at(asked(served), "messages"), body)
    assert (reply.status, set(reply.json["errors"])) == (400, faults)


def test_what_was_said_stays(served: Served) -> None:
    request = asked(served)
    path = at(request, "messages", ok(say(served, "client", request, **ALL))["id"])
    assert {served.call("client", method, path, {}).status for method in ("PUT", "DELETE")} == {405}


# Attachments ------------------------------------------------------------------------------------------


def attach(served: Served, who: str, request: Document, file: Part | None = FILE, **said: Any) -> Reply:
    return served.call(who, "POST", at(request, "attachments"), {"Name": "Plan", **said}, file=file)


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_each_party_attaches_documents_for_the_others(served: Served, who: str) -> None:
    request = asked(served)
    made = ok(attach(served, who, request, description="Of the house"))
    assert {name: made[name] for name in ("name", "description", "filename", "size", "contentType")} == {
        "name": "Plan", "description": "Of the house", "filename": "plan.pdf", "size": len(FILE.content),
        "contentType": PDF}  # fmt: skip
    assert made["id"].startswith("ATT-") and made["request"]["id"] == request["id"]
    assert not {"type", "licenseKey", "file"} & set(made)
    path = at(request, "attachments", made["id"])
    for reader in ("client", "vendor", "operations"):
        assert ok(served.call(reader, "GET", path)) == made
        assert served.call(reader, "GET", path, accept=PDF).body == FILE.content
    for stranger in ("other client", "other vendor", "restricted"):
        assert served.call(stranger, "GET", path, accept=PDF).status == 404
        assert served.call(stranger, "DELETE", path).status == 404


def test_it_is_changed_and_taken_back_by_whose_it_is(served: Served) -> None:
    request = asked(served)
    path = at(request, "attachments", ok(attach(served, "client", request))["id"])
    for method in ("PUT", "DELETE"):
        assert served.call("vendor", method, path, {}).status == 403
    changed = ok(served.call("client", "PUT", path, {"name": "Old plan", "filename": "x.exe"}))
    assert (changed["name"], changed["filename"]) == ("Old plan", "plan.pdf")
    assert ok(served.call("operations", "PUT", path, {"description": "Checked"}))["description"] == "Checked"
    assert served.call("client", "DELETE", path).status == 204
    assert served.call("client", "DELETE", path).status == 404
    theirs = at(request, "attachments", ok(attach(served, "vendor", request))["id"])
    assert served.call("client", "DELETE", theirs).status == 403
    assert served.call("operations", "DELETE", theirs).status == 204


@pytest.mark.parametrize(
    ("said", "file", "where"),
    [
        ({"Name": None}, FILE, "name"),
        ({"Name": "n" * 181}, FILE, "name"),
        ({"description": "d" * 251}, FILE, "description"),
        ({}, None, "file"),
        ({}, Part("file", b"x", PDF, "a.exe"), "file"),
    ],
)
def test_bad_attachments_are_refused_by_name(
    served: Served, said: dict[str, Any], file: Part | None, where: str
) -> None:
    reply = attach(served, "client", asked(served), file, **said)
    assert (reply.status, list(reply.json["errors"])) == (400, [where])


# Elsewhere --------------------------------------------------------------------------------------------


def test_what_one_may_do_with_it_is_told(api: Any, served: Served) -> None:
    made = asked(served)

    def told(who: str) -> dict[str, str]:
        party: Party = api(who)
        return {each["name"]: each["state"] for each in ok(party.get(at(made, "actions")))["actions"]}

    blocked = dict.fromkeys(("update", "process", "query"), "Blocked")
    assert told("client") == {**blocked, "validate": "Open", "complete": "Open"}
    assert told("vendor") == {
        "update": "Open",
        "validate": "Open",
        "process": "Blocked",
        "query": "Open",
        "complete": "Open",
    }
    assert told("operations")["query"] == "Blocked"


def test_a_world_file_says_no_more_than_it_must(served: Served) -> None:
    request, message, attachment = "REQ-7001-0001-0001", "MSG-7001-0001-0001-0001", "ATT-7001-0001-0001-0001"
    below = f"commerce/requests/{request}"
    served.load([
        {"$kind": "commerce/requests", "id": request, "name": "Old", "from": refer(CLIENT), "to": refer(OPERATIONS),
         "product": refer(PRODUCT), "status": "Querying", "parameters": [{"externalId": "reason", "value": "Old"}]},
        {"$kind": f"{below}/messages", "id": message, "content": "Old words", "visibility": {"operations": True}},
        {"$kind": f"{below}/attachments", "id": attachment,
         "$file": {"name": "old.pdf", "contentType": PDF, "base64": "AAAA"}},
    ])  # fmt: skip
    seen = ok(served.call("vendor", "GET", f"{REQUESTS}/{request}"))
    assert (seen["client"]["id"], seen["vendor"]["id"], seen["messages"]) == (CLIENT, VENDOR, [])
    assert [each.get("value") for each in seen["parameters"]] == ["Old"]
    said = ok(served.call("client", "GET", f"{REQUESTS}/{request}"))["messages"]
    assert [(each["content"], each["visibility"]) for each in said] == [
        ("Old words", {"client": True, "vendor": False, "operations": True})]  # fmt: skip
    path = f"{REQUESTS}/{request}/attachments/{attachment}"
    assert served.call("vendor", "GET", path, accept=PDF).body == b"\0\0\0"
    assert ok(served.call("client", "PUT", path, {"description": "Mine"}))["name"] == "old.pdf"
    assert served.call("client", "POST", f"{REQUESTS}/{request}/process").status == 204
