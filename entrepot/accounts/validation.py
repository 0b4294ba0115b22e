"""What is wrong with a draft, told within it instead of refusing it (platform spec 1.1 and 1.2)."""

from entrepot.kernel.call import Call

ERRORS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "message": {"type": "string"}, "parameters": {"type": "object"}},
    },
    "examples": [[{"id": "name", "message": "A value is required."}]],
}


def told(call: Call) -> list[dict[str, str]]:
    """Every fault as a message with the path of the field as its id. They are faults no more."""
    found = [{"id": path, "message": words} for path, several in call.faults.items() for words in several]
    call.faults.clear()
    return found
