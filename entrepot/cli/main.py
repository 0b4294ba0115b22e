"""The command `entrepot`: everything that is done with the program from a terminal."""

import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from entrepot import app as house
from entrepot.cli import serving
from entrepot.demo.stage import Unexpected
from entrepot.kernel.errors import Refusal
from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.settings import SettingFault, Settings, read_settings
from entrepot.storage.backup import BackupError
from entrepot.storage.bucket import BucketError
from entrepot.storage.clock import ClockError
from entrepot.storage.deliveries import FaultError
from entrepot.storage.dumping import DumpError
from entrepot.storage.embedded import EmbeddedError
from entrepot.storage.migrate import SchemaError
from entrepot.store_forms import FORMS

app = typer.Typer(
    help="A marketplace for cloud software that anyone can run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
token = typer.Typer(help="API tokens.", no_args_is_help=True)
clock = typer.Typer(help="The business clock of a sandbox.", no_args_is_help=True)
fault = typer.Typer(help="Faults of a sandbox: what goes wrong with receivers of events.", no_args_is_help=True)
app.add_typer(token, name="token")
app.add_typer(clock, name="clock")
app.add_typer(fault, name="fault")

OUT = Console()
ERR = Console(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded database.")]
Url = Annotated[str | None, typer.Option("--database-url", help="A PostgreSQL >= 15 instead of the embedded one.")]
HeadsFile = Annotated[str | None, typer.Option("--heads", help="File of the signed heads of the trail.")]
PrivateCalls = Annotated[
    bool | None,
    typer.Option("--allow-private-calls/--public-calls", help="Webhooks may go to private addresses, and by http."),
]
Sandbox = Annotated[bool | None, typer.Option("--sandbox", help="Mark a new database as a sandbox for good.")]


FAULTS = (
    EmbeddedError, SettingFault, SchemaError, ClockError, FaultError, DumpError, BackupError, BucketError, Refusal,
    Unexpected,
)  # fmt: skip
"""What the user can mend."""


def fail(reason: object) -> typer.Exit:
    """Says why, on stderr, and ends with 1."""
    ERR.print(f"entrepot: {reason}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)


def settings(**flags: object) -> Settings:
    """The settings, or the reason why they cannot be used."""
    try:
        return read_settings(None, **flags)
    except SettingFault as fault:
        raise fail(fault) from None


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs to the end, on uvloop: half the cost of the loop of the library.

    What the user can mend is told in one line, without a traceback.
    """
    try:
        return uvloop.run(work)
    except FAULTS as fault:
        raise fail(fault) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    data: Data = None,
    database_url: Url = None,
    sandbox: Sandbox = None,
    work: Annotated[bool | None, typer.Option("--work/--no-work", help="Background work in this process too.")] = None,
    secret_key: Annotated[str | None, typer.Option(help="What secrets in the database are encrypted under.")] = None,
    heads: HeadsFile = None,
    pool_size: Annotated[int | None, typer.Option(help="Database connections at most.")] = None,
    body_bytes_max: Annotated[int | None, typer.Option(help="Largest JSON body, in bytes.")] = None,
    files: Annotated[str | None, typer.Option(help="Where files lie: s3://bucket/prefix, or the database.")] = None,
    files_endpoint: Annotated[str | None, typer.Option(help="URL of an object store other than Amazon's.")] = None,
    files_region: Annotated[str | None, typer.Option(help="Region of the bucket.")] = None,
    files_key_id: Annotated[str | None, typer.Option(help="Id of the access key.")] = None,
    files_secret: Annotated[str | None, typer.Option(help="The access key itself.")] = None,
    metrics_public: Annotated[
        bool | None, typer.Option("--metrics-public/--metrics-private", help="Metrics for other machines too.")
    ] = None,
    allow_private_calls: PrivateCalls = None,
    pax8_port: Annotated[
        int | None, typer.Option(help="A port with the Pax8 API alone, at its root; 0 picks a free one.")
    ] = None,
    pax8_calls_per_minute: Annotated[
        int | None, typer.Option(help="Calls of the Pax8 API that a token has each minute; 0 for any number.")
    ] = None,
) -> None:
    """Serve the API, and do the background work unless told not to."""
    chosen = settings(
        host=host,
        port=port,
        data=data,
        database_url=database_url,
        sandbox=sandbox,
        work=work,
        secret_key=secret_key,
        heads=heads,
        pool_size=pool_size,
        body_bytes_max=body_bytes_max,
        files=files,
        files_endpoint=files_endpoint,
        files_region=files_region,
        files_key_id=files_key_id,
        files_secret=files_secret,
        metrics_public=metrics_public,
        allow_private_calls=allow_private_calls,
        pax8_port=pax8_port,
        pax8_calls_per_minute=pax8_calls_per_minute,
    )
    run(serving.serve(chosen))


@app.command("work")
def only_work(
    data: Data = None,
    database_url: Url = None,
    heads: HeadsFile = None,
    allow_private_calls: PrivateCalls = None,
) -> None:
    """Only background work, for a further node."""
    chosen = settings(data=data, database_url=database_url, heads=heads, allow_private_calls=allow_private_calls)
    run(serving.work(chosen))


class Tools(StrEnum):
    """Which tools are offered over stdio."""

    MARKETPLACE = "marketplace"
    PAX8 = "pax8"


@app.command("mcp")
def converse(
    token: Annotated[
        str, typer.Option(envvar="ENTREPOT_TOKEN", help="The API token that the agent reads with.", show_default=False)
    ] = "",
    tools: Annotated[Tools, typer.Option(help="The tools of /mcp, or those of /pax8/mcp.")] = Tools.MARKETPLACE,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """The MCP server over stdin and stdout, for an agent that starts it; beside a server that runs, or by itself."""
    address = {Tools.MARKETPLACE: "/mcp", Tools.PAX8: "/pax8/mcp"}[tools]
    run(serving.converse(settings(data=data, database_url=database_url), token, address))


@app.command()
def demo(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data: Data = None,
    serve_on: Annotated[bool, typer.Option("--serve/--no-serve", help="Keep serving afterwards.")] = True,
    pause: Annotated[float, typer.Option(help="Seconds between the steps.")] = 0.6,
) -> None:
    """Load the demo world, play one purchase order, and keep serving."""
    from entrepot.cli import demo as playing

    chosen = settings(host=host, port=port, data=data, sandbox=True)
    run(playing.play(chosen, OUT, pause=pause, serve_on=serve_on))


@app.command()
def load(
    files: Annotated[list[str], typer.Argument(help="World files; - is stdin.")],
    data: Data = None,
    database_url: Url = None,
    sandbox: Sandbox = None,
) -> None:
    """Load world files, all or nothing."""
    from entrepot.cli import loading

    done = run(loading.load(settings(data=data, database_url=database_url, sandbox=sandbox), files, ERR))
    if not done:
        raise typer.Exit(1)


@app.command()
def dump(
    kind: Annotated[str | None, typer.Option(help="One kind alone, such as commerce/orders.")] = None,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Write everything to stdout as a world file, with all secrets in it."""
    from entrepot.cli import dumping

    run(dumping.dump(settings(data=data, database_url=database_url), kind, ERR))


@app.command()
def pull(
    url: Annotated[str, typer.Option("--from", help="Where a Marketplace API is served.")],
    token: Annotated[str, typer.Option("--token", envvar="ENTREPOT_PULL_TOKEN", help="An API token there.")],
) -> None:
    """Write what a token sees of another Marketplace API to stdout, as a world file."""
    from entrepot.cli.pulling import Pull, PullError

    def tell(line: str) -> None:
        ERR.print(f"entrepot: {line}", style="dim", markup=False, soft_wrap=True)

    try:
        for line in Pull(url, token, Nouns(NOUNS), FORMS, tell).lines():
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except PullError as fault:
        raise fail(fault) from None


@token.command("create")
def create_token(
    account: Annotated[str, typer.Option(help="The account that the token speaks for, ACC-….")],
    name: Annotated[str, typer.Option(help="What the token is for.")] = "Command line",
    module: Annotated[list[str] | None, typer.Option(help="Code of a module; may be given again.")] = None,
    user: Annotated[str | None, typer.Option(help="A user whose group restrictions it has, USR-….")] = None,
    held_by: Annotated[str, typer.Option(help="person, service or agent.")] = "service",
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Make an API token and print its value."""
    from entrepot.cli import tokens

    value = run(
        tokens.create(settings(data=data, database_url=database_url), account, name, tuple(module or ()), user, held_by)
    )
    sys.stdout.write(f"{value}\n")


@clock.command("show")
def show_clock(data: Data = None, database_url: Url = None) -> None:
    """Print the business time."""
    from entrepot.cli import clocks

    sys.stdout.write(run(clocks.show(settings(data=data, database_url=database_url))) + "\n")


@clock.command("advance")
def advance_clock(
    duration: Annotated[str, typer.Argument(help="How far: 30d, 12h, 90m, P1D, PT5M.")],
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Move the clock of a sandbox forwards, doing what falls due on the way."""
    from entrepot.cli import clocks

    sys.stdout.write(run(clocks.advance(settings(data=data, database_url=database_url), duration)) + "\n")


class Fault(StrEnum):
    """What goes wrong."""

    TIMEOUT = "timeout"
    ERROR = "error"
    TWICE = "twice"
    REORDER = "reorder"


@fault.command("make")
def make_fault(
    kind: Annotated[Fault, typer.Argument(help="What goes wrong.")],
    receiver: Annotated[str, typer.Argument(help="The event subscription, EVS-…, or the installation, EXI-….")],
    times: Annotated[int | None, typer.Option(min=1, help="For so many attempts; else until it is cleared.")] = None,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Make a receiver of a sandbox time out, fail, hear everything twice, or out of order."""
    from entrepot.cli import faults

    chosen = settings(data=data, database_url=database_url)
    _say(run(faults.make(chosen, receiver, kind.value, times)))


@fault.command("clear")
def clear_fault(
    receiver: Annotated[str, typer.Argument(help="The event subscription, EVS-…, or the installation, EXI-….")],
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Let a receiver be well again."""
    from entrepot.cli import faults

    _say(run(faults.make(settings(data=data, database_url=database_url), receiver, None, None)))


@fault.command("show")
def show_faults(data: Data = None, database_url: Url = None) -> None:
    """Print the faults that there are."""
    from entrepot.cli import faults

    _say(run(faults.show(settings(data=data, database_url=database_url))))


@app.command("backup")
def back_up(
    folder: Annotated[Path, typer.Argument(help="A new folder for it.")],
    data: Data = None,
    database_url: Url = None,
    heads: HeadsFile = None,
) -> None:
    """Back up everything: the embedded database to any later moment too, one given by URL as it is now."""
    from entrepot.cli import backups

    run(backups.back_up(settings(data=data, database_url=database_url, heads=heads), folder, ERR))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of the backup.")],
    to: Annotated[str | None, typer.Option(help="A moment such as 2026-01-31T12:00:00Z; UTC without a zone.")] = None,
    data: Data = None,
    database_url: Url = None,
    heads: HeadsFile = None,
) -> None:
    """Bring a backup back, into a new data folder or an empty database."""
    from entrepot.cli import backups

    run(backups.restore(settings(data=data, database_url=database_url, heads=heads), folder, to, ERR))


@app.command()
def migrate(data: Data = None, database_url: Url = None, sandbox: Sandbox = None) -> None:
    """Bring a database to the current schema."""

    async def bring() -> None:
        async with house.build(settings(data=data, database_url=database_url, sandbox=sandbox), may_migrate=True):
            OUT.print("The database has the current schema.")

    run(bring())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@app.command()
def check(data: Data = None, database_url: Url = None, heads: HeadsFile = None) -> None:
    """Verify a database; every finding on a line, and exit 1 if there is one."""
    from entrepot.cli import checking

    if run(checking.check(settings(data=data, database_url=database_url, heads=heads), _say, ERR)):
        raise typer.Exit(1)
    OUT.print("No findings.")


def main() -> None:
    """The entry point."""
    app()
