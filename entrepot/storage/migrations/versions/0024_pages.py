"""What long lists of offers need."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
