"""Extensions that are made, published and let in, for the tests of several folders."""

import base64
import json
from collections.abc import Callable
from typing import Any

from tests.notifications.receiving import Answer, Got
from tests.party import Api, ok
from tests.serving import Reply, Served
from tests.world import refer

Row = dict[str, Any]
Ask = Callable[..., Reply]

EXTENSIONS, INSTALLATIONS = "/integration/extensions", "/integration/installations"
MARKETPLACE, AUDIT = "MOD-1001", "MOD-1003"


def made(api: Api, who: str = "vendor", **more: Any) -> Row:
    """A new extension, with its key."""
    return ok(api(who).post(EXTENSIONS, {"name": "Meter", "modules": [refer(MARKETPLACE)], **more}))


def published(api: Api, **more: Any) -> Row:
    """One that everybody sees."""
    extension = made(api, **more)
    ok(api("operations").post(f"{EXTENSIONS}/{extension['id']}/publish"))
    return extension


def installed(api: Api, extension: Row, who: str = "vendor", **more: Any) -> Row:
    """It is let in by somebody's account."""
    return ok(api(who).post(INSTALLATIONS, {"extension": refer(extension["id"]), **more}))


def by(served: Served, token: str) -> Ask:
    """Asks with a token, or a key."""

    def ask(method: str, path: str, body: object = None) -> Reply:
        return served.call(None, method, path, body, authorization=f"Bearer {token}")

    return ask


def key_of(served: Served, extension: Row) -> Ask:
    """Asks as the extension itself."""
    return by(served, extension["service"]["secret"])


def claims_of(token: str) -> Row:
    """What a token says, as the SDK reads it: nobody asks whose signature it is."""
    middle = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


# How the program answers ------------------------------------------------------------------------------


def said(got: Got) -> Any:
    """What a letter says."""
    return json.loads(got.raw)


def answer(**document: object) -> Answer:
    """What the program says to a letter."""
    return 200, {"content-type": "application/json"}, json.dumps(document).encode()


def doing(ask: Ask, *verbs: str, **document: object) -> Callable[[Got], Answer]:
    """It does so with the task of each letter, and then says this."""

    def work(got: Got) -> Answer:
        for verb in verbs:
            assert ask("POST", f"/system/tasks/{said(got)['task']['id']}/{verb}").status == 200
        return answer(**document)

    return work
