"""Settings: one frozen object, read once from the environment and the command line, and handed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

HEADS = "heads.jsonl"
"""The file of signed heads beside the data of an embedded database."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each is also an environment variable `ENTREPOT_<NAME>` and a flag of the same name (docs/settings.md)."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("entrepot-data")
    database_url: str = ""
    secret_key: str = ""
    heads: str = ""
    sandbox: bool = False
    work: bool = True
    pool_size: int = 16
    body_bytes_max: int = 1_000_000
    files: str = ""
    files_endpoint: str = ""
    files_region: str = ""
    files_key_id: str = ""
    files_secret: str = ""
    metrics_public: bool = False
    allow_private_calls: bool = False
    pax8_port: int | None = None
    pax8_calls_per_minute: int = 1000

    @property
    def heads_file(self) -> Path | None:
        """Where the signed heads of the trail are kept outside the database; None for nowhere."""
        if self.heads:
            return Path(self.heads)
        return self.data / HEADS if self.embedded else None

    @property
    def embedded(self) -> bool:
        """Whether the database is our own, in the data folder."""
        return not self.database_url


class SettingFault(Exception):
    """A setting that cannot be used, with what to do about it."""


def read_settings(environment: Mapping[str, str] | None = None, **flags: object) -> Settings:
    """Flags go before the environment, and that before the defaults. Raises SettingFault."""
    environment = os.environ if environment is None else environment
    found: dict[str, object] = {}
    for each in fields(Settings):
        name = f"ENTREPOT_{each.name.upper()}"
        value = flags.get(each.name)
        if value is None and name in environment:
            value = _convert(name, each.type, environment[name])
        if value is not None:
            found[each.name] = value
    settings = Settings(**found)  # pyright: ignore[reportArgumentType]
    if settings.database_url and not settings.secret_key:
        raise SettingFault(
            "ENTREPOT_SECRET_KEY must be set with --database-url: it encrypts the secrets in the database. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return settings


def _convert(name: str, kind: object, value: str) -> object:
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[
                value.strip().lower()
            ]
        if kind in (int, int | None):
            return int(value)
    except (KeyError, ValueError):
        raise SettingFault(f"{name}={value!r} cannot be read as {getattr(kind, '__name__', kind)}.") from None
    return Path(value) if kind is Path else value
