"""What else vendors validate."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
