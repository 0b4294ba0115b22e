"""An agreement is what a client holds from a vendor: it begins with a purchase and ends with its last subscription."""

from entrepot.commerce import price
from entrepot.commerce.bags import parameter_bag
from entrepot.commerce.order_line import line_price_of, put_totals
from entrepot.commerce.party import MESSAGE, PARTIES, parties, totals
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, document, enum, externals, integer, moment, part, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Draft Active Terminated",
    final="Terminated Failed Deleted",
    moves=(
        #     verb          from            to              by
        move("provision",  "Draft",        "Provisioning", "client kernel"),
        move("update",     "Active",       "Updating",     "client operations kernel"),
        move("activate",   "Provisioning Updating", "Active", "vendor operations kernel"),
        move("fail",       "Provisioning", "Failed",       "vendor operations kernel"),
        move("terminate",  "Active Updating", "Terminated", "vendor kernel"),
        move("delete",     "Draft",        "Deleted",      "client vendor operations kernel"),
    ),
)  # fmt: skip
"""Source: spec 3.1. Each move follows from one of an order or a subscription; none is an action of its own."""

AGREEMENT = Noun(
    name="Agreement",
    path="commerce/agreements",
    table_name="agreements",
    ids=Ids("AGR", 3),
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    fields=(
        text("name", longest=500, core=True),
        text("icon", longest=2000, core=True),
        enum("status", " ".join(LIFE.states), core=True),
        ref("listing", "catalog/listings"),
        ref("authorization", "catalog/authorizations"),
        ref("vendor", "accounts/accounts"),
        ref("client", "accounts/accounts"),
        ref("licensee", "accounts/licensees"),
        ref("buyer", "accounts/buyers"),
        ref("seller", "accounts/sellers"),
        ref("product", "catalog/products"),
        ref("template", "catalog/products/{product}/templates"),
        moment("startDate"),
        moment("endDate"),
        document("error", schema=MESSAGE),
        *externals("client", "vendor", "operations"),
        *totals("PPxM", "PPxY", "SPxM", "SPxY"),
        text("price.billingCurrency", longest=3, sees="client operations"),
        enum("price.source", "Computed Manual", sees="operations"),
        part("lines", "commerce/lines", by="agreement_id", heavy=True),
        part("subscriptions", "commerce/subscriptions", by="agreement_id", heavy=True),
        part("assets", "commerce/assets", by="agreement_id", heavy=True),
        parameter_bag("ordering"),
        parameter_bag("fulfillment"),
        part("termsAndConditions", "commerce/agreements/{agreement}/terms", by="agreement_id", heavy=True),
        refs("certificates", "program/certificates", heavy=True),
        integer("lineCount", sees="kernel", default=0),
        *audited("created", "updated", "provisioning", "active", "terminated"),
    ),
)
"""`lineCount` numbers the lines: it counts every one ever begun, those of failed and deleted orders too."""


def reserve(call: Call, agreement: Thing, order: Thing) -> None:
    """Takes the agreement for this order: one order in flight per agreement (spec 2.3.1).

    Raises Conflict when it is taken already, or is no longer what it was.
    """
    if agreement.status in ("Provisioning", "Updating"):
        raise Conflict(f"Another order of agreement {agreement.id} is in flight.")
    call.move(agreement, "provision" if order.type == "Purchase" else "update", by="kernel")


def has_running(agreement: Thing) -> bool:
    """Whether any subscription of it has not ended yet."""
    return any(each.status not in ("Terminated", "Expired") for each in agreement.subscriptions)


def sum_up(agreement: Thing) -> None:
    """The price of what recurs: one-time amounts are no part of it (spec 4.1)."""
    live = [line for line in agreement.lines if line.status == "Active" and line.period != "one-time"]
    put_totals(agreement, price.total(line_price_of(line) for line in live))
    agreement.price_source = "Computed"
