"""What was asked and told: the parameters of orders, agreements, subscriptions and assets."""

import json
from collections.abc import Iterable, Mapping

from entrepot.demo.product import Parameter, Product
from entrepot.demo.world_file import Line


def asked(product: Product, scope: str, phase: str, contexts: tuple[str, ...] = ("None",)) -> list[Parameter]:
    """The parameters of a scope and phase, in the order in which they are shown."""
    return [
        each for each in product.parameters if (each.scope, each.phase) == (scope, phase) and each.context in contexts
    ]


def bag(product: Product, parameters: Iterable[Parameter], values: Mapping[str, object]) -> list[Line]:
    """Every parameter with its value, where it has one."""
    written: list[Line] = []
    for each in parameters:
        entry: Line = {"id": product.parameter_id(each), "externalId": each.external_id}
        value = values.get(each.external_id)
        if value is not None:
            entry |= {"value": value, "displayValue": display(value)}
        written.append(entry)
    return written


def raise_objection(product: Product, ordering: list[Line]) -> None:
    """Puts the vendor's doubt at the answer that it is about."""
    doubt = product.objection
    doubtful = next(each for each in ordering if each["externalId"] == doubt.external_id)
    doubtful["error"] = {"id": doubt.error_id, "message": doubt.message}


def display(value: object) -> str:
    """A value as flat text, for reading and filtering."""
    match value:
        case str():
            return value
        case {
            "email": email,
            "firstName": first,
            "lastName": last,
            "phone": {"prefix": dial, "number": number},
        }:
            return f"{first} {last}, {email}, {dial} {number}"
        case {"addressLine1": street, "postCode": code, "city": city, "state": state, "country": country}:
            return f"{street}, {code}, {city}, {state}, {country}"
        case {"start": start, "end": end}:
            return f"{start} - {end}"
        case list():
            return ", ".join(display(each) for each in value)
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
