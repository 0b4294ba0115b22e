"""Which terms and conditions were accepted, when and by whom: on an order, and on the agreement it made."""

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.commerce.order_line import of_visible_order
from entrepot.commerce.party import parties
from entrepot.kernel.access import Who
from entrepot.kernel.call import Call
from entrepot.kernel.field import document, integer, moment, ref, text
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

SIGNATORY = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "examples": ["USR-1234-5678"]},
        "name": {"type": "string", "examples": ["Ada Moss"]},
        "icon": {"type": "string"},
        "firstName": {"type": "string", "examples": ["Ada"]},
        "lastName": {"type": "string", "examples": ["Moss"]},
        "email": {"type": "string", "examples": ["ada.moss@northwind.example"]},
        "revision": {"type": "integer"},
    },
}
"""Who accepted, as it was at that moment."""

AGREEMENTS = sa.table(
    "agreements", *(sa.column(name, sa.Text()) for name in ("id", "client_id", "vendor_id", "buyer_id"))
)


def of_visible_agreement(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the agreement sees its terms."""
    agreement = AGREEMENTS.alias()
    return exists(agreement, agreement.c.id == row.c.agreement_id, parties(agreement, who))


def _fields():
    return (
        text("name", longest=500),
        moment("accepted"),
        document("acceptedBy", schema=SIGNATORY),
        integer("place", sees="kernel"),
    )


ORDER_TERMS = Noun(
    name="OrderTerms",
    path="commerce/orders/{order}/terms",
    table_name="order_terms",
    owner="order",
    shared=True,
    trailed=False,
    sees=of_visible_order,
    order="id",
    fields=(ref("order", "commerce/orders"), *_fields()),
)

AGREEMENT_TERMS = Noun(
    name="AgreementTerms",
    path="commerce/agreements/{agreement}/terms",
    table_name="agreement_terms",
    owner="agreement",
    shared=True,
    trailed=False,
    sees=of_visible_agreement,
    order="id",
    fields=(ref("agreement", "commerce/agreements"), *_fields()),
)


def accept(call: Call, order: Thing, terms: list[Thing], by: dict[str, object]) -> None:
    """Accepts every published term of the product: at creation, and again when the order is placed.

    Source: spec 2.11.
    """
    here = {str(each.id): each for each in order.termsAndConditions}
    published = [each for each in terms if each.status == "Published"]
    for place, each in enumerate(sorted(published, key=lambda t: (t.display_order or 0, str(t.id)))):
        row = here.get(str(each.id))
        if row is None:
            row = call.new(ORDER_TERMS, id=each.id, order_id=order.id)
            order.parts["termsAndConditions"].append(row)
        row.name = each.name
        row.place = place
        row.accepted = call.now
        row.accepted_by = by


def copy_to_agreement(call: Call, order: Thing, agreement: Thing) -> None:
    """What was accepted with a purchase holds for the agreement that it made."""
    for each in order.termsAndConditions:
        row = call.new(
            AGREEMENT_TERMS,
            id=each.id,
            agreement_id=agreement.id,
            name=each.name,
            accepted=each.accepted,
            accepted_by=each.accepted_by,
            place=each.place,
        )
        agreement.parts["termsAndConditions"].append(row)
