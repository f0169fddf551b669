"""Expressions whose value would depend on the time zone of whoever reads them, told before a view is made of them.

A view is computed in the session of its reader. A time with a time zone is one moment everywhere, but its hour, its
day and its text are those of the session's zone; so is the moment that a time without one is taken for. Where such a
time goes into an operation, the operation must be one of those known not to ask for the zone: all others are refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, shortened
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import EVENT_TIMESTAMP, Definition, FeatureView, OnDemandFeature, RequestSource
from aops_indb.features.source_rows import source_relation
from aops_indb.features.spine import Feature, resolve
from aops_indb.features.types import DType
from aops_indb.features.windows import aggregated
from aops_indb.sqlgen.build import Expr, anonymous, cast, col, func, lit, star, sub
from aops_indb.sqlgen.operations import Operation, is_clock_interval, operations, text_constant, writes_zone
from aops_indb.sqlgen.parse import is_column, parse_expression
from aops_indb.sqlgen.statements import select, subquery
from aops_indb.workflows.reader_settings import problem_of_settings

_MOMENT = "TIMESTAMP WITH TIME ZONE"
_NULL_TYPE = '"NULL"'
_TEXT = "VARCHAR"
_UNKNOWN = ""

# Operations on a moment that do not ask for a zone.
_ZONE_FREE = {"epoch", "epoch_ms", "epoch_us", "epoch_ns", "hash", "isfinite", "isinf", "is", "paren", "try", "typeof"}
# Operations on lists and structs of moments that do not look at them.
_COUNTING = {"is", "paren", "len", "length", "array_length", "cardinality", "list_count", "typeof"}
# Operations that take a part out of their first operand.
_INSIDE = {"bracket", "dot"}
# Operations that are told a zone: one of their two operands is its name.
_TOLD_ZONE = {"timezone", "attimezone"}
# Operations that compare values or choose between them, and bring them to one type first.
_ALIKE = {
    "eq", "neq", "gt", "gte", "lt", "lte", "nullsafeeq", "nullsafeneq", "between", "in",
    "coalesce", "greatest", "least", "nullif", "case",
}  # fmt: skip
# Functions that make a moment of something else.
_MAKERS = {"to_timestamp", "make_timestamptz", "strptime", "try_strptime", *_TOLD_ZONE}
# Operations whose type follows from their operands', or is no time: the warehouse need not be asked for it.
_OPERATORS = {
    "literal", "null", "boolean", "interval", "paren", "and", "or", "not", "neg", "is", "like", "ilike", "add", "sub",
    "mul", "div", "intdiv", "mod", "dpipe", "eq", "neq", "gt", "gte", "lt", "lte", "nullsafeeq", "nullsafeneq",
    "between", "in",
}  # fmt: skip
_TYPED_AS_OPERANDS = {"paren", "add", "sub"}

# A time of day and then its zone: such a text is one moment everywhere.
_TEXT_WITH_ZONE = re.compile(r".*\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d(:?\d\d)*|[A-Za-z_]+(/[A-Za-z_]+)*)\s*")
# Types that can be written in a cast as they are told.
_PLAIN_TYPE = re.compile(r"[A-Z_]+(\(\d+(,\s*\d+)?\))?")
_READER = "depends on the time zone of whoever reads"


# ── what is looked at ──────────────────────────────────────────────────────────────────────────────────


def require_same_in_view(view: FeatureView, session: Session) -> None:
    """DefinitionError if a feature or a condition of a view would differ from reader to reader."""
    source = source_relation(view.source)
    columns, macros = session.columns(select([star()], source.copy())), _macros(session)
    for setting, tree, dtype, part in _expressions(view):
        types = _types(tree, session, source, columns)
        problem = _foreign(tree, columns, macros) or _problem(tree, types) or _problem_of_cast(tree, types, dtype)
        problem = problem or problem_of_settings(tree, _zoned(types), session, source)
        if problem is not None:
            raise DefinitionError(f"feature view '{view.name}': {setting}: {problem}", where=part.defined_at)


def _expressions(view: FeatureView) -> Iterator[tuple[str, Expr, DType | None, Definition]]:
    """Every expression of a view: where it is written, itself, the type it is cast to, and whose it is."""
    if view.filter is not None:
        yield "filter", parse_expression(view.filter), None, view
    for field in view.schema_:
        tree = parse_expression(field.expr) if field.expr is not None else col(field.name)
        yield f"field '{shortened(field.name)}'", tree, field.dtype, field
    for part in view.aggregations:
        if part.expr is not None:
            yield f"expr of {part.function}", parse_expression(part.expr), None, part
        if part.where is not None:
            yield f"where of {part.function}", parse_expression(part.where), None, part
        if part.since is not None:
            yield f"since of {part.function}", parse_expression(part.since), None, part


def require_same_on_demand(
    feature: OnDemandFeature, definitions: DefinitionSet, session: Session, spine: Mapping[str, str] | None = None
) -> None:
    """DefinitionError if an on-demand feature would differ from reader to reader.

    spine: column types of a spine; without one, event_timestamp is as the times of the feature views
    """
    columns = {EVENT_TIMESTAMP: _event_type(definitions, session)} if spine is None else {}
    for name, reference in feature.names.items():
        [given] = resolve(definitions, [reference])
        columns[name] = _type_of_input(given, session)
        if spine is not None and isinstance(given.origin, RequestSource):
            columns[name] = spine.get(given.name, columns[name])
    if spine is not None:
        columns[EVENT_TIMESTAMP] = spine[EVENT_TIMESTAMP]
    inputs = subquery(select({name: _value_of(sql_type) for name, sql_type in columns.items()}), "inputs")
    tree = parse_expression(feature.expr)
    types = _types(tree, session, inputs, columns)
    problem = _foreign(tree, columns, _macros(session)) or _problem(tree, types)
    problem = problem or _problem_of_cast(tree, types, feature.dtype)
    problem = problem or problem_of_settings(tree, _zoned(types), session, inputs)
    if problem is not None:
        raise DefinitionError(f"on-demand feature '{feature.name}': {problem}", where=feature.defined_at)


def _event_type(definitions: DefinitionSet, session: Session) -> str:
    """The type of event_timestamp: a moment, unless no feature view's times have a zone."""
    found = set()
    for view in definitions.views.values():
        if view.source.timestamp_field is not None:
            time = select({"time": col(view.source.timestamp_field)}, source_relation(view.source))
            found.add(session.columns(time)["time"])
    return "TIMESTAMP" if found == {"TIMESTAMP"} else _MOMENT


