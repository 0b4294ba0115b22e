"""An asset is bought once and kept: what one-time lines of an agreement belong to."""

from entrepot.commerce.bags import parameter_bag
from entrepot.commerce.party import PARTIES, parties, terms, totals
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, enum, externals, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active",
    final="Terminated",
    moves=(move("terminate", "Active", "Terminated", "vendor kernel"),),
)
"""Source: spec 3.3."""

ASSET = Noun(
    name="Asset",
    path="commerce/assets",
    table_name="assets",
    ids=Ids("AST", 3),
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    fields=(
        text("name", longest=500, core=True),
        enum("status", " ".join(LIFE.states), core=True),
        *externals("client", "vendor", "operations"),
        *terms(),
        *totals("PPx1", "SPx1"),
        ref("template", "catalog/products/{product}/templates"),
        ref("agreement", "commerce/agreements"),
        ref("product", "catalog/products"),
        ref("priceList", "catalog/price-lists"),
        ref("listing", "catalog/listings"),
        ref("licensee", "accounts/licensees"),
        ref("client", "accounts/accounts", sees="kernel"),
        ref("vendor", "accounts/accounts", sees="kernel"),
        ref("buyer", "accounts/buyers", sees="kernel"),
        part("lines", "commerce/lines", by="asset_id", heavy=True),
        parameter_bag("fulfillment"),
        *audited("created", "updated", "active", "terminated"),
    ),
)

COPIED = (
    "name", "external_ids_client", "external_ids_vendor", "external_ids_operations", "terms_model",
    "terms_period", "terms_commitment", "template_id", "fulfillment", "price_currency", "price_ppx1",
    "price_spx1", "price_markup", "price_margin",
)  # fmt: skip


def begin(call: Call, order: Thing, draft: Thing, agreement: Thing) -> Thing:
    """The order's draft goes live under the same id (spec 2.4, purchase completed)."""
    asset = call.new(
        ASSET,
        id=draft.id,
        status="Active",
        product_id=order.product_id,
        agreement_id=agreement.id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        licensee_id=order.licensee_id,
        listing_id=order.listing_id,
        price_list_id=order.price_list_id,
        **{column: getattr(draft, column) for column in COPIED},
    )
    agreement.parts["assets"].append(asset)
    call.record("asset.activated", asset, order=order.id)
    return asset
