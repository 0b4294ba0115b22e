"""A document tells those who choose or use a product more about it: a manual, a data sheet, a price guide."""

import sqlalchemy as sa

from entrepot.accounts.dealings import vendor_unseen
from entrepot.catalog import paper
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import EVENTS, LIFE, kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, ref
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

BIRTH = "vendor:create"
WRITES = "vendor:create,Draft,Pending,Published operations:Draft,Pending,Published"


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
        *paper.as_document(WRITES, BIRTH),
        enum("status", " ".join(LIFE.states), core=True),
        ref("product", "catalog/products"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)
"""Source: platform spec 2.7."""

create = paper.create(DOCUMENT, "url", paper.DOCUMENT_ALIAS)
update = paper.update("url")
