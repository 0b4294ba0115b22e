"""What a world file may leave out about accounts and people, and how it carries their secrets."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from entrepot.accounts.account import ACCOUNT, TRADES_AT_ONCE
from entrepot.accounts.account_user import ACCOUNT_USER, EXPIRE, INVITED_FOR, id_of
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.cloud_tenant import CLOUD_TENANT
from entrepot.accounts.erp_link import ERP_LINK
from entrepot.accounts.identity_provider import IDENTITY_PROVIDER
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.licensee_contact import LICENSEE_CONTACT
from entrepot.accounts.module import MODULE
from entrepot.accounts.seller import SELLER, codes, told_currencies
from entrepot.accounts.user import USER, full_name
from entrepot.accounts.user_group import USER_GROUP
from entrepot.kernel.store_form import Family, Form, World, inherit
from entrepot.kernel.thing import Thing

_TOKEN = re.compile(r"idt:(?P<id>TKN[0-9-]+):(?P<secret>[!-~]+)")


def _account(account: Thing, world: World) -> None:
    """Where nothing is said, it begins as it would over the API: in trade, unless it waits for its discount group."""
    if "status" not in world.given(account) and (account.type in TRADES_AT_ONCE or account.external_id):
        account.now["status"] = "Active"


def _seller(seller: Thing, world: World) -> None:
    """Currencies come in either form; no two sellers have one number."""
    if seller.currencies and not told_currencies(seller.currencies):
        seller.currencies = codes(seller.currencies)
    others = world.all(SELLER.path, "external_id", seller.external_id) if seller.status != "Deleted" else ()
    for each in others:
        if each.id != seller.id and each.status != "Deleted":
            world.fault(seller, "externalId", f"Seller {each.id} has this number.")


def _erp_link(link: Thing, world: World) -> None:
    """Whose it is follows from the buyer. A buyer and a seller are linked once."""
    buyer = world.one(BUYER.path, link.buyer_id)
    inherit(link, buyer, "account_id", "name")
    pair = link.buyer_id, link.seller_id
    there = _link_of(world, *pair) or world.once((ERP_LINK.path, *pair), lambda: link)
    if there.id != link.id:
        world.fault(link, "seller", f"This buyer and this seller are linked already: {there.id}.")


def _link_of(world: World, buyer_id: str, seller_id: str) -> Thing | None:
    linked = world.all(ERP_LINK.path, "buyer_id", buyer_id)
    return next((each for each in linked if each.seller_id == seller_id), None)


def _licensee(licensee: Thing, world: World) -> None:
    """Whose it is follows from the buyer. One that is Active tells that its buyer and its seller are linked."""
    buyer = world.one(BUYER.path, licensee.buyer_id)
    inherit(licensee, buyer, "account_id")
    if licensee.use_buyer_address is None:
        licensee.use_buyer_address = licensee.address is None
    pair = licensee.buyer_id, licensee.seller_id
    if licensee.status == "Active" and buyer is not None and None not in pair and _link_of(world, *pair) is None:
        world.once((ERP_LINK.path, *pair), lambda: _add_link(licensee, buyer, world))


def _add_link(licensee: Thing, buyer: Thing, world: World) -> Thing:
    """A link that the file leaves out. Its number is made of those of the two."""
    link = world.add(ERP_LINK, beside=licensee)
    pair = f"{licensee.buyer_id} {licensee.seller_id}"
    digits = f"{int.from_bytes(sha256(pair.encode()).digest()[:8]) % 10**12:012}"
    link.id = f"ERP-{digits[:4]}-{digits[4:8]}-{digits[8:]}"
    link.now["status"] = "Active"
    link.name, link.account_id = buyer.name, buyer.account_id
    link.buyer_id, link.seller_id = licensee.buyer_id, licensee.seller_id
    return link


def _contact(contact: Thing, world: World) -> None:
    """Whose it is follows from the licensee."""
    inherit(contact, world.one(LICENSEE.path, contact.licensee_id), "account_id", "buyer_id")


def _person(user: Thing | None, members: Mapping[str, list[Thing]], world: World) -> None:
    """A user who names accounts and groups is a member of these, in each with its groups."""
    found = members[ACCOUNT_USER.path]
    if user is not None and user.was is None:
        found = [*found, *_memberships(user, found, world)]
        _user(user, world)
    for member in found:
        if member.status == "Invited":
            since = member.audit_invited_at or member.audit_created_at or world.now
            world.due(EXPIRE, member, since + INVITED_FOR)


def _memberships(user: Thing, found: list[Thing], world: World) -> Iterator[Thing]:
    """Those that stand on the user's own line."""
    groups: dict[str, list[str]] = {str(account_id): [] for account_id in user.accounts}
    for group_id in user.groups:
        group = world.one(USER_GROUP.path, group_id)
        if group is not None:
            groups.setdefault(str(group.account_id), []).append(group_id)
    user.parts["accounts"] = list(groups)
    told = {str(each.account_id) for each in found}
    for account_id, group_ids in groups.items():
        if account_id in told:
            continue
        member = world.add(ACCOUNT_USER, user)
        member.id, member.user_id, member.account_id = id_of(user.id, account_id), user.id, account_id
        member.now["status"] = user.status if user.status in ("Invited", "InvitationExpired") else "Active"
        member.parts["groups"] = group_ids
        yield member


def _user(user: Thing, world: World) -> None:
    """A password comes in as it is, or as the verifier that a dump holds."""
    if user.name is None:
        user.name = full_name(user)
    if user.current_account_id is None and user.accounts:
        user.current_account_id = user.accounts[0]
    password = world.given(user).get("password")
    if user.password_hash is not None:
        if not user.password_hash.startswith("$argon2id$"):
            world.fault(user, "passwordHash", "A verifier of Argon2id was expected.")
    elif isinstance(password, str):
        user.password_hash = world.verifier(password)
    elif password is not None:
        world.fault(user, "password", "A text was expected.")


def _provider(provider: Thing, world: World) -> None:
    """The secret is kept sealed."""
    if provider.client_secret is not None:
        provider.client_secret = world.seal(provider.client_secret)


def _api_token(token: Thing, world: World) -> None:
    """The value is kept twice: sealed, to be given back, and as a hash, to be found by."""
    value = token.token
    found = _TOKEN.fullmatch(value) if value is not None else None
    if value is None:
        world.fault(token, "token", f"A value such as idt:{token.id}:secret is required.")
    elif found is None:
        world.fault(token, "token", f"A value such as idt:{token.id}:secret was expected.")
    elif found["id"] != token.id:
        world.fault(token, "token", f"This is the value of token {found['id']}.")
    else:
        token.token, token.token_hash = world.seal(value), world.digest(found["secret"])


FORMS = (
    Form(ACCOUNT, _account, needs=("type",), keeps=True),
    Form(SELLER, _seller, keeps=True),
    Form(MODULE),
    Form(BUYER, needs=("account",), keeps=True),
    Form(ERP_LINK, _erp_link, needs=("buyer", "seller"), keeps=True),
    Form(CLOUD_TENANT, needs=("name",)),
    Form(USER_GROUP, needs=("account",), keeps=True),
    Family(Form(USER), (Form(ACCOUNT_USER, needs=("user", "account")),), "user", _person),
    Form(LICENSEE, _licensee, needs=("buyer", "seller", "account"), keeps=True),
    Form(LICENSEE_CONTACT, _contact, needs=("licensee", "firstName", "lastName", "email")),
    Form(IDENTITY_PROVIDER, _provider),
    Form(API_TOKEN, _api_token, needs=("account",), follows=("tokenHash",)),
)
