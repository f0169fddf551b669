"""How a forest becomes SQL. To add a layout: a file beside this, and a line in LAYOUTS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from aops_indb.errors import AopsError, UnknownNameError
from aops_indb.scoring.graph import Forest
from aops_indb.scoring.layouts.bit_vector import bit_vector
from aops_indb.scoring.layouts.case_in_methods import case_in_methods
from aops_indb.scoring.layouts.case_in_projections import case_in_projections
from aops_indb.scoring.layouts.choice import ONLY, choose_layout
from aops_indb.scoring.layouts.index_sums import index_sums
from aops_indb.scoring.layouts.long_sums import long_sums
from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.layouts.node_lists import node_lists
from aops_indb.scoring.layouts.shallow_case import shallow_case
from aops_indb.scoring.layouts.shallow_sums import shallow_sums
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.dialects import Dialect

# From a forest, the columns that hold its inputs, and the names wanted for its outputs, to a column per output.
Layout: TypeAlias = Callable[[Forest, Sequence[Column], Sequence[str], Stages, ParameterTables], Sequence[Column]]

# Says of each forest how it is laid out.
Layouts: TypeAlias = Callable[[Forest], Layout]

LAYOUTS: dict[str, Layout] = {
    "nested_case": nested_case,
    "shallow_case": shallow_case,
    "long_sums": long_sums,
    "shallow_sums": shallow_sums,
    "case_in_methods": case_in_methods,
    "case_in_projections": case_in_projections,
    "bit_vector": bit_vector,
    "index_sums": index_sums,
    "node_lists": node_lists,
}


def layouts_for(dialect: Dialect, *, layout: str | None, in_tables: bool) -> Layouts:
    """The named layout for every forest, or if none is named the best for each.

    in_tables: whether constants can be tables

    Raises UnknownNameError for a name nobody defined, AopsError for a layout that the dialect lacks functions for.
    """
    if layout is None:
        return lambda forest: LAYOUTS[choose_layout(forest, dialect, in_tables=in_tables).layout]
    if layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    if dialect.name not in ONLY.get(layout, (dialect.name,)):
        raise AopsError(f"layout '{layout}' is for {', '.join(ONLY[layout])}, not for {dialect.name}: leave it out")
    return lambda _: LAYOUTS[layout]
