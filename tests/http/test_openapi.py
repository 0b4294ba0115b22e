"""The documents that describe the API, and the pages that show them: open to all, whole, and quick to be had."""

import re
import time

import httpx2
import pytest

from tests.serving import Served


@pytest.fixture(scope="module")
def reader(served: Served):
    with httpx2.Client(base_url=served.url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("address", ["/public/v1/openapi.json", "/v1/openapi.json"])
def test_the_whole_document_is_open_to_all(reader: httpx2.Client, address: str):
    answer = reader.get(address)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"] == "3.1.0"
    assert "/public/v1/commerce/orders/{id}/process" in document["paths"]


def test_a_module_has_a_document_of_its_own_that_stands_alone(reader: httpx2.Client):
    whole = reader.get("/public/v1/openapi.json").json()
    for tag in whole["tags"]:
        name = tag["name"]
        answer = reader.get(f"/public/v1/{name}/openapi.json")
        document = answer.json()
        assert document["paths"] == {
            path: methods for path, methods in whole["paths"].items() if path.startswith(f"/public/v1/{name}")
        }
        for pointer in re.findall(r'"#/components/(\w+)/(\w+)"', answer.text):
            assert pointer[1] in document["components"][pointer[0]]


def test_what_is_no_module_is_a_problem_like_any_other(reader: httpx2.Client):
    assert reader.get("/public/v1/nothing/openapi.json").status_code == 404
    assert reader.get("/public/v1/commerce/orders/openapi.json").status_code == 401


@pytest.mark.parametrize("page", ["/docs", "/docs/commerce"])
def test_the_pages_load_nothing_from_elsewhere(reader: httpx2.Client, page: str):
    answer = reader.get(page)
    assert answer.status_code == 200
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", answer.text)
    assert "<script" not in answer.text and "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_tells_of_every_operation_and_every_field_of_its_module(reader: httpx2.Client):
    text = reader.get("/docs/commerce").text
    document = reader.get("/public/v1/commerce/openapi.json").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in text
    assert "price.unitPP" in text and "vendor (Processing)" in text
    assert reader.get("/docs/nothing").status_code == 404


def test_a_document_is_kept_once_it_was_made(reader: httpx2.Client):
    reader.get("/public/v1/openapi.json")
    began = time.perf_counter()
    for _ in range(10):
        reader.get("/public/v1/openapi.json")
    assert (time.perf_counter() - began) / 10 < 0.05
