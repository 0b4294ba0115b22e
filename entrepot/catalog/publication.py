"""How what a vendor offers comes to be seen: drafted, reviewed by the distributor, published, withdrawn."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Action

LIFE = Machine(
    initial="Draft",
    final="Deleted",
    moves=(
        #     verb         from                   to             by
        move("review",    "Draft Unpublished",   "Pending",     "vendor"),
        move("publish",   "Pending Unpublished", "Published",   "operations"),
        move("unpublish", "Published",           "Unpublished", "vendor operations"),
        move("delete",    "Draft",               "Deleted",     "vendor operations"),
    ),
)  # fmt: skip
"""The life of products, items, terms and their variants. Source: platform spec 2.1, 2.2, 2.7."""

EVENTS = ("created", "updated", "pending", "published", "unpublished")
"""What is audited of things with this life."""

ACTIONS = (
    Action("review", plain.step("review"), moves="review"),
    Action("publish", plain.step("publish"), moves="publish"),
    Action("unpublish", plain.step("unpublish"), moves="unpublish"),
)
"""The vendor hands it in, the distributor publishes it, either withdraws it: where nothing else comes with it."""


def kept(row: sa.FromClause, who: Who, *for_clients: str) -> sa.ColumnElement[bool]:
    """Whether the row's status lets the caller see it.

    What was deleted is gone for everybody but the platform itself; clients see only the states named, if any.
    """
    if who.actor == "kernel":
        return sa.true()
    if who.actor == "client" and for_clients:
        return sa.or_(*(row.c.status == state for state in for_clients))
    return row.c.status != "Deleted"


def seen(noun: Noun, thing_id: sa.ColumnElement[str], who: Who) -> sa.ColumnElement[bool]:
    """Whether the caller may see the thing that another one belongs to."""
    if who.actor in SEE_ALL:
        return sa.true()
    target = noun.table.alias()
    return exists(target, target.c.id == thing_id, noun.sees(target, who))
