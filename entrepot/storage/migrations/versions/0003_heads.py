"""Each object's own chain within the seals, and the signed heads of the chain over all of them."""

from pathlib import Path

from entrepot.storage.migrate import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Seals from before it keep their hashes: they have no chain per object. The statements stand beside this file."""
    run_script(Path(__file__).with_suffix(".sql"))
