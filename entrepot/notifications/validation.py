"""A webhook is asked what it makes of something before that goes on (spec 2.10, 5.3): the question, and what follows.

What is asked about is not locked meanwhile. What comes back is written under the rules of whoever owns the webhook, and
the thing says what came of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import exists
from entrepot.catalog.product import PRODUCT, refuses_unvalidated, validated_within
from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Doors, Options
from entrepot.kernel.errors import Conflict, Invalid, Missing, Precondition
from entrepot.kernel.field import Field, enum, moment, text
from entrepot.kernel.identity import SERVICES
from entrepot.kernel.resource import Action, Consult, Question, Resource, Verb
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want
from entrepot.kernel.wire import decode, encode
from entrepot.notifications import webhook_call
from entrepot.notifications.webhook import WEBHOOK, criteria_filter
from entrepot.notifications.webhook_call import PLATFORM, Asking, Heard

OUTCOME = "$outcome"
"""Under which name what came of asking travels with the answer to its verb: no field is called so."""


def validated() -> tuple[Field, ...]:
    """What came of asking, when that was last done (docs/validation.md). Why nobody answered is not the client's."""
    return (
        enum("validation.status", "Valid Invalid Refused Unanswered"),
        moment("validation.at"),
        text("validation.webhook.id", column="validation_webhook_id", sees="vendor operations"),
        text("validation.reason", longest=4000, sees="vendor operations"),
    )


# Who is asked ------------------------------------------------------------------------------------------


def of_product(product_id: sa.ScalarSelect[str], kind: str) -> Want:
    """The webhooks to ask about orders, or requests, for a product: its own vendor's, while that trades."""

    def asked(row: sa.FromClause) -> sa.ColumnElement[bool]:
        product = PRODUCT.table.alias()
        return sa.and_(
            row.c.object_id == product_id,
            enabled(row, kind),
            exists(product, product.c.id == row.c.object_id, product.c.vendor_id == row.c.account_id),
        )

    return Want(WEBHOOK, asked)


def enabled(row: sa.FromClause, kind: str, *more: Callable[[sa.FromClause], sa.ColumnElement[bool]]) -> Any:
    """Those about that kind of object that are enabled, as their accounts are. `more` is asked of the account."""
    account = ACCOUNT.table.alias()
    return sa.and_(
        row.c.object_type == sa.literal_column(f"'{kind}'"),
        row.c.status == sa.literal_column("'Enabled'"),
        exists(
            account,
            account.c.id == row.c.account_id,
            account.c.status != sa.literal_column("'Disabled'"),
            *(each(account) for each in more),
        ),
    )


async def concerns(doors: Doors, owner: Caller, resource: Resource, webhook: Thing, thing_id: str) -> bool:
    """Whether the webhook's further criteria are met by the thing, as the webhook's owner sees it."""
    further = criteria_filter(webhook)
    if not further:
        return True
    found = await doors.search(owner, resource, f"eq(id,{thing_id})&{quote(further)}&limit=0")
    meta: Any = found["$meta"]
    return meta["pagination"]["total"] == 1


# What is asked -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: about what, as it was then, of which webhook, for how many seconds in all.

    `refuses`: without an answer the action is refused; else all stays as it was given.
    """

    resource: Resource
    thing: Thing
    webhook: Thing
    content: bytes
    seconds: float
    refuses: bool = False


async def to_vendor(
    doors: Doors,
    resource: Resource,
    thing: Thing,
    webhook: Thing,
    product: Thing,
    shown: bytes,
    bare: Callable[..., Any],
) -> Question | None:
    """The question to a product's vendor, on the product's terms; None where the webhook is not about such a thing.

    `shown` selects what the vendor is shown, and `bare` takes away what it objected to before: what it sends back
    would be an objection anew.
    """
    vendor = Caller("vendor", str(webhook.account_id), SERVICES["validation"], token_id=SERVICES["validation"])
    if not await concerns(doors, vendor, resource, webhook, str(thing.id)):
        return None
    answer = await doors.get(vendor, resource, str(thing.id), shown)
    content = encode(bare(decode(answer.body)))
    asked = Asked(resource, thing, webhook, content, validated_within(product), refuses_unvalidated(product))
    return Question(vendor, thing.revision, asked)


async def ask(doors: Doors, asking: Asking, asked: Asked) -> Heard:
    """Calls the webhook, and gives what it said."""
    about = asked.resource.noun.name, str(asked.thing.id)
    return await webhook_call.ask(doors, asking, asked.webhook, asked.content, about, asked.seconds)


def refusal(asked: Asked, words: str) -> Invalid:
    """The webhook's own words, for who asked."""
    return Invalid({asked.resource.noun.word: [words]}, words)


