"""Whether things agree with what is said of them elsewhere: references lead somewhere, the trail tells what is there.

All of it follows from the declarations. Each statement gives what is wrong alone, and no more than a hundred of a
kind: whoever has that many faults has one cause.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from entrepot.kernel.check import Check
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.trail import event_name
from entrepot.storage.verifying import Progress

FINDINGS_MAX = 100


async def run(conn: Any, checks: list[Check], progress: Progress) -> AsyncIterator[str]:
    """What the checks find, in words."""
    for done, each in enumerate(checks, 1):
        rows = await conn.fetch(f"select * from ({each.query}) found limit {FINDINGS_MAX + 1}")
        for row in rows[:FINDINGS_MAX]:
            yield f"{each.about}: {row[0]}: {each.words.format(*row)}"
        if len(rows) > FINDINGS_MAX:
            yield f"{each.about}: and more: {each.words.format(*rows[-1])}"
        progress("things", done, len(checks))


def checks(nouns: Nouns) -> Iterator[Check]:
    """What the declarations promise of every kind of thing."""
    for noun in nouns:
        if noun.columns and noun.path in _stored(nouns):
            yield from _references(noun, nouns)
            yield from _lists(noun, nouns)
            yield from _bags(noun, nouns)
            yield from _parties(noun, nouns)
            if noun.trailed and noun.path not in UNTRAILED:
                yield from _told(noun)
    yield from _due(nouns)
    yield from _files(nouns)


UNTRAILED = ("identities",)
"""Copies of users and tokens, which have a trail of their own."""


def _stored(nouns: Nouns) -> set[str]:
    """The kinds that are tables: others are views of the trail."""
    return {noun.path for noun in nouns if noun.module != "audit"}


# References ---------------------------------------------------------------------------------------------


def _references(noun: Noun, nouns: Nouns) -> Iterator[Check]:
    for each in noun.all_fields:
        if each.kind != "ref" or not each.stored:
            continue
        target = nouns[each.target]
        within = f" and x.{each.also} = t.{each.also}" if each.also else ""
        yield Check(
            "references",
            f"{each.name} refers to {{1}}, which is not there",
            f"select t.id, t.{each.column} from {noun.table_name} t where t.{each.column} is not null"
            f" and not exists (select from {target.table_name} x where x.id = t.{each.column}{within})",
        )


def _lists(noun: Noun, nouns: Nouns) -> Iterator[Check]:
    for each in noun.all_fields:
        if each.kind != "refs" or each.derived:
            continue
        for column, table in (("target_id", nouns[each.target].table_name), ("owner_id", noun.table_name)):
            yield Check(
                "references",
                f"{each.name} refers to {{1}}: {{2}} is not there",
                f"select t.owner_id, t.target_id, t.{column} from {noun.link(each).name} t"
                f" where not exists (select from {table} x where x.id = t.{column})",
            )


def _bags(noun: Noun, nouns: Nouns) -> Iterator[Check]:
    for each in noun.all_fields:
        if each.kind == "bag" and each.target in nouns:
            yield Check(
                "references",
                f"{each.name} holds a value of {{1}}, which is not there",
                f"select t.id, e ->> 'id' from {noun.table_name} t cross join jsonb_array_elements(t.{each.column}) e"
                f" where e ->> 'id' is not null"
                f" and not exists (select from {nouns[each.target].table_name} x where x.id = e ->> 'id')",
            )


def _parties(noun: Noun, nouns: Nouns) -> Iterator[Check]:
    """What is about a buyer is the account's that has the buyer."""
    buyers = next((each for each in nouns if each.party and each.scope == "id"), None)
    if buyers is not None and noun.party and noun is not buyers:
        yield Check(
            "parties",
            "it is of {1}, and its buyer of {2}",
            f"select t.id, t.{noun.party}, b.{buyers.party} from {noun.table_name} t"
            f" join {buyers.table_name} b on b.id = t.{noun.scope} where t.{noun.party} <> b.{buyers.party}",
        )


# The trail ----------------------------------------------------------------------------------------------


def _told(noun: Noun) -> Iterator[Check]:
    """The last that the trail tells of a thing is how it is."""
    owner = f"t.{noun.owner_column}" if noun.shared else "''"
    rows = f"from trail where object_id = t.id and kind = '{noun.path}' and owner_id = {owner}"
    latest = "order by revision desc, place desc limit 1"
    yield Check(
        "trail",
        f"the {noun.word} is at revision {{1}}, its trail ends at {{2}}",
        f"select t.id, t.revision, coalesce(x.revision::text, 'nothing') from {noun.table_name} t"
        f" left join lateral (select revision {rows} {latest}) x on true"
        " where x.revision is distinct from t.revision",
    )
    if noun.life is not None:
        yield Check(
            "trail",
            f"the {noun.word} is {{1}}, its trail says {{2}}",
            f"select t.id, t.status, x.became from {noun.table_name} t"
            f" cross join lateral (select delta -> 'status' ->> 1 as became {rows} and delta ? 'status' {latest}) x"
            " where x.became is distinct from t.status",
        )


# Files --------------------------------------------------------------------------------------------------


def _files(nouns: Nouns) -> Iterator[Check]:
    """Those that lie in the database are what they were when they came in; each is held, by somebody."""
    yield Check(
        "files",
        "its bytes are not those that came in",
        "select f.key from files f where not f.outside and f.sha256 is distinct from"
        " (select sha256(coalesce(string_agg(p.content, '' order by p.place), '')) from file_pieces p"
        " where p.key = f.key)",
    )
    holders = [f"select {noun.file.column} from {noun.table_name}" for noun in nouns if noun.file is not None]
    if holders:
        yield Check(
            "files",
            "it is held, and by nobody",
            f"select f.key from files f where f.held and f.key not in"
            f" (select k from ({' union all '.join(holders)}) h (k) where k is not null)",
        )


# Events and work ------------------------------------------------------------------------------------


async def verify_events(conn: Any, nouns: Nouns) -> AsyncIterator[str]:
    """Events are of kinds that there are, under their names, and about things that there are."""
    rows = await conn.fetch(
        "select kind, event, min(id) as id, count(*) as rows from trail group by kind, event order by kind, event"
    )
    for row in rows:
        noun = nouns.get(row["kind"])
        where = f"{row['rows']} rows of the trail, row {row['id']} the first"
        if noun is None:
            yield f"events: {row['kind']} is not a kind of thing ({where})"
        elif not row["event"].startswith(event_name(noun, "")):
            yield f"events: {row['event']} is not an event of {row['kind']} ({where})"


def _due(nouns: Nouns) -> Iterator[Check]:
    for noun in nouns:
        if noun.path in _stored(nouns):
            yield Check(
                "work",
                f"{{1}} is to be done about this {noun.word}, which is not there",
                f"select d.object_id, d.job from due d where d.done_at is null and d.kind = '{noun.path}'"
                f" and not exists (select from {noun.table_name} x where x.id = d.object_id)",
            )
