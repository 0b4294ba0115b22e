"""Who asks, and how their reach becomes part of a statement."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request: an account, and the token or service that speaks for it.

    `named` is the core of the identity, as references to it carry it. `modules` are the rooms that are
    open to it, `codes` the modules that open them; None: all that the account has. `buyers` None: every buyer of the
    account. `narrow`: it may do less than whom it speaks for: so may what
    speaks for somebody in one of several accounts.
    `whole`: it has every module there is, for every buyer.
    """

    actor: str
    account_id: str
    identity_id: str
    token_id: str = ""
    user_id: str = ""
    held_by: str = "service"
    named: str = ""
    modules: frozenset[str] | None = None
    codes: frozenset[str] | None = None
    buyers: tuple[str, ...] | None = None
    narrow: bool = False
    whole: bool = True

    @property
    def who(self) -> "Who":
        """What of the caller shapes a statement: the rest are bound values."""
        return WHO[self.actor, self.buyers is not None]

    def manages(self, code: str) -> bool:
        """Whether it may change what that module is for. An agent manages nothing."""
        return self.held_by != "agent" and (self.codes is None or code in self.codes)

    def bound(self) -> dict[str, object]:
        """Values for the parameters that `Who` names."""
        return {
            "caller_account": self.account_id,
            "caller_buyers": list(self.buyers or ()),
            "caller_rooms": None if self.modules is None else sorted(self.modules),
            "caller_token": self.token_id,
            "caller_user": self.user_id,
            "caller_codes": None if self.codes is None else sorted(self.codes),
            "caller_agent": self.held_by == "agent",
        }


@dataclass(frozen=True, slots=True)
class Who:
    """The caller as a statement sees it: a kind of actor, with the rest as bound parameters."""

    actor: str
    restricted: bool

    @property
    def account(self) -> sa.BindParameter[str]:
        """The caller's account."""
        return sa.bindparam("caller_account", type_=sa.Text())

    @property
    def token(self) -> sa.BindParameter[str]:
        """The token that asks."""
        return sa.bindparam("caller_token", type_=sa.Text())

    @property
    def user(self) -> sa.BindParameter[str]:
        """The person behind the token, if there is one."""
        return sa.bindparam("caller_user", type_=sa.Text())

    @property
    def agent(self) -> sa.BindParameter[bool]:
        """Whether an agent holds the token."""
        return sa.bindparam("caller_agent", type_=sa.Boolean())

    @property
    def codes(self) -> sa.BindParameter[Sequence[str]]:
        """The modules that are open to the caller, by their codes; null for all."""
        return sa.bindparam("caller_codes", type_=ARRAY(sa.Text()))

    def opens(self, path: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Whether the token's modules open the room of a collection."""
        rooms = sa.bindparam("caller_rooms", type_=ARRAY(sa.Text()))
        return sa.or_(rooms.is_(None), sa.func.split_part(path, "/", 1) == sa.any_(rooms))

    def reach(self, buyer: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Whether the buyer is within what the caller's user groups allow."""
        if not self.restricted:
            return sa.true()
        return buyer == sa.any_(sa.bindparam("caller_buyers", type_=ARRAY(sa.Text())))


WHO = {
    (actor, restricted): Who(actor, restricted)
    for actor in ("client", "vendor", "operations", "kernel")
    for restricted in (False, True)
}


def everybody(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Rows that every known caller may see."""
    return sa.true()
