"""A parameter group is a step of the ordering wizard in which questions are answered."""

from entrepot.catalog.group import LIFE, belonging, described, held, sees
from entrepot.catalog.parameter import PARAMETER
from entrepot.kernel.field import audited, counted
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

PARAMETER_GROUP = Noun(
    name="ParameterGroup",
    path="catalog/products/{product}/parameter-groups",
    table_name="parameter_groups",
    ids=Ids("PGR", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        *described(),
        counted("parameterCount", held(PARAMETER, "Active"), column="held"),
        *belonging(),
        *audited("created", "updated"),
    ),
)
