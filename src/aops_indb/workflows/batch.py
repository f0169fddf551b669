"""The tables that batches of scores are kept in: one for what a model's name stands for, one for each other version."""

from __future__ import annotations

from aops_indb.engines import Session
from aops_indb.errors import ModelError
from aops_indb.registry import CHAMPION, ModelVersionRecord, aliases, model_versions
from aops_indb.sqlgen.build import star
from aops_indb.sqlgen.statements import Query, create_schema, create_table_as, select, subquery, table
from aops_indb.workflows.present import Present

SCHEMA = "scores"


def version_view(version: ModelVersionRecord) -> str:
    """Name of the view of one version."""
    return f"{version.model}__v{version.version}"


def batch_name(session: Session, version: ModelVersionRecord) -> str:
    """The model's own table is for the version that the model's name alone stands for."""
    champion = aliases(session, version.model).get(CHAMPION)
    only = champion is None and len(model_versions(session, version.model)) == 1
    return f"{version.model if only or champion == version.version else version_view(version)}__batch"


def require_batch_table(session: Session, name: str, query: Query) -> None:
    """Make the table for rows of a query, if there is none; ModelError if it is there with other columns."""
    session.execute(create_schema(SCHEMA))
    present = Present.read(session, SCHEMA)
    present.require_no_view(name)
    if name not in present:
        session.execute(
            create_table_as(table(name, SCHEMA), select([star()], subquery(query.copy(), "scored"), limit=0))
        )
    kept, scored = session.columns(table(name, SCHEMA)), session.columns(query)
    if kept != scored:
        had, given = (", ".join(f"{column} {sql_type}" for column, sql_type in each.items()) for each in (kept, scored))
        raise ModelError(
            f"{SCHEMA}.{name} has the columns {had}, but the model now gives {given}: rename or drop the table, then "
            "score again"
        )