def _type_of_input(given: Feature, session: Session) -> str:
    if isinstance(given.origin, OnDemandFeature):
        return _MOMENT if given.origin.dtype is DType.UnixTimestamp else given.origin.dtype.value
    parts = given.origin.schema_ if isinstance(given.origin, RequestSource) else given.origin.features
    dtype = next(part.dtype for part in parts if part.name == given.own_name)
    if dtype is not None:
        return _MOMENT if dtype is DType.UnixTimestamp else dtype.value
    if not isinstance(given.origin, FeatureView):
        return _UNKNOWN
    # of a window: as what it reduces
    part = next(p for p in given.origin.aggregations if given.own_name in dict(p.features()))
    value = aggregated(part)
    sql_type = session.columns(select({"value": value or lit(1)}, source_relation(given.origin.source)))["value"]
    return f"{sql_type}[]" if part.reduction.listed else sql_type


def _value_of(sql_type: str) -> Expr:
    """NULL of that type; of one that cannot be written in a cast just NULL."""
    if sql_type == _MOMENT:
        return cast(lit(None), "TIMESTAMPTZ")
    return cast(lit(None), sql_type) if _PLAIN_TYPE.fullmatch(sql_type) else lit(None)


# ── types of everything in an expression ───────────────────────────────────────────────────────────────


def _types(tree: Expr, session: Session, relation: Expr, columns: Mapping[str, str]) -> dict[int, str]:
    """The type of every operation, by its node; of what has no type by itself, as a lambda's body, it is empty."""
    folded = {name.lower(): sql_type for name, sql_type in columns.items()}
    types: dict[int, str] = {}
    asked: list[Expr] = []
    for operation in operations(tree):
        node = operation.tree
        if is_column(node) and "." not in node.sql("duckdb") and node.name.lower() in folded:
            types[id(node)] = folded[node.name.lower()]
        elif operation.name not in _OPERATORS:
            asked.append(node)
    types |= dict(zip(map(id, asked), _ask(asked, session, relation), strict=True))
    for operation in operations(tree):
        types[id(operation.tree)] = types.get(id(operation.tree)) or _inferred(operation, types)
    return types


