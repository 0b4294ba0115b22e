"""What is part of a thing is told to whom the thing is told to."""

from typing import Any

import pytest

from entrepot.kernel.noun import Noun, Nouns
from entrepot.offers import NOUNS
from tests.party import Api, ok
from tests.serving import Served
from tests.world import BUYER, LICENSEE, PRODUCT, SECOND_BUYER

ALL = Nouns(NOUNS)

FOR_OPERATIONS = {
    "catalog/pricing-policies/{pricingPolicy}/attachments": "What a policy rests on is not shown to its client.",
}
"""Parts that are hidden from those who see the whole."""

BELOW = f"/catalog/products/{PRODUCT}"
GROUP = {"name": "More", "label": "More"}
PARTS = {
    "item-groups": GROUP,
    "parameter-groups": GROUP,
    "parameters": {"name": "Size", "description": "How large.", "scope": "Item", "phase": "Configuration",
                   "type": "SingleLineText", "constraints": {}, "displayOrder": 5},
    "templates": {"name": "Thanks", "type": "Subscription", "content": "Thanks."},
}  # fmt: skip


def whole_of(noun: Noun) -> Noun | None:
    """What a thing of this kind is part of."""
    if noun.owner:
        return ALL[noun.owner_field.target]
    parent = noun.ids.child_of if noun.ids else ""
    return ALL[noun.field(parent).target] if parent else None


@pytest.mark.parametrize(
    "noun", [noun for noun in NOUNS if noun.trailed and whole_of(noun)], ids=lambda noun: noun.path
)
def test_every_part_of_what_is_told_to_somebody_is_told_to_somebody(noun: Noun) -> None:
    whole = whole_of(noun)
    assert whole is not None
    assert bool(noun.audience) == (bool(whole.audience) and noun.path not in FOR_OPERATIONS)


def records(api: Api, who: str, thing: str) -> list[Any]:
    return ok(api(who).get(f"/audit/records?eq(object.id,{thing})&select=object,documents&limit=100"))["data"]


@pytest.mark.parametrize("kind", PARTS)
def test_a_vendor_reads_what_becomes_of_the_parts_of_its_product(api: Api, kind: str) -> None:
    made = ok(api("vendor").post(f"{BELOW}/{kind}", PARTS[kind]))["id"]
    path = f"{BELOW}/{kind}/{made}"
    ok(api("vendor").put(path, {"name": "Other"}))
    assert api("vendor").delete(path).status == 204
    told = [each["event"].rpartition(".")[2] for each in records(api, "vendor", made)]
    assert told == ["deleted", "updated", "created"]
    (change,) = [each for each in records(api, "vendor", made) if each["event"].endswith("updated")]
    assert change["documents"]["changes"]["name"][1] == "Other"
    assert [each["id"] for each in change["viewers"]] == ["ACC-3001-0001"]
    assert [records(api, who, made) for who in ("other vendor", "client", "other client")] == [[], [], []]
    assert len(records(api, "operations", made)) == 3


@pytest.mark.parametrize(
    "thing", ["IGR-5001-0001-0001", "PGR-5001-0001-0001", "PAR-5001-0001-0001", "TPL-5001-0001-0001"]
)
def test_a_vendor_reads_that_a_part_of_its_product_was_loaded(api: Api, served: Served, thing: str) -> None:
    (record,) = records(api, "vendor", thing)
    assert record["event"].endswith(".created")
    assert records(api, "other vendor", thing) == records(api, "client", thing) == []


def test_the_texts_that_come_with_a_product_are_told_to_its_vendor(api: Api) -> None:
    made = ok(api("vendor").post("/catalog/products", {"name": "With texts"}))["id"]
    texts = ok(api("vendor").get(f"/catalog/products/{made}/templates"))["data"]
    assert len(texts) == 4
    for each in texts:
        assert len(records(api, "vendor", each["id"])) == 1
        assert records(api, "other vendor", each["id"]) == []


def test_every_part_of_a_product_has_its_vendor(api: Api, served: Served) -> None:
    """Whoever changes it one day: it is not only told to whom does it."""
    for kind, body in PARTS.items():
        ok(api("vendor").post(f"{BELOW}/{kind}", {**body, "name": "Kept"}))
    ok(api("vendor").post("/catalog/products", {"name": "With texts, too"}))
    for table in ("item_groups", "parameter_groups", "parameters", "templates"):
        found = served.fetch(
            f"select t.id from {table} t join products p on p.id = t.product_id"
            " where t.vendor_id is distinct from p.vendor_id"
        )
        assert [row["id"] for row in found] == [], table


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("accounts/accounts/ACC-2001-0001", "client"),
        ("accounts/accounts/ACC-3001-0001", "vendor"),
        (f"accounts/buyers/{BUYER}", "client"),
        (f"accounts/licensees/{LICENSEE}", "client"),
    ],
)
def test_whose_it_is_reads_what_operations_does_with_it(api: Api, path: str, who: str) -> None:
    ok(api("operations").put(f"/{path}", {"name": "Renamed"}))
    thing = path.rpartition("/")[2]
    for reader in ("client", "other client", "vendor", "other vendor"):
        changed = [each for each in records(api, reader, thing) if each["event"].endswith(".updated")]
        assert bool(changed) == (reader == who), reader


def test_who_is_held_to_a_buyer_reads_of_that_company_alone(api: Api) -> None:
    for buyer in (BUYER, SECOND_BUYER):
        ok(api("operations").put(f"/accounts/buyers/{buyer}", {"taxId": "T-1"}))
    assert records(api, "restricted", BUYER)
    assert records(api, "restricted", SECOND_BUYER) == []
