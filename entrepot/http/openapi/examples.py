"""Examples that look like the real thing: made from the fields, the same on every day."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from entrepot.http.openapi.schemas import seen_fields, writable_fields
from entrepot.kernel.field import CREATE, Field
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import ALL, Action, Resource

KEY = b"examples"

WORDS: Mapping[str, object] = {
    "actor.name": "Ada Moss",
    "city": "Bern",
    "code": "marketplace",
    "commitment": "1y",
    "content": "# Your order is on its way",
    "country": "CH",
    "currency": "EUR",
    "billingcurrency": "EUR",
    "description": "For the whole company, from the first of the month.",
    "email": "ada.moss@northwind.example",
    "event": "platform.commerce.order.placed",
    "externalid": "4711",
    "firstname": "Ada",
    "icon": "/icons/northwind.png",
    "languagecode": "en-GB",
    "lastname": "Moss",
    "objecttype": "Order",
    "notes": "Please deliver before the end of the month.",
    "number": "555 01 23",
    "period": "1y",
    "phone": "+41 31 555 01 23",
    "prefix": "+41",
    "token": "idt:TKN-1234-5678:…",
    "userid": "USR-1234-5678",
    "website": "https://northwind.example",
    "asseturl": "https://northwind.example/terms",
}
"""What texts say, by the last part of a field's name."""

AMOUNTS: Mapping[str, float] = {
    "unitpp": 120.00, "unitlp": 150.00, "unitsp": 134.40, "ppx1": 0.00, "ppxm": 100.00, "ppxy": 1200.00,
    "spx1": 0.00, "spxm": 112.00, "spxy": 1344.00, "markup": 12.00, "defaultmarkup": 12.00, "margin": 10.71,
    "defaultmargin": 10.71,
}  # fmt: skip
"""Ten pieces of what costs 120 a year, sold with a markup of 12 percent."""

LIVE = ("Active", "Published", "Processing")


class Examples:
    """Makes example documents of nouns and example bodies of actions."""

    def __init__(self, nouns: Nouns):
        self._nouns = nouns

    def thing_id(self, noun: Noun) -> str:
        """An id as things of this kind have one."""
        if noun.path == "identities":
            return "USR-1234-5678"
        if noun.ids is None:
            return f"{noun.name[:3].upper()}-1234-5678"
        if noun.ids.child_of:
            parent = next((f for f in noun.all_fields if f.name.lower() == noun.ids.child_of.lower()), None)
            if parent is not None and parent.target in self._nouns:
                return noun.ids.child(self.thing_id(self._nouns[parent.target]), 1)
            return Ids(noun.ids.prefix, noun.ids.groups).draw(1, KEY)
        return noun.ids.draw(1, KEY)

    def document(self, noun: Noun, actor: str, depth: int = 0) -> dict[str, object]:
        """A thing as an actor is given it, whole."""
        fields = [f for f in seen_fields(noun) if actor in f.sees and not (depth and (f.aside or f.kind == "part"))]
        if depth:
            fields = [f for f in fields if not f.heavy and f.name != noun.owner]
        return _nested((f, self._outgoing(f, noun, actor, depth)) for f in fields)

    def core(self, noun: Noun) -> dict[str, object]:
        """A thing as it travels in references."""
        return _nested((f, self._plain(f, noun)) for f in noun.all_fields if f.core and f.kind != "ref")

    def body(self, resource: Resource, action: Action, actor: str) -> dict[str, object]:
        """A body that an actor may send."""
        noun = resource.noun
        fields = [] if action.alone else writable_fields(noun, action, (actor,))
        taken = {each.name for each in action.takes}
        beside = [each for each in fields if each.name not in taken]
        chosen = [each for each in beside if not _rare(each, action)] or beside
        return _nested((f, self._incoming(f, noun, action, actor)) for f in (*action.takes, *chosen))

    def _outgoing(self, each: Field, noun: Noun, actor: str, depth: int) -> object:
        match each.kind:
            case "ref":
                return self.core(self._nouns[each.target])
            case "refs":
                return [self.core(self._nouns[each.target])]
            case "part":
                return [self.document(self._nouns[each.target], actor, depth + 1)]
            case _:
                return self._plain(each, noun)

    def _incoming(self, each: Field, noun: Noun, action: Action, actor: str) -> object:
        match each.kind:
            case "ref":
                return {"id": self.thing_id(self._nouns[each.target])}
            case "refs":
                return [{"id": self.thing_id(self._nouns[each.target])}]
            case "part":
                return [self._entry(each, noun, action, actor)]
            case "bag":
                return [{"externalId": "company", "value": "Northwind"}]
            case _:
                return self._plain(each, noun)

    def _entry(self, each: Field, noun: Noun, action: Action, actor: str) -> dict[str, object]:
        child = self._nouns[each.target]
        named: dict[str, object] = {"id": self.thing_id(child)}
        if not child.owner or child.owner_field.target != noun.path:
            return named
        inner = Action(action.name, action.run, by=actor)
        told = _nested((f, self._incoming(f, child, inner, actor)) for f in writable_fields(child, inner, (actor,)))
        return told if action.name == CREATE else {**named, **told}

    def _plain(self, each: Field, noun: Noun) -> object:
        return _PLAIN[each.kind](each, noun, self)


