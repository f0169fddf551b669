"""What a feature view becomes in the warehouse: a view of now, a history, and an as-of function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureColumn, FeatureView
from aops_indb.features.float_sums import Reducer, reduce_rows
from aops_indb.features.point_in_time import join_view
from aops_indb.features.source_rows import KNOWN_AT, source_rows, versions
from aops_indb.features.validity import VALID_TO
from aops_indb.features.view_history import known_types, with_types
from aops_indb.features.windows import (
    TypesOf,
    WindowFeature,
    openings,
    value_rows,
    value_types,
    window_features,
    windows_by_key,
)
from aops_indb.sqlgen.build import Expr, add, and_, anonymous, case, cast, col, eq, ge, gt, interval, le, lit, star
from aops_indb.sqlgen.build import func as sql_function
from aops_indb.sqlgen.parse import columns_of, parse_expression, parse_select
from aops_indb.sqlgen.statements import (
    Join,
    MacroSignature,
    Query,
    Statement,
    column_of,
    comment,
    create_table_macro,
    create_view,
    select,
    subquery,
    table,
    table_function,
    union_distinct,
    with_ctes,
)
from aops_indb.sqlgen.windows import desc, over

SCHEMA = "features"
HISTORY_SUFFIX = "__history"
AS_OF_SUFFIX = "__asof"
KEPT_SUFFIX = "__kept"
_ZONED = "TIMESTAMPTZ"
# of what changes as time passes
_AT = "at the very moment of event_timestamp"


# A query, and the statements that make a view or macro of it.
Compiled: TypeAlias = tuple[Query, tuple[Statement, ...]]


@dataclass(frozen=True)
class WarehouseObject:
    """A view or table macro: its kind and name; the query it stands for and the statements that make it.

    compile: makes these once they are asked for: a plan of what is new needs none of them
    shape:   makes a shorter query that has the same columns, of the same types
    """

    kind: str
    name: str
    compile: Callable[[], Compiled]
    shape: Callable[[], Query] | None = None

    @classmethod
    def of(cls, kind: str, name: str, query: Query, statements: tuple[Statement, ...]) -> WarehouseObject:
        """One that is compiled already."""
        return cls(kind, name, lambda: (query, statements))

    @cached_property
    def _compiled(self) -> Compiled:
        return self.compile()

    @property
    def query(self) -> Query:
        """The query it stands for."""
        return self._compiled[0]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that make it."""
        return self._compiled[1]


def warehouse_objects(
    view: FeatureView,
    *,
    now: dt.datetime | None = None,
    time_zone: bool = True,
    types_of: TypesOf | None = None,
    kept: Expr | None = None,
) -> tuple[WarehouseObject, ...]:
    """The three objects of a view; what types decide about them is asked for here, not when they are compiled.

    now:       a fixed time, with a time zone, that the view of now shows; None for the clock
    time_zone: whether the source's times have one; those that have none are taken for UTC
    kept:      a table of the view's history to read instead of the source
    """
    known = None if types_of is None or kept is not None else known_types(view, types_of)

    def at(moment: Expr) -> Query:
        return as_of(view, moment, known) if kept is None else as_of_kept(view, kept, moment)

    def whole() -> Query:
        return history(view, known) if kept is None else select([star()], kept.copy())

    moment = _now(now, time_zone)
    current = WarehouseObject(
        "view",
        view.name,
        lambda: _current(view, at(moment)),
        # without the types floats are summed in order, which takes less SQL
        None if known is None else lambda: as_of(view, moment),
    )
    past = WarehouseObject("view", view.name + HISTORY_SUFFIX, lambda: _history(view, whole()))
    macro = WarehouseObject("macro", view.name + AS_OF_SUFFIX, lambda: _as_of(view, at, time_zone))
    return (current, past, macro)


def _now(now: dt.datetime | None, time_zone: bool) -> Expr:
    moment: Expr = anonymous("NOW") if now is None else lit(now)
    # compared as they are, an aware and a naive time differ with the time zone of whoever asks
    return moment if time_zone else anonymous("TIMEZONE", lit("UTC"), moment)


def _current(view: FeatureView, query: Query) -> Compiled:
    target = table(view.name, SCHEMA)
    text = view.description or f"Features of {', '.join(e.name for e in view.entities)}"
    statements = [create_view(target, query), comment("VIEW", target.copy(), text)]
    statements += _column_comments(view.name, view, view.features)
    return query, tuple(statements)


