"""What must hold of orders, agreements and what hangs on them: prices add up, one order at a time is in flight."""

from collections.abc import Sequence

from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.asset import ASSET
from entrepot.commerce.line import LINE
from entrepot.commerce.order import ORDER
from entrepot.commerce.order_line import ORDER_LINE
from entrepot.commerce.split import AGREEMENT_ALLOCATION, AGREEMENT_SPLIT, SUBSCRIPTION_ALLOCATION, SUBSCRIPTION_SPLIT
from entrepot.commerce.split import AMOUNTS as SHARED
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.kernel.check import Check
from entrepot.kernel.noun import Noun

AMOUNTS = ("price_ppx1", "price_ppx_m", "price_ppx_y", "price_spx1", "price_spx_m", "price_spx_y")
LIVE = "status = 'Active'"


def _sums(owner: Noun, lines: Noun, by: str, which: str = "true", where: str = "true") -> Check:
    """The price of something with lines is the sum of the price of these lines, amount by amount."""
    columns = [each for each in AMOUNTS if each in owner.by_column]
    sums = _sum_of(columns)
    return Check(
        "totals",
        "its price is not the sum of its lines",
        f"select t.id from {owner.table_name} t"
        f" left join (select {by} as owner_id, {sums} from {lines.table_name} where {which} group by {by}) l"
        f" on l.owner_id = t.id where {where}"
        f" and ({_row('t', columns)}) is distinct from ({_row('l', columns)}) order by t.id",
    )


def _sum_of(columns: Sequence[str], alias: str = "") -> str:
    return ", ".join(f"sum({alias}{each}) as {each}" for each in columns)


def _row(alias: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{each}" for each in columns)


CHECKS = (
    _sums(ORDER, ORDER_LINE, "order_id"),
    _sums(
        AGREEMENT,
        LINE,
        "agreement_id",
        which=f"{LIVE} and period is distinct from 'one-time'",
        where="t.price_source = 'Computed' and t.status in ('Active', 'Updating')",
    ),
    _sums(SUBSCRIPTION, LINE, "subscription_id", which=LIVE, where="t.status in ('Active', 'Updating')"),
    _sums(ASSET, LINE, "asset_id", which=LIVE, where=f"t.{LIVE}"),
    Check(
        "orders",
        "more than one of its orders is in flight",
        "select agreement_id from orders where status in ('Processing', 'Querying')"
        " group by agreement_id having count(*) > 1 order by 1",
    ),
    Check(
        "orders",
        "it is in flight, but its agreement is neither Provisioning nor Updating",
        "select o.id from orders o join agreements a on a.id = o.agreement_id"
        " where o.status in ('Processing', 'Querying') and a.status not in ('Provisioning', 'Updating') order by o.id",
    ),
    Check(
        "baskets",
        "its status is not what its lines come to",
        "select b.id from baskets b join (select basket_id, case"
        " when every(status = 'Cancelled') then 'Cancelled'"
        " when every(status in ('Submitted', 'Cancelled')) then 'Submitted'"
        " when bool_or(status = 'PendingManual') then 'PendingManual'"
        " when bool_or(status in ('Submitted', 'Processing')) then 'Processing'"
        " when bool_or(status = 'Failed') then 'Failed' else 'Completed' end as folded"
        " from basket_lines group by basket_id) l on l.basket_id = b.id"
        " where case b.status when 'PendingApproval' then 'Submitted' else b.status end <> l.folded order by b.id",
    ),
    Check(
        "baskets",
        "one of its lines is not where its order is",
        "select distinct l.basket_id from basket_lines l left join orders o on o.id = l.order_id"
        " where case o.status when 'Completed' then l.status = 'Completed' when 'Failed' then l.status = 'Failed'"
        " when 'Querying' then l.status = 'PendingManual'"
        " when 'Processing' then l.status in ('Processing', 'PendingManual')"
        " else l.order_id is null and l.status in ('Submitted', 'Cancelled', 'Failed') end is not true order by 1",
    ),
    Check(
        "splits",
        "its shares are not 100 percent and the price of its subscription",
        f"select s.id from {SUBSCRIPTION_SPLIT.table_name} s"
        f" join {SUBSCRIPTION.table_name} t on t.id = s.subscription_id"
        f" left join (select split_id, sum(percentage) as percentage, {_sum_of(SHARED)}"
        f" from {SUBSCRIPTION_ALLOCATION.table_name} group by split_id) l on l.split_id = s.id"
        f" where (l.percentage, {_row('l', SHARED)}) is distinct from (100, {_row('t', SHARED)}) order by s.id",
    ),
    Check(
        "splits",
        "a buyer bears something else than its shares of the subscriptions",
        f"select a.split_id from {AGREEMENT_ALLOCATION.table_name} a join {AGREEMENT_SPLIT.table_name} s"
        f" on s.id = a.split_id left join (select m.agreement_id, l.buyer_id, {_sum_of(SHARED, 'l.')}"
        f" from {SUBSCRIPTION_ALLOCATION.table_name} l join {SUBSCRIPTION_SPLIT.table_name} m on m.id = l.split_id"
        f" group by m.agreement_id, l.buyer_id) l on l.agreement_id = s.agreement_id and l.buyer_id = a.buyer_id"
        f" where ({_row('a', SHARED)}) is distinct from ({_row('l', SHARED)}) order by a.split_id",
    ),
    Check(
        "splits",
        "a buyer bears a subscription, and is not among those of the agreement",
        f"select m.id from {SUBSCRIPTION_ALLOCATION.table_name} l join {SUBSCRIPTION_SPLIT.table_name} m"
        f" on m.id = l.split_id where not exists (select from {AGREEMENT_SPLIT.table_name} s"
        f" join {AGREEMENT_ALLOCATION.table_name} a on a.split_id = s.id"
        " where s.agreement_id = m.agreement_id and a.buyer_id = l.buyer_id) order by m.id",
    ),
    Check(
        "lines",
        "it belongs to both or neither of a subscription and an asset",
        "select id from lines where num_nonnulls(subscription_id, asset_id) <> 1 order by id",
    ),
    Check(
        "lines",
        "its quantity is not what orders and changes made of it",
        "with told as (select distinct on (l.key) l.key as id, (l.value -> 'quantity' ->> 1)::integer as quantity"
        " from trail t, jsonb_each(t.delta -> 'lines') l where t.kind = 'commerce/agreements'"
        " and t.delta ? 'lines' and l.value ? 'quantity' order by l.key, t.revision desc, t.place desc),"
        " ordered as (select distinct on (l.id) l.id, l.quantity from order_lines l join orders o on o.id = l.order_id"
        " where o.status = 'Completed' and o.type = 'Purchase' order by l.id)"
        " select l.id from lines l left join told t on t.id = l.id left join ordered o on o.id = l.id"
        " where coalesce(t.quantity, o.quantity, l.quantity) is distinct from l.quantity order by l.id",
    ),
)
