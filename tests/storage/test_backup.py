"""Backups: to any moment for the embedded database, all or nothing for one given by URL; never over what is there."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from entrepot import app as house
from entrepot.cli.main import app
from entrepot.settings import Settings
from entrepot.storage.embedded import Embedded
from entrepot.storage.sealer import release, seal
from tests import world as small
from tests.serving import KEY, Served, copied
from tests.storage.test_dumping import dumped
from tests.storage.trails import happen, verify
from tests.storage.worlds import fetch

FIRST, SECOND = small.order_line_of("Draft", 1), small.order_line_of("Draft", 2)


def entrepot(*words: object) -> Result:
    """The command, with what it said."""
    return CliRunner().invoke(app, [str(each) for each in words])


def ok(*words: object) -> str:
    """What a command said that went well."""
    done = entrepot(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def on[T](data: Path, what: Callable[[house.Application], Awaitable[T]]) -> T:
    """Something done to an embedded database."""

    async def run() -> T:
        async with house.build(Settings(data=data)) as parts:
            return await what(parts)

    return asyncio.run(run())


async def orders(parts: house.Application) -> list[str]:
    """The ids of all orders."""
    return [row[0] for row in await parts.pool.fetch("select id from orders order by id")]


def play(data: Path, *things: small.Line) -> datetime:
    """Loads something, seals it, and gives the moment after."""
    world = data.with_name("world.jsonl")
    world.write_text("".join(json.dumps(each) + "\n" for each in things))
    ok("load", world, "--data", data)

    async def settle(parts: house.Application) -> datetime:
        await seal(parts.pool, "test", parts.heads, last=True)
        await release(parts.pool, "test")
        await asyncio.sleep(0.05)
        return await parts.pool.fetchval("select clock_timestamp()")

    return on(data, settle)


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, datetime]:
    """A data folder with a world in it; a backup of it; and the moment between two orders that came after."""
    folder = tmp_path_factory.mktemp("backups")
    data, backup = folder / "data", folder / "backup"
    play(data, *small.world())
    ok("backup", backup, "--data", data)
    moment = play(data, *FIRST)
    play(data, *SECOND)
    return data, backup, moment


def test_to_a_time_between_two_orders(backed_up: tuple[Path, Path, datetime], tmp_path: Path):
    _, backup, moment = backed_up
    data = tmp_path / "data"
    ok("restore", backup, "--to", moment.isoformat(), "--data", data)
    assert on(data, orders) == [FIRST[1]["id"]]
    assert ok("check", "--data", data) == "No findings.\n"


def test_all_of_it_gives_an_equal_dump(backed_up: tuple[Path, Path, datetime], tmp_path: Path):
    whole, backup, _ = backed_up
    data = tmp_path / "data"
    ok("restore", backup, "--data", data)
    assert on(data, orders) == [FIRST[1]["id"], SECOND[1]["id"]]
    assert ok("dump", "--data", data) == ok("dump", "--data", whole)
    assert ok("check", "--data", data) == "No findings.\n"
    assert not (data / "archive").exists(), "what is restored is not archived until a backup is taken of it"
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600
    play(data, *small.order_line_of("Draft", 3))  # and it goes on
    assert ok("check", "--data", data) == "No findings.\n"


def test_ids_given_out_after_the_moment_are_not_given_again(backed_up: tuple[Path, Path, datetime], tmp_path: Path):
    data = tmp_path / "data"

    async def drawn(parts: house.Application) -> set[str]:
        noun = parts.nouns["commerce/orders"]
        await parts.store.refill(noun, {"": 1})
        return {parts.store.draw(noun) for _ in range(50)}

    before = on(backed_up[0], drawn)
    ok("restore", backed_up[1], "--data", data)
    assert not before & on(data, drawn)


def test_the_key_and_the_heads_are_in_it_for_the_owner_alone(backed_up: tuple[Path, Path, datetime]):
    data, backup, _ = backed_up
    assert (backup / "secret.key").read_text() == (data / "secret.key").read_text()
    assert (backup / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (backup / "heads.jsonl").stat().st_mode & 0o777 == 0o600
    assert backup.stat().st_mode & 0o077 in (0, 0o011)


def test_nothing_is_archived_before_a_backup_was_taken(tmp_path: Path):
    data = tmp_path / "data"
    play(data, *small.world())
    assert not os.path.lexists(data / "archive")
    assert on(data, lambda parts: parts.pool.fetchval("select failed_count from pg_stat_archiver")) == 0


def test_what_is_refused(backed_up: tuple[Path, Path, datetime], tmp_path: Path):
    whole, backup, _ = backed_up
    data, url = tmp_path / "data", "postgresql://nobody@nowhere/x"
    early = datetime.fromisoformat(json.loads((backup / "backup.json").read_text())["earliest"])
    os.environ["ENTREPOT_SECRET_KEY"] = KEY
    try:
        for words, reason in (
            (("backup", backup, "--data", whole), "holds a backup: each backup has a folder of its own"),
            (("backup", whole, "--data", whole), "is not empty"),
            (("restore", tmp_path, "--data", data), "holds no whole backup"),
            (("restore", tmp_path / "nothing", "--data", data), "holds no whole backup"),
            (("restore", backup, "--data", whole), "is not empty: nothing is restored over what is there"),
            (("restore", backup, "--data", data, "--to", "yesterday"), "'yesterday' is no moment"),
            (("restore", backup, "--data", data, "--to", "2020-01-01"), f"reaches back to {early:%Y-%m-%d}"),
            (("restore", backup, "--data", data, "--to", "2999-01-01"), "holds nothing as late as 2999-01-01"),
            (("restore", backup, "--database-url", url), "restore it into a data folder"),
        ):
            done = entrepot(*words)
            assert done.exit_code == 1, words
            assert reason in done.output.replace("\n", " "), done.output
            assert not data.exists()
            assert not data.with_name("data.restoring").exists()
    finally:
        del os.environ["ENTREPOT_SECRET_KEY"]


def test_a_damaged_backup_is_not_restored(backed_up: tuple[Path, Path, datetime], tmp_path: Path):
    damaged = tmp_path / "damaged"
    shutil.copytree(backed_up[1], damaged)
    base = damaged / "base" / "base.tar.gz"
    base.write_bytes(base.read_bytes()[:-1000])
    done = entrepot("restore", damaged, "--data", tmp_path / "data")
    assert done.exit_code == 1
    assert "is damaged" in done.output
    assert not (tmp_path / "data").exists()


def test_a_backup_that_was_interrupted_is_none_and_the_one_before_goes_on(tmp_path: Path):
    data, first, second = tmp_path / "data", tmp_path / "first", tmp_path / "second"
    play(data, *small.world())
    ok("backup", first, "--data", data)
    command = [sys.executable, "-c", "from entrepot.cli.main import main; main()", "backup", second, "--data", data]
    interrupted = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (second / "base").exists():
        assert interrupted.poll() is None, "it was over too soon"
        time.sleep(0.001)
    interrupted.send_signal(signal.SIGKILL)
    interrupted.wait()
    assert not (second / "backup.json").exists()
    done = entrepot("restore", second, "--data", tmp_path / "new")
    assert done.exit_code == 1
    assert "holds no whole backup" in done.output
    play(data, *FIRST)
    ok("restore", first, "--data", tmp_path / "new")
    assert on(tmp_path / "new", orders) == [FIRST[1]["id"]]
    assert "was interrupted" in entrepot("backup", second, "--data", data).output
    ok("backup", tmp_path / "third", "--data", data)
    assert (data / "archive").resolve() == (tmp_path / "third" / "wal").resolve()
    assert not os.path.lexists(data / "archive.next")


# Given by URL -------------------------------------------------------------------------------------------


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The key of the test databases."""
    monkeypatch.setenv("ENTREPOT_SECRET_KEY", KEY)
    yield


