"""aops train: fit a model's candidates on what was known, measure them as SQL, register each as a version."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any

from aops_indb.errors import ModelError, UnknownNameError, UnsupportedModelError
from aops_indb.features.model import Model
from aops_indb.features.spine import resolve
from aops_indb.registry import (
    NewArtifact,
)
from aops_indb.workflows.artifacts import onnx_artifact, skops_artifact
from aops_indb.workflows.dataset import Dataset, keep_dataset
from aops_indb.workflows.executors import EXECUTORS, SQL, Fitted, Scorer
from aops_indb.workflows.measure import require_targets
from aops_indb.workflows.new_version import (
    Measured,
    TrainedVersion,
    measure_scorer,
    params_of,
    register_measured,
    require_applied,
)
from aops_indb.workflows.training_rows import TARGET, input_names, model_frame, period_rows
from aops_indb.workflows.workspace import Report, Workspace

# Rows that an exported ONNX is compared on.
ONNX_SAMPLE = 20_000


def train_model(project: Workspace, name: str, *, candidate: str | None, report: Report) -> list[TrainedVersion]:
    """Train one candidate, or all; every version is registered in a transaction of its own."""
    model = project.definitions.model(name)
    if candidate is not None and candidate not in model.candidates:
        raise UnknownNameError(f"candidate of model '{name}'", candidate, model.candidates)
    chosen = [candidate] if candidate is not None else list(model.candidates)
    with project.session() as session:
        require_applied(project, session)
    dataset = keep_dataset(project, name, report=report)
    return [_train_candidate(project, model, each, dataset, report) for each in chosen]


def _train_candidate(
    project: Workspace, model: Model, candidate: str, dataset: Dataset, report: Report
) -> TrainedVersion:
    task = f"{model.name}: {candidate}"

    def fit() -> Measured:
        return _fit(project, model, candidate, dataset, lambda done: report(task, done))

    report(task, 0.0)
    version = register_measured(project, model, candidate, dataset, fit, kind="train")
    report(task, 1.0)
    return version


def _fit(project: Workspace, model: Model, candidate: str, dataset: Dataset, done: Callable[[float], None]) -> Measured:
    inputs = input_names(resolve(project.definitions, model.service.references))
    frame, target = _training_rows(project, model, dataset, inputs)
    done(0.1)
    # no session is open while the library fits: others may use the warehouse
    estimator = _fitted_estimator(model, candidate, frame, target)
    done(0.6)
    # what SQL cannot do is told before anything else
    scorer = _scorer(project, model, estimator, frame) if model.executor == SQL else None
    skops, onnx, note = _artifacts(estimator, frame.head(ONNX_SAMPLE))
    done(0.8)
    scorer = scorer or _scorer(project, model, estimator, frame, onnx, note)
    metrics, parity = measure_scorer(project, model, f"candidate '{candidate}'", dataset, estimator, scorer, inputs)
    return Measured(candidate, scorer, params_of(estimator), metrics, parity, (skops, *onnx), note)


def _scorer(
    project: Workspace, model: Model, estimator: Any, frame: Any, onnx: Sequence[NewArtifact] = (), note: str = ""
) -> Scorer:
    content = onnx[0].content if onnx else None
    inputs = None if model.executor == SQL else list(frame)
    try:
        return EXECUTORS[model.executor].scorer(Fitted(estimator, project.engine.dialect, inputs, content, note))
    except UnsupportedModelError as error:
        raise UnsupportedModelError(
            f"{error} With executor='library', model '{model.name}' is scored by its own library, in batches."
        ) from error


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


def _artifacts(estimator: Any, sample: Any) -> tuple[NewArtifact, tuple[NewArtifact, ...], str]:
    """The skops artefact, the ONNX one if there is one, and what there is to say about it."""
    skops = skops_artifact(estimator)
    try:
        onnx = onnx_artifact(estimator, sample)
    except UnsupportedModelError as error:
        return skops, (), str(error)
    return skops, (onnx,), onnx.note
