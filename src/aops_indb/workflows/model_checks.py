"""What can be wrong with a model's definition, told before it is trained: its spine, keys, target and periods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, SpineError, UnknownNameError, shortened, shown
from aops_indb.features.definitions import OnDemandFeature, RequestSource
from aops_indb.features.model import Model
from aops_indb.features.spine import Feature, resolve, with_inputs
from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.parse import columns_of, parse_expression
from aops_indb.sqlgen.statements import select, subquery
from aops_indb.workflows.dataset import joined_spine, spine_columns, spine_query
from aops_indb.workflows.reader_zone import require_same_on_demand
from aops_indb.workflows.training_rows import input_names, learnable_rows
from aops_indb.workflows.workspace import Workspace


def check_model(project: Workspace, session: Session, model: Model) -> None:
    """DefinitionError, with file and line, if the model does not fit the warehouse. No row is read."""
    try:
        spine = spine_query(model.spine)
        columns = spine_columns(session, spine)
        _require_columns(model, columns)
        features = resolve(project.definitions, model.service.references)
        rows = subquery(joined_spine(project, session, spine, features), "rows")
        for feature in with_inputs(project.definitions, features):
            if isinstance(feature.origin, OnDemandFeature):
                require_same_on_demand(feature.origin, project.definitions, session, columns)
        _require_condition(session, "target", model.target, rows)
        _require_unknown_target(project, model, features)
        if model.population is not None:
            _require_condition(session, "population", model.population, rows)
        inputs = session.columns(learnable_rows(model, rows, "train", input_names(features)))
        _require_learnable(features, inputs)
    except (SpineError, QueryError, UnknownNameError) as error:
        raise DefinitionError(f"model '{model.name}': {error}", where=model.defined_at) from error


def _require_condition(session: Session, setting: str, condition: str, rows: Expr) -> None:
    try:
        [sql_type] = session.columns(select({"value": parse_expression(condition)}, rows.copy())).values()
    except QueryError as error:
        raise SpineError(f"{setting} {shown(condition)}: {error}") from error
    if sql_type != "BOOLEAN":
        example = "= 'yes'" if sql_type == "VARCHAR" else "> 0"
        raise SpineError(
            f"{setting} {shown(condition)} is {sql_type}, and must be a condition, true or false: "
            f"write e.g. {shortened(condition)} {example}"
        )


def _require_unknown_target(project: Workspace, model: Model, features: Sequence[Feature]) -> None:
    """SpineError if whoever has the inputs has the target: the model would learn to repeat it."""
    asked = {column.lower() for column in columns_of(parse_expression(model.target))}
    known = with_inputs(project.definitions, features)
    given = {feature.name.lower() for feature in known if isinstance(feature.origin, RequestSource)}
    if asked and asked <= given:
        raise SpineError(
            f"target {shown(model.target)} is made from {', '.join(sorted(asked))}, which is an input of service "
            f"'{model.service.name}': take it out of the service, and of the RequestSource"
        )


# What a model takes: numbers, truth values and text.
_LEARNABLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN|VARCHAR|\"NULL\"")


def _require_learnable(features: Iterable[Feature], types: Mapping[str, str]) -> None:
    for feature in features:
        sql_type = types[feature.name]
        if _LEARNABLE.fullmatch(sql_type) is None:
            raise SpineError(
                f"feature '{feature.name}' of '{feature.origin.name}' is {sql_type}, and a model takes numbers, "
                "booleans and text: make a number of it with an OnDemandFeature, e.g. the seconds since: "
                f"epoch(event_timestamp) - epoch({feature.name})"
            )


def _require_columns(model: Model, columns: Mapping[str, str]) -> None:
    folded = {column.lower() for column in columns}
    for setting, names in (("keys", model.keys), ("split_by", [model.split_by])):
        for name in names:
            if name.lower() not in folded:
                raise UnknownNameError(f"column of the spine in {setting}", name, columns)
