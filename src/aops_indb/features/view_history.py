"""Feature views over feature views: the history of the one is the source of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aops_indb.errors import DefinitionError
from aops_indb.features.definitions import DataSource, FeatureView, ViewHistory
from aops_indb.features.known_types import KnownTypes
from aops_indb.features.windows import TypesOf, value_types, window_features
from aops_indb.sqlgen.parse import parse_select, tables_in
from aops_indb.sqlgen.statements import parse_table

# The schema of the views that are made of feature views, and what their names can end in.
_SCHEMA = "features"


def with_types(view: FeatureView, types_of: TypesOf | None) -> FeatureView:
    """The view, over a history compiled with the warehouse's column types: the same numbers as in the view it is of."""
    if types_of is None or not isinstance(view.source, ViewHistory):
        return view
    if not isinstance(types_of, KnownTypes):
        return _typed(view, view.source, types_of)
    # each of its queries asks for it, and so does each of the views over it
    if view.reference_name not in types_of.typed:
        types_of.typed[view.reference_name] = _typed(view, view.source, types_of)
    return types_of.typed[view.reference_name]


def _typed(view: FeatureView, source: ViewHistory, types_of: TypesOf) -> FeatureView:
    from aops_indb.features.views import history

    query = history(source.of, types_of).sql("duckdb")
    return view.model_copy(update={"source": source.model_copy(update={"query": query})})


def known_types(view: FeatureView, ask: TypesOf) -> KnownTypes:
    """The types of the values that a view reduces, and those that the views reduce whose history it reads."""
    known, each = KnownTypes(ask), view
    while True:
        features = window_features(each, [feature.name for feature in each.features])
        known.values[each.reference_name] = [f.name for f in features], value_types(each, features, ask)
        if not isinstance(each.source, ViewHistory):
            return known
        each = each.source.of


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
