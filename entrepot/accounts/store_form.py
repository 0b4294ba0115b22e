"""What a world file may leave out about accounts and people, and how it carries their secrets."""

import re

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.licensee_contact import LICENSEE_CONTACT
from entrepot.accounts.module import MODULE
from entrepot.accounts.seller import SELLER
from entrepot.accounts.user import USER
from entrepot.accounts.user_group import USER_GROUP
from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing

_TOKEN = re.compile(r"idt:(?P<id>TKN[0-9-]+):(?P<secret>[!-~]+)")


def _licensee(licensee: Thing, world: World) -> None:
    inherit(licensee, world.one(BUYER.path, licensee.buyer_id), "account_id")
    if licensee.use_buyer_address is None:
        licensee.use_buyer_address = licensee.address is None


def _contact(contact: Thing, world: World) -> None:
    """Whose it is follows from the licensee."""
    inherit(contact, world.one(LICENSEE.path, contact.licensee_id), "account_id", "buyer_id")


def _user(user: Thing, world: World) -> None:
    """A password comes in as it is, or as the verifier that a dump holds."""
    if user.name is None:
        user.name = " ".join(filter(None, (user.first_name, user.last_name))) or None
    if not user.accounts:
        groups = (world.one(USER_GROUP.path, group_id) for group_id in user.groups)
        user.parts["accounts"] = list(dict.fromkeys(str(each.account_id) for each in groups if each is not None))
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
    Form(ACCOUNT, needs=("type",), keeps=True),
    Form(SELLER),
    Form(MODULE),
    Form(BUYER, needs=("account",), keeps=True),
    Form(USER_GROUP, needs=("account",)),
    Form(USER, _user),
    Form(LICENSEE, _licensee, needs=("buyer", "seller", "account"), keeps=True),
    Form(LICENSEE_CONTACT, _contact, needs=("licensee", "firstName", "lastName", "email")),
    Form(API_TOKEN, _api_token, needs=("account",), follows=("tokenHash",)),
)
