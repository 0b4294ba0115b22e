"""Attachments of agreements: documents and licence keys, for all parties to read (spec 3.5)."""

from typing import Any

import pytest

from entrepot.kernel.file import DOCUMENTS
from tests.orders import live
from tests.parts import PDF, Part
from tests.party import ok
from tests.purchases import Document, completed, failed
from tests.serving import Reply, Served
from tests.world import SECOND_LICENSEE

CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 40
FILE = Part("file", CONTENT, PDF, "contract.pdf")


@pytest.fixture(scope="module")
def agreement(served: Served) -> Document:
    """A live agreement of the client with the vendor."""
    return live(served)


def at(agreement: Document) -> str:
    return f"/commerce/agreements/{agreement['id']}/attachments"


def attach(served: Served, agreement: Document, who: str = "vendor", file: Part | None = FILE, **said: Any) -> Reply:
    return served.call(who, "POST", at(agreement), {"name": "Contract", **said}, file=file)


def refused(reply: Reply) -> dict[str, list[str]]:
    """What is wrong, field by field."""
    assert reply.status == 400, reply.body
    return reply.json["errors"]


# What is there ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["vendor", "operations"])
def test_a_file_is_told_of_to_all_parties_and_given_as_it_came(served: Served, agreement: Document, who: str) -> None:
    made = ok(attach(served, agreement, who, description="As signed"))
    assert {key: made[key] for key in ("name", "description", "type", "filename", "size", "contentType", "licenseKey")} == {
        "name": "Contract", "description": "As signed", "type": "File", "filename": "contract.pdf",
        "size": len(CONTENT), "contentType": PDF, "licenseKey": "",
    }  # fmt: skip
    assert made["agreement"]["id"] == agreement["id"]
    assert made["id"].startswith("ATT-") and "fileKey" not in made and "file" not in made
    for reader in ("client", "vendor", "operations"):
        path = f"{at(agreement)}/{made['id']}"
        assert ok(served.call(reader, "GET", path)) == made
        assert made["id"] in [each["id"] for each in ok(served.call(reader, "GET", at(agreement)))["data"]]
        given = served.call(reader, "GET", path, accept=PDF)
        assert (given.status, given.body) == (200, CONTENT)
        assert given.headers["content-type"] == PDF
        assert given.headers["content-length"] == str(len(CONTENT))
        assert given.headers["x-content-type-options"] == "nosniff"


def test_a_licence_key_is_its_own_content(served: Served, agreement: Document) -> None:
    made = ok(attach(served, agreement, file=None, type="LicenseKey", licenseKey="AAAA-BBBB"))
    assert made["licenseKey"] == "AAAA-BBBB"
    assert not {"filename", "size", "contentType"} & set(made)
    path = f"{at(agreement)}/{made['id']}"
    assert served.call("client", "GET", path, accept=PDF).status == 406
    assert ok(served.call("client", "GET", path, accept="application/json")) == made


def test_what_is_left_out_of_its_type_follows_from_what_came(served: Served, agreement: Document) -> None:
    assert ok(attach(served, agreement))["type"] == "File"
    assert ok(attach(served, agreement, file=None, licenseKey="K"))["type"] == "LicenseKey"


def test_it_may_be_about_an_order_of_the_same_agreement(served: Served, agreement: Document) -> None:
    order = ok(served.call("client", "GET", f"/commerce/orders?agreement.id={agreement['id']}"))["data"][0]["id"]
    made = ok(attach(served, agreement, orderId=order))
    assert made["orderId"] == order
    assert ok(served.call("client", "GET", f"{at(agreement)}?eq(orderId,{order})"))["data"][0]["id"] == made["id"]


@pytest.mark.parametrize("ending", DOCUMENTS)
def test_each_type_of_document_is_taken_and_given_back(served: Served, agreement: Document, ending: str) -> None:
    for said in (DOCUMENTS[ending], "", "application/octet-stream", DOCUMENTS[ending].upper()):
        made = ok(attach(served, agreement, file=Part("file", b"content", said, f"paper.{ending.upper()}")))
        assert made["contentType"] == DOCUMENTS[ending]
        path = f"{at(agreement)}/{made['id']}"
        assert served.call("client", "GET", path, accept=DOCUMENTS[ending]).body == b"content"


@pytest.mark.parametrize("size", [0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3_000_000])
def test_a_file_of_any_size_comes_back_whole(served: Served, agreement: Document, size: int) -> None:
    content = bytes(at % 251 for at in range(size))
    made = ok(attach(served, agreement, file=Part("file", content, PDF, "big.pdf")))
    assert made["size"] == size
    assert served.call("client", "GET", f"{at(agreement)}/{made['id']}", accept=PDF).body == content


