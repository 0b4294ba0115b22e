"""What is described here is what the platform's published document says, but for one table of differences."""

from fnmatch import fnmatchcase

import pytest

from tests.conformance.comparing import of_documents
from tests.conformance.differences import patterns
from tests.conformance.facts import FILE, PUBLISHED, known, laid_out, published
from tests.conformance.make import PAGE, page


def matches(difference: str, pattern: str) -> bool:
    """Whether a pattern of the table names a difference."""
    return fnmatchcase(difference, pattern)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="../shared/spec is not here: facts.json stands for it")
def test_the_facts_are_those_of_the_published_document():
    assert FILE.read_text() == laid_out(published()), "run `make facts` and commit what it changes"


def test_the_page_of_differences_is_the_table():
    assert PAGE.read_text() == page(), "run `make facts` and commit what it changes"


def test_every_difference_stands_in_the_table():
    lost = [each for each in sorted(of_documents(known())) if not any(matches(each, p) for p in patterns())]
    assert not lost, f"mend it, or give the reason in differences.py: {lost}"
