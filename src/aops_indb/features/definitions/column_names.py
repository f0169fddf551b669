"""Names of columns, which must not clash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aops_indb.features.definitions.base import EVENT_TIMESTAMP, Definition


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view or request and what it is there for: a key of _RENAMING."""

    name: str
    role: str
    definition: Definition

    def __str__(self) -> str:
        return f"{self.role} '{self.name}' ({self.definition.defined_at})"

    def renaming(self) -> str:
        return _RENAMING[self.role].format(expr=getattr(self.definition, "expr", None) or self.name)


# what a column is there for -> how it gets another name
_RENAMING = {
    "join key": "name the column otherwise in the spine and in the source",
    "field": "name the field otherwise, and what it shows in expr: Field(name='…', expr={expr!r}, …)",
    "aggregation": "begin its features' names otherwise: Aggregation(name='…', …)",
    "request column": "name the spine's column otherwise",
}


def repeated(names: Iterable[str]) -> bool:
    """Whether two names are one to SQL, which does not tell case apart."""
    folded = [name.lower() for name in names]
    return len(set(folded)) < len(folded)


def require_free_names(columns: Iterable[ViewColumn]) -> None:
    seen: dict[str, ViewColumn] = {}
    for column in columns:
        if column.name.lower() == EVENT_TIMESTAMP or column.name.startswith("__"):
            raise ValueError(f"{column} has a name used inside: {column.renaming()}")
        first = seen.setdefault(column.name.lower(), column)
        if first is not column:
            raise ValueError(
                f"two columns have one name, as SQL does not tell case apart: {first} and {column}; "
                f"leave one out, or {column.renaming()}"
            )
