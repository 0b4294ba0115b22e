"""What callers may do: which modules open which rooms, and that nobody hands out more than they have.

The whole of it, as a table: docs/permissions.md.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing

MANAGE: Final = "access-management"
"""The module that makes users, groups, members and tokens one's business. Agents have no such business."""

MARKETPLACE: Final = "marketplace"
"""The module to which the buyers of a group are a restriction; what others open is not held to buyers."""

OPENS: Final[Mapping[str, frozenset[str]]] = {
    MARKETPLACE: frozenset(("catalog", "commerce")),
    MANAGE: frozenset(("accounts",)),
    "account-management": frozenset(("accounts",)),
    "audit": frozenset(("audit",)),
    "billing": frozenset(("billing",)),
    "integration": frozenset(("integration", "system")),
    "notifications": frozenset(("notifications",)),
    "helpdesk": frozenset(("helpdesk",)),
    "programs": frozenset(("program",)),
    "spotlight": frozenset(("spotlight",)),
}
"""Which rooms a module opens, by its code. Another one opens the room that has its code as a name, if there is one."""

ALWAYS_OPEN: Final = frozenset(("accounts",))
"""Open to every caller: each tool begins by reading its own token, and whoever orders must see its licensees."""


def rooms(codes: Iterable[str] | None) -> frozenset[str] | None:
    """The rooms that modules open; None, for all modules, is every room."""
    if codes is None:
        return None
    return ALWAYS_OPEN.union(*(OPENS.get(code.lower(), (code.lower(),)) for code in codes))


def check_modules(call: Call, path: str, account: Thing, modules: Iterable[Thing]) -> None:
    """Each must be one that accounts of this type have."""
    for at, module in enumerate(modules):
        if module.account_types and account.type not in module.account_types:
            call.fault(f"{path}[{at}].id", f"Module {module.id} is not for accounts of type {account.type}.")


def covers_modules(call: Call, modules: Iterable[Thing]) -> bool:
    """Whether the caller has all of these modules; of none at all, which stands for all: whether it has all."""
    codes = call.caller.codes
    found = [str(each.code) for each in modules]
    return codes is None or (bool(found) and codes.issuperset(found))


def covers_group(call: Call, modules: Iterable[Thing], buyers: Iterable[str]) -> bool:
    """Whether the caller has all that a group opens, for all the buyers that it opens it for."""
    found = list(modules)
    if not covers_modules(call, found):
        return False
    reach = call.caller.buyers
    if reach is None or (found and not any(each.code == MARKETPLACE for each in found)):
        return True
    named = list(buyers)
    return bool(named) and set(reach).issuperset(named)
