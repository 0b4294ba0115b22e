"""A bucket of an object store that speaks S3: files by their keys, below a prefix (docs/decisions/0013)."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import structlog

from entrepot.kernel.errors import Unavailable

LOG = structlog.get_logger()

PART_BYTES = 5 << 20
"""Larger files go out in parts of this size; S3 takes none smaller."""
PARTS_AT_ONCE = 2
PIECE_BYTES_MIN = 1 << 18
RETRY_S_MAX = 30
OPTIONS: Mapping[str, str] = {
    "files_endpoint": "endpoint",
    "files_region": "region",
    "files_key_id": "access_key_id",
    "files_secret": "secret_access_key",
}
"""Settings by what the library calls them. What is not set it takes from the environment, as others do (`AWS_…`)."""


class BucketError(Exception):
    """The object store cannot be used as it is set; the message is for the person."""


class Bucket:
    """Puts, gives and deletes. `url` is `s3://bucket/prefix`; `options` are the settings, by their names."""

    def __init__(self, url: str, options: Mapping[str, str]):
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError as fault:
            raise BucketError(
                "ENTREPOT_FILES needs the extra for object stores: pip install 'entrepot[s3]'."
            ) from fault
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise BucketError(f"ENTREPOT_FILES is a bucket, such as s3://bucket/prefix; {url!r} is none.")
        given: dict[str, Any] = {OPTIONS[name]: value for name, value in options.items() if value}
        http = str(given.get("endpoint", "")).startswith("http://")
        self._library = obstore
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            client_options={"allow_http": True} if http else {},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=RETRY_S_MAX)},
            **given,
        )

    async def put(self, key: str, content: BinaryIO) -> None:
        """The bytes under a key."""
        with self._reached():
            await self._library.put_async(
                self._store, key, content, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """The bytes under a key, some at a time. Raises FileNotFoundError."""
        with self._reached(passes=FileNotFoundError):
            found = await self._library.get_async(self._store, key)
        async for piece in found.stream(min_chunk_size=PIECE_BYTES_MIN):
            yield bytes(piece)

    async def delete(self, key: str) -> None:
        """No bytes any more under a key; it is no fault when there were none."""
        with suppress(FileNotFoundError), self._reached(passes=FileNotFoundError):
            await self._library.delete_async(self._store, key)

    @contextmanager
    def _reached(self, *, passes: type[OSError] | tuple[()] = ()) -> Iterator[None]:
        """Whatever keeps us from the bucket is logged; who asks is told that it is away."""
        try:
            yield
        except passes:
            raise
        except (self._library.exceptions.BaseError, OSError) as fault:
            LOG.warning("the object store cannot be used", reason=str(fault)[:500])
            raise Unavailable("The object store is away.", headers={"Retry-After": "5"}) from fault
