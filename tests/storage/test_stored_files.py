"""Where bytes lie: with their thing in the database, or in an object store that knows nothing of transactions."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import asyncpg
import pytest

from entrepot.app import assemble
from entrepot.kernel.errors import Unavailable
from entrepot.kernel.file import File, Held
from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.settings import SettingFault, Settings, read_settings
from entrepot.storage import bucket as buckets
from entrepot.storage import consistency, files
from entrepot.storage.bucket import Bucket, BucketError
from entrepot.storage.dumping import dump
from entrepot.storage.embedded import Embedded
from entrepot.storage.faults import LoadError
from entrepot.storage.files import Files, carried
from entrepot.storage.loading import load
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS
from tests.orders import live
from tests.parts import PDF, Part
from tests.party import at_once, ok
from tests.serving import KEY, Served, copied, serving

CONTENT = b"%PDF " + bytes(range(256)) * 3000
FILE = Part("file", CONTENT, PDF, "contract.pdf")
URL = "s3://papers/entrepot/files"


# An object store ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server that speaks S3, with a bucket in it; gives the settings that lead there."""
    pytest.importorskip("moto", reason="no S3 server: pip install 'entrepot[dev]'")
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=out, env={**os.environ, "NO_COLOR": "1"}
        )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline() or b"0")
        assert port, log.read_text()
        endpoint = f"http://127.0.0.1:{port}"
        _await(endpoint)
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/papers", method="PUT"), timeout=10).close()
        yield {"files": URL, "files_endpoint": endpoint, "files_region": "us-east-1", "files_key_id": "id",
               "files_secret": "secret"}  # fmt: skip
    finally:
        server.kill()
        server.wait(10)


