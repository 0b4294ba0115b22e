"""Which form a line of a world file has: `$kind` is a collection's path, with the ids of the things it lies in."""

import re
from typing import NamedTuple

from entrepot.kernel.noun import Nouns
from entrepot.kernel.store_form import Family, Form, Forms
from entrepot.storage.statements import Cache

KEPT = 10_000
_ID = re.compile(r"[A-Z]{3}(-[0-9]{4})+")


class Found(NamedTuple):
    """The form of a kind, and the ids of the parents that it names."""

    form: Form
    parents: tuple[str, ...]


class Kinds:
    """Knows every kind that can be loaded."""

    def __init__(self, nouns: Nouns, forms: Forms):
        self._forms = {_bare(form.noun.path): form for each in forms for form in _forms_of(each)}
        self._within = {
            _bare(nested.noun.path): f"{form.noun.word} as {name!r}"
            for each in forms
            for form in _forms_of(each)
            for name, nested in form.nests.items()
        }
        self._kept: Cache[str, Found | str] = Cache(KEPT)

    def find(self, kind: str) -> Found | str:
        """The form, or why there is none."""
        return self._kept.get(kind) or self._kept.put(kind, self._find(kind))

    def _find(self, kind: str) -> Found | str:
        bare, parents = _bare(kind), tuple(each for each in kind.split("/") if _ID.fullmatch(each))
        form = self._forms.get(bare)
        if form is not None and len(parents) in (0, form.noun.path.count("{")):
            return Found(form, parents)
        if form is not None:
            return f"{kind[:200]!r} was expected to be like {form.noun.path}."
        if bare in self._within:
            return f"{kind[:200]!r} is no kind of its own: it stands within its {self._within[bare]}."
        return f"{kind[:200]!r} is not a kind that can be loaded."


def _forms_of(each: Form | Family) -> tuple[Form, ...]:
    return (each.head, *each.members) if isinstance(each, Family) else (each,)


def _bare(path: str) -> str:
    """The path without the ids, or the placeholders, of parents."""
    return "/".join(each for each in path.split("/") if not each.startswith("{") and not _ID.fullmatch(each))
