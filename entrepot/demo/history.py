"""The orders of the past two years: a few hundred, in every state that an order can be in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from random import Random

from entrepot.demo.customers import LICENSEES
from entrepot.demo.deal import Deal
from entrepot.demo.holdings import Ids
from entrepot.demo.life import SETTLED_DAYS, Life
from entrepot.demo.papers import Papers
from entrepot.demo.products import PRODUCTS
from entrepot.demo.selling import offer
from entrepot.demo.world_file import Line

YEARS_DAYS = 730

PURCHASES = {
    "Completed": 88,
    "Failed": 7,
    "Deleted": 6,
    "Draft": 6,
    "Quoted": 5,
    "Processing": 6,
    "Querying": 5,
}
"""How many agreements began with a first order that ended so, or is still there."""

OPEN = {"Draft": 4, "Quoted": 3, "Processing": 4, "Querying": 3}
"""How many of the running agreements have a further order under way."""

TERMINATIONS = 11
"""How many of the running agreements were ended by their client."""

QUIET_DAYS = 40
"""No change is made in this time, but for the last one."""

RECENT_HOURS = {"Draft": (2, 700), "Quoted": (5, 480), "Processing": (1, 30), "Querying": (24, 240)}
"""How long ago an open order was made."""


def history(now: datetime, rng: Random) -> Iterator[Line]:
    """Agreements with their orders, subscriptions and assets."""
    ids = Ids(rng)
    deals = [
        Deal(found, licensee) for product in PRODUCTS for licensee in LICENSEES if (found := offer(product, licensee))
    ]
    ends, begun = _ends(rng), cycle((True, False))
    for fate in _spread(PURCHASES, rng):
        life = Life(rng, ids, _deal(deals, fate, rng))
        end = ends.pop() if fate == "Completed" else ""
        life.purchase(_begin(now, fate, end, rng), fate)
        if life.status == "Active":
            _go_on(life, end, now, rng)
        if fate == "Processing" and next(begun):
            life.begin()
        life.settle(now)
        yield from Papers(life, rng).write()


def _go_on(life: Life, end: str, now: datetime, rng: Random) -> None:
    """Changes over the years, then what the agreement has come to."""
    moment = life.events["active"][0]
    while (moment := moment + timedelta(days=rng.randint(20, 260))) < now - timedelta(days=QUIET_DAYS):
        moment = _office_hours(moment, rng)
        life.settle(moment)
        if life.status != "Active":
            return
        fate = rng.choices(("Completed", "Failed", "Deleted"), (90, 5, 5))[0]
        rng.choices((life.change, life.configure), (84, 16))[0](moment, fate)
    if end == "ended":
        moment = _office_hours(now - timedelta(days=rng.randint(10, 30)), rng)
        life.settle(moment)
        if life.status == "Active":
            life.terminate(moment, "Completed")
    elif end:
        life.settle(now)
        if life.status == "Active":
            fate = end if _allows(life.product.fulfilment, end) else "Quoted"
            rng.choices((life.change, life.terminate), (85, 15))[0](_recently(now, fate, rng), fate)


def _ends(rng: Random) -> list[str]:
    """What each running agreement comes to: an order under way, an end, or nothing special."""
    special = [fate for fate, count in OPEN.items() for _ in range(count)] + ["ended"] * TERMINATIONS
    ends = special + [""] * (PURCHASES["Completed"] - len(special))
    rng.shuffle(ends)
    return ends


def _spread(counts: dict[str, int], rng: Random) -> list[str]:
    fates = [fate for fate, count in counts.items() for _ in range(count)]
    rng.shuffle(fates)
    return fates


def _deal(deals: list[Deal], fate: str, rng: Random) -> Deal:
    """Who orders what. What the platform fulfils by itself does not stand in Processing."""
    possible = [deal for deal in deals if _allows(deal.product.fulfilment, fate)]
    return rng.choices(possible, [1 if deal.licensee.resale else 2 for deal in possible])[0]


def _allows(fulfilment: str, fate: str) -> bool:
    return fulfilment != "automatic" or fate not in ("Processing", "Querying")


def _begin(now: datetime, fate: str, end: str, rng: Random) -> datetime:
    if fate in RECENT_HOURS:
        return _recently(now, fate, rng)
    most = YEARS_DAYS if fate == "Completed" else YEARS_DAYS // 2
    least = QUIET_DAYS + SETTLED_DAYS if end else SETTLED_DAYS + 2
    return _office_hours(now - timedelta(days=rng.uniform(least, most)), rng)


def _office_hours(moment: datetime, rng: Random) -> datetime:
    """The same day at a time when people work, or the Friday before."""
    moment -= timedelta(days=max(0, moment.weekday() - 4))
    return moment.replace(hour=rng.randint(7, 16), minute=rng.randint(0, 59), microsecond=rng.randrange(1000) * 1000)


def _recently(now: datetime, fate: str, rng: Random) -> datetime:
    return now - timedelta(hours=rng.uniform(*RECENT_HOURS[fate]))
