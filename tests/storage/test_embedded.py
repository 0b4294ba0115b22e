"""The embedded server under its owner, tried as whoever may run it, on processes that are really killed."""

import asyncio
import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from entrepot.storage import embedded

ORDINARY, NAMELESS, BARE = "an ordinary user", "root", "root without user namespaces"
NOBODY = 65534
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can try this: sudo .venv/bin/pytest tests/storage")
everybody = [ORDINARY, pytest.param(NAMELESS, marks=needs_root), pytest.param(BARE, marks=needs_root)]


# A program on a data folder. As text, because importing this file would take it longer than all that it does.
# It acts in a thread that ends, since the kernel takes the end of the thread that forks for the parent's end.
PROGRAM = """
import json, os, sys, threading, time
from pathlib import Path
from entrepot.storage import embedded

data, who, action, *options = sys.argv[1:]

def forbidden(*_):
    raise PermissionError("forbidden")

def tell(**words):
    print(json.dumps(words), flush=True)

def act():
    global server
    settings = dict(option.split("=") for option in options if "=" in option)
    began = time.perf_counter()
    try:
        server = getattr(embedded, action)(Path(data), *([settings] if "start" in action else []))
        tell(url=server.url, owned=server.owned, seconds=time.perf_counter() - began)
    except embedded.EmbeddedError as fault:
        tell(error=str(fault))
        os._exit(1)

if os.geteuid() == 0 and who == "an ordinary user":
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
if who == "root without user namespaces":
    os.unshare = forbidden
if "nowhere to go" in options:
    os.setuid = forbidden
if "no pdeathsig" in options:
    embedded.LIBC = None
thread = threading.Thread(target=act)
thread.start()
thread.join()
for word in sys.stdin:
    if word == "stop\\n":
        began = time.perf_counter()
        server.stop()
        server.stop()
        tell(seconds=time.perf_counter() - began)
    if word == "gone?\\n":
        tell(gone=server.owner_gone())
"""


class Program:
    """One such program, seen from the test."""

    def __init__(self, folder: "Folder", action: str, *options: str) -> None:
        command = [sys.executable, "-c", PROGRAM, str(folder.data), folder.who, action, *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline() or '{"error": "died"}')

    def ask(self, word: str) -> Any:
        assert self.process.stdin
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        """It comes to its end without a word about stopping."""
        self.process.communicate()


class Folder:
    """A data folder, for programs of one kind of user."""

    def __init__(self, top: Path, who: str) -> None:
        self.who = who
        self.top = top
        self.data = top / "data"
        self.programs: list[Program] = []

    def run(self, action: str, *options: str) -> Program:
        self.programs.append(Program(self, action, *options))
        return self.programs[-1]

    def start(self, *options: str) -> tuple[Program, str]:
        owner = self.run("start", *options)
        answer = owner.answer()
        assert "error" not in answer, answer
        return owner, answer["url"]

    @property
    def server(self) -> int:
        return int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])

    def no_server_is_left(self) -> bool:
        with open(self.data / "server.lock") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def log(self) -> str:
        return "".join(file.read_text() for file in (self.data / "postgres" / "log").glob("*.log"))

    def state(self) -> str:
        command = [embedded.binaries() / "pg_controldata", self.data / "postgres"]
        lines = subprocess.check_output(command, text=True, env={"LC_ALL": "C"}).splitlines()
        return next(line for line in lines if "cluster state" in line).split(":")[1].strip()

    def clear(self) -> None:
        """Ends what runs on it, and forgets what it said."""
        for each in self.programs:
            each.kill()
        self.programs.clear()
        if (self.data / "server.lock").exists():
            until(self.no_server_is_left, 10)
        for file in (self.data / "postgres" / "log").glob("*.log"):
            os.truncate(file, 0)

    def remove(self) -> None:
        self.clear()
        shutil.rmtree(self.top)


def until(holds: Any, seconds: float = 10) -> float:
    """Waits, and says for how long."""
    began = time.perf_counter()
    while not holds():
        assert time.perf_counter() - began < seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.perf_counter() - began


