"""The list of addresses is what is offered."""

import runpy
from pathlib import Path

SURFACE = Path(__file__).parents[1] / "docs" / "surface"


def test_the_list_of_addresses_is_current():
    made = runpy.run_path(str(SURFACE / "make.py"))["endpoints"]()
    assert (SURFACE / "endpoints.txt").read_text() == made, "run `make surface` and commit what it changes"


def test_every_address_says_what_it_is_for():
    rows = [line.split(None, 3) for line in (SURFACE / "endpoints.txt").read_text().splitlines()[3:]]
    assert rows and all(len(row) == 4 for row in rows)
