"""A version of a model: measured as SQL, held against its library, and registered with what it was made from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aops_indb.engines import Session
from aops_indb.errors import ModelError, RefusedError
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView, OnDemandFeature
from aops_indb.features.model import Model
from aops_indb.features.spine import resolve, with_inputs
from aops_indb.registry import (
    MetricRecord,
    NewArtifact,
    NewModelVersion,
    applied_definitions,
    current_actor,
    finish_run,
    mark_interrupted,
    register_version,
    start_run,
)
from aops_indb.sqlgen.build import col, count_star, gt, lit
from aops_indb.sqlgen.parse import normal_sql
from aops_indb.sqlgen.statements import parse_table, select, subquery
from aops_indb.workflows.dataset import Dataset
from aops_indb.workflows.desired import fingerprint
from aops_indb.workflows.executors import EXECUTORS, Scorer, batch_executor
from aops_indb.workflows.measure import SCORE, Parity, compare_with_library, measure
from aops_indb.workflows.plan import plan_in
from aops_indb.workflows.training_rows import PERIODS, period_rows
from aops_indb.workflows.workspace import Workspace

LIBRARIES = ("aops-indb", "scikit-learn", "numpy", "pandas", "duckdb", "sqlglot", "skl2onnx")
# Libraries of models, whose versions are noted if they were at hand: module -> the packages that may bring it.
MODEL_LIBRARIES = {
    "xgboost": ("xgboost", "xgboost-cpu"), "lightgbm": ("lightgbm",), "catboost": ("catboost",),
    "onnxmltools": ("onnxmltools",),
}  # fmt: skip


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
class Measured:
    """A candidate that has been fitted or read from a file, and what came of it."""

    name: str
    scorer: Scorer
    params: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float | None]]
    parity: Parity
    artifacts: tuple[NewArtifact, ...]
    onnx: str


def require_applied(project: Workspace, session: Session) -> None:
    """RefusedError if definitions were changed since they were applied, or never were."""
    changed = [change.name for change in plan_in(project, session).changes]
    if changed and not applied_definitions(session):
        raise RefusedError("no definition is applied yet: run  aops apply")
    if changed:
        raise RefusedError(f"definitions changed since they were applied ({', '.join(changed)}): run  aops apply")


def register_measured(
    project: Workspace, model: Model, candidate: str, dataset: Dataset, make: Callable[[], Measured], *, kind: str
) -> TrainedVersion:
    """Make what is to be registered, and register it; a row of runs tells how it went, whatever happens.

    kind: of the run, "train" or "register"
    """
    commit = git_commit(project.root)
    with project.session() as session:
        mark_interrupted(session)
        run = start_run(
            session, kind=kind, model=model.name, candidate=candidate, git_commit=commit, actor=current_actor()
        )
    try:
        made = make()
    except BaseException as error:
        with project.session() as session:
            finish_run(session, run, status="failed", message=f"{candidate}: {str(error) or type(error).__name__}")
        raise
    with project.session() as session, session.transaction():
        version = _register(project, session, model, made, dataset, run, commit)
    return TrainedVersion(
        model=model.name,
        version=version,
        candidate=candidate,
        dataset=dataset.table,
        dataset_digest=dataset.digest,
        metrics=made.metrics,
        parity=made.parity,
        onnx=made.onnx,
    )


def _require_distinct_rows(session: Session, model: Model, dataset: Dataset) -> None:
    """ModelError if the keys do not tell predictions apart: whoever joins the scores to something would double rows."""
    keys = list(dict.fromkeys([*model.keys, EVENT_TIMESTAMP]))
    counted = select({"n": count_star()}, parse_table(dataset.table), group_by=[col(key) for key in keys])
    doubled = session.scalar(select({"rows": count_star()}, subquery(counted, "keys"), where=[gt(col("n"), lit(1))]))
    if doubled:
        raise ModelError(
            f"model '{model.name}': its spine has more than one row for {doubled:,} of its keys "
            f"({', '.join(keys)}): take a column into keys that tells them apart, or leave rows out"
        )


def measure_scorer(
    project: Workspace, model: Model, what: str, dataset: Dataset, estimator: Any, scorer: Scorer, inputs: Sequence[str]
) -> tuple[dict[str, Mapping[str, float | None]], Parity]:
    """Figures by period, and the scores beside the library's; ModelError if they are not the same."""
    if SCORE not in scorer.outputs:
        raise ModelError(
            f"model '{model.name}', {what}: it gives {', '.join(scorer.outputs)}, and no {SCORE}: make it a "
            "classifier of two classes"
        )
    rows = {period: period_rows(model, dataset.table, period, inputs) for period in PERIODS}
    with project.session() as session:
        _require_distinct_rows(session, model, dataset)
        metrics: dict[str, Mapping[str, float | None]] = {
            period: measure(session, scorer, query.copy()) for period, query in rows.items()
        }
        parity = compare_with_library(session, scorer, estimator, rows["test"], EXECUTORS[model.executor].tolerance)
    if not parity.holds:
        raise ModelError(
            f"model '{model.name}', {what}: its scores by executor '{model.executor}' differ from its library's by "
            f"{parity.largest_difference:.3g} and in {parity.labels_differing} labels; it was not registered"
        )
    return metrics, parity


def _register(
    project: Workspace,
    session: Session,
    model: Model,
    fitted: Measured,
    dataset: Dataset,
    run: str,
    commit: str | None,
) -> int:
    new = NewModelVersion(
        model=model.name,
        estimator=fitted.name,
        executor=model.executor,
        batch_executor=batch_executor(model.executor, fitted.scorer),
        description=model.description,
        service=model.service.name,
        run_id=run,
        dataset_name=dataset.table,
        dataset_digest=dataset.digest,
        feature_view_versions=bound_views(project, model),
        inputs=fitted.scorer.inputs,
        outputs=fitted.scorer.outputs,
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


def _metric_records(fitted: Measured) -> Iterator[MetricRecord]:
    for period, values in fitted.metrics.items():
        for name, value in values.items():
            if value is not None:
                yield MetricRecord(name, float(value), period)
    yield MetricRecord("sql_parity_rows", float(fitted.parity.rows), "test")
    yield MetricRecord("sql_parity_largest_difference", fitted.parity.largest_difference, "test")


def params_of(estimator: Any) -> dict[str, str]:
    """Parameters of every step, as text; steps themselves are named by their own parameters."""
    if not hasattr(estimator, "get_params"):
        return {}
    plain = (bool, int, float, str, type(None))
    return {k: repr(v) for k, v in sorted(estimator.get_params().items()) if isinstance(v, plain)}


def library_versions() -> dict[str, str]:
    """Versions of what a training depends on."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    for module, packages in MODEL_LIBRARIES.items():
        if module in sys.modules:
            versions |= {name: found for name in packages if (found := _version(name)) is not None}
    return {"python": platform.python_version(), **versions}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def git_commit(root: Path) -> str | None:
    """The commit that the project's folder is at, with `-dirty` if files differ; None outside git."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return told.stdout.strip() or None
