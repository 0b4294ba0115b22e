"""Event subscriptions, deliveries and their attempts."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
