"""aops train: fit a model's candidates on what was known, measure them as SQL, register each as a version."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aops_indb.engines import Session
from aops_indb.errors import ModelError, RefusedError, UnknownNameError
from aops_indb.features.definitions import FeatureView, Model
from aops_indb.features.spine import resolve, with_inputs
from aops_indb.registry import (
    MetricRecord,
    NewModelVersion,
    applied_definitions,
    current_actor,
    finish_run,
    register_version,
    start_run,
)
from aops_indb.scoring import translate
from aops_indb.scoring.graph import Graph
from aops_indb.workflows.artifacts import onnx_artifact, skops_artifact
from aops_indb.workflows.dataset import Dataset, keep_dataset
from aops_indb.workflows.measure import Parity, compare_with_library, measure
from aops_indb.workflows.plan import plan_in
from aops_indb.workflows.project import Project, Report
from aops_indb.workflows.training_rows import PERIODS, TARGET, input_names, model_frame, period_rows

LIBRARIES = ("aops-indb", "scikit-learn", "numpy", "pandas", "duckdb", "sqlglot", "skl2onnx")
# Rows that an exported ONNX is compared on.
ONNX_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class TrainedVersion:
    """A registered version: what it is, and its figures by period."""

    model: str
    version: int
    candidate: str
    dataset: str
    dataset_digest: str
    metrics: Mapping[str, Mapping[str, float | None]]
    parity: Parity


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A candidate that has been fitted, and what came of it."""

    name: str
    estimator: Any
    graph: Graph
    metrics: Mapping[str, Mapping[str, float | None]]
    parity: Parity
    sample: Any


def train_model(project: Project, name: str, *, candidate: str | None, report: Report) -> list[TrainedVersion]:
    """Train one candidate, or all; every version is registered in a transaction of its own."""
    model = project.definitions.model(name)
    if candidate is not None and candidate not in model.candidates:
        raise UnknownNameError(f"candidate of model '{name}'", candidate, model.candidates)
    chosen = [candidate] if candidate is not None else list(model.candidates)
    _require_applied(project)
    report("training set", 0.0)
    dataset = keep_dataset(project, name)
    report("training set", 1.0)
    return [_train_candidate(project, model, each, dataset, report) for each in chosen]


def _require_applied(project: Project) -> None:
    with project.session() as session:
        changed = [change.name for change in plan_in(project, session).changes]
    if changed:
        raise RefusedError(f"definitions changed since they were applied ({', '.join(changed)}): run  aops apply")


def _train_candidate(
    project: Project, model: Model, candidate: str, dataset: Dataset, report: Report
) -> TrainedVersion:
    task = f"{model.name}: {candidate}"
    report(task, 0.0)
    with project.session() as session:
        fitted = _fit(project, session, model, candidate, dataset, lambda done: report(task, done))
    with project.session() as session, session.transaction():
        version = _register(project, session, model, fitted, dataset)
    report(task, 1.0)
    return TrainedVersion(model.name, version, candidate, dataset.table, dataset.digest, fitted.metrics, fitted.parity)


def _fit(project: Project, session: Session, model: Model, candidate: str, dataset: Dataset, done: Any) -> _Fitted:
    features = resolve(project.definitions, model.service.references)
    inputs, dialect = input_names(features), project.engine.dialect
    rows = {p: period_rows(model, dataset.table, p, inputs) for p in PERIODS}
    learnt = session.arrow(rows["train"])
    frame, target = model_frame(learnt, inputs), learnt.column(TARGET).to_numpy()
    if len(set(target.tolist())) != 2:
        raise ModelError(
            f"model '{model.name}': {len(frame)} training rows, and the target is not both true and false among them: "
            "check target, population and the period train"
        )
    done(0.1)
    estimator = model.candidates[candidate]()
    estimator.fit(frame, target)
    done(0.7)
    graph = translate(estimator)
    metrics: dict[str, Mapping[str, float | None]] = {
        p: measure(session, dialect, graph, rows[p].copy()) for p in PERIODS
    }
    parity = compare_with_library(session, dialect, estimator, graph, rows["test"])
    if not parity.holds:
        raise ModelError(
            f"model '{model.name}', candidate '{candidate}': its SQL differs from the library by "
            f"{parity.largest_difference:.3g} and in {parity.labels_differing} labels; it was not registered"
        )
    done(0.85)
    return _Fitted(candidate, estimator, graph, metrics, parity, frame.head(ONNX_SAMPLE))


def _register(project: Project, session: Session, model: Model, fitted: _Fitted, dataset: Dataset) -> int:
    actor = current_actor()
    commit = git_commit(project.root)
    run = start_run(session, kind="train", model=model.name, git_commit=commit, actor=actor)
    version = register_version(
        session,
        NewModelVersion(
            model=model.name,
            estimator=fitted.name,
            description=model.description,
            service=model.service.name,
            run_id=run,
            dataset_name=dataset.table,
            dataset_digest=dataset.digest,
            feature_view_versions=bound_views(project, session, model),
            inputs=fitted.graph.inputs,
            outputs=fitted.graph.output_names,
            library_versions=library_versions(),
            git_commit=commit,
            params=_params(fitted.estimator),
            metrics=list(_metric_records(fitted)),
            artifacts=_artifacts(fitted),
        ),
        actor=actor,
    )
    finish_run(session, run, status="succeeded")
    return version


def _artifacts(fitted: _Fitted) -> list[Any]:
    return [skops_artifact(fitted.estimator), onnx_artifact(fitted.estimator, fitted.sample)]


def bound_views(project: Project, session: Session, model: Model) -> dict[str, str]:
    """Feature views and on-demand features that a model depends on -> fingerprint as applied."""
    definitions = project.definitions
    found = with_inputs(definitions, resolve(definitions, model.service.references))
    applied = applied_definitions(session)
    bound = {}
    for feature in found:
        kind = "feature_view" if isinstance(feature.origin, FeatureView) else "on_demand_feature"
        record = applied.get((kind, feature.origin.name))
        if record is not None:
            bound[feature.origin.name] = record.fingerprint
    return bound


def _metric_records(fitted: _Fitted) -> Iterator[MetricRecord]:
    for period, values in fitted.metrics.items():
        for name, value in values.items():
            if value is not None:
                yield MetricRecord(name, float(value), period)
    yield MetricRecord("sql_parity_rows", float(fitted.parity.rows), "test")
    yield MetricRecord("sql_parity_largest_difference", fitted.parity.largest_difference, "test")


def _params(estimator: Any) -> dict[str, str]:
    """Parameters of every step, as text; steps themselves are named by their own parameters."""
    plain = (bool, int, float, str, type(None))
    return {k: repr(v) for k, v in sorted(estimator.get_params().items()) if isinstance(v, plain)}


def library_versions() -> dict[str, str]:
    """Versions of what a training depends on."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), **versions}


def git_commit(root: Path) -> str | None:
    """The commit that the project's folder is at, with `-dirty` if files differ; None outside git."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return told.stdout.strip() or None
