"""The built-in fulfiller: completes what needs no vendor's machine, so that orders get somewhere on a fresh install."""

from entrepot.catalog.product import fulfilment
from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing

JOB = "fulfil"
"""The name of the work that falls due for an order of a product whose fulfilment is automatic."""


def engage(call: Call, order: Thing, product: Thing) -> None:
    """After the product's delay the platform acts for the vendor; in other modes somebody else does."""
    mode, delay = fulfilment(product)
    if mode == "automatic":
        call.due(JOB, order, delay)
