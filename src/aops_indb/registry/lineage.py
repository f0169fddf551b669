"""Which columns the columns of definitions are made from, as rows that can be queried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from aops_indb.engines import Session
from aops_indb.registry.atomic import atomic
from aops_indb.registry.tables import DEFINITIONS, LINEAGE_EDGES

# Rows of one statement: DuckDB takes long for each statement.
_ROWS = 500


@dataclass(frozen=True, slots=True, order=True)
class ColumnEdge:
    """A column of a definition, and one that it is made from: from its values, or (not direct) as it says which rows
    there are, or when."""

    column: str
    upstream_kind: str
    upstream_name: str
    upstream_column: str
    direct: bool


@atomic
def record_column_edges(session: Session, kind: str, name: str, edges: Iterable[ColumnEdge]) -> None:
    """Note what the columns of a definition in force are made from, in place of what was noted."""
    d, e = DEFINITIONS.c, LINEAGE_EDGES.c
    this = (d.kind == kind) & (d.name == name) & d.retired_at.is_(None)
    found = session.connection.execute(select(d.definition_id, d.version).where(this)).one()
    of_columns = (e.definition_id == found.definition_id) & e.column_name.is_not(None)
    session.connection.execute(delete(LINEAGE_EDGES).where(of_columns))
    rows = [
        {
            "kind": kind,
            "name": name,
            "version": found.version,
            "definition_id": found.definition_id,
            "position": position,
            "column_name": edge.column,
            "upstream_kind": edge.upstream_kind,
            "upstream_name": edge.upstream_name,
            "upstream_column": edge.upstream_column,
            "direct": edge.direct,
        }
        for position, edge in enumerate(sorted(edges), start=1)
    ]
    for start in range(0, len(rows), _ROWS):
        session.connection.execute(insert(LINEAGE_EDGES).values(rows[start : start + _ROWS]))


def column_edges_of(session: Session, kind: str, fingerprint: str) -> list[ColumnEdge]:
    """What was noted last of the columns of a definition that computes the same, whatever it is called now."""
    d, e = DEFINITIONS.c, LINEAGE_EDGES.c
    joined = LINEAGE_EDGES.join(DEFINITIONS, d.definition_id == e.definition_id)
    these = (d.kind == kind) & (d.fingerprint == fingerprint) & e.column_name.is_not(None)
    columns = (e.definition_id, e.column_name, e.upstream_kind, e.upstream_name, e.upstream_column, e.direct)
    found = session.connection.execute(select(*columns).select_from(joined).where(these)).all()
    newest = max((row.definition_id for row in found), default=None)
    return [ColumnEdge(*row[1:]) for row in found if row.definition_id == newest]
