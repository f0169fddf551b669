"""Kept training and evaluation sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.tables import DATASETS


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """A kept set: where it is, what it is made from, and the SQL that made it."""

    name: str
    digest: str
    table_schema: str
    table_name: str
    rows: int
    columns: Mapping[str, str]
    spine_sql: str
    features: tuple[str, ...]
    sql: str


@atomic
def record_dataset(session: Session, record: DatasetRecord, *, actor: Actor) -> None:
    """Note a set that was kept."""
    row = {
        "name": record.name,
        "digest": record.digest,
        "table_schema": record.table_schema,
        "table_name": record.table_name,
        "row_count": record.rows,
        "column_types": dict(record.columns),
        "spine_sql": record.spine_sql,
        "features": list(record.features),
        "dataset_sql": record.sql,
        "created_at": now(),
        "created_by": actor.name,
    }
    session.connection.execute(insert(DATASETS), [row])
    details = {"digest": record.digest, "table": f"{record.table_schema}.{record.table_name}", "rows": record.rows}
    audit.record(session, actor=actor, action="keep", kind="dataset", name=record.name, details=details)


def find_dataset(session: Session, digest: str, *, name: str | None = None) -> DatasetRecord | None:
    """The set of that digest, under that name if one is given; None if there is none."""
    query = select(DATASETS).where(DATASETS.c.digest == digest)
    if name is not None:
        query = query.where(DATASETS.c.name == name)
    row = session.connection.execute(query.order_by(DATASETS.c.created_at)).first()
    if row is None:
        return None
    return DatasetRecord(
        name=row.name,
        digest=row.digest,
        table_schema=row.table_schema,
        table_name=row.table_name,
        rows=row.row_count,
        columns=row.column_types,
        spine_sql=row.spine_sql,
        features=tuple(row.features),
        sql=row.dataset_sql,
    )
