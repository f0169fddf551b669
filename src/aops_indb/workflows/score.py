"""aops score: keep a version's scores as a table, inside the database, the same rows however often it runs.

What was promoted is what is scored: the rows of its view, whatever has become of the definitions since. The champion's
are kept in scores.<model>__batch, those of another version beside them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import ModelError, RefusedError
from aops_indb.features.definitions import EVENT_TIMESTAMP
from aops_indb.registry import (
    ModelVersionRecord,
    deployed_views,
    mark_interrupted,
)
from aops_indb.sqlgen.build import Expr, col, count_star, ge, lit, lt, ne, star
from aops_indb.sqlgen.statements import (
    Query,
    delete,
    insert,
    select,
    subquery,
    table,
)
from aops_indb.workflows.batch import SCHEMA, batch_name, require_batch_table, version_view
from aops_indb.workflows.check import require_checks_passed
from aops_indb.workflows.executors import SQL, WHY_LIBRARY
from aops_indb.workflows.job import job
from aops_indb.workflows.parameter_tables import require_unaltered
from aops_indb.workflows.present import Present
from aops_indb.workflows.scored_rows import MODEL_VERSION, require_same_features, scored_rows
from aops_indb.workflows.times import in_utc
from aops_indb.workflows.versions import find_version
from aops_indb.workflows.workspace import Report, Workspace


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch job that ended well.

    executor:       what computed the scores; why: if the version's views have another
    other_versions: rows of the table, outside the interval, that other versions scored
    """

    model: str
    version: int
    table: str
    rows: int
    executor: str
    why: str
    other_versions: int
    seconds: float
    since: dt.datetime | None
    until: dt.datetime | None


def score_batch(
    project: Workspace, reference: str, *, since: dt.datetime | None, until: dt.datetime | None, report: Report
) -> Scored:
    """Replace the interval's rows in one transaction; a job_runs row tells how it went, whatever happens."""
    since, until = _interval_in_utc(since, until)
    with project.session() as session:
        mark_interrupted(session)
        with session.transaction():
            version = find_version(project, session, reference)
            require_checks_passed(session, version)
            name = batch_name(session, version)
            query = select([star()], _scores(project, session, version), where=_interval(since, until))
        under_way = job(session, "score", version.model, since=since, until=until, model_version=version.version)
        with under_way as this, session.transaction():
            rows = _replace(session, name, query, since, until, report)
            others = _scored_by_others(session, name, version.version)
            this.succeeded(rows)
    return Scored(
        version.model,
        version.version,
        f"{SCHEMA}.{name}",
        rows,
        version.batch_executor,
        "" if version.batch_executor == version.executor else WHY_LIBRARY,
        others,
        this.seconds,
        since,
        until,
    )


def _scored_by_others(session: Session, name: str, version: int) -> int:
    others = ne(col(MODEL_VERSION), lit(version))
    return int(session.scalar(select({"n": count_star()}, table(name, SCHEMA), where=[others])))


def _scores(project: Workspace, session: Session, version: ModelVersionRecord) -> Expr:
    """The version's rows: its view, or if there is none the query that would become one."""
    view, reference = version_view(version), f"{version.model}:{version.version}"
    deployed, present = deployed_views(session, version.model), Present.read(session, SCHEMA)
    if view not in deployed or version.batch_executor != SQL:
        query = scored_rows(project, session, require_same_features(project, version), version, in_batches=True)
        return subquery(query, "scored")
    if view not in present:
        raise ModelError(f"{SCHEMA}.{view}, the view of {reference}, is gone: run  aops promote {reference}  again")
    if present.foreign([view], deployed):
        raise RefusedError(
            f"{SCHEMA}.{view}, the view of {reference}, is not as aops made it: drop it, and run  "
            f"aops promote {reference}  again"
        )
    require_unaltered(session, version)
    return table(view, SCHEMA)


def _interval_in_utc(
    since: dt.datetime | None, until: dt.datetime | None
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Its two ends; ModelError if nothing is between."""
    since, until = in_utc(since), in_utc(until)
    if since is not None and until is not None and until <= since:
        raise ModelError(f"the interval is empty: until {until} is not after since {since}: give an earlier since")
    return since, until


def _interval(since: dt.datetime | None, until: dt.datetime | None) -> list[Expr]:
    conditions: list[Expr] = []
    if since is not None:
        conditions.append(ge(col(EVENT_TIMESTAMP), lit(since)))
    if until is not None:
        conditions.append(lt(col(EVENT_TIMESTAMP), lit(until)))
    return conditions


def _replace(
    session: Session,
    name: str,
    query: Query,
    since: dt.datetime | None,
    until: dt.datetime | None,
    report: Report,
) -> int:
    require_batch_table(session, name, query)
    session.execute(delete(table(name, SCHEMA), _interval(since, until)))
    return session.execute_with_progress(
        insert(table(name, SCHEMA), query, list(session.columns(query))), lambda done: report(f"scoring {name}", done)
    )
