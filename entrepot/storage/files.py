"""Where the bytes of files lie: in the database, in pieces, or in an object store, with a row here in either case.

A row whose file nobody holds belongs to bytes that were written to the object store and came to nothing, or to
those of a thing that is gone: they are swept up later.
"""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from io import BytesIO
from typing import Any, BinaryIO

import asyncpg
import structlog

from entrepot.kernel.file import NAME_LENGTH_MAX, File, Held, Unplaced
from entrepot.storage.bucket import Bucket

LOG = structlog.get_logger()

PIECE_BYTES = 1 << 18
SWEPT_AFTER = "1 hour"
"""Longer than any upload takes between its bytes and its row, and than a download that has begun."""
SWEPT_AT_ONCE = 200

ROW = ("key", "name", "content_type", "size", "sha256", "outside")


CARRIED = "$file"
"""How a file travels in a world file: `{"name", "contentType", "base64"}`."""


class Lost(Exception):
    """The bytes of a file are not where its row says."""


class Files:
    """The files of one database. With a `bucket` new ones lie there; those that are here already stay here."""

    def __init__(self, pool: asyncpg.Pool, bucket: Bucket | None = None):
        self._pool = pool
        self._bucket = bucket

    # Writing ---------------------------------------------------------------------------------

    def require_placed(self, file: File) -> None:
        """Raises Unplaced where the bytes belong in the object store and are not there yet."""
        if self._bucket is not None and not file.outside:
            raise Unplaced(file)

    async def place(self, file: File) -> None:
        """Puts the bytes into the object store, after a row that finds them should nothing come of it."""
        assert self._bucket is not None
        file.outside = True
        names, places = ", ".join(ROW), ", ".join(f"${at}" for at, _ in enumerate(ROW, 1))
        await self._pool.execute(f"insert into files ({names}, held) values ({places}, false)", *row(file))
        await self._bucket.put(file.key, file.content())

    async def write(self, conn: Any, file: File) -> None:
        """The pieces of a file that lies in the database, in the transaction of its row."""
        content, place = file.content(), 0
        while piece := content.read(PIECE_BYTES):
            text = "insert into file_pieces (key, place, content) values ($1, $2, $3)"
            await conn.execute(text, file.key, place, piece)
            place += 1

    async def add(self, conn: Any, file: File) -> None:
        """A file that is held from now on, with its row, in a transaction of the caller's."""
        if self._bucket is not None and not file.outside:
            await self.place(file)
        places = ", ".join(f"${at}" for at, _ in enumerate(ROW, 1))
        await conn.execute(held_text(places), *row(file))
        if not file.outside:
            await self.write(conn, file)

    # Reading ---------------------------------------------------------------------------------

    async def held(self, conn: Any, key: str, *, within: bool = False) -> Held | None:
        """The file under a key; None when it is gone. `within`: its bytes are read on this connection too."""
        text = "select name, content_type, size, outside from files where key = $1 and held"
        found = await conn.fetchrow(text, key)
        if found is None:
            return None
        name, kind, size, outside = found

        def pieces() -> AsyncIterator[bytes]:
            return self._outside(key) if outside else self._inside(conn if within else self._pool, key, size)

        return Held(name, kind, size, pieces)

    async def _inside(self, conn: Any, key: str, size: int) -> AsyncIterator[bytes]:
        """Each piece by a statement of its own: no connection is held while somebody reads slowly."""
        for place in range(-(-size // PIECE_BYTES)):
            piece = await conn.fetchval("select content from file_pieces where key = $1 and place = $2", key, place)
            if piece is None:
                raise Lost(f"Piece {place} of file {key} is gone.")
            yield piece

    async def _outside(self, key: str) -> AsyncIterator[bytes]:
        if self._bucket is None:
            raise Lost(f"File {key} lies in an object store, and ENTREPOT_FILES names none.")
        try:
            async for piece in self._bucket.get(key):
                yield piece
        except FileNotFoundError as fault:
            raise Lost(f"File {key} is not in the object store.") from fault

    # Sweeping --------------------------------------------------------------------------------

    async def sweep(self, after: str = SWEPT_AFTER) -> int:
        """Removes from the object store what nobody holds; how many there were."""
        if self._bucket is None:
            return 0
        rows = await self._pool.fetch(
            f"select key from files where not held and at < now() - interval '{after}' order by at limit $1",
            SWEPT_AT_ONCE,
        )
        for (key,) in rows:
            await self._bucket.delete(key)
            await self._pool.execute("delete from files where key = $1 and not held", key)
        if rows:
            LOG.info("files that nobody held were swept up", files=len(rows))
        return len(rows)


def carried(given: object, again: Callable[[], object]) -> File:
    """The file that a line of a world file carries. `again` gives it anew, to be written. Raises ValueError."""
    name, kind, content = _carried(given)

    def opened() -> BinaryIO:
        return BytesIO(_carried(again())[2])

    return File(name, kind, len(content), sha256(content).digest(), opened)


def _carried(given: object) -> tuple[str, str, bytes]:
    if not isinstance(given, dict):
        raise ValueError("An object with name, contentType and base64 was expected.")
    name, kind, text = (given.get(key) for key in ("name", "contentType", "base64"))
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise ValueError(f"A name of 1 to {NAME_LENGTH_MAX} printable characters is required.")
    if not isinstance(kind, str) or not kind.isascii() or not kind.isprintable():
        raise ValueError("A contentType is required.")
    try:
        return name, kind, b64decode(text if isinstance(text, str) else "!", validate=True)
    except ValueError:
        raise ValueError("Its content is required as base64.") from None


async def carry(held: Held) -> dict[str, object]:
    """A file as a world file carries it."""
    content = b"".join([piece async for piece in held.pieces()])
    return {"name": held.name, "contentType": held.content_type, "base64": b64encode(content).decode()}


def row(file: File) -> tuple[object, ...]:
    """The values of a file's row."""
    return file.key, file.name, file.content_type, file.size, file.sha256, file.outside


def held_text(places: str) -> str:
    """The statement that makes a file held: its row may be there already, from when its bytes were placed."""
    columns = ", ".join(ROW)
    return f"insert into files ({columns}, held) values ({places}, true) on conflict (key) do update set held = true"
