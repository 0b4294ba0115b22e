"""Terms and conditions are what a client accepts with an order, with a variant for each language."""

import sqlalchemy as sa

from entrepot.accounts.dealings import vendor_unseen
from entrepot.catalog import paper
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import EVENTS, LIFE, kept, seen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import audited, enum, ref
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

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
    audience=("vendor_id",),
    fields=(
        *paper.as_terms(WRITES),
        enum("status", " ".join(LIFE.states)),
        ref("product", "catalog/products"),
        vendor_unseen(),
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
    audience=("vendor_id",),
    fields=(
        *paper.as_variant(WRITES, BIRTH, telling=WRITES),
        enum("status", " ".join(LIFE.states)),
        ref("termsAndConditions", "catalog/products/{product}/terms"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)

create_variant = paper.create(VARIANT, "assetUrl")
update_variant = paper.update("assetUrl")

OWNERS = {"owners": Want(TERMS, lambda row: row.c.id == given("owner"))}


async def of_terms(load: Load, call: Call, _: None, body: Body) -> Got:
    """The terms in the address."""
    return await load(OWNERS, owner=call.owner_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Terms are drafted; their texts are the variants."""
    return plain.begin(call, TERMS, body, vendor_id=got.owners[0].vendor_id)


def is_to_be_accepted(terms: Thing) -> bool:
    """Whether an order that is placed now must accept them. Source: commerce spec 2.11."""
    return terms.status == "Published"
