"""The documentation is complete where it can be told: settings, flags, commands, links."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main

from entrepot.app import assemble
from entrepot.cli.main import app
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Options
from entrepot.offers import OFFERS
from entrepot.settings import Settings
from entrepot.storage.loading import load
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
CODE = "".join(file.read_text() for file in sorted((ROOT / "entrepot").rglob("*.py")))
NAMES = [each.name for each in fields(Settings)]


def rows() -> dict[str, list[str]]:
    """The lines of the table of settings by variable."""
    found = (line.strip("| ").split(" | ") for line in SETTINGS.splitlines() if line.startswith("| `ENTREPOT_"))
    return {cells[0].strip("`"): cells[1:] for cells in found}


def flags(command: Any) -> set[str]:
    """Every flag of a command."""
    return {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}


def commands(group: Any, name: str = "entrepot") -> Iterator[str]:
    """Every command by its whole name."""
    for each, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {each}")
        else:
            yield f"{name} {each}"


CLI: Any = typer.main.get_command(app)
COMMANDS = tuple(commands(CLI))
SERVE = flags(CLI.commands["serve"])


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented_with_its_flag_and_default(name: str):
    row = rows().get(f"ENTREPOT_{name.upper()}")
    assert row, f"docs/settings.md has no line for ENTREPOT_{name.upper()}"
    assert f"`--{name.replace('_', '-')}`" in row[0]
    default = getattr(Settings(), name)
    if not isinstance(default, bool) and default is not None and str(default):
        assert row[1] == f"`{default}`"
    if isinstance(default, bool):
        assert row[1] == ("on" if default else "off")


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_flag(name: str):
    assert f"--{name.replace('_', '-')}" in SERVE, "entrepot serve takes every setting as a flag"


def test_no_flag_is_documented_that_there_is_not():
    named = set(re.findall(r"`(--[a-z-]+)`", "".join(cells[0] for cells in rows().values() if len(cells) == 3)))
    assert named <= SERVE


def test_every_variable_that_the_program_knows_is_documented():
    known = set(re.findall(r"\bENTREPOT_[A-Z][A-Z_]*[A-Z]\b", CODE)) | {f"ENTREPOT_{name.upper()}" for name in NAMES}
    assert known <= set(rows())


def test_every_command_is_shown_somewhere():
    text = "".join(file.read_text() for file in PAGES)
    assert [name for name in COMMANDS if name not in text] == []


def test_no_command_is_shown_that_there_is_not():
    for file in PAGES:
        for shown in re.findall(r"(?:^|`)(entrepot [a-z]+(?: [a-z]+)?)", file.read_text(), re.M):
            assert any(shown == each or shown.startswith(f"{each} ") for each in COMMANDS), f"{file.name}: {shown}"


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text()):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        found = (file.parent / path).resolve() if path else file
        assert found.exists(), f"{target} leads nowhere"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", found.read_text(), re.M)
            assert anchor in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    assert all(f"({file.name})" in index for file in folder.glob("0*.md"))


def test_the_world_of_the_guide_can_be_loaded_and_ordered_from(database: str):
    text = (ROOT / "docs" / "worlds.md").read_text()
    lines = re.findall(r"^\{\"\$kind\".*$", text, re.M)
    numbered = [("worlds.md", number, line.encode()) for number, line in enumerate(lines, 1)]

    async def order() -> dict[str, Any]:
        pool = await open_pool(database, smallest=1, largest=2)
        vault = Vault("k")
        parts = await assemble(Settings(database_url=database, secret_key="k"), pool, vault)
        summary = await load(pool, parts.nouns, FORMS, vault, numbered)
        assert summary.total == len(lines) == 14
        caller = Caller("client", "ACC-8300-0001", "SVC-0002", token_id="TKN-1")
        body = {
            "type": "Purchase",
            "status": "Processing",
            "agreement": {"licensee": {"id": "LCE-8300-0001-0001"}, "product": {"id": "PRD-8200-0001"}},
            "lines": [{"item": {"id": "ITM-8200-0001-0001"}, "quantity": 10}],
        }
        orders = next(each for each in OFFERS if each.address == "commerce/orders")
        answer = await parts.doors.create(caller, orders, body, Options())
        assert await parts.work.settle() == []
        completed = await parts.doors.get(caller, orders, answer.thing_id)
        await pool.close()
        return json.loads(completed.body)

    found = asyncio.run(order())
    assert found["status"] == "Completed"
    assert found["price"] == {"currency": "EUR", "SPxM": 44.80, "SPxY": 537.60}
