"""Event types, and records that programs write themselves."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
