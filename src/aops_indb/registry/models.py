"""Models: versions, their figures and artefacts, aliases and deployments."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from aops_indb.engines import Session
from aops_indb.errors import ArtifactError, ModelError, UnknownNameError
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.ids import next_id
from aops_indb.registry.jobs import RUNNING
from aops_indb.registry.process import Process
from aops_indb.registry.tables import (
    ALIASES,
    ARTIFACTS,
    DEPLOYMENTS,
    METRICS,
    MODEL_VERSIONS,
    PARAMS,
    REGISTERED_MODELS,
    RUNS,
)

CHAMPION = "champion"
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,50}")


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """A figure of a run: by period (split) and segment."""

    name: str
    value: float
    split: str
    segment: str = ""


@dataclass(frozen=True, slots=True)
class NewArtifact:
    """A file of a version that is being registered."""

    kind: str
    media_type: str
    content: bytes
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewModelVersion:
    """All that is noted of a trained version."""

    model: str
    estimator: str
    executor: str
    batch_executor: str
    description: str
    service: str
    run_id: str
    dataset_name: str
    dataset_digest: str
    feature_view_versions: Mapping[str, str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    library_versions: Mapping[str, str]
    git_commit: str | None
    params: Mapping[str, str]
    metrics: Sequence[MetricRecord]
    artifacts: Sequence[NewArtifact]


@dataclass(frozen=True, slots=True)
class ModelVersionRecord:
    """A registered version."""

    model: str
    version: int
    estimator: str
    executor: str
    batch_executor: str
    description: str
    service: str
    run_id: str
    dataset_name: str
    dataset_digest: str
    feature_view_versions: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    library_versions: Mapping[str, str]
    git_commit: str | None


# ── runs ───────────────────────────────────────────────────────────────────────────────────────────────


@atomic
def start_run(
    session: Session, *, kind: str, model: str, candidate: str = "", git_commit: str | None, actor: Actor
) -> str:
    """Note a run that begins, and in which process: `mark_interrupted` finds it if that is killed. Returns its id."""
    run = uuid.uuid4().hex
    row = {
        "run_id": run,
        "kind": kind,
        "model": model,
        "candidate": candidate,
        "status": RUNNING,
        "started_at": now(),
        "message": "",
        "git_commit": git_commit or "",
        "actor": actor.name,
        **Process.this().columns,
    }
    session.connection.execute(insert(RUNS), [row])
    return run


@atomic
def finish_run(session: Session, run: str, *, status: str, message: str = "") -> None:
    """Note how a run ended."""
    values = {"status": status, "finished_at": now(), "message": message}
    session.connection.execute(update(RUNS).where(RUNS.c.run_id == run).values(**values))


# ── versions ───────────────────────────────────────────────────────────────────────────────────────────


@atomic
def register_version(session: Session, new: NewModelVersion, *, actor: Actor) -> int:
    """Register a version under the next number of its model."""
    _register_model(session, new, actor)
    version = next_id(session, MODEL_VERSIONS.c.version, MODEL_VERSIONS.c.model == new.model)
    row = {
        "model": new.model,
        "version": version,
        "digest": _digest_of(new),
        "estimator": new.estimator,
        "executor": new.executor,
        "batch_executor": new.batch_executor,
        "description": new.description,
        "service": new.service,
        "run_id": new.run_id,
        "dataset_name": new.dataset_name,
        "dataset_digest": new.dataset_digest,
        "feature_view_versions": dict(new.feature_view_versions),
        "inputs": list(new.inputs),
        "outputs": list(new.outputs),
        "library_versions": dict(new.library_versions),
        "git_commit": new.git_commit or "",
        "created_at": now(),
        "created_by": actor.name,
    }
    session.connection.execute(insert(MODEL_VERSIONS), [row])
    _record_params(session, new)
    record_metrics(session, new.run_id, new.metrics)
    digests = {artifact.kind: _store_artifact(session, new.model, version, artifact) for artifact in new.artifacts}
    details = {"estimator": new.estimator, "dataset": new.dataset_digest, "artifacts": digests}
    audit.record(
        session, actor=actor, action="register", kind="model", name=new.model, version=version, details=details
    )
    return version


def _register_model(session: Session, new: NewModelVersion, actor: Actor) -> None:
    known = session.connection.execute(
        select(REGISTERED_MODELS.c.name).where(REGISTERED_MODELS.c.name == new.model)
    ).first()
    if known is None:
        row = {"name": new.model, "created_at": now(), "created_by": actor.name}
        session.connection.execute(insert(REGISTERED_MODELS), [row])


def _record_params(session: Session, new: NewModelVersion) -> None:
    rows = [{"run_id": new.run_id, "key": name, "value": value} for name, value in new.params.items()]
    if rows:
        session.connection.execute(insert(PARAMS), rows)


@atomic
def record_metrics(session: Session, run: str, metrics: Sequence[MetricRecord]) -> None:
    """Note figures of a run."""
    rows = [
        {
            "run_id": run,
            "position": position,
            "key": metric.name,
            "value": metric.value,
            "split": metric.split,
            "segment": metric.segment,
            "recorded_at": now(),
        }
        for position, metric in enumerate(metrics, next_id(session, METRICS.c.position, METRICS.c.run_id == run))
    ]
    if rows:
        session.connection.execute(insert(METRICS), rows)


def model_versions(session: Session, model: str) -> list[int]:
    """Numbers of a model's versions, in order."""
    query = select(MODEL_VERSIONS.c.version).where(MODEL_VERSIONS.c.model == model).order_by(MODEL_VERSIONS.c.version)
    return list(session.connection.execute(query).scalars())


