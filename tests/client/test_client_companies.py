"""Companies by the official client: every method of its services for accounts, buyers, sellers, links and the rest."""

from collections.abc import Callable
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.world import refer

ADDRESS = {"addressLine1": "9 Elm Rd", "city": "Boise", "state": "ID", "postCode": "83702", "country": "US"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
LOGO = ("logo.png", PNG, "image/png")
SELLER = "SEL-4001-0001"


@pytest.fixture
def buyer(operations: Any) -> Any:
    """A buyer of the client that nobody serves yet."""
    return operations.accounts.buyers.create({"name": "Pays", "account": refer("ACC-2001-0001"), "address": ADDRESS})


def refused(call: Callable[[], object], words: str = "403 Forbidden") -> None:
    with pytest.raises(MPTAPIError, match=words):
        call()


def test_an_account_is_made_and_led_through_its_life(operations: Any, client: Any, vendor: Any) -> None:
    accounts = operations.accounts.accounts
    made = accounts.create(
        {"name": "e2e - please delete", "type": "Vendor", "status": "Active", "address": ADDRESS}, file=LOGO
    )
    assert (made.status, made.icon) == ("Active", f"/public/v1/accounts/accounts/{made.id}/icon")
    assert accounts.get(made.id).name == "e2e - please delete"
    assert accounts.filter(RQLQuery(id=made.id)).fetch_one().id == made.id
    assert accounts.update(made.id, {"name": "Renamed"}, file=LOGO).name == "Renamed"
    refused(lambda: accounts.update(made.id, {"name": ""}), "400 Bad Request")
    refused(lambda: accounts.create({"type": "Client"}), "400 One or more validation errors occurred")
    assert accounts.validate(made.id, {"name": ""}).errors
    assert (accounts.disable(made.id).status, accounts.enable(made.id).status) == ("Disabled", "Active")
    buys = accounts.create({"name": "e2e client", "type": "Client"})
    assert accounts.activate(buys.id, {"externalId": "CDG-9"}).status == "Active"
    assert accounts.deactivate(buys.id).status == "Enabled"
    for mine, own in ((client.accounts.accounts, "ACC-2001-0001"), (vendor.accounts.accounts, "ACC-3001-0001")):
        assert mine.update(own, {"website": "https://own.example"}).website == "https://own.example"
        refused(lambda mine=mine: mine.create({"name": "x", "type": "Client"}))
        for verb in ("activate", "deactivate", "enable", "disable", "validate"):
            refused(lambda verb=verb, mine=mine, own=own: getattr(mine, verb)(own))
        refused(lambda mine=mine: mine.get(made.id), "404 Not Found")
    refused(lambda: accounts.get("ACC-0000-0000"), "404 Not Found")


def test_a_buyer_is_made_and_led_through_its_life(operations: Any, client: Any, vendor: Any) -> None:
    buyers, mine = operations.accounts.buyers, client.accounts.buyers
    body = {"name": "e2e buyer", "account": refer("ACC-2001-0001"), "address": ADDRESS,
            "contact": {"firstName": "Ada", "lastName": "Lo", "email": "ada@client.example"}}  # fmt: skip
    made = buyers.create(body, file=LOGO)
    assert (made.status, made.contact.first_name) == ("Enabled", "Ada")
    assert buyers.update(made.id, {"taxId": "T-1"}).tax_id == "T-1"
    assert mine.update(made.id, {"name": "Ours"}, file=LOGO).name == "Ours"
    assert buyers.validate(made.id, {"name": "Draft"}).name == "Draft"
    assert [buyers.activate(made.id).status, buyers.deactivate(made.id).status] == ["Active", "Enabled"]
    assert buyers.activate(made.id).status == "Active"
    assert [mine.disable(made.id).status, buyers.enable(made.id).status] == ["Disabled", "Active"]
    assert buyers.synchronize(made.id).status == "Active"
    refused(lambda: buyers.transfer(made.id, {"account": refer("ACC-3001-0001")}), "400 Bad Request")
    for verb in ("activate", "deactivate", "enable", "validate", "synchronize", "transfer", "delete"):
        refused(lambda verb=verb: getattr(mine, verb)(made.id))
        refused(lambda verb=verb: getattr(vendor.accounts.buyers, verb)(made.id), "404 Not Found")
    refused(lambda: mine.create(body))
    refused(lambda: vendor.accounts.buyers.create(body))
    for account in ("ACC-2001-0001", "ACC-2002-0001"):
        operations.accounts.accounts.update(account, {"externalId": "CDG-1"})
    assert buyers.transfer(made.id, {"account": refer("ACC-2002-0001")}).account.id == "ACC-2002-0001"
    refused(lambda: mine.get(made.id), "404 Not Found")
    buyers.delete(made.id)
    assert buyers.get(made.id).status == "Deleted"


def test_a_seller_is_made_and_led_through_its_life(operations: Any, client: Any, vendor: Any) -> None:
    sellers = operations.accounts.sellers
    currencies = [{"value": "USD", "billingEnabled": True, "isDefault": True}]
    body = {"name": "e2e seller", "currencies": currencies, "address": ADDRESS}
    made = sellers.create(body)
    assert (made.status, list(made.currencies)) == ("Active", ["USD"])
    assert sellers.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert [getattr(sellers, verb)(made.id).status for verb in ("deactivate", "activate", "disable", "activate")] == [
        "Offline", "Active", "Disabled", "Active"]  # fmt: skip
    for other in (client, vendor):
        mine = other.accounts.sellers
        assert mine.get(made.id).name == "Renamed"
        refused(lambda mine=mine: mine.create(body))
        refused(lambda mine=mine: mine.update(made.id, body))
        for verb in ("activate", "deactivate", "disable", "delete"):
            refused(lambda verb=verb, mine=mine: getattr(mine, verb)(made.id))
    sellers.delete(made.id)
    refused(lambda: client.accounts.sellers.get(made.id), "404 Not Found")


def test_a_licensee_is_made_and_led_through_its_life(operations: Any, client: Any, vendor: Any, buyer: Any) -> None:
    operations.accounts.erp_links.create({"buyer": refer(buyer.id), "seller": refer(SELLER)})
    body = {"name": "e2e licensee", "buyer": refer(buyer.id), "seller": refer(SELLER), "useBuyerAddress": False,
            "address": ADDRESS, "eligibility": {"client": True, "partner": False}}  # fmt: skip
    refused(lambda: vendor.accounts.licensees.create(body))
    for who in (client, operations):
        licensees = who.accounts.licensees
        made = licensees.create(body, file=LOGO)
        assert (made.status, made.icon) == ("Active", f"/public/v1/accounts/licensees/{made.id}/icon")
        assert licensees.update(made.id, {"name": "Renamed"}, file=LOGO).name == "Renamed"
        assert [licensees.disable(made.id).status, licensees.enable(made.id).status] == ["Disabled", "Active"]
        for verb in ("get", "enable", "disable", "delete"):
            refused(lambda verb=verb, made=made: getattr(vendor.accounts.licensees, verb)(made.id), "404 Not Found")
        licensees.delete(made.id)


def test_a_link_is_made_blocked_and_unblocked(operations: Any, client: Any, vendor: Any, buyer: Any) -> None:
    links, mine = operations.accounts.erp_links, client.accounts.erp_links
    body = {"buyer": refer(buyer.id), "seller": refer(SELLER), "externalIds": {"erpCustomer": "C-1"}}
    refused(lambda: mine.create(body))
    refused(lambda: vendor.accounts.erp_links.create(body))
    made = links.create(body)
    assert mine.get(made.id).external_ids.erp_customer == "C-1"
    assert links.update(made.id, {"note": "Known"}).note == "Known"
    assert [links.block(made.id).status, links.unblock(made.id, {"note": "Paid"}).status] == ["Blocked", "Active"]
    for verb, given in (("update", ({},)), ("block", ()), ("unblock", ())):
        refused(lambda verb=verb, given=given: getattr(mine, verb)(made.id, *given))
        refused(
            lambda verb=verb, given=given: getattr(vendor.accounts.erp_links, verb)(made.id, *given), "404 Not Found"
        )
    assert made.id in [each.id for each in mine.iterate(batch_size=2)]
    refused(lambda: vendor.accounts.erp_links.fetch_page())


def test_a_cloud_tenant_is_made_changed_and_deleted(operations: Any, client: Any, vendor: Any) -> None:
    tenants = operations.accounts.cloud_tenants
    body = {"name": "e2e tenant", "type": "AwsDirect", "account": refer("ACC-2001-0001"),
            "externalIds": {"pyraTenantId": "P", "cloudConsumptionId": "C"}}  # fmt: skip
    made = tenants.create(body)
    assert tenants.update(made.id, {"name": "Renamed"}).name == "Renamed"
    assert tenants.filter(RQLQuery(id=made.id)).fetch_one().external_ids.pyra_tenant_id == "P"
    for other in (client, vendor):
        mine = other.accounts.cloud_tenants
        refused(lambda mine=mine: mine.create(body))
        refused(lambda mine=mine: mine.fetch_page())
        for call in (mine.get, mine.delete, lambda id, mine=mine: mine.update(id, body)):
            refused(lambda call=call: call(made.id), "404 Not Found")
    tenants.delete(made.id)
    assert tenants.get(made.id).status == "Deleted"


def test_modules_are_read(operations: Any, client: Any, vendor: Any) -> None:
    assert {each.code for each in operations.accounts.modules.iterate()} >= {"marketplace", "audit"}
    for other in (client, vendor, operations):
        assert other.accounts.modules.get("MOD-1001").code == "marketplace"
    for other in (client, vendor):
        refused(lambda other=other: other.accounts.modules.fetch_page())
