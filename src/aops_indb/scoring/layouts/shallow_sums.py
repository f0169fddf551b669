"""A tree as one CASE that nests little, as shallow_case has it, and more trees added up in one sub-select.

For engines that pass every column on from sub-select to sub-select, and whose parser holds few levels.
"""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.scoring.graph import Forest
from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.layouts.shallow_case import DEEPEST
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages

# each nests a level deeper, of SQLite's 100
TREES_PER_STAGE = 15


def shallow_sums(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    # rounding to single precision after each tree would nest where the dialect has to spell it out
    per_stage = 1 if forest.single else TREES_PER_STAGE
    return nested_case(forest, inputs, names, stages, parameters, deepest=DEEPEST, per_stage=per_stage)
