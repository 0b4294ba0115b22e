"""The demo: a distributor's world, one purchase played in it over the public API, and a server that stays."""

import asyncio
import contextlib
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from entrepot import app as house
from entrepot.cli import loading, serving
from entrepot.demo.next_steps import next_steps
from entrepot.demo.people import logins, token_values
from entrepot.demo.story import play as play_story
from entrepot.demo.world import world
from entrepot.kernel.wire import encode
from entrepot.settings import Settings

ENV = "demo.env"
LOGINS = "demo.logins.json"
STORED = {"client": "CLIENT", "vendor": "VENDOR", "operations": "OPERATIONS"}


async def play(settings: Settings, console: Console, *, pause: float, serve_on: bool) -> None:
    """Loads the demo world where there is none yet, plays the purchase, and serves until told to stop."""
    tokens = await _world(settings, console)
    stop = asyncio.Event()

    async def when_ready(url: str, parts: house.Application) -> None:
        try:
            _write_env(settings.data / ENV, tokens, url)
            await asyncio.to_thread(play_story, url, tokens, console, pause)
            await asyncio.to_thread(next_steps, url, tokens, console)
            if serve_on:
                console.print(f"\nThe live page, signed in as operations (once, within ten minutes):\n  {url}"
                              f"{parts.site.links.make(tokens['operations'])}", soft_wrap=True)  # fmt: skip
                _show_logins(settings.data / LOGINS, url, console)
                console.print("\nServing until you press Ctrl-C.")
        finally:
            if not serve_on:
                stop.set()

    await serving.serve(settings, when_ready, stop)


async def _world(settings: Settings, console: Console) -> dict[str, str]:
    """The tokens of the demo world, which is loaded on first use and kept in the data folder."""
    file = settings.data / "demo.tokens.json"
    with contextlib.suppress(FileNotFoundError):
        return json.loads(file.read_text())
    lines = list(world(datetime.now(UTC), lambda: secrets.token_urlsafe(32)))
    tokens = token_values(lines)
    async with house.build(settings) as parts:
        numbered = (("demo world", number, encode(line)) for number, line in enumerate(lines, 1))
        await loading.load_lines(parts, numbered, console)
    file.touch(mode=0o600)
    file.write_text(json.dumps(tokens))
    people = settings.data / LOGINS
    people.touch(mode=0o600)
    people.write_text(json.dumps(logins(lines)))
    return tokens


def _show_logins(file: Path, url: str, console: Console) -> None:
    """Who may sign in as a person; a world of an earlier version has nobody."""
    with contextlib.suppress(FileNotFoundError):
        console.print(f"\nPeople sign in at {url}/auth/sign-in:", soft_wrap=True)
        for role, (email, password) in json.loads(file.read_text()).items():
            console.print(f"  {role:<11} {email}  {password}", soft_wrap=True, highlight=False)


def _write_env(file: Path, tokens: dict[str, str], url: str) -> None:
    """What scripts need, to be sourced by a shell."""
    file.touch(mode=0o600)
    rows = [f"ENTREPOT_{name}_TOKEN={tokens[role]}" for role, name in STORED.items()]
    file.write_text("\n".join((*rows, f"ENTREPOT_URL={url}", "")))
