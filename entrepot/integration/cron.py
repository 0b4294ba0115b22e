"""Times that a cron expression names: five fields, in UTC, as the cron of Debian reads them."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

LONGEST = 200
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def fault_of(value: object) -> str:
    """What is wrong with an expression; empty where nothing is."""
    if not isinstance(value, str) or len(value) > LONGEST or len(value.split()) != 5:
        return "Five fields such as `0 6 * * 1` were expected."
    try:
        return "" if following(value, _SOME_DAY) is not None else "There is no such time."
    except CronSimError as fault:
        return f"{fault}: five fields such as `0 6 * * 1` were expected."


def following(cron: str, moment: datetime) -> datetime | None:
    """The first of its times after a moment; None where none comes within decades."""
    return next(CronSim(cron, moment), None)
