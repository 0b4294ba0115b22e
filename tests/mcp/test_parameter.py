"""How a tool reads what it is told: leniently where the meaning is plain, else with all that is wrong."""

import pytest

from entrepot.kernel.errors import Invalid
from entrepot.mcp.parameter import Parameter, read_arguments, schema_of

SIZE = Parameter("size", "How many.", "integer", default=50, least=1, most=200)
STATE = Parameter("status", "In which state.", members=("Active", "Cancelled"))
UUID = Parameter("uuid", "Which.", required=True)
WITHIN = Parameter("within", "Where.", "strings")


@pytest.mark.parametrize(
    ("parameter", "given", "read"),
    [
        (SIZE, 7, 7),
        (SIZE, "7", 7),
        (SIZE, 7.0, 7),
        (SIZE, None, 50),
        (SIZE, "", 50),
        (Parameter("limit", "How many.", "integer", most=100, clamps=True), 1000, 100),
        (Parameter("total", "How much.", "number"), "12.5", 12.5),
        (STATE, "active", "Active"),
        (WITHIN, "ORD-1", ("ORD-1",)),
        (WITHIN, ["PRD-1", "TCS-1"], ("PRD-1", "TCS-1")),
        (UUID, " x ", " x "),
    ],
)
def test_what_is_plain_is_taken(parameter, given, read):
    assert read_arguments([parameter], {parameter.name: given}) == {parameter.name: read}


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        *((SIZE, given) for given in (0, 201, "many", 1.5, True, [1], "1e400", "nan", 10**30)),
        *((STATE, given) for given in ("Gone", 1, ["Active"])),
        *((UUID, given) for given in (None, "", 7, {}, "x" * 8_001)),
        *((WITHIN, given) for given in (7, [7], {"a": 1}, ["x"] * 11)),
    ],
)
def test_what_is_wrong_is_told(parameter, given):
    with pytest.raises(Invalid) as refused:
        read_arguments([parameter], {parameter.name: given})
    assert list(refused.value.errors) == [parameter.name]


def test_all_faults_are_told_at_once_and_what_is_not_known_is_one():
    with pytest.raises(Invalid) as refused:
        read_arguments([SIZE, STATE, UUID], {"size": 0, "status": "Gone", "companyID": "x"})
    assert set(refused.value.errors) == {"size", "status", "uuid", "companyID"}
    assert "size, status, uuid" in refused.value.errors["companyID"][0]


def test_the_schema_says_what_is_read():
    assert schema_of([SIZE, STATE, UUID]) == {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "description": "How many.", "minimum": 1, "maximum": 200, "default": 50},
            "status": {"type": "string", "description": "In which state.", "enum": ["Active", "Cancelled"]},
            "uuid": {"type": "string", "description": "Which."},
        },
        "required": ["uuid"],
        "additionalProperties": False,
    }
