"""Trees as CASEs, in a projection that Spark does not write into one Java method with the rest of the query.

Java compiles no method of more than 8,000 bytes to machine code. Spark splits the expressions of a projection into
short methods, but only where it is left out of whole-stage code generation: where an expression in it has no code to
generate. A sort of an array is such an expression. What it gives, an array of as many elements, says nothing of the
row; of the trees it is asked for beside them, since an expression inside it would be interpreted node by node.
"""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.scoring.graph import Forest, Tree
from aops_indb.scoring.layouts.categories import category_bits
from aops_indb.scoring.layouts.long_sums import TREES_PER_STAGE as TREES_OF_LONG_SUMS
from aops_indb.scoring.layouts.nested_case import DEEPEST, TREES_PER_STAGE, CaseWriter
from aops_indb.scoring.layouts.sums import add_up
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, anonymous, case, gt, lit
from aops_indb.sqlgen.lists import array


def case_in_projections(
    forest: Forest,
    inputs: Sequence[Column],
    names: Sequence[str],
    stages: Stages,
    parameters: ParameterTables,  # noqa: ARG001 (as layouts have it)
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    bits = category_bits(forest, inputs, stages)
    writer = CaseWriter(forest.step, inputs, bits, stages, DEEPEST)
    start = max((column.stage for column in (*inputs, *bits.columns)), default=-1)
    coded = any(len(tree.outputs) > 1 for tree in forest.trees)
    per_stage = TREES_PER_STAGE if coded else TREES_OF_LONG_SUMS

    def terms(tree: Tree, number: int, stage: int) -> list[Expr]:
        found = writer.terms(tree, number, stage)
        # sums of one column are written into one projection, and the leaves of several outputs stay in one for each
        if not inputs or (number - 1) % (per_stage if coded else len(forest.trees)):
            return found
        size = anonymous("SIZE", anonymous("ARRAY_SORT", array([inputs[0].ref()])))
        if coded:
            size = stages.place(forest.step, f"{forest.step}__projected_{number}", size, after=stage).ref()
        return [case([(gt(size, lit(0)), found[0])]), *found[1:]]

    return add_up(forest, names, stages, terms, after=start, delay=coded, per_stage=per_stage)
