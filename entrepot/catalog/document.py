"""A document tells those who choose or use a product more about it: a manual, a data sheet, a price guide."""

import sqlalchemy as sa

from entrepot.catalog import paper
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import EVENTS, LIFE, kept, seen, vendor_unseen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, held_file, ref, text
from entrepot.kernel.file import DOCUMENTS, Upload
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

BIRTH = "vendor:create"
WRITES = "vendor:create,Draft,Pending,Published operations:Draft,Pending,Published"
TYPES = f"{paper.ONLINE} {paper.FILE}"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client only what is published."""
    return sa.and_(kept(row, who, "Published"), seen(PRODUCT, row.c.product_id, who))


DOCUMENT = Noun(
    name="ProductDocument",
    path="catalog/products/{product}/documents",
    table_name="product_documents",
    ids=Ids("PDC", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes=WRITES),
        enum("type", TYPES, core=True, writes=BIRTH),
        text("description", longest=2000, writes=WRITES),
        text("language", longest=20, check=paper.is_language, writes=WRITES),
        text("url", longest=2000, check=paper.is_address, writes=WRITES),
        *held_file(),
        enum("status", " ".join(LIFE.states), core=True),
        ref("product", "catalog/products"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)
"""Source: platform spec 2.7."""

PRINTED = Upload("document", DOCUMENTS, plain=True)
"""How a document comes in: the JSON alone, or beside a file."""

ALIAS = enum("documentType", TYPES)
"""Another name under which bodies tell the type."""

create = paper.create(DOCUMENT, "url", ALIAS)
update = paper.update("url")
