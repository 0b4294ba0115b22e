"""What a verb needs beside the thing itself, declared as kinds and conditions, fetched in one round trip."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from entrepot.kernel.noun import Noun
from entrepot.kernel.shape import COLUMNS, CORE, EVERYTHING, Plan, Shapes


def given(name: str) -> sa.BindParameter[str]:
    """A text that is bound by name when the want is fetched."""
    return sa.bindparam(name, type_=sa.Text())


def among(name: str) -> sa.ColumnElement[Any]:
    """Any of a list of texts that is bound by name."""
    return sa.any_(sa.bindparam(name, type_=ARRAY(sa.Text())))


class Want:
    """Things that a verb needs beside its own: a kind and a condition, with values bound by name.

    `visible`: only those the caller may see. `alone`: without parts and references. `named`: no
    more than travels in references, for the answer. `held`: the verb may change them, and what it
    changes is written.
    """

    __slots__ = ("alone", "held", "named", "noun", "visible", "where")

    def __init__(
        self,
        noun: Noun,
        where: Callable[[sa.FromClause], sa.ColumnElement[bool]],
        *,
        visible: bool = False,
        alone: bool = True,
        held: bool = False,
        named: bool = False,
    ):
        self.noun, self.where, self.visible = noun, where, visible
        self.alone, self.held, self.named = alone, held, named

    def plan(self, shapes: Shapes) -> Plan:
        """Every column, and parts and references unless it stands alone; or just the core."""
        if self.named:
            return shapes.plan(self.noun, "kernel", CORE)
        return shapes.plan(self.noun, "kernel", COLUMNS if self.alone else EVERYTHING)
