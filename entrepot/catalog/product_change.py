"""Products are drafted and changed by their vendors: they say what it is, and choose its settings."""

from entrepot.catalog import product_settings, template
from entrepot.catalog.product import PRODUCT, fill_texts
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing


def create(call: Call, _: None, body: Body, got: None) -> Thing:
    """A product begins as a draft of whoever asks, with a text for each state of an order. A name suffices."""
    product = plain.begin(call, PRODUCT, body, vendor_id=call.caller.account_id)
    fill_texts(product)
    template.begin_with(call, product)
    return product


def update(call: Call, product: Thing, body: Body, got: None) -> None:
    """What is given is written; `settings` are merged, as the official command line sends them here too."""
    plain.write(call, product, body)
    fill_texts(product)
    settings = body.object(call, "settings")
    if settings is not None:
        product_settings.write(call, product, settings)


def choose(call: Call, product: Thing, body: Body, got: None) -> None:
    """Settings are merged into those that are there; they may come by themselves, or within `settings`."""
    inner = body.object(call, "settings")
    product_settings.write(call, product, inner if inner is not None else body)
