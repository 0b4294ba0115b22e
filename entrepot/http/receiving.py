"""The body of a request as it comes in: never more of it than is allowed, whatever it says of its length."""

from collections.abc import AsyncIterator, Mapping

from entrepot.http.sending import Receive
from entrepot.kernel.errors import Refusal, TooLarge, Unreadable


async def whole(headers: Mapping[bytes, bytes], receive: Receive, most: int) -> bytes:
    """All of it, of at most so many bytes. Raises TooLarge, and Unreadable where it ends early."""
    too_large = TooLarge(f"At most {most} bytes are allowed.")
    return b"".join([piece async for piece in pieces(headers, receive, most, too_large)])


def pieces(headers: Mapping[bytes, bytes], receive: Receive, most: int, too_large: Refusal) -> AsyncIterator[bytes]:
    """It, piece by piece. Raises `too_large` at once where it says that it is, else as soon as it has become so."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > most:
        raise too_large
    return _coming(receive, most, too_large)


async def _coming(receive: Receive, most: int, too_large: Refusal) -> AsyncIterator[bytes]:
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Unreadable("The request ended early.")
        piece: bytes = event.get("body", b"")
        size += len(piece)
        if size > most:
            raise too_large
        yield piece
        more = event.get("more_body", False)
