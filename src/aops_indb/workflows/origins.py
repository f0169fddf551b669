"""What a kept set was made from: the definitions, and the state of their sources.

Of each source is noted how many rows were known by the last moment of the spine, and a digest of them, whatever their
order. Rows that became known later change neither the set nor the digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aops_indb.engines import Session
from aops_indb.features.definitions import EVENT_TIMESTAMP, DataSource, FeatureView, OnDemandFeature, ViewHistory
from aops_indb.features.source_rows import source_relation
from aops_indb.features.spine import Feature, with_inputs
from aops_indb.sqlgen.build import Expr, anonymous, cast, coalesce, col, count_star, func, greatest, le, lit
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.row_digests import row_hash
from aops_indb.sqlgen.statements import Query, select
from aops_indb.workflows.desired import fingerprint, source_types
from aops_indb.workflows.workspace import Workspace


def feature_versions(project: Workspace, features: Iterable[Feature]) -> dict[str, str]:
    """The fingerprint of each view and on-demand feature that features come from, by name."""
    found = (feature.origin for feature in with_inputs(project.definitions, features))
    return {origin.name: fingerprint(origin) for origin in found if isinstance(origin, FeatureView | OnDemandFeature)}


def source_states(project: Workspace, session: Session, features: Iterable[Feature], kept: Expr) -> dict[str, Any]:
    """Of each source, by name: its state as far as a kept set could know it, and the query that told it."""
    views = [f.origin for f in with_inputs(project.definitions, features) if isinstance(f.origin, FeatureView)]
    last = session.scalar(select([cast(func("MAX", col(EVENT_TIMESTAMP)), "VARCHAR")], kept))
    found = {}
    for source in _tables(views):
        types = source_types(source, session)
        query = _state(source, types, last)
        found[source.name] = {"sql": render(query, project.engine.dialect), **read_state(session, query)}
    return found


def _tables(views: Iterable[FeatureView]) -> Iterable[DataSource]:
    """The sources that views are made from in the end, each once."""
    found: dict[str, DataSource] = {}
    for view in views:
        source = view.source
        while isinstance(source, ViewHistory):
            source = source.of.source
        found[source.name] = source
    return found.values()


def _state(source: DataSource, types: Mapping[str, str], last: str | None) -> Query:
    """How many rows were known by a moment, and the sum of their hashes: the same in any order."""
    hash_sum = cast(func("SUM", row_hash(types)), "VARCHAR")
    columns = {"row_count": count_star(), "hash_sum": hash_sum, "engine": _engine()}
    return select(columns, source_relation(source), where=_known_by(source, types, last))


def _known_by(source: DataSource, types: Mapping[str, str], last: str | None) -> list[Expr]:
    if source.timestamp_field is None:
        return []
    known: Expr = col(source.timestamp_field)
    if source.created_timestamp_column:
        known = greatest(known, coalesce(col(source.created_timestamp_column), known.copy()))
    time_type = next(t for column, t in types.items() if column.lower() == source.timestamp_field.lower())
    return [le(known, cast(lit(last), time_type))]


def _engine() -> Expr:
    # hashes are those of one release
    return anonymous("VERSION")


def read_state(session: Session, query: Query) -> dict[str, Any]:
    """What the query of a source's state tells now."""
    [(rows, hashes, engine)] = session.rows(query)
    return {"rows": rows, "digest": hashes or "0", "engine": engine}
