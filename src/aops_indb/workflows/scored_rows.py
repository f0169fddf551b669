"""A registered version as SQL over the warehouse: spine, features and model in one query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aops_indb.engines import Session
from aops_indb.errors import AopsError, RefusedError
from aops_indb.features.definitions import EVENT_TIMESTAMP
from aops_indb.features.model import Model
from aops_indb.features.spine import join_features, resolve
from aops_indb.registry import ModelVersionRecord, artifact, artifact_kinds
from aops_indb.scoring.lower import Lowered
from aops_indb.sqlgen.build import Expr, anonymous, lit
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.statements import Query, subquery
from aops_indb.workflows.artifacts import ONNX
from aops_indb.workflows.dataset import spine_columns
from aops_indb.workflows.executors import EXECUTORS, Fitted, Scorer, SqlScorer
from aops_indb.workflows.formats import FORMATS
from aops_indb.workflows.kept_versions import base_name
from aops_indb.workflows.new_version import bound_views
from aops_indb.workflows.parameter_tables import parameter_table
from aops_indb.workflows.spine_checks import check_spine
from aops_indb.workflows.training_rows import input_names
from aops_indb.workflows.workspace import Workspace

MODEL_VERSION = "model_version"
SCORED_AT = "scored_at"


def load_estimator(session: Session, version: ModelVersionRecord) -> Any:
    """The fitted estimator of a version, from the artefact that it was registered as, whose digest is checked."""
    kinds = artifact_kinds(session, version.model, version.version)
    kind = next((kind for kind in FORMATS if kind in kinds), next(iter(FORMATS)))
    return FORMATS[kind].load(artifact(session, version.model, version.version, kind))


def load_scorer(
    project: Workspace, session: Session, version: ModelVersionRecord, estimator: Any, *, in_batches: bool = False
) -> Scorer:
    """What computes a version's scores; in_batches: by its batch_executor."""
    kept = ONNX in artifact_kinds(session, version.model, version.version)
    onnx = artifact(session, version.model, version.version, ONNX) if kept and version.executor == ONNX else None
    fitted = Fitted(estimator, project.engine.dialect, version.inputs, onnx)
    return EXECUTORS[version.batch_executor if in_batches else version.executor].scorer(fitted)


def require_same_features(project: Workspace, version: ModelVersionRecord) -> Model:
    """The version's model definition; RefusedError if its features are not those it was trained on."""
    model = project.definitions.model(version.model)
    now, trained = bound_views(project, model), version.feature_view_versions
    # a version of a view that another followed has another name, and is what it was
    same = _without_versions(now) & _without_versions(trained)
    bound = [*now.items(), *trained.items()]
    changed = sorted({name for name, digest in bound if (base_name(name), digest) not in same})
    gone = set(version.inputs) - set(input_names(resolve(project.definitions, model.service.references)))
    if changed or gone:
        what = ", ".join(changed) if changed else f"{model.service.name}, which had {', '.join(sorted(gone))}"
        raise RefusedError(
            f"{version.model}:{version.version} was trained on other definitions of {what}: "
            f"run  aops train {version.model}  and promote the new version"
        )
    return model


def _without_versions(bound: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(base_name(name), digest) for name, digest in bound.items()}


def scored_rows(
    project: Workspace,
    session: Session,
    model: Model,
    version: ModelVersionRecord,
    *,
    layout: str | None = None,
    dialect: Dialect | None = None,
    in_batches: bool = False,
) -> Query:
    """Keys, event_timestamp, the model's outputs, model_version and scored_at, for each row of the spine.

    layout:     how forests are laid out, if not as is best; AopsError if there are none
    dialect:    what the SQL is for, if not the warehouse's
    in_batches: by the version's batch_executor
    """
    scorer = load_scorer(project, session, version, load_estimator(session, version), in_batches=in_batches)
    if isinstance(scorer, SqlScorer):
        if layout and not scorer.has_forest:
            named = f"{version.model}:{version.version}"
            raise AopsError(f"{named} has no forests to lay out: leave the layout out")
        scorer = replace(scorer, layout=layout, dialect=dialect or scorer.dialect)
    rows, kept = _rows(project, session, model)
    return scorer.scored(session, rows, keys=kept, extra=_extra(version))


def deployed_rows(project: Workspace, session: Session, model: Model, version: ModelVersionRecord) -> Lowered | Query:
    """The same, with what the version's SQL reads of constants in tables of its own."""
    scorer = load_scorer(project, session, version, load_estimator(session, version))
    rows, kept = _rows(project, session, model)
    if not isinstance(scorer, SqlScorer):
        return scorer.scored(session, rows, keys=kept, extra=_extra(version))
    return scorer.scored_by_tables(
        rows, keys=kept, extra=_extra(version), table_of=lambda name: parameter_table(version, name)
    )


def _rows(project: Workspace, session: Session, model: Model) -> tuple[Expr, list[str]]:
    """The spine's rows with their features, and the columns that are kept of them."""
    spine: Query = parse_select(model.spine)
    features = resolve(project.definitions, model.service.references)
    columns = spine_columns(session, spine)
    check_spine(session, project.definitions, columns, features)
    kept = list(dict.fromkeys([*model.keys, EVENT_TIMESTAMP]))
    joined = join_features(project.definitions, spine, kept, features, types_of=session.columns)
    return subquery(joined, "features"), kept


def _extra(version: ModelVersionRecord) -> dict[str, Expr]:
    return {MODEL_VERSION: lit(version.version), SCORED_AT: anonymous("NOW")}
