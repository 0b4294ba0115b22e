"""What the platform's published document says of the operations that are built here, as plain facts.

`make facts` takes them from ../shared/spec/openapi/marketplace-v4.json and writes facts.json, which keeps the check
alive where that document is not there: for each operation the schema of its answer, and for each schema its fields.
A field is one of: a kind of value; `A|B` for the words of an enum; `@Name` for a schema; `[…]` for a list of them.
"""

import json
import re
from pathlib import Path
from typing import Any

from tests.conforming import ROUTES

PUBLISHED = Path("/work/shared/spec/openapi/marketplace-v4.json")
for above in Path(__file__).resolve().parents:
    if (above.parent / "shared" / "spec").is_dir():
        PUBLISHED = above.parent / "shared" / "spec" / "openapi" / "marketplace-v4.json"
        break
FILE = Path(__file__).with_name("facts.json")

Facts = dict[str, Any]


def plain(path: str) -> str:
    """An address without the names of its ids."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def taken(document: Facts) -> Facts:
    """The facts of a published document, of what is built here."""
    ours = {(route.method, plain(f"/public/v1{route.path}")) for route in ROUTES}
    schemas = document["components"]["schemas"]
    operations: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if (method.upper(), plain(path)) not in ours:
                continue
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    content = answer.get("content", {}).get("application/json", {})
                    shown = kind(content["schema"]) if content else ""
                    operations[f"{method.upper()} {plain(path)}"] = [status, shown]
    found: dict[str, dict[str, str]] = {}
    waiting = [shown.strip("[]@") for _, shown in operations.values() if "@" in shown]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = fields(name, schemas)
            waiting += [each.strip("[]@") for each in found[name].values() if "@" in each]
    return {"operations": dict(sorted(operations.items())), "schemas": dict(sorted(found.items()))}


def fields(name: str, schemas: Facts) -> dict[str, str]:
    """The fields of a schema and of those that it is made of; a schema of words is one field without a name."""
    schema = schemas[name]
    if "enum" in schema:
        return {"": "|".join(schema["enum"])}
    found: dict[str, str] = {}
    for base in schema.get("allOf", ()):
        found |= fields(base["$ref"].rpartition("/")[2], schemas) if "$ref" in base else {}
    found |= {key: kind(each) for key, each in schema.get("properties", {}).items()}
    if not found or schema.get("additionalProperties"):
        found["*"] = "any"
    return dict(sorted(found.items()))


def kind(schema: Facts) -> str:
    """One word for what a value is."""
    if "$ref" in schema:
        return f"@{schema['$ref'].rpartition('/')[2]}"
    if len(schema.get("allOf", ())) == 1:
        return kind(schema["allOf"][0])
    if "enum" in schema:
        return "|".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"[{kind(schema['items'])}]"
    if schema.get("format") == "date-time":
        return "date-time"
    if schema.get("type") == "object" or "oneOf" in schema or "additionalProperties" in schema:
        return "any"
    return schema.get("type", "any")


def laid_out(facts: Facts) -> str:
    """The file, one operation and one schema a line."""
    parts = [
        f" {json.dumps(part)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in facts[part].items())
        + "\n }"
        for part in ("operations", "schemas")
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def known() -> Facts:
    """The committed facts."""
    return json.loads(FILE.read_text())


def published() -> Facts:
    """The facts as the published document has them now."""
    return taken(json.loads(PUBLISHED.read_text()))
