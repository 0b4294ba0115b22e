"""Settings of a product: what its vendor chooses of how it is ordered, checked, fulfilled and billed.

Each is declared here by its kind. What is not declared is kept as it comes: newer programs know of more.
Source: platform spec 2.1; `fulfilment`, `orderClock`, and in `preValidation` how long and what then, are our own.
"""

from collections.abc import Mapping

from entrepot.catalog.product import MODES, PRODUCT, SPELLINGS, STEPS, UNREACHABLE, duration_fault
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call
from entrepot.kernel.document import members, merge
from entrepot.kernel.field import Field, enum, flag, text
from entrepot.kernel.thing import Thing

PRE_VALIDATIONS = (
    "purchaseOrderDraft purchaseOrderQuerying changeOrderDraft configurationOrderDraft terminationOrder productRequest"
)
CLOCKED = ("processing", "querying")
CESSATIONS = ("Termination", "Auto-renewal", "Termination or auto-renewal")


def _cessation(said: object) -> list[str]:
    return [] if said in CESSATIONS else [f"One of {', '.join(CESSATIONS)} was expected."]


SETTINGS: tuple[Field, ...] = (
    *(flag(name) for name in ("productOrdering", "itemSelection", "orderQueueChanges", "sendCostToErp")),
    flag("productRequests.enabled"),
    *(text(f"productRequests.{name}") for name in ("name", "title", "label")),
    *(flag(f"preValidation.{name}") for name in (*PRE_VALIDATIONS.split(), *SPELLINGS.values())),
    enum("preValidation.whenUnreachable", " ".join(UNREACHABLE)),
    text("preValidation.timeout", check=duration_fault),
    flag("splitBilling.enabled"),
    enum("splitBilling.type", "OrderBased PercentageBased"),
    flag("subscriptionCessation.enabled"),
    text("subscriptionCessation.mode", check=_cessation),
    enum("fulfilment.mode", " ".join(MODES)),
    text("fulfilment.delay", check=duration_fault),
    *(
        text(f"orderClock.{state}.{step}", check=duration_fault)
        for state in ("processing", "querying")
        for step in STEPS
    ),
    *(enum(f"orderClock.{state}.onDue", "fail") for state in ("processing", "querying")),
)

DECLARED = members(SETTINGS)


def write(call: Call, product: Thing, body: Body) -> None:
    """What the body says of settings is merged into them, group by group; null takes a setting away."""
    found = merge(call, product.settings or {}, body, DECLARED)
    said = body.object(call, "preValidation")
    flags = found.get("preValidation")
    if said is not None and isinstance(flags, Mapping):
        found["preValidation"] = _in_both_spellings(said, flags)
    path = body.path("").rstrip(".") or "$"
    product.settings = convert(call, PRODUCT.field("settings"), path, found)


def _in_both_spellings(said: Body, flags: Mapping[str, object]) -> dict[str, object]:
    """A flag that is read under two names is written under both, whichever the body has."""
    found = dict(flags)
    for name, other in SPELLINGS.items():
        for spelled, twin in ((name, other), (other, name)):
            if spelled in said:
                found[twin] = found.get(spelled)
    return {name: value for name, value in found.items() if value is not None}
