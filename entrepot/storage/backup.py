"""What every backup is: a folder with a note that is written last, so that half of one is never taken for a whole."""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from entrepot.kernel.wire import moment_text

NOTE = "backup.json"
KEY = "secret.key"
PHYSICAL, LOGICAL = "physical", "logical"
IDS_SKIPPED = 100_000
"""Counter values that a restore leaves out: ids that were given out after the moment restored are not given again."""

RESTORED = (
    f"update id_counters set last = last + {IDS_SKIPPED} where prefix !~ '-'",
    "update sealer set holder = null, leased_until = null",
)


class BackupError(Exception):
    """There is no backup to be had, or none to be restored; the message is for the person at the keyboard."""


def begin(folder: Path) -> Path:
    """Makes the folder, and gives its real name. Raises BackupError where there is something already."""
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "holds a backup" if (folder / NOTE).exists() else "is not empty, or holds a backup that was interrupted"
        raise BackupError(f"{folder} {what}: each backup has a folder of its own.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def keep(folder: Path, name: str, source: Path | None) -> None:
    """A copy of a file that only its owner may read; nothing where there is none."""
    if source is None or not source.exists():
        return
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out, source.open("rb") as file:
        shutil.copyfileobj(file, out)
        out.flush()
        os.fsync(out.fileno())


def finish(folder: Path, kind: str, **facts: object) -> None:
    """Writes the note: from now on it is a whole backup."""
    note = {"kind": kind, "made": moment_text(datetime.now(UTC)), **facts}
    part = folder / f"{NOTE}.part"
    with part.open("w") as out:
        out.write(json.dumps(note, indent=2) + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.rename(folder / NOTE)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def note(folder: Path) -> Mapping[str, Any]:
    """What a backup says of itself. Raises BackupError for a folder that holds no whole one."""
    try:
        found = json.loads((folder / NOTE).read_text())
    except (OSError, ValueError) as fault:
        raise BackupError(f"{folder} holds no whole backup: it has no readable {NOTE}.") from fault
    if not isinstance(found, dict) or found.get("kind") not in (PHYSICAL, LOGICAL):
        raise BackupError(f"{folder} holds a backup of a kind that this version does not know.")
    return found
