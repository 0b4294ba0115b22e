"""Members of accounts, invitations, passwords and sessions."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
