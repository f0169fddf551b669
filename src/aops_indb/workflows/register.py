"""aops register: a model that was fitted elsewhere, from its file; measured as SQL and registered as a version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aops_indb.errors import ModelInputError, closest_names
from aops_indb.features.spine import resolve
from aops_indb.registry import NewArtifact
from aops_indb.workflows.dataset import keep_dataset
from aops_indb.workflows.executors import EXECUTORS, Fitted, Scorer
from aops_indb.workflows.formats import read_model
from aops_indb.workflows.new_version import (
    Measured,
    TrainedVersion,
    measure_scorer,
    params_of,
    register_measured,
    require_applied,
)
from aops_indb.workflows.training_rows import input_names
from aops_indb.workflows.workspace import Report, Workspace


def register_file(
    project: Workspace,
    model_name: str,
    file: Path,
    *,
    name: str | None,
    inputs: Sequence[str] | None,
    trusted: Sequence[str],
    report: Report,
) -> TrainedVersion:
    """The model in the file as a new version, with its figures on the model's periods.

    name: what the candidate is called; by default as the file
    """
    model = project.definitions.model(model_name)
    candidate = name or file.stem
    kept_as, content, estimator = read_model(file, trusted)
    executor = EXECUTORS[model.executor]
    scorer = executor.scorer(Fitted(estimator, project.engine.dialect, inputs))
    features = input_names(resolve(project.definitions, model.service.references))
    _require_features(file, scorer, features, model.service.name)
    with project.session() as session:
        require_applied(project, session)
    dataset = keep_dataset(project, model_name, report=report)

    def make() -> Measured:
        metrics, parity = measure_scorer(project, model, str(file), dataset, estimator, scorer, features)
        artifact = NewArtifact(kept_as.kind, kept_as.media_type, content, note=f"from {file.name}")
        return Measured(candidate, scorer, params_of(estimator), metrics, parity, (artifact,), "")

    task = f"{model_name}: {candidate}"
    report(task, 0.0)
    version = register_measured(project, model, candidate, dataset, make, kind="register")
    report(task, 1.0)
    return version


def _require_features(file: Path, scorer: Scorer, features: Sequence[str], service: str) -> None:
    unknown = [name for name in scorer.inputs if name not in features]
    if unknown:
        close = closest_names(unknown[0], features)
        meant = f" (is {close[0]!r} meant?)" if close else ""
        raise ModelInputError(
            f"{file} takes {', '.join(map(repr, unknown))}{meant}, and feature service '{service}' does not give it: "
            "add it there, or name the features that the model takes in its order"
        )
