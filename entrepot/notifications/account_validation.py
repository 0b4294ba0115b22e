"""Operations validate accounts: a draft of one is shown to a webhook of theirs, which says what is wrong with it.

Nothing of a draft is kept, so nothing of the answer is either (platform spec 1.1).
"""

from typing import Any

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.catalog.product import VALIDATED_WITHIN_S
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Answer, Doors
from entrepot.kernel.resource import Consult, Question, Resource
from entrepot.kernel.shape import Known
from entrepot.kernel.want import Want, given
from entrepot.kernel.wire import decode, encode
from entrepot.notifications import validation
from entrepot.notifications.validation import Asked
from entrepot.notifications.webhook import WEBHOOK
from entrepot.notifications.webhook_call import PLATFORM, Asking

ERRORS_MAX = 100
MESSAGE_MAX = 4_000


def _of_operations(account: sa.FromClause) -> sa.ColumnElement[bool]:
    return account.c.type == sa.literal_column("'Operations'")


WANTS = {
    "accounts": Want(ACCOUNT, lambda row: row.c.id == given("account_id")),
    "webhooks": Want(WEBHOOK, lambda row: validation.enabled(row, ACCOUNT.name, _of_operations), alone=False),
}


def of_accounts(asking: Asking) -> Consult:
    """How it is asked when a draft of an account is validated. Without an answer the draft is given back as it was."""

    async def ask(doors: Doors, question: Question) -> object:
        asked, draft = _read(question)
        heard = await validation.ask(doors, asking, asked)
        if heard.refusal:
            raise validation.refusal(asked, heard.refusal)
        return draft | {"errors": [*draft["errors"], *_errors((heard.words or {}).get("errors"))]}

    return Consult(prepare, ask)


async def prepare(doors: Doors, caller: Caller, resource: Resource, account_id: str, first: Answer) -> Question | None:
    """The question: the draft as it would become. What we find wrong with it ourselves is not theirs to say again.

    Of several webhooks that are about such an account the oldest is asked. Criteria are about the account as it is.
    """
    async with doors.store.session() as session:
        found = await session.gather(PLATFORM, WANTS, {"account_id": account_id}, Known())
    account = found["accounts"][0]
    for webhook in sorted(found["webhooks"], key=lambda each: (each.audit_created_at, each.id)):
        if await validation.concerns(doors, caller, resource, webhook, account_id):
            draft: Any = decode(first.body)
            content = encode({name: value for name, value in draft.items() if name != "errors"})
            asked = Asked(resource, account, webhook, content, VALIDATED_WITHIN_S)
            return Question(caller, account.revision, (asked, draft))
    return None


def _read(question: Question) -> tuple[Asked, dict[str, Any]]:
    return question.content  # pyright: ignore[reportReturnType]


def _errors(said: object) -> list[dict[str, object]]:
    """Errors as accounts tell them (`accounts/validation.py`). What is none is passed over."""
    entries = said[:ERRORS_MAX] if isinstance(said, list) else []
    return [found for each in entries if isinstance(each, dict) and (found := _error(each))]


def _error(said: dict[str, object]) -> dict[str, object] | None:
    message = said.get("message")
    if not isinstance(message, str) or not 0 < len(message.strip()) <= len(message) <= MESSAGE_MAX:
        return None
    kinds = {"id": str, "parameters": dict}
    return {name: said[name] for name, kind in kinds.items() if isinstance(said.get(name), kind)} | {"message": message}
