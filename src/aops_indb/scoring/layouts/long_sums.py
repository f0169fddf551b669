"""A tree as one CASE, as nested_case has it, and many trees added up in one sub-select.

For engines that write a sub-select into the one around it, a level at a time, which is most of what planning takes.
Where trees feed several outputs, the sub-selects stay apart, and each takes its time of every row.
"""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.scoring.graph import Forest
from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages

# a tree of several outputs is a column of its sub-select, of which PostgreSQL takes 1,664
TREES_PER_STAGE = 50


def long_sums(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    return nested_case(forest, inputs, names, stages, parameters, per_stage=TREES_PER_STAGE)
