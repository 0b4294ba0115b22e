"""Who may do what in the demo world: modules, user groups, users and API tokens."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from entrepot.demo.companies import (
    ACCOUNTS,
    BRENNHOLT,
    FOUNDER,
    HALVORNE,
    OPERATIONS,
    PELLWORTH,
    QUILLMERE,
    STENVIK,
    Account,
)
from entrepot.demo.customers import BUYERS
from entrepot.demo.world_file import Line, audit, line, months_later, ref

EVERYBODY = ("Operations", "Vendor", "Client")


class Module(NamedTuple):
    """A part of the platform that groups and tokens open."""

    id: str
    code: str
    name: str
    description: str
    account_types: tuple[str, ...] = EVERYBODY


MODULES = (
    Module("MOD-0478", "marketplace", "Marketplace", "Products, orders, agreements and subscriptions."),
    Module("MOD-1756", "access-management", "Access Management", "Users, groups and API tokens."),
    Module("MOD-9042", "account-management", "Account Management", "The account, its buyers and licensees."),
    Module("MOD-1239", "audit", "Audit", "Who did what, and when."),
    Module("MOD-4525", "billing", "Billing", "Journals, statements and invoices."),
    Module("MOD-8352", "integration", "Integration", "Extensions and their installations."),
    Module("MOD-8743", "notifications", "Notifications", "Messages, subscribers and webhooks."),
    Module("MOD-2614", "helpdesk", "Helpdesk", "Cases and chats."),
    Module("MOD-3907", "programs", "Programs", "Vendor programs, enrolments and certificates."),
    Module("MOD-6180", "spotlight", "Spotlight", "What needs attention today.", ("Operations", "Client")),
)

SERVICE_DESK = "UGR-3000-0011"
"""The group that sees one buyer only: Brennholt's service company."""


class User(NamedTuple):
    """A person, and the account and group they belong to."""

    id: str
    account: str
    first: str
    last: str
    email: str
    culture: str = "en-GB"
    group: str = ""


USERS = (
    User(FOUNDER, OPERATIONS, "Wietske", "van Dalen", "wietske.vandalen@tesselkade.example", "nl-NL"),
    User("USR-1000-0002", OPERATIONS, "Callum", "Ferris", "callum.ferris@tesselkade.example"),
    User("USR-2000-0001", HALVORNE, "Ebba", "Lindqvist", "ebba.lindqvist@halvorne.example", "sv-SE"),
    User("USR-2000-0002", HALVORNE, "Rasmus", "Toivonen", "rasmus.toivonen@halvorne.example", "sv-SE"),
    User("USR-2000-0003", QUILLMERE, "Imogen", "Hartley", "imogen.hartley@quillmere.example"),
    User("USR-3000-0001", BRENNHOLT, "Jana", "Weidner", "jana.weidner@brennholt.example", "de-DE"),
    User(
        "USR-3000-0002",
        BRENNHOLT,
        "Tomasz",
        "Kowalczyk",
        "tomasz.kowalczyk@brennholt.example",
        "de-DE",
        SERVICE_DESK,
    ),
    User("USR-3000-0003", PELLWORTH, "Folake", "Oyelaran", "folake.oyelaran@pellworth.example", "en-US"),
    User("USR-3000-0004", PELLWORTH, "Dale", "Marchetti", "dale.marchetti@pellworth.example", "en-US"),
    User("USR-3000-0005", STENVIK, "Nils", "Ahlberg", "nils.ahlberg@stenvik.example", "de-DE"),
    User("USR-3000-0006", STENVIK, "Priya", "Reynolds", "priya.reynolds@stenvik.example", "en-US"),
)


class Token(NamedTuple):
    """An API token: `role` is what the demo calls it."""

    id: str
    role: str
    account: str
    name: str
    held_by: str


TOKENS = (
    Token("TKN-1000-0001", "operations", OPERATIONS, "Operations desk", "person"),
    Token("TKN-2000-0001", "vendor", HALVORNE, "Halvorne fulfilment", "service"),
    Token("TKN-2000-0002", "vendor 2", QUILLMERE, "Quillmere fulfilment", "service"),
    Token("TKN-3000-0001", "client", BRENNHOLT, "Brennholt procurement", "person"),
    Token("TKN-3000-0002", "client 2", PELLWORTH, "Pellworth procurement", "person"),
    Token("TKN-3000-0003", "client 3", STENVIK, "Stenvik partner portal", "service"),
)


