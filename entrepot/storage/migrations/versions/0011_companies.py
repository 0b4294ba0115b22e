"""ERP links, cloud tenants, and what else belongs to accounts as companies."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
