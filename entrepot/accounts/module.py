"""A module is a part of the platform that user groups and tokens open."""

from entrepot.kernel.access import everybody
from entrepot.kernel.field import audited, document, flag, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

MODULE = Noun(
    name="Module",
    path="accounts/modules",
    table_name="modules",
    ids=Ids("MOD", 1),
    sees=everybody,
    fields=(
        text("name", longest=500, core=True),
        text("code", core=True),
        text("description", longest=2000, core=True),
        flag("paid", default=False, core=True),
        document("accountTypes", schema={"type": "array", "items": {"type": "string"}}, default=[]),
        flag("isEnabledByDefault", default=False),
        flag("isConfigurable", default=False),
        document("filters", schema={"type": "object"}),
        document("settings", schema={"type": "object"}),
        *audited("created", "updated"),
    ),
)
