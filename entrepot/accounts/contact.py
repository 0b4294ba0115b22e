"""Whom to ask at a company."""

from entrepot.kernel.field import Field, ref, text


def contact(*, writes: str, core: bool = False) -> tuple[Field, ...]:
    """The fields of a contact; `core`: its name travels in references to the company."""
    return (
        text("contact.name", longest=201, writes=writes, core=core),
        text("contact.firstName", longest=100, writes=writes),
        text("contact.lastName", longest=100, writes=writes),
        text("contact.email", longest=320, writes=writes),
        text("contact.phone.prefix", longest=10, writes=writes),
        text("contact.phone.number", longest=50, writes=writes),
        ref("contact.user", "accounts/users", writes=writes),
    )
