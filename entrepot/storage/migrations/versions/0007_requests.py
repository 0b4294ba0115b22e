"""Requests, what is said on them, and what is attached to them."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
