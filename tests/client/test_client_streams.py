"""`stream()` of the official client, on every collection that both know, in both of its forms and formats."""

from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.http.mixins import StreamFormat
from mpt_api_client.rql import RQLQuery

from tests.purchases import completed, draft
from tests.serving import Served

FORMATS = pytest.mark.parametrize("form", [StreamFormat.JSONL, StreamFormat.JSON])


@pytest.fixture(scope="module", autouse=True)
def orders(served: Served) -> None:
    """Something of everything."""
    completed(served)
    for number in range(5):
        draft(served, notes=f"streamed {number}")


@FORMATS
@pytest.mark.parametrize(
    "path",
    [
        "accounts.accounts", "accounts.buyers", "accounts.licensees", "accounts.sellers", "accounts.users",
        "accounts.modules", "accounts.api_tokens", "catalog.products", "catalog.items", "catalog.price_lists",
        "catalog.listings", "catalog.authorizations", "catalog.units_of_measure", "commerce.orders",
        "commerce.agreements", "commerce.subscriptions", "commerce.assets", "audit.records", "program.programs",
    ],
)  # fmt: skip
def test_a_stream_is_the_collection(operations: Any, path: str, form: StreamFormat) -> None:
    found = operations
    for name in path.split("."):
        found = getattr(found, name)
    streamed = [each.to_dict() for each in found.stream(stream_format=form)]
    assert streamed and streamed == [each.to_dict() for each in found.iterate(100)]


@FORMATS
def test_filters_orders_selections_limits_and_offsets_hold_in_a_stream(client: Any, form: StreamFormat) -> None:
    asked = (
        client.commerce.orders.filter(RQLQuery(notes__like="streamed*")).order_by("-notes").select("-lines", "notes")
    )
    assert [each.notes[-1] for each in asked.stream(stream_format=form)] == list("43210")
    assert [each.notes[-1] for each in asked.stream(stream_format=form, limit=2, offset=1)] == list("32")
    assert [each.notes[-1] for each in asked.stream(stream_format=form, limit=-1, offset=3)] == list("10")
    assert [*asked.stream(stream_format=form, limit=0)] == [*asked.stream(stream_format=form, offset=99)] == []


def test_what_is_refused_is_told_as_such(client: Any) -> None:
    with pytest.raises(MPTAPIError) as refused:
        list(client.commerce.orders.stream(stream_format=StreamFormat.JSONL, limit="x"))
    assert "limit" in str(refused.value)
