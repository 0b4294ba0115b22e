"""HTML that cannot be broken out of: every value is escaped on its way in."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is HTML already. Made by `html` and `together` alone."""

    __slots__ = ()


def html(form: str, /, **values: object) -> Html:
    """The form with its `{places}` filled; what is not Html is escaped, and None leaves nothing."""
    return Html(form.format_map({name: _escaped(value) for name, value in values.items()}))


def together(pieces: Iterable[Html]) -> Html:
    """One after the other."""
    return Html("".join(pieces))


def _escaped(value: object) -> str:
    if isinstance(value, Html):
        return value
    return "" if value is None else escape(str(value), quote=True)
