"""Verifies a database: the trail and its seals, references, totals, and what the rules promise."""

import asyncpg

from entrepot import app as house
from entrepot.settings import Settings
from entrepot.storage.sealer import verify

QUERIES = {
    "an order line's amounts do not add up to its order's": """
        select o.id from orders o where o.price_ppx_y is distinct from
            (select sum(l.price_ppx_y) from order_lines l where l.order_id = o.id)
        or o.price_spx1 is distinct from (select sum(l.price_spx1) from order_lines l where l.order_id = o.id)
    """,
    "more than one order of the agreement is in flight": """
        select agreement_id from orders where status in ('Processing', 'Querying')
        group by agreement_id having count(*) > 1
    """,
    "an order in flight belongs to an agreement that is neither Provisioning nor Updating": """
        select o.id from orders o join agreements a on a.id = o.agreement_id
        where o.status in ('Processing', 'Querying') and a.status not in ('Provisioning', 'Updating')
    """,
    "a line of an agreement belongs to both or neither of a subscription and an asset": """
        select id from lines where num_nonnulls(subscription_id, asset_id) <> 1
    """,
    "an agreement's price is not the sum of its live recurring lines": """
        select a.id from agreements a where a.price_source = 'Computed' and a.price_ppx_y is distinct from
            (select sum(l.price_ppx_y) from lines l where l.agreement_id = a.id and l.status = 'Active'
                and l.period <> 'one-time')
        and a.status = 'Active'
    """,
    "the trail has a gap in the revisions": """
        select object_id from trail group by kind, owner_id, object_id
        having count(distinct revision) <> max(revision) - min(revision) + 1
    """,
}
MOST = 100


async def check(settings: Settings) -> list[str]:
    """Every finding in words, with the id it is about."""
    async with house.build(settings) as parts:
        findings = await verify(parts.pool)
        for words, query in QUERIES.items():
            findings += [f"{row[0]}: {words}" for row in await _rows(parts.pool, query)]
        findings += await _dangling(parts)
    return findings


async def _rows(pool: asyncpg.Pool, query: str) -> list[asyncpg.Record]:
    return await pool.fetch(f"{query} limit {MOST}")


async def _dangling(parts: house.Application) -> list[str]:
    """References whose target is gone: only possible where somebody switched the constraints off."""
    findings: list[str] = []
    for noun in parts.nouns:
        for each in noun.all_fields:
            if each.kind != "ref" or not each.stored:
                continue
            target = parts.nouns[each.target]
            within = f" and x.{each.also} = t.{each.also}" if each.also else ""
            rows = await _rows(
                parts.pool,
                f"select t.id, t.{each.column} from {noun.table_name} t where t.{each.column} is not null "
                f"and not exists (select from {target.table_name} x where x.id = t.{each.column}{within})",
            )
            findings += [f"{row[0]}: {each.name} refers to {row[1]}, which is not there" for row in rows]
    return findings
