"""A line of an agreement: what is held of one item, by a subscription or an asset. It began as an order line."""

from entrepot.commerce.party import PARTIES, line_price, parties
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, document, enum, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        move("terminate", "Active", "Terminated", "vendor kernel"),
        move("expire", "Active", "Expired", "kernel"),
        move("supersede", "Terminated Expired", "Deleted", "kernel"),  # the item was ordered anew
    ),
)
"""Source: spec 3.4."""

LINE = Noun(
    name="Line",
    path="commerce/lines",
    table_name="lines",
    ids=Ids("ALI", 4, child_of="agreement"),
    owner="agreement",
    trailed=False,
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    fields=(
        enum("status", " ".join(LIFE.states)),
        integer("quantity", default=0),
        ref("item", "catalog/items"),
        *line_price(writable=False),
        ref("order", "commerce/orders"),
        ref("subscription", "commerce/subscriptions"),
        ref("asset", "commerce/assets"),
        ref("agreement", "commerce/agreements"),
        ref("client", "accounts/accounts", aside=True),
        ref("vendor", "accounts/accounts", aside=True),
        ref("buyer", "accounts/buyers", aside=True),
        ref("seller", "accounts/sellers", aside=True),
        ref("product", "catalog/products", aside=True),
        text("description", longest=2000),
        document("info"),
        text("period", sees="kernel"),
        *audited("created", "updated", "terminated", "deleted"),
    ),
)

COPIED = (
    "item_id", "quantity", "price_currency", "price_unit_pp", "price_unit_sp", "price_ppx1", "price_ppx_m",
    "price_ppx_y", "price_spx1", "price_spx_m", "price_spx_y", "price_markup", "price_margin",
    "price_markup_source", "price_default_markup_source", "description", "info", "period",
)  # fmt: skip


def begin(call: Call, order: Thing, order_line: Thing, agreement: Thing) -> Thing:
    """The line goes live with the id that it had in the order (spec 2.4, purchase completed)."""
    one_time = order_line.period == "one-time"
    line = call.new(
        LINE,
        id=order_line.id,
        status="Active",
        order_id=order.id if one_time else None,
        subscription_id=order_line.subscription_id,
        asset_id=order_line.asset_id,
        agreement_id=agreement.id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        product_id=order.product_id,
        **{column: getattr(order_line, column) for column in COPIED},
    )
    agreement.parts["lines"].append(line)
    return line
