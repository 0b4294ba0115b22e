"""The Markdown of a template with the values of an order's parameters in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

OUTPUT_MAX: Final = 500_000

_PLACE = re.compile(r"\{\{([^{}\n]*+)\}\}")
"""Runs between braces share no character and are never read twice: linear."""


def render(markdown: str, values: Mapping[str, str | None]) -> str:
    """`{{ PAR-… }}` and `{{ externalId }}` give way to values; what has none leaves nothing.

    Plain substitution, cut at OUTPUT_MAX: values go in as they are and are not looked at again. Whoever shows
    the result as HTML cleans it.
    """
    written: list[str] = []
    room, at = OUTPUT_MAX, 0
    for place in _PLACE.finditer(markdown):
        for piece in (markdown[at : place.start()], values.get(place[1].strip()) or ""):
            written.append(piece[:room])
            room -= len(written[-1])
        at = place.end()
        if not room:
            break
    written.append(markdown[at:][:room])
    return "".join(written)


def values_of(*bags: Iterable[Mapping[str, object]]) -> dict[str, str | None]:
    """The display values of parameter bags, by id and by external id; an id goes before an external id."""
    by_id: dict[str, str | None] = {}
    by_external_id: dict[str, str | None] = {}
    for bag in bags:
        for instance in bag:
            shown = instance.get("displayValue")
            shown = shown if isinstance(shown, str) else None
            by_id[str(instance.get("id"))] = shown
            if external_id := instance.get("externalId"):
                by_external_id.setdefault(str(external_id), shown)
    return by_external_id | by_id
