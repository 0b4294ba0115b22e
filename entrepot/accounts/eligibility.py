"""Whom an offer is meant for: companies that use what they buy, partners that sell it on, or both."""

from entrepot.kernel.field import Field, flag
from entrepot.kernel.thing import Thing

KINDS = ("eligibility_client", "eligibility_partner")


def eligibility(*, writes: str, core: bool = False) -> tuple[Field, ...]:
    """The two flags. On a licensee, `partner` says that a partner resells to it."""
    return (
        flag("eligibility.client", writes=writes, core=core),
        flag("eligibility.partner", writes=writes, core=core),
    )


def fits(offer: Thing, licensee: Thing) -> bool:
    """Whether an offer is meant for the licensee.

    An offer that names nobody is meant for all; a licensee that says nothing uses what it buys.
    """
    offered = [bool(offer.get(kind)) for kind in KINDS]
    wanted = [bool(licensee.get(kind)) for kind in KINDS]
    if all(offer.get(kind) is None for kind in KINDS):
        return True
    if not any(wanted):
        wanted = [True, False]
    return any(given and asked for given, asked in zip(offered, wanted, strict=True))


def meet(one: Thing, other: Thing) -> bool:
    """Whether there may be a licensee that both offers are meant for."""
    return any(_is_for(one, kind) and _is_for(other, kind) for kind in KINDS)


def _is_for(offer: Thing, kind: str) -> bool:
    return bool(offer.get(kind)) or all(offer.get(each) is None for each in KINDS)
