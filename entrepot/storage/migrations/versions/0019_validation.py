"""Webhooks by which vendors validate."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
