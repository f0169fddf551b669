"""aops train: fit a model's candidates on what was known, measure them as SQL, register each as a version."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aops_indb.engines import Session
from aops_indb.errors import ModelError, RefusedError, UnknownNameError, UnsupportedModelError
from aops_indb.features.definitions import FeatureView, OnDemandFeature
from aops_indb.features.model import Model
from aops_indb.features.spine import resolve, with_inputs
from aops_indb.registry import (
    MetricRecord,
    NewArtifact,
    NewModelVersion,
    current_actor,
    finish_run,
    mark_interrupted,
    register_version,
    start_run,
)
from aops_indb.scoring import translate
from aops_indb.scoring.graph import Graph
from aops_indb.sqlgen.parse import normal_sql
from aops_indb.workflows.artifacts import onnx_artifact, skops_artifact
from aops_indb.workflows.dataset import Dataset, keep_dataset
from aops_indb.workflows.desired import fingerprint
from aops_indb.workflows.measure import SCORE, Parity, compare_with_library, measure, require_targets
from aops_indb.workflows.plan import plan_in
from aops_indb.workflows.training_rows import PERIODS, TARGET, input_names, model_frame, period_rows
from aops_indb.workflows.workspace import Report, Workspace

LIBRARIES = ("aops-indb", "scikit-learn", "numpy", "pandas", "duckdb", "sqlglot", "skl2onnx")
# Rows that an exported ONNX is compared on.
ONNX_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class TrainedVersion:
    """A registered version: what it is, its figures by period, and how its exported ONNX compares."""

    model: str
    version: int
    candidate: str
    dataset: str
    dataset_digest: str
    metrics: Mapping[str, Mapping[str, float | None]]
    parity: Parity
    onnx: str


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A candidate that has been fitted, and what came of it."""

    name: str
    graph: Graph
    params: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float | None]]
    parity: Parity
    artifacts: tuple[NewArtifact, ...]
    onnx: str


def train_model(project: Workspace, name: str, *, candidate: str | None, report: Report) -> list[TrainedVersion]:
    """Train one candidate, or all; every version is registered in a transaction of its own."""
    model = project.definitions.model(name)
    if candidate is not None and candidate not in model.candidates:
        raise UnknownNameError(f"candidate of model '{name}'", candidate, model.candidates)
    chosen = [candidate] if candidate is not None else list(model.candidates)
    _require_applied(project)
    dataset = keep_dataset(project, name, report=report)
    return [_train_candidate(project, model, each, dataset, report) for each in chosen]


def _require_applied(project: Workspace) -> None:
    with project.session() as session:
        changed = [change.name for change in plan_in(project, session).changes]
    if changed:
        raise RefusedError(f"definitions changed since they were applied ({', '.join(changed)}): run  aops apply")


def _train_candidate(
    project: Workspace, model: Model, candidate: str, dataset: Dataset, report: Report
) -> TrainedVersion:
    task = f"{model.name}: {candidate}"
    report(task, 0.0)
    commit = git_commit(project.root)
    with project.session() as session:
        mark_interrupted(session)
        run = start_run(
            session, kind="train", model=model.name, candidate=candidate, git_commit=commit, actor=current_actor()
        )
    try:
        fitted = _fit(project, model, candidate, dataset, lambda done: report(task, done))
    except BaseException as error:
        with project.session() as session:
            finish_run(session, run, status="failed", message=f"{candidate}: {str(error) or type(error).__name__}")
        raise
    with project.session() as session, session.transaction():
        version = _register(project, session, model, fitted, dataset, run, commit)
    report(task, 1.0)
    return TrainedVersion(
        model=model.name,
        version=version,
        candidate=candidate,
        dataset=dataset.table,
        dataset_digest=dataset.digest,
        metrics=fitted.metrics,
        parity=fitted.parity,
        onnx=fitted.onnx,
    )


