"""Provisioning details: what a product asks with an order, as pairs of a key and texts.

A question whose answer has parts, such as an address, is asked part by part: `admin.firstName`, `admin.email`,
`rollout.start`, `rollout.end`. A data object is JSON in one text, a collection a text for each of its elements.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from entrepot.kernel.wire import decode
from entrepot.pax8.content import Content
from entrepot.pax8.partner import PARAMETER, Document, Partner, dig

PARTS = {
    "Address": ("addressLine1", "addressLine2", "postCode", "city", "state", "country"),
    "Contact": ("firstName", "lastName", "email", "phone"),
}
"""Questions that are asked part by part."""

DAYS = ("start", "end")
"""The parts of a stretch of days."""

OPTIONAL = ("addressLine2", "phone")


async def questions(partner: Partner, product_id: str) -> list[Document]:
    """What the product asks whoever buys it, in its own order."""
    found = await partner.all(
        PARAMETER, "eq(phase,Order)&in(context,(None,Purchase))&order=displayOrder,id", product_id
    )
    return [
        each for each in found if each.get("type") != "Heading" and dig(each, "constraints", "readonly") is not True
    ]


def key_of(question: Document) -> str:
    """What its answer is called."""
    return str(question.get("externalId") or question["id"])


def parts_of(question: Document) -> tuple[str, ...]:
    """The parts of its answer; none where it is of one piece."""
    if question.get("type") == "Date":
        return DAYS if dig(question, "options", "dateRange") is True else ()
    return PARTS.get(str(question.get("type")), ())


def details(question: Document) -> list[Document]:
    """One question as this API asks it."""
    parts = parts_of(question)
    if not parts:
        return [_detail(question, key_of(question), str(question.get("name")), _choices(question))]
    key, name = key_of(question), question.get("name")
    return [_detail(question, f"{key}.{each}", f"{name}: {each}", None, each not in OPTIONAL) for each in parts]


def _choices(question: Document) -> list[str] | None:
    listed = dig(question, "options", "optionsList")
    if not isinstance(listed, list) or not listed:
        return None
    return [str(each["value"]) for each in listed if isinstance(each, dict) and "value" in each]


def _detail(question: Document, key: str, label: str, choices: list[str] | None, needed: bool = True) -> Document:
    several = question.get("type") == "Checkbox"
    return {
        "label": label,
        "key": key,
        "description": question.get("description") or "",
        "valueType": "Input" if choices is None else "Multi-Value" if several else "Single-Value",
        "possibleValues": choices,
        "required": needed and dig(question, "constraints", "required") is True,
    }


# Answers --------------------------------------------------------------------------------------------


def answers(said: Content, asked: Iterable[Document]) -> list[tuple[Document, str]]:
    """The answers in a body as the core takes them, each with the path of the body that it came from."""
    by_key = {key_of(each).lower(): each for each in asked}
    found: dict[str, Document] = {}
    paths: dict[str, str] = {}
    for each in said.objects("provisioningDetails"):
        key, values = each.text("key", required=True), each.texts("values")
        if key is None:
            continue
        question, part = _question(by_key, key)
        if question is None:
            each.wrong(
                "key", f"The product does not ask for {key[:80]!r}; it asks for {', '.join(by_key) or 'nothing'}."
            )
            continue
        name = key_of(question)
        paths.setdefault(name, each.path("values"))
        answer = found.setdefault(name, {"externalId": name} if question.get("externalId") else {"id": question["id"]})
        _put(each, answer, question, part, values)
    return [(answer, paths[name]) for name, answer in found.items()]


def _question(by_key: Mapping[str, Document], key: str) -> tuple[Document | None, str]:
    """The question with that key, and which part of it."""
    found = by_key.get(key.lower())
    if found is not None:
        return found, ""
    whole, _, part = key.rpartition(".")
    found = by_key.get(whole.lower())
    known = {each.lower(): each for each in parts_of(found or {})}
    return (found, known[part.lower()]) if part.lower() in known else (None, "")


def _put(said: Content, answer: Document, question: Document, part: str, values: list[str]) -> None:
    """One more text of an answer, in the shape that its type has."""
    kind, first = question.get("type"), values[0] if values else None
    if part:
        value: Any = {"number": first} if part == "phone" and values else first
        answer["value"] = {**(answer.get("value") or {}), part: value}
    elif kind == "Checkbox":
        answer["value"] = values if _choices(question) else bool(values) and values[0].lower() in ("true", "yes", "1")
    elif kind == "DataObject" and first is not None and dig(question, "options", "objectType") != "Xml":
        answer["value"] = _json(said, first)
    elif kind == "Collection":
        answer["value"] = _elements(values)
    else:
        answer["value"] = values if question.get("multiple") else first


def _json(said: Content, text: str) -> object:
    try:
        return decode(text)
    except (ValueError, RecursionError):
        said.wrong("values", "JSON in one text was expected.")
        return None


def _elements(values: list[str]) -> list[object]:
    """A collection as a JSON list in one text, or as texts, each an element."""
    if len(values) == 1 and values[0].lstrip().startswith("["):
        try:
            found: Any = decode(values[0])
        except (ValueError, RecursionError):
            return list(values)
        return found if isinstance(found, list) else list(values)
    return list(values)
