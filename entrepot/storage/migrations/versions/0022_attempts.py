"""Deliveries to extensions, as their vendors see them."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
