"""The house: accounts, catalog, commerce as far as a purchase needs them, the trail and its seals."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Everything from nothing; the statements stand beside this file."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())
