"""Files and what lies in them, and the attachments of agreements."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
