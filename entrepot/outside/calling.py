"""Calls to addresses that users gave: bounded in time and size, never redirected, and to public addresses alone.

The name is looked up once for each connection, every address that it has is checked, and the connection goes to one of
those: a name that has another address the next time cheats nobody. TLS and the `Host` header keep the name.
"""

import asyncio
import ssl
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Any

import httpcore2

from entrepot.kernel.letter import Letter, Reply, Unreachable

CONNECT_S_MAX = 5.0
CONNECTIONS_MAX = 500
IDLE_CONNECTIONS_MAX = 100
IDLE_S_MAX = 30.0
LOOKING_UP_MAX = 32
"""How many names may be looked up at one time; each is looked up once at a time."""

NOT_PUBLIC = "Calls are made to public addresses alone; the operator may allow others."
NOT_SECURE = "Calls are made by https alone; the operator may allow others."

UNICAST = IPv6Network("2000::/3")
"""All that is given out of the newer addresses. What lies outside may still lead to an older one, as `::10.0.0.1` does
where tunnels are made by themselves."""

TRANSLATED = IPv6Network("64:ff9b::/96")
CLOUD = ip_network("168.63.129.16/32")
"""Where the machines of one large cloud find what they need to know of themselves, though it looks public."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, whatever way of writing it was chosen."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return _is_public(inner)
        if found not in UNICAST or found.teredo is not None:
            return False
    return _is_public(found)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The older address that this one leads to."""
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not (address.version == 4 and address in CLOUD)


class Calling:
    """Carries letters over connections that it keeps open for a while. `private` allows every address, and http."""

    def __init__(self, *, private: bool):
        self._private = private
        self._names = _Names(private=private)
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def send(self, letter: Letter) -> Reply:
        """The reply, whatever its status. Raises Unreachable."""
        url = self._url(letter.url)
        began = time.monotonic()
        try:
            async with asyncio.timeout(letter.seconds):
                return await self._send(letter, url, began)
        except TimeoutError:
            raise Unreachable(f"There was no reply within {letter.seconds:g} seconds.") from None
        except Unreachable:
            raise
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as fault:
            raise Unreachable(_words(fault)) from None

    async def close(self) -> None:
        """Ends the connections that are kept."""
        if self._pool is not None:
            await self._pool.aclose()
        self._names.close()

    async def _send(self, letter: Letter, url: httpcore2.URL, began: float) -> Reply:
        headers = [(name.encode(), value.encode()) for name, value in letter.headers.items()]
        body, size, cut = [], 0, False
        async with self._open().stream(
            letter.method, url, headers=headers, content=letter.body, extensions={"timeout": {"connect": CONNECT_S_MAX}}
        ) as answer:
            async for piece in answer.aiter_stream():
                room = letter.reply_bytes_max - size
                body.append(piece[:room])
                size += len(body[-1])
                cut = len(piece) > room
                if cut:
                    break
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return Reply(answer.status, found, b"".join(body), time.monotonic() - began, cut)

    def _open(self) -> httpcore2.AsyncConnectionPool:
        """Made in the loop that uses it."""
        if self._pool is None:
            self._pool = httpcore2.AsyncConnectionPool(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=IDLE_CONNECTIONS_MAX,
                keepalive_expiry=IDLE_S_MAX,
                network_backend=_Network(self._names),
            )
        return self._pool

    def _url(self, text: str) -> httpcore2.URL:
        try:
            url = httpcore2.URL(text)
        except Exception:
            raise Unreachable("This is no address that can be called.", refused=True) from None
        if url.scheme == b"http" and not self._private:
            raise Unreachable(NOT_SECURE, refused=True)
        if url.scheme not in (b"http", b"https") or not url.host:
            raise Unreachable("This is no address that can be called.", refused=True)
        return url


class _Names:
    """Looks names up, each once at a time, beside everything else: a name that takes long holds up itself alone."""

    def __init__(self, *, private: bool):
        self._private = private
        self._threads = ThreadPoolExecutor(LOOKING_UP_MAX, thread_name_prefix="names")
        self._under_way: dict[tuple[str, int], asyncio.Future[list[Any]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses that a name has, each of which may be called. Raises Unreachable."""
        key = host, port
        looking = self._under_way.get(key)
        if looking is None:
            loop = asyncio.get_running_loop()
            looking = asyncio.ensure_future(loop.run_in_executor(self._threads, _look_up, host, port))
            self._under_way[key] = looking
            looking.add_done_callback(lambda _: self._under_way.pop(key, None))
        try:
            found = await asyncio.shield(looking)
        except (gaierror, UnicodeError):
            raise Unreachable("Its name was not found.") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self._private and not all(is_public(each) for each in addresses):
            raise Unreachable(NOT_PUBLIC, refused=True)
        return addresses

    def close(self) -> None:
        """Nobody is looked up any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[Any]:
    return getaddrinfo(host, port, type=SOCK_STREAM)


class _Network(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were checked, in the order in which the name gives them."""

    def __init__(self, names: _Names):
        self._names = names
        self._inner: httpcore2.AsyncNetworkBackend = httpcore2.AnyIOBackend()  # pyright: ignore[reportAttributeAccessIssue]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name is the library's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        fault: Exception | None = None
        for address in await self._names.addresses(host.strip("[]"), port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as found:
                fault = found
        raise fault or Unreachable("Its name was not found.")


def _words(fault: Exception) -> str:
    """What happened, in words that tell no more of our own network than the outside knows."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or 'no secure connection'}."[:200]
        if isinstance(cause, ConnectionRefusedError):
            return "The connection was refused."
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpcore2.ConnectTimeout):
        return f"There was no connection within {CONNECT_S_MAX:g} seconds."
    if isinstance(fault, httpcore2.ConnectError):
        return "There was no connection."
    if isinstance(fault, httpcore2.ProtocolError):
        return "What came back was no HTTP."
    return "The connection broke."
