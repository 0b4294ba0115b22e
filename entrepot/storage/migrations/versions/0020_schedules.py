"""What extensions do by the clock."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