# What is not taken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "file", "where"),
    [
        ({"name": None}, FILE, "name"),
        ({"name": ""}, FILE, "name"),
        ({"name": "n" * 181}, FILE, "name"),
        ({"description": "d" * 251}, FILE, "description"),
        ({"type": "Video"}, FILE, "type"),
        ({"type": "File"}, None, "file"),
        ({}, None, "file"),
        ({"type": "File", "licenseKey": "K"}, FILE, "licenseKey"),
        ({"type": "LicenseKey", "licenseKey": "K"}, FILE, "file"),
        ({"type": "LicenseKey"}, None, "licenseKey"),
        ({"type": "LicenseKey", "licenseKey": ""}, None, "licenseKey"),
        ({"type": "LicenseKey", "licenseKey": "k" * 1001}, None, "licenseKey"),
        ({"orderId": "ORD-0000-0000-0000"}, FILE, "orderId"),
        ({"orderId": 5}, FILE, "orderId"),
        ({"orderId": "x\0"}, FILE, "orderId"),
        ({}, Part("file", b"x", PDF, "a.exe"), "file"),
        ({}, Part("file", b"x", "text/html", "a.pdf"), "file"),
        ({}, Part("file", b"x", PDF, "a.csv"), "file"),
        ({}, Part("file", b"x", "text/html", "a.html"), "file"),
        ({}, Part("file", b"x", PDF, "pdf."), "file"),
        ({}, Part("file", b"x", PDF, ""), "file"),
        ({}, Part("file", b"x", PDF), "file"),
        ({}, Part("file", b"x", PDF, "n" * 260 + ".pdf"), "file"),
    ],
)
def test_bad_content_is_refused_by_name(
    served: Served, agreement: Document, said: dict[str, Any], file: Part | None, where: str
) -> None:
    assert where in refused(attach(served, agreement, file=file, **said))


def test_an_order_of_another_agreement_is_not_found(served: Served, agreement: Document) -> None:
    other = completed(served)
    assert "orderId" in refused(attach(served, agreement, orderId=other["id"]))


def test_nothing_is_left_of_what_was_refused(served: Served, agreement: Document) -> None:
    before = served.fetch("select count(*) from files")
    refused(attach(served, agreement, type="Video"))
    assert attach(served, agreement, "client").status == 403
    assert served.fetch("select count(*) from files") == before


# Who may do what --------------------------------------------------------------------------------------


def test_a_client_only_reads(served: Served, agreement: Document) -> None:
    path = f"{at(agreement)}/{ok(attach(served, agreement))['id']}"
    assert attach(served, agreement, "client").status == 403
    assert served.call("client", "PUT", path, {"name": "Mine"}).status == 403
    assert served.call("client", "DELETE", path).status == 403


@pytest.mark.parametrize("stranger", ["other client", "other vendor", "restricted"])
def test_for_strangers_neither_it_nor_its_file_is_there(served: Served, stranger: str) -> None:
    agreement = {"id": completed(served, licensee=SECOND_LICENSEE)["agreement"]["id"]}
    made = ok(attach(served, agreement))
    path = f"{at(agreement)}/{made['id']}"
    for reply in (
        served.call(stranger, "GET", at(agreement)),
        served.call(stranger, "GET", path),
        served.call(stranger, "GET", path, accept=PDF),
        served.call(stranger, "GET", path, accept="image/png"),
        served.call(stranger, "HEAD", path, accept=PDF),
        served.call(stranger, "PUT", path, {"name": "Mine"}),
        served.call(stranger, "DELETE", path),
        attach(served, agreement, stranger),
    ):
        assert reply.status == 404
    assert served.call(None, "GET", path, accept=PDF).status == 401
    assert served.call("idt:TKN-9999-9999:wrong", "POST", at(agreement), {"name": "x"}, file=FILE).status == 401


def test_below_another_agreement_it_is_not_there(served: Served, agreement: Document) -> None:
    made, other = ok(attach(served, agreement)), live(served)
    assert served.call("client", "GET", f"{at(other)}/{made['id']}", accept=PDF).status == 404
    assert served.call("vendor", "DELETE", f"{at(other)}/{made['id']}").status == 404


# Changes ----------------------------------------------------------------------------------------------


def test_its_name_and_description_change_and_nothing_else(served: Served, agreement: Document) -> None:
    order = ok(served.call("client", "GET", f"/commerce/orders?agreement.id={agreement['id']}"))["data"][0]["id"]
    made = ok(attach(served, agreement))
    changed = {"name": "Signed", "description": "By both", "type": "LicenseKey", "licenseKey": "K", "orderId": order,
               "filename": "x.exe", "size": 1, "contentType": "text/html", "file": "x"}  # fmt: skip
    now = ok(served.call("vendor", "PUT", f"{at(agreement)}/{made['id']}", changed))
    assert (now["name"], now["description"], now["revision"]) == ("Signed", "By both", 2)
    assert {key: now.get(key) for key in ("type", "licenseKey", "orderId", "filename", "size", "contentType")} == {
        key: made.get(key) for key in ("type", "licenseKey", "orderId", "filename", "size", "contentType")
    }
    assert served.call("client", "GET", f"{at(agreement)}/{made['id']}", accept=PDF).body == CONTENT


