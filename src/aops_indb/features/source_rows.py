"""The rows of a view's source: those that belong to an entity, and which of them was the newest when."""

from __future__ import annotations

from collections.abc import Iterable

from aops_indb.features.definitions import EVENT_TIMESTAMP, DataSource, FeatureView
from aops_indb.features.validity import VALID_TO, holds, values_held
from aops_indb.sqlgen.build import Expr, coalesce, col, converted, eq, func, ge, greatest, is_not_null, lit, star
from aops_indb.sqlgen.parse import parse_expression, parse_select
from aops_indb.sqlgen.statements import Query, aliased, parse_table, select, subquery
from aops_indb.sqlgen.windows import asc, desc, over, trailing

# Columns made inside; no key and no feature can have such a name.
KNOWN_AT = "__known_at"
CREATED = "__created"


def source_relation(source: DataSource) -> Expr:
    """The source's table, or its query, as a relation."""
    if source.table is not None:
        return parse_table(source.table)
    return subquery(parse_select(source.query or ""), "source")


def source_rows(view: FeatureView, columns: Iterable[tuple[str, Expr]]) -> Query:
    """SELECT of the source's rows that belong to an entity: keys, times, and the columns given."""
    source = view.source
    chosen: dict[str, Expr] = {key: col(key) for key in view.join_keys}
    present = [is_not_null(col(key)) for key in view.join_keys]
    if source.timestamp_field:
        event = col(source.timestamp_field)
        chosen[KNOWN_AT] = event
        chosen[EVENT_TIMESTAMP] = event.copy()
        present.append(is_not_null(event.copy()))
        if source.valid_to:
            end = col(source.valid_to)
            chosen[VALID_TO] = end
            # a row that ends when it begins, or before, never holds
            present.append(holds(end.copy(), event.copy()))
        if source.created_timestamp_column:
            created = coalesce(col(source.created_timestamp_column), event.copy())
            chosen[KNOWN_AT] = greatest(event.copy(), created)
            chosen[CREATED] = created.copy()
    chosen.update(columns)
    conditions = [parse_expression(view.filter)] if view.filter else []
    return select(chosen, source_relation(source), where=[*conditions, *present])


def field_values(view: FeatureView) -> list[tuple[str, Expr]]:
    """The fields of the view's schema, each with its value in a row of the source."""
    fields = view.schema_
    return [(f.name, converted(parse_expression(f.expr) if f.expr else col(f.name), f.dtype.value)) for f in fields]


def versions(view: FeatureView) -> Query:
    """What was the newest row of each key, and since when: at most one row for each key and known_at.

    Of rows that became known at one moment the latest event counts, then the one written last, then the greatest
    values, column by column, of the whole schema: which row it is must not depend on the features asked for. A row
    that became known after a row of a later event never was the newest. Where rows end, their values end with them.
    """
    fields, columns = view.schema_, field_values(view)
    rows = source_rows(view, columns)
    if view.source.valid_to is not None:
        held = values_held(view.name, rows, view.join_keys, [name for name, _ in columns])
        return select([aliased(col(EVENT_TIMESTAMP), KNOWN_AT), star()], subquery(held, "held"))
    keys = [col(key) for key in view.join_keys]
    moment, order = keys, [desc(col(f.name)) for f in fields]
    if view.source.timestamp_field is not None:
        moment = [*keys, col(KNOWN_AT)]
        written = [desc(col(CREATED))] if view.source.created_timestamp_column else []
        order = [desc(col(EVENT_TIMESTAMP)), *written, *order]
    newest = over(func("ROW_NUMBER"), moment, order)
    once = select([star()], subquery(rows, "source_rows"), qualify=eq(newest, lit(1)))
    if view.source.created_timestamp_column is None:
        return once
    latest_event = over(
        func("MAX", col(EVENT_TIMESTAMP)),
        [col(key) for key in view.join_keys],
        [asc(col(KNOWN_AT))],
        frame=trailing(None),
    )
    return select([star()], subquery(once, "once"), qualify=ge(col(EVENT_TIMESTAMP), latest_event))
