"""Extensions by the official client: every method of its integration services, by who may and by who may not."""

from collections.abc import Callable
from typing import Any

import pytest
from mpt_api_client import MPTClient
from mpt_api_client.auth import BearerTokenAuthentication
from mpt_api_client.exceptions import MPTAPIError

from tests.integration.installing import MARKETPLACE, claims_of
from tests.parts import PDF
from tests.serving import Served
from tests.world import ACCOUNTS, refer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
CONTENT = b"%PDF-1.7 terms"
NOBODY = "0000-0000"


@pytest.fixture
def extension(vendor: Any) -> Any:
    """One of the vendor's, with a picture."""
    said = {"name": "e2e - please delete", "modules": [refer(MARKETPLACE)], "shortDescription": "Counts meters"}
    return vendor.integration.extensions.create(said, file=("icon.png", PNG, "image/png"))


def refused(status: int, *asked: Callable[[], object]) -> None:
    """Each is told no, in that way."""
    for each in asked:
        with pytest.raises(MPTAPIError) as fault:
            each()
        assert fault.value.status_code == status, fault.value


def test_an_extension_from_its_making_to_its_end(vendor: Any, operations: Any, client: Any, extension: Any) -> None:
    extensions, theirs = vendor.integration.extensions, client.integration.extensions
    assert (extension.status, extension.id[:4], extension.vendor.id) == ("Private", "EXT-", ACCOUNTS["vendor"][0])
    assert extension.service.secret
    assert extensions.get(extension.id).name == extension.name
    assert extensions.download_icon(extension.id).file_contents == PNG
    changed = extensions.update(
        extension.id, {"website": "https://meter.example"}, file=("i.png", PNG[:50], "image/png")
    )
    assert changed.website == "https://meter.example"
    assert extensions.download_icon(extension.id).file_contents == PNG[:50]
    refused(404, lambda: theirs.get(extension.id), lambda: theirs.publish(extension.id))
    refused(403, lambda: extensions.publish(extension.id), lambda: theirs.create({"name": "x"}))
    assert operations.integration.extensions.publish(extension.id).status == "Public"
    assert theirs.get(extension.id).status == "Public"
    assert theirs.download_icon(extension.id).file_contents == PNG[:50]
    refused(403, lambda: theirs.update(extension.id, {"name": "x"}), lambda: theirs.regenerate(extension.id),
            lambda: theirs.token(extension.id), lambda: theirs.delete(extension.id))  # fmt: skip
    assert extensions.regenerate(extension.id).service.secret != extension.service.secret
    claims = claims_of(extensions.token(extension.id).token)
    assert claims["https://claims.softwareone.com/extensionId"] == extension.id
    refused(409, lambda: extensions.delete(extension.id))
    assert extensions.unpublish(extension.id).status == "Private"
    assert any(each.id == extension.id for each in extensions.fetch_page(limit=100))
    extensions.delete(extension.id)
    refused(404, lambda: extensions.get(extension.id), lambda: extensions.get(f"EXT-{NOBODY}"))


def test_categories_are_the_distributors(vendor: Any, operations: Any, client: Any) -> None:
    categories = operations.integration.categories
    made = categories.create({"name": "Meters", "description": "What counts"})
    assert (made.id[:4], made.status) == ("EXC-", "Active")
    assert categories.update(made.id, {"name": "Counters"}).name == "Counters"
    for each in (vendor, client):
        assert each.integration.categories.get(made.id).name == "Counters"
        assert any(one.id == made.id for one in each.integration.categories.fetch_page(limit=100))
        refused(403, lambda s=each.integration.categories: s.create({"name": "x"}),
                lambda s=each.integration.categories: s.update(made.id, {"name": "x"}),
                lambda s=each.integration.categories: s.delete(made.id))  # fmt: skip
    refused(400, lambda: categories.create({}))
    categories.delete(made.id)
    refused(404, lambda: categories.get(made.id))


