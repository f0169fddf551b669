"""A spine with the features that people ask for: references resolved, columns checked, one query compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aops_indb.errors import SpineError, UnknownNameError
from aops_indb.features.ctes import Ctes
from aops_indb.features.definition_set import DefinitionSet, lookup
from aops_indb.features.definitions import EVENT_TIMESTAMP, AliasedView, FeatureView, OnDemandFeature, RequestSource
from aops_indb.features.point_in_time import join_view
from aops_indb.features.view_versions import find_version, spelled
from aops_indb.features.window_algorithms.choice import Choose
from aops_indb.features.windows import TypesOf
from aops_indb.sqlgen.build import Expr, col, converted, lit, star
from aops_indb.sqlgen.build import func as sql_function
from aops_indb.sqlgen.parse import parse_expression, replace_columns
from aops_indb.sqlgen.statements import Join, Query, aliased, select, subquery, table, with_ctes
from aops_indb.sqlgen.windows import asc, over

SPINE = "__entity_df"
ROW = "__row"
# Join key of views of all rows: one for all of them, so a spine need not carry it.
ALL_ROWS_KEY = "all_rows"
# Whom a column belongs to, in messages.
_SPINE_ITSELF = "the spine"


@dataclass(frozen=True, slots=True)
class Feature:
    """A reference, resolved: from a view, a request source, or computed on demand.

    name:     of its column      own_name: in the view
    """

    reference: str
    name: str
    own_name: str
    origin: FeatureView | RequestSource | OnDemandFeature


def resolve(definitions: DefinitionSet, references: Iterable[str]) -> tuple[Feature, ...]:
    """What each reference means; UnknownNameError with the closest name if nothing."""
    return tuple(_resolve(definitions, reference) for reference in references)


def _resolve(definitions: DefinitionSet, reference: str) -> Feature:
    owner, _, name = reference.partition(":")
    if not name:
        return Feature(reference, owner, owner, lookup("on-demand feature", owner, definitions.on_demand))
    holders: dict[str, FeatureView | RequestSource] = {
        **definitions.views, **definitions.aliased_views, **definitions.requests
    }  # fmt: skip
    holder = find_version(owner, definitions.views) or lookup("feature view", owner, holders)
    names = [c.name for c in (holder.schema_ if isinstance(holder, RequestSource) else holder.features)]
    if name not in names:
        raise UnknownNameError("feature", reference, [f"{owner}:{known}" for known in names])
    column = holder.output_name(name) if isinstance(holder, FeatureView) else name
    return Feature(reference, column, name, holder)


def with_inputs(definitions: DefinitionSet, features: Iterable[Feature]) -> tuple[Feature, ...]:
    """The features and everything that on-demand features among them are computed from, each once."""
    found: dict[str, Feature] = {}
    for feature in features:
        found.setdefault(feature.reference, feature)
        if isinstance(feature.origin, OnDemandFeature):
            for given in with_inputs(definitions, resolve(definitions, feature.origin.inputs)):
                found.setdefault(given.reference, given)
    return tuple(found.values())


def required_columns(definitions: DefinitionSet, features: Iterable[Feature]) -> dict[str, str]:
    """Columns that the spine must carry, each with what needs it."""
    needed = {EVENT_TIMESTAMP: "every point-in-time join"}
    for feature in with_inputs(definitions, features):
        match feature.origin:
            case FeatureView():
                for key in spine_keys(feature.origin).values():
                    needed.setdefault(key, f"feature view '{feature.origin.name}'")
            case RequestSource():
                needed.setdefault(feature.name, f"request source '{feature.origin.name}'")
    return needed


def spine_keys(view: FeatureView) -> dict[str, str]:
    """join key of a view -> the column that the spine must carry for it."""
    return {key: own for key, own in view.spine_keys.items() if own != ALL_ROWS_KEY}


def numbered(spine: Query) -> Query:
    """The spine with its rows numbered in the order it gives them."""
    number = aliased(over(sql_function("ROW_NUMBER")), ROW)
    return select([star(), number], subquery(spine, "spine"))


def output_names(
    features: Sequence[Feature], spine_columns: Sequence[str], *, full_feature_names: bool
) -> dict[str, str]:
    """reference -> name of its column beside the spine's; a request column is the spine's own.

    SpineError if two columns would get one name.
    """
    taken = {column.lower(): _SPINE_ITSELF for column in spine_columns}
    names: dict[str, str] = {}
    for feature in features:
        if isinstance(feature.origin, RequestSource):
            names[feature.reference] = feature.name
            continue
        full = full_feature_names and _is_named_by_view(feature)
        name = f"{spelled(feature.reference.partition(':')[0])}__{feature.name}" if full else feature.name
        if name.lower() in taken:
            raise SpineError(
                f"two columns would be named '{name}': one from {taken[name.lower()]}, one from "
                f"{feature.reference}; {_way_out(feature, taken[name.lower()], full_feature_names)}"
            )
        taken[name.lower()] = feature.reference
        names[feature.reference] = name
    return names


def _is_named_by_view(feature: Feature) -> bool:
    """Whether a feature can be named with its view: one of an alias is named apart already."""
    return isinstance(feature.origin, FeatureView) and not isinstance(feature.origin, AliasedView)


def _way_out(feature: Feature, other: str, full_feature_names: bool) -> str:
    """What to do about two columns of one name. Only features of views are ever named with their view."""
    ways = []
    if other == _SPINE_ITSELF:
        ways.append("rename the spine's column")
    if _is_named_by_view(feature) and not full_feature_names:
        ways.append("ask with full_feature_names=True")
    if isinstance(feature.origin, AliasedView):
        ways.append("give with_entity another prefix")
    if not ways:
        ways.append("rename one of them where it is defined")
    return " or ".join(ways)


def join_features(
    definitions: DefinitionSet,
    spine: Query,
    spine_columns: Sequence[str],
    features: Sequence[Feature],
    *,
    full_feature_names: bool = False,
    ordered: bool = False,
    types_of: TypesOf | None = None,
    choose: Choose | None = None,
) -> Query:
    """One SELECT: the spine's columns, then each feature as known at the row's event_timestamp.

    ordered:  the spine came through `numbered`; rows are returned in that order
    types_of: asks the warehouse for a query's column types; with it, faster algorithms can be proved exact
    choose:   decides how windows are computed; None: by the definitions alone
    """
    ctes = Ctes()
    ctes.add(SPINE, _with_key_of_all_rows(definitions, spine, spine_columns, features))
    joins, expressions = _join_views(definitions, features, ctes, types_of, choose)
    names = output_names(features, spine_columns, full_feature_names=full_feature_names)
    columns: dict[str, Expr] = {column: col(column, SPINE) for column in spine_columns}
    for feature in features:
        columns.setdefault(names[feature.reference], expressions[feature.reference])
    order = [asc(col(ROW, SPINE))] if ordered else []
    return with_ctes(select(columns, table(SPINE), joins=joins, order_by=order), ctes.queries)


def _with_key_of_all_rows(
    definitions: DefinitionSet, spine: Query, spine_columns: Sequence[str], features: Sequence[Feature]
) -> Query:
    """The spine, with the key of all rows if a view asks for it."""
    origins = [feature.origin for feature in with_inputs(definitions, features)]
    asked = any(ALL_ROWS_KEY in o.spine_keys.values() for o in origins if isinstance(o, FeatureView))
    if not asked:
        return spine
    if ALL_ROWS_KEY in (column.lower() for column in spine_columns):
        raise SpineError(f"the spine has a column named '{ALL_ROWS_KEY}', the key of views of all rows: rename it")
    return select([star(), aliased(lit(True), ALL_ROWS_KEY)], subquery(spine, "spine"))


def _join_views(
    definitions: DefinitionSet,
    features: Sequence[Feature],
    ctes: Ctes,
    types_of: TypesOf | None,
    choose: Choose | None,
) -> tuple[list[Join], dict[str, Expr]]:
    everything = with_inputs(definitions, features)
    wanted: dict[str, list[str]] = {}
    views: dict[str, FeatureView] = {}
    for feature in everything:
        if isinstance(feature.origin, FeatureView):
            views[feature.origin.name] = feature.origin
            wanted.setdefault(feature.origin.name, []).append(feature.own_name)
    joins: list[Join] = []
    values: dict[tuple[str, str], Expr] = {}
    for view_name, names in wanted.items():
        joined = join_view(views[view_name], names, SPINE, ctes, types_of, choose)
        joins.extend(joined.joins)
        values |= {(view_name, name): value for name, value in joined.features.items()}
    expressions = {f.reference: values[v] for f in everything if (v := (f.origin.name, f.own_name)) in values}
    for feature in everything:
        if isinstance(feature.origin, RequestSource):
            dtype = next(field.dtype for field in feature.origin.schema_ if field.name == feature.name)
            expressions[feature.reference] = converted(col(feature.name, SPINE), dtype.value)
    for feature in features:
        if isinstance(feature.origin, OnDemandFeature):
            expressions[feature.reference] = _on_demand(feature.origin, definitions, expressions)
    return joins, expressions


def _on_demand(feature: OnDemandFeature, definitions: DefinitionSet, expressions: Mapping[str, Expr]) -> Expr:
    values: dict[str, Expr] = {EVENT_TIMESTAMP: col(EVENT_TIMESTAMP, SPINE)}
    for name, reference in feature.names.items():
        [given] = resolve(definitions, [reference])
        value = expressions.get(given.reference)
        if value is None and isinstance(given.origin, OnDemandFeature):
            value = _on_demand(given.origin, definitions, expressions)
        values[name] = value if value is not None else col(given.name, SPINE)
    return converted(replace_columns(parse_expression(feature.expr), values), feature.dtype.value)
