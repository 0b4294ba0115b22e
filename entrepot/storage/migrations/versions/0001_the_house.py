"""The house: accounts, catalog, commerce as far as a purchase needs them, the trail and its seals."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Everything from nothing; the statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