SERVER = """
import socket, sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""


def _await(endpoint: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(endpoint, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)


def bucket(settings: dict[str, str]) -> Bucket:
    return Bucket(settings["files"], {name: value for name, value in settings.items() if name != "files"})


def keys(settings: dict[str, str]) -> set[str]:
    """What lies below the prefix, looked up past our own code."""
    import obstore

    listed = obstore.list(bucket(settings)._store).collect()
    return {each["path"] for each in listed}


@pytest.fixture(scope="module")
def outside(cluster: Embedded, template: str, s3: dict[str, str]) -> Iterator[Served]:
    """The program with its files in the object store."""
    with serving(cluster, template, **s3) as server:
        yield server


def attach(served: Served, agreement: dict[str, Any], file: Part = FILE, who: str = "vendor", **said: Any):
    path = f"/commerce/agreements/{agreement['id']}/attachments"
    return served.call(who, "POST", path, {"name": "Contract", **said}, file=file)


def test_a_bucket_takes_gives_and_forgets(s3: dict[str, str]) -> None:
    async def play() -> None:
        one = bucket(s3)
        for size in (0, 1, buckets.PART_BYTES + 1):
            content = os.urandom(size)
            await one.put("key", BytesIO(content))
            assert b"".join([piece async for piece in one.get("key")]) == content
        await one.delete("key")
        await one.delete("key")
        with pytest.raises(FileNotFoundError):
            [piece async for piece in one.get("key")]

    asyncio.run(play())


def test_a_bucket_that_is_not_there_is_away(s3: dict[str, str]) -> None:
    async def play() -> None:
        with pytest.raises(Unavailable):
            await bucket({**s3, "files": "s3://nowhere"}).put("key", BytesIO(b"x"))

    asyncio.run(play())


def test_files_go_to_the_bucket_and_come_from_there(outside: Served, s3: dict[str, str]) -> None:
    agreement = live(outside)
    before = keys(s3)
    made = ok(attach(outside, agreement))
    (key,) = keys(s3) - before
    assert outside.fetch("select outside, held from files where key = $1", key) == [(True, True)]
    assert outside.fetch("select count(*) from file_pieces") == [(0,)]
    path = f"/commerce/agreements/{agreement['id']}/attachments/{made['id']}"
    assert outside.call("client", "GET", path, accept=PDF).body == CONTENT
    assert outside.call("vendor", "DELETE", path).status == 204
    assert outside.call("client", "GET", path, accept=PDF).status == 404
    assert outside.fetch("select held from files where key = $1", key) == [(False,)]
    assert swept(outside, "1 hour") == 0, "it is a download's to finish"
    assert swept(outside, "0 hours") == 1
    assert keys(s3) == before
    assert outside.fetch("select count(*) from files where key = $1", key) == [(0,)]


def test_nothing_goes_there_that_is_refused(outside: Served, s3: dict[str, str]) -> None:
    agreement, before = live(outside), keys(s3)
    assert attach(outside, agreement, who="client").status == 403
    assert attach(outside, agreement, who="other vendor").status == 404
    assert attach(outside, agreement, type="Video").status == 400
    path = f"/commerce/agreements/{agreement['id']}/attachments"
    tried = outside.call("vendor", "POST", path, {"name": "x"}, file=FILE, prefer="dry-run")
    assert tried.status == 201
    assert keys(s3) == before


def test_what_came_to_nothing_is_swept_up(outside: Served, s3: dict[str, str]) -> None:
    """Bytes are there, and then the command fails: a twin with the same idempotency key was first."""
    agreement, before = live(outside), keys(s3)
    path = f"/commerce/agreements/{agreement['id']}/attachments"
    send = lambda: outside.call("vendor", "POST", path, {"name": "x"}, file=FILE, idempotency_key="twins")  # noqa: E731
    replies = at_once(*[send] * 6)
    assert {reply.json["id"] for reply in replies if reply.status == 201} == {replies[0].json["id"]}
    held = outside.fetch("select key from files where held and outside")
    assert keys(s3) - before >= {key for (key,) in held} - before
    swept(outside, "0 hours")
    assert len(keys(s3) - before) == 1
    made = replies[0].json["id"]
    assert outside.call("client", "GET", f"{path}/{made}", accept=PDF).body == CONTENT


def test_a_command_that_dies_before_it_commits_leaves_a_row_that_finds_its_bytes(
    outside: Served, s3: dict[str, str]
) -> None:
    before = keys(s3)
    file = File("a.pdf", PDF, 4, b"", lambda: BytesIO(b"%PDF"))
    outside.run(outside.parts.store.place(file))
    assert keys(s3) - before == {file.key}
    assert outside.fetch("select held from files where key = $1", file.key) == [(False,)]
    assert outside.run(outside.parts.store.held(file.key)) is None
    assert swept(outside, "1 hour") == 0
    assert swept(outside, "0 hours") == 1
    assert keys(s3) == before


def swept(served: Served, after: str) -> int:
    return served.run(served.parts.store.files.sweep(after))


def test_an_object_store_that_is_away_is_a_503_and_the_rest_works(cluster: Embedded, template: str) -> None:
    away = {"files": URL, "files_endpoint": "http://127.0.0.1:9", "files_key_id": "id", "files_secret": "secret"}
    with serving(cluster, template, **away) as served:
        agreement = live(served)
        reply = attach(served, agreement)
        assert (reply.status, reply.headers["retry-after"]) == (503, "5")
        path = f"/commerce/agreements/{agreement['id']}/attachments"
        key = {"name": "Key", "type": "LicenseKey", "licenseKey": "K"}
        assert served.call("vendor", "POST", path, key).status == 201
        assert served.fetch("select count(*) from agreement_attachments") == [(1,)]


def test_what_lies_in_the_database_stays_there_when_the_setting_changes(
    cluster: Embedded, template: str, s3: dict[str, str]
) -> None:
    with serving(cluster, template) as served:
        agreement = live(served)
        made = ok(attach(served, agreement))
        key = served.fetch("select file_key from agreement_attachments where id = $1", made["id"])[0][0]

        async def read() -> bytes:
            settings = Settings(database_url=served.database, secret_key=KEY, **s3)  # pyright: ignore[reportArgumentType]
            pool = await open_pool(served.database, smallest=1, largest=2)
            try:
                held = await (await assemble(settings, pool, Vault(KEY))).store.held(key)
                assert held is not None
                return await _bytes(held)
            finally:
                await pool.close()

        assert asyncio.run(read()) == CONTENT


@pytest.mark.parametrize("url", ["papers", "s3://", "http://papers/x", "/papers", "s3:papers"])
def test_what_is_no_bucket_is_refused_at_the_start(url: str) -> None:
    with pytest.raises((BucketError, SettingFault)):
        Bucket(url, {})


def test_the_settings_are_read_from_the_environment() -> None:
    found = read_settings({"ENTREPOT_FILES": URL, "ENTREPOT_FILES_SECRET": "s", "ENTREPOT_FILES_KEY_ID": "k"})
    assert (found.files, found.files_secret, found.files_key_id) == (URL, "s", "k")


# Soundness ----------------------------------------------------------------------------------------------


async def _bytes(held: Held) -> bytes:
    return b"".join([piece async for piece in held.pieces()])


def found_by_check(served: Served) -> list[str]:
    async def look() -> list[str]:
        async with served.parts.pool.acquire() as conn:
            checks = list(consistency.checks(served.parts.nouns))
            return [each async for each in consistency.run(conn, checks, lambda *_: None)]

    return served.run(look())


def test_bytes_that_were_edited_are_found(cluster: Embedded, template: str) -> None:
    with serving(cluster, template) as served:
        made = ok(attach(served, live(served)))
        assert found_by_check(served) == []
        (key,) = served.fetch("select file_key from agreement_attachments where id = $1", made["id"])[0]
        edits = (
            "update file_pieces set content = set_byte(content, 9, 9) where key = $1 and place = 1",
            "delete from file_pieces where key = $1 and place = 2",
            "update file_pieces set place = 3 - place where key = $1 and place in (1, 2)",
        )
        for edit in edits:

            async def tried(edit: str = edit) -> list[str]:
                async with served.parts.pool.acquire() as conn:
                    transaction = conn.transaction()
                    await transaction.start()
                    await conn.execute("alter table file_pieces drop constraint file_pieces_pkey")
                    await conn.execute(edit, key)
                    checks = list(consistency.checks(served.parts.nouns))
                    found = [each async for each in consistency.run(conn, checks, lambda *_: None)]
                    await transaction.rollback()
                    return found

            assert served.run(tried()) == [f"files: {key}: its bytes are not those that came in"], edit


def test_a_file_that_nobody_holds_is_found(cluster: Embedded, template: str) -> None:
    with serving(cluster, template) as served:
        made = ok(attach(served, live(served)))
        (key,) = served.fetch("select file_key from agreement_attachments where id = $1", made["id"])[0]
        served.fetch("update agreement_attachments set file_key = null")
        assert f"files: {key}: it is held, and by nobody" in found_by_check(served)


def test_a_download_that_outlives_its_file_is_cut_off(cluster: Embedded, template: str) -> None:
    with serving(cluster, template) as served:
        agreement = live(served)
        made = ok(attach(served, agreement))
        (key,) = served.fetch("select file_key from agreement_attachments where id = $1", made["id"])[0]
        path = f"/commerce/agreements/{agreement['id']}/attachments/{made['id']}"

        async def begun() -> None:
            held = await served.parts.store.held(key)
            assert held is not None
            pieces = held.pieces()
            assert len(await anext(pieces)) == files.PIECE_BYTES
            await asyncio.to_thread(served.call, "vendor", "DELETE", path)
            with pytest.raises(files.Lost):
                await anext(pieces)

        served.run(begun())


class Shaky(Files):
    """Loses the first race, with half of the file written."""

    lost = 0

    async def write(self, conn: Any, file: File) -> None:
        await super().write(conn, file)
        if not self.lost:
            self.lost += 1
            raise asyncpg.SerializationError("somebody else was first")


def test_a_command_that_runs_again_writes_its_file_again(cluster: Embedded, template: str) -> None:
    with serving(cluster, template) as served:
        store, agreement = served.parts.store, live(served)
        shaky = store.files = Shaky(served.parts.pool)
        made = ok(attach(served, agreement))
        assert shaky.lost == 1
        path = f"/commerce/agreements/{agreement['id']}/attachments/{made['id']}"
        assert served.call("client", "GET", path, accept=PDF).body == CONTENT
        assert served.fetch("select count(*) from files") == [(1,)]
        assert found_by_check(served) == []


# World files --------------------------------------------------------------------------------------------


def lines_of(served: Served, **more: Any) -> list[dict[str, Any]]:
    async def read() -> list[bytes]:
        parts = served.parts
        found = dump(parts.pool, parts.nouns, FORMS, Vault(KEY), files=parts.store.files, **more)
        return [line async for lines in found for line in lines.splitlines()]

    return [json.loads(line) for line in served.run(read())]


async def loaded(url: str, lines: list[dict[str, Any]], bucket: Bucket | None = None) -> None:
    pool = await open_pool(url, smallest=1, largest=2)
    try:
        numbered = [("world", n, json.dumps(line).encode()) for n, line in enumerate(lines, 1)]
        await load(pool, Nouns(NOUNS), FORMS, Vault(KEY), numbered, files=Files(pool, bucket))
    finally:
        await pool.close()


def attachments_of(url: str) -> list[asyncpg.Record]:
    async def look() -> list[asyncpg.Record]:
        conn = await asyncpg.connect(url)
        try:
            return await conn.fetch(
                "select a.id, a.name, a.type, a.filename, a.size, a.content_type, a.client_id, a.vendor_id, a.buyer_id,"
                " f.sha256, f.outside, (select string_agg(content, '' order by place) from file_pieces p"
                " where p.key = f.key) as content from agreement_attachments a"
                " left join files f on f.key = a.file_key order by a.id"
            )
        finally:
            await conn.close()

    return asyncio.run(look())


@pytest.mark.parametrize("lies", ["in the database", "in the object store"])
def test_a_world_with_files_is_dumped_and_loads_as_it_was(
    cluster: Embedded, template: str, empty: str, s3: dict[str, str], lies: str
) -> None:
    there = s3 if lies == "in the object store" else {}
    with serving(cluster, template, **there) as served:
        agreement = live(served)
        ok(attach(served, agreement, description="As signed"))
        ok(attach(served, agreement, Part("file", b"", PDF, "empty.pdf")))
        path = f"/commerce/agreements/{agreement['id']}/attachments"
        ok(served.call("vendor", "POST", path, {"name": "Key", "type": "LicenseKey", "licenseKey": "K"}))
        lines = lines_of(served)
        was = attachments_of(served.database)
    carrying = [line for line in lines if "$file" in line]
    assert sorted(line["$file"]["name"] for line in carrying) == ["contract.pdf", "empty.pdf"]
    assert all(line["$kind"] == f"commerce/agreements/{agreement['id']}/attachments" for line in carrying)
    asyncio.run(loaded(empty, lines, bucket(s3) if there else None))
    now = attachments_of(empty)
    assert now == was
    assert [row["outside"] for row in now].count(bool(there)) == 2


@pytest.fixture
def empty(cluster: Embedded) -> Iterator[str]:
    """A migrated database with nothing in it."""
    from entrepot.storage.migrate import ensure

    with copied(cluster, "template1") as url:
        asyncio.run(ensure(url, sandbox=True, may_migrate=True))
        yield url


def test_a_line_may_leave_out_what_follows_from_its_file(cluster: Embedded, template: str) -> None:
    with serving(cluster, template) as served:
        agreement = live(served)["id"]
        carries = {"name": "terms.csv", "contentType": "text/csv", "base64": "YSxiCjEsMgo="}
        served.load([
            {"$kind": f"commerce/agreements/{agreement}/attachments", "id": "ATT-1111-0001", "$file": carries},
            {"$kind": "commerce/agreements/attachments", "id": "ATT-1111-0002", "agreement": {"id": agreement},
             "name": "Key", "licenseKey": "K"},
        ])  # fmt: skip
        path = f"/commerce/agreements/{agreement}/attachments"
        one = ok(served.call("client", "GET", f"{path}/ATT-1111-0001"))
        assert (one["name"], one["filename"], one["size"], one["type"]) == ("terms.csv", "terms.csv", 8, "File")
        assert served.call("client", "GET", f"{path}/ATT-1111-0001", accept="text/csv").body == b"a,b\n1,2\n"
        assert ok(served.call("client", "GET", f"{path}/ATT-1111-0002"))["type"] == "LicenseKey"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"$file": "x"}, "$file"),
        ({"$file": {"name": "a.pdf", "contentType": PDF}}, "$file"),
        ({"$file": {"name": "a.pdf", "contentType": PDF, "base64": "ü"}}, "$file"),
        ({"$file": {"name": "a.pdf", "contentType": PDF, "base64": "YQ"}}, "$file"),
        ({"$file": {"name": "", "contentType": PDF, "base64": ""}}, "$file"),
        ({"$file": {"name": "a\nb.pdf", "contentType": PDF, "base64": ""}}, "$file"),
        ({"$file": {"name": "a.pdf", "contentType": "x\r\ny: z", "base64": ""}}, "$file"),
        ({"orderId": "ORD-9999-9999-9999"}, "orderId"),
        ({"name": None}, "name"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    cluster: Embedded, template: str, more: dict[str, Any], said: str
) -> None:
    with serving(cluster, template) as served:
        agreement = live(served)["id"]
        line = {"$kind": f"commerce/agreements/{agreement}/attachments", "id": "ATT-1111-0001", "name": "x", **more}
        with pytest.raises(LoadError) as fault:
            served.load([line])
        assert f"more:1: {said}" in str(fault.value)
        assert served.fetch("select count(*) from files") == [(0,)]


def test_a_file_that_is_carried_is_read_again_when_it_is_written() -> None:
    given = {"name": "a.pdf", "contentType": PDF, "base64": "YWJj"}
    file = carried(given, lambda: given)
    assert (file.size, file.content().read(), file.content().read()) == (3, b"abc", b"abc")
