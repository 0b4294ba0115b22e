"""What a world file may leave out about a basket: whose it is follows from its licensee, and its lines are counted."""

from entrepot.accounts.licensee import LICENSEE
from entrepot.commerce.basket import BASKET, PLACE
from entrepot.commerce.basket_line import BASKET_LINE
from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing


def _fill(basket: Thing, world: World) -> None:
    licensee = world.one(LICENSEE.path, basket.licensee_id)
    inherit(basket, licensee, "buyer_id", "seller_id", client_id="account_id")
    if basket.ordered_by_type is None:
        basket.ordered_by_type = "Partner"
    assert BASKET_LINE.ids is not None
    for number, line in enumerate(basket.lines, 1):
        if line.number is None:
            line.number = number
        if line.id is None:
            line.id = BASKET_LINE.ids.child(str(basket.id), line.number)
        if line.status is None:
            line.status = "Cancelled" if basket.status == "Cancelled" else "Submitted"
    if basket.status not in ("PendingApproval", "Cancelled"):
        for day in sorted({line.start_date or world.now for line in basket.lines if line.status == "Submitted"}):
            world.due(PLACE, basket, day)


FORMS = (
    Form(
        BASKET,
        _fill,
        needs=("licensee", "client", "buyer"),
        nests={"lines": Form(BASKET_LINE, needs=("item", "quantity"), numbered=True)},
    ),
)
