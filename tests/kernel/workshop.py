"""Nouns that exist for tests alone: gadgets with their pieces, and the makers that they refer to."""

import sqlalchemy as sa

from entrepot.kernel.access import Who, everybody
from entrepot.kernel.field import (
    audited,
    day,
    document,
    enum,
    externals,
    flag,
    integer,
    moment,
    number,
    part,
    ref,
    refs,
    text,
)
from entrepot.kernel.identity import IDENTITY
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun, Nouns

LIFE = Machine(
    initial="Draft",
    final="Gone",
    moves=(
        move("judge", "Draft", "Judged", "client vendor"),
        move("reopen", "Judged", "Draft", "vendor kernel"),
        move("scrap", "Draft Judged", "Gone", "vendor"),
    ),
)


def not_shy(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Shy makers are seen by nobody but operations."""
    return sa.true() if who.actor in ("operations", "kernel") else row.c.shy.is_(sa.false())


MAKER = Noun(
    name="Maker",
    path="workshop/makers",
    table_name="workshop_makers",
    ids=Ids("MAK", 1),
    sees=not_shy,
    order="id",
    fields=(
        text("name", core=True),
        text("icon", core=True),
        text("town"),
        flag("shy", sees="kernel", default=False),
        number("wealth", sees="operations"),
    ),
)

PIECE = Noun(
    name="Piece",
    path="workshop/gadgets/{gadget}/pieces",
    table_name="workshop_pieces",
    ids=Ids("PIE", 3, child_of="gadget"),
    owner="gadget",
    trailed=False,
    sees=everybody,
    order="id",
    fields=(
        ref("gadget", "workshop/gadgets"),
        text("name", core=True),
        integer("count", default=0),
        text("memo", heavy=True),
    ),
)

GADGET = Noun(
    name="Gadget",
    path="workshop/gadgets",
    table_name="workshop_gadgets",
    ids=Ids("GAD", 2),
    life=LIFE,
    sees=everybody,
    order="id",
    fields=(
        text("name", longest=20, required=True, core=True, writes="client operations"),
        enum("status", " ".join(LIFE.states), core=True),
        enum("colour", "Red Green", writes="client:create,Draft"),
        integer("size", least=0, writes="client"),
        number("weight", writes="client"),
        flag("active", writes="client", default=False),
        moment("startsAt", writes="client"),
        day("bornOn", writes="client"),
        document("info", writes="client"),
        document("verdict", writes="vendor:Judged"),
        number("price.cost", sees="vendor operations", writes="vendor"),
        number("price.sale", sees="client operations"),
        *externals("client", "vendor"),
        text("password", secret=True, writes="operations", sees="operations"),
        ref("maker", "workshop/makers", writes="client"),
        ref("judge", "workshop/makers", writes="vendor operations"),
        refs("friends", "workshop/makers", heavy=True, writes="client"),
        part("pieces", "workshop/gadgets/{gadget}/pieces", by="gadget_id", heavy=True),
        *audited("created", "updated", "judged"),
    ),
)

NOUNS = Nouns((IDENTITY, MAKER, PIECE, GADGET))
