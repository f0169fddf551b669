"""What the expressions of a view must be for its source: conditions true or false, text not cast in passing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, shortened, shown
from aops_indb.features.definitions import FeatureView
from aops_indb.features.setting_types import EXAMPLES
from aops_indb.features.source_rows import source_relation
from aops_indb.features.types import DType
from aops_indb.features.windows import aggregated
from aops_indb.sqlgen.build import Expr, col
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import select


def require_conditions(view: FeatureView, session: Session) -> None:
    """DefinitionError for a condition that is not true or false: what is not 0 or '' would count as true."""
    settings = [("filter", view.filter, view)] + [("where", part.where, part) for part in view.aggregations]
    settings += [("since", part.since, part) for part in view.aggregations]
    written = [(setting, text, part) for setting, text, part in settings if text is not None]
    types = _types(view, session, [parse_expression(text) for _, text, _ in written])
    for (setting, condition, definition), sql_type in zip(written, types, strict=True):
        if sql_type != "BOOLEAN":
            raise DefinitionError(
                f"feature view '{view.name}': {setting} {shown(condition)} is {sql_type}, and must be a condition, "
                f"true or false: write e.g. {EXAMPLES[setting]}",
                where=definition.defined_at,
            )
    _require_rates(view, session)


def require_castable(view: FeatureView, session: Session) -> None:
    """DefinitionError for text as another type: one text that is no number, and nobody can read the view."""
    values = [parse_expression(field.expr) if field.expr is not None else col(field.name) for field in view.schema_]
    for field, sql_type in zip(view.schema_, _types(view, session, values), strict=True):
        if sql_type == "VARCHAR" and field.dtype is not DType.String:
            text = shortened(field.expr or field.name)
            raise DefinitionError(
                f"feature view '{view.name}': field '{field.name}' is text, and as DType.{field.dtype.name} nobody "
                f"could read the view once one text is none: write dtype=DType.String, or "
                f'expr="TRY_CAST({text} AS {field.dtype.value})", which gives NULL for such',
                where=field.defined_at,
            )


def _require_rates(view: FeatureView, session: Session) -> None:
    """DefinitionError for a rate of something that is not true or false: it would be the share of what is not 0."""
    rates = [(a, aggregated(a)) for a in view.aggregations if a.reduction.condition]
    given = [(aggregation, value) for aggregation, value in rates if value is not None]
    types = _types(view, session, [value for _, value in given])
    for (aggregation, _), sql_type in zip(given, types, strict=True):
        if sql_type != "BOOLEAN":
            text = shortened(aggregation.expr or aggregation.column or "")
            raise DefinitionError(
                f"feature view '{view.name}': {aggregation.function} of {text}, which is {sql_type}, and must be a "
                f'condition, true or false: write e.g. expr="{text} > 0", or ask for the mean',
                where=view.defined_at,
            )


def _types(view: FeatureView, session: Session, values: Sequence[Expr]) -> Iterator[str]:
    """The type of each expression over a view's source, asked for together; QueryError at the first that has none."""
    if not values:
        return
    columns = {f"value_{number}": value.copy() for number, value in enumerate(values)}
    try:
        yield from session.columns(select(columns, source_relation(view.source))).values()
    except QueryError:
        for value in values:
            yield from session.columns(select({"value": value}, source_relation(view.source))).values()
