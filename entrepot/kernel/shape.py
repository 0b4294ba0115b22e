"""What goes out: which fields of a thing an actor is given, and how its values become a document."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.rql.select import Select
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import Json, Raw, decode, moment_text

FULL, LISTED, ELEMENT, CORE, MADE = "full", "listed", "element", "core", "made"
"""How much of a thing is given when nothing is selected: by id and after writes everything the actor
sees; in lists without the heavy fields; within its owner likewise; in a reference the core; when
it is made, also what is given only once and when it is asked for."""

EVERYTHING, COLUMNS = "everything", "columns"
"""How much a verb is handed, whoever asks: a thing with its parts, or its columns alone."""

DEEPEST = 6


@dataclass
class Known:
    """What was fetched beside the things themselves, for putting documents together.

    `told` is what a verb tells of a thing, by its id, in the one answer that it gives: it is kept nowhere.
    `account_id` is the account of whoever is given the documents.
    """

    cores: dict[tuple[str, str], object] = field(default_factory=dict)
    expanded: dict[tuple[int, str], Thing] = field(default_factory=dict)
    definitions: dict[tuple[str, str], list[Thing]] = field(default_factory=dict)
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    told: dict[str, object] = field(default_factory=dict)
    given: dict[tuple[int, str], dict[str, object]] = field(default_factory=dict)
    """Documents of things that references lead to: on a page many lead to the same one."""

    reveal: Callable[[str], str] = str
    account_id: str = ""
    rendered: bool = False
    plain: bool = False
    """Whether documents are for a reader in this process: all values, and no text that is JSON already."""

    decoded: dict[tuple[str, str], object] = field(default_factory=dict)

    def core(self, target: str, key: str) -> object:
        """What travels in a reference. Raises KeyError."""
        found = self.cores[target, key]
        if not self.plain or not isinstance(found, Raw):
            return found
        if (target, key) not in self.decoded:
            self.decoded[target, key] = decode(bytes(found))
        return self.decoded[target, key]


Step = Callable[[Thing, Known, dict[str, object]], None]


@dataclass(eq=False)
class Plan:
    """How one kind of thing is fetched and given out, for one actor and one selection."""

    noun: Noun
    actor: str
    columns: tuple[str, ...]
    cores: tuple[Field, ...]
    expands: tuple[tuple[Field, "Plan"], ...]
    parts: tuple[tuple[Field, "Plan"], ...]
    lists: tuple[tuple[Field, "Plan | None"], ...]
    bags: tuple[Field, ...]
    omitted: tuple[str, ...]
    computed: tuple[Field, ...] = ()
    nouns: Nouns | None = None
    documents: tuple[str, ...] = ()
    for_verbs: bool = False
    steps: tuple[Step, ...] = ()

    def core_keys(self, thing: Thing) -> Iterator[tuple[str, str]]:
        """Every reference that the document of the thing will show, its parts included."""
        for each in self.cores:
            if thing.now[each.column] is not None:
                yield core_key(each, thing)
        for each in self.computed:
            yield from self.wanted(each, thing)
        for each, _ in self.lists:
            yield from ((each.target, target) for target in thing.parts[each.name])
        for each, below in self.parts:
            for child in thing.parts[each.name]:
                yield from below.core_keys(child)

    def wanted(self, each: Field, thing: Thing) -> Iterable[tuple[str, str]]:
        """Core fields that a computed field is made with."""
        return each.wants(thing, self.nouns) if each.wants else ()  # pyright: ignore[reportReturnType]

    def give(self, thing: Thing, known: Known) -> dict[str, object]:
        """The document of one thing."""
        out: dict[str, object] = {}
        for step in self.steps:
            step(thing, known, out)
        return out


class Shapes:
    """Makes plans, and keeps those that are asked for again and again."""

    def __init__(self, nouns: Nouns):
        self._nouns = nouns
        self.plan = lru_cache(maxsize=512)(self._plan)

    def _plan(self, noun: Noun, actor: str, mode: str, select: Select | None = None, depth: int = 0) -> Plan:
        chosen = _Chosen(self._nouns, noun, actor, mode, select, depth, self._plan)
        return chosen.plan()


class _Chosen:
    """Applies a selection to the fields of one level."""

    def __init__(
        self,
        nouns: Nouns,
        noun: Noun,
        actor: str,
        mode: str,
        select: Select | None,
        depth: int,
        deeper: Callable[..., Plan],
    ):
        self.nouns, self.noun, self.actor, self.mode = nouns, noun, actor, mode
        self.select, self.depth, self.deeper = select, depth, deeper

    def plan(self) -> Plan:
        fields = [f for f in self.noun.all_fields if self._seen(f)]
        taken = [f for f in fields if self._takes(f)]
        left = dict.fromkeys(f.path[0] for f in fields if f not in taken)
        left = [name for name in left if name not in {f.path[0] for f in taken}]
        columns = {f.column: None for f in taken if f.stored or f.via or f.kind == "counted"}
        columns["id"] = columns["revision"] = None
        if self.noun.shared:
            columns[self.noun.owner_column] = None
        for each in taken:
            if each.kind == "bag":
                columns[self.noun.field(each.declared_by).column] = None
            if each.also:
                columns[each.also] = None
            columns.update(dict.fromkeys(each.needs))
            if each.own:
                columns[each.own] = None
        if self.noun.owner:
            columns[self.noun.owner_column] = None
        expands = [(f, self._below(f)) for f in taken if f.kind == "ref" and self._expanded(f)]
        parts = [(f, self._below(f)) for f in taken if f.kind == "part"]
        lists = [(f, self._below(f) if self._expanded(f) else None) for f in taken if f.kind == "refs"]
        wide = {f.name for f, _ in expands}
        plan = Plan(
            noun=self.noun,
            actor=self.actor,
            columns=tuple(columns),
            cores=tuple(f for f in taken if f.kind == "ref" and f.name not in wide and self.mode != COLUMNS),
            expands=tuple(expands),
            parts=tuple(parts),
            lists=tuple(lists),
            bags=tuple(f for f in taken if f.kind == "bag" and self.mode != COLUMNS),
            omitted=tuple(left),
            computed=tuple(f for f in taken if f.kind == "computed" and self.mode != COLUMNS),
            nouns=self.nouns,
            documents=tuple(c for c in columns if self.noun.column_kind(c) in ("json", "bag")),
            for_verbs=self.mode in (COLUMNS, EVERYTHING),
        )
        plan.steps = tuple(_steps(plan, taken, href=self._with_href()))
        return plan

    def _with_href(self) -> bool:
        if self.mode in (ELEMENT, CORE) or not self.noun.trailed or self.noun.path.count("{") > 1:
            return False
        return self.select is None or self.select.shows("href", by_default=True)

    def _seen(self, each: Field) -> bool:
        if self.mode == COLUMNS:  # no rule asks when something else was changed, or by whom
            return each.stored and not each.name.startswith("audit.")
        if self.mode == EVERYTHING:
            return not each.via and (each.kind != "part" or (self.depth == 0 and not each.asked))
        return self.actor in each.sees

    def _by_default(self, each: Field) -> bool:
        if each.name == "id":
            return True
        if self.mode in (MADE, EVERYTHING, COLUMNS):
            return True
        if each.asked:
            return False
        if self.mode == FULL:
            return True
        if self.mode == CORE:
            return each.core
        if self.mode == ELEMENT and (each.aside or each.name == self.noun.owner):
            return False
        return not each.heavy

    def _takes(self, each: Field) -> bool:
        """Whether a field goes out: the deepest word of the selection about it decides (spec 1.8)."""
        verdict = self._by_default(each)
        level = self.select
        for at, name in enumerate(each.lowered):
            if level is None:
                break
            if name in level.dropped:
                return False
            if name in level.added:
                verdict = True
            elif level.star is not None:
                verdict = level.star
            level = level.below.get(name)
            if level is not None and level.reaches and at == len(each.lowered) - 1:
                verdict = True
        return verdict

    def _asked(self, each: Field) -> tuple[bool, Select | None]:
        """Whether the selection names the field itself, and what it says about the level below."""
        level = self.select
        named = False
        for name in each.lowered:
            if level is None:
                return False, None
            named = name in level.added
            level = level.below.get(name)
        return named, level

    def _expanded(self, each: Field) -> bool:
        named, below = self._asked(each)
        reaches = named or (below is not None and below.reaches)
        return reaches and each.target != "identities" and self.depth < DEEPEST

    def _below(self, each: Field) -> Plan:
        target = self.nouns[each.target]
        named, below = self._asked(each)
        mode = ELEMENT
        if self.mode == EVERYTHING:
            mode = EVERYTHING
        elif each.kind == "ref" and not named:
            mode = CORE
        return self.deeper(target, self.actor, mode, below, self.depth + 1)


# Steps: how one field, or one nested object, gets into the document ---------------------------------

PARTIES = ("client", "vendor")
"""Who is one account among others."""

ALWAYS_GIVEN = frozenset(("externalids", "parameters", "audit"))
"""Nested objects that are given even when nothing is in them."""


def _steps(plan: Plan, fields: Iterable[Field], href: bool) -> list[Step]:
    groups: dict[str, list[Field]] = {}
    for each in fields:
        groups.setdefault(each.path[0], []).append(each)
    steps: list[Step] = []
    for name, members in groups.items():
        if len(members) == 1 and len(members[0].path) == 1:
            steps.append(_step(plan, name, members[0]))
        else:
            steps.append(_struct(plan, name, members, 1))
    if href:
        steps.insert(int("id" in groups), _href(plan.noun))
    return steps


def _href(noun: Noun) -> Step:
    owner = noun.owner_column if "{" in noun.path else ""

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        out["href"] = noun.href(str(thing.now["id"]), str(thing.now.get(owner)) if owner else None)

    return step


def _struct(plan: Plan, name: str, members: list[Field], depth: int) -> Step:
    groups: dict[str, list[Field]] = {}
    for each in members:
        groups.setdefault(each.path[depth], []).append(each)
    inner: list[Step] = []
    for key, found in groups.items():
        if len(found) == 1 and len(found[0].path) == depth + 1:
            inner.append(_step(plan, key, found[0]))
        else:
            inner.append(_struct(plan, key, found, depth + 1))
    always = name.lower() in ALWAYS_GIVEN

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        nested: dict[str, object] = {}
        for each in inner:
            each(thing, known, nested)
        if nested or always:
            out[name] = nested

    return step


def _step(plan: Plan, name: str, each: Field) -> Step:
    step = _step_of(plan, name, each)
    return _own(step, each.own) if each.own and plan.actor in PARTIES else step


def _own(step: Step, column: str) -> Step:
    """The field is given to one account alone."""

    def own(thing: Thing, known: Known, out: dict[str, object]) -> None:
        if thing.now[column] == known.account_id:
            step(thing, known, out)

    return own


def _step_of(plan: Plan, name: str, each: Field) -> Step:
    if each.kind == "ref":
        for wide, below in plan.expands:
            if wide is each:
                return _expanded(name, each, below)
        return _core(name, each)
    if each.kind == "part":
        below = next(p for f, p in plan.parts if f is each)
        return _part(name, each, below)
    if each.kind == "refs":
        below = next(p for f, p in plan.lists if f is each)
        return _list(name, each, below)
    if each.kind == "bag":
        return _bag(name, each, plan)
    if each.kind == "computed":
        return _computed(name, each, plan)
    if each.kind == "counted":
        return _counted(name, each.column)
    if each.secret:
        return _secret(name, each)
    if each.kind == "timestamp":
        return _moment(name, each)
    if each.kind == "date":
        return _day(name, each)
    if each.kind == "json":
        return _document(name, each)
    return _plain(name, each.column, told=each.told)


def _plain(name: str, column: str, *, told: bool = False) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[column]
        if value is not None or told:
            out[name] = value

    return step


def _counted(name: str, column: str) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now.get(column, 0)
        if value is not None:
            out[name] = value

    return step


def _moment(name: str, each: Field) -> Step:
    column = each.column

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[column]
        if value is not None:
            out[name] = moment_text(value)  # pyright: ignore[reportArgumentType]

    return step


def _day(name: str, each: Field) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[each.column]
        if value is not None:
            out[name] = value.isoformat()  # pyright: ignore[reportAttributeAccessIssue]

    return step


def _document(name: str, each: Field) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[each.column]
        if value is not None:
            if isinstance(value, Json):
                value = decode(value) if known.plain else Raw(value.encode())
            out[name] = value

    return step


def _secret(name: str, each: Field) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[each.column]
        if value is not None:
            out[name] = known.reveal(str(value))

    return step


def core_key(each: Field, thing: Thing) -> tuple[str, str]:
    """What names the target of a reference among all cores."""
    if each.also:
        return each.target, f"{thing.now[each.also]}/{thing.now[each.column]}"
    return each.target, str(thing.now[each.column])


def _core(name: str, each: Field) -> Step:
    column, target = each.column, each.target
    if each.also:

        def step_within(thing: Thing, known: Known, out: dict[str, object]) -> None:
            key = core_key(each, thing)
            if key in known.cores:  # a draft may be taken back between the statements of a list
                out[name] = known.core(*key)

        return step_within

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[column]
        if value is not None:
            out[name] = known.core(target, value)  # pyright: ignore[reportArgumentType]

    return step


def _expanded(name: str, each: Field, below: Plan) -> Step:
    edge = id(below)

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = thing.now[each.column]
        if value is None:
            return
        key = (edge, str(value))
        found = known.expanded.get(key)
        if found is not None:
            if key not in known.given:
                known.given[key] = below.give(found, known)
            out[name] = known.given[key]
        elif (each.target, str(value)) in known.cores:
            out[name] = known.core(each.target, str(value))

    return step


def _part(name: str, each: Field, below: Plan) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        out[name] = [below.give(child, known) for child in thing.parts[each.name]]

    return step


def _list(name: str, each: Field, below: Plan | None) -> Step:
    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        given: list[object] = []
        for target in thing.parts[each.name]:
            found = known.expanded.get((id(below), target)) if below else None
            if found is not None and below is not None:
                given.append(below.give(found, known))
            elif (each.target, target) in known.cores:
                given.append(known.core(each.target, target))
        out[name] = given

    return step


def _bag(name: str, each: Field, plan: Plan) -> Step:
    declared = plan.noun.field(each.declared_by).column
    dress = each.dress
    assert dress is not None

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        owner, values = thing.now[declared], thing.now[each.column]
        if isinstance(values, Json):
            values = decode(values)
        definitions = known.definitions[each.target, str(owner)] if owner is not None else []
        out[name] = dress(values or [], definitions, plan.actor)

    return step


def _computed(name: str, each: Field, plan: Plan) -> Step:
    dress = each.dress
    assert dress is not None

    def step(thing: Thing, known: Known, out: dict[str, object]) -> None:
        value = dress(thing, known, plan.actor, plan.nouns)
        if value is not None:
            out[name] = value

    return step


def core_of(thing: Thing) -> dict[str, object]:
    """The core fields of a thing in hand, as its references will carry them."""
    out: dict[str, Any] = {}
    now = thing.now
    for path, column in thing.noun.core_fields:
        value = now.get(column)
        if value is None:
            continue
        here = out
        for name in path[:-1]:
            here = here.setdefault(name, {})
        here[path[-1]] = value
    return out


def document(thing: Thing, fields: Mapping[str, Field]) -> dict[str, object]:
    """Plain values by wire name, for the trail."""
    return {name: thing.now.get(each.column) for name, each in fields.items()}
