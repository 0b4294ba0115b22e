"""Backups from the command line."""

from pathlib import Path

from rich.console import Console

from entrepot import app as house
from entrepot.kernel.wire import moment_text, to_moment
from entrepot.settings import Settings
from entrepot.storage import backup, logical_backup, physical_backup
from entrepot.storage.backup import BackupError


async def back_up(settings: Settings, folder: Path, console: Console) -> None:
    """Backs up the database, and says what it can be restored to. Raises BackupError."""
    async with house.build(settings) as parts:
        if parts.embedded is None:
            await logical_backup.back_up(parts.pool, folder, settings.heads_file)
            console.print(f"{folder} holds everything as it was when this began.", soft_wrap=True)
            console.print("ENTREPOT_SECRET_KEY is not in it: without it the tokens in it are lost.", soft_wrap=True)
            return
        await physical_backup.back_up(parts.pool, parts.embedded, folder, settings.heads_file, told=console.is_terminal)
    console.print(
        f"{folder} holds everything, the key too. From now on every change goes there as well, within a minute.",
        soft_wrap=True,
    )


async def restore(settings: Settings, folder: Path, to: str | None, console: Console) -> None:
    """Brings a backup back where nothing is. Raises BackupError."""
    note = backup.note(folder)
    moment = _moment(to)
    if note["kind"] == backup.PHYSICAL:
        if not settings.embedded:
            raise BackupError("This is a backup of an embedded database: restore it into a data folder (--data).")
        last = await physical_backup.restore(folder, note, settings.data, moment)
        console.print(f"Restored; the last change is of {moment_text(last) if last else 'never'}.", soft_wrap=True)
        console.print("Nothing is archived from here on: take a backup of it.", soft_wrap=True)
    else:
        if moment is not None:
            raise BackupError(f"This backup holds one moment, {note['made']}: --to is for those of embedded databases.")
        if settings.embedded:
            raise BackupError("This is a backup of a database given by URL: restore it into one (--database-url).")
        await logical_backup.restore(folder, note, settings.database_url)
        console.print(f"Restored as of {note['made']}.", soft_wrap=True)
    async with house.build(settings, may_migrate=True) as parts, parts.pool.acquire() as conn:
        await parts.heads.accept(conn)


def _moment(text: str | None):
    if text is None:
        return None
    try:
        return to_moment(text)
    except ValueError as fault:
        raise BackupError(f"{text!r} is no moment: say it as 2026-01-31T12:00:00Z.") from fault
