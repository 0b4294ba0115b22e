"""The official command line, as it is published: a product and its prices go out as workbooks, and come in again."""

from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine, of, said
from tests.environments import COMMAND_LINE, required
from tests.serving import Served
from tests.world import ACCOUNTS, PRODUCT, token

OPERATIONS, VENDOR = ACCOUNTS["operations"][0], ACCOUNTS["vendor"][0]
PRICES = f"PRC-{PRODUCT[4:]}-0001"


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder with the published program in an environment of its own."""
    return required(COMMAND_LINE)


@pytest.fixture(scope="module")
def cli(programs: Path, served: Served, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line with the accounts of the vendor and of operations."""
    found = CommandLine(programs, tmp_path_factory.mktemp("home"))
    for who, account in (("operations", OPERATIONS), ("vendor", VENDOR)):
        assert account in found.run("accounts", "add", token(who), "-e", served.url)
    return found


def page(served: Served, path: str) -> list[dict[str, Any]]:
    """Everything of a collection, as the vendor sees it."""
    return served.client("vendor").http_client.httpx_client.get(f"/public/v1{path}").json()["data"]


def test_a_token_that_nobody_gave_out_is_no_account(cli: CommandLine, served: Served) -> None:
    done = cli.fails_or_not("accounts", "add", token("vendor")[:-1] + "x", "-e", served.url)
    assert done.returncode == 3
    assert "Cannot find account" in done.stdout


def test_products_go_out_and_come_in_by_workbook(cli: CommandLine, served: Served) -> None:
    vendor = served.client("vendor").catalog
    listed = cli.run("products", "list", "--page", "2")
    assert PRODUCT in listed and "Alpha Suite" in listed and "Beta Shield" not in listed

    # Operations takes the product out; nobody else may, says the command line itself.
    refused = cli.fails_or_not("products", "export", PRODUCT)
    assert refused.returncode == 4
    cli.run("accounts", "activate", OPERATIONS)
    cli.run("products", "export", PRODUCT)
    book = cli.home / f"{PRODUCT}.xlsx"

    # The vendor makes another product of the same workbook.
    rows = cli.edit(book, ("General", "Product Name", 1, "Alpha Suite, second edition"),
                    ("General", "Product Website", 1, "https://alpha.example"),
                    ("General", "Catalog Description", 1, "Everything again"),
                    ("General", "Product Description", 1, "Everything again, at length"))  # fmt: skip
    assert len(rows["Items"]) == 1 + 5 and len(rows["Agreements Parameters"]) > 1 and len(rows["Templates"]) > 1
    # After each row the command line writes the whole workbook anew: a few rows of a kind do.
    few = {"Items": 2, "Templates": 2, "Agreements Parameters": 3}
    kept = {sheet: rows[sheet][1 : 1 + count] for sheet, count in few.items()}
    cli.edit(book, rows=kept)
    cli.run("accounts", "activate", VENDOR)
    cli.run("products", "sync", "--dry-run", str(book))
    cli.run("products", "sync", "--force-create", str(book))
    rows = cli.edit(book)
    product = said(rows["General"], "Product ID")
    assert product != PRODUCT
    made = vendor.products.get(product)
    assert (made.name, made.status, bool(made.icon)) == ("Alpha Suite, second edition", "Draft", True)
    items = {each["externalIds"]["vendor"]: each for each in page(served, f"/catalog/items?eq(product.id,{product})")}
    theirs = {each["externalIds"]["vendor"]: each for each in page(served, f"/catalog/items?eq(product.id,{PRODUCT})")}
    assert set(items) == set(of(rows["Items"], "Vendor Item ID")) <= set(theirs) and len(items) == 2
    for number, item in items.items():
        assert (item["name"], item["terms"]) == (theirs[number]["name"], theirs[number]["terms"])
        assert item["status"] == "Draft" and item["group"]["id"].startswith(f"IGR-{product[4:]}")
    assert {row for row in of(rows["Items"], "ID") if row} == {each["id"] for each in items.values()}
    for kind, sheet in {"parameters": "Agreements Parameters", "templates": "Templates", "item-groups": "Items Groups",
                        "parameter-groups": "Parameters Groups"}.items():  # fmt: skip
        ours = {each["name"] for each in page(served, f"/catalog/products/{product}/{kind}?limit=100")}
        assert of(rows[sheet], "Name") and set(of(rows[sheet], "Name")) <= ours, kind

    # It changes one item and hands in another, and switches ordering on: the command line begins without settings.
    first, second = (f"ITM-{product[4:]}-{n:04d}" for n in (1, 2))
    cli.edit(book, ("Items", first, "Name", "Alpha for everybody"), ("Items", first, "Action", "update"),
             ("Items", second, "Action", "review"), ("Settings", "Product ordering", "Action", "update"),
             ("Settings", "Product ordering", "Value", "Enabled"))  # fmt: skip
    cli.run("products", "sync", str(book))
    assert vendor.items.get(first).name == "Alpha for everybody"
    assert [vendor.items.get(each).status for each in (first, second)] == ["Draft", "Pending"]
    assert vendor.products.get(product).settings.product_ordering is True

    # What operations takes out now is what went in.
    cli.run("accounts", "activate", OPERATIONS)
    cli.run("products", "export", product, "--out", str(cli.home))
    again = cli.edit(cli.home / f"{product}.xlsx")
    assert sorted(of(again["Items"], "Name")) == sorted(each["name"] for each in page(
        served, f"/catalog/items?eq(product.id,{product})"))  # fmt: skip
    assert set(of(again["Items"], "Status")) == {"Draft", "Pending"}


