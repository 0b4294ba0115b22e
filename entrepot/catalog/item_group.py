"""An item group is a step of the ordering wizard in which items are chosen."""

from entrepot.catalog.group import LIFE, belonging, described, held, sees
from entrepot.catalog.item import ITEM
from entrepot.kernel.field import audited, counted, flag
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun

ITEM_GROUP = Noun(
    name="ItemGroup",
    path="catalog/products/{product}/item-groups",
    table_name="item_groups",
    ids=Ids("IGR", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        *described(),
        flag("multiple", default=False, writes="vendor"),
        flag("required", column="is_required", default=False, writes="vendor"),
        counted("itemCount", held(ITEM), column="held"),
        *belonging(),
        *audited("created", "updated"),
    ),
)
