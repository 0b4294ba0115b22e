"""What the official client reads beside an order: who is there, and what is offered."""

from collections.abc import Callable
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.purchases import placed
from tests.serving import Served, token_of
from tests.world import BUYER, CERTIFICATE, LICENSEE, PRODUCT, TOKENS, USER, YEARLY

Service = Callable[[Any], Any]
TERMS, PRICES = "TCS-5001-0001-0001", "PRC-5001-0001-0001"

EVERYBODY = ("client", "vendor", "operations")

READ: dict[str, tuple[Service, str, str]] = {
    # what: the service, an id in it, and who reads it: clients, vendors, operations
    "accounts": (lambda c: c.accounts.accounts, "ACC-2001-0001", "c o"),
    "buyers": (lambda c: c.accounts.buyers, BUYER, "c v o"),
    "sellers": (lambda c: c.accounts.sellers, "SEL-4001-0001", "c v o"),
    "licensees": (lambda c: c.accounts.licensees, LICENSEE, "c v o"),
    "users": (lambda c: c.accounts.users, USER, "c o"),
    "user groups": (lambda c: c.accounts.user_groups, "UGR-2001-0001", "c o"),
    "tokens": (lambda c: c.accounts.api_tokens, TOKENS["client"], "c"),
    "modules": (lambda c: c.accounts.modules, "MOD-1001", "o"),
    "products": (lambda c: c.catalog.products, PRODUCT, "c v o"),
    "items": (lambda c: c.catalog.items, YEARLY, "c v o"),
    "product items": (lambda c: c.catalog.products.items(PRODUCT), YEARLY, "c v o"),
    "item groups": (lambda c: c.catalog.products.item_groups(PRODUCT), "IGR-5001-0001-0001", "c v o"),
    "parameter groups": (lambda c: c.catalog.products.parameter_groups(PRODUCT), "PGR-5001-0001-0001", "c v o"),
    "parameters": (lambda c: c.catalog.products.parameters(PRODUCT), "PAR-5001-0001-0001", "c v o"),
    "templates": (lambda c: c.catalog.products.templates(PRODUCT), "TPL-5001-0001-0001", "v o"),
    "terms": (lambda c: c.catalog.products.terms(PRODUCT), TERMS, "c v o"),
    "variants": (lambda c: c.catalog.products.terms(PRODUCT).variants(TERMS), f"TCV{TERMS[3:]}-0001", "c v o"),
    "units": (lambda c: c.catalog.units_of_measure, "UNT-1001", "c v o"),
    "price lists": (lambda c: c.catalog.price_lists, PRICES, "c v o"),
    "prices": (lambda c: c.catalog.price_lists.items(PRICES), f"PRI{PRICES[3:]}-0001", "c v o"),
    "authorizations": (lambda c: c.catalog.authorizations, "AUT-5001-0001", "c v o"),
    "listings": (lambda c: c.catalog.listings, "LST-5001-0001", "c v o"),
    "programs": (lambda c: c.program.programs, "PRG-9001-0001", "c v o"),
    "certificates": (lambda c: c.program.certificates, CERTIFICATE, "c v o"),
}


@pytest.fixture(scope="module", autouse=True)
def dealings(served: Served) -> None:
    """The vendor knows a client's companies once there is an agreement."""
    placed(served)


@pytest.mark.parametrize("what", READ)
@pytest.mark.parametrize("who", EVERYBODY)
def test_what_is_offered_is_listed_and_read_by_whom_it_concerns(speak: Any, what: str, who: str) -> None:
    service, thing_id, readers = READ[what]
    found = service(speak(who))
    if who[0] not in readers.split():
        with pytest.raises(MPTAPIError, match=r"40[34] "):
            found.get(thing_id)
            found.fetch_page()
        return
    assert found.get(thing_id).id == thing_id
    assert thing_id in [each.id for each in found.iterate(batch_size=3)]
    assert found.filter(RQLQuery(id=thing_id)).fetch_one().id == thing_id
    assert found.filter(RQLQuery(id="XXX-0000-0000")).fetch_page(limit=0).meta.pagination.total == 0


@pytest.mark.parametrize("what", READ)
def test_what_is_offered_but_unknown_is_a_404(speak: Any, what: str) -> None:
    service, thing_id, _ = READ[what]
    with pytest.raises(MPTAPIError, match=r"404 Not Found"):
        service(speak("operations")).get(f"{thing_id[:4]}0000-0000")


@pytest.mark.parametrize("who", TOKENS)
def test_a_token_reads_itself_with_its_value_and_its_account(speak: Any, who: str) -> None:
    """How the command-line tool and the MCP server find out who they are."""
    own = speak(who).accounts.api_tokens.get(TOKENS[who])
    assert own.token == token_of(who)
    assert own.account.type.lower() == {"other client": "client", "other vendor": "vendor", "restricted": "client"}.get(
        who, who
    )


def test_a_client_sees_sales_prices_and_a_vendor_purchase_prices(client: Any, vendor: Any, operations: Any) -> None:
    seen = {
        name: set(actor.catalog.price_lists.items("PRC-5001-0001-0001").get("PRI-5001-0001-0001-0001").to_dict())
        for name, actor in (("client", client), ("vendor", vendor), ("operations", operations))
    }
    assert "unitPP" not in seen["client"] and "markup" not in seen["client"]
    assert "unitPP" in seen["vendor"] and not {"unitSP", "markup"} & seen["vendor"]
    assert {"unitPP", "markup"} <= seen["operations"]


def test_templates_are_found_as_extensions_look_for_them(vendor: Any) -> None:
    wanted = RQLQuery.from_string("and(eq(type,'OrderQuerying'),or(eq(default,true),eq(name,'Special question')))")
    found = vendor.catalog.products.templates(PRODUCT).filter(wanted).order_by("default").fetch_page(limit=1)
    assert (found[0].name, found.meta.pagination.total) == ("Special question", 2)


def test_authorizations_are_found_by_product_currency_and_owner(vendor: Any) -> None:
    wanted = RQLQuery.from_string(f"eq(product.id,{PRODUCT})&eq(currency,EUR)&eq(owner.id,SEL-4001-0001)")
    assert vendor.catalog.authorizations.filter(wanted).select("-description").fetch_one().id == "AUT-5001-0001"


def test_items_are_found_by_the_vendors_numbers(vendor: Any) -> None:
    wanted = RQLQuery.from_string(f"and(eq(product.id,'{PRODUCT}'),in(externalIds.vendor,('A-1','A-3')))")
    assert sorted(each.external_ids.vendor for each in vendor.catalog.items.filter(wanted).iterate()) == ["A-1", "A-3"]
    by_price = RQLQuery.from_string("eq(item.ExternalIds.vendor,'A-1')")
    prices = vendor.catalog.price_lists.items("PRC-5001-0001-0001").filter(by_price)
    found = prices.select("audit", "item.terms", "priceList.precision", "priceList.currency").fetch_one()
    assert (found.item.terms.period, found.price_list.precision, found.price_list.currency) == ("1y", 2, "EUR")