def model_version(session: Session, model: str, version: int) -> ModelVersionRecord:
    """A version; UnknownNameError if it was never registered."""
    this = (MODEL_VERSIONS.c.model == model) & (MODEL_VERSIONS.c.version == version)
    row: Any = session.connection.execute(select(MODEL_VERSIONS).where(this)).first()
    if row is None:
        known = [f"{model}:{number}" for number in model_versions(session, model)]
        raise UnknownNameError("model version", f"{model}:{version}", known)
    return ModelVersionRecord(
        model=row.model,
        version=row.version,
        estimator=row.estimator,
        executor=row.executor,
        batch_executor=row.batch_executor,
        description=row.description,
        service=row.service,
        run_id=row.run_id,
        dataset_name=row.dataset_name,
        dataset_digest=row.dataset_digest,
        feature_view_versions=row.feature_view_versions,
        inputs=tuple(row.inputs),
        outputs=tuple(row.outputs),
        library_versions=row.library_versions,
        git_commit=row.git_commit or None,
    )


def resolve_version(session: Session, reference: str) -> ModelVersionRecord:
    """The version that `m:2`, `m@alias`, `models:/m/2`, `models:/m@alias` or `m` (its champion) names."""
    path = reference.removeprefix("models:/")
    separators = "@" if "@" in path else "/" if path != reference and "/" in path else ":"
    model, _, selector = path.partition(separators)
    _require_model(session, model)
    if separators == "@" or not selector:
        return model_version(session, model, _aliased_version(session, model, selector or CHAMPION, not selector))
    versions = model_versions(session, model)
    if selector not in map(str, versions):
        raise UnknownNameError("model version", reference, [f"{model}:{n}" for n in versions])
    return model_version(session, model, int(selector))


def _require_model(session: Session, model: str) -> None:
    known = list(session.connection.execute(select(REGISTERED_MODELS.c.name)).scalars())
    if model not in known:
        raise UnknownNameError("registered model", model, known)


def _aliased_version(session: Session, model: str, alias: str, by_default: bool) -> int:
    named = aliases(session, model)
    if alias in named:
        return named[alias]
    if not by_default:
        raise UnknownNameError(f"alias of model '{model}'", alias, named)
    versions = model_versions(session, model)
    if len(versions) == 1:
        return versions[0]
    raise ModelError(
        f"model '{model}' has versions {', '.join(map(str, versions))} and no {CHAMPION}: name one, e.g. "
        f"{model}:{versions[-1]}, or make one with  aops promote {model}:{versions[-1]}"
    )


# ── artefacts ──────────────────────────────────────────────────────────────────────────────────────────


