"""Where the story is played: three parties, each with a token of its own, and a console to watch them on."""

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal

import httpx2
from rich.console import Console
from rich.json import JSON
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Body = dict[str, object]

ACTORS = {
    "client": ("Brennholt Maschinenbau", "client", "cyan"),
    "vendor": ("Halvorne Software", "vendor", "magenta"),
    "operations": ("Tesselkade Distribution", "operations", "yellow"),
}


class Unexpected(Exception):
    """The story took a turn that it must not take; the message holds what the server said."""


class Stage:
    """Makes the calls and shows them."""

    def __init__(self, url: str, tokens: Mapping[str, str], console: Console, pause: float):
        self._http = httpx2.Client(base_url=f"{url.rstrip('/')}/public/v1/", timeout=30)
        self._tokens = tokens
        self._console = console
        self._pause = pause
        self._scene = 0

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def scene(self, actor: str, text: str) -> None:
        """Announces who acts, and what for."""
        self._scene += 1
        name, role, colour = ACTORS[actor]
        self._console.print()
        self._console.print(
            Text.assemble(
                (f"{self._scene:>2}  ", "bold"), (f"{name} ({role}) ", f"bold {colour}"), (text, "bold")
            )
        )

    def call(
        self, actor: str, method: str, path: str, body: Body | None = None, *, status: int = 200
    ) -> Body:
        """One request of an actor; the answer, or Unexpected when it has another status."""
        colour = ACTORS[actor][2]
        self._show(Text.assemble((f"{method} ", f"bold {colour}"), f"/public/v1/{path}"))
        if body is not None:
            self._show(JSON.from_data(body, indent=None))
        answer = self._http.request(
            method, path, json=body, headers={"Authorization": f"Bearer {self._tokens[actor]}"}
        )
        if answer.status_code != status:
            raise Unexpected(
                f"{method} {answer.url} answered {answer.status_code}, not {status}:\n{answer.text}"
            )
        return answer.json(parse_float=Decimal)

    def came_back(self, thing: Body, *facts: str) -> None:
        """The gist of an answer: what it is, where it stands, and what matters here."""
        gist = Text.assemble(("→ ", "dim"), f"{thing['id']} ", (str(thing.get("status", "")), "bold green"))
        if facts:
            gist.append("  " + ", ".join(facts))
        self._show(gist)
        self.wait()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Several answers side by side; columns of amounts are set to the right."""
        table = Table(*columns, header_style="dim", border_style="dim")
        for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
            if any(value.replace(",", "").replace(".", "").removesuffix(" %").isdigit() for value in values):
                column.justify = "right"
        for row in rows:
            table.add_row(*row)
        self._show(table)
        self.wait()

    def say(self, text: str) -> None:
        """A remark."""
        self._show(Text(text, style="dim italic"))

    def wait(self) -> None:
        """Time to read."""
        if self._pause:
            time.sleep(self._pause)

    def _show(self, what: Text | JSON | Table) -> None:
        self._console.print(Padding(what, (0, 0, 0, 4)))


def expect(thing: Body, status: str) -> Body:
    """The thing, once it stands where the story needs it."""
    if thing.get("status") != status:
        raise Unexpected(f"{thing.get('id')} is {thing.get('status')}, not {status}:\n{thing}")
    return thing


def amount(price: Mapping[str, object], *names: str) -> str:
    """The first of the amounts that the price shows; a dash for what the reader must not see."""
    for name in names:
        if name in price:
            return f"{Decimal(str(price[name])):,.2f}"
    return "—"
