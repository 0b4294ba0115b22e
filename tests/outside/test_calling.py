"""Calls to addresses that users gave: public ones alone, with an end to time and size, and never somewhere else."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from entrepot.kernel.letter import Letter, Reply, Unreachable
from entrepot.outside import calling
from entrepot.outside.calling import NOT_PUBLIC, NOT_SECURE, Calling, is_public

OTHERS = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::7f00:1", "::10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::a00:1", "1::1",
    "::ffff:0.0.0.0", "::ffff:168.63.129.16", "5f00::1", "e000::1",
)  # fmt: skip


@pytest.mark.parametrize("address", OTHERS)
def test_an_address_that_is_not_public_is_known_however_it_is_written(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_a_public_address_is_known(address: str):
    assert is_public(address)


Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def receiving(answer: Answer) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A bare server: what it was sent, and bytes for an answer."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                               if line.startswith(b"content-length:")), 0)  # fmt: skip
                heard.append(head + await reader.readexactly(length))
                await answer(heard[-1], writer)
                await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


def says(text: bytes) -> Answer:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    return answer


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: test\r\n\r\nok"


async def sent(url: str, *, private: bool = True, **more: Any) -> Reply:
    one = Calling(private=private)
    try:
        return await one.send(Letter(url, **more))
    finally:
        await one.close()


def refused(url: str, *, private: bool = True, **more: Any) -> Unreachable:
    with pytest.raises(Unreachable) as fault:
        asyncio.run(sent(url, private=private, **more))
    return fault.value


def test_a_letter_arrives_whole_and_the_reply_comes_back():
    async def story() -> tuple[Reply, list[bytes]]:
        async with receiving(says(OK)) as (port, heard):
            return await sent(f"http://127.0.0.1:{port}/in?a=1", body=b"hello", headers={"x-a": "b"}), heard

    reply, heard = asyncio.run(story())
    assert (reply.status, reply.body, reply.headers["x-kind"], reply.cut) == (200, b"ok", "test", False)
    assert heard[0].startswith(b"POST /in?a=1 HTTP/1.1\r\n") and heard[0].endswith(b"hello")
    assert b"x-a: b" in heard[0]


def test_a_connection_is_used_again():
    async def story() -> int:
        async with receiving(says(OK)) as (port, _):
            one, began = Calling(private=True), calling.time.monotonic()
            for _ in range(20):
                await one.send(Letter(f"http://127.0.0.1:{port}/"))
            kept = len(one._open().connections)
            await one.close()
            assert calling.time.monotonic() - began < 10
            return kept

    assert asyncio.run(story()) == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1:9/", "https://localhost:9/", "https://[::1]:9/", "https://0/",
                                 "https://2130706433/", "https://127.1/", "https://169.254.169.254/latest",
                                 "https://0x7f.1/", "https://0177.0.0.1/", "https://[::ffff:127.0.0.1]:9/",
                                 "https://[::7f00:1]/", "https://user:pass@127.0.0.1/",
                                 "https://1.1.1.1@127.0.0.1:9/", "https://127.0.0.1:9#@1.1.1.1/"])  # fmt: skip
def test_what_is_not_public_is_not_called(url: str):
    fault = refused(url, private=False)
    assert (fault.refused, fault.words) == (True, NOT_PUBLIC)


def test_http_is_not_spoken_unless_it_is_allowed():
    fault = refused("http://1.1.1.1/", private=False)
    assert (fault.refused, fault.words) == (True, NOT_SECURE)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "gopher://x", "file:///etc/passwd", "https://", "//x", "https://a:x/"]
)
def test_what_is_no_address_is_refused(url: str):
    assert refused(url).refused


def test_a_name_is_looked_up_once_and_the_connection_goes_where_was_looked(monkeypatch: pytest.MonkeyPatch):
    """The second answer of such a name would have been another address."""
    looked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        looked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(calling, "getaddrinfo", look_up)

    async def story() -> bytes:
        async with receiving(says(OK)) as (port, heard):
            await sent(f"http://hooks.example:{port}/")
            return heard[0]

    head = asyncio.run(story())
    assert looked == ["hooks.example"]
    assert b"Host: hooks.example:" in head
    assert refused("https://hooks.example/", private=False).words == NOT_PUBLIC
    assert looked == ["hooks.example"] * 2


def test_one_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch):
    both = [(socket.AF_INET, 1, 6, "", (each, 443)) for each in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(calling, "getaddrinfo", lambda *_, **__: both)
    assert refused("https://hooks.example/", private=False).words == NOT_PUBLIC


def test_an_unknown_name_is_told(monkeypatch: pytest.MonkeyPatch):
    def look_up(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(8, "unknown")

    monkeypatch.setattr(calling, "getaddrinfo", look_up)
    fault = refused("https://hooks.example/")
    assert (fault.refused, fault.words) == (False, "Its name was not found.")


def test_a_redirect_is_an_answer_like_any():
    away = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"

    async def story() -> tuple[Reply, int]:
        async with receiving(says(away)) as (port, heard):
            return await sent(f"http://127.0.0.1:{port}/"), len(heard)

    reply, calls = asyncio.run(story())
    assert (reply.status, calls) == (302, 1)


def test_an_answer_without_end_is_cut():
    async def forever(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

    async def story() -> Reply:
        async with receiving(forever) as (port, _):
            return await sent(f"http://127.0.0.1:{port}/", reply_bytes_max=1000)

    reply = asyncio.run(story())
    assert (len(reply.body), reply.cut) == (1000, True)


async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)


async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize(("answer", "words"), [
    (drip, "There was no reply within 0.3 seconds."),
    (silent, "There was no reply within 0.3 seconds."),
    (hang_up, "What came back was no HTTP."),
    (says(b"220 smtp ready\r\n\r\n"), "What came back was no HTTP."),
], ids=["drip", "silent", "hang up", "not http"])  # fmt: skip
def test_who_does_not_answer_properly_is_unreachable(answer: Answer, words: str):
    async def story() -> str:
        async with receiving(answer) as (port, _):
            with pytest.raises(Unreachable) as fault:
                await sent(f"http://127.0.0.1:{port}/", seconds=0.3)
            return fault.value.words

    assert asyncio.run(story()) == words


def test_a_closed_door_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert refused(f"http://127.0.0.1:{port}/").words == "The connection was refused."


def test_tls_that_fails_is_told():
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is no TLS at all")
        await writer.drain()
        writer.close()

    async def story() -> str:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        with pytest.raises(Unreachable) as fault:
            await sent(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", seconds=3)
        server.close()
        return fault.value.words

    assert asyncio.run(story()).startswith("TLS failed")
