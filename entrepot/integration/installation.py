"""An installation lets an extension act for an account, within some modules: invited to, or by the account itself."""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import AGREEMENTS, SEE_ALL, exists, vendor_unseen
from entrepot.accounts.module import MODULE
from entrepot.accounts.permission import MANAGE, check_modules, covers_modules
from entrepot.integration.extension import EXTENSION, is_open
from entrepot.integration.extension_paper import TERMS
from entrepot.integration.extension_token import account_token
from entrepot.kernel import plain
from entrepot.kernel.access import Caller, Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, computed, document, enum, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.notifications import fault
from entrepot.notifications.fault import fault_fields

EVERY = "client vendor operations"

LIFE = Machine(
    initial="Invited Installed",
    final="Expired Uninstalled",
    moves=(
        #     verb         from                to             by
        move("redeem",    "Invited",           "Installed",   EVERY),
        move("expire",    "Invited",           "Expired",     "kernel"),
        move("uninstall", "Invited Installed", "Uninstalled", EVERY),
    ),
)  # fmt: skip
"""An account that installs for itself needs no invitation. Source: platform spec 9."""

BIRTH = "client:create vendor:create operations:create"
OPEN = "Invited,Installed"
LATER = f"client:create,{OPEN} vendor:create,{OPEN} operations:create,{OPEN}"

EXPIRE = "integration.installation.expire"
PERIODS: Mapping[str, timedelta] = {
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "1m": timedelta(days=30),
    "3m": timedelta(days=91),
    "6m": timedelta(days=182),
    "1y": timedelta(days=365),
}
"""How long an invitation holds."""
USUAL = "14d"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; the account whose it is, and the vendor of the extension."""
    if who.actor in SEE_ALL:
        return sa.true()
    mine = row.c.account_id == who.account
    return sa.or_(mine, row.c.vendor_id == who.account) if who.actor == "vendor" else mine


def _meant(caller: Caller, told: Mapping[str, str]) -> Mapping[str, str]:
    """By `-` an extension names the installation of one account: the one in the query, else its own vendor's."""
    account_id = told.get("account.id") or caller.account_id
    return {
        "extension_id": caller.identity_id,
        "account_id": account_id.replace("\0", ""),
        "status": "Installed",
    }


