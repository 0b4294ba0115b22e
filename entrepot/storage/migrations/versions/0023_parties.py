"""Sellers' and buyers' ties to the ERP; whose the groups, parameters and texts of a product are."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
