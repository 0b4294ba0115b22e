"""API tokens from the command line."""

from entrepot import app as house
from entrepot.settings import Settings
from entrepot.storage.callers import create_token


async def create(
    settings: Settings, account: str, name: str, modules: tuple[str, ...], user: str | None, held_by: str
) -> str:
    """A new token's whole value."""
    async with house.build(settings) as parts:
        return await create_token(parts.store, account, name, modules, user, held_by)
