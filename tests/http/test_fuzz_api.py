"""Requests made from the API's own document find no fault of ours, and no answer that is not described.

A small size of `make fuzz-api`, the same on every run.
"""

import pytest

from tests.http.fuzz_api import Fuzzed, along_links, each_operation
from tests.serving import Served


@pytest.fixture(scope="module")
def fuzzed(served: Served) -> Fuzzed:
    return Fuzzed(served)


def test_made_up_requests_are_answered_as_described(fuzzed: Fuzzed):
    found = each_operation(fuzzed, examples=1, seed=1)
    assert not found, "\n\n".join(found)
    good = sum(count for (_, status), count in fuzzed.statuses.items() if status < 300)
    assert good > sum(fuzzed.statuses.values()) / 10, "hardly any request got through"


def test_chains_along_the_links_are_answered_as_described(fuzzed: Fuzzed):
    found = along_links(fuzzed, chains=10, steps=6, seed=1, room="commerce")
    assert not found, "\n\n".join(found)
