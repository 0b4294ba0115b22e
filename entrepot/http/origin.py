"""Where a request comes from, as the browser tells: a cookie alone says that one's browser asks, not that one does."""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


def from_here(headers: Mapping[bytes, bytes], *, told: bool) -> bool:
    """Whether this very site sent the request. `told`: a browser that does not say is not believed."""
    origin = headers.get(b"origin")
    if origin is not None:
        try:
            return urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode("latin-1") != ""
        except ValueError:  # no address at all
            return False
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    return not told