def _digest_of(new: NewModelVersion) -> str:
    """One digest over what a version computes: its artefacts, and the columns that go in and come out."""
    content = {
        "artifacts": {a.kind: hashlib.sha256(a.content).hexdigest() for a in new.artifacts},
        "inputs": list(new.inputs),
        "outputs": list(new.outputs),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _store_artifact(session: Session, model: str, version: int, artifact: NewArtifact) -> str:
    digest = hashlib.sha256(artifact.content).hexdigest()
    row = {
        "model": model,
        "version": version,
        "kind": artifact.kind,
        "media_type": artifact.media_type,
        "digest": digest,
        "size": len(artifact.content),
        "note": artifact.note,
        "created_at": now(),
        "content": artifact.content,
    }
    session.connection.execute(insert(ARTIFACTS), [row])
    return digest


def artifact(session: Session, model: str, version: int, kind: str) -> bytes:
    """An artefact's content; ArtifactError if it is missing or is not what was registered."""
    these = (ARTIFACTS.c.model == model) & (ARTIFACTS.c.version == version)
    this = select(ARTIFACTS.c.content, ARTIFACTS.c.digest).where(these, ARTIFACTS.c.kind == kind)
    row = session.connection.execute(this).first()
    if row is None:
        kinds = ", ".join(artifact_kinds(session, model, version))
        raise ArtifactError(f"{model}:{version} has no {kind} artefact; kept are: {kinds or 'none'}")
    content = bytes(row.content)
    if hashlib.sha256(content).hexdigest() != row.digest:
        raise ArtifactError(f"the {kind} artefact of {model}:{version} is not what was registered: do not use it")
    return content


def artifact_kinds(session: Session, model: str, version: int) -> list[str]:
    """The kinds of artefacts that are kept of a version."""
    these = (ARTIFACTS.c.model == model) & (ARTIFACTS.c.version == version)
    return list(session.connection.execute(select(ARTIFACTS.c.kind).where(these).order_by(ARTIFACTS.c.kind)).scalars())


# ── aliases and deployments ────────────────────────────────────────────────────────────────────────────


def aliases(session: Session, model: str) -> dict[str, int]:
    """A model's aliases and the versions they name."""
    query = select(ALIASES.c.alias, ALIASES.c.version).where(ALIASES.c.model == model)
    return {row.alias: row.version for row in session.connection.execute(query)}


@atomic
def set_alias(session: Session, model: str, alias: str, version: int, *, actor: Actor) -> None:
    """Let an alias name a version; UnknownNameError if there is no such version.

    No audit row: what makes the alias mean something, `record_deployment`, leaves one.
    """
    model_version(session, model, version)
    if not _ALIAS.fullmatch(alias):
        raise ModelError(f"{alias!r} cannot be an alias: use a letter, then up to 50 letters, digits, - and _")
    session.connection.execute(delete(ALIASES).where((ALIASES.c.model == model) & (ALIASES.c.alias == alias)))
    row = {"model": model, "alias": alias, "version": version, "set_at": now(), "set_by": actor.name}
    session.connection.execute(insert(ALIASES), [row])


@atomic
def record_deployment(
    session: Session,
    model: str,
    version: int,
    *,
    alias: str,
    view: str,
    sql: str,
    made_as: Mapping[str, str],
    parameter_digests: Mapping[str, str],
    replaced_version: int | None,
    actor: Actor,
) -> None:
    """Note a promotion.

    made_as:           view -> digest of the text the warehouse keeps of it
    parameter_digests: table the views read constants from -> digest of its rows
    """
    row = {
        "deployment_id": next_id(session, DEPLOYMENTS.c.deployment_id),
        "model": model,
        "version": version,
        "alias": alias,
        "view_name": view,
        "view_sql": sql,
        "made_as": dict(made_as),
        "parameter_digests": dict(parameter_digests),
        "replaced_version": replaced_version,
        "deployed_at": now(),
        "deployed_by": actor.name,
    }
    session.connection.execute(insert(DEPLOYMENTS), [row])
    sealed = hashlib.sha256(sql.encode()).hexdigest()
    details = {"alias": alias, "view": view, "replaced": replaced_version, "sql_sha256": sealed}
    audit.record(session, actor=actor, action="promote", kind="model", name=model, version=version, details=details)


def deployed_views(session: Session, model: str) -> dict[str, str]:
    """Views made for a model -> digest of the text the warehouse kept of each when it was made last."""
    query = select(DEPLOYMENTS.c.made_as).where(DEPLOYMENTS.c.model == model).order_by(DEPLOYMENTS.c.deployment_id)
    return {name: digest for made in session.connection.execute(query).scalars() for name, digest in made.items()}


def parameter_digests(session: Session, model: str, version: int) -> dict[str, str]:
    """Tables that a version's view reads constants from -> digest of the rows of each when it was made last."""
    this = (DEPLOYMENTS.c.model == model) & (DEPLOYMENTS.c.version == version)
    query = select(DEPLOYMENTS.c.parameter_digests).where(this).order_by(DEPLOYMENTS.c.deployment_id.desc()).limit(1)
    return dict(session.connection.execute(query).scalar() or {})