# What follows ------------------------------------------------------------------------------------------


def consult(
    asking: Asking,
    prepare: Callable[..., Any],
    copied: Iterable[str],
    take: Verb,
    objected: Callable[..., bool],
    told: Verb | None = None,
) -> Consult:
    """How a vendor is asked to validate what is kept.

    `copied` is what is taken of an answer, `take` the verb that writes it, `objected` whether something is wrong then.
    `told` makes the document of an action that gives one.
    """

    async def put(doors: Doors, question: Question) -> object:
        asked: Asked = question.content  # pyright: ignore[reportAssignmentType]
        heard = await ask(doors, asking, asked)
        if heard.words is not None:
            said = Body(heard.words)
            return {name: said.get(name) for name in copied if name in said} | {OUTCOME: _outcome(asked)}
        if heard.refusal:
            await _note(doors, asked, _outcome(asked, "Refused", heard.refusal))
            raise refusal(asked, heard.refusal)
        return await _unanswered(doors, asked, heard.silence)

    def apply(call: Call, thing: Thing, body: Body, got: Got) -> object:
        outcome: Any = body.get(OUTCOME)
        if "status" not in outcome:
            take(call, thing, body, got)
            outcome = {**outcome, "status": "Invalid" if objected(thing) else "Valid"}
        _tell(call, thing, outcome)
        return told(call, thing, body, got) if told is not None else None

    async def instead(doors: Doors, question: Question, fault: Invalid) -> object:
        """An answer that cannot be written is as good as none; its faults are for the vendor, not for who asks."""
        told = "; ".join(f"{path}: {' '.join(words)}" for path, words in fault.errors.items())
        asked: Asked = question.content  # pyright: ignore[reportAssignmentType]
        return await _unanswered(doors, asked, f"The answer could not be taken: {told}"[:4000])

    return Consult(prepare, put, apply, instead)


async def _unanswered(doors: Doors, asked: Asked, reason: str) -> object:
    """The product says what follows: all stays as it was given, or the validation is refused. Raises Conflict."""
    outcome = _outcome(asked, "Unanswered", reason)
    if asked.refuses:
        await _note(doors, asked, outcome)
        word = asked.resource.noun.word
        raise Conflict(f"The vendor could not be asked to validate the {word}; try again later.")
    return {OUTCOME: outcome}


def _outcome(asked: Asked, *came: str) -> dict[str, object]:
    return {"webhook": asked.webhook.id, **dict(zip(("status", "reason"), came, strict=False))}


def _tell(call: Call, thing: Thing, outcome: Mapping[str, Any]) -> None:
    thing.validation_status, thing.validation_at = outcome["status"], call.now
    thing.validation_webhook_id, thing.validation_reason = outcome["webhook"], outcome.get("reason")


def note(call: Call, thing: Thing, body: Body, got: Got) -> None:
    """Why nothing came of asking the vendor, where the validation is refused for it."""
    _tell(call, thing, body.raw)


NOTE = Action("note validation", note, by="kernel", answers=204, alone=True)
"""By the platform alone, so it has no address."""


async def _note(doors: Doors, asked: Asked, outcome: Mapping[str, object]) -> None:
    """What changed meanwhile is another thing: nothing is told of it."""
    options = Options(if_match=f'"{asked.thing.revision}"')
    try:
        await doors.act(PLATFORM, asked.resource, NOTE, str(asked.thing.id), outcome, options)
    except (Missing, Precondition, Conflict):
        return
