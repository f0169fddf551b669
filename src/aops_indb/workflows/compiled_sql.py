"""The SQL of what a definition is made as, written when it is read: a plan of what is new reads none of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aops_indb.features.views import WarehouseObject
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import Query


def compiled_sql(objects: Sequence[WarehouseObject], dialect: Dialect) -> Mapping[str, str]:
    """Object -> its query as text; at once where the dialect may refuse some of it, which a plan must tell."""
    later = _WrittenLater(objects, dialect)
    return dict(later) if _refuses(dialect) else later


def shape_of(item: WarehouseObject, dialect: Dialect) -> Query:
    """A query of an object's columns and their types: its own, or a shorter one."""
    return item.query if item.shape is None or _refuses(dialect) else item.shape()


def _refuses(dialect: Dialect) -> bool:
    return bool(dialect.lacks or dialect.rewrites)


class _WrittenLater(Mapping[str, str]):
    def __init__(self, objects: Sequence[WarehouseObject], dialect: Dialect) -> None:
        self._objects, self._dialect = {item.name: item for item in objects}, dialect
        self._written: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._written:
            self._written[name] = render(self._objects[name].query, self._dialect)
        return self._written[name]

    def __contains__(self, name: object) -> bool:
        return name in self._objects

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __repr__(self) -> str:
        return repr(dict(self))
