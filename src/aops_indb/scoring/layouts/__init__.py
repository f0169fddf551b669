"""How a forest becomes SQL. To add a layout: a file beside this, and a line in LAYOUTS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from aops_indb.scoring.graph import Forest
from aops_indb.scoring.layouts.bit_vector import bit_vector
from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.layouts.shallow_case import shallow_case
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages

# From a forest, the columns that hold its inputs, and the names wanted for its outputs, to a column per output.
Layout: TypeAlias = Callable[[Forest, Sequence[Column], Sequence[str], Stages, ParameterTables], Sequence[Column]]

LAYOUTS: dict[str, Layout] = {"nested_case": nested_case, "shallow_case": shallow_case, "bit_vector": bit_vector}
