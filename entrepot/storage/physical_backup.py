"""Backups of the embedded database to any moment: a base, and everything that is written from then on.

A backup begins with a copy of the whole cluster. From its beginning on the server also puts each finished stretch of
its log into the backup's folder, packed, at the latest a minute after it was written: the link `archive` in the data
folder says where. So a backup can be restored to any moment after its base was finished. The next backup, in a folder
of its own, takes the link over; then the earlier one grows no more, and may be deleted.
"""

import os
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from entrepot.kernel.wire import moment_text, to_moment
from entrepot.settings import HEADS
from entrepot.storage import backup
from entrepot.storage.backup import BackupError
from entrepot.storage.embedded import ARCHIVE, ARCHIVE_NEXT, Embedded, EmbeddedError, adopt, binaries, start, tool

BASE, WAL = "base", "wal"
ARCHIVE_TIMEOUT = "60s"


async def back_up(pool: asyncpg.Pool, embedded: Embedded, folder: Path, heads: Path | None, *, told: bool) -> None:
    """Takes a base, and leaves the server putting its log beside it. `told`: on stderr, how far it is.

    Raises BackupError.
    """
    if await pool.fetchval("show archive_mode") != "on":
        raise BackupError("The running server cannot archive its log yet: restart the program that serves first.")
    folder = backup.begin(folder)
    wal = folder / WAL
    wal.mkdir(mode=0o700)
    _let_in(folder, wal, embedded.data)
    backup.keep(folder, HEADS, heads)  # before the base: of what can be restored none is newer
    backup.keep(folder, backup.KEY, embedded.data / "secret.key")
    with _archiving(embedded.data, wal):
        options = ["-D", str(folder / BASE), "-Ft", "-z", "-Z", "client-gzip:1", "-X", "stream", "-c", "fast"]
        copied = tool(embedded.note["socket"], "pg_basebackup", *options, *(["-P"] if told else []), quiet=not told)
        if copied.returncode:
            raise BackupError(f"The base could not be copied: {(copied.stderr or '').strip()[-500:]}")
    await pool.execute(f"alter system set archive_timeout = '{ARCHIVE_TIMEOUT}'")
    await pool.execute("select pg_reload_conf()")
    ended = await pool.fetchval("select clock_timestamp()")
    await pool.execute("select pg_switch_wal()")
    major = (embedded.data / "postgres" / "PG_VERSION").read_text().strip()
    backup.finish(folder, backup.PHYSICAL, earliest=moment_text(ended), postgresql=major)


@contextmanager
def _archiving(data: Path, wal: Path) -> Iterator[None]:
    """The log goes there beside where it went before; when all went well, there alone."""
    following = data / ARCHIVE_NEXT
    following.unlink(missing_ok=True)
    following.symlink_to(wal)
    try:
        yield
    except BaseException:
        following.unlink(missing_ok=True)
        raise
    following.rename(data / ARCHIVE)


def _let_in(folder: Path, wal: Path, data: Path) -> None:
    """The server writes there itself, under whatever name it runs."""
    owner = (data / "postgres").stat()
    if owner.st_uid != os.geteuid():
        folder.chmod(0o711)
        os.chown(wal, owner.st_uid, owner.st_gid)


async def restore(folder: Path, note: Mapping[str, Any], data: Path, to: datetime | None) -> datetime | None:
    """Makes the data folder as it was at the moment, or at the last one archived; gives the last moment restored.

    Everything is made beside it under another name, so that half a restore is never taken for a whole one. Raises
    BackupError.
    """
    folder, data, new = _places(folder, data)
    if to is not None and to < to_moment(note["earliest"]):
        raise BackupError(f"This backup reaches back to {note['earliest']}, not to {moment_text(to)}.")
    _verify(folder)
    try:
        new.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True)
        backup.keep(new, backup.KEY, folder / backup.KEY)
        backup.keep(new, HEADS, folder / HEADS)
        with adopt(new) as cluster:
            _unpack(folder / BASE / "base.tar.gz", cluster)
            _unpack(folder / BASE / "pg_wal.tar.gz", cluster / "pg_wal")
            (cluster / "recovery.signal").touch()
        last = await _recover(folder, new, to)
        with suppress(FileNotFoundError):
            data.rmdir()
        new.rename(data)
    except (OSError, tarfile.TarError, EmbeddedError, asyncpg.PostgresError) as fault:
        shutil.rmtree(new, ignore_errors=True)
        raise BackupError(_reason(fault, to)) from fault
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return last


def _places(folder: Path, data: Path) -> tuple[Path, Path, Path]:
    """The backup, the data folder that is to be, and where it is made. Raises BackupError where something is."""
    folder, data = folder.resolve(), data.resolve()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupError(f"{data} is not empty: nothing is restored over what is there.")
    new = data.with_name(f"{data.name}.restoring")
    if new.exists():
        raise BackupError(f"{new} is left of a restore that was interrupted: remove it first.")
    return folder, data, new


async def _recover(folder: Path, data: Path, to: datetime | None) -> datetime | None:
    """Runs the server until it has replayed the log up to the moment."""
    source = shlex.quote(str(folder / WAL)).replace("%", "%%")
    settings = {
        "hot_standby": "off",  # ready means that all is replayed
        "restore_command": f"test -e {source}/%f.gz && gzip -dc <{source}/%f.gz >%p",
        "recovery_target_timeline": "current",
        "recovery_target_action": "promote",
    }
    if to is not None:
        settings["recovery_target_time"] = to.isoformat()
    server = start(data, settings)
    try:
        conn = await asyncpg.connect(server.url)
        try:
            for each in backup.RESTORED:
                await conn.execute(each)
            await conn.execute("alter system reset archive_timeout")
            return await conn.fetchval("select max(recorded_at) from trail")
        finally:
            await conn.close()
    finally:
        server.stop()


def _verify(folder: Path) -> None:
    """The base is as it was written."""
    command = [binaries() / "pg_verifybackup", "--no-parse-wal", "--quiet", folder / BASE]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BackupError(f"The backup in {folder} is damaged: {done.stderr.strip()[:500]}")


def _unpack(archive: Path, to: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(to, filter=_ours)


def _ours(file: tarfile.TarInfo, to: str) -> tarfile.TarInfo | None:
    """Whoever's name the server had where the backup was taken: here it has another."""
    found = tarfile.tar_filter(file, to)
    return found.replace(uid=os.geteuid(), gid=os.getegid(), uname="", gname="", mode=file.mode, deep=False)


def _reason(fault: Exception, to: datetime | None) -> str:
    if to is not None and "recovery ended before configured recovery target was reached" in str(fault):
        return f"The backup holds nothing as late as {moment_text(to)}; without --to all of it is restored."
    return f"The backup could not be restored: {fault}"
