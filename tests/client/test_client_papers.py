"""Terms, variants, documents and media by the official client: every method, as each actor."""

from collections.abc import Callable
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.parts import PDF
from tests.world import PRODUCT

CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 50
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
TERMS = "TCS-5001-0001-0001"

Service = Callable[[Any], Any]
KINDS: dict[str, tuple[Service, dict[str, Any], dict[str, Any], tuple[str, bytes, str]]] = {
    # what: the service, a body with a file, what makes it one from an address, the file
    "documents": (
        lambda c: c.catalog.products.documents(PRODUCT),
        {"name": "e2e - please delete", "description": "d", "documenttype": "File", "language": "en-gb", "url": ""},
        {"documenttype": "Online", "url": "https://sample-files.example/sample.pdf"},
        ("empty.pdf", CONTENT, PDF),
    ),
    "media": (
        lambda c: c.catalog.products.media(PRODUCT),
        {"name": "e2e - please delete", "description": "d", "mediatype": "Image", "displayOrder": 1, "url": ""},
        {"mediatype": "Video", "url": "https://www.youtube.example/watch?v=1"},
        ("logo.png", PNG, "image/png"),
    ),
    "variants": (
        lambda c: c.catalog.products.terms(PRODUCT).variants(TERMS),
        {"name": "e2e - please delete", "languageCode": "en-gb", "type": "File", "assetUrl": ""},
        {"type": "Online", "assetUrl": "https://sample-files.example/sample.pdf"},
        ("empty.pdf", CONTENT, PDF),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_created_reviewed_published_read_and_withdrawn(
    client: Any, vendor: Any, operations: Any, kind: str
) -> None:
    service, body, _, file = KINDS[kind]
    mine, theirs = service(vendor), service(client)
    made = mine.create(body, file=file)
    assert (made.filename, made.size, made.content_type, made.status) == (file[0], len(file[1]), file[2], "Draft")
    assert mine.get(made.id).name == body["name"]
    assert mine.update(made.id, {"name": "Renamed"}).name == "Renamed"
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        theirs.get(made.id)
    assert mine.review(made.id).status == "Pending"
    for refused in (lambda: mine.publish(made.id), lambda: service(operations).review(made.id)):
        with pytest.raises(MPTAPIError, match="403 Forbidden"):
            refused()
    assert service(operations).publish(made.id).status == "Published"
    for each in (mine, theirs, service(operations)):
        found = each.filter(RQLQuery(id=made.id)).fetch_one()
        assert (found.name, found.status) == ("Renamed", "Published")
        downloaded = each.download(made.id)
        assert (downloaded.filename, downloaded.file_contents) == (file[0], file[1])
    for refused in (lambda: theirs.update(made.id, {}), lambda: theirs.delete(made.id), lambda: theirs.review(made.id),
                    lambda: theirs.publish(made.id), lambda: theirs.unpublish(made.id), lambda: theirs.create(body)):  # fmt: skip
        with pytest.raises(MPTAPIError, match="403 Forbidden"):
            refused()
    assert mine.unpublish(made.id).status == "Unpublished"
    with pytest.raises(MPTAPIError, match="409 Conflict"):
        mine.delete(made.id)


@pytest.mark.parametrize("kind", KINDS)
def test_one_from_an_address_is_created_and_deleted(vendor: Any, kind: str) -> None:
    service, body, online, _ = KINDS[kind]
    mine = service(vendor)
    made = mine.create(body | online)
    assert online.items() & made.to_dict().items() and made.status == "Draft"
    assert made.id in [each.id for each in mine.iterate(batch_size=50)]
    mine.delete(made.id)
    for gone in (mine.get, mine.delete, mine.review):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            gone(made.id)


@pytest.mark.parametrize("kind", KINDS)
def test_another_vendor_finds_nothing(speak: Any, vendor: Any, kind: str) -> None:
    service, body, _, file = KINDS[kind]
    made, other = service(vendor).create(body, file=file), service(speak("other vendor"))
    for call in (other.get, other.delete, other.review, other.download, lambda i: other.update(i, {})):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            call(made.id)
    service(vendor).delete(made.id)


@pytest.mark.parametrize("who", ["vendor", "operations"])
def test_terms_are_drafted_changed_published_and_deleted(speak: Any, client: Any, who: str) -> None:
    mine, vendors = (speak(each).catalog.products.terms(PRODUCT) for each in (who, "vendor"))
    made = mine.create({"name": "e2e - please delete", "description": "d", "displayOrder": 100})
    assert made.status == "Draft" and mine.get(made.id).display_order == 100
    assert mine.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert vendors.review(made.id).status == "Pending"
    assert speak("operations").catalog.products.terms(PRODUCT).publish(made.id).status == "Published"
    assert client.catalog.products.terms(PRODUCT).get(made.id).name == "Renamed"
    assert mine.unpublish(made.id).status == "Unpublished"
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        client.catalog.products.terms(PRODUCT).get(made.id)
    draft = mine.create({"name": "e2e - please delete"})
    mine.delete(draft.id)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        mine.get(draft.id)
    with pytest.raises(MPTAPIError, match=r"400 One or more validation errors occurred"):
        mine.create({"description": "nameless"})
