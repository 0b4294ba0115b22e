import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.commerce.text import OUTPUT_MAX, render, values_of

VALUES = {
    "PAR-4242-1717-0001": "Northwind",
    "companyName": "Northwind",
    "empty": None,
    "tricky": "{{ companyName }}",
}

CASES = [
    # markdown, rendered
    ("# Hello {{ PAR-4242-1717-0001 }}!", "# Hello Northwind!"),
    ("{{companyName}} and {{   companyName\t}}", "Northwind and Northwind"),
    ("Due: {{ empty }}.", "Due: ."),
    ("Due: {{ PAR-0000-0000-0000 }}.", "Due: ."),
    ("{{ tricky }}", "{{ companyName }}"),
    ("{{ }} {} { companyName } {{ companyName }", " {} { companyName } {{ companyName }"),
    ("{{{ companyName }}}", "{Northwind}"),
    ("{{ 'a'*10**9 }}", ""),
    ("{{ company\nName }}", "{{ company\nName }}"),
    ("{{ {{ companyName }} }}", "{{ Northwind }}"),
    ("no places", "no places"),
    ("", ""),
]


@pytest.mark.parametrize(("markdown", "rendered"), CASES)
def test_places_give_way_to_values(markdown, rendered):
    assert render(markdown, VALUES) == rendered


def test_the_result_is_bounded():
    assert len(render("x{{ a }}" * 10_000, {"a": "v" * 4_000})) == OUTPUT_MAX
    assert len(render("x" * (OUTPUT_MAX + 1), {})) == OUTPUT_MAX


@pytest.mark.parametrize("piece", ["{", "{{", "{{ a", "{{ }", "}}", "{{ a }}", "{{" + " " * 50])
def test_the_time_grows_with_the_text_alone(piece):
    started = time.process_time()
    render(piece * (1_000_000 // len(piece)), {"a": "b"})
    assert time.process_time() - started < 2


@given(st.text("{} abc\n"), st.dictionaries(st.text("abc"), st.none() | st.text("{}abc ")))
def test_no_text_and_no_values_raise(markdown, values):
    render(markdown, values)


def test_values_are_found_by_id_and_by_external_id():
    ordering = [
        {"id": "PAR-1", "externalId": "name", "value": "A", "displayValue": "A"},
        {"id": "PAR-2", "externalId": "PAR-1", "displayValue": "B"},
    ]
    fulfillment = [{"id": "PAR-3", "externalId": None}, {"id": "PAR-4", "externalId": "due"}]
    assert values_of(ordering, fulfillment) == {
        "PAR-1": "A",
        "name": "A",
        "PAR-2": "B",
        "PAR-3": None,
        "PAR-4": None,
        "due": None,
    }
