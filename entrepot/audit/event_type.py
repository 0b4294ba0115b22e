"""An event type says what a kind of event is about. Nobody makes one: it is there once such an event was first seen."""

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

SEES_ALL = ("operations", "kernel")

ACCOUNTS = sa.table("event_types_accounts", sa.column("owner_id", sa.Text()), sa.column("target_id", sa.Text()))


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Everybody those of the platform, and those that its own programs or its partners' tell it of."""
    if who.actor in SEES_ALL:
        return sa.true()
    told = sa.select(sa.literal_column("1")).select_from(ACCOUNTS)
    told = told.where(ACCOUNTS.c.owner_id == row.c.id, ACCOUNTS.c.target_id == who.account)
    return sa.or_(row.c.key.like(sa.literal_column("'platform.%'")), told.correlate_except(ACCOUNTS).exists())


EVENT_TYPE = Noun(
    name="AuditEventType",
    path="audit/event-types",
    table_name="event_types",
    ids=Ids("AET", 2),
    sees=sees,
    order="key",
    fields=(
        text("key", longest=250, core=True),
        text("name", longest=250, core=True, writes="operations"),
        text("description", longest=2000, writes="operations"),
        refs("accounts", "accounts/accounts", sees="kernel", filterable=False),
        *audited("created", "updated"),
    ),
)
"""Source: platform spec 4."""
