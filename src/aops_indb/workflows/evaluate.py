"""aops evaluate: a version's figures on its kept rows, computed anew by the SQL it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aops_indb.errors import ModelError, RefusedError
from aops_indb.features.model import Model
from aops_indb.registry import ModelVersionRecord, find_dataset
from aops_indb.workflows.executors import EXECUTORS
from aops_indb.workflows.measure import Parity, compare_with_library, measure
from aops_indb.workflows.new_version import question
from aops_indb.workflows.scored_rows import load_estimator, load_scorer
from aops_indb.workflows.training_rows import PERIODS, period_rows
from aops_indb.workflows.versions import find_version
from aops_indb.workflows.workspace import Report, Workspace


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures by period, and the SQL's scores beside the library's on the test period."""

    model: str
    version: int
    estimator: str
    dataset: str
    metrics: Mapping[str, Mapping[str, float | None]]
    parity: Parity


def evaluate_version(project: Workspace, reference: str, *, report: Report) -> Evaluation:
    """Measure a version on the dataset it was trained from; ModelError if that is no longer kept."""
    with project.session() as session:
        version = find_version(project, session, reference)
        model = _require_same_question(project, version)
        dataset = find_dataset(session, version.dataset_digest)
        if dataset is None or dataset.table_name not in session.relations(dataset.table_schema):
            raise ModelError(
                f"{version.model}:{version.version} was trained on {version.dataset_name}, which is gone: "
                f"run  aops train {version.model}  for a version with a dataset"
            )
        estimator = load_estimator(session, version)
        scorer = load_scorer(project, session, version, estimator)
        kept = f"{dataset.table_schema}.{dataset.table_name}"
        rows = {period: period_rows(model, kept, period, version.inputs) for period in PERIODS}
        metrics: dict[str, Mapping[str, float | None]] = {}
        for done, (period, query) in enumerate(rows.items()):
            report(f"evaluate {version.model}:{version.version}", done / (len(rows) + 1))
            metrics[period] = measure(session, scorer, query.copy())
        parity = compare_with_library(session, scorer, estimator, rows["test"], EXECUTORS[version.executor].tolerance)
        report(f"evaluate {version.model}:{version.version}", 1.0)
    return Evaluation(version.model, version.version, version.estimator, kept, metrics, parity)


def _require_same_question(project: Workspace, version: ModelVersionRecord) -> Model:
    """The version's model; RefusedError if it is asked another question by now, whose answers say nothing of this."""
    model = project.definitions.model(version.model)
    if not question(model).items() <= version.feature_view_versions.items():
        raise RefusedError(
            f"{version.model}:{version.version} was trained for another target or population than '{model.name}' has "
            f"now: run  aops train {model.name}  for a version that can be measured by it"
        )
    return model
