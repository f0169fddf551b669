"""aops promote: a version's scored view, and the alias that names it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import ModelError, QueryError, RefusedError
from aops_indb.features.model import Model
from aops_indb.registry import (
    CHAMPION,
    ModelVersionRecord,
    aliases,
    current_actor,
    deployed_views,
    model_versions,
    record_deployment,
    set_alias,
)
from aops_indb.scoring.lower import Lowered
from aops_indb.sqlgen.build import col, eq, lit, star
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import Query, column_of, comment, create_schema, create_view, drop, select, table
from aops_indb.workflows.batch import SCHEMA, require_batch_table, version_view
from aops_indb.workflows.new_version import require_applied
from aops_indb.workflows.parameter_tables import make_parameter_tables
from aops_indb.workflows.present import Present
from aops_indb.workflows.scored_rows import MODEL_VERSION, SCORED_AT, deployed_rows, require_same_features
from aops_indb.workflows.versions import find_version, model_of
from aops_indb.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Promotion:
    """What was made: the version's view, and the alias; for champion also scores.<model>.

    columns_gone: columns of scores.<model> that it has no longer: the champion before had them
    """

    model: str
    version: int
    alias: str
    view: str
    replaced: int | None
    columns_gone: tuple[str, ...] = ()


def promote_version(project: Workspace, reference: str, *, alias: str) -> Promotion:
    """In one transaction: the view, the alias, the deployment and its audit row."""
    with project.session() as session, ExitStack() as stack:
        shown = _columns(session, model_of(reference)) if alias == CHAMPION else ()
        stack.enter_context(session.transaction())
        _require_version(session, reference)
        version = find_version(project, session, reference)
        model = require_same_features(project, version)
        require_applied(project, session)
        named = aliases(session, version.model)
        champion = (named | {alias: version.version}).get(CHAMPION) == version.version
        _require_own_views(session, version, champion)
        replaced = named.get(alias)
        sql, parameters = _make_views(project, session, model, version, champion)
        actor = current_actor()
        set_alias(session, version.model, alias, version.version, actor=actor)
        name = version.model if alias == CHAMPION else version_view(version)
        view, after = f"{SCHEMA}.{name}", session.columns(table(name, SCHEMA))
        record_deployment(
            session,
            version.model,
            version.version,
            alias=alias,
            view=view,
            sql=sql,
            made_as=Present.read(session, SCHEMA).made(_names(version, champion)),
            parameter_digests=parameters,
            replaced_version=replaced,
            actor=actor,
        )
    gone = tuple(column for column in shown if column not in after)
    return Promotion(version.model, version.version, alias, view, replaced, gone)


def _columns(session: Session, name: str) -> Sequence[str]:
    """Names of the columns of a view of scores; none if it is not there, or cannot be read."""
    try:
        return list(session.columns(table(name, SCHEMA))) if name in session.relations(SCHEMA) else ()
    except QueryError:
        return ()


def _require_version(session: Session, reference: str) -> None:
    model = model_of(reference)
    if reference.removeprefix("models:/") == model:
        known = model_versions(session, model)
        if known:
            listed = ", ".join(f"{model}:{number}" for number in known)
            raise ModelError(f"'{reference}' names no version to promote: there are {listed}")


def _require_own_views(session: Session, version: ModelVersionRecord, champion: bool) -> None:
    """RefusedError if what has the name of a view that would be made is someone else's."""
    foreign = Present.read(session, SCHEMA).foreign(_names(version, champion), deployed_views(session, version.model))
    if foreign:
        raise RefusedError(f"{foreign[0]} is there already, and is not as aops made it: rename or drop it")


def _names(version: ModelVersionRecord, champion: bool) -> list[str]:
    """The views that a promotion makes; the champion's own, too, where it gets another alias."""
    return [version_view(version), *([version.model] if champion else [])]


def _make_views(
    project: Workspace, session: Session, model: Model, version: ModelVersionRecord, champion: bool
) -> tuple[str, dict[str, str]]:
    """SQL of the version's view; tables that it reads constants from -> digest of their rows."""
    session.execute(create_schema(SCHEMA))
    made = deployed_rows(project, session, model, version)
    digests: dict[str, str] = {}
    if isinstance(made, Lowered):
        query: Query = made.query
        digests = make_parameter_tables(session, version, made.parameters)
    else:
        query = _kept(session, version, made, champion)
    own = version_view(version)
    readers = [model.name] if champion else []
    text = f"{model.description} (version {version.version}, {version.estimator})"
    _make_view(session, own, query, text, readers)
    if champion:
        _make_view(session, model.name, select([star()], table(own, SCHEMA)), model.description)
    return render(query, project.engine.dialect), digests


def _kept(session: Session, version: ModelVersionRecord, query: Query, champion: bool) -> Query:
    """The rows that batches have kept of a version, in the columns of the query: views are SQL alone."""
    name = f"{version.model if champion else version_view(version)}__batch"
    require_batch_table(session, name, query)
    return select([star()], table(name, SCHEMA), where=[eq(col(MODEL_VERSION), lit(version.version))])


_COLUMN_COMMENTS = {
    "label": "The model's decision",
    "decision": "The model's raw decision value",
    MODEL_VERSION: "Version of the model that scored",
    SCORED_AT: "When the score was computed",
    "event_timestamp": "When the prediction is made: features are as known then",
}


def _make_view(session: Session, name: str, query: Query, description: str, readers: Sequence[str] = ()) -> None:
    """Make a view; readers: views that are made anew after it, which may read the one there is."""
    target = table(name, SCHEMA)
    create, present = create_view(target, query), session.relations(SCHEMA)
    if name in present and not session.may_replace(create):
        for each in (*readers, name):
            session.execute(drop("VIEW", table(each, SCHEMA)))
    session.execute(create)
    session.execute(comment("VIEW", target.copy(), description))
    for column in session.columns(target.copy()):
        text = _COLUMN_COMMENTS.get(column)
        if column.startswith("probability_"):
            text = f"Probability of label {column.removeprefix('probability_')}, 0 to 1; NULL if it cannot be scored"
        if text is not None:
            session.execute(comment("COLUMN", column_of(target, column), text))