def _ask(nodes: Sequence[Expr], session: Session, relation: Expr) -> list[str]:
    """The types that the warehouse gives expressions over a relation."""
    if not nodes:
        return []
    columns = {f"value_{number}": node.copy() for number, node in enumerate(nodes)}
    try:
        return list(session.columns(select(columns, relation.copy())).values())
    except QueryError:
        # each by itself: one of them has none
        return [_UNKNOWN] if len(nodes) == 1 else [_ask([node], session, relation)[0] for node in nodes]


def _inferred(operation: Operation, types: Mapping[int, str]) -> str:
    match operation.name:
        case "null":
            return _NULL_TYPE
        case "literal":
            return _UNKNOWN if text_constant(operation.tree) is None else _TEXT
        case name if name in _TYPED_AS_OPERANDS:
            given = [types[id(operand)] for operand in operation.operands]
            return next((t for t in given if _is_zoned(t)), given[0])
        case name if name in _MAKERS or writes_zone(operation.tree):
            return _MOMENT
    return _UNKNOWN


def _zoned(types: Mapping[int, str]) -> set[int]:
    """The operations whose values are times with a zone, by their nodes."""
    return {node for node, sql_type in types.items() if _is_zoned(sql_type)}


def _is_zoned(sql_type: str) -> bool:
    return any(words in sql_type for words in ("WITH TIME ZONE", "TIMESTAMPTZ", "TIMETZ"))


def _is_time(sql_type: str) -> bool:
    return sql_type == "DATE" or sql_type.startswith("TIMESTAMP")


# ── what lies outside ──────────────────────────────────────────────────────────────────────────────────

# Names that stand for a function, where no column has them.
_SESSION_NAMES = {"current_catalog", "current_role", "current_schema", "current_user", "session_user", "user"}


def _macros(session: Session) -> set[str]:
    return {name.lower() for name, kind in session.relations("main").items() if kind.startswith("MACRO")}


def _foreign(tree: Expr, columns: Collection[str], macros: Collection[str]) -> str | None:
    """What of an expression is somebody's own function, which may do anything, or a name for who is asking."""
    folded = {name.lower() for name in columns}
    for operation in operations(tree):
        text = shortened(operation.tree.sql("duckdb"))
        if operation.name in macros:
            return f"{text} calls a macro of the warehouse, which may change: write out what it does"
        name = operation.tree.name.lower() if is_column(operation.tree) else ""
        if name in _SESSION_NAMES - folded:
            return f"{text} is no column, and another value for another reader: take a column of the source"
    return None


# ── what depends on the zone ───────────────────────────────────────────────────────────────────────────


def _problem(tree: Expr, types: Mapping[int, str]) -> str | None:
    """What of an expression depends on the reader, and what to write instead."""
    for operation in operations(tree):
        if (instead := _instead(operation, types)) is not None:
            return f"{shortened(operation.tree.sql('duckdb'))} {_READER}: {instead}"
    return None


def _instead(operation: Operation, types: Mapping[int, str]) -> str | None:
    """What to write instead of an operation whose result depends on the reader; None if it does not."""
    zoned = [operand for operand in operation.operands if _is_zoned(types[id(operand)])]
    name = operation.name
    if not zoned:
        makes = _is_zoned(types[id(operation.tree)])
        return _instead_of_making(operation, types) if makes else None
    if name in _COUNTING or (name in _INSIDE and zoned == [operation.operands[0]]):
        return None
    if all(types[id(operand)] == _MOMENT for operand in zoned):
        if name in _ZONE_FREE or (name in _TOLD_ZONE and len(operation.operands) == 2) or _asks_for_seconds(operation):
            return None
        if name == "cast" and types[id(operation.tree)] == _MOMENT:
            return None
        if name in _ALIKE:
            return _instead_of_mixing(operation, types)
        if name in ("add", "sub"):
            return _instead_of_shifting(operation, zoned)
    return _on_a_clock(operation, zoned)


# Parts of a time, and units of a difference, that are the same in every zone.
_SAME_PARTS = {"epoch", "epoch_ms", "epoch_us", "epoch_ns"}
_SAME_UNITS = {"second", "millisecond", "microsecond"}


def _asks_for_seconds(operation: Operation) -> bool:
    match operation.name:
        case "extract":
            return operation.tree.name.lower() in _SAME_PARTS
        case "date_part":
            return (text_constant(operation.operands[0]) or "").lower() in _SAME_PARTS
        case "date_diff" | "datediff":
            unit = re.match(r"\w+\('(\w+?)s?'", operation.tree.sql("duckdb"))
            return unit is not None and unit[1].lower() in _SAME_UNITS
    return False


