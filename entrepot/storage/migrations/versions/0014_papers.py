"""Terms, documents, media, and what goes with prices."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