def _fit(project: Workspace, model: Model, candidate: str, dataset: Dataset, done: Callable[[float], None]) -> _Fitted:
    inputs = input_names(resolve(project.definitions, model.service.references))
    frame, target = _training_rows(project, model, dataset, inputs)
    done(0.1)
    # no session is open while the library fits: others may use the warehouse
    estimator = _fitted_estimator(model, candidate, frame, target)
    done(0.6)
    graph = translate(estimator)
    if SCORE not in graph.output_names:
        raise ModelError(
            f"model '{model.name}', candidate '{candidate}': it gives {', '.join(graph.output_names)}, and no {SCORE}: "
            "make it a classifier of two classes"
        )
    metrics, parity = _measure(project, model, dataset, estimator, graph, inputs)
    if not parity.holds:
        raise ModelError(
            f"model '{model.name}', candidate '{candidate}': its SQL differs from the library by "
            f"{parity.largest_difference:.3g} and in {parity.labels_differing} labels; it was not registered"
        )
    done(0.85)
    skops, onnx, note = _artifacts(estimator, frame.head(ONNX_SAMPLE))
    return _Fitted(candidate, graph, _params(estimator), metrics, parity, (skops, *onnx), note)


def _fitted_estimator(model: Model, candidate: str, frame: Any, target: Any) -> Any:
    try:
        # what a library prints must not get among results
        with redirect_stdout(sys.stderr):
            estimator = model.candidates[candidate]()
            estimator.fit(frame, target)
    except Exception as error:
        raise ModelError(
            f"model '{model.name}', candidate '{candidate}' cannot be fitted: {type(error).__name__}: {error}"
        ) from error
    return estimator


def _training_rows(project: Workspace, model: Model, dataset: Dataset, inputs: Sequence[str]) -> tuple[Any, Any]:
    with project.session() as session:
        rows = session.arrow(period_rows(model, dataset.table, "train", inputs))
    require_targets(rows.column(TARGET).null_count)
    frame, target = model_frame(rows, inputs), rows.column(TARGET).to_numpy()
    if len(set(target.tolist())) != 2:
        raise ModelError(
            f"model '{model.name}': {len(frame)} training rows, and the target is not both true and false among "
            "them: check target, population and the period train"
        )
    return frame, target


def _measure(
    project: Workspace, model: Model, dataset: Dataset, estimator: Any, graph: Graph, inputs: Sequence[str]
) -> tuple[dict[str, Mapping[str, float | None]], Parity]:
    dialect = project.engine.dialect
    rows = {period: period_rows(model, dataset.table, period, inputs) for period in PERIODS}
    with project.session() as session:
        metrics: dict[str, Mapping[str, float | None]] = {
            period: measure(session, dialect, graph, query.copy()) for period, query in rows.items()
        }
        return metrics, compare_with_library(session, dialect, estimator, graph, rows["test"])


def _artifacts(estimator: Any, sample: Any) -> tuple[NewArtifact, tuple[NewArtifact, ...], str]:
    """The skops artefact, the ONNX one if there is one, and what there is to say about it."""
    skops = skops_artifact(estimator)
    try:
        onnx = onnx_artifact(estimator, sample)
    except UnsupportedModelError as error:
        return skops, (), str(error)
    return skops, (onnx,), onnx.note


def _register(
    project: Workspace,
    session: Session,
    model: Model,
    fitted: _Fitted,
    dataset: Dataset,
    run: str,
    commit: str | None,
) -> int:
    new = NewModelVersion(
        model=model.name,
        estimator=fitted.name,
        description=model.description,
        service=model.service.name,
        run_id=run,
        dataset_name=dataset.table,
        dataset_digest=dataset.digest,
        feature_view_versions=bound_views(project, model),
        inputs=fitted.graph.inputs,
        outputs=fitted.graph.output_names,
        library_versions=library_versions(),
        git_commit=commit,
        params=fitted.params,
        metrics=list(_metric_records(fitted)),
        artifacts=fitted.artifacts,
    )
    version = register_version(session, new, actor=current_actor())
    finish_run(session, run, status="succeeded", message=f"{fitted.name}: ONNX: {fitted.onnx}")
    return version


def bound_views(project: Workspace, model: Model) -> dict[str, str]:
    """What a version is bound to, each with its fingerprint: views, on-demand features, and what is predicted."""
    definitions = project.definitions
    found = with_inputs(definitions, resolve(definitions, model.service.references))
    computed = [f.origin for f in found if isinstance(f.origin, FeatureView | OnDemandFeature)]
    return {origin.name: fingerprint(origin) for origin in computed} | question(model)


def question(model: Model) -> dict[str, str]:
    """What is asked about which rows, target and population, as a digest without regard to their spacing."""
    asked = [normal_sql(text) for text in (model.target, model.population or "TRUE")]
    return {f"target of {model.name}": hashlib.sha256("\n".join(asked).encode()).hexdigest()}


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
