"""The history of a feature view by intervals, each from the source rows that bear on it alone."""

from __future__ import annotations

import datetime as dt

from aops_indb.features.definitions import FeatureView
from aops_indb.features.source_rows import source_relation
from aops_indb.features.views import history
from aops_indb.features.windows import TypesOf, longest_reach, window_features
from aops_indb.sqlgen.build import (
    Expr,
    cast,
    coalesce,
    col,
    eq,
    func,
    greatest,
    gt,
    interval,
    is_not_null,
    le,
    lit,
    not_,
    or_,
    star,
    sub,
)
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import Query, select, subquery, union_all
from aops_indb.sqlgen.windows import desc, over


def history_between(
    view: FeatureView,
    after: dt.datetime,
    until: dt.datetime,
    *,
    time_zone: bool = True,
    types_of: TypesOf | None = None,
) -> Query:
    """The rows of `history` from after `after` up to `until`, which have a time zone; the first bound is not included.

    time_zone: whether the source's times have one; those that have none are taken for UTC
    """
    first, last = (moment_of(bound, time_zone=time_zone) for bound in (after, until))
    fewer = _with_rows_for(view, first, last) if _forgets(view) else view
    return history(fewer, types_of, between=(first, last))


def _forgets(view: FeatureView) -> bool:
    """Whether old rows but the newest of each key bear on nothing."""
    features = window_features(view, [feature.name for feature in view.features])
    endless = any(f.reach is None or f.aggregation.since is not None for f in features)
    return not endless and view.source.valid_to is None


def moment_of(at: dt.datetime, *, time_zone: bool) -> Expr:
    """A time as the source's times are, which have a time zone or are of UTC."""
    return lit(at if time_zone else at.astimezone(dt.UTC).replace(tzinfo=None))


def _with_rows_for(view: FeatureView, first: Expr, last: Expr) -> FeatureView:
    """The same view of fewer rows: those that something changes by in between, and each key's newest before."""
    source = view.source
    event = col(source.timestamp_field or "")
    created = coalesce(col(source.created_timestamp_column), event) if source.created_timestamp_column else None
    known = greatest(event, created) if created is not None else event
    reach = longest_reach(window_features(view, [feature.name for feature in view.features]))
    if reach is None:
        return view
    delays = [reach] if reach else []
    delays += [view.ttl + dt.timedelta(microseconds=1)] if view.ttl else []
    since = sub(first.copy(), interval(max(delays))) if delays else first
    recent = or_(gt(known.copy(), first.copy()), gt(event.copy(), since))
    rows: Query = select([star()], source_relation(source), where=[le(known.copy(), last.copy()), recent])
    if view.schema_:
        written = [desc(created.copy())] if created is not None else []
        newest = _newest_of_each(view, le(known.copy(), first.copy()), [desc(event.copy()), *written])
        rows = union_all(rows, select([star()], subquery(newest, "newest"), where=[not_(recent.copy())]))
    fewer = source.model_copy(update={"table": None, "query": rows.sql("duckdb")})
    return view.model_copy(update={"source": fewer})


def _newest_of_each(view: FeatureView, known: Expr, order: list[Expr]) -> Query:
    """The newest row of each key among those for which a condition holds: as `versions` decides."""
    keys = [col(key) for key in view.join_keys]
    conditions = [parse_expression(view.filter)] if view.filter else []
    values = [cast(parse_expression(f.expr) if f.expr else col(f.name), f.dtype.value) for f in view.schema_]
    number = over(func("ROW_NUMBER"), [key.copy() for key in keys], [*order, *map(desc, values)])
    return select(
        [star()],
        source_relation(view.source),
        where=[*conditions, *map(is_not_null, keys), known],
        qualify=eq(number, lit(1)),
    )
