"""Attachments of agreements by the official client: both its forms, as vendor, operations and client."""

from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.orders import live
from tests.parts import PDF
from tests.purchases import Document
from tests.serving import Served

CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 2000


@pytest.fixture(scope="module")
def agreement(served: Served) -> Document:
    """A live agreement of the client with the vendor."""
    return live(served)


@pytest.fixture(params=["vendor", "operations"])
def attachments(request: pytest.FixtureRequest, speak: Any, agreement: Document) -> Any:
    """The attachments of the agreement, for those who write them."""
    return speak(request.param).commerce.agreements.attachments(agreement["id"])


def test_a_file_is_created_read_changed_downloaded_and_deleted(
    attachments: Any, client: Any, agreement: Document
) -> None:
    said = {"name": "e2e - please delete", "description": "As signed", "type": "File"}
    made = attachments.create(said, file=("empty.pdf", CONTENT, PDF))
    assert made.id.startswith("ATT-")
    assert (made.name, made.description, made.type) == (said["name"], said["description"], "File")
    assert (made.filename, made.size, made.content_type) == ("empty.pdf", len(CONTENT), PDF)
    assert attachments.get(made.id).to_dict() == made.to_dict()
    read = client.commerce.agreements.attachments(agreement["id"])
    for service in (attachments, read):
        found = service.filter(RQLQuery(id=made.id)).fetch_one()
        assert (found.id, found.name) == (made.id, made.name)
        file = service.download(made.id)
        assert (file.filename, file.content_type, file.file_contents) == ("empty.pdf", PDF, CONTENT)
        assert service.download(made.id, accept=PDF).file_contents == CONTENT
        with pytest.raises(MPTAPIError, match="406 Not Acceptable"):
            service.download(made.id, accept="image/png")
    changed = attachments.update(made.id, {"name": "Renamed", "description": "Changed"})
    assert (changed.name, changed.description, changed.filename) == ("Renamed", "Changed", "empty.pdf")
    attachments.delete(made.id)
    for gone in (attachments.get, attachments.download, attachments.delete):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            gone(made.id)


def test_a_licence_key_comes_without_a_file(attachments: Any) -> None:
    made = attachments.create({"name": "Key", "description": "", "type": "LicenseKey", "licenseKey": "AAAA-BBBB"})
    assert (made.type, made.license_key) == ("LicenseKey", "AAAA-BBBB")
    attachments.delete(made.id)


def test_a_list_is_read_page_by_page(attachments: Any) -> None:
    made = [attachments.create({"name": f"Paper {n}"}, file=(f"{n}.csv", b"a,b", "text/csv")).id for n in range(5)]
    assert [each.id for each in attachments.iterate(batch_size=2) if each.id in made] == made
    for each in made:
        attachments.delete(each)


def test_an_unknown_one_is_not_there(attachments: Any) -> None:
    for call in (attachments.get, attachments.delete):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            call("ATT-0000-0000-0000-0000")


def test_a_client_reads_and_is_refused_all_else(client: Any, vendor: Any, agreement: Document) -> None:
    made = vendor.commerce.agreements.attachments(agreement["id"]).create({"name": "x"}, file=("a.pdf", b"x", PDF))
    mine = client.commerce.agreements.attachments(agreement["id"])
    for refused in (
        lambda: mine.create({"name": "x"}, file=("a.pdf", b"x", PDF)),
        lambda: mine.update(made.id, {"name": "Mine"}),
        lambda: mine.delete(made.id),
    ):
        with pytest.raises(MPTAPIError, match="403 Forbidden"):
            refused()
    assert mine.get(made.id).name == "x"


def test_what_is_wrong_is_told(attachments: Any) -> None:
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        attachments.create({"name": "x", "type": "File"})
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        attachments.create({"name": "x"}, file=("a.exe", b"MZ", "application/octet-stream"))
