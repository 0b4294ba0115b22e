"""How a buyer stands with the books of its sellers: known to them or not, told alike or otherwise.

The books are outside. What they say is what operations enters for them: ERP links, and the buyers found there.
Source: platform spec 1.2, whose arrows say which states the ERP leads to; when it does is decided here.
"""

from collections.abc import Iterable, Iterator

from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing

Told = list[dict[str, str]]
"""What a buyer's `errors` say: the path of a field, and what is the matter with it."""


def is_live(link: Thing) -> bool:
    """Whether the seller serves the buyer."""
    return link.status == "Active"


def assign(call: Call, buyer: Thing, link: Thing, *sources: str) -> bool:
    """The books know the buyer: one that waited for that, in one of these states, is active by it."""
    if buyer.status not in sources:
        return False
    call.move(buyer, "assign" if buyer.status == "Unassigned" else "activate", by="kernel")
    call.record("buyer.activated", buyer, erpLink=link.id)
    return True


def settle(call: Call, buyer: Thing, links: Iterable[Thing], changed: Thing | None = None) -> None:
    """What the books say decides: told otherwise it is a mismatch, told alike again it goes on where it was, and
    known to nobody any more it is unassigned.

    `links` are all of the buyer's; `changed` is the one that this command writes. No other may change meanwhile where
    the buyer is moved because of them.
    """
    links = list(links)
    live = [each for each in links if is_live(each)]
    found = [each for link in live for each in differences(buyer, link)]
    before = buyer.status
    if buyer.status == "Mismatch" and not found:
        call.move(buyer, "shelve" if _was_disabled(buyer) else "reconcile", by="kernel")
        call.record("buyer.reconciled", buyer)
    if buyer.status == "Active" and links and not live:
        call.move(buyer, "unassign", by="kernel")
        call.record("buyer.unassigned", buyer)
    if buyer.status in ("Active", "Disabled") and found:
        call.move(buyer, "mismatch", by="kernel")
        call.record("buyer.mismatched", buyer)
    if buyer.status == "Mismatch":
        buyer.errors = found
    elif before == "Mismatch":
        buyer.errors = None
    for each in links:
        if each is not changed and (buyer.status != before or (changed is not None and not is_live(changed))):
            call.rely(each)


def judge(call: Call, buyer: Thing, namesakes: Iterable[Thing]) -> None:
    """A buyer that nobody serves and whose number in the ERP is another's too is in conflict, until it is not."""
    others = [each for each in namesakes if each.id != buyer.id and each.status != "Deleted"]
    if buyer.status == "Unassigned" and others:
        call.move(buyer, "conflict", by="kernel")
        call.record("buyer.conflicted", buyer)
    elif buyer.status == "Conflict" and not others:
        call.move(buyer, "settle", by="kernel")
        call.record("buyer.settled", buyer)
        buyer.errors = None
    if buyer.status == "Conflict":
        buyer.errors = [
            {"id": "externalIds.erpCustomer", "message": f"Buyer {each.id} has this number."} for each in others
        ]


def differences(buyer: Thing, link: Thing) -> Iterator[dict[str, str]]:
    """What a link says of the company that the buyer says otherwise. What it does not say is no difference."""
    said = {"name": link.company_name, **{f"address.{name}": value for name, value in _members(link.address)}}
    known = {"name": buyer.name, **{f"address.{name}": value for name, value in _members(buyer.address)}}
    for path, value in said.items():
        if _plain(value) and _plain(value) != _plain(known.get(path)):
            yield {"id": path, "message": f"ERP link {link.id} says {str(value)[:200]!r}."}


def _members(address: object) -> Iterable[tuple[str, object]]:
    return address.items() if isinstance(address, dict) else ()


def _plain(value: object) -> str:
    """A text as it is compared: without case, and however it is spaced."""
    return " ".join(value.split()).casefold() if isinstance(value, str) else ""


def _was_disabled(buyer: Thing) -> bool:
    """Whether it was disabled, not active, when the mismatch was found."""
    disabled, activated = buyer.audit_disabled_at, buyer.audit_activated_at
    return disabled is not None and (activated is None or disabled > activated)
