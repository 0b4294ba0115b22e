"""An asset is bought once and kept: what one-time lines of an agreement belong to."""

from entrepot.commerce import line, mirror, parameters, price
from entrepot.commerce.bags import parameter_bag, write_bag
from entrepot.commerce.markup import default_margin, set_default_markup
from entrepot.commerce.order_line import line_price_of, put_totals
from entrepot.commerce.party import PARTIES, parties, terms, totals
from entrepot.commerce.template import choose, default_template
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
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
    party="client_id",
    fields=(
        text("name", longest=500, core=True, required=True, writes="client vendor"),
        enum("status", " ".join(LIFE.states), core=True),
        *externals("client", "vendor", "operations"),
        *terms(),
        *totals("PPx1", "SPx1"),
        default_margin(),
        ref("template", "catalog/products/{product}/templates", writes="vendor"),
        ref("agreement", "commerce/agreements"),
        ref("product", "catalog/products"),
        ref("priceList", "catalog/price-lists"),
        ref("listing", "catalog/listings"),
        ref("licensee", "accounts/licensees"),
        ref("client", "accounts/accounts", sees="kernel"),
        ref("vendor", "accounts/accounts", sees="kernel"),
        ref("buyer", "accounts/buyers", sees="kernel"),
        part("lines", "commerce/lines", by="asset_id", heavy=True, writes="vendor:create operations"),
        parameter_bag("fulfillment", writes="vendor"),
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


# Without an order (spec 3.3) ----------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """The vendor enters what the client has bought already, under an agreement that is live."""
    held = got.agreement
    asset = call.new(
        ASSET,
        status="Active",
        agreement_id=held.id,
        listing_id=held.listing_id,
        price_list_id=got.price_list.id if got.price_list else None,
        price_currency=held.price_currency,
        price_default_markup=held.price_default_markup,
        terms_model="one-time",
        terms_period="one-time",
        template_id=default_template(got, "Asset"),
        fulfillment=parameters.of_holding(got.definitions, "Asset"),
        **{name: getattr(held, name) for name in ("product_id", "client_id", "vendor_id", "buyer_id", "licensee_id")},
    )
    held.parts["assets"].append(asset)
    apply(call, asset, body, "create")
    if asset.name is None:
        call.fault(body.path("name"), "A name is required.")
    _write_choices(call, asset, body, got)
    sum_up(asset, line.create(call, asset, body, got, one_time=True))
    call.record("asset.created", asset)
    return asset


def update(call: Call, asset: Thing, body: Body, got: Got) -> None:
    """Each actor writes its own; quantities stay what was bought."""
    apply(call, asset, body)
    if call.by("vendor"):
        _write_choices(call, asset, body, got)
    if call.by("operations"):
        if asset.status == "Active":
            line.update(call, asset, body, got)
        given = body.object(call, "price")
        if given is not None:
            set_default_markup(call, asset, given)
        sum_up(asset, [each for each in got.agreement.lines if each.asset_id == asset.id])
    mirror.follow(asset, got.copies)


def _write_choices(call: Call, asset: Thing, body: Body, got: Got) -> None:
    choose(call, asset, body, got, "Asset")
    write_bag(call, asset, body, got, parameters.FULFILLMENT)


def terminate(call: Call, asset: Thing, body: Body, got: Got) -> None:
    """The vendor ends it; the agreement goes on."""
    end(call, asset, got.agreement, by="")


def end(call: Call, asset: Thing, held: Thing, *, by: str = "kernel") -> None:
    """It and its lines are no more."""
    call.move(asset, "terminate", by=by)
    own = [each for each in held.lines if each.asset_id == asset.id]
    for each in own:
        if each.status == "Active":
            line.end(call, each, "terminate")
    sum_up(asset, own)
    call.record("asset.terminated", asset)


def sum_up(asset: Thing, lines: list[Thing]) -> None:
    """The price is the sum of its live lines."""
    put_totals(asset, price.total(line_price_of(each) for each in lines if each.status == "Active"))
