"""Pages of a list: `page` from 0, `size` up to 200, and the object that says which one was given."""

from dataclasses import dataclass
from typing import Any

from entrepot.pax8.content import Asked

SIZE_DEFAULT, SIZE_MAX = 10, 200
PAGE_MAX = 10**9


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of how many."""

    number: int = 0
    size: int = SIZE_DEFAULT

    @property
    def offset(self) -> int:
        """How many things come before it."""
        return self.number * self.size

    @property
    def window(self) -> str:
        """The page as the doors take it."""
        return f"&limit={self.size}&offset={self.offset}"

    def cut[T](self, things: list[T]) -> list[T]:
        """This page of a list that is there as a whole."""
        return things[self.offset : self.offset + self.size]

    def of(self, content: list[dict[str, Any]], total: int) -> dict[str, Any]:
        """The answer. Of an empty list there are no pages."""
        pages = -(-total // self.size)
        page = {"size": self.size, "totalElements": total, "totalPages": pages, "number": self.number}
        return {"content": content, "page": page}


def page_of(asked: Asked, size: int = SIZE_DEFAULT) -> Page:
    """The page that is asked for. Faults are kept with what was asked."""
    return Page(asked.whole("page", 0, 0, PAGE_MAX), asked.whole("size", size, 1, SIZE_MAX))