def _history(view: FeatureView, query: Query) -> Compiled:
    name = view.name + HISTORY_SUFFIX
    target = table(name, SCHEMA)
    text = f"{view.name}: one row for each moment from which values hold, until the entity's next row"
    since = FeatureColumn(EVENT_TIMESTAMP, None, "the values hold from this moment")
    timed = view.source.timestamp_field is not None
    columns = [
        replace(c, description=f"{c.description}, {_AT}") if c.name in view.of_time else c for c in view.features
    ]
    statements = [create_view(target, query), comment("VIEW", target.copy(), text)]
    statements += _column_comments(name, view, (since, *columns) if timed else columns)
    return query, tuple(statements)


def _as_of(view: FeatureView, at: Callable[[Expr], Query], time_zone: bool) -> Compiled:
    target, parameter = table(view.name + AS_OF_SUFFIX, SCHEMA), _parameter(view)
    query = at(_moment_given(parameter, time_zone))
    text = f"{view.name} as it was known at a time, the argument: one row for each entity known then"
    types = {parameter: _ZONED if time_zone else "TIMESTAMP"}
    create = create_table_macro(target, [parameter], query, signature=MacroSignature(types, table(view.name, SCHEMA)))
    return query, (create, comment("MACRO TABLE", target.copy(), text))


def _moment_given(parameter: str, time_zone: bool) -> Expr:
    """The parameter as a time of the source's type, whatever the type it is given in."""
    # cast: of an untyped '2013-06-01' nothing can be subtracted
    if time_zone:
        return cast(col(parameter), _ZONED)
    # by a cast alone, a zoned time would become the local one of whoever asks
    zoned = eq(anonymous("TYPEOF", col(parameter)), lit("TIMESTAMP WITH TIME ZONE"))
    in_utc = anonymous("TIMEZONE", lit("UTC"), cast(col(parameter), _ZONED))
    return case([(zoned, in_utc)], cast(col(parameter), "TIMESTAMP"))


def _parameter(view: FeatureView) -> str:
    """`ts`, unless the source has a column of that name, which the parameter would replace."""
    texts = [f.expr for f in view.schema_] + [a.expr for a in view.aggregations]
    texts += [a.where for a in view.aggregations] + [a.since for a in view.aggregations] + [view.filter]
    used = {c for text in texts if text for c in columns_of(parse_expression(text))}
    used |= columns_of(parse_select(view.source.query)) if view.source.query else set()
    used |= {*view.join_keys, *(f.name for f in view.features), view.source.timestamp_field or ""}
    used |= {a.column or "" for a in view.aggregations} | {
        view.source.created_timestamp_column or "",
        view.source.valid_to or "",
    }
    taken = {name.lower() for name in used}
    return next(name for name in ("ts", "as_of_ts", "as_of_time_asked_for") if name not in taken)


def _column_comments(name: str, view: FeatureView, columns: Sequence[FeatureColumn]) -> list[Statement]:
    keys = {key: entity for entity in view.entities for key in entity.join_keys}
    target = table(name, SCHEMA)
    texts = {key: entity.description or f"join key of {entity.name}" for key, entity in keys.items()}
    texts |= {column.name: column.description for column in columns if column.description}
    return [comment("COLUMN", column_of(target, column), text) for column, text in texts.items()]


def as_of(view: FeatureView, moment: Expr, types_of: TypesOf | None = None) -> Query:
    """One row for each entity known at the moment, with its features as known then."""
    view = with_types(view, types_of)
    ctes, names = Ctes(), [feature.name for feature in view.features]
    features = window_features(view, names)
    columns: dict[str, Expr] = {}
    relations = []
    if view.schema_:
        newest = ctes.add(f"{view.name}__newest", _newest(view, moment))
        relations.append(newest)
        columns |= {f.name: _unless_expired(view, col(f.name, newest), newest, moment) for f in view.schema_}
    if features:
        windows = ctes.add(f"{view.name}__windows", _windows(view, features, moment, ctes, types_of))
        relations.append(windows)
        columns |= {feature.name: col(feature.name, windows) for feature in features}
    first, *others = relations
    keys = {key: col(key, first) for key in view.join_keys}
    joins = [
        Join(table(other), "left", and_(*(eq(col(k, first), col(k, other)) for k in view.join_keys)))
        for other in others
    ]
    return with_ctes(select({**keys, **columns}, table(first), joins=joins), ctes.queries)


def as_of_kept(view: FeatureView, kept: Expr, moment: Expr) -> Query:
    """The same from a table of the view's history: for each entity the newest row that is not after the moment."""
    newest = over(sql_function("ROW_NUMBER"), [col(key) for key in view.join_keys], [desc(col(EVENT_TIMESTAMP))])
    columns = [*view.join_keys, *(feature.name for feature in view.features)]
    known = [le(col(EVENT_TIMESTAMP), moment.copy())]
    return select([col(column) for column in columns], kept.copy(), where=known, qualify=eq(newest, lit(1)))


