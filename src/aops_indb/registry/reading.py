"""What the metadata tables tell: lists by kind, events by name, figures of a version, what a set was kept for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, extract, func, or_, select, tuple_

from aops_indb.engines import Session
from aops_indb.errors import UnknownNameError
from aops_indb.registry.tables import (
    ALIASES,
    ARTIFACTS,
    AUDIT_LOG,
    CHECK_RESULTS,
    DATASETS,
    DEFINITION_COLUMNS,
    DEFINITIONS,
    DEPLOYMENTS,
    JOB_RUNS,
    METRICS,
    MODEL_VERSIONS,
    PARAMS,
    RUNS,
)

# What an audit row says was done to a definition.
DEFINITION_ACTIONS = ("add", "change", "remove")


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under column names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows as mappings."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def _definitions(kind: str, *settings: str) -> Select[Any]:
    """Definitions of a kind, some of their settings after the name."""
    d = DEFINITIONS.c
    told = (d.definition[setting].as_string().label(setting) for setting in settings)
    columns = (d.name, d.version, *told, d.description, d.owner, d.applied_at, d.applied_by)
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


def _seconds() -> ColumnElement[Any]:
    """How long a run took; of one that was interrupted only the end of its process is known, and not when that was."""
    ended = RUNS.c.status.in_(("succeeded", "failed"))
    return case((ended, extract("epoch", RUNS.c.finished_at - RUNS.c.started_at)))


def _test_figure(metric: str) -> ColumnElement[Any]:
    """A run's figure over all rows of the period test."""
    m = METRICS.c
    these = (m.run_id == RUNS.c.run_id) & (m.key == metric) & (m.split == "test") & (m.segment == "")
    return select(m.value).where(these).order_by(m.position).limit(1).scalar_subquery().label(f"test_{metric}")


def _runs() -> Select[Any]:
    r, v = RUNS.c, MODEL_VERSIONS.c
    columns = (
        r.run_id, r.model, r.candidate, v.version, r.status, r.started_at,
        _seconds().label("seconds"), _test_figure("auc"), _test_figure("log_loss"), r.message,
    )  # fmt: skip
    joined = RUNS.outerjoin(MODEL_VERSIONS, (r.run_id == v.run_id) & (r.model == v.model))
    return select(*columns).select_from(joined).order_by(r.started_at.desc(), r.run_id)


def _newest_first(table: Any, time: ColumnElement[Any], *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).order_by(time.desc())