def sealed(url: str) -> list[str]:
    """Seals what there is; then what is wrong."""

    async def run() -> list[str]:
        from entrepot.storage.store import open_pool

        pool = await open_pool(url, smallest=1, largest=2)
        try:
            await seal(pool, "test")
            return await verify(pool)
        finally:
            pool.terminate()

    return asyncio.run(run())


def test_a_logical_backup_restores_an_equal_database(
    cluster: Embedded, migrated: str, served: Served, keyed: None, tmp_path: Path
):
    from tests.purchases import completed, draft, placed

    placed(served)
    served.run(served.parts.work.settle())
    completed(served)
    draft(served)  # the last of the trail have no position yet
    ok("backup", tmp_path / "backup", "--database-url", served.database)
    with copied(cluster, "template0") as url:
        ok("restore", tmp_path / "backup", "--database-url", url)
        assert dumped(url) == dumped(served.database)
        for table in ("trail", "seals", "heads", "idempotency", "installation", "id_counters"):
            but = "- 'xid' - 'last'"
            text = f"select to_jsonb(t) {but} from {table} t order by 1"
            assert fetch(url, text) == fetch(served.database, text), table
        assert fetch(url, "select count(*) from trail where xid >= (select horizon from sealer)") == fetch(
            url, "select count(*) from trail t where not exists (select from seals where trail_id = t.id)"
        )
        assert sealed(url) == []
        assert fetch(url, "select count(*) from seals") == fetch(url, "select count(*) from trail")
        assert ok("check", "--database-url", url) == "No findings.\n"
        again = entrepot("restore", tmp_path / "backup", "--database-url", url)
        assert again.exit_code == 1
        assert "is not empty" in again.output