def test_a_change_names_the_revision_that_it_is_about(served: Served, agreement: Document) -> None:
    made = ok(attach(served, agreement))
    path = f"{at(agreement)}/{made['id']}"
    assert served.call("vendor", "PUT", path, {"name": "A"}, if_match='"7"').status == 412
    assert served.call("vendor", "DELETE", path, if_match='"7"').status == 412
    ok(served.call("vendor", "PUT", path, {"name": "A"}, if_match='"1"'))
    assert served.call("vendor", "DELETE", path, if_match='"2"').status == 204


def test_it_is_removed_for_good_with_its_bytes(served: Served, agreement: Document) -> None:
    before = [served.fetch(f"select count(*) from {table}") for table in ("files", "file_pieces")]
    path = f"{at(agreement)}/{ok(attach(served, agreement))['id']}"
    assert served.call("vendor", "DELETE", path).status == 204
    for again in (
        served.call("vendor", "DELETE", path),
        served.call("vendor", "GET", path),
        served.call("client", "GET", path, accept=PDF),
        served.call("vendor", "PUT", path, {"name": "x"}),
    ):
        assert again.status == 404
    assert [served.fetch(f"select count(*) from {table}") for table in ("files", "file_pieces")] == before


def test_the_agreement_itself_does_not_change(served: Served, agreement: Document) -> None:
    before = ok(served.call("client", "GET", f"/commerce/agreements/{agreement['id']}"))["revision"]
    path = f"{at(agreement)}/{ok(attach(served, agreement))['id']}"
    ok(served.call("vendor", "PUT", path, {"name": "x"}))
    served.call("vendor", "DELETE", path)
    assert ok(served.call("client", "GET", f"/commerce/agreements/{agreement['id']}"))["revision"] == before


# Every request alike ----------------------------------------------------------------------------------


def test_a_dry_run_leaves_nothing(served: Served, agreement: Document) -> None:
    tables = ("files", "file_pieces", "agreement_attachments", "trail")
    before = [served.fetch(f"select count(*) from {table}") for table in tables]
    tried = served.call("vendor", "POST", at(agreement), {"name": "Contract"}, file=FILE, prefer="dry-run")
    assert (tried.status, tried.headers["preference-applied"]) == (201, "dry-run")
    assert tried.json["size"] == len(CONTENT)
    assert [served.fetch(f"select count(*) from {table}") for table in tables] == before


def test_a_repetition_gives_the_first_answer_and_keeps_one_file(served: Served, agreement: Document) -> None:
    def send(file: Part = FILE, name: str = "Contract", **headers: str) -> Reply:
        return served.call(
            "vendor", "POST", at(agreement), {"name": name}, file=file, idempotency_key="once", **headers
        )

    first = ok(send())
    files = served.fetch("select count(*) from files")
    again = send()
    assert (again.status, again.json, again.headers["idempotent-replayed"]) == (201, first, "true")
    assert served.fetch("select count(*) from files") == files
    for other in (
        send(Part("file", CONTENT + b"x", PDF, "contract.pdf")),
        send(Part("file", CONTENT, PDF, "contract2.pdf")),
        send(Part("file", CONTENT, "", "contract.pdf")),
        send(name="Another"),
    ):
        assert other.status == 422


def test_the_trail_tells_of_the_file_and_never_holds_it(served: Served, agreement: Document) -> None:
    made = ok(attach(served, agreement))
    path = f"{at(agreement)}/{made['id']}"
    ok(served.call("vendor", "PUT", path, {"description": "Later"}))
    assert served.call("operations", "DELETE", path).status == 204
    rows = served.fetch(
        "select event, revision, delta::text, details::text from trail where object_id = $1 order by revision",
        made["id"],
    )
    names = [f"platform.commerce.agreement_attachment.{word}" for word in ("created", "updated", "deleted")]
    assert [(row["event"], row["revision"]) for row in rows] == list(zip(names, (1, 2, 3), strict=True))
    assert "contract.pdf" in rows[0]["details"] and "sha256" in rows[0]["details"]
    assert str(len(CONTENT)) in rows[0]["details"]
    assert "contract.pdf" in rows[2]["details"]
    assert not any("%PDF" in text for row in rows for text in (row["delta"], row["details"]))
    records = ok(served.call("client", "GET", f"/audit/records?select=object&eq(object.id,{made['id']})"))["data"]
    assert sorted(each["event"] for each in records) == sorted(names)


def test_orders_that_failed_may_have_papers_too(served: Served) -> None:
    order = failed(served)
    made = ok(attach(served, order["agreement"], orderId=order["id"]))
    assert made["orderId"] == order["id"]
