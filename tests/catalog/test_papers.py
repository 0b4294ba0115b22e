"""What a product gives to read: drafted by its vendor, published by operations, seen by clients from then on."""

from typing import Any

import pytest

from tests.parts import PDF, Part
from tests.party import Api, ok
from tests.serving import Served
from tests.world import PRODUCT

BELOW = f"/catalog/products/{PRODUCT}"
CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
TERMS = f"{BELOW}/terms"

KINDS: dict[str, tuple[str, dict[str, Any], str]] = {
    # what:      collection,                 a body that needs no file,                       where the address stands
    "documents": (f"{BELOW}/documents", {"name": "Manual", "url": "https://vendor.example/a.pdf"}, "url"),
    "media": (f"{BELOW}/media", {"name": "Film", "type": "Video", "url": "https://film.example/watch?v=1"}, "url"),
    "variants": (f"{TERMS}/TCS-5001-0001-0001/variants", {"name": "English", "assetUrl": "https://a.example"}, "assetUrl"),
    "terms": (TERMS, {"name": "Terms"}, ""),
}  # fmt: skip
PLACED = [kind for kind, (_, _, address) in KINDS.items() if address]


def made(api: Api, kind: str, **more: Any) -> tuple[str, Any]:
    """One by the vendor, and its address."""
    path, body, _ = KINDS[kind]
    found = ok(api("vendor").post(path, {**body, **more}))
    return f"{path}/{found['id']}", found


@pytest.mark.parametrize("kind", KINDS)
def test_one_goes_through_its_life(api: Api, kind: str):
    at, found = made(api, kind)
    path = KINDS[kind][0]
    assert found["status"] == "Draft" and found["audit"]["created"]["by"]
    assert api("client").get(at).status == 404
    assert api("other vendor").get(at).status == 404
    assert api("vendor").post(f"{at}/publish").status == 403
    assert api("operations").post(f"{at}/publish").status == 409
    assert api("operations").post(f"{at}/review").status == 403
    assert ok(api("vendor").post(f"{at}/review"))["status"] == "Pending"
    assert api("vendor").delete(at).status == 409
    assert ok(api("vendor").put(at, {"description": "Pending"}))["description"] == "Pending"
    assert ok(api("operations").post(f"{at}/publish"))["status"] == "Published"
    assert ok(api("client").get(at))["name"] == found["name"]
    assert found["id"] in [each["id"] for each in ok(api("client").get(f"{path}?limit=100"))["data"]]
    assert ok(api("vendor").put(at, {"description": "Published"}))["description"] == "Published"
    assert api("client").put(at, {"description": "Mine"}).status == 403
    assert api("client").delete(at).status == 403
    gone = ok(api("vendor").post(f"{at}/unpublish"))
    assert gone["status"] == "Unpublished" and {"pending", "published", "unpublished"} <= gone["audit"].keys()
    assert api("client").get(at).status == 404
    reply = api("vendor").put(at, {"description": "Withdrawn"})
    assert reply.status == 409 and "Unpublished" in reply.json["detail"]
    assert ok(api("operations").post(f"{at}/publish"))["status"] == "Published"


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_is_deleted_and_then_is_nowhere(api: Api, kind: str):
    at, found = made(api, kind)
    assert api("vendor").delete(at).status == 204
    for who in ("vendor", "operations"):
        assert api(who).get(at).status == 404
        assert found["id"] not in [each["id"] for each in ok(api(who).get(f"{KINDS[kind][0]}?limit=100"))["data"]]
    assert api("vendor").delete(at).status == 404


@pytest.mark.parametrize("kind", PLACED)
def test_a_file_comes_back_as_it_was(api: Api, served: Served, kind: str):
    path, body, address = KINDS[kind]
    said = {name: value for name, value in body.items() if name not in (address, "type")}
    content, name, content_type = (PNG, "pict ure.png", "image/png") if kind == "media" else (CONTENT, "Ünder.pdf", PDF)
    part = {"documents": "document", "media": "media", "variants": "variant"}[kind]
    reply = sent(served, "vendor", path, part, said, Part("file", content, content_type, name))
    found = ok(reply)
    assert (found["filename"], found["size"], found["contentType"]) == (name, len(content), content_type)
    assert found["type"] == ("Image" if kind == "media" else "File")
    at = f"{path}/{found['id']}"
    assert ok(api("vendor").get(at, accept="application/json"))["filename"] == name
    file = api("vendor").get(at, accept=content_type)
    assert (file.status, file.body) == (200, content) and "attachment; filename=" in file.headers["content-disposition"]
    assert api("vendor").get(at, accept="image/gif").status == 406
    assert api("client").get(at, accept=content_type).status == 404
    refused = api("vendor").put(at, {address: "https://elsewhere.example"})
    assert refused.status == 400 and refused.json["errors"] == {
        address: ["Either a file or an address is given, not both."]
    }
    ok(api("vendor").post(f"{at}/review"))
    ok(api("operations").post(f"{at}/publish"))
    assert api("client").get(at, accept=content_type).body == content
    assert api("other vendor").get(at, accept=content_type).status == 404


def sent(served: Served, who: str, path: str, part: str, body: Any, *files: Part) -> Any:
    """A request in parts to an address that takes the JSON alone, too."""
    import json

    from tests.parts import in_parts, kind_of

    content = in_parts(Part(part, json.dumps(body).encode(), "application/json"), *files)
    return served.call(who, "POST", path, raw=content, content_type=kind_of())


