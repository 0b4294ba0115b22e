"""Who is party to a request, with its messages and attachments."""

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import Field, ref
from entrepot.kernel.thing import Thing

CLIENT, VENDOR, OPERATIONS = "Client", "Vendor", "Operations"
"""What an account may be."""


def party(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """The client who asks, the vendor who is asked or whose product it is about; operations everything.

    A request is about no buyer: who is held to some of them sees the requests that are their own.
    """
    if who.actor == "client":
        mine = row.c.client_id == who.account
        return sa.and_(mine, row.c.requester_id == who.user) if who.restricted else mine
    if who.actor == "vendor":
        return row.c.vendor_id == who.account
    return sa.true() if who.actor in ("operations", "kernel") else sa.false()


def unseen_party() -> tuple[Field, ...]:
    """The parties of what hangs on a request, for its row rule."""
    return (
        ref("client", "accounts/accounts", sees="kernel"),
        ref("vendor", "accounts/accounts", sees="kernel"),
        ref("requester", "accounts/users", sees="kernel"),
    )


def take_parties(request: Thing, sender: Thing | None, addressee: Thing | None, product: Thing | None) -> None:
    """Whose request it is follows from who asks whom about what."""
    request.client_id = sender.id if sender is not None and sender.type == CLIENT else None
    if addressee is not None and addressee.type == VENDOR:
        request.vendor_id = addressee.id
    else:
        request.vendor_id = product.vendor_id if product is not None else None
