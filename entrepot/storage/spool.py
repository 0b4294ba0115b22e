"""The lines of a world file on disk, so that they can be read again in another order than they came in."""

import mmap
import struct
import tempfile

from entrepot.storage.faults import Origin

_HEAD = struct.Struct("<III")
WRITE_BYTES = 1 << 20


class Spool:
    """Lines by the position that they were given, in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=WRITE_BYTES, prefix="entrepot-load-")  # noqa: SIM115 (closed by close)
        self._end = 0
        self._map: mmap.mmap | None = None

    def add(self, origin: Origin, raw: bytes) -> int:
        """Keeps a line, and gives its position."""
        at = self._end
        self._file.write(_HEAD.pack(origin.file, origin.line, len(raw)))
        self._file.write(raw)
        self._end += _HEAD.size + len(raw)
        return at

    def read(self, at: int) -> tuple[Origin, bytes]:
        """The line at a position. After the first none may be added any more."""
        if self._map is None:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        file, line, length = _HEAD.unpack_from(self._map, at)
        start = at + _HEAD.size
        return Origin(file, line), self._map[start : start + length]

    def close(self) -> None:
        """Gives the disk space back."""
        if self._map is not None:
            self._map.close()
        self._file.close()
