"""An event is a row of the trail once it has its place in the order of everything: what a feed tells, one by one."""

import sqlalchemy as sa

from entrepot.audit.record import details, documents, object_core, object_icon, object_name, summary, to_viewers
from entrepot.kernel.access import Who
from entrepot.kernel.field import computed, document, integer, moment, ref, text, texts
from entrepot.kernel.noun import Noun


def to_readers(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever may read the record of it, as far as the token's modules open the rooms of what it is about."""
    return sa.and_(to_viewers(row, who), who.opens(row.c.object_kind))


EVENT = Noun(
    name="Event",
    path="events",
    table_name="events",
    sees=to_readers,
    order="position",
    trailed=False,
    fields=(
        integer("position"),
        text("event"),
        text("object.id"),
        computed("object.name", "event object_kind object_owner_id object_id facts", object_name, object_core),
        computed("object.icon", "object_kind object_owner_id object_id", object_icon, object_core),
        text("object.objectType", column="object_type"),
        moment("at"),
        ref("by", "identities"),
        ref("account", "accounts/accounts"),
        computed("summary", "event object_kind object_type object_id name became facts", summary),
        computed("details", "event object_kind delta facts", details),
        computed("documents", "event object_kind delta facts", documents),
        text("name", sees="kernel"),
        text("became", sees="kernel"),
        text("object.kind", column="object_kind", sees="kernel"),
        text("object.owner", column="object_owner_id", sees="kernel"),
        document("delta", sees="kernel"),
        document("facts", sees="kernel"),
        texts("accounts", sees="kernel"),
        text("scope", sees="kernel"),
    ),
)
"""Its id is the record's, and its revision that of the thing. It is a view of what is sealed: nothing is copied."""
