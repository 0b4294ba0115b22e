"""What the declarations expect of the database; migrations make it, a test compares, and new ones start from here."""

from collections.abc import Iterator

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.storage.writing import PG_TYPES


def columns(noun: Noun) -> dict[str, str]:
    """Column names and PostgreSQL types that the noun's fields stand for."""
    found = {each.column: PG_TYPES[each.kind] for each in noun.all_fields if each.stored}
    if noun.has_core:
        found["core"] = "text"
    return found


def tables(nouns: Nouns) -> Iterator[str]:
    """`create table` for every noun: a developer's start for a migration, never run by the program."""
    for noun in nouns:
        yield _table(noun)
    for noun in nouns:
        for each in noun.all_fields:
            if each.kind == "refs" and not each.derived:
                yield _link(nouns, noun, each)


def foreign_keys(nouns: Nouns) -> Iterator[str]:
    """One constraint for each reference and each file, deferrable so that a world file may come in any order."""
    for noun in nouns:
        for each in noun.all_fields:
            if each.kind == "file":
                yield (
                    f"alter table {noun.table_name} add constraint {noun.table_name}_{each.column}_fkey "
                    f"foreign key ({each.column}) references files (key) deferrable"
                )
            if each.kind != "ref" or not each.stored:
                continue
            target = nouns[each.target]
            own = f"{each.also}, {each.column}" if each.also else each.column
            other = f"{target.owner_column}, id" if target.shared else "id"
            yield (
                f"alter table {noun.table_name} add constraint {noun.table_name}_{each.column}_fkey "
                f"foreign key ({own}) references {target.table_name} ({other}) deferrable"
            )


def _table(noun: Noun) -> str:
    lines = [_column(noun, each) for each in noun.all_fields if each.stored]
    if noun.has_core:
        lines.append(f"core text generated always as ({noun.core_sql()}) stored")
    key = f"{noun.owner_column}, id" if noun.shared else "id"
    lines.append(f"primary key ({key})")
    body = ",\n    ".join(lines)
    return f"create table {noun.table_name} (\n    {body}\n)"


def _column(noun: Noun, each: Field) -> str:
    kind = PG_TYPES[each.kind]
    if kind == "timestamptz":
        kind = "timestamptz(3)"
    if kind == "text":
        kind = 'text collate "C"'
    text = f"{each.column} {kind}"
    if each.column in ("id", "revision", "status", _owner(noun)):
        text += " not null"
    if each.members:
        words = ", ".join(f"'{member}'" for member in each.members)
        text += f" check ({each.column} in ({words}))"
    if each.kind == "bag":
        text += " not null default '[]'"
    if each.least is not None:
        text += f" check ({each.column} >= {each.least})"
    return text


def _owner(noun: Noun) -> str:
    return noun.owner_column if noun.owner else ""


def _link(nouns: Nouns, noun: Noun, each: Field) -> str:
    target = nouns[each.target]
    return (
        f"create table {noun.link(each).name} (\n"
        f'    owner_id text collate "C" not null references {noun.table_name} (id) on delete cascade deferrable,\n'
        f'    target_id text collate "C" not null references {target.table_name} (id) deferrable,\n'
        "    place integer not null,\n"
        "    primary key (owner_id, target_id)\n)"
    )
