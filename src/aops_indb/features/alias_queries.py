"""What a view shows under the columns of an alias: nothing is made of an alias, whose rows are the view's."""

from __future__ import annotations

from aops_indb.features.definitions import EVENT_TIMESTAMP, AliasedView
from aops_indb.features.views import HISTORY_SUFFIX, SCHEMA
from aops_indb.sqlgen.build import col
from aops_indb.sqlgen.statements import Query, select, table


def alias_queries(view: AliasedView, made_as: str) -> tuple[Query, Query]:
    """The view's rows as they are now, and its history, each with the columns that a spine has beside them.

    made_as: the name that the view which it is an alias of has in the warehouse
    """
    columns = {own: col(key) for key, own in view.spine_keys.items()}
    features = {view.output_name(feature.name): col(feature.name) for feature in view.features}
    timed = {EVENT_TIMESTAMP: col(EVENT_TIMESTAMP)} if view.source.timestamp_field is not None else {}
    now = select({**columns, **features}, table(made_as, SCHEMA))
    whole = {name: expression.copy() for name, expression in {**columns, **timed, **features}.items()}
    return now, select(whole, table(f"{made_as}{HISTORY_SUFFIX}", SCHEMA))
