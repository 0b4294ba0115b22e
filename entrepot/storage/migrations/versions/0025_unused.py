"""No extension is deleted while somebody installs it."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
