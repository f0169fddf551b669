"""A tree as one CASE, for engines that nest few: nested_case, with all but small trees written as deep ones."""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.scoring.graph import Forest
from aops_indb.scoring.layouts.nested_case import TREES_PER_STAGE, nested_case
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages

# of those that nest as they are; with the larger side as the else branch, n leaves nest log2(n) deep at most
DEEPEST = 5


def shallow_case(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    # rounding to single precision after each tree would nest where the dialect has to spell it out
    per_stage = 1 if forest.single else TREES_PER_STAGE
    return nested_case(forest, inputs, names, stages, parameters, deepest=DEEPEST, per_stage=per_stage)
