"""The layouts of engines that compute a row at a time, on those engines, against a walk of the trees in Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier

from aops_indb import explain_support, to_sql
from aops_indb.errors import AopsError
from aops_indb.scoring.graph import Leaf, Tree, tree_nodes
from aops_indb.scoring.layouts.case_in_methods import MOST_LEAVES, methods
from aops_indb.scoring.layouts.row_costs import ROW_COSTS, ROW_PARTS, row_costs

from .made_forests import SHAPES, forest, rows_for, scored, walked


@pytest.mark.parametrize(("engine", "layout"), [("postgres", "long_sums"), ("sqlite", "shallow_sums")])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forests_at_random(engine: str, layout: str, shape: tuple[int, int, int, bool, bool]) -> None:
    trees, leaves, outputs, coded, single = shape
    made = forest(trees, trees, leaves, outputs, coded=coded, single=single)
    rows = rows_for(made, 150)
    assert scored(made, rows, engine, layout) == [walked(made, row) for row in rows]


def boosting(trees: int) -> GradientBoostingRegressor:
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 3)), columns=["a", "b", "c"])
    return GradientBoostingRegressor(n_estimators=trees, random_state=0).fit(rows, rows.sum(axis=1) ** 2)


def test_the_choice_is_told_with_what_it_weighs() -> None:
    chosen = {
        ("postgres", 100): "long_sums",
        ("sqlite", 100): "shallow_sums",
        ("spark", 5): "nested_case",
        ("spark", 40): "case_in_methods",
        ("spark", 400): "case_in_projections",
    }
    for (engine, trees), layout in chosen.items():
        [told] = explain_support(boosting(trees), engine).forests
        assert told.startswith(
            f"gradientboostingregressor: {layout} (expected ns a row: {next(iter(ROW_PARTS[engine]))} "
        )
    rows = np.random.default_rng(0).normal(size=(300, 3))
    several = RandomForestClassifier(20, max_depth=4, random_state=0).fit(rows, rows[:, 0] > 0)
    assert "case_in_methods" not in explain_support(several, "spark").forests[0]
    assert "ARRAY_SORT" in to_sql(boosting(400), source="rows", dialect="spark")
    with pytest.raises(AopsError, match="layout 'case_in_projections' is for spark, databricks, not for postgres"):
        to_sql(boosting(5), source="rows", layout="case_in_projections", dialect="postgres")


def test_every_part_has_a_cost() -> None:
    for engine, layouts in ROW_PARTS.items():
        small, large, several = (
            forest(1, trees, 8, outputs, coded=outputs > 1) for trees, outputs in ((4, 1), (400, 1), (30, 2))
        )
        named = {part for made in (small, large, several) for parts in layouts.values() for part in parts(made) or ()}
        middle = {part for parts in layouts.values() for part in parts(forest(1, 60, 8, 1, coded=False)) or ()}
        assert named | middle == set(ROW_COSTS[engine])
        assert set(row_costs(small, engine)) <= set(layouts)


def test_methods_hold_so_many_leaves_of_an_output() -> None:
    made = forest(3, 100, 30, 2, coded=False)
    groups = methods(made.trees)
    assert [tree for group in groups for tree in group] == list(made.trees)
    for group, following in zip(groups, [*groups[1:], []], strict=True):
        counts = {output: sum(leaves(t) for t in group if output in t.outputs) for output in (0, 1)}
        assert max(counts.values()) <= MOST_LEAVES
        if following:
            [output] = following[0].outputs
            assert counts[output] + leaves(following[0]) > MOST_LEAVES


def leaves(tree: Tree) -> int:
    return sum(isinstance(node, Leaf) for node in tree_nodes(tree.root))
