"""Views whose histories are kept in tables: they go on reading those while an edit changes nothing of what is kept."""

from __future__ import annotations

from aops_indb.engines import Session
from aops_indb.features.definitions import FeatureView
from aops_indb.features.views import HISTORY_SUFFIX, SCHEMA, WarehouseObject, warehouse_objects
from aops_indb.registry import DefinitionRecord
from aops_indb.sqlgen.statements import table
from aops_indb.workflows.present import Present
from aops_indb.workflows.workspace import Workspace


def kept_objects(
    project: Workspace,
    session: Session,
    view: FeatureView,
    before: DefinitionRecord,
    record: DefinitionRecord,
    live: tuple[WarehouseObject, ...],
    present: Present,
    *,
    time_zone: bool,
) -> tuple[WarehouseObject, ...] | None:
    """What a view is made as over its table; None if it has none, or one of what it computes no longer."""
    history = f"{record.name}{HISTORY_SUFFIX}"
    if not before.kept_in or before.kept_in not in present or view.materialization is None:
        return None
    if (before.fingerprint, before.sql.get(history)) != (record.fingerprint, record.sql[history]):
        return None
    kept = table(before.kept_in, SCHEMA)
    # the source may have columns of other types by now
    [whole] = [item.query for item in live if item.name == history]
    if session.columns(kept) != session.columns(whole.copy()):
        return None
    over_table = warehouse_objects(view, now=project.now, time_zone=time_zone, types_of=session.columns, kept=kept)
    made = {item.name: item for item in over_table}
    return tuple(made.get(item.name, item) for item in live)
