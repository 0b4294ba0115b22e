"""`entrepot check` finds one fault of each kind, and names it; a sound database has none."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from rich.console import Console
from typer.testing import CliRunner

from entrepot.cli import checking
from entrepot.cli.main import app
from entrepot.settings import Settings
from entrepot.storage.embedded import Embedded
from tests.orders import finish, line_of, ordered, two_subscriptions
from tests.party import ok
from tests.purchases import completed, draft, placed
from tests.serving import KEY, Served, copied
from tests.world import MONTHLY, YEARLY

ASSET = "(select id from assets limit 1)"
ORDER = "(select id from orders where status = 'Completed' limit 1)"
ROW = f"(select min(id) from trail where object_id = {ORDER})"

FAULTS = {
    # what is planted,                 and what is found
    "delete from products where id = 'PRD-5001-0001'": "references: ORD-…: product refers to PRD-5001-0001",
    "update orders set audit_created_by_id = 'USR-0000'": "references: ORD-…: audit.created.by refers to USR-0000",
    "update order_lines set asset_id = 'AST-0000' where asset_id is not null": "references: ALI-…: asset refers to AST-0000",
    "update account_users_groups set target_id = 'UGR-0000'": "references: AUSR-…: groups refers to UGR-0000",
    "update account_users_groups set owner_id = 'AUSR-0'": "references: AUSR-0: groups refers to UGR-…: AUSR-0 is not there",
    "update agreements set ordering = '[{\"id\": \"PAR-0000\"}]'": "references: AGR-…: parameters.ordering holds a value",
    f"update orders set price_spx1 = price_spx1 + 1 where id = {ORDER}": "totals: ORD-…: its price is not the sum",
    f"update order_lines set price_ppx_y = null where order_id = {ORDER}": "totals: ORD-…: its price is not the sum",
    "update agreements set price_ppx_y = 1 where status = 'Active'": "totals: AGR-…: its price is not the sum",
    "update subscriptions set price_ppx_m = 1": "totals: SUB-…: its price is not the sum",
    "update assets set price_spx1 = 1": "totals: AST-…: its price is not the sum",
    "drop index orders_one_in_flight; update orders set agreement_id = (select agreement_id from orders where"
    " status = 'Processing' limit 1), status = 'Querying' where status = 'Draft'": "orders: AGR-…: more than one of its",
    f"update orders set status = 'Querying' where id = {ORDER}": "orders: ORD-…: it is in flight, but its agreement",
    f"update orders set client_id = 'ACC-2002-0001' where id = {ORDER}": "parties: ORD-…: it is of ACC-2002-0001, and its",
    "update lines set quantity = quantity + 1": "lines: ALI-…: its quantity is not what orders and changes made of it",
    "update lines set asset_id = null": "lines: ALI-…: it belongs to both or neither",
    f"delete from trail where object_id = {ASSET}": "trail: AST-…: the asset is at revision 1, its trail ends at nothing",
    f"update orders set revision = 9 where id = {ORDER}": "trail: ORD-…: the order is at revision 9, its trail ends at",
    f"update orders set status = 'Failed' where id = {ORDER}": "trail: ORD-…: the order is Failed, its trail says",
    f"delete from trail where object_id = {ORDER} and revision = 2": "trail: commerce/orders ORD-… has a gap after revision 1",
    f"update trail set name = 'x' where id = {ROW}": "trail: row … (commerce/orders ORD-…) at position … is not what was",
    f"delete from trail where id = {ROW}": "trail: row … at position … is gone",
    f"delete from seals where trail_id = {ROW}": "seals: position … is missing",
    "update seals set hash = 'x' where position = 5": "seals: position 5 does not follow",
    "update sealer set position = position + 1": "sealer: the chain ends at position",
    "insert into heads values (3, 'x', now(), decode(repeat('00', 64), 'hex'))": "heads: that of position 3 is not signed",
    "update seals set hash = 'x' where position = (select max(position) from heads)":
    "heads: position …, signed at … in the database: another hash is there now",
    f"update trail set kind = 'commerce/wishes' where id = {ROW}": "events: commerce/wishes is not a kind of thing",
    f"update trail set event = 'platform.wish.granted' where id = {ROW}": "events: platform.wish.granted is not an event",
    "insert into due (job, kind, object_id, at) values ('fulfil', 'commerce/orders', 'ORD-0000', now())":
    "work: ORD-0000: fulfil is to be done about this order, which is not there",
}  # fmt: skip


@pytest.fixture(scope="module")
def worked_on(cluster: Embedded, template: str) -> Iterator[str]:
    """The name of a database in which orders were made, placed and completed, all of it sealed and signed."""
    with copied(cluster, template) as url:
        server = Served(url)
        try:
            draft(server)
            placed(server)
            completed(server)
            held = two_subscriptions(server)
            for kind, lines in (
                ("Change", [{"id": line_of(held, YEARLY)["id"], "quantity": 14}]),
                ("Termination", [{"id": line_of(held, MONTHLY)["id"], "quantity": 0}]),
            ):
                finish(server, ordered(server, held, kind, lines=lines))
            path = f"/commerce/subscriptions/{line_of(held, YEARLY)['subscription']['id']}"
            ok(server.call("vendor", "PUT", path, {"lines": [{"id": line_of(held, YEARLY)["id"], "quantity": 9}]}))
            server.run(server.parts.work.settle())
        finally:
            server.stop()
        yield url.partition("@/")[2].partition("?")[0]


def found(url: str) -> list[str]:
    """What a check finds."""
    findings: list[str] = []
    settings = Settings(database_url=url, secret_key=KEY)
    count = asyncio.run(checking.check(settings, findings.append, Console(stderr=True, quiet=True)))
    assert count == len(findings)
    return findings


def like(finding: str, words: str) -> bool:
    """Whether the words are there, in their order."""
    at = 0
    for part in words.split("…"):
        at = finding.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def plant(url: str, text: str) -> None:
    """Past all constraints and triggers, in one go."""

    async def run() -> None:
        conn = await asyncpg.connect(url)
        await conn.execute(f"set session_replication_role = replica; {text}")
        await conn.close()

    asyncio.run(run())


def test_a_world_that_was_worked_on_is_sound(cluster: Embedded, worked_on: str):
    with copied(cluster, worked_on) as url:
        assert found(url) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_and_named(cluster: Embedded, worked_on: str, fault: str):
    with copied(cluster, worked_on) as url:
        plant(url, fault)
        findings = found(url)
    assert any(like(each, FAULTS[fault]) for each in findings), findings


def test_many_faults_of_a_kind_are_told_as_some_and_more(cluster: Embedded, worked_on: str):
    with copied(cluster, worked_on) as url:
        plant(url, "insert into due (job, kind, object_id, at) select 'a', 'commerce/orders', 'ORD-' || n, now()"
                   " from generate_series(1, 500) n")  # fmt: skip
        findings = found(url)
    assert len(findings) == 101
    assert findings[-1] == "work: and more: a is to be done about this order, which is not there"


def test_the_command_says_each_finding_on_a_line_and_ends_with_1(
    cluster: Embedded, worked_on: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ENTREPOT_SECRET_KEY", KEY)
    with copied(cluster, worked_on) as url:
        sound = CliRunner().invoke(app, ["check", "--database-url", url])
        assert (sound.exit_code, sound.stdout) == (0, "No findings.\n")
        plant(url, "update assets set price_spx1 = 1; update lines set asset_id = null")
        faulty = CliRunner().invoke(app, ["check", "--database-url", url])
    assert faulty.exit_code == 1
    assert [line.partition(":")[0] for line in faulty.stdout.splitlines()] == ["totals", "lines"]
