"""An identity provider is an organisation's own way to sign its people in, by OpenID Connect."""

import re

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.user import MEMBERS, USER, require_managed, works_here_alone
from entrepot.accounts.user_group import EVERY
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, document, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

DOMAINS_MAX = 20
DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
ISSUER = re.compile(r"https?://[^\s?#]{1,500}")


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor its own."""
    return sa.true() if who.actor in SEE_ALL else row.c.account_id == who.account


def check_domains(value: object) -> list[str]:
    """What is wrong with a list of domains, in lower case."""
    if not isinstance(value, list) or len(value) > DOMAINS_MAX:
        return [f"A list of at most {DOMAINS_MAX} domains was expected."]
    wrong = [each for each in value if not isinstance(each, str) or not DOMAIN.fullmatch(each)]
    return ["Domains such as example.com were expected, in lower case."] if wrong else []


def check_issuer(value: object) -> list[str]:
    """What is wrong with the address of a provider."""
    return [] if isinstance(value, str) and ISSUER.fullmatch(value) else ["An address such as https://… was expected."]


IDENTITY_PROVIDER = Noun(
    name="IdentityProvider",
    path="accounts/accounts/{account}/identity-provider",
    table_name="identity_providers",
    ids=Ids("IDP", 2),
    owner="account",
    single=True,
    sees=sees,
    audience=("account_id",),
    fields=(
        ref("account", "accounts/accounts"),
        text("issuer", longest=510, required=True, check=check_issuer, writes=EVERY),
        text("clientId", longest=500, required=True, writes=EVERY),
        text("clientSecret", longest=2000, sees="kernel", secret=True, filterable=False),
        # The platform asks at that address: operations have looked at it.
        flag("enabled", default=False, writes="operations"),
        # Whose e-mails end so is this organisation's to say: operations have made sure of it.
        document(
            "domains",
            check=check_domains,
            default=[],
            schema={"type": "array", "items": {"type": "string"}, "examples": [["example.com"]]},
            writes="operations",
        ),
        *audited("created", "updated"),
    ),
)


EXISTING = {"providers": Want(IDENTITY_PROVIDER, lambda row: row.c.account_id == given("account_id"))}


async def beside(load: Load, call: Call, _: None, body: Body) -> Got:
    """Whether there is one already."""
    return await load(EXISTING, account_id=call.owner_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """People of the account sign in at their own organisation, once operations have entered domains and enabled it."""
    if got.providers:
        raise Conflict("This account has an identity provider already.")
    provider = plain.begin(call, IDENTITY_PROVIDER, body)
    _take_secret(call, provider, body)
    return provider


def update(call: Call, provider: Thing, body: Body, got: None) -> None:
    """Where people are sent, and as whom the platform asks there. The client secret is never given back.

    Another issuer is for operations to enable anew.
    """
    issuer = provider.issuer
    plain.write(call, provider, body)
    if provider.issuer != issuer and not call.by("operations"):
        provider.enabled = False
    _take_secret(call, provider, body)


def _take_secret(call: Call, provider: Thing, body: Body) -> None:
    if "clientSecret" not in body:
        return
    secret = body.get("clientSecret")
    if secret is not None and not isinstance(secret, str):
        call.fault(body.path("clientSecret"), "A text was expected.")
    elif secret is not None and len(secret) > 1000:
        call.fault(body.path("clientSecret"), "At most 1000 characters are allowed.")
    else:
        provider.client_secret = call.secrets.seal(secret) if secret else None


# Whom it signs in -------------------------------------------------------------------------------------


def _of_person(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Enabled, for an account of the person, and for e-mails such as theirs."""
    member, user = MEMBERS.alias(), USER.table.alias()
    domain = sa.func.split_part(sa.func.lower(user.c.email), "@", 2)
    joined = sa.select(sa.literal_column("1")).select_from(member.join(user, user.c.id == member.c.user_id))
    mine = joined.where(
        user.c.id == given("user_id"),
        member.c.account_id == row.c.account_id,
        member.c.status != "Removed",
        row.c.domains.op("?")(domain),
    )
    return sa.and_(row.c.enabled, mine.correlate(row).exists())


PROVIDING = {"providers": Want(IDENTITY_PROVIDER, _of_person)}
SSO = {
    "type": "object",
    "required": ["id", "sso"],
    "properties": {"id": {"type": "string"}, "sso": {"type": "boolean"}},
    "examples": [{"id": "USR-1234-5678", "sso": True}],
}


async def providing(load: Load, call: Call, user: Thing, body: Body | None) -> Got:
    """The organisations that sign the person in."""
    return await load(PROVIDING, user_id=user.id)


def check(call: Call, user: Thing, body: Body, got: Got) -> dict[str, object]:
    """Whether an organisation signs the person in."""
    return {"id": user.id, "sso": bool(got.providers)}


def rely_on(call: Call, user: Thing, body: Body, got: Got) -> None:
    """From now on the person signs in at their organisation alone: their password is no more."""
    require_managed(call, user)
    if call.caller.narrow and not works_here_alone(call, user):
        raise Forbidden(f"User {user.id} also works for others: this is for that person, signed in by password.")
    if not got.providers:
        raise Conflict(f"No organisation signs user {user.id} in yet.")
    user.password_hash = None
    call.record("user.password_removed", user)
