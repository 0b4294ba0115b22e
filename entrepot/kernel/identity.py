"""Whoever acts: users, tokens and services share one table, so that `by` and `assignee` are references too."""

from entrepot.kernel.access import everybody
from entrepot.kernel.field import enum, text
from entrepot.kernel.noun import Noun

IDENTITY = Noun(
    name="Identity",
    path="identities",
    table_name="identities",
    sees=everybody,
    trailed=False,
    fields=(
        enum("kind", "User Token Service"),
        text("name", core=True),
        text("icon", longest=500, core=True),
    ),
    order="id",
)
"""Kept current by triggers on the tables of users and tokens; services are made by the migration."""

SERVICES = {"fulfiller": "SVC-0001", "kernel": "SVC-0002", "validation": "SVC-0003"}
"""Service identities that act on their own: the built-in fulfiller, the platform itself, and what a vendor's machine
answers when it is asked to validate."""
