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

READ: dict[str, tuple[Service, str, str]] = {
    # what             the service                                                     an id            by whom
    "accounts":         (lambda c: c.accounts.accounts,                                "ACC-2001-0001", "client operations"),
    "buyers":           (lambda c: c.accounts.buyers,                                  BUYER,           "client vendor operations"),
    "sellers":          (lambda c: c.accounts.sellers,                                 "SEL-4001-0001", "client vendor operations"),
    "licensees":        (lambda c: c.accounts.licensees,                               LICENSEE,        "client vendor operations"),
    "users":            (lambda c: c.accounts.users,                                   USER,            "client operations"),
    "user groups":      (lambda c: c.accounts.user_groups,                             "UGR-2001-0001", "client operations"),
    "tokens":           (lambda c: c.accounts.api_tokens,                              TOKENS["client"], "client"),
    "modules":          (lambda c: c.accounts.modules,                                 "MOD-1001",      "operations"),
    "products":         (lambda c: c.catalog.products,                                 PRODUCT,         "client vendor operations"),
    "items":            (lambda c: c.catalog.items,                                    YEARLY,          "client vendor operations"),
    "product items":    (lambda c: c.catalog.products.items(PRODUCT),                  YEARLY,          "client vendor operations"),
    "item groups":      (lambda c: c.catalog.products.item_groups(PRODUCT),            "IGR-5001-0001-0001", "client vendor operations"),
    "parameter groups": (lambda c: c.catalog.products.parameter_groups(PRODUCT),       "PGR-5001-0001-0001", "client vendor operations"),
    "parameters":       (lambda c: c.catalog.products.parameters(PRODUCT),             "PAR-5001-0001-0001", "client vendor operations"),
    "templates":        (lambda c: c.catalog.products.templates(PRODUCT),              "TPL-5001-0001-0001", "vendor operations"),
    "terms":            (lambda c: c.catalog.products.terms(PRODUCT),                  "TCS-5001-0001-0001", "client vendor operations"),
    "variants":         (lambda c: c.catalog.products.terms(PRODUCT).variants("TCS-5001-0001-0001"),
                                                                                       "TCV-5001-0001-0001-0001", "client vendor operations"),
    "units":            (lambda c: c.catalog.units_of_measure,                         "UNT-1001",      "client vendor operations"),
    "price lists":      (lambda c: c.catalog.price_lists,                              "PRC-5001-0001-0001", "client vendor operations"),
    "prices":           (lambda c: c.catalog.price_lists.items("PRC-5001-0001-0001"),  "PRI-5001-0001-0001-0001", "client vendor operations"),
    "authorizations":   (lambda c: c.catalog.authorizations,                           "AUT-5001-0001", "client vendor operations"),
    "listings":         (lambda c: c.catalog.listings,                                 "LST-5001-0001", "client vendor operations"),
    "programs":         (lambda c: c.program.programs,                                 "PRG-9001-0001", "client vendor operations"),
    "certificates":     (lambda c: c.program.certificates,                             CERTIFICATE,     "client vendor operations"),
}  # fmt: skip  # noqa: E501
EVERYBODY = ("client", "vendor", "operations")


@pytest.fixture(scope="session", autouse=True)
def dealings(house: Served) -> None:
    """The vendor knows a client's companies once there is an agreement."""
    placed(house)


@pytest.mark.parametrize("what", READ)
@pytest.mark.parametrize("who", EVERYBODY)
def test_what_is_offered_is_listed_and_read_by_whom_it_concerns(speak: Any, what: str, who: str) -> None:
    service, thing_id, readers = READ[what]
    found = service(speak(who))
    if who not in readers.split():
        with pytest.raises(MPTAPIError, match="40[34] "):
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
    wanted = RQLQuery.from_string(
        "and(eq(type,'OrderQuerying'),or(eq(default,true),eq(name,'Special question')))"
    )
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
