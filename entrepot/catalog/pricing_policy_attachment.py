"""An attachment of a pricing policy: the agreement with the client that it rests on, for operations alone."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.publication import seen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, computed, held_file, ref, text
from entrepot.kernel.file import DOCUMENTS, Upload
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """What the distributor has agreed with a client is on no other party's table."""
    if who.actor not in SEE_ALL:
        return sa.false()
    return seen(PRICING_POLICY, row.c.pricing_policy_id, who)


PRICING_POLICY_ATTACHMENT = Noun(
    name="PricingPolicyAttachment",
    path="catalog/pricing-policies/{pricingPolicy}/attachments",
    table_name="pricing_policy_attachments",
    ids=Ids("PPA", 4, child_of="pricingPolicy"),
    owner="pricingPolicy",
    sees=sees,
    fields=(
        ref("pricingPolicy", "catalog/pricing-policies", sees="operations"),
        text("name", longest=180, required=True, core=True, writes="operations"),
        text("description", longest=250, writes="operations"),
        text("type", longest=50, writes="operations:create"),
        *held_file(),
        computed("fileName", "filename", lambda attachment, *_: attachment.filename, schema={"type": "string"}),
        *audited("created", "updated"),
    ),
)
"""Source: platform spec 2.11. The name of the file is told twice: as everywhere, and as clients read it here."""

ATTACHED = Upload("attachment", DOCUMENTS)


def create(call: Call, _: None, body: Body, got: None) -> Thing:
    """A document is attached."""
    attachment = plain.begin(call, PRICING_POLICY_ATTACHMENT, body)
    if call.file is None:
        call.missing(ATTACHED.file, "A file is required.")
    return attachment
