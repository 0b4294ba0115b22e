"""Terms and conditions are what a client accepts with an order, with a variant for each language."""

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import EVENTS, LIFE, kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

WRITES = "vendor:create,Draft,Pending,Published operations:create,Draft,Pending,Published"
BIRTH = "vendor:create operations:create"


def sees_terms(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client only what is published."""
    return sa.and_(kept(row, who, "Published"), seen(PRODUCT, row.c.product_id, who))


TERMS = Noun(
    name="TermsAndConditions",
    path="catalog/products/{product}/terms",
    table_name="terms",
    ids=Ids("TCS", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees_terms,
    fields=(
        text("name", longest=500, required=True, core=True, writes=WRITES),
        text("description", longest=2000, writes=WRITES),
        integer("displayOrder", least=0, writes=WRITES),
        enum("status", " ".join(LIFE.states)),
        ref("product", "catalog/products"),
        *audited(*EVENTS),
    ),
)


def sees_variant(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the terms; a client only what is published."""
    return sa.and_(kept(row, who, "Published"), seen(TERMS, row.c.terms_and_conditions_id, who))


VARIANT = Noun(
    name="TermsAndConditionsVariant",
    path="catalog/products/{product}/terms/{terms}/variants",
    table_name="terms_variants",
    ids=Ids("TCV", 4, child_of="termsAndConditions"),
    owner="termsAndConditions",
    life=LIFE,
    sees=sees_variant,
    fields=(
        text("name", longest=500, writes=WRITES),
        enum("type", "Online File", core=True, writes=BIRTH),
        text("description", longest=2000, writes=WRITES),
        text("languageCode", longest=20, writes=BIRTH),
        text("assetUrl", longest=2000, writes=BIRTH),
        text("fileId"),
        text("filename"),
        text("contentType"),
        integer("size", least=0),
        enum("status", " ".join(LIFE.states)),
        ref("termsAndConditions", "catalog/products/{product}/terms"),
        *audited(*EVENTS),
    ),
)


def is_to_be_accepted(terms: Thing) -> bool:
    """Whether an order that is placed now must accept them. Source: commerce spec 2.11."""
    return terms.status == "Published"
