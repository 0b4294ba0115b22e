"""Media show a product: pictures and films beside its description."""

import sqlalchemy as sa

from entrepot.catalog import paper
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import EVENTS, LIFE, kept, seen, vendor_unseen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, held_file, integer, ref, text
from entrepot.kernel.file import FILMS, PICTURES, Upload
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

BIRTH = "vendor:create"
WRITES = "vendor:create,Draft,Pending,Published"
TYPES = "Video Image"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client only what is published."""
    return sa.and_(kept(row, who, "Published"), seen(PRODUCT, row.c.product_id, who))


MEDIA = Noun(
    name="ProductMedia",
    path="catalog/products/{product}/media",
    table_name="product_media",
    ids=Ids("MED", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes=WRITES),
        enum("type", TYPES, core=True, writes=BIRTH),
        text("description", longest=2000, writes=WRITES),
        integer("displayOrder", least=0, writes=WRITES),
        text("url", longest=2000, check=paper.is_address, writes=WRITES),
        *held_file(),
        enum("status", " ".join(LIFE.states), core=True),
        ref("product", "catalog/products"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)
"""Source: platform spec 2.7."""

SHOWN = Upload("media", {**PICTURES, **FILMS}, plain=True)
"""How a picture or a film comes in: beside the JSON, or as an address in it."""

ALIAS = enum("mediaType", TYPES)
"""Another name under which bodies tell the type."""

create = paper.create(MEDIA, "url", ALIAS)
update = paper.update("url")
