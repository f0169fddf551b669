"""aops score: keep a version's scores as a table, inside the database, the same rows however often it runs.

What was promoted is what is scored: the rows of its view, whatever has become of the definitions since. The champion's
are kept in scores.<model>__batch, those of another version beside them.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import ModelError, RefusedError
from aops_indb.features.definitions import EVENT_TIMESTAMP
from aops_indb.registry import (
    ModelVersionRecord,
    aliases,
    current_actor,
    deployed_views,
    finish_job,
    mark_interrupted,
    model_versions,
    start_job,
)
from aops_indb.sqlgen.build import Expr, col, ge, lit, lt, star
from aops_indb.sqlgen.statements import (
    Query,
    create_schema,
    create_table_as,
    delete,
    insert,
    select,
    subquery,
    table,
)
from aops_indb.workflows.present import Present
from aops_indb.workflows.promote import CHAMPION, SCHEMA, version_view
from aops_indb.workflows.scored_rows import require_same_features, scored_rows
from aops_indb.workflows.versions import find_version
from aops_indb.workflows.workspace import Report, Workspace


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch job that ended well."""

    model: str
    version: int
    table: str
    rows: int
    seconds: float
    since: dt.datetime | None
    until: dt.datetime | None


def score_batch(
    project: Workspace, reference: str, *, since: dt.datetime | None, until: dt.datetime | None, report: Report
) -> Scored:
    """Replace the interval's rows in one transaction; a job_runs row tells how it went, whatever happens."""
    since, until = _in_utc(since), _in_utc(until)
    if since is not None and until is not None and until <= since:
        raise ModelError(f"the interval is empty: until {until} is not after since {since}")
    began, actor = time.monotonic(), current_actor()
    with project.session() as session:
        mark_interrupted(session)
        with session.transaction():
            version = find_version(project, session, reference)
            name = _batch_name(session, version)
            query = select([star()], _scores(project, session, version), where=_interval(since, until))
            job = start_job(
                session,
                kind="score",
                target=version.model,
                interval_start=since,
                interval_end=until,
                model_version=version.version,
                actor=actor,
            )
        try:
            with session.transaction():
                rows = _replace(session, name, query, since, until, report)
                finish_job(session, job, status="succeeded", rows=rows, seconds=time.monotonic() - began, actor=actor)
        except BaseException as error:
            finish_job(
                session,
                job,
                status="failed",
                rows=0,
                seconds=time.monotonic() - began,
                actor=actor,
                message=str(error) or type(error).__name__,
            )
            raise
    return Scored(version.model, version.version, f"{SCHEMA}.{name}", rows, time.monotonic() - began, since, until)


def _batch_name(session: Session, version: ModelVersionRecord) -> str:
    """The model's own table is for the version that the model's name alone stands for."""
    champion = aliases(session, version.model).get(CHAMPION)
    only = champion is None and len(model_versions(session, version.model)) == 1
    return f"{version.model if only or champion == version.version else version_view(version)}__batch"


def _scores(project: Workspace, session: Session, version: ModelVersionRecord) -> Expr:
    """The version's rows: its view, or if it was never promoted the query that would become one."""
    view, reference = version_view(version), f"{version.model}:{version.version}"
    deployed, present = deployed_views(session, version.model), Present.read(session, SCHEMA)
    if view not in deployed:
        query = scored_rows(project, session, require_same_features(project, version), version)
        return subquery(query, "scored")
    if view not in present:
        raise ModelError(f"{SCHEMA}.{view}, the view of {reference}, is gone: run  aops promote {reference}  again")
    if present.foreign([view], deployed):
        raise RefusedError(
            f"{SCHEMA}.{view}, the view of {reference}, is not as aops made it: drop it, and run  "
            f"aops promote {reference}  again"
        )
    return table(view, SCHEMA)


def _in_utc(time: dt.datetime | None) -> dt.datetime | None:
    """A time that names no zone is taken for UTC."""
    if time is None or time.tzinfo is None:
        return time and time.replace(tzinfo=dt.UTC)
    try:
        return time.astimezone(dt.UTC)
    except OverflowError:
        raise ModelError(f"{time} is beyond the calendar's last day in UTC: leave it out") from None


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
    session.execute(create_schema(SCHEMA))
    present = Present.read(session, SCHEMA)
    present.require_no_view(name)
    if name not in present:
        session.execute(
            create_table_as(table(name, SCHEMA), select([star()], subquery(query.copy(), "scored"), limit=0))
        )
    _require_same_columns(session, name, query)
    session.execute(delete(table(name, SCHEMA), _interval(since, until)))
    return session.execute_with_progress(
        insert(table(name, SCHEMA), query, list(session.columns(query))), lambda done: report(f"scoring {name}", done)
    )


def _require_same_columns(session: Session, name: str, query: Query) -> None:
    kept, scored = session.columns(table(name, SCHEMA)), session.columns(query)
    if kept != scored:
        had, given = (", ".join(f"{column} {sql_type}" for column, sql_type in each.items()) for each in (kept, scored))
        raise ModelError(
            f"{SCHEMA}.{name} has the columns {had}, but the model now gives {given}: rename or drop the table, then "
            "score again"
        )