def _text(each: Field, noun: Noun, _: Examples) -> object:
    last = each.lowered[-1]
    if last in WORDS:
        return WORDS[last]
    if last in ("name", "label", "title"):
        return f"Northwind {noun.word}"[: each.longest or None]
    if last == "id":
        return "ORD-1234-5678-9012"
    if each.path[0] == "externalIds":
        return f"{last[:1].upper()}-4711"
    return f"{each.path[-1]} of this {noun.word}"[: each.longest or None]


def _member(each: Field, noun: Noun, _: Examples) -> object:
    return next((word for word in LIVE if word in each.members), each.members[0])


def _shaped(each: Field, noun: Noun, _: Examples) -> object:
    """What the schema gives as its example, or what its members do."""
    return sample(each.schema)


def sample(schema: Mapping[str, Any]) -> object:
    """An example of a schema; None where it says nothing."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "properties" in schema:
        found = {name: sample(inner) for name, inner in schema["properties"].items()}
        return {name: value for name, value in found.items() if value is not None} or None
    return None


_PLAIN: Mapping[str, Callable[[Field, Noun, Examples], object]] = {
    "id": lambda each, noun, examples: examples.thing_id(noun),
    "text": _text,
    "enum": _member,
    "integer": lambda each, noun, examples: {"revision": 3, "quantity": 10, "oldquantity": 0}.get(each.lowered[-1], 1),
    "decimal": lambda each, noun, examples: AMOUNTS.get(each.lowered[-1], 100.00),
    "boolean": lambda each, noun, examples: True,
    "timestamp": lambda each, noun, examples: "2026-01-31T09:30:00.000Z",
    "date": lambda each, noun, examples: "2026-01-31",
    "texts": lambda each, noun, examples: [],
    "json": _shaped,
    "computed": _shaped,
    "counted": lambda each, noun, examples: 12,
    "bag": lambda each, noun, examples: [sample(each.schema)],
}


def _rare(each: Field, action: Action) -> bool:
    """What is left out of an example body: lists and documents where nobody needs them."""
    if action.name == CREATE:
        return each.kind == "refs"
    return each.kind in ("refs", "part", "bag", "json") and not each.required


def _nested(pairs: Iterable[tuple[Field, object]]) -> dict[str, object]:
    root: dict[str, Any] = {}
    for each, value in pairs:
        if value is None:
            continue
        here = root
        for name in each.path[:-1]:
            here = here.setdefault(name, {})
        here[each.path[-1]] = value
    return root


def whole_reader(resource: Resource) -> str:
    """Whose view of a thing stands as the example: the client's where it may read, else whoever may."""
    return next(actor for actor in ("client", "vendor", "operations") if actor in resource.reads & ALL)
