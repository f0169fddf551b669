"""Numbers for new rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, func, select

from aops_indb.engines import Session


def next_id(session: Session, column: Column[Any], where: ColumnElement[bool] | None = None) -> int:
    """One more than the greatest number in a column, among the rows where the condition holds.

    Inside a transaction this is safe: writers of one warehouse take turns.
    """
    query = select(func.max(column))
    newest = session.connection.execute(query if where is None else query.where(where)).scalar()
    return int(newest or 0) + 1
