"""Pictures that stand for accounts, buyers, licensees, sellers, users and products."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
