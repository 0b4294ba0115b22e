"""What the vendor prepares for lines that are bought once: a draft of the asset that completion makes live."""

from entrepot.commerce import parameters
from entrepot.commerce.bags import parameter_bag, write_bag
from entrepot.commerce.order_line import is_one_time
from entrepot.commerce.order_subscription import require_living, require_placed, sum_up, take_terms
from entrepot.commerce.party import PARTIES, parties, terms, totals, unseen_parties
from entrepot.commerce.template import choose, default_template
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, enum, externals, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Draft Active",
    final="Terminated",
    moves=(move("activate", "Draft", "Active", "kernel"), move("terminate", "Active", "Terminated", "kernel")),
)
"""Source: spec 2.9. A draft that nothing comes of is removed."""

ORDER_ASSET = Noun(
    name="OrderAsset",
    path="commerce/orders/{order}/assets",
    table_name="order_assets",
    ids=Ids("AST", 3),
    owner="order",
    shared=True,
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    party="client_id",
    fields=(
        ref("order", "commerce/orders", heavy=True),
        text("name", longest=500, required=True, core=True, writes="vendor"),
        enum("status", " ".join(LIFE.states), core=True),
        *externals("client", "vendor", "operations"),
        *terms(),
        ref("product", "catalog/products", sees="kernel"),
        *unseen_parties(),
        *totals("PPx1", "SPx1"),
        ref("template", "catalog/products/{product}/templates", writes="vendor"),
        part("lines", "commerce/orders/{order}/lines", by="asset_id", also="order_id", heavy=True, writes="vendor"),
        parameter_bag("fulfillment", writes="vendor"),
        *audited("created", "updated", "active"),
    ),
)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """The vendor maps one-time lines of an order to a new asset (spec 2.9); possible from Draft on."""
    order = got.order
    require_open(order)
    draft = begin(call, order, got)
    write(call, draft, body, got)
    if draft.name is None:
        call.fault(body.path("name"), "A name is required.")
    if body.get("lines") in (None, []):
        call.fault(body.path("lines"), "At least one line is required.")
    call.record("order.asset_added", order, asset=draft.id)
    return draft


def begin(call: Call, order: Thing, got: Got) -> Thing:
    """An empty draft on an order."""
    draft = call.new(
        ORDER_ASSET,
        order_id=order.id,
        status="Draft",
        product_id=order.product_id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        price_currency=order.price_currency,
        template_id=default_template(got, "Asset"),
        fulfillment=parameters.of_holding(got.definitions, "Asset"),
    )
    order.parts["assets"].append(draft)
    return draft


def automatic(call: Call, order: Thing, line: Thing, got: Got) -> Thing:
    """A one-time line that nobody mapped gets an asset of its own at completion (spec 2.4)."""
    draft = begin(call, order, got)
    item = next(item for item in got.items if item.id == line.item_id)
    draft.name = f"Asset for {item.name}"
    put_lines(order, draft, [line])
    return draft


def update(call: Call, draft: Thing, body: Body, got: Got) -> None:
    """The vendor corrects what it prepared; others write their own external id."""
    if call.by("vendor"):
        require_open(got.order)
        require_placed(got.order, draft)
    write(call, draft, body, got)


def remove(call: Call, draft: Thing, body: None, got: Got) -> None:
    """Takes a draft back; its lines are free again."""
    if draft.status != "Draft":
        raise Conflict(f"Order asset {draft.id} is {draft.status}; only a Draft can be deleted.")
    discard(call, got.order, draft)


def discard(call: Call, order: Thing, draft: Thing) -> None:
    """Removes a draft that nothing came of."""
    for line in order.lines:
        if line.asset_id == draft.id:
            line.asset_id = None
    for found in [each for each in order.assets if each.id == draft.id]:
        order.parts["assets"].remove(found)
    call.erase(draft)


def require_open(order: Thing) -> None:
    """The vendor prepares assets until the order ends."""
    if order.status not in ("Draft", "Quoted", "Processing", "Querying"):
        raise Conflict(f"Order {order.id} is {order.status}; no assets are prepared any more.")


def write(call: Call, draft: Thing, body: Body, got: Got) -> None:
    """What the body gives and the caller may write; lines are a full set (spec 2.9)."""
    apply(call, draft, body, state="create" if draft.is_new else str(draft.status))
    if not call.by("vendor"):
        return
    choose(call, draft, body, got, "Asset")
    write_bag(call, draft, body, got, parameters.FULFILLMENT)
    entries = body.objects(call, "lines") if "lines" in body else None
    if entries is None:
        return
    here = {str(line.id): line for line in got.order.lines}
    chosen: list[Thing] = []
    for entry in entries:
        line_id = entry.get("id")
        line = here.get(line_id) if isinstance(line_id, str) else None
        if line is None:
            call.fault(entry.path("id"), f"Line {str(line_id)[:80]!r} was not found on this order.")
        elif not is_one_time(line):
            call.fault(entry.path("id"), f"Line {line.id} recurs: it belongs to a subscription.")
        elif line.asset_id not in (None, draft.id):
            call.fault(entry.path("id"), f"Line {line.id} belongs to asset {line.asset_id}.")
        elif line not in chosen:
            chosen.append(line)
    require_living(call, body, chosen, [each for each in got.live_lines if each.asset_id == draft.id])
    if not call.faults:
        put_lines(got.order, draft, chosen)


def put_lines(order: Thing, draft: Thing, chosen: list[Thing]) -> None:
    """Maps exactly these lines to the asset."""
    for line in order.lines:
        if line in chosen:
            line.asset_id = draft.id
        elif line.asset_id == draft.id:
            line.asset_id = None
    draft.parts["lines"] = chosen
    take_terms(draft, chosen)
    sum_up(draft)
