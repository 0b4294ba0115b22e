"""What follows from what: who is asked, what falls due, who answers it, who is sent what happened. On one screen."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from entrepot.accounts import account_user
from entrepot.accounts.api import OFFERS as ACCOUNTS
from entrepot.accounts.api import VALIDATION as ACCOUNT_VALIDATION
from entrepot.accounts.people_api import EXPIRATION, MEMBERS
from entrepot.accounts.permission import rooms
from entrepot.audit.api import OFFERS as AUDIT
from entrepot.catalog.api import OFFERS as CATALOG
from entrepot.commerce import basket, fulfiller, fulfilment, order_validation, request_validation, subscription
from entrepot.commerce.api import BASKETS, CLOCK, GIVING_UP, ORDERS, PLACING, RENEWAL, SUBSCRIPTIONS
from entrepot.commerce.api import OFFERS as COMMERCE
from entrepot.commerce.api import VALIDATION as ORDER_VALIDATION
from entrepot.commerce.requests_api import VALIDATION as REQUEST_VALIDATION
from entrepot.integration import extension_receiver, installation, schedule
from entrepot.integration.api import EXPIRATION as UNANSWERED
from entrepot.integration.api import FIRING, INSTALLATIONS, SCHEDULES
from entrepot.integration.api import OFFERS as INTEGRATION
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Options, fingerprint
from entrepot.kernel.errors import Invalid, Missing
from entrepot.kernel.identity import SERVICES
from entrepot.kernel.places import Places
from entrepot.kernel.receiver import Kind
from entrepot.kernel.resource import Action, Consult, Resource
from entrepot.notifications import account_validation, webhook_call, webhook_receiver
from entrepot.notifications.api import WEBHOOKS
from entrepot.program.api import OFFERS as PROGRAM
from entrepot.system.api import OVERDUE, TASKS


class Due(Protocol):
    """A row of work that has fallen due."""

    @property
    def id(self) -> int: ...
    @property
    def job(self) -> str: ...
    @property
    def object_id(self) -> str: ...


Job = Callable[[Due], Awaitable[None]]


def act(resource: Resource, action: Action, caller: Caller, refused: Action | None = None) -> Callable[[Doors], Job]:
    """The job that takes a thing through a door of the resource; where content is bad, through that of `refused`.

    A job may run again after it was done, when its process was killed before it could say so: the idempotency key
    makes the door answer as it did then.
    """

    def make(doors: Doors) -> Job:
        async def run(due: Due) -> None:
            options = Options(f"due {due.id}", fingerprint(due.job, due.object_id, "", b""))
            with contextlib.suppress(Missing):
                try:
                    await doors.act(caller, resource, action, due.object_id, None, options)
                except Invalid as fault:
                    if refused is None:
                        raise
                    reason = "; ".join(f"{path}: {' '.join(words)}" for path, words in (fault.errors or {}).items())
                    await doors.act(caller, resource, refused, due.object_id, {"reason": reason}, Options())

        return run

    return make


PLATFORM = Caller(actor="kernel", account_id="", identity_id=SERVICES["kernel"], token_id=SERVICES["kernel"])
"""Who does what time brings about."""

JOBS: dict[str, Callable[[Doors], Job]] = {
    account_user.EXPIRE: act(MEMBERS, EXPIRATION, PLATFORM),
    installation.EXPIRE: act(INSTALLATIONS, UNANSWERED, PLATFORM),
    schedule.FIRE: act(SCHEDULES, FIRING, PLATFORM),
    **{job: act(TASKS, action, PLATFORM) for job, action in OVERDUE.items()},
    fulfiller.JOB: act(ORDERS, fulfilment.FULFIL, fulfilment.FULFILLER),
    basket.PLACE: act(BASKETS, PLACING, PLATFORM, refused=GIVING_UP),
    subscription.RENEW: act(SUBSCRIPTIONS, RENEWAL, PLATFORM),
    **{job: act(ORDERS, action, PLATFORM) for job, action in CLOCK.items()},
}
"""Job name to the function that makes it from the doors."""

PASSING = frozenset((schedule.FIRE,))
"""Jobs of which once makes up for many: a clock that is moved does not stop for them."""

ASKING = webhook_call.Asking(WEBHOOKS, Places(webhook_call.CALLS_MAX, webhook_call.CALLS_EACH_MAX))

CONSULTS: dict[Action, Consult] = {
    ACCOUNT_VALIDATION: account_validation.of_accounts(ASKING),
    ORDER_VALIDATION: order_validation.of_orders(ASKING),
    REQUEST_VALIDATION: request_validation.of_requests(ASKING),
}
"""Action in the middle of which somebody outside is asked, to how that is done."""

FEED = next(each for each in AUDIT if each.followed)

BY_TYPE = {
    each.noun.name: each
    for each in (*ACCOUNTS, *CATALOG, *PROGRAM, *COMMERCE, *INTEGRATION)
    if not each.by and "{" not in each.address
}
"""Where things of a kind are found that events are about."""

RECEIVERS: dict[str, Callable[[Doors], Kind]] = {
    extension_receiver.KIND: lambda doors: extension_receiver.Extensions(doors, FEED, BY_TYPE, PLATFORM, rooms),
    webhook_receiver.KIND: lambda doors: webhook_receiver.Webhooks(doors, FEED, PLATFORM, rooms),
}
"""Kind of receivers of events to the function that makes it from the doors."""