def _windows(
    view: FeatureView, features: Sequence[WindowFeature], moment: Expr, ctes: Ctes, types_of: TypesOf | None
) -> Query:
    types = value_types(view, features, types_of)
    rows = ctes.add(f"{view.name}__rows", value_rows(view, features, types))
    opening = openings(features)
    opened = ctes.add(f"{view.name}__opened", windows_by_key(view, opening, rows, moment)) if opening else None

    def by_key(simple: Sequence[WindowFeature], rows: str) -> Query:
        return windows_by_key(view, simple, rows, moment, opened)

    return reduce_rows(view, features, types, rows, ctes, Reducer(view.join_keys, by_key, by_key))


def _newest(view: FeatureView, moment: Expr) -> Query:
    known = versions(view)
    if view.source.timestamp_field is None:
        return known
    latest = over(sql_function("ROW_NUMBER"), [col(key) for key in view.join_keys], [desc(col(KNOWN_AT))])
    columns = [*view.join_keys, EVENT_TIMESTAMP, *(field.name for field in view.schema_)]
    return select(
        [col(column) for column in columns],
        subquery(known, "versions"),
        where=[le(col(KNOWN_AT), moment.copy())],
        qualify=eq(latest, lit(1)),
    )


def _unless_expired(view: FeatureView, value: Expr, newest: str, moment: Expr) -> Expr:
    if view.ttl is None:
        return value
    fresh = ge(add(col(EVENT_TIMESTAMP, newest), interval(view.ttl)), moment.copy())
    return case([(fresh, value)])


def history(view: FeatureView, types_of: TypesOf | None = None, between: tuple[Expr, Expr] | None = None) -> Query:
    """Every moment from which an entity's values hold: rows come in, leave a window, or outlive the ttl.

    between: moments after the first and not after the second of these alone
    """
    view = with_types(view, types_of)
    if view.source.timestamp_field is None:
        return versions(view)
    ctes = Ctes()
    rows = ctes.add(f"{view.name}__events", source_rows(view, []))
    moments = ctes.add(f"{view.name}__moments", _moments(view, rows, between))
    joined = join_view(view, [feature.name for feature in view.features], moments, ctes, types_of)
    columns = {key: col(key, moments) for key in (*view.join_keys, EVENT_TIMESTAMP)}
    return with_ctes(select({**columns, **joined.features}, table(moments), joins=joined.joins), ctes.queries)


def _moments(view: FeatureView, rows: str, between: tuple[Expr, Expr] | None) -> Query:
    keys = [col(key) for key in view.join_keys]

    def at(moment: Expr) -> Query:
        columns = {**{key.name: key.copy() for key in keys}, EVENT_TIMESTAMP: moment}
        inside = [gt(moment.copy(), between[0].copy()), le(moment.copy(), between[1].copy())] if between else []
        return select(columns, table(rows), where=[ge(moment.copy(), col(KNOWN_AT)), *inside])

    features = window_features(view, [feature.name for feature in view.features])
    delays = {feature.offset for feature in features} | {feature.reach for feature in features}
    if view.ttl is not None:
        delays.add(view.ttl + dt.timedelta(microseconds=1))
    changes = [at(col(KNOWN_AT))]
    changes += [at(add(col(EVENT_TIMESTAMP), interval(delay))) for delay in sorted(filter(None, delays))]
    changes += [at(col(VALID_TO))] if view.schema_ and view.source.valid_to else []
    return union_distinct(*changes)


def numbered_objects(view: FeatureView, version: int, *, time_zone: bool = True) -> tuple[WarehouseObject, ...]:
    """The newest version of a view under its number too: `features.<view>__v2`, its history and as-of function."""
    name, text = f"{view.name}__v{version}", f"{view.name}, version {version}: the newest"
    made = []
    for suffix, kind_text in (("", text), (HISTORY_SUFFIX, f"{text}; its history")):
        target, query = table(name + suffix, SCHEMA), select([star()], table(view.name + suffix, SCHEMA))
        statements = (create_view(target, query), comment("VIEW", target.copy(), kind_text))
        made.append(WarehouseObject.of("view", name + suffix, query, statements))
    return (*made, _numbered_as_of(view, name, text, time_zone))


def _numbered_as_of(view: FeatureView, name: str, text: str, time_zone: bool) -> WarehouseObject:
    target, parameter = table(name + AS_OF_SUFFIX, SCHEMA), _parameter(view)
    query = select([star()], table_function(view.name + AS_OF_SUFFIX, SCHEMA, col(parameter)))
    signature = MacroSignature({parameter: _ZONED if time_zone else "TIMESTAMP"}, table(name, SCHEMA))
    create = create_table_macro(target, [parameter], query, signature=signature)
    told = f"{text}; as it was known at a time, the argument"
    return WarehouseObject.of("macro", target.name, query, (create, comment("MACRO TABLE", target.copy(), told)))