@pytest.mark.parametrize(
    ("kind", "body", "files", "errors"),
    [
        ("documents", {"name": "x"}, (), {"url": ["An address is required where no file comes along."]}),
        ("documents", {"url": "https://a.example"}, (), {"name": ["A value is required."]}),
        ("documents", {"name": "x", "url": "javascript:alert(1)"}, (), "url"),
        ("documents", {"name": "x", "url": "https://user:pw@a.example"}, (), "url"),
        ("documents", {"name": "x", "url": "https://a.example", "language": "English!"}, (), "language"),
        ("documents", {"name": "x", "type": "File", "url": "https://a.example"}, (), "type"),
        ("documents", {"name": "x", "type": "Online"}, (Part("file", CONTENT, PDF, "a.pdf"),), "type"),
        ("documents", {"name": "x", "url": "https://a.example"}, (Part("file", CONTENT, PDF, "a.pdf"),), "url"),
        ("documents", {"name": "x"}, (Part("file", b"MZ", "application/x-dosexec", "a.exe"),), "file"),
        ("documents", {"name": "x", "documentType": "Scroll", "url": "https://a.example"}, (), "documentType"),
        ("media", {"name": "x", "url": "https://a.example"}, (), "type"),
        ("media", {"name": "x", "type": "Video"}, (Part("file", PNG, "image/png", "a.png"),), "type"),
        ("media", {"name": "x", "displayOrder": -1, "type": "Image", "url": "https://a.example"}, (), "displayOrder"),
        ("variants", {"name": "x", "languageCode": "e" * 3 + "-" + "f" * 30, "assetUrl": "https://a.example"}, (), "languageCode"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_field(api: Api, served: Served, kind: str, body: Any, files: Any, errors: Any):
    path = KINDS[kind][0]
    before = ok(api("vendor").get(f"{path}?limit=0"))["$meta"]["pagination"]["total"]
    part = {"documents": "document", "media": "media", "variants": "variant"}[kind]
    reply = sent(served, "vendor", path, part, body, *files) if files else api("vendor").post(path, body)
    assert reply.status == 400
    if isinstance(errors, dict):
        assert reply.json["title"] == "One or more validation errors occurred."
        assert reply.json["errors"] == errors
    else:
        assert set(reply.json["errors"]) == {errors}
    assert ok(api("vendor").get(f"{path}?limit=0"))["$meta"]["pagination"]["total"] == before


def test_types_are_told_as_the_official_tests_tell_them(api: Api, served: Served):
    path = KINDS["documents"][0]
    said = {"name": "e2e", "description": "d", "documenttype": "File", "language": "en-gb", "url": ""}
    found = ok(sent(served, "vendor", path, "document", said, Part("file", CONTENT, PDF, "empty.pdf")))
    assert found["type"] == "File" and "url" not in found
    said |= {"documenttype": "Online", "url": "https://sample-files.example/a.pdf"}
    found = ok(sent(served, "vendor", path, "document", said))
    assert (found["type"], found["url"]) == ("Online", said["url"])
    said = {"name": "e2e", "mediatype": "Video", "url": "https://www.youtube.example/watch?v=1", "displayOrder": 1}
    assert ok(sent(served, "vendor", KINDS["media"][0], "media", said))["type"] == "Video"


def test_a_picture_is_given_at_an_address_of_its_own_and_a_film_is_none(api: Api, served: Served):
    path = KINDS["media"][0]
    picture = ok(sent(served, "vendor", path, "media", {"name": "P"}, Part("file", PNG, "image/png", "p.png")))
    film = ok(sent(served, "vendor", path, "media", {"name": "F"}, Part("file", b"film", "video/mp4", "f.mp4")))
    assert (picture["type"], film["type"]) == ("Image", "Video")
    image = api("vendor").get(f"{path}/{picture['id']}/image")
    assert (image.status, image.body, image.headers["content-type"]) == (200, PNG, "image/png")
    assert api("vendor").get(f"{path}/{film['id']}/image").status == 404
    assert api("client").get(f"{path}/{picture['id']}/image").status == 404
    assert api("vendor").get(f"{path}/{made(api, 'media')[1]['id']}/image").status == 404


def test_addresses_may_change_and_not_be_taken_away(api: Api):
    at, _ = made(api, "documents")
    assert ok(api("vendor").put(at, {"url": "https://b.example"}))["url"] == "https://b.example"
    for nothing in (None, ""):
        assert api("vendor").put(at, {"url": nothing}).status == 400
    assert ok(api("vendor").put(at, {"type": "File", "filename": "x.pdf", "status": "Published"}))["status"] == "Draft"


def test_children_are_numbered_within_their_product(api: Api):
    ids = [made(api, kind)[1]["id"] for kind in KINDS]
    assert [each[:14] for each in ids] == ["PDC-5001-0001-", "MED-5001-0001-", "TCV-5001-0001-", "TCS-5001-0001-"]


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_vendor_of_a_product_writes_and_operations_where_it_may(api: Api, kind: str):
    path, body, _ = KINDS[kind]
    assert api("client").post(path, body).status == 403
    assert api("other vendor").post(path, body).status == 404
    allowed = kind in ("terms", "variants")
    assert api("operations").post(path, body).status == (201 if allowed else 403)
    at, _ = made(api, kind)
    assert api("operations").put(at, {"description": "o"}).status == (403 if kind == "media" else 200)


@pytest.mark.parametrize("kind", KINDS)
def test_its_vendor_reads_in_the_trail_what_becomes_of_it(api: Api, kind: str):
    at, found = made(api, kind)
    ok(api("vendor").post(f"{at}/review"))
    ok(api("operations").post(f"{at}/publish"))
    events = [each["event"] for each in ok(api("vendor").get(f"/audit/records?eq(object.id,'{found['id']}')"))["data"]]
    assert [event.rpartition(".")[2] for event in events] == ["status_changed", "status_changed", "created"]
    assert not ok(api("other vendor").get(f"/audit/records?eq(object.id,'{found['id']}')"))["data"]
