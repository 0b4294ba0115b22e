"""Orders of every type: more states of subscriptions."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
