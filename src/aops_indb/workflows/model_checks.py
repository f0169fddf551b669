"""What can be wrong with a model's definition, told before it is trained: its spine, keys, target and periods."""

from __future__ import annotations

from collections.abc import Mapping

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, SpineError, UnknownNameError, shortened, shown
from aops_indb.features.definitions import OnDemandFeature
from aops_indb.features.model import Model
from aops_indb.features.spine import resolve, with_inputs
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import select, subquery
from aops_indb.workflows.dataset import joined_spine, spine_columns, spine_query
from aops_indb.workflows.reader_zone import require_same_on_demand
from aops_indb.workflows.training_rows import TARGET, input_names, learnable_rows
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
        _require_yes_or_no(
            model, session.columns(select({TARGET: parse_expression(model.target)}, rows.copy()))[TARGET]
        )
        session.columns(learnable_rows(model, rows, "train", input_names(features)))
    except (SpineError, QueryError, UnknownNameError) as error:
        raise DefinitionError(f"model '{model.name}': {error}", where=model.defined_at) from error


def _require_yes_or_no(model: Model, sql_type: str) -> None:
    if sql_type != "BOOLEAN":
        raise SpineError(
            f"target {shown(model.target)} is {sql_type}, and must be a condition, true or false: "
            f"write e.g. {shortened(model.target)} > 0"
        )


def _require_columns(model: Model, columns: Mapping[str, str]) -> None:
    folded = {column.lower() for column in columns}
    for setting, names in (("keys", model.keys), ("split_by", [model.split_by])):
        for name in names:
            if name.lower() not in folded:
                raise UnknownNameError(f"column of the spine in {setting}", name, columns)
