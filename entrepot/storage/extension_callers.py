"""Who asks as an extension: by its own key, or by a token that it got with it for the account of an installation."""

import re
from typing import Any, Final

import asyncpg

from entrepot.kernel.access import Caller
from entrepot.storage.vault import Vault, digest

API: Final = "api"
OWN_ROOMS: Final = frozenset(("integration", "system"))
"""Open to each extension by its key, whatever its modules: there it tells of itself, and of its tasks."""

_BEARER = re.compile(r"(?i:bearer) +([!-~]{16,2000})")
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")

_ASKED = "array(select c.code from extensions_modules l join modules c on c.id = l.target_id where l.owner_id = e.id)"
_GRANTED = """array(select c.code from extension_installations_modules l
    join extensions_modules m on m.owner_id = e.id and m.target_id = l.target_id
    join modules c on c.id = l.target_id where l.owner_id = i.id)"""
_NAMED = "(select d.core from identities d where d.id = e.id)"
_ACCOUNT = "a.id as account_id, a.type"

_BY_KEY = f"""
select e.id, e.secret_hash, {_ACCOUNT}, {_ASKED} as codes, {_NAMED} as named
from extensions e join accounts a on a.id = e.vendor_id
where {{what}} = $1 and e.status <> 'Deleted' and a.status in ('Enabled', 'Active')
"""
_BY_INSTALLATION = f"""
select e.id, e.secret_hash, {_ACCOUNT}, {_GRANTED} as codes, {_NAMED} as named
from extension_installations i join extensions e on e.id = i.extension_id join accounts a on a.id = i.account_id
    join accounts v on v.id = e.vendor_id
where i.id = $1 and i.status = 'Installed' and e.status <> 'Deleted' and a.status in ('Enabled', 'Active')
    and v.status in ('Enabled', 'Active')
"""


class ExtensionCallers:
    """Finds them. An installation that has ended, or a key that was replaced, opens nothing more, nor does a
    program whose vendor trades no more."""

    def __init__(self, vault: Vault):
        self._vault = vault

    def value(self, authorization: str) -> str | None:
        """What may be a key or a token of an extension; None for what can be none."""
        found = _BEARER.fullmatch(authorization)
        return None if found is None or found[1].startswith("idt:") else found[1]

    async def find(self, conn: Any, value: str) -> Caller | None:
        """The caller; None for an unknown key, and for a token that is not ours, has ended, or was taken back."""
        if _TOKEN.fullmatch(value):
            return await self._by_token(conn, value)
        row = await conn.fetchrow(_BY_KEY.format(what="e.secret_hash"), digest(value))
        return None if row is None else _caller(row, row["id"], OWN_ROOMS)

    async def _by_token(self, conn: Any, value: str) -> Caller | None:
        claims = self._vault.claimed(value, API)
        if claims is None:
            return None
        subject = str(claims["sub"])
        own = subject.startswith("EXT-")
        row = await conn.fetchrow(_BY_KEY.format(what="e.id") if own else _BY_INSTALLATION, subject)
        if row is None or claims.get("key") != (row["secret_hash"] or "")[:16]:
            return None
        return _caller(row, subject, OWN_ROOMS if own else frozenset())


def _caller(row: asyncpg.Record, subject: str, rooms: frozenset[str]) -> Caller:
    """No module stands for none here: an extension opens what was said, and nothing more."""
    return Caller(
        actor=row["type"].lower(),
        account_id=row["account_id"],
        identity_id=row["id"],
        token_id=subject,
        held_by="service",
        named=row["named"] or "",
        modules=rooms,
        codes=frozenset(row["codes"]),
        narrow=True,
        whole=False,
    )
