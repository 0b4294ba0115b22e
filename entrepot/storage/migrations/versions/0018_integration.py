"""Extensions, what belongs to them, and tasks."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
