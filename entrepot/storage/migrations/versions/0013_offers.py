"""What a vendor drafts: products, items, parameters, templates."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
