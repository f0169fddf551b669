"""Feature views over feature views: the history of the one is the source of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aops_indb.errors import DefinitionError
from aops_indb.features.definitions import DataSource, FeatureView, ViewHistory
from aops_indb.features.windows import TypesOf
from aops_indb.sqlgen.parse import parse_select, tables_in
from aops_indb.sqlgen.statements import parse_table

# The schema of the views that are made of feature views, and what their names can end in.
_SCHEMA = "features"


def with_types(view: FeatureView, types_of: TypesOf | None) -> FeatureView:
    """The view, over a history compiled with the warehouse's column types: the same numbers as in the view it is of."""
    if types_of is None or not isinstance(view.source, ViewHistory):
        return view
    from aops_indb.features.views import history

    query = history(view.source.of, types_of).sql("duckdb")
    return view.model_copy(update={"source": view.source.model_copy(update={"query": query})})


def require_no_circle(views: Mapping[str, FeatureView]) -> None:
    """DefinitionError for a view that is made from itself, over any number of views."""
    for view in views.values():
        path = _circle(view, views, (view.name,))
        if path is not None:
            raise DefinitionError(
                f"feature_view '{view.name}' is made from itself: {' <- '.join(path)}; have one of them read a table",
                where=view.defined_at,
            )


def _circle(view: FeatureView, views: Mapping[str, FeatureView], path: tuple[str, ...]) -> tuple[str, ...] | None:
    for name in _made_from(view, views):
        if name == path[0]:
            return (*path, name)
        if name not in path and (found := _circle(views[name], views, (*path, name))) is not None:
            return found
    return None


def _made_from(view: FeatureView, views: Mapping[str, FeatureView]) -> Iterator[str]:
    """Names of the views whose history, or whose views in the warehouse, a view reads."""
    source: DataSource = view.source
    if isinstance(source, ViewHistory):
        names = [source.of.name]
    else:
        tree = parse_table(source.table) if source.table is not None else parse_select(source.query or "")
        names = sorted(tables_in(tree, _SCHEMA))
    folded = {name.lower(): name for name in views}
    for name in names:
        # features.<view>__history, features.<view>__v1: of a view all the same
        for known in (name.lower(), name.lower().partition("__")[0]):
            if known in folded:
                yield folded[known]
                break
