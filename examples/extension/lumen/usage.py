"""Once a day, for each account that has let the extension in: which tenants are in use."""

from mpt_extension_sdk import ScheduleRouter
from mpt_extension_sdk.pipeline import ScheduleContext

router = ScheduleRouter(prefix="/usage")


@router.task(
    "/daily",
    id="daily-usage",
    name="Tenants in use",
    description="Counts what has been sold, and notes it with the task.",
    cron="0 5 * * *",
)
async def count(ctx: ScheduleContext) -> None:
    """What the account has, as it sees it itself. When this returns, the task is completed."""
    found = await ctx.mpt_api_service.client.commerce.subscriptions.fetch_page(limit=100)
    await ctx.task.progress(50)
    await ctx.task.log("{{Count}} subscriptions are there.", parameters={"Count": str(found.meta.pagination.total)})