def sql(url: str, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def answers(url: str) -> bool:
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return sql(url, "select 1") == 1
    return False


def comes_back(folder: Folder, killed: int, url: str) -> bool:
    with contextlib.suppress(FileNotFoundError, IndexError):
        return folder.server != killed and answers(url)
    return False


def initdb_alone() -> float:
    folder = new_folder(ORDINARY)
    began = time.perf_counter()
    subprocess.run(
        [embedded.binaries() / "initdb", "-D", folder.data],
        user=NOBODY if AS_ROOT else None,
        extra_groups=[] if AS_ROOT else None,
        capture_output=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    folder.remove()
    return seconds


def put(url: str) -> None:
    sql(url, "drop table if exists kept")
    sql(url, "create table kept as select 'kept'::text as word")


def new_folder(who: str) -> Folder:
    """Directly below /tmp, since pytest's own folder is closed to other users."""
    top = Path(tempfile.mkdtemp(prefix="embedded-", dir="/tmp"))
    if AS_ROOT and who == ORDINARY:
        os.chown(top, NOBODY, NOBODY)
    if who == BARE:
        top.chmod(0o755)  # root's folder is closed (0700) in the case of the namespace alone
    return Folder(top, who)


@pytest.fixture(params=everybody)
def fresh(request: pytest.FixtureRequest) -> Iterator[Folder]:
    """A folder that was never used."""
    folder = new_folder(request.param)
    yield folder
    folder.remove()


@pytest.fixture(scope="session")
def used() -> Iterator[dict[str, Folder]]:
    """One folder of each kind of user for all tests: a first start takes its time."""
    folders: dict[str, Folder] = {}
    yield folders
    for folder in folders.values():
        folder.remove()


@pytest.fixture(params=everybody)
def folder(request: pytest.FixtureRequest, used: dict[str, Folder]) -> Iterator[Folder]:
    """A folder that was used and has no server."""
    who = request.param
    if who not in used:
        used[who] = new_folder(who)
        used[who].start()[0].ask("stop")
    folder = used[who]
    place = folder.data
    yield folder
    folder.clear()
    folder.data = folder.data.rename(place)


# Starting and stopping


def test_first_start_restart_and_stop_are_quick(fresh: Folder) -> None:
    """An idle machine takes 0.6, 0.05 and 0.02 s; a busy one is compared with itself, and has several tries."""
    first = fresh.run("start")
    first_start = first.answer()["seconds"]
    assert first_start < 1.5 or first_start < 2.5 * initdb_alone()
    stops = [first.ask("stop")["seconds"]]
    restarts = []
    for _ in range(3):
        owner = fresh.run("start")
        restarts.append(owner.answer()["seconds"])
        stops.append(owner.ask("stop")["seconds"])
    assert min(restarts) < 0.5
    assert min(stops) < 0.5


def test_a_new_database_is_safe_and_sorts_the_same_everywhere(folder: Folder) -> None:
    _, url = folder.start("work_mem=9MB")
    show = "select string_agg(current_setting(s), ' ') from unnest($${}$$::text[]) s"
    names = "{fsync,synchronous_commit,shared_buffers,max_connections,jit,work_mem,server_encoding}"
    assert sql(url, show.format(names)) == "on on 128MB 60 off 9MB UTF8"
    assert sql(url, "select current_setting('listen_addresses')") == ""
    assert sql(url, "select datlocale from pg_database where datname = current_database()") == "C.UTF-8"
    assert sql(url, "select current_user || ' ' || current_database()") == "entrepot entrepot"


def test_stop_is_clean(folder: Folder) -> None:
    owner, url = folder.start()
    sql(url, "create temp table written as select generate_series(1, 10000)")
    owner.ask("stop")
    until(folder.no_server_is_left)
    assert folder.state() == "shut down"
    assert "database system is shut down" in folder.log()
    assert not (folder.data / "postgres" / "postmaster.pid").exists()


def test_an_owner_that_just_ends_stops_its_server(folder: Folder) -> None:
    owner, _ = folder.start()
    owner.leave()
    assert folder.no_server_is_left()
    assert folder.state() == "shut down"


def test_nothing_but_the_data_folder_is_touched(fresh: Folder) -> None:
    parents = [fresh.top, fresh.top / "a", fresh.top / "a" / "b"]
    for parent, mode in zip(parents[1:], (0o751, 0o755), strict=True):
        parent.mkdir()
        parent.chmod(mode)
        if AS_ROOT and fresh.who == ORDINARY:
            os.chown(parent, NOBODY, NOBODY)
    fresh.data = parents[-1] / "data"

    def found() -> list[tuple[int, ...]]:
        return [(s.st_mode, s.st_uid, s.st_gid) for s in (each.stat() for each in [*parents, Path("/tmp")])]

    before, users = found(), pwd.getpwall()
    fresh.start()[0].ask("stop")
    assert found() == before
    assert pwd.getpwall() == users
    assert stat.S_IMODE((fresh.data / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE((fresh.data / "socket").stat().st_mode) == 0o700
    if fresh.who != BARE:  # nothing is given away
        everything = [fresh.data, *fresh.data.rglob("*")]
        assert {file.lstat().st_uid for file in everything} == {fresh.top.stat().st_uid}


# Sudden ends


@pytest.mark.parametrize("how", ["by the kernel", "no pdeathsig"])
def test_the_server_of_a_killed_owner_stops_cleanly(folder: Folder, how: str) -> None:
    owner, url = folder.start(how)
    put(url)
    owner.kill()
    until(folder.no_server_is_left)
    assert folder.state() == "shut down"
    _, url = folder.start()
    assert sql(url, "select word from kept") == "kept"


def test_the_next_owner_waits_for_the_server_of_a_killed_one(folder: Folder) -> None:
    owner, url = folder.start()
    put(url)
    owner.kill()
    _, url = folder.start()
    assert sql(url, "select word from kept") == "kept"
    assert "not properly shut down" not in folder.log()


def test_a_killed_server_comes_back_under_its_owner(folder: Folder) -> None:
    owner, url = folder.start()
    put(url)
    absences = []
    for _ in range(2):
        os.kill(killed := folder.server, signal.SIGKILL)
        absences.append(until(partial(comes_back, folder, killed, url)))
        assert sql(url, "select word from kept") == "kept"
    assert min(absences) < 1.5
    assert owner.ask("gone?") == {"gone": False}
    owner.ask("stop")
    assert folder.state() == "shut down"


def test_a_killed_server_comes_back_though_a_query_of_it_goes_on(folder: Folder) -> None:
    owner, url = folder.start()

    async def kill_during_a_query() -> None:
        connection = await asyncpg.connect(url)
        endless = asyncio.create_task(connection.fetchval("do 'begin loop end loop; end'"))
        await asyncio.sleep(0.2)
        os.kill(folder.server, signal.SIGKILL)
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await asyncio.wait_for(endless, 5)

    asyncio.run(kill_during_a_query())
    until(lambda: answers(url))
    owner.ask("stop")


@pytest.mark.parametrize("order", ["server first", "owner first"])
def test_after_both_were_killed_the_next_start_works(folder: Folder, order: str) -> None:
    owner, url = folder.start()
    put(url)
    server = folder.server
    kills = [lambda: os.kill(server, signal.SIGKILL), owner.process.kill]
    for kill in kills if order == "server first" else reversed(kills):
        with contextlib.suppress(ProcessLookupError):
            kill()
    owner.process.wait()
    owner, url = folder.start()
    assert sql(url, "select word from kept") == "kept"


def test_an_interrupted_first_start_is_begun_anew(fresh: Folder) -> None:
    owner = fresh.run("start")
    until((fresh.data / "postgres.new" / "base").exists)
    owner.kill()
    _, url = fresh.start()
    assert answers(url)


def test_files_that_name_a_stranger_as_the_server_are_stale(folder: Folder) -> None:
    uid = NOBODY if AS_ROOT and folder.who != NAMELESS else os.geteuid()
    with subprocess.Popen(["sleep", "60"], user=uid) as stranger:
        data = folder.data
        owned = (data / "postgres").stat()
        (data / "owner.lock").write_text(f'{{"pid": {stranger.pid}}}')
        lines = f"{stranger.pid}\n{data}/postgres\n1700000000\n5432\n{data}/socket\n\n"
        for file in data / "postgres" / "postmaster.pid", data / "socket" / ".s.PGSQL.5432.lock":
            file.write_text(lines)
            os.chown(file, owned.st_uid, owned.st_gid)
        _, url = folder.start()
        assert answers(url)
        stranger.kill()


# Several programs on one folder


def test_a_second_server_is_refused_and_told_who_has_the_folder(folder: Folder) -> None:
    owner, url = folder.start()
    refused = folder.run("start").answer()
    assert refused == {"error": f"{folder.data} is in use by process {owner.process.pid}"}
    assert answers(url)


def test_a_second_program_attaches_and_learns_that_the_owner_stops(folder: Folder) -> None:
    owner, url = folder.start()
    guest = folder.run("attach_or_start")
    answer = guest.answer()
    assert (answer["url"], answer["owned"]) == (url, False)
    assert guest.ask("gone?") == {"gone": False}
    guest.ask("stop")
    assert answers(url), "a guest must not stop the server"
    owner.ask("stop")
    assert guest.ask("gone?") == {"gone": True}


def test_an_attached_program_learns_that_the_owner_was_killed_and_replaced(folder: Folder) -> None:
    owner, _ = folder.start()
    guest = folder.run("attach")
    guest.answer()
    owner.kill()
    assert guest.ask("gone?") == {"gone": True}
    folder.start()
    assert guest.ask("gone?") == {"gone": True}


def test_of_programs_that_come_together_one_owns_and_all_work(folder: Folder) -> None:
    comers = [folder.run("attach_or_start") for _ in range(3)]
    came = [each.answer() for each in comers]
    assert sorted(answer["owned"] for answer in came) == [False, False, True]
    assert all(answers(answer["url"]) for answer in came)


def test_nobody_attaches_where_no_server_runs(folder: Folder) -> None:
    assert folder.run("attach").answer() == {"error": f"no server runs on {folder.data}"}


# Awkward places


@pytest.mark.parametrize("name", ["x" * 120, "a, b", 'spaced, "quoted" Ünï%20&=code?#'])
def test_any_path_will_do(folder: Folder, name: str) -> None:
    folder.data = folder.data.rename(folder.top / name)
    owner, url = folder.start()
    assert answers(url)
    assert folder.run("attach").answer()["url"] == url
    owner.ask("stop")
    assert not list(Path("/tmp").glob("entrepot-*/.s.PGSQL*"))


def test_a_squatter_does_not_get_the_socket_of_a_long_path(folder: Folder) -> None:
    folder.data = folder.data.rename(folder.top / ("x" * 120))
    owner, url = folder.start()
    expected = Path(url.split("host=")[1].split("&")[0])
    assert stat.S_IMODE(expected.stat().st_mode) == 0o700
    owner.ask("stop")
    assert not expected.exists()
    expected.mkdir()
    expected.chmod(0o777)
    try:
        owner, url = folder.start()
        assert str(expected) not in url
        assert answers(url)
        assert folder.run("attach").answer()["url"] == url
        owner.ask("stop")
    finally:
        expected.rmdir()


def test_what_the_server_says_against_a_setting_is_passed_on(folder: Folder) -> None:
    refused = folder.run("start", "shared_buffers=nonsense").answer()
    assert "invalid value for parameter" in refused["error"]
    _, url = folder.start()
    assert answers(url)


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(embedded.EmbeddedError, match=f"the data folder {file} can't be used"):
        embedded.start(file)


@needs_root
def test_root_that_can_be_nobody_else_is_told_what_to_do() -> None:
    folder = new_folder(BARE)
    closed = new_folder(BARE)
    closed.top.chmod(0o700)
    try:
        for refused in folder.run("start", "nowhere to go").answer(), closed.run("start").answer():
            assert "Run entrepot as an ordinary user" in refused["error"]
    finally:
        folder.remove()
        closed.remove()


@needs_root
def test_root_runs_an_ordinary_users_folder_as_that_user() -> None:
    folder = new_folder(ORDINARY)
    try:
        folder.start()[0].ask("stop")
        folder.who = NAMELESS
        owner, url = folder.start()
        assert Path(f"/proc/{folder.server}").stat().st_uid == NOBODY
        owner.ask("stop")
        folder.who = ORDINARY
        _, url = folder.start()
        assert answers(url)
    finally:
        folder.remove()


def test_a_log_that_outgrows_its_bound_begins_anew(folder: Folder) -> None:
    log = next((folder.data / "postgres" / "log").glob("*.log"))
    os.truncate(log, embedded.LOG_BYTES_MAX + 1)
    folder.start()
    until(lambda: log.stat().st_size < 10_000)
