"""Bodies as they come in: never more than is allowed, and what is announced as too large is not even awaited."""

import asyncio
from typing import Any

import pytest

from entrepot.http.receiving import whole
from entrepot.kernel.errors import TooLarge, Unreadable


def received(events: list[dict[str, Any]], headers: dict[bytes, bytes] | None = None) -> tuple[bytes, int]:
    """The body, of at most ten bytes, and how many events were left."""
    left = list(events)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return asyncio.run(whole(headers or {}, receive, 10)), len(left)


def request(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_pieces_make_a_whole():
    assert received([request(b"ab", more=True), request(b"cd"), request(b"of the next")]) == (b"abcd", 1)
    assert received([{"type": "http.request"}]) == (b"", 0)


def test_what_is_announced_as_too_large_is_not_awaited():
    with pytest.raises(TooLarge):
        received([], {b"content-length": b"11"})
    assert received([request(b"0123456789")], {b"content-length": b"10"}) == (b"0123456789", 0)


def test_what_grows_too_large_is_refused_whatever_was_announced():
    for headers in ({}, {b"content-length": b"1"}, {b"content-length": b"many"}):
        with pytest.raises(TooLarge):
            received([request(b"012345", more=True), request(b"678901")], headers)


def test_what_ends_early_is_told():
    with pytest.raises(Unreadable):
        received([request(b"ab", more=True), {"type": "http.disconnect"}])