def _on_a_clock(operation: Operation, zoned: Sequence[Expr]) -> str:
    whole = operation.tree.copy()
    for node, twin in zip(list(operation.tree.walk()), list(whole.walk()), strict=True):
        if any(node is operand for operand in zoned):
            twin.replace(anonymous("TIMEZONE", lit("UTC"), twin.copy()))
    return f"write {shortened(whole.sql('duckdb'))}, or the zone whose clock is meant in place of 'UTC'"


def _instead_of_mixing(operation: Operation, types: Mapping[int, str]) -> str | None:
    for operand in operation.operands:
        sql_type = types[id(operand)]
        if sql_type in (_MOMENT, _NULL_TYPE) or _names_zone(operand):
            continue
        return f"{shortened(operand.sql('duckdb'))} is taken to be in that zone; {_in_utc(operand, sql_type)}"
    return None


def _instead_of_shifting(operation: Operation, zoned: Sequence[Expr]) -> str | None:
    others = [operand for operand in operation.operands if not any(operand is one for one in zoned)]
    if len(zoned) == 1 and all(is_clock_interval(other) for other in others):
        return None
    if len(zoned) == 2:  # its days are counted on the reader's calendar
        first, second = (func("EPOCH", operand.copy()) for operand in operation.operands)
        return f"write {shortened(sub(first, second).sql('duckdb'))}, in seconds"
    return "write lengths of time in hours or less, e.g. INTERVAL 24 HOUR for a day"


def _instead_of_making(operation: Operation, types: Mapping[int, str]) -> str | None:
    """As `_instead`, of what makes a moment out of something else."""
    name, operands = operation.name, operation.operands
    match name:
        case "column" | "to_timestamp":
            return None
        case _ if name in _TOLD_ZONE:
            value = operands[-1] if name == "timezone" else operands[0]
            known = types[id(value)].startswith("TIMESTAMP")
            return None if known else "cast what is not TIMESTAMP first: write TIMEZONE('UTC', CAST(… AS TIMESTAMP))"
        case "make_timestamptz":
            return None if len(operands) in (1, 7) else "name the zone last: write MAKE_TIMESTAMPTZ(…, 'UTC')"
        case "strptime" | "try_strptime":
            one = text_constant(operands[-1]) is not None
            return None if one else "write one format, and let it read the zone, with %z"
        case _ if operands and (_names_zone(operands[0]) or types[id(operands[0])] == _NULL_TYPE):
            return None
    return _in_utc(operands[0], types[id(operands[0])]) if operands else "take a column of the source"


def _names_zone(operand: Expr) -> bool:
    text = text_constant(operand)
    return text is not None and _TEXT_WITH_ZONE.fullmatch(text) is not None


def _in_utc(value: Expr, sql_type: str) -> str:
    if (text := text_constant(value)) is not None:
        return f"name its zone: write e.g. '{shortened(text if ':' in text else text + ' 00:00:00')}+00:00'"
    plain = value.copy() if sql_type == "TIMESTAMP" else cast(value.copy(), "TIMESTAMP")
    written = anonymous("TIMEZONE", lit("UTC"), plain).sql("duckdb")
    return f"write {shortened(written)}, or the zone it is in in place of 'UTC'"


def _problem_of_cast(tree: Expr, types: Mapping[int, str], dtype: DType | None) -> str | None:
    """As `_problem`, of the cast of the whole to a feature's type."""
    sql_type = types[id(tree)]
    whole = f"{shortened(tree.sql('duckdb'))} is {sql_type}, and as DType.{dtype.name if dtype else ''} it {_READER}"
    if dtype is None:
        return None
    if dtype is not DType.UnixTimestamp:
        clock = shortened(anonymous("TIMEZONE", lit("UTC"), tree.copy()).sql("duckdb"))
        instead = f"write expr=\"{clock}\", or the zone whose clock is meant in place of 'UTC'"
        return f"{whole}: {instead}" if _is_zoned(sql_type) else None
    if _names_zone(tree) or _is_zoned(sql_type) or not (sql_type == _TEXT or _is_time(sql_type)):
        return None
    return f"{whole}: {_in_utc(tree, sql_type)}"
