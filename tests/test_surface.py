"""What answers is what is offered, and it is described as it is."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SURFACE = Path(__file__).parents[1] / "docs" / "surface"
MADE = runpy.run_path(str(SURFACE / "make.py"))["MADE"]
DOCUMENT: dict[str, Any] = json.loads((SURFACE / "openapi.json").read_text())


@pytest.mark.parametrize("name", MADE)
def test_the_committed_surface_is_current(name: str):
    assert (SURFACE / name).read_text() == MADE[name](), "run `make surface` and commit what it changes"


def test_every_address_says_what_it_is_for():
    rows = [line.split(None, 3) for line in (SURFACE / "endpoints.txt").read_text().splitlines()[3:]]
    assert rows and all(len(row) == 4 for row in rows)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Everything that is described."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_operation_has_a_name_of_its_own_words_and_an_example():
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for method, path, operation in operations():
        where = f"{method} {path}"
        assert operation["summary"] and len(operation["description"]) > len(operation["summary"]) > 10, where
        assert operation["tags"] == [path.split("/")[3]] and operation["x-actors"], where
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values():
                if content["schema"].get("format") == "binary":
                    continue
                assert "example" in content or "examples" in content, f"{where} {status}"
        if "requestBody" in operation:
            for content in operation["requestBody"]["content"].values():
                parts = content["schema"].get("properties", {}).values()
                assert "example" in content or all(part.get("format") == "binary" for part in parts), where


def test_no_field_is_described_that_nobody_outside_may_know():
    text = json.dumps(DOCUMENT)
    assert '"x-sees": []' not in text
    assert "kernel" not in text
    assert "tokenHash" not in text
