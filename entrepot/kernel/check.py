"""What must hold of what is stored, so that `entrepot check` can tell where it does not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`query` is SQL that gives the id of each thing of which `words` is true: a fault."""

    about: str
    words: str
    query: str
