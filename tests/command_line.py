"""The official command line, as it is published, in an environment and with a home of its own."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EDITING = """
import json, sys, openpyxl
path, cells, replaced = json.load(sys.stdin)
book = openpyxl.load_workbook(path)
for sheet, row, column, value in cells:  # rows by their first cell or by number, columns by their head
    rows = list(book[sheet].iter_rows())
    at = [each for each in rows if each[0].value == row][0] if isinstance(row, str) else rows[row]
    heads = [each.value for each in rows[0]]
    at[heads.index(column) if isinstance(column, str) else column].value = value
for sheet, rows in replaced.items():
    book[sheet].delete_rows(2, book[sheet].max_row)
    for row in rows:
        book[sheet].append(row)
book.save(path)
json.dump({each.title: [[str(c.value) if hasattr(c.value, "year") else c.value for c in row]
           for row in each.iter_rows()] for each in book}, sys.stdout)
"""
"""Workbooks are read and edited by the library that the command line has itself."""


@dataclass(frozen=True)
class CommandLine:
    """Somebody at a terminal, with a home of their own. They say yes to whatever they are asked."""

    programs: Path
    home: Path
    patience_s: float = 120

    def run(self, *words: str) -> str:
        """What a command prints; one that fails says how."""
        done = self.fails_or_not(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr[-2000:])
        assert "FAILED" not in done.stdout, (words, done.stdout)
        return done.stdout

    def fails_or_not(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command, however it ends."""
        surroundings = {"HOME": str(self.home), "COLUMNS": "200", "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
        return subprocess.run(
            [str(self.programs / "mpt-cli"), *words], input="y\n" * 20, env=surroundings, cwd=self.home,
            capture_output=True, text=True, timeout=self.patience_s,
        )  # fmt: skip

    def edit(
        self, path: Path, *cells: tuple[str, str | int, str | int, Any], rows: dict[str, list[Any]] | None = None
    ) -> Any:
        """Writes cells of a workbook; `rows` replaces those below the heads of sheets. Gives all rows by sheet."""
        done = subprocess.run(
            [str(self.programs / "python"), "-c", EDITING], input=json.dumps([str(path), cells, rows or {}]),
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def of(table: list[list[Any]], column: str) -> list[Any]:
    """A column of a sheet, without its head."""
    return [row[table[0].index(column)] for row in table[1:]]


def said(table: list[list[Any]], name: str) -> Any:
    """What stands beside a name, on a sheet of names."""
    return next(row[1] for row in table if row[0] == name)
