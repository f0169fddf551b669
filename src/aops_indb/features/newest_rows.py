"""The newest row of each key at the moments of a spine, in the order of `source_rows.versions`.

Only keys and times are sorted: which moment was the latest is found first, by ASOF, and then the rows of those moments
are fetched by equality. So rows that nobody asks for are never put in order, however many columns they have.
"""

from __future__ import annotations

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.source_rows import KNOWN_AT, field_values, source_rows
from aops_indb.sqlgen.build import Expr, and_, col, eq, func, ge, lit, star
from aops_indb.sqlgen.statements import Join, Query, aliased, select, subquery, table
from aops_indb.sqlgen.windows import desc, over


def has_plain_rows(view: FeatureView) -> bool:
    """Whether the newest row is that of the latest moment: rows have a time, come when they happen, and do not end."""
    source = view.source
    return source.timestamp_field is not None and not source.created_timestamp_column and not source.valid_to


def newest_at(view: FeatureView, spine: str, ctes: Ctes) -> str:
    """Add queries that find the newest rows; the last, which is named, has each key and event_timestamp of the spine

    at which there is a row, once: with the time of the row, KNOWN_AT, and the view's fields.
    """
    rows = source_rows(view, field_values(view))
    if view.source.query is not None:
        # once: a query may cost something, or be another at each reading; of a table that would only take memory
        rows = select([star()], table(ctes.add(f"{view.name}__rows", rows)))
    times = [*view.join_keys, KNOWN_AT]
    known = ctes.add(f"{view.name}__known", select([col(time) for time in times], subquery(rows.copy(), "rows")))
    latest = ctes.add(f"{view.name}__latest", _latest(view, spine, known))
    newest = ctes.add(f"{view.name}__versions", _rows_of(view, rows, latest))
    columns = {name: col(name, latest) for name in (*view.join_keys, EVENT_TIMESTAMP, KNOWN_AT)}
    columns |= {field.name: col(field.name, newest) for field in view.schema_}
    joined = select(columns, table(latest), joins=[Join(table(newest), "inner", _same(times, latest, newest))])
    return ctes.add(f"{view.name}__newest", joined)


def _latest(view: FeatureView, spine: str, known: str) -> Query:
    """The latest moment of each key and time of the spine; distinct, for several rows may be of that moment."""
    asked = {key: col(own, spine) for key, own in view.spine_keys.items()} | {EVENT_TIMESTAMP: _at(spine)}
    same = [eq(col(own, spine), col(key, known)) for key, own in view.spine_keys.items()]
    until = ge(_at(spine), col(KNOWN_AT, known))
    return select(
        {**asked, KNOWN_AT: col(KNOWN_AT, known)},
        table(spine),
        joins=[Join(table(known), "asof_left", and_(*same, until))],
        distinct=True,
    )


def _rows_of(view: FeatureView, rows: Query, latest: str) -> Query:
    """The rows of those moments, of each one: that of the greatest values, column by column."""
    times = [*view.join_keys, KNOWN_AT]
    moments = select([col(time) for time in times], table(latest), distinct=True)
    fetched = select(
        [aliased(col(name, "rows"), name) for name in (*times, *(field.name for field in view.schema_))],
        subquery(rows, "rows"),
        joins=[Join(subquery(moments, "moments"), "inner", _same(times, "rows", "moments"))],
    )
    order = [desc(col(field.name)) for field in view.schema_]
    newest = over(func("ROW_NUMBER"), [col(time) for time in times], order)
    return select([star()], subquery(fetched, "fetched"), qualify=eq(newest, lit(1)))


def _same(columns: list[str], left: str, right: str) -> Expr:
    return and_(*(eq(col(column, left), col(column, right)) for column in columns))


def _at(spine: str) -> Expr:
    return col(EVENT_TIMESTAMP, spine)