def _status(installation: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    return installation.status if installation.invitation_validity_period else None


def _url(installation: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    if not installation.invitation_validity_period:
        return None
    code = known.told.get(str(installation.id))
    return f"{LINK}/{installation.id}" + (f"?code={code}" if code else "")


def _code(installation: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    return known.told.get(str(installation.id))


LINK = "/integration/installations"
"""Where an invitation is accepted."""

INSTALLATION = Noun(
    name="Installation",
    path="integration/installations",
    table_name="extension_installations",
    ids=Ids("EXI", 3),
    life=LIFE,
    sees=sees,
    audience=("account_id", "vendor_id"),
    implied=_meant,
    fields=(
        text("name", longest=500, core=True, writes=LATER),
        enum("status", " ".join(LIFE.states), core=True),
        ref("account", "accounts/accounts"),
        ref("extension", "integration/extensions", required=True, writes=BIRTH),
        document("configuration", schema={"type": "object"}, default={}, writes=LATER),
        text("invitation.message", longest=4000, writes=LATER),
        enum("invitation.validity.period", " ".join(PERIODS), writes=BIRTH),
        computed("invitation.status", "status invitation_validity_period", _status, schema={"type": "string"}),
        computed("invitation.url", "id invitation_validity_period", _url, schema={"type": "string"}, secret=True),
        computed("invitation.code", "id", _code, schema={"type": "string"}, secret=True),
        text("invitationHash", longest=100, sees="kernel", filterable=False, untold=True),
        refs("modules", "accounts/modules", writes=LATER),
        refs("terms", "integration/extensions/{extension}/terms"),
        vendor_unseen(),
        *fault_fields(sees="vendor operations"),
        *audited("created", "updated", "invited", "installed", "expired", "uninstalled"),
    ),
)
"""`modules` are what it opens: no more than the extension asks for. `terms` are those that were accepted with it.

The secret of an invitation is told to who invites, in that one answer. Source: platform spec 9.
"""

ACCOUNT_NAMED = ref("account", "accounts/accounts")
CODE = text("code", longest=200)
"""What bodies hold beside the fields that may be written."""


# What verbs need ---------------------------------------------------------------------------------------


def _is_open(row: sa.FromClause) -> sa.ColumnElement[bool]:
    of = sa.and_(row.c.extension_id == given("extension"), row.c.account_id == given("account"))
    return sa.and_(of, is_open(row))


def _is_customer(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Who may be invited: oneself, and who has bought from the one who invites. Operations ask everybody."""
    agreement = AGREEMENTS.alias()
    dealt = exists(agreement, agreement.c.client_id == row.c.id, agreement.c.vendor_id == given("vendor"))
    known = sa.or_(row.c.id == given("vendor"), given("vendor") == "", dealt)
    return sa.and_(row.c.id == given("account"), known)


BESIDE = {
    "extensions": Want(EXTENSION, lambda row: row.c.id == given("extension"), alone=False),
    "accounts": Want(ACCOUNT, _is_customer),
    "modules": Want(MODULE, lambda row: sa.true()),
    "terms": Want(TERMS, lambda row: sa.and_(row.c.extension_id == given("extension"), row.c.status == "Published")),
    "others": Want(INSTALLATION, _is_open),
}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """The extension and its terms, the account, what it has of it, and the modules that there are."""
    account_id = plain.named(body, "account") or call.caller.account_id
    inviter = "" if call.by("operations") else call.caller.account_id
    found = plain.named(body, "extension") or ""
    return _sorted(await load(BESIDE, extension=found, account=account_id, vendor=inviter))


async def beside(load: Load, call: Call, installation: Thing, body: Body | None) -> Got:
    """The same of one that is there."""
    return _sorted(await load(BESIDE, extension=installation.extension_id, account=installation.account_id, vendor=""))


def _sorted(got: Got) -> Got:
    got.modules = {str(each.id): each for each in got.modules}
    return got


# Verbs -------------------------------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """An account installs what it sees; or a vendor invites an account to install its extension.

    The invitation's secret is in the answer alone. It holds for as long as it says, by the business clock.
    """
    named = ("extension", plain.named(body, "extension") or "")
    extension = got.extensions[0] if got.extensions and named_is_seen(call, named[1]) else None
    own = bool(got.accounts) and got.accounts[0].id == call.caller.account_id
    installation = plain.begin(
        call,
        INSTALLATION,
        body,
        status="Installed" if own else "Invited",
        account_id=got.accounts[0].id if got.accounts else None,
        vendor_id=extension.vendor_id if extension is not None else None,
    )
    if not got.accounts:
        call.fault(body.path("account.id"), f"Account {plain.named(body, 'account')!r} was not found.")
    call.stop_on_faults()
    assert extension is not None
    if got.others:
        raise Conflict(f"Extension {extension.id} is {got.others[0].status} in account {installation.account_id}.")
    call.rely(extension)
    installation.name = installation.name or extension.name
    installation.configuration = installation.configuration or {}
    _take_modules(call, installation, extension, body, got)
    if own:
        installation.invitation_message = installation.invitation_validity_period = None
        _install(call, installation, got)
    else:
        _invite(call, installation, extension)
    return installation


def named_is_seen(call: Call, extension_id: str) -> bool:
    """Whether the extension is one that the caller sees; one that is not is a fault of the reference."""
    return (EXTENSION.path, extension_id) in call.visible


def update(call: Call, installation: Thing, body: Body, got: Got) -> None:
    """How it is set up. What it opens is for the account to say."""
    before = list(installation.modules)
    plain.write(call, installation, body)
    installation.configuration = installation.configuration or {}
    if installation.modules == before:
        return
    if installation.status == "Installed" and installation.account_id != call.caller.account_id:
        raise Forbidden(f"What installation {installation.id} opens is for its account to say.")
    _take_modules(call, installation, got.extensions[0], body, got)
    if installation.status == "Installed":
        _require_right(call, installation, got, before)


def redeem(call: Call, installation: Thing, body: Body, got: Got) -> None:
    """The account says yes, perhaps to fewer modules, and with it to the terms of the extension."""
    if installation.account_id != call.caller.account_id:
        raise Forbidden(f"Installation {installation.id} is for another account to accept.")
    call.move(installation, "redeem")
    code = body.get("code")
    if code is not None and not (
        isinstance(code, str) and hmac.compare_digest(call.secrets.digest(code), installation.invitation_hash or "")
    ):
        call.fault(body.path("code"), "This is not the code of the invitation.")
    before = list(installation.modules)
    plain.apply(call, installation, body, "Invited")
    if installation.modules != before:
        _take_modules(call, installation, got.extensions[0], body, got)
    _install(call, installation, got)


def uninstall(call: Call, installation: Thing, body: None, got: None) -> None:
    """The extension may act for the account no more; an invitation is taken back."""
    call.move(installation, "uninstall")


def expire(call: Call, installation: Thing, body: Body, got: None) -> None:
    """Nobody said yes in time."""
    if installation.status == "Invited":
        call.move(installation, "expire")


def miss(call: Call, installation: Thing, body: Body, got: None) -> None:
    """One event is skipped, after days in which the extension took others: both sides are told which."""
    call.record("installation.delivery_failed", installation, delivery=body.get("delivery"))


def make_fault(call: Call, installation: Thing, body: Body, got: None) -> None:
    """In a sandbox its vendor sees how the extension takes it when letters go wrong."""
    if call.by("vendor") and installation.vendor_id != call.caller.account_id:
        raise Forbidden(f"The extension of installation {installation.id} is another account's.")
    fault.make(call, installation, body, got)


def until(installation: Thing, since: datetime) -> datetime:
    """When an invitation ends."""
    return since + PERIODS[str(installation.invitation_validity_period or USUAL)]


def token(call: Call, installation: Thing, body: Body, got: Got) -> dict[str, object]:
    """An extension asks, with its own key, for a token by which it acts for the account for a few minutes."""
    extension = got.extensions[0]
    if call.caller.identity_id != extension.id:
        raise Forbidden("This takes the key of the extension itself.")
    if installation.status != "Installed":
        raise Conflict(f"Installation {installation.id} is {installation.status}.")
    asked = set(extension.modules)
    codes = [str(got.modules[each].code) for each in installation.modules if each in asked and each in got.modules]
    return account_token(call, str(installation.id), extension, got.accounts[0], codes)


# Steps that several verbs share ------------------------------------------------------------------------


def _invite(call: Call, installation: Thing, extension: Thing) -> None:
    if (call.by("vendor") and extension.vendor_id != call.caller.account_id) or call.by("client"):
        raise Forbidden(f"Extension {extension.id} is another account's: it is theirs to invite others.")
    installation.invitation_validity_period = installation.invitation_validity_period or USUAL
    installation.invitation_message = installation.invitation_message or ""
    secret = call.secrets.new()
    installation.invitation_hash = call.secrets.digest(secret)
    call.known.told[str(installation.id)] = secret
    call.due(EXPIRE, installation, until(installation, call.now))


def _install(call: Call, installation: Thing, got: Got) -> None:
    _require_right(call, installation, got, ())
    installation.invitation_hash = None
    call.link(installation, "terms", [str(each.id) for each in got.terms])


def _require_right(call: Call, installation: Thing, got: Got, before: Iterable[str]) -> None:
    """An extension may then do what the account may: so nobody lets it in who may do less."""
    had = set(before)
    new = [got.modules[each] for each in installation.modules if each not in had and each in got.modules]
    caller = call.caller
    if not caller.manages(MANAGE) or caller.buyers is not None or (new and not covers_modules(call, new)):
        raise Forbidden(f"Installation {installation.id} would open more than this token may.")


def _take_modules(call: Call, installation: Thing, extension: Thing, body: Body, got: Got) -> None:
    """Those that the extension asks for, unless others are said; no others than these, and none the account has not."""
    path, asked = body.path("modules"), list(extension.modules)
    if "modules" not in body and installation.is_new:
        fit = [each for each in asked if _is_for(got.modules.get(each), got.accounts[0])]
        call.link(installation, "modules", fit)
    for at, module_id in enumerate(installation.modules):
        if module_id not in asked:
            call.fault(f"{path}[{at}].id", f"Extension {extension.id} does not ask for module {module_id}.")
    check_modules(call, path, got.accounts[0], [got.modules[e] for e in installation.modules if e in got.modules])


def _is_for(module: Thing | None, account: Thing) -> bool:
    return module is not None and (not module.account_types or account.type in module.account_types)
