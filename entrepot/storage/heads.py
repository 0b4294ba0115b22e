"""Signed heads: where the chain over the trail stood, kept where whoever may write the whole database cannot.

A head is the newest position of the chain and its hash. It attests all that came before it, so each second at most one
is signed, in the table `heads` and as a line of a file: beside the data of an embedded database, else where the setting
`heads` says. Any number of processes may append to one file; each line is written at once and synced to disk. Whoever
cuts the newest off, or makes up a whole new chain, would have to forge the signature, which takes the secret key.

Older lines attest nothing that newer ones do not: the file may be cut at its beginning when it grows too long. Where
a backup is restored beside a file that knows of later heads, a line that says `restored` is signed: from there on the
heads beyond it no longer count.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from entrepot.kernel.wire import milliseconds, moment_text, to_moment
from entrepot.storage.vault import Vault

EVERY_S = 1.0
TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stood. `chain` names the database by a hash of what its ids are drawn with."""

    chain: str
    position: int
    hash: bytes
    at: datetime
    restored: bool = False
    signature: bytes = b""

    @property
    def message(self) -> bytes:
        """What is signed."""
        words = (self.chain, str(self.position), self.hash.hex(), moment_text(self.at), str(int(self.restored)))
        return "\0".join(("entrepot head", *words)).encode()

    def line(self) -> bytes:
        """The head as it stands in a file."""
        said: dict[str, object] = {
            "chain": self.chain,
            "position": self.position,
            "hash": self.hash.hex(),
            "at": moment_text(self.at),
        }
        if self.restored:
            said["restored"] = True
        return json.dumps({**said, "signature": self.signature.hex()}).encode() + b"\n"


def read(line: bytes) -> Head:
    """The head on a line. Raises ValueError."""
    try:
        said = json.loads(line)
        return Head(
            chain=str(said["chain"]),
            position=int(said["position"]),
            hash=bytes.fromhex(said["hash"]),
            at=to_moment(said["at"]),
            restored=bool(said.get("restored")),
            signature=bytes.fromhex(said["signature"]),
        )
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError(f"this is no head: {fault}") from fault


class Heads:
    """Signs the heads of one database, and keeps them outside of it where there is a place for them."""

    def __init__(self, vault: Vault, file: Path | None = None):
        self.vault, self.file = vault, file
        self._chain = ""
        self._position: int | None = None
        self._at = -EVERY_S

    async def due(self, conn: Any, position: int, *, at_once: bool = False) -> bool:
        """Whether the chain has grown since the last head, and that was long enough ago."""
        if self._position is None:
            self._position = self._newest(await self.chain(conn))
        return position > self._position and (at_once or time.monotonic() - self._at >= EVERY_S)

    async def chain(self, conn: Any) -> str:
        """The name of the chain."""
        if not self._chain:
            self._chain = chain_name(await conn.fetchval("select id_key from installation"))
        return self._chain

    async def sign(self, conn: Any, position: int, hash: bytes, *, restored: bool = False) -> Head:
        """The head at a position."""
        at = milliseconds(datetime.now(UTC))
        bare = Head(await self.chain(conn), position, hash, at, restored)
        return Head(bare.chain, position, hash, at, restored, self.vault.sign(bare.message))

    async def accept(self, conn: Any) -> None:
        """After a restore: heads of later positions, where the file has any, no longer count."""
        position, hash = await conn.fetchrow("select position, hash from sealer")
        if self._newest(await self.chain(conn)) > position:
            await self.keep(await self.sign(conn, position, hash, restored=True))

    async def keep(self, head: Head) -> None:
        """Appends it to the file, safe on disk when this returns. Raises OSError."""
        if self.file is not None:
            await asyncio.to_thread(_append, self.file, head.line())
        self._position, self._at = head.position, time.monotonic()

    def genuine(self, head: Head) -> bool:
        """Whether we signed it."""
        return self.vault.signed(head.message, head.signature)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the file with their numbers; none where there is no file. What was half written is left out."""
        if self.file is None or not self.file.exists():
            return
        with self.file.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n") and not line.isspace():
                    yield number, line

    def _newest(self, chain: str) -> int:
        """The position of the last head of the chain at the end of the file; 0 where there is none."""
        if self.file is None or not self.file.exists():
            return 0
        with self.file.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            for line in reversed(file.readlines()):
                try:
                    head = read(line)
                except ValueError:
                    continue
                if head.chain == chain and self.genuine(head):
                    return head.position
        return 0


def chain_name(id_key: bytes) -> str:
    """What a database is called in its heads: it stays the same through backup and restore."""
    return sha256(b"entrepot chain\0" + bytes(id_key)).hexdigest()[:16]


def _append(file: Path, line: bytes) -> None:
    """One write, so that lines of several processes do not mix; after a half-written line a new one is begun."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        end = os.fstat(handle).st_size
        if end and os.pread(handle, 1, end - 1) != b"\n":
            line = b"\n" + line
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