DOCUMENT = ("guide.pdf", CONTENT, PDF)
PICTURE = ("shot.png", PNG, "image/png")
PAPERS: dict[str, tuple[Callable[[Any, str], Any], dict[str, Any], Any]] = {
    "documents": (lambda c, e: c.integration.extensions.documents(e), {"name": "Guide"}, DOCUMENT),
    "media": (lambda c, e: c.integration.extensions.media(e), {"name": "Picture", "displayOrder": 1}, PICTURE),
    "terms": (lambda c, e: c.integration.extensions.terms(e), {"name": "Terms", "displayOrder": 1}, None),
}


@pytest.mark.parametrize("kind", PAPERS)
def test_what_goes_with_an_extension_is_published_by_its_vendor(
    vendor: Any, operations: Any, client: Any, extension: Any, kind: str
) -> None:
    service, said, file = PAPERS[kind]
    mine, theirs = service(vendor, extension.id), service(client, extension.id)
    operations.integration.extensions.publish(extension.id)
    made = mine.create(said, file=file) if file else mine.create(said)
    assert (made.status, made.name) == ("Draft", said["name"])
    assert mine.update(made.id, {"name": "Renamed"}).name == "Renamed"
    refused(404, lambda: theirs.get(made.id))
    refused(403, lambda: theirs.create(said, file=file) if file else theirs.create(said))
    assert mine.publish(made.id).status == "Published"
    assert theirs.get(made.id).name == "Renamed"
    assert [each.id for each in theirs.fetch_page(limit=10)] == [made.id]
    refused(403, lambda: theirs.update(made.id, {"name": "x"}), lambda: theirs.unpublish(made.id),
            lambda: theirs.delete(made.id), lambda: service(operations, extension.id).publish(made.id))  # fmt: skip
    if file:
        found = theirs.download(made.id)
        assert (found.filename, found.file_contents) == (file[0], file[1])
    if kind == "media":
        other = ("other.png", PNG[:90], "image/png")
        assert mine.upload_image(made.id, file=other).filename == "other.png"
        assert mine.download(made.id).file_contents == PNG[:90]
        refused(403, lambda: theirs.upload_image(made.id, file=other))
        refused(400, lambda: mine.upload_image(made.id, file=("x.exe", b"MZ", "application/x-msdownload")))
    refused(409, lambda: mine.delete(made.id))
    assert mine.unpublish(made.id).status == "Unpublished"
    refused(404, lambda: theirs.get(made.id))
    mine.delete(made.id)
    refused(404, lambda: mine.get(made.id))


def test_a_text_of_the_terms_for_each_language(vendor: Any, operations: Any, client: Any, extension: Any) -> None:
    terms = vendor.integration.extensions.terms(extension.id)
    operations.integration.extensions.publish(extension.id)
    made = terms.create({"name": "Terms"})
    terms.publish(made.id)
    variants = terms.variants(made.id)
    theirs = client.integration.extensions.terms(extension.id).variants(made.id)
    said = {"name": "English", "languageCode": "en-GB"}
    variant = variants.create(said, file=("terms.pdf", CONTENT, PDF))
    assert (variant.status, variant.type, variant.filename, variant.id[:4]) == ("Draft", "File", "terms.pdf", "ETV-")
    online = variants.create({**said, "assetUrl": "https://terms.example"})
    assert online.type == "Online"
    refused(404, lambda: theirs.get(variant.id))
    assert variants.publish(variant.id).status == "Published"
    assert theirs.get(variant.id).language_code == "en-GB"
    assert [each.id for each in theirs.fetch_page(limit=10)] == [variant.id]
    assert variants.update(variant.id, {"description": "Binding"}).description == "Binding"
    changed = operations.integration.extensions.terms(extension.id).variants(made.id).update(variant.id, {"name": "EN"})
    assert changed.name == "EN"
    refused(403, lambda: theirs.create(said, file=("t.pdf", CONTENT, PDF)), lambda: theirs.update(variant.id, {}),
            lambda: theirs.publish(variant.id), lambda: theirs.delete(variant.id))  # fmt: skip
    assert variants.unpublish(variant.id).status == "Unpublished"
    variants.delete(variant.id)
    refused(404, lambda: variants.get(variant.id))