LOGINS = {FOUNDER: "operations", "USR-2000-0001": "vendor", "USR-3000-0001": "client", "USR-3000-0002": "one buyer"}
"""Who signs in with a password, and what the demo calls them."""


def administrators(account: str) -> str:
    """The default group of an account."""
    return f"UGR-{account.partition('-')[2]}"


def people(now: datetime, secrets: Callable[[], str]) -> Iterator[Line]:
    """Modules, groups, users, and a token for each account."""
    opened = months_later(now, -28)
    for module in MODULES:
        yield line(
            "accounts/modules",
            module.id,
            code=module.code,
            name=module.name,
            description=module.description,
            accountTypes=list(module.account_types),
            isEnabledByDefault=True,
            isConfigurable=True,
            paid=False,
        )
    yield from _groups(opened)
    for token in TOKENS:
        yield line(
            "accounts/api-tokens",
            token.id,
            name=token.name,
            description="Made for the demo world.",
            account=ref(token.account),
            modules=_modules_of(_account(token.account)),
            status="Active",
            token=f"idt:{token.id}:{secrets()}",
            heldBy=token.held_by,
            audit=audit({"created": (opened, FOUNDER)}),
        )
    yield from _users(opened, secrets)


def signatory(user_id: str) -> Line:
    """A user as the one who accepted terms."""
    user = next(each for each in USERS if each.id == user_id)
    name = f"{user.first} {user.last}"
    return {"id": user.id, "name": name, "firstName": user.first, "lastName": user.last, "email": user.email}


def token_values(lines: Iterable[Line]) -> dict[str, str]:
    """The token values of a world by role: client, vendor, operations, vendor 2, client 2, client 3."""
    roles = {token.id: token.role for token in TOKENS}
    return {
        roles[str(each["id"])]: str(each["token"])
        for each in lines
        if each["$kind"] == "accounts/api-tokens" and each["id"] in roles
    }


def logins(lines: Iterable[Line]) -> dict[str, tuple[str, str]]:
    """E-mail and password of those who sign in, by role."""
    return {
        LOGINS[str(each["id"])]: (str(each["email"]), str(each["password"]))
        for each in lines
        if each["$kind"] == "accounts/users" and each["id"] in LOGINS
    }


def _groups(opened: datetime) -> Iterator[Line]:
    for account in ACCOUNTS:
        yield line(
            "accounts/user-groups",
            administrators(account.id),
            name="Administrators",
            description="Everything that the account may do.",
            account=ref(account.id),
            modules=_modules_of(account),
            isDefault=True,
            audit=audit({"created": (opened, FOUNDER)}),
        )
    yield line(
        "accounts/user-groups",
        SERVICE_DESK,
        name="Service desk Leipzig",
        description="Orders for the service company, and sees nothing of the parent.",
        account=ref(BRENNHOLT),
        modules=[ref("MOD-0478")],
        buyers=[ref(BUYERS[1].id)],
        isDefault=False,
        audit=audit({"created": (opened, "USR-3000-0001")}),
    )


def _users(opened: datetime, secrets: Callable[[], str]) -> Iterator[Line]:
    for user in USERS:
        password = {"password": secrets()} if user.id in LOGINS else {}
        yield line(
            "accounts/users",
            user.id,
            firstName=user.first,
            lastName=user.last,
            name=f"{user.first} {user.last}",
            email=user.email,
            status="Active",
            settings={"cultureCode": user.culture, "languageCode": user.culture[:2]},
            accounts=[ref(user.account)],
            currentAccount=ref(user.account),
            groups=[ref(user.group or administrators(user.account))],
            audit=audit({"created": (opened, FOUNDER)}),
            **password,
        )


def _modules_of(account: Account) -> list[Line]:
    return [ref(module.id) for module in MODULES if account.type in module.account_types]


def _account(id: str) -> Account:
    return next(account for account in ACCOUNTS if account.id == id)
