"""What is offered about people: users, groups, members of accounts, tokens, and to whom."""

from entrepot.accounts import account_user, api_token, identity_provider, user, user_group
from entrepot.accounts.account_user import ACCOUNT_USER
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.identity_provider import IDENTITY_PROVIDER
from entrepot.accounts.permission import MANAGE
from entrepot.accounts.user import USER
from entrepot.accounts.user_group import EVERY, USER_GROUP
from entrepot.kernel import plain
from entrepot.kernel.field import enum, ref, text
from entrepot.kernel.file import pictured
from entrepot.kernel.resource import Action, Resource, create, remove, update

NOUNS = (USER, USER_GROUP, ACCOUNT_USER, API_TOKEN, IDENTITY_PROVIDER)

_INVITED = (
    text("user.email", longest=320, required=True),
    text("user.firstName", longest=100),
    text("user.lastName", longest=100),
    enum("invitation.status", "Invited"),
)
_CODE = (text("invitation.code", longest=200, required=True),)
_SECRET = (text("clientSecret", longest=1000),)
_NAMED = (ref("id", "accounts/user-groups"),)

EXPIRATION = Action("expire", account_user.expire, by="kernel", loads=account_user.beside)
"""What the clock brings about: it has no address."""

WELCOME = Action("welcome", account_user.welcome, by="kernel", loads=account_user.welcoming)
"""What following the link of an invitation does: its address is a page (http/auth.py)."""


def _members(path: str, by: str = "") -> Resource:
    """The members of accounts, at one of the addresses that they have."""
    beside = account_user.beside
    return Resource(
        ACCOUNT_USER,
        path=path,
        by=by,
        create=create(account_user.invite, by=EVERY, loads=account_user.for_new, takes=_INVITED, needs=MANAGE),
        update=update(account_user.update, by=EVERY, loads=beside, needs=MANAGE),
        remove=remove(account_user.remove, moves="remove", loads=beside, needs=MANAGE),
        actions=(
            Action("groups", account_user.join, by=EVERY, loads=beside, takes=_NAMED, bare="groups", needs=MANAGE),
            Action(
                "groups",
                account_user.regroup,
                by=EVERY,
                loads=beside,
                takes=_NAMED,
                bare="groups",
                needs=MANAGE,
                method="PUT",
            ),
            Action("accept-invite", account_user.accept, moves="accept", loads=beside, takes=_CODE),
            Action("resend-invite", account_user.resend, moves="resend", loads=beside, needs=MANAGE),
            Action("send-new-invite", account_user.renew, moves="renew", loads=beside, needs=MANAGE),
            EXPIRATION,
            WELCOME,
        ),
        summary="People as members of one account: invited, then in some of its groups.",
    )


def _groups(path: str) -> Resource:
    """The groups that a member is in."""
    return Resource(
        USER_GROUP,
        path=f"{path}/groups",
        among=(ACCOUNT_USER, "groups"),
        remove=remove(account_user.leave, by=EVERY, loads=account_user.leaving, needs=MANAGE),
        summary="The groups that a member of an account is in.",
    )


USERS = Resource(
    USER,
    update=update(user.update, by=EVERY, takes_file=pictured("user")),
    remove=remove(user.delete, moves="delete", needs=MANAGE),
    actions=(
        Action("block", user.block, moves="block", needs=MANAGE),
        Action("unblock", user.unblock, moves="unblock release", needs=MANAGE),
        Action(
            "set-password",
            user.set_password,
            by=EVERY,
            loads=user.hashed,
            takes=(text("password", longest=user.PASSWORD_LONGEST, required=True),),
            alone=True,
        ),
        Action("sso", identity_provider.rely_on, by=EVERY, loads=identity_provider.providing),
        *(
            Action(
                "sso-check",
                identity_provider.check,
                by=EVERY,
                loads=identity_provider.providing,
                gives=identity_provider.SSO,
                method=method,
            )
            for method in ("POST", "GET")
        ),
    ),
    picture="icon",
    summary="People who act for an account. One is also found by their e-mail.",
)
MEMBERS = _members("accounts/account-users")

OFFERS = (
    USERS,
    Resource(
        USER_GROUP,
        create=create(user_group.create, by=EVERY, loads=user_group.beside, needs=MANAGE),
        update=update(user_group.update, by=EVERY, loads=user_group.beside, needs=MANAGE),
        remove=remove(user_group.delete, moves="delete", loads=user_group.beside, needs=MANAGE),
        summary="Groups of users: which modules they open, and for which buyers.",
    ),
    _members("accounts/accounts/{account}/users", by="account_id"),
    MEMBERS,
    _members("accounts/{account}/users", by="account_id"),
    _groups("accounts/accounts/{account}/users/{member}"),
    _groups("accounts/account-users/{member}"),
    _groups("accounts/{account}/users/{member}"),
    Resource(
        API_TOKEN,
        create=create(api_token.create, by=EVERY, loads=api_token.beside, needs=MANAGE),
        update=update(api_token.update, by=EVERY, loads=api_token.beside, needs=MANAGE),
        remove=remove(plain.remove, moves="delete", needs=MANAGE),
        actions=(
            Action("disable", plain.step("disable"), moves="disable", needs=MANAGE),
            Action("enable", plain.step("enable"), moves="enable", needs=MANAGE),
        ),
        summary="Keys by which programs act for an account.",
    ),
    Resource(
        IDENTITY_PROVIDER,
        create=create(identity_provider.create, by=EVERY, loads=identity_provider.beside, takes=_SECRET, needs=MANAGE),
        update=update(identity_provider.update, by=EVERY, takes=_SECRET, needs=MANAGE),
        remove=remove(plain.erase, by=EVERY, needs=MANAGE),
        summary="How the people of an account sign in at their own organisation.",
    ),
)
