"""What is wrong with a world file is told line by line, and then nothing is loaded."""

from typing import Any

import pytest

from entrepot.storage import faults
from tests.storage.worlds import Line, counts, faults_of, file, line, loaded, small_world
from tests.world import BUYER, LICENSEE, MONTHLY, ONCE, OTHER_YEARLY, PRODUCT, SECRET, YEARLY, refer

DIGITS = "7777-0001-0001"
AGREEMENT, ORDER, SUBSCRIPTION, ASSET = f"AGR-{DIGITS}", f"ORD-{DIGITS}", f"SUB-{DIGITS}", f"AST-{DIGITS}"
BELOW = f"catalog/products/{PRODUCT}"


def ali(number: int) -> str:
    return f"ALI-{DIGITS}-{number:04d}"


def agreement(**fields: Any) -> Line:
    given = {"product": refer(PRODUCT), "licensee": refer(LICENSEE), "status": "Provisioning", **fields}
    return line("commerce/agreements", AGREEMENT, **given)


def order(order_id: str = ORDER, **fields: Any) -> Line:
    lines = [
        {"id": ali(1), "item": refer(YEARLY), "quantity": 1},
        {"id": ali(2), "item": refer(ONCE), "quantity": 1},
    ]
    given = {"type": "Purchase", "status": "Processing", "agreement": refer(AGREEMENT), "lines": lines, **fields}
    return line("commerce/orders", order_id, **given)


def priced(**price: Any) -> Line:
    return order(lines=[{"id": ali(1), "item": refer(YEARLY), "quantity": 1, "price": price}])


def product(**fields: Any) -> Line:
    return line("catalog/products", "PRD-7777-0001", vendor=refer("ACC-3001-0001"), **fields)


def group(number: str, **fields: Any) -> Line:
    return line(f"{BELOW}/item-groups", f"IGR-5001-0001-{number}", **fields)


NOT_FOUND = "was not found."
TEXT = "A text was expected."
REFERENCE = 'A reference was expected: {"id": …}.'
REQUIRED = "A value is required."

