"""Calling a webhook: a letter that says who writes, up to three tries, and a note of each call."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import OctKey

from entrepot.kernel.access import Caller, Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Doors, Options
from entrepot.kernel.errors import Missing, Unavailable
from entrepot.kernel.field import flag, integer, moment, ref, text
from entrepot.kernel.identity import SERVICES
from entrepot.kernel.ids import Ids
from entrepot.kernel.letter import Letter, Reply, Unreachable
from entrepot.kernel.noun import Noun
from entrepot.kernel.places import Places
from entrepot.kernel.resource import Action, Resource
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import decode
from entrepot.notifications import webhook
from entrepot.notifications.webhook import WEBHOOK

PLATFORM = Caller(actor="kernel", account_id="", identity_id=SERVICES["kernel"], token_id=SERVICES["kernel"])
ISSUER = "mpt"
TOKEN_S = 300
"""How long a token is good. Source: platform spec 5.1."""

TRIES, BETWEEN_TRIES_S = 3, 1.0
"""Of an answer that says 200 and cannot be read. Source: spec 2.10."""

CALLS_MAX, CALLS_EACH_MAX = 200, 50
"""How many a process has under way at one time, and of these how many to the webhooks of one account."""

ANSWER_BYTES_MAX = 4_000_000
KEPT = 2_000
"""How many characters of an answer, and of its headers, are kept with the call."""

HIDDEN_HEADERS = frozenset(("set-cookie", "set-cookie2", "authorization", "www-authenticate"))
AGENT = "Entrepot-Webhooks/1"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the webhook."""
    owner = WEBHOOK.table.alias()
    return sa.exists().where(owner.c.id == row.c.webhook_id, webhook.sees(owner, who))


WEBHOOK_CALL = Noun(
    name="WebhookCall",
    path="notifications/webhook-calls",
    table_name="webhook_calls",
    ids=Ids("WHC", 4),
    sees=sees,
    order="-callTime",
    trailed=False,
    fields=(
        ref("webhook", "notifications/webhooks"),
        flag("success"),
        moment("callTime"),
        moment("responseTime"),
        integer("httpStatusCode"),
        text("reasonPhrase"),
        text("headers", longest=KEPT),
        text("response", longest=KEPT),
        text("error", longest=KEPT),
        text("object.id"),
        text("object.objectType"),
    ),
)
"""The last hundred of each webhook. The database counts them on the webhook as they come, and lets go of older ones."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a webhook said: an object, or a refusal in its own words, or nothing that could be read, and why."""

    words: Mapping[str, object] | None = None
    refusal: str = ""
    silence: str = ""


def note(call: Call, called: Thing, body: Body, got: Got) -> None:
    """One call more. What its webhook counts of it follows in the database, so that two at once are two."""
    call.new(WEBHOOK_CALL, webhook_id=called.id, **body.raw)


NOTE = Action("note", note, by="kernel", answers=204, alone=True)
"""By the platform alone, so it has no address."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Where calls are noted, and how many may be under way at one time: who is slow keeps nobody else waiting."""

    webhooks: Resource
    places: Places


async def ask(
    doors: Doors, asking: Asking, called: Thing, content: bytes, about: tuple[str, str], seconds: float
) -> Heard:
    """Calls a webhook, within so many seconds in all, and gives what it said.

    `content` is JSON, `about` the kind and id of what it is about.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(asking.places.take(str(called.account_id)))
        except Unavailable:
            return Heard(silence="Too many calls were under way.")
        return await _ask(doors, asking.webhooks, called, content, about, seconds)


async def _ask(
    doors: Doors, resource: Resource, called: Thing, content: bytes, about: tuple[str, str], seconds: float
) -> Heard:
    until = time.monotonic() + seconds
    for attempt in range(1, TRIES + 1):
        began, reply, heard = datetime.now(UTC), None, Heard()
        try:
            reply = await doors.send(_letter(doors, called, content, until - time.monotonic()))
            heard = _heard(reply)
        except Unreachable as fault:
            heard = Heard(silence=fault.words)
        await _note(doors, resource, called, began, reply, heard, about)
        unread = reply is not None and reply.status < 300 and heard.words is None
        if not unread or attempt == TRIES or until - time.monotonic() < BETWEEN_TRIES_S * 2:
            return heard
        await asyncio.sleep(BETWEEN_TRIES_S)
    raise AssertionError("a try always ends")


def _letter(doors: Doors, called: Thing, content: bytes, seconds: float) -> Letter:
    headers = {
        "authorization": f"Bearer {token(called, doors.store.reveal(str(called.secret)), int(time.time()))}",
        "content-type": "application/json",
        "accept": "application/json",
        "user-agent": AGENT,
    }
    return Letter(str(called.url), content, headers, seconds=max(seconds, 0.1), reply_bytes_max=ANSWER_BYTES_MAX)


def token(called: Thing, secret: str, now: int) -> str:
    """By which the receiver knows that it is us: signed with the webhook's secret (platform spec 5.1).

    `now` is real time, in seconds since 1970.
    """
    claims = {
        "iss": ISSUER,
        "aud": urlsplit(str(called.url)).hostname or "",
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_S,
        "webhook_id": called.id,
    }
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(secret.encode()))


def _heard(reply: Reply) -> Heard:
    """200 and an object is an answer; an error with a message is a refusal (spec 2.10); all else says nothing."""
    said = _object(reply)
    if 200 <= reply.status < 300:
        if reply.cut:
            return Heard(silence=f"The answer was longer than {ANSWER_BYTES_MAX} bytes.")
        return Heard(words=said) if said is not None else Heard(silence="The answer was no JSON object.")
    words = said.get("message") if said is not None else None
    named = said is not None and isinstance(said.get("id"), str)
    if isinstance(words, str) and words.strip() and (400 <= reply.status < 500 or (named and reply.status >= 500)):
        return Heard(refusal=words.replace("\0", "")[:4000])
    return Heard(silence=f"The receiver answered {reply.status}.")


def _object(reply: Reply) -> dict[str, object] | None:
    if reply.cut:
        return None
    try:
        found = decode(reply.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def _note(
    doors: Doors,
    resource: Resource,
    called: Thing,
    began: datetime,
    reply: Reply | None,
    heard: Heard,
    about: tuple[str, str],
) -> None:
    """Keeps what came of a call; a webhook that was removed meanwhile has nobody left to tell."""
    kind, thing_id = about
    told: dict[str, object] = {
        "success": heard.words is not None,
        "call_time": began.replace(microsecond=began.microsecond // 1000 * 1000),
        "error": heard.silence or heard.refusal or None,
        "object_id": thing_id,
        "object_object_type": kind,
    }
    if reply is not None:
        ended = datetime.now(UTC)
        told |= {
            "response_time": ended.replace(microsecond=ended.microsecond // 1000 * 1000),
            "http_status_code": reply.status,
            "reason_phrase": _phrase(reply.status),
            "headers": _headers(reply),
            "response": reply.body[:KEPT].decode("utf-8", "replace").replace("\0", "")[:KEPT],
        }
    if told["error"]:
        told["error"] = str(told["error"])[:KEPT]
    with contextlib.suppress(Missing):
        await doors.act(PLATFORM, resource, NOTE, str(called.id), told, Options())


def _phrase(status: int) -> str | None:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return None


def _headers(reply: Reply) -> str:
    lines = [f"{name}: {value}" for name, value in reply.headers.items() if name not in HIDDEN_HEADERS]
    return "\n".join(lines).replace("\0", "")[:KEPT]
