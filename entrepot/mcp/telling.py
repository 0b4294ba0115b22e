"""What a collection is, told to an agent in few words: from the declarations, as far as the caller may know them."""

from collections.abc import Iterable

from entrepot.kernel.access import Caller
from entrepot.kernel.field import Field
from entrepot.kernel.resource import ALL, Resource

KINDS = {
    "text": "text",
    "id": "text",
    "integer": "whole number",
    "decimal": "number",
    "boolean": "true or false",
    "timestamp": "time",
    "date": "day",
    "json": "document",
    "texts": "list of texts",
    "computed": "made from others",
    "counted": "counted",
    "file": "file",
}


def collections_told(caller: Caller, resources: Iterable[Resource]) -> dict[str, object]:
    """Who asks, and every collection in a line."""
    return {
        "you": {
            "actor": caller.actor,
            "account": caller.account_id,
            "heldBy": caller.held_by,
            **({} if caller.buyers is None else {"onlyBuyers": list(caller.buyers)}),
        },
        "collections": {each.address: _summary(each) for each in resources},
    }


def collection_told(caller: Caller, resource: Resource) -> dict[str, object]:
    """Fields, states and actions of one collection."""
    noun = resource.noun
    fields = [each for each in noun.all_fields if caller.actor in each.sees]
    plain = [each for each in fields if not each.name.startswith("audit.")]
    audits = [each.name for each in fields if each.name.startswith("audit.")]
    told: dict[str, object] = {
        "collection": resource.address,
        "what": _summary(resource),
        "defaultOrder": noun.order,
        "fields": {each.name: _field(each) for each in plain},
    }
    if audits:
        told["audit"] = audits
    if noun.life is not None:
        told["states"] = list(noun.life.states)
        told["moves"] = [
            f"{row.verb}: {' or '.join(row.sources)} → {row.target}, by {' or '.join(sorted(row.by & ALL))}"
            for row in noun.life.moves
            if row.by & ALL
        ]
    actions = {each.name: " ".join(sorted(each.actors(noun) & ALL)) for each in resource.offered()}
    if found := {name: by for name, by in actions.items() if by}:
        told["actions"] = found
    return told


def _summary(resource: Resource) -> str:
    return resource.summary or f"Each {resource.noun.word}."


def _field(each: Field) -> str:
    """Its type, values and target, and what cannot be done with it."""
    if each.kind == "enum":
        told = f"one of {', '.join(each.members)}" if each.members else "word"
    elif each.kind == "ref":
        told = f"reference to {each.target}"
    elif each.kind in ("refs", "part", "bag"):
        told = f"list of {each.target}"
    else:
        told = KINDS[each.kind]
    if each.heavy:
        told += "; not in lists unless selected"
    if not each.filterable or each.kind == "computed":
        told += "; not in filters"
    return told
