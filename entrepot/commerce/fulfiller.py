"""The built-in fulfiller is called in where no vendor's machine is needed, so that an order gets somewhere at once."""

from entrepot.catalog.product import fulfilment
from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing

JOB = "fulfil"
"""The name of the work that falls due for an order of a product whose fulfilment is automatic."""


def engage(call: Call, order: Thing, product: Thing) -> None:
    """After the product's delay the platform acts for the vendor; in other modes somebody else does."""
    mode, delay = fulfilment(product)
    if mode == "automatic":
        call.due(JOB, order, call.now + delay)