def test_prices_go_out_and_come_in_by_workbook(cli: CommandLine, served: Served) -> None:
    vendor, operations = served.client("vendor").catalog, served.client("operations").catalog
    cli.run("accounts", "activate", OPERATIONS)
    cli.run("pricelists", "export", PRICES)
    book = cli.home / f"{PRICES}.xlsx"
    rows = cli.edit(book)["Price Items"]
    numbers = of(rows, "Item Vendor ID")
    assert dict(zip(numbers, of(rows, "Unit PP"), strict=True))["A-2"] == 9.99
    assert dict(zip(numbers, of(rows, "Unit SP"), strict=True))["A-2"] == 10.99

    # The vendor makes a list in another currency of it, and says what it takes for two items.
    at = {number: row for row, number in enumerate(numbers, 1)}
    cli.edit(book, ("General", "Pricelist ID", 1, None), ("General", "Currency", 1, "USD"),
             ("General", "External ID", 1, "alpha-usd"),
             ("Price Items", at["A-1"], "Unit PP", 130), ("Price Items", at["A-1"], "Unit LP", 150.5),
             ("Price Items", at["A-1"], "Action", "update"),
             ("Price Items", at["A-2"], "Unit PP", 11.11), ("Price Items", at["A-2"], "Action", "update"))  # fmt: skip
    cli.run("accounts", "activate", VENDOR)
    cli.run("pricelists", "sync", str(book))
    rows = cli.edit(book)
    made = said(rows["General"], "Pricelist ID")
    assert made != PRICES
    prices = vendor.price_lists.get(made)
    assert (prices.currency, prices.product.id, prices.external_ids.vendor) == ("USD", PRODUCT, "alpha-usd")

    def priced() -> dict[str, Any]:
        every = operations.price_lists.items(made).select("item.externalIds").fetch_page(limit=100).to_list()
        return {each["item"]["externalIds"]["vendor"]: each for each in every}

    now = priced()
    assert set(now) == set(numbers)
    assert (now["A-1"]["unitPP"], now["A-1"]["unitLP"], now["A-1"]["status"]) == (130, 150.5, "ForSale")
    assert (now["A-2"]["unitPP"], now["A-2"]["PPxY"]) == (11.11, 133.32)
    assert now["A-3"]["status"] == "Draft" and "unitPP" not in now["A-3"]

    # Operations takes the list out, of which nobody has said a markup yet, says what it earns by it and by one item,
    # and brings it back.
    cli.run("accounts", "activate", OPERATIONS)
    cli.run("pricelists", "export", made)
    book = cli.home / f"{made}.xlsx"
    rows = cli.edit(book)
    assert said(rows["General"], "Default Markup") is None
    at = {number: row for row, number in enumerate(of(rows["Price Items"], "Item Vendor ID"), 1)}
    cli.edit(book, ("General", "Default Markup", 1, 20), ("Price Items", at["A-1"], "Action", "update"),
             ("Price Items", at["A-1"], "Markup", 50))  # fmt: skip
    cli.run("pricelists", "sync", str(book))
    assert operations.price_lists.get(made).default_markup == 20
    now = priced()
    assert (now["A-1"]["markup"], now["A-1"]["unitSP"]) == (50, 195)
    assert now["A-2"].get("markup") is None and now["A-2"]["unitSP"] == 13.33

    # What is taken out of it tells the same.
    cli.run("pricelists", "export", made)
    again = cli.edit(book)
    assert dict(zip(of(again["Price Items"], "Item Vendor ID"), of(again["Price Items"], "Unit SP"), strict=True)) == {
        number: each.get("unitSP") for number, each in now.items()
    }
