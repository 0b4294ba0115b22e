"""How many seats may be held of an item, and when there may be fewer: rules on plain values.

An item's vendor declares them in its `settings`:

    {"minQuantity": 1, "maxQuantity": 300, "requires": [{"id": "ITM-…"}],
     "decrease": {"anyTime": false, "daysAfterStart": 7, "daysBeforeEnd": 30}, "earlyTermination": false}

More seats may be taken at any time. Fewer: at any time where nothing is committed to beyond a month; else within some
days after the committed term began anew, and within some before it ends, when the renewal is near. What is not
declared of `decrease` is as `DEFAULTS` says. None at all is the end, before its term: that may be when there may be
fewer; with `earlyTermination` at any time; where that is denied, within those days alone.

| term      | commitment | increase | decrease
|-----------|------------|----------|---------------------------------------------------
| Monthly   | 1m or none | any time | any time
| Annual    | 1y         | any time | 7 days after the start, 30 days before the end
| Triennial | 3y         | any time | 7 days after the start, 30 days before the end

Source: the table of billing terms in the seed on order management; pax8 spec 2.6 and 3.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

DEFAULTS = {"daysAfterStart": 7, "daysBeforeEnd": 30}
NUMBERS = ("minQuantity", "maxQuantity")
DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class SeatRules:
    """The rules of one item. `declares_decrease`, `declares_end`: its vendor said when there may be fewer, or none."""

    min_quantity: int | None = None
    max_quantity: int | None = None
    requires: tuple[str, ...] = ()
    declares_decrease: bool = False
    any_time: bool = True
    declares_end: bool = False
    ends_any_time: bool = True
    after_start: timedelta = timedelta()
    before_end: timedelta = timedelta()


def rules_of(settings: Mapping[str, object] | None, commitment: str | None) -> SeatRules:
    """The rules of an item with these settings, committed to for `commitment`: `1m`, `1y`, `3y`; none is a month."""
    said = settings or {}
    decrease = said.get("decrease")
    declared = decrease if isinstance(decrease, Mapping) else {}
    free, ends = declared.get("anyTime"), said.get("earlyTermination")
    any_time = free if isinstance(free, bool) else commitment in (None, "1m")
    required = said.get("requires")
    return SeatRules(
        min_quantity=_number(said.get("minQuantity")),
        max_quantity=_number(said.get("maxQuantity")),
        requires=tuple(_ids(required if isinstance(required, list) else [])),
        declares_decrease=isinstance(decrease, Mapping),
        any_time=any_time,
        declares_end=isinstance(ends, bool) or isinstance(decrease, Mapping),
        ends_any_time=ends if isinstance(ends, bool) else any_time,
        after_start=timedelta(days=_number(declared.get("daysAfterStart"), DEFAULTS["daysAfterStart"]) or 0),
        before_end=timedelta(days=_number(declared.get("daysBeforeEnd"), DEFAULTS["daysBeforeEnd"]) or 0),
    )


def quantity_fault(rules: SeatRules, quantity: int, name: str) -> str | None:
    """What is wrong with asking for so many units, if anything."""
    if rules.max_quantity is not None and quantity > rules.max_quantity:
        return f'Quantity {quantity} exceeds maximum of {rules.max_quantity} for "{name}"'
    if rules.min_quantity is not None and quantity < rules.min_quantity:
        return f'Quantity {quantity} is below minimum of {rules.min_quantity} for "{name}"'
    return None


def told(rules: SeatRules) -> dict[str, object]:
    """The rules as they hold, with all that follows where nothing is declared."""
    found = {
        "minQuantity": rules.min_quantity,
        "maxQuantity": rules.max_quantity,
        "requires": [{"id": each} for each in rules.requires],
        "increase": {"anyTime": True},
        "decrease": {
            "anyTime": rules.any_time,
            "daysAfterStart": rules.after_start.days,
            "daysBeforeEnd": rules.before_end.days,
        },
        "earlyTermination": rules.ends_any_time,
    }
    return {name: value for name, value in found.items() if value is not None}


def may_decrease(rules: SeatRules, now: datetime, start: datetime | None, end: datetime | None) -> bool:
    """Whether there may be fewer seats now, in a committed term from `start` to `end`; None is not known."""
    return rules.any_time or _in_window(rules, now, start, end)


def may_end(rules: SeatRules, now: datetime, start: datetime | None, end: datetime | None) -> bool:
    """Whether what is held may end now, before its committed term does."""
    return rules.ends_any_time or _in_window(rules, now, start, end)


def _in_window(rules: SeatRules, now: datetime, start: datetime | None, end: datetime | None) -> bool:
    if start is not None and now < start + rules.after_start:
        return True
    return end is not None and now >= end - rules.before_end


def opens(rules: SeatRules, end: datetime | None) -> datetime | None:
    """From when on there may be fewer, or none, once more: what the refusal tells."""
    return None if end is None else end - rules.before_end


def check(settings: object) -> list[str]:
    """What is wrong with settings that a vendor writes."""
    if not isinstance(settings, Mapping):
        return ["An object was expected."]
    found = [f"{name}: a whole number of at least 0 was expected." for name in NUMBERS if _is_wrong(settings.get(name))]
    least, most = (_number(settings.get(name)) for name in NUMBERS)
    if least is not None and most is not None and least > most:
        found.append("minQuantity: it exceeds maxQuantity.")
    required = settings.get("requires", [])
    if not isinstance(required, list) or len(required) > 100 or len(_ids(required)) != len(required):
        found.append('requires: a list of at most 100 items was expected: {"id": …}.')
    decrease = settings.get("decrease", {})
    if not isinstance(settings.get("earlyTermination", False), bool):
        found.append("earlyTermination: true or false was expected.")
    if not isinstance(decrease, Mapping):
        return [*found, "decrease: an object was expected."]
    if not isinstance(decrease.get("anyTime", False), bool):
        found.append("decrease.anyTime: true or false was expected.")
    for name in DEFAULTS:
        days = decrease.get(name)
        if _is_wrong(days) or (_number(days) or 0) > DAYS_MAX:
            found.append(f"decrease.{name}: from 0 to {DAYS_MAX} days were expected.")
    return found


def _number(value: object, default: int | None = None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _is_wrong(value: object) -> bool:
    return value is not None and _number(value) is None


def _ids(entries: list[object]) -> list[str]:
    found = (each.get("id") if isinstance(each, Mapping) else None for each in entries)
    return [each for each in found if isinstance(each, str) and each and "\0" not in each]