def test_a_logical_backup_is_of_one_moment(database: str, keyed: None, tmp_path: Path):
    ok("backup", tmp_path / "backup", "--database-url", database)
    done = entrepot("restore", tmp_path / "backup", "--database-url", database, "--to", "2026-01-01")
    assert "This backup holds one moment" in done.output.replace("\n", " ")
    assert "restore it into one" in entrepot("restore", tmp_path / "backup", "--data", tmp_path / "d").output


def test_half_a_logical_backup_changes_nothing(cluster: Embedded, database: str, keyed: None, tmp_path: Path):
    ok("backup", tmp_path / "backup", "--database-url", database)
    orders = tmp_path / "backup" / "users.copy.gz"
    whole = orders.read_bytes()
    orders.write_bytes(whole[:-20])
    with copied(cluster, "template0") as url:
        done = entrepot("restore", tmp_path / "backup", "--database-url", url)
        assert done.exit_code == 1
        assert "could not be restored" in done.output
        orders.unlink()
        assert "users are missing" in entrepot("restore", tmp_path / "backup", "--database-url", url).output
        orders.write_bytes(whole)
        ok("restore", tmp_path / "backup", "--database-url", url)
        assert dumped(url) == dumped(database)


def test_other_tables_are_not_restored_over(cluster: Embedded, database: str, keyed: None, tmp_path: Path):
    ok("backup", tmp_path / "backup", "--database-url", database)
    with copied(cluster, "template0") as url:
        fetch(url, "create table mine (id integer)")
        done = entrepot("restore", tmp_path / "backup", "--database-url", url)
        assert "holds tables of something else" in done.output


def test_heads_elsewhere_that_are_newer_than_what_was_restored_no_longer_count(
    cluster: Embedded, database: str, keyed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ENTREPOT_HEADS", str(tmp_path / "heads.jsonl"))

    def head() -> None:
        async def run() -> None:
            settings = Settings(database_url=database, secret_key=KEY, heads=str(tmp_path / "heads.jsonl"))
            async with house.build(settings) as parts:
                await happen(parts.pool, f"ORD-1000-0000-{len(os.listdir(tmp_path)):04d}", 1)
                await seal(parts.pool, "test", parts.heads, last=True)

        asyncio.run(run())

    head()
    ok("backup", tmp_path / "backup", "--database-url", database)
    head()
    with copied(cluster, "template0") as url:
        ok("restore", tmp_path / "backup", "--database-url", url)
        assert ok("check", "--database-url", url) == "No findings.\n"
    assert json.loads((tmp_path / "heads.jsonl").read_text().splitlines()[-1])["restored"]
