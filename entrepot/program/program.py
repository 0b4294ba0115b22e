"""A program admits companies to products that not everybody may buy; the admitted hold a certificate."""

import sqlalchemy as sa

from entrepot.accounts.eligibility import eligibility
from entrepot.catalog.publication import kept
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, document, enum, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(
    initial="Draft",
    final="Deleted",
    moves=(
        #     verb         from                 to             by
        move("publish",   "Draft Unpublished", "Published",   "vendor"),
        move("unpublish", "Published",         "Unpublished", "vendor"),
        move("delete",    "Draft",             "Deleted",     "vendor"),
    ),
)  # fmt: skip
"""Source: platform spec 10."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a vendor its own; a client the published ones."""
    here = kept(row, who, "Published")
    return sa.and_(row.c.vendor_id == who.account, here) if who.actor == "vendor" else here


PROGRAM = Noun(
    name="Program",
    path="program/programs",
    table_name="programs",
    ids=Ids("PRG", 2),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        text("icon", longest=2000, core=True),
        enum("status", " ".join(LIFE.states), core=True),
        text("shortDescription", longest=2000, writes="vendor"),
        text("longDescription", longest=20_000, writes="vendor"),
        text("website", longest=2000, writes="vendor"),
        ref("vendor", "accounts/accounts"),
        refs("products", "catalog/products", writes="vendor"),
        *eligibility(writes="vendor"),
        enum("applicableTo", "Buyer Licensee", writes="vendor:create"),
        document("settings", schema={"type": "object"}, heavy=True, default={}),
        *audited("created", "updated", "published", "unpublished"),
    ),
)
