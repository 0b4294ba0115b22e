"""Baskets, what a vendor declares about seats, and the people at a licensee."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