CASES: list[tuple[str, list[Line | bytes], list[str]]] = [
    # What cannot be read
    ("broken JSON", [b'{"$kind": '], ["1: $: This is not JSON: Input data was truncated"]),
    ("half a character", [b'{"id": "\xff"}'], ["1: $: This is not JSON: "]),
    ("two objects", [b"{} {}"], ["1: $: This is not JSON: "]),
    ("a list", [b"[1, 2]"], ["1: $: A JSON object was expected."]),
    ("null", [b"null"], ["1: $: A JSON object was expected."]),
    ("NUL in a value", [product(name="a\0b")], ["1: name: A text cannot hold the character NUL."]),
    (
        "NUL deep inside",
        [order(parameters={"ordering": [{"id": "PAR-5001-0001-0001", "value": {"a": ["\0"]}}]})],
        ["1: parameters.ordering[0].value.a[0]: A text cannot hold the character NUL."],
    ),
    ("NUL in a name", [product(settings={"a\0": 1})], ["1: settings.a\\u0000: A text cannot hold the character NUL."]),
    # Kinds
    ("no kind", [{"id": "PRD-7777-0001"}], ["1: $kind: A kind is required, such as catalog/products."]),
    ("a kind that is no text", [{"$kind": 1, "id": "x"}], ["1: $kind: A kind is required, such as catalog/products."]),
    (
        "kinds of later rooms",
        [line("notifications/batches", "WBH-1111-2222"), line("billing/journals", "BJO-1111-2222")],
        [
            "1: $kind: 'notifications/batches' is not a kind that can be loaded.",
            "2: $kind: 'billing/journals' is not a kind that can be loaded.",
        ],
    ),
    (
        "identities",
        [line("identities", "SVC-0003"), line("audit/records", "AUD-0003")],
        [
            "1: $kind: 'identities' is not a kind that can be loaded.",
            "2: $kind: 'audit/records' is not a kind that can be loaded.",
        ],
    ),
    (
        "lines that stand alone",
        [line(f"commerce/orders/{ORDER}/lines", ali(1)), line("commerce/lines", ali(1))],
        [
            f"1: $kind: 'commerce/orders/{ORDER}/lines' is no kind of its own: it stands within its order as 'lines'.",
            "2: $kind: 'commerce/lines' is no kind of its own: it stands within its ",
        ],
    ),
    (
        "too many parents",
        [line(f"{BELOW}/terms/TCS-5001-0001-0001/TCS-5001-0001-0001/variants", "TCV-5001-0001-0001-0009")],
        ["was expected to be like catalog/products/{product}/terms/{terms}/variants."],
    ),
    # Ids
    ("no id", [{"$kind": "catalog/products", "name": "x"}], ["1: id: An id is required."]),
    ("an id that is no text", [line("catalog/products", 5)], ["1: id: An id is required."]),  # pyright: ignore[reportArgumentType]
    (
        "ids of the wrong form",
        [
            line("commerce/orders", each)
            for each in ("ORD-12", "ord-1111-2222-3333", "AGR-1111-2222-3333", "ORD", "ORD-1111-", "ORD-1111\n")
        ],
        [f"{n}: id: An id such as ORD-1234-1234-1234 was expected." for n in range(1, 7)],
    ),
    (
        "an id twice",
        [product(name="a"), agreement(), product(name="b")],
        ["3: id: PRD-7777-0001 stands in more:1 already."],
    ),
    (
        "a line twice",
        [agreement(), order(lines=[{"id": ali(1), "item": refer(YEARLY)}, {"id": ali(1), "item": refer(ONCE)}])],
        [f"2: lines[1].id: {ali(1)} stands here twice."],
    ),
    (
        "a line of two agreements",
        [
            agreement(lines=[{"id": "ALI-1111-0001", "item": refer(ONCE)}]),
            line("commerce/agreements", "AGR-7777-0002", product=refer(PRODUCT), licensee=refer(LICENSEE),
                 lines=[{"id": "ALI-1111-0001", "item": refer(ONCE)}]),
        ],
        ["2: lines[0].id: ALI-1111-0001 stands in more:1 already."],
    ),
    (
        "a nested id of the wrong form",
        [agreement(), order(subscriptions=[{"id": "AST-1111-2222-3333", "name": "x"}])],
        ["2: subscriptions[0].id: An id such as SUB-1234-1234-1234 was expected."],
    ),
    ("a nested one without id", [agreement(lines=[{"item": refer(ONCE)}])], ["1: lines[0].id: An id is required."]),
    # Values
    ("a number as a text", [product(name=5)], [f"1: name: {TEXT}"]),
    ("an unknown status", [product(status="Gone")], ["1: status: One of Draft, Unpublished, Pending, Published, "]),
    ("a status that is no text", [product(status=["Draft"])], ["1: status: One of Draft, "]),
    ("an unknown type", [agreement(), order(type="Rent")], ["2: type: One of Purchase, Change, "]),
    ("a flag", [group("0009", multiple="yes")], ["1: multiple: True or false was expected."]),
    (
        "whole numbers",
        [
            group("0009", displayOrder="first"),
            group("0010", displayOrder=1.5),
            group("0011", displayOrder=2**31),
            group("0012", displayOrder=-1),
            group("0013", revision=0),
        ],
        [
            "1: displayOrder: A whole number was expected.",
            "2: displayOrder: A whole number of 32 bits was expected.",
            "3: displayOrder: A whole number of 32 bits was expected.",
            "4: displayOrder: At least 0 is allowed.",
            "5: revision: At least 1 is allowed.",
        ],
    ),
    ("an amount that is none", [agreement(), priced(unitPP="NaN")], ["2: lines[0].price.unitPP: Must be a number."]),
    ("an amount too large", [agreement(), priced(unitPP=1e40)], ["2: lines[0].price.unitPP: Must be at most 10^15."]),
    ("a time", [product(audit={"created": {"at": "soon"}})], ["1: audit.created.at: A time such as "]),
    ("a list instead of an object", [product(audit=[])], ["1: audit: An object was expected."]),
    ("an object instead of a list", [agreement(), order(lines={})], ["2: lines: A list was expected."]),
    ("a line that is no object", [agreement(), order(lines=[5])], ["2: lines[0]: An object was expected."]),
    ("a bag that is no list", [agreement(), order(parameters={"ordering": {}})], ["2: parameters.ordering: A list "]),
    (
        "a reason without words",
        [agreement(), order(statusNotes={"message": 5}, error="no")],
        ["2: statusNotes: The message must be a text", "2: error: An object with a message was expected."],
    ),
    (
        "many at once",
        [product(name=1, status=2, website=3)],
        [f"1: name: {TEXT}", "1: status: One of ", f"1: website: {TEXT}"],
    ),
    # References
    ("a reference that is a text", [agreement(product=PRODUCT)], [f"1: product: {REFERENCE}"]),
    ("a reference without id", [agreement(product={"name": "x"})], [f"1: product: {REFERENCE}"]),
    (
        "dangling references",
        [agreement(product=refer("PRD-9999-9999")), order(assignee=refer("USR-9999-9999"))],
        [
            f"1: product.id: Product 'PRD-9999-9999' {NOT_FOUND}",
            f"2: assignee.id: Identity 'USR-9999-9999' {NOT_FOUND}",
        ],
    ),
    (
        "a dangling item of a line",
        [agreement(), order(lines=[{"id": ali(1), "item": refer("ITM-9999-9999-9999"), "quantity": 1}])],
        [f"2: lines[0].item.id: Item 'ITM-9999-9999-9999' {NOT_FOUND}"],
    ),
    ("an order without its agreement", [order()], [f"1: agreement.id: Agreement '{AGREEMENT}' {NOT_FOUND}"]),
    (
        "whoever did it",
        [product(audit={"created": {"at": "2026-01-01T00:00:00Z", "by": refer("USR-9999-9999")}})],
        [f"1: audit.created.by.id: Identity 'USR-9999-9999' {NOT_FOUND}"],
    ),
    (
        "a list of references",
        [line("accounts/user-groups", "UGR-7777-0001", account=refer("ACC-2001-0001"),
              buyers=[refer(BUYER), refer("BUY-9999-9999"), "BUY-1"])],
        [f"1: buyers[2]: {REFERENCE}", f"1: buyers[1].id: Buyer 'BUY-9999-9999' {NOT_FOUND}"],
    ),
    (
        "a list that is none",
        [line("accounts/user-groups", "UGR-7777-0001", account=refer("ACC-2001-0001"), buyers=refer(BUYER))],
        ["1: buyers: A list was expected."],
    ),
    (
        "a parent that is not there",
        [line("catalog/products/PRD-9999-9999/terms", "TCS-9999-9999-0001", name="x")],
        [f"1: $kind: Product 'PRD-9999-9999' {NOT_FOUND}"],
    ),
    (
        "two parents",
        [line(f"{BELOW}/terms", "TCS-5001-0001-0009", name="x", product=refer("PRD-5002-0001"))],
        ["1: product.id: The kind names PRD-5001-0001, and this PRD-5002-0001."],
    ),
    (
        "a parameter of another product",
        [agreement(), order(parameters={"ordering": [{"id": "PAR-5002-0001-0001", "value": "x"}, 5]})],
        [
            "2: parameters.ordering[0].id: Parameter 'PAR-5002-0001-0001' was not found in this product.",
            "2: parameters.ordering[1]: An object was expected.",
        ],
    ),
    (
        "a parameter by an external id that there is not",
        [agreement(), order(parameters={"fulfillment": [{"externalId": "nonsense", "value": "x"}]})],
        ["2: parameters.fulfillment[0].id: Parameter 'nonsense' was not found in this product."],
    ),
    # What must be there
    ("an order without type and agreement", [line("commerce/orders", ORDER)], [
        f"1: type: {REQUIRED}", f"1: agreement: {REQUIRED}", f"1: product: {REQUIRED}",
    ]),
    ("a line without an item", [agreement(), order(lines=[{"id": ali(1)}])], [f"2: lines[0].item: {REQUIRED}"]),
    ("an item without terms", [line("catalog/items", "ITM-7777-0001-0001", product=refer(PRODUCT))], [
        f"1: terms.period: {REQUIRED}"
    ]),
    ("a group of no product", [line("catalog/products/item-groups", "IGR-7777-0001")], [f"1: product: {REQUIRED}"]),
    ("an account without a type", [line("accounts/accounts", "ACC-7777-0001")], [f"1: type: {REQUIRED}"]),
    # What belongs together
    (
        "two orders in flight",
        [agreement(), order(), order("ORD-7777-0002", status="Querying", lines=[]),
         order("ORD-7777-0003", status="Draft", lines=[])],
        ["3: status: Only one order of an agreement may be in flight; ORD-7777-0001-0001 is Processing already."],
    ),
    (
        "a subscription of a line that there is not",
        [agreement(), order(subscriptions=[{"id": SUBSCRIPTION, "lines": [{"id": ali(9)}]}])],
        [f"2: subscriptions[0].lines[0].id: Line '{ali(9)}' was not found on this order."],
    ),
    (
        "a line of a subscription that there is not",
        [agreement(), order(lines=[{"id": ali(1), "item": refer(YEARLY), "subscription": refer(SUBSCRIPTION)}])],
        [f"2: lines[0].subscription.id: Subscription '{SUBSCRIPTION}' was not found on this order."],
    ),
    (
        "a line of two subscriptions",
        [agreement(), order(subscriptions=[
            {"id": SUBSCRIPTION, "lines": [{"id": ali(1)}]},
            {"id": "SUB-7777-0002", "lines": [{"id": ali(1)}]},
        ])],
        [f"2: subscriptions[1].lines[0].id: Line {ali(1)} belongs to subscription {SUBSCRIPTION}."],
    ),
    # Secrets
    (
        "a token of nobody",
        [line("accounts/api-tokens", "TKN-7777-0001", token=f"idt:TKN-7777-0001:{SECRET}")],
        [f"1: account: {REQUIRED}"],
    ),
    (
        "values of tokens",
        [
            line("accounts/api-tokens", f"TKN-7777-000{number}", account=refer("ACC-2001-0001"), **value)
            for number, value in enumerate(
                ({}, {"token": SECRET}, {"token": f"idt:TKN-1111-0001:{SECRET}"}, {"token": "idt:TKN-7777-0004:"}), 1
            )
        ],
        [
            "1: token: A value such as idt:TKN-7777-0001:secret is required.",
            "2: token: A value such as idt:TKN-7777-0002:secret was expected.",
            "3: token: This is the value of token TKN-1111-0001.",
            "4: token: A value such as idt:TKN-7777-0004:secret was expected.",
        ],
    ),
    (
        "a holder that there is not",
        [line("accounts/api-tokens", "TKN-7777-0001", account=refer("ACC-2001-0001"), heldBy="robot",
              token=f"idt:TKN-7777-0001:{SECRET}")],
        ["1: heldBy: One of person, service, agent was expected."],
    ),
    (
        "passwords",
        [
            line("accounts/users", "USR-7777-0001", password=12345),
            line("accounts/users", "USR-7777-0002", passwordHash="0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"),
        ],
        ["1: password: A text was expected.", "2: passwordHash: A verifier of Argon2id was expected."],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "told"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
@pytest.mark.parametrize("world", ["in the file", "in the database"])
def test_a_fault_is_told_with_file_line_and_path(
    nothing: str, shared: str, world: str, lines: list[Line | bytes], told: list[str]
):
    here = world == "in the file"
    url = nothing if here else shared
    before = counts(url)
    found = faults_of(url, [*file("more", lines), *(file("small", small_world()) if here else ())])
    assert len(found) == len(told), found
    for said, expected in zip(found, told, strict=True):
        assert expected in said
        assert said.startswith("more:")
    assert counts(url) == before, "all or nothing"


def test_what_is_in_the_database_is_not_loaded_again(shared: str):
    things = [each for each in small_world() if each["$kind"] == "accounts/accounts"]
    found = faults_of(shared, file("again", things))
    assert found == [f"again:{at}: id: {each['id']} is in the database already." for at, each in enumerate(things, 1)]


def test_lines_that_are_in_the_database_are_not_loaded_again(database: str):
    held = agreement(status="Active", lines=[{"id": "ALI-1111-0001", "item": refer(MONTHLY), "quantity": 1}])
    loaded(database, file("first", [held]))
    other = {**held, "id": "AGR-7777-0002"}
    assert faults_of(database, file("more", [other])) == [
        "more:1: lines[0].id: ALI-1111-0001 is in the database already."
    ]


def test_an_order_in_flight_in_the_database_counts_too(database: str):
    loaded(database, file("first", [agreement(), order()]))
    told = faults_of(database, file("more", [order("ORD-7777-0002", lines=[])]))
    assert told == [
        "more:1: status: Only one order of an agreement may be in flight; ORD-7777-0001-0001 is Processing already."
    ]
    assert faults_of(database, file("more", [order("ORD-7777-0002", lines=[], status="Draft")])) == []


def test_an_item_of_another_product_is_taken_as_given(database: str):
    lines = [{"id": ali(1), "item": refer(OTHER_YEARLY), "quantity": 1}]
    assert faults_of(database, file("more", [agreement(), order(lines=lines)])) == []


def test_faults_come_in_the_order_of_files_and_lines(nothing: str):
    bad: list[Line | bytes] = [order(type=None, status=1), b"nonsense", product(name=1), {"$kind": "x", "id": "y"}]
    found = faults_of(nothing, [*file("b", bad), *file("a", bad)])
    places = [each.split(": ")[0] for each in found]
    assert places == sorted(places, key=lambda each: (each[0] != "b", each))
    assert set(places) == {f"{name}:{number}" for name in "ab" for number in range(1, 5)}


def test_only_so_many_faults_are_told_and_the_rest_counted(nothing: str):
    with pytest.raises(faults.Faulty) as caught:
        loaded(nothing, file("bad", [b"x"] * 250))
    assert len(caught.value.lines) == faults.FAULTS_MAX
    assert caught.value.more == 250 - faults.FAULTS_MAX
    assert str(caught.value).endswith("and 150 more")


def test_one_fault_at_the_very_end_undoes_everything(nothing: str):
    before = counts(nothing)
    users = [line("accounts/users", f"USR-{n:04d}-0001", name=f"User {n}") for n in range(1, 9_000)]
    told = faults_of(nothing, file("many", [*users, order(lines=[])]))
    assert told == [f"many:9000: agreement.id: Agreement '{AGREEMENT}' was not found."]
    assert counts(nothing) == before
