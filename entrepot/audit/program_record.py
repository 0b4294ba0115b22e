"""Programs write records of their own: what an extension did, beside what the platform tells by itself.

    {"event": "extensions.acme.synchronized", "object": {"id": "SUB-…"}, "summary": "Taken over from {{ source }}.",
     "documents": {"source": "the vendor's portal"}, "type": "Public"}

About a thing that the writer sees, it is told to those who are told of the thing; a Private one to the writer's
account alone. In `summary` and `details` a name in braces stands for what `documents` holds under it.
"""

import re
from functools import cache
from typing import Any

import sqlalchemy as sa

from entrepot.audit.record import RECORD
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import Field, document, enum, text
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.trail import TRACE
from entrepot.kernel.want import Want, among, given

PUBLIC, PRIVATE = "Public", "Private"

_EVENT = re.compile(r"extensions(?:\.[A-Za-z0-9_-]+)+")
_OF_THE_TRAIL = "AUD-1000-"
"""How the ids begin that follow from numbers of the trail."""


def _is_event(value: object) -> list[str]:
    right = _EVENT.fullmatch(str(value))
    return [] if right else ["A program's event begins with extensions., such as extensions.acme.synchronized."]


EVENT = text("event", longest=200, required=True, check=_is_event)
SUMMARY = text("summary", longest=1000)
DETAILS = text("details", longest=10_000)
TYPE = enum("type", f"{PUBLIC} {PRIVATE}")
DOCUMENTS = document("documents", schema={"type": "object"})
OBJECT_ID = text("object.id", longest=100)
OBJECT_NAME = text("object.name", longest=500)
OBJECT_TYPE = text("object.objectType", longest=100)

TAKES = (EVENT, SUMMARY, DETAILS, TYPE, DOCUMENTS, OBJECT_ID, OBJECT_NAME, OBJECT_TYPE)
"""All that a body says; who wrote it, and when, is not for the writer to say."""


def _newest(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """The last that the platform told of the thing."""
    each = RECORD.table.alias()
    last = sa.select(each.c.id).where(each.c.object_id == given("object"), each.c.event.like("platform.%"))
    return row.c.id == last.order_by(each.c.timestamp.desc(), each.c.id.desc()).limit(1).scalar_subquery()


TOLD = {"told": Want(RECORD, _newest, visible=True)}


@cache
def _accounts(noun: Noun) -> dict[str, Want]:
    return {"viewers": Want(noun, lambda row: row.c.id == among("accounts"))}


async def needs(load: Load, call: Call, _: None, body: Body) -> Got:
    """What is told of the thing, as far as the writer reads it, and who will read the record."""
    named = body.dig(call, OBJECT_ID.path)
    got = await load(TOLD, object=named if isinstance(named, str) and "\0" not in named else "")
    got.thing = got.told[0] if got.told else None
    private = str(body.get("type", "")).lower() == PRIVATE.lower()
    got.accounts = sorted({call.caller.account_id, *(got.thing.accounts if got.thing and not private else ())})
    return await load(_accounts(call.nouns["accounts/accounts"]), accounts=got.accounts)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """It is a row of the trail like every other: sealed with them, and told with them."""
    said = {each.name: _said(call, body, each) for each in TAKES}
    if said["event"] is None and "event" not in call.faults:
        call.missing(body.path("event"))
    if said["documents"] is not None and not isinstance(said["documents"], dict):
        call.fault(body.path("documents"), "An object was expected.")
    call.stop_on_faults()
    thing, caller = got.thing, call.caller
    facts = {
        "type": said["type"] or PUBLIC,
        "kind": thing.object_kind if thing else None,
        "owner": thing.object_owner_id if thing else None,
        "objectType": thing.object_type if thing else said["object.objectType"],
        "objectName": said["object.name"],
        "summary": said["summary"],
        "details": said["details"],
        "documents": said["documents"],
        TRACE: call.trace_id or None,
    }
    facts = {name: value for name, value in facts.items() if value is not None}
    record = call.new(
        RECORD,
        id=_draw(call),
        event=said["event"],
        name=said["event"],
        timestamp=call.now,
        type=facts["type"],
        object_kind=facts.get("kind"),
        object_owner_id=facts.get("owner"),
        object_id=said["object.id"],
        object_type=facts.get("objectType"),
        actor_id=caller.identity_id,
        actor_account_id=caller.account_id or None,
        facts=facts,
        accounts=got.accounts,
        scope=thing.scope if thing else None,
        viewers=[_viewer(each) for each in got.viewers],
    )
    call.told[str(record.event)] = got.accounts
    return record


def _said(call: Call, body: Body, each: Field) -> Any:
    found = body.dig(call, each.path)
    given_value = found if isinstance(found, str | dict | list | int | float | bool) else None
    return convert(call, each, body.path(each.name), given_value) if given_value is not None else None


def _draw(call: Call) -> str:
    """An id that no row of the trail has by its number."""
    drawn = call.draw(RECORD, "")
    while drawn.startswith(_OF_THE_TRAIL):
        drawn = call.draw(RECORD, "")
    return drawn


def _viewer(account: Thing) -> dict[str, object]:
    shown = {"id": account.id, "name": account.name, "type": account.type, "icon": account.icon}
    return {name: value for name, value in shown.items() if value is not None}