# kind as `aops list` takes it -> the query that lists it
LISTS: dict[str, Select[Any]] = {
    "entities": _definitions("entity"),
    "sources": _definitions("data_source"),
    "views": _definitions("feature_view"),
    "aliases": _definitions("feature_view_alias", "of", "prefix"),
    "features": _features(),
    "services": _definitions("feature_service"),
    "models": _models(),
    "datasets": _newest_first(
        DATASETS, DATASETS.c.created_at, "name", "table_name", "row_count", "digest", "created_at", "created_by"
    ),
    "deployments": _newest_first(
        DEPLOYMENTS, DEPLOYMENTS.c.deployed_at, "model", "version", "alias", "view_name", "deployed_at", "deployed_by"
    ),
    "runs": _runs(),
    "checks": _newest_first(
        CHECK_RESULTS,
        CHECK_RESULTS.c.checked_at,
        "object_name", "check_name", "severity", "status", "checked_rows", "failing_rows", "message", "checked_at",
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


# ── events ─────────────────────────────────────────────────────────────────────────────────────────────


def events(session: Session, name: str) -> Listing:
    """What happened to a name, newest first; UnknownNameError if nothing ever did."""
    found = _events(session, AUDIT_LOG.c.name == name)
    if not found.rows:
        raise UnknownNameError("name", name, audited_names(session))
    return told(found)


def audited_names(session: Session) -> list[str]:
    """Names that something happened to."""
    return list(session.connection.execute(select(AUDIT_LOG.c.name).distinct()).scalars())


def version_events(session: Session, model: str, version: int) -> Listing:
    """What happened to a version of a model, newest first."""
    a = AUDIT_LOG.c
    # the model's definition has versions as well, counted by themselves
    return told(_events(session, (a.name == model) & (a.version == version) & a.action.not_in(DEFINITION_ACTIONS)))


def dataset_events(session: Session, name: str, digest: str) -> Listing:
    """That a set was kept, and each version trained on it, newest first."""
    a = AUDIT_LOG.c
    kept = (a.kind == "dataset") & (a.name == name)
    found = _events(session, or_(kept, a.action == "register"), a.name)
    # a version's number says little beside those of other models
    named = ((*row[:-2], {"model": row[-1], **row[-2]} if row[-2].get("dataset") else row[-2]) for row in found.rows)
    rows = (row for row in named if digest in (row[-1].get("digest"), row[-1].get("dataset")))
    return told(Listing(found.columns[:-1], tuple(rows)))


def definition_events(session: Session, kind: str, name: str) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Every change of a definition, oldest first: the event, and the definition from then on; None if removed."""
    a, d = AUDIT_LOG.c, DEFINITIONS.c
    these = (a.kind == kind) & (a.name == name) & a.action.in_(DEFINITION_ACTIONS)
    query = select(d.definition).where((d.kind == kind) & (d.name == name)).order_by(d.definition_id)
    # one audit row says that a definition came into force, or that it was removed
    states = iter(session.connection.execute(query).scalars().all())
    changes = reversed(_events(session, these).as_dicts())
    return [(event, None if event["action"] == "remove" else next(states, None)) for event in changes]


def told(found: Listing) -> Listing:
    """Events with their details as text."""
    rows = tuple((*row[:-1], json.dumps(row[-1], ensure_ascii=False) if row[-1] else "") for row in found.rows)
    return Listing(found.columns, rows)


def _events(session: Session, these: ColumnElement[bool], *more: ColumnElement[Any]) -> Listing:
    a = AUDIT_LOG.c
    columns = (a.recorded_at, a.actor, a.action, a.kind, a.version, a.details, *more)
    return _listing(session, select(*columns).where(these).order_by(a.seq.desc()))


# ── versions and sets ──────────────────────────────────────────────────────────────────────────────────


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


def registration(session: Session, model: str, version: int) -> dict[str, Any]:
    """When a version was registered, by whom, and the run that it came of."""
    v, r = MODEL_VERSIONS.c, RUNS.c
    columns = (
        v.digest, v.created_at, v.created_by, v.run_id.label("run"), r.started_at.label("run_started_at"),
        _seconds().label("run_seconds"),
    )  # fmt: skip
    joined = MODEL_VERSIONS.outerjoin(RUNS, v.run_id == r.run_id)
    this = (v.model == model) & (v.version == version)
    return _listing(session, select(*columns).select_from(joined).where(this)).as_dicts()[0]


def bound_definitions(session: Session, fingerprints: Mapping[str, str]) -> Listing:
    """What a version is bound to, by name and fingerprint: each with its version, and whether that is in force."""
    d = DEFINITIONS.c
    query = select(d.name, d.fingerprint, d.kind, d.version, func.bool_or(d.retired_at.is_(None)))
    these = tuple_(d.name, d.fingerprint).in_(list(fingerprints.items()))
    found = session.connection.execute(query.where(these).group_by(d.name, d.fingerprint, d.kind, d.version))
    known = {(name, fingerprint): tuple(rest) for name, fingerprint, *rest in found}
    rows = (
        (name, *known.get((name, fingerprint), (None, None, None)), fingerprint)
        for name, fingerprint in fingerprints.items()
    )
    return Listing(("name", "kind", "version", "in_force", "fingerprint"), tuple(rows))


def kept_datasets(session: Session) -> list[dict[str, Any]]:
    """Every kept set with all that is noted of it, newest first."""
    return _listing(session, select(DATASETS).order_by(DATASETS.c.created_at.desc())).as_dicts()


def trained_versions(session: Session) -> list[tuple[str, int, str, str]]:
    """Every version by model and number, each with the name and digest of the set it was trained on."""
    v = MODEL_VERSIONS.c
    query = select(v.model, v.version, v.dataset_name, v.dataset_digest).order_by(v.model, v.version)
    return [tuple(row) for row in session.connection.execute(query)]


def _listing(session: Session, query: Select[Any]) -> Listing:
    result = session.connection.execute(query)
    names: Sequence[str] = tuple(result.keys())
    return Listing(tuple(names), tuple(tuple(row) for row in result))
