"""Where the story is played: three parties, each with a token of its own, and a console to watch them on."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal

import httpx2
from rich import box
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Body = dict[str, object]

ACTORS = {
    "client": ("Brennholt Maschinenbau", "client", "cyan"),
    "vendor": ("Halvorne Software", "vendor", "magenta"),
    "operations": ("Tesselkade Distribution", "operations", "yellow"),
}


AMOUNT = re.compile(r"[\d,.]+( %)?|—")


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
        self._actor = ""

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def scene(self, actor: str, text: str) -> None:
        """Announces who acts, and what for."""
        self._scene += 1
        self._actor = actor
        name, role, colour = ACTORS[actor]
        self._console.print()
        self._console.print(
            Text.assemble((f"{self._scene:>2}  ", "bold"), (f"{name} ({role}) ", f"bold {colour}"), (text, "bold"))
        )

    def call(
        self, actor: str, method: str, path: str, body: Mapping[str, object] | None = None, *, status: int = 200
    ) -> Body:
        """One request of an actor; the answer, or Unexpected when it has another status."""
        return self._ask(actor, method, path, body, status).json(parse_float=Decimal)

    def read(self, actor: str, path: str) -> None:
        """What the actor reads of a thing: its template, with the parameters filled in."""
        text = self._ask(actor, "GET", f"{path}/render", None, 200).json()
        self._show(Panel(Markdown(text), border_style="dim", width=min(90, self._console.width - 4)))
        self.wait()

    def came_back(self, thing: Body, *facts: str) -> None:
        """The gist of an answer: what it is, where it stands, and what matters here."""
        gist = Text.assemble(("→ ", "dim"), f"{thing['id']} ", (str(thing.get("status", "")), "bold green"))
        if facts:
            gist.append("  " + ", ".join(facts))
        self._show(gist)
        self.wait()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Several answers side by side; columns of amounts are set to the right."""
        table = Table(box=box.SIMPLE, header_style="dim", pad_edge=False)
        for heading, *values in zip(columns, *rows, strict=True):
            amounts = all(AMOUNT.fullmatch(value) for value in values)
            table.add_column(heading, justify="right" if amounts else "left")
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

    def _ask(
        self, actor: str, method: str, path: str, body: Mapping[str, object] | None, status: int
    ) -> httpx2.Response:
        whose = "" if actor == self._actor else f"  as the {actor}"
        address = Text.assemble(f"/public/v1/{path}", (whose, "dim"))
        self._show(_pairs([(Text(method, f"bold {ACTORS[actor][2]}"), address)]))
        if body is not None:
            self._show(_pairs([(Text(name, "dim"), _json(value)) for name, value in body.items()]))
        answer = self._http.request(method, path, json=body, headers={"Authorization": f"Bearer {self._tokens[actor]}"})
        if answer.status_code != status:
            raise Unexpected(f"{method} {answer.url} answered {answer.status_code}, not {status}:\n{answer.text}")
        return answer

    def _show(self, what: Text | Table | Panel) -> None:
        self._console.print(Padding(what, (0, 0, 0, 4), expand=False))


def _pairs(rows: Sequence[tuple[Text, ...]]) -> Table:
    """Names and values side by side; long values are folded."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid


def _json(value: object) -> Text:
    text = Text(json.dumps(value, ensure_ascii=False), overflow="fold")
    JSONHighlighter().highlight(text)
    return text


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
