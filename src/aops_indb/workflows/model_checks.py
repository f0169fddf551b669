"""What can be wrong with a model's definition, told before it is trained: its spine, keys, target and periods."""

from __future__ import annotations

from collections.abc import Mapping

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, SpineError, UnknownNameError
from aops_indb.features.model import Model
from aops_indb.features.spine import resolve
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import select, subquery
from aops_indb.workflows.dataset import joined_spine, spine_columns, spine_query
from aops_indb.workflows.training_rows import TARGET, input_names, learnable_rows
from aops_indb.workflows.workspace import Workspace


def check_model(project: Workspace, session: Session, model: Model) -> None:
    """DefinitionError, with file and line, if the model does not fit the warehouse. No row is read."""
    try:
        spine = spine_query(model.spine)
        _require_columns(model, spine_columns(session, spine))
        features = resolve(project.definitions, model.service.references)
        rows = subquery(joined_spine(project, session, spine, features), "rows")
        _require_yes_or_no(
            model, session.columns(select({TARGET: parse_expression(model.target)}, rows.copy()))[TARGET]
        )
        session.columns(learnable_rows(model, rows, "train", input_names(features)))
    except (SpineError, QueryError, UnknownNameError) as error:
        raise DefinitionError(f"model '{model.name}': {error}", where=model.defined_at) from error


def _require_yes_or_no(model: Model, sql_type: str) -> None:
    if sql_type != "BOOLEAN":
        raise SpineError(
            f"target {model.target!r} is {sql_type}, and must be a condition, true or false: "
            f"write e.g. {model.target} > 0"
        )


def _require_columns(model: Model, columns: Mapping[str, str]) -> None:
    folded = {column.lower() for column in columns}
    for setting, names in (("keys", model.keys), ("split_by", [model.split_by])):
        for name in names:
            if name.lower() not in folded:
                raise UnknownNameError(f"column of the spine in {setting}", name, columns)
