"""Records and kinds of events by the official client: every method, as each actor."""

from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.purchases import draft
from tests.serving import Served
from tests.world import PRODUCT

WHOLE = ("object", "actor", "details", "documents", "request.api.geolocation")


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_a_program_writes_a_record_and_reads_it(speak: Any, who: str) -> None:
    records = speak(who).audit.records
    made = records.create(
        {
            "event": "extensions.e2e.test",
            "object": {"id": PRODUCT, "name": "e2e", "objectType": "Product"},
            "actor": {"id": "USR-0000-0000", "name": "Nobody"},
            "summary": "e2e of {{ by }}",
            "details": "Told by {{ by }}",
            "documents": {"by": who},
            "type": "Private",
        }
    )
    assert made.event == "extensions.e2e.test" and made.id.startswith("AUD-")
    assert records.get(made.id).object.id == PRODUCT
    found = records.filter(RQLQuery(object__id=PRODUCT)).filter(RQLQuery(event="extensions.e2e.test"))
    found = found.select(*WHOLE).order_by("-timestamp").fetch_page(limit=1)
    assert (found[0].id, found[0].documents.by, found[0].actor.id != "USR-0000-0000") == (made.id, who, True)
    for event in ("platform.commerce.order.created", "", None):
        with pytest.raises(MPTAPIError, match="400 "):
            records.create({"event": event})
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        records.get("AUD-0000-0000-0000-0000")


def test_the_records_of_an_order_are_read_by_its_parties(speak: Any, served: Served) -> None:
    order = draft(served)
    wanted = RQLQuery(object__id=order["id"])
    ids = {who: [each.id for each in speak(who).audit.records.filter(wanted).select(*WHOLE).iterate()]
           for who in ("client", "vendor", "operations", "other client", "other vendor")}  # fmt: skip
    assert ids["client"] == ids["vendor"] == ids["operations"] != []
    assert ids["other client"] == ids["other vendor"] == []
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        speak("other client").audit.records.get(ids["client"][0])


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_kinds_of_events_are_listed_read_and_named_by_operations(speak: Any, served: Served, who: str) -> None:
    draft(served)
    types = speak(who).audit.event_types
    found = types.filter(RQLQuery(key="platform.commerce.order.created")).fetch_one()
    assert types.get(found.id).key == found.key and found.id in [each.id for each in types.iterate(batch_size=20)]
    if who == "operations":
        assert types.update(found.id, {"name": "Begun", "description": "A draft."}).name == "Begun"
    else:
        with pytest.raises(MPTAPIError, match="403 Forbidden"):
            types.update(found.id, {"name": "Begun"})
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        types.get("AET-0000-0000")
