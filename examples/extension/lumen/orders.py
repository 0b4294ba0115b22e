"""Orders of Lumen Archive: a purchase asks back once where the region is none of ours; changes and ends follow."""

from mpt_extension_sdk import EventRouter
from mpt_extension_sdk.api.models.events import TaskEvent
from mpt_extension_sdk.errors.pipeline import CancelError
from mpt_extension_sdk.pipeline import OrderContext

from lumen.archive import REGIONS, tenant_of
from lumen.settings import ExtensionSettings

router = EventRouter(prefix="/orders")

PRODUCT = ExtensionSettings.load().product_id


@router.task(
    "/processing",
    name="An order waits for us",
    event="platform.commerce.order.status_changed",
    condition=f"and(eq(status,Processing),eq(product.id,{PRODUCT}))",
)
async def fulfil(event: TaskEvent, ctx: OrderContext) -> None:
    """One order, as far as it goes now."""
    if ctx.order.status != "Processing":
        return  # told twice: it was done the first time
    match ctx.order.type:
        case "Purchase":
            await deliver(ctx)
        case "Change" | "Termination":
            await complete(ctx)
        case other:
            raise CancelError(f"Orders of type {other} are not for a program to fulfil.")


async def deliver(ctx: OrderContext) -> None:
    """A tenant in the region that was asked for, with a subscription for all that was bought."""
    order, service = ctx.order, ctx.mpt_api_service
    region = str(order.parameters.get_ordering_value("region") or "").strip().lower()
    if region not in REGIONS:
        await ask_for_region(ctx)
        return
    tenant = tenant_of(order.agreement.id, region)
    there = {line.id for subscription in order.subscriptions for line in subscription.lines}
    lines = [{"id": line.id} for line in order.lines if line.id not in there]
    if lines:
        subscription = {
            "name": f"Lumen Archive in {REGIONS[region]}",
            "externalIds": {"vendor": tenant},
            "lines": lines,
        }
        await service.subscriptions.create_order_subscription(order.id, subscription)
    told = order.parameters.with_fulfillment_value("tenant", tenant).to_dict()["fulfillment"]
    await complete(ctx, {"externalIds": {"vendor": tenant}, "parameters": {"fulfillment": told}})


async def ask_for_region(ctx: OrderContext) -> None:
    """The client is shown what is wrong, and places the order again when it has chosen."""
    choice = " or ".join(REGIONS)
    asked = ctx.order.parameters.with_ordering_error(
        "region", {"id": "LUMEN-1", "message": f"We have no data centre there. Please choose {choice}."}
    )
    await ctx.mpt_api_service.orders.query(ctx.order.id, {"parameters": {"ordering": asked.to_dict()["ordering"]}})


async def complete(ctx: OrderContext, attributes: dict | None = None) -> None:
    """It is done, and the client reads the product's words for that."""
    order, service = ctx.order, ctx.mpt_api_service
    template = await service.templates.get_template(order.product.id, "Completed")
    assert template is not None, "the product has a default template for completed orders"
    await service.orders.complete(order.id, {"id": template.id}, attributes)