def test_an_instance_is_registered_and_read(served: Served, vendor: Any, client: Any, operations: Any) -> None:
    extension = vendor.integration.extensions.create({"name": "Meter"}, file=None)
    key = MPTClient.from_config(BearerTokenAuthentication(extension.service.secret), served.url)
    said = {"externalId": "https://meter.example/ext", "version": "1.0.0", "meta": {"openapi": "/o", "events": []}}
    instance = key.integration.extensions.instances(extension.id).create(said)
    assert (instance.status, instance.external_id, instance.id[:4]) == ("Running", said["externalId"], "INS-")
    for each in (vendor, operations):
        service = each.integration.extensions.instances(extension.id)
        assert service.get(instance.id).name == instance.name
        assert [one.id for one in service.fetch_page(limit=10)] == [instance.id]
    refused(403, lambda: client.integration.extensions.instances(extension.id).fetch_page(limit=10))
    key.http_client.httpx_client.close()


def test_an_installation_from_the_invitation_to_its_end(
    served: Served, vendor: Any, operations: Any, client: Any, extension: Any
) -> None:
    operations.integration.extensions.publish(extension.id)
    invited = operations.integration.installations.create(
        {
            "extension": refer(extension.id),
            "account": refer(ACCOUNTS["other client"][0]),
            "modules": [refer(MARKETPLACE)],
            "invitation": {"message": "Try it", "validity": {"period": "1m"}},
        }
    )
    assert (invited.status, invited.invitation.status, invited.id[:4]) == ("Invited", "Invited", "EXI-")
    installations, theirs = vendor.integration.installations, client.integration.installations
    refused(404, lambda: theirs.get(invited.id), lambda: theirs.redeem(invited.id))
    refused(403, lambda: installations.redeem(invited.id))
    guest = served.client("other client").integration.installations
    done = guest.redeem(invited.id, {"code": invited.invitation.code, "modules": [refer(MARKETPLACE)]})
    assert done.status == "Installed"
    mine = theirs.create({"extension": refer(extension.id)})
    assert (mine.status, mine.account.id, mine.name) == ("Installed", ACCOUNTS["client"][0], extension.name)
    assert theirs.update(mine.id, {"configuration": {"unit": "kWh"}}).configuration.unit == "kWh"
    assert {each.id for each in installations.fetch_page(limit=100)} >= {invited.id, mine.id}
    of_extension = vendor.integration.extensions.installations(extension.id)
    assert {each.id for each in of_extension.fetch_page(limit=10)} == {invited.id, mine.id}
    assert of_extension.get(mine.id).status == "Installed"
    assert [each.id for each in client.integration.extensions.installations(extension.id).fetch_page(limit=10)] == [
        mine.id
    ]
    key = MPTClient.from_config(BearerTokenAuthentication(extension.service.secret), served.url)
    token = key.integration.installations_token().token(ACCOUNTS["client"][0]).token
    asking = MPTClient.from_config(BearerTokenAuthentication(token), served.url)
    assert asking.commerce.orders.fetch_page(limit=1) is not None
    refused(403, lambda: asking.integration.extensions.get(extension.id))
    refused(404, lambda: key.integration.installations_token().token())  # its vendor has not let it in itself
    theirs.delete(mine.id)
    assert theirs.get(mine.id).status == "Uninstalled"
    installations.delete(invited.id)
    refused(404, lambda: theirs.get(f"EXI-{NOBODY}-0000"))
    for each in (key, asking):
        each.http_client.httpx_client.close()
