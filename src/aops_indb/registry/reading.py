"""What the metadata tables tell: lists by kind, events by name, figures of a version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from aops_indb.engines import Session
from aops_indb.errors import UnknownNameError
from aops_indb.registry.tables import (
    ALIASES,
    ARTIFACTS,
    AUDIT_LOG,
    DATASETS,
    DEFINITION_COLUMNS,
    DEFINITIONS,
    DEPLOYMENTS,
    JOB_RUNS,
    METRICS,
    MODEL_VERSIONS,
    PARAMS,
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under column names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows as mappings."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def _definitions(kind: str) -> Select[Any]:
    d = DEFINITIONS.c
    columns = (d.name, d.version, d.description, d.owner, d.applied_at, d.applied_by)
    return select(*columns).where((d.kind == kind) & d.retired_at.is_(None)).order_by(d.name)


def _features() -> Select[Any]:
    d, c = DEFINITIONS.c, DEFINITION_COLUMNS.c
    joined = DEFINITIONS.join(DEFINITION_COLUMNS, d.definition_id == c.definition_id)
    columns = (d.name.label("view"), c.column_name.label("name"), c.dtype, c.description)
    return select(*columns).select_from(joined).where(d.retired_at.is_(None)).order_by(d.name, c.position)


def _models() -> Select[Any]:
    v, a = MODEL_VERSIONS.c, ALIASES.c
    named = MODEL_VERSIONS.outerjoin(ALIASES, (v.model == a.model) & (v.version == a.version))
    columns = (v.model, v.version, a.alias, v.estimator, v.dataset_name, v.created_at, v.created_by)
    return select(*columns).select_from(named).order_by(v.model, v.version, a.alias)


def _newest_first(table: Any, time: ColumnElement[Any], *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).order_by(time.desc())


# kind as `aops list` takes it -> the query that lists it
LISTS: dict[str, Select[Any]] = {
    "entities": _definitions("entity"),
    "sources": _definitions("data_source"),
    "views": _definitions("feature_view"),
    "features": _features(),
    "services": _definitions("feature_service"),
    "models": _models(),
    "datasets": _newest_first(
        DATASETS, DATASETS.c.created_at, "name", "table_name", "row_count", "digest", "created_at", "created_by"
    ),
    "deployments": _newest_first(
        DEPLOYMENTS, DEPLOYMENTS.c.deployed_at, "model", "version", "alias", "view_name", "deployed_at", "deployed_by"
    ),
    "jobs": _newest_first(
        JOB_RUNS,
        JOB_RUNS.c.started_at,
        "job_id", "kind", "target", "model_version", "interval_start", "interval_end", "status", "row_count",
        "seconds", "started_at", "message",
    ),
}  # fmt: skip


def list_objects(session: Session, kind: str) -> Listing:
    """Everything of one kind; UnknownNameError for a kind that is not in LISTS."""
    if kind not in LISTS:
        raise UnknownNameError("kind to list", kind, LISTS)
    return _listing(session, LISTS[kind])


def events(session: Session, name: str) -> Listing:
    """What happened to a name, newest first; UnknownNameError if nothing ever did."""
    a = AUDIT_LOG.c
    columns = (a.recorded_at, a.actor, a.action, a.kind, a.version, a.details)
    found = _listing(session, select(*columns).where(a.name == name).order_by(a.seq.desc()))
    if not found.rows:
        known = session.connection.execute(select(a.name).distinct()).scalars()
        raise UnknownNameError("name", name, known)
    rows = tuple((*row[:-1], json.dumps(row[-1], ensure_ascii=False) if row[-1] else "") for row in found.rows)
    return Listing(found.columns, rows)


def figures(session: Session, run: str) -> Listing:
    """A run's metrics."""
    m = METRICS.c
    query = select(m.split, m.key.label("metric"), m.value).where(m.run_id == run).order_by(m.position)
    return _listing(session, query)


def params(session: Session, run: str) -> Listing:
    """A run's parameters."""
    return _listing(session, select(PARAMS.c.key, PARAMS.c.value).where(PARAMS.c.run_id == run).order_by(PARAMS.c.key))


def artifacts(session: Session, model: str, version: int) -> Listing:
    """A version's artefacts, without their content."""
    a = ARTIFACTS.c
    these = (a.model == model) & (a.version == version)
    return _listing(session, select(a.kind, a.size, a.digest, a.note).where(these).order_by(a.kind))


def _listing(session: Session, query: Select[Any]) -> Listing:
    result = session.connection.execute(query)
    names: Sequence[str] = tuple(result.keys())
    return Listing(tuple(names), tuple(tuple(row) for row in result))
