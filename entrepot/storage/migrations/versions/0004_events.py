"""The feed of events: what is sealed, by its position."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
