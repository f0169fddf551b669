"""Tables that are named without their schema, where a view of ours would be meant instead."""

from __future__ import annotations

from collections.abc import Iterator

from aops_indb.errors import DefinitionError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import DataSource, Definition, ViewHistory
from aops_indb.sqlgen.parse import parse_select, tables_read
from aops_indb.sqlgen.statements import parse_table


def require_told_apart(definitions: DefinitionSet) -> None:
    """DefinitionError for a table without its schema that is named as a view or a model, or what is made of one.

    Inside a view of a schema, DuckDB looks for a name there first: it would read the view of that name, or itself.
    """
    kinds = {**dict.fromkeys(definitions.models, "model"), **dict.fromkeys(definitions.views, "feature view")}
    ours = {name.lower().partition("__")[0]: (kind, name) for name, kind in kinds.items()}
    for title, definition, table in _tables(definitions):
        parts = parse_table(table).parts
        if len(parts) == 1 and (found := ours.get(parts[0].name.lower().partition("__")[0])):
            kind, name = found
            raise DefinitionError(
                f"{title} reads table {parts[0].name}, and there is a {kind} '{name}': inside our views that name "
                f"would mean it, and not the table; write the table's schema too, e.g. main.{parts[0].name}",
                where=definition.defined_at,
            )


def _tables(definitions: DefinitionSet) -> Iterator[tuple[str, Definition, str]]:
    """Every table that views in the warehouse are made from, as it is written, by whom."""
    for source in definitions.sources.values():
        for table in _tables_of(source):
            yield f"data source '{source.name}'", source, table
    for model in definitions.models.values():
        for table in tables_read(parse_select(model.spine)):
            yield f"the spine of model '{model.name}'", model, table


def _tables_of(source: DataSource) -> list[str]:
    if source.table is not None:
        return [source.table]
    return [] if isinstance(source, ViewHistory) else tables_read(parse_select(source.query or ""))
