"""The rules of the score graph, and what the guards of a model come to."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from aops_indb.errors import ModelError
from aops_indb.scoring.expressions import EXPRESSIONS, OPERATIONS
from aops_indb.scoring.graph import (
    CHILDREN,
    OPS,
    REBUILD,
    Apply,
    Case,
    Constant,
    Forest,
    Graph,
    Guard,
    Input,
    Leaf,
    Linear,
    Lookup,
    Named,
    Node,
    Part,
    Reduce,
    Split,
    Stored,
    Tree,
    apply,
    number,
)
from aops_indb.scoring.guards import INFINITE_RULES, MISSING_RULES
from aops_indb.scoring.read_sklearn.rounding import double_thresholds
from aops_indb.scoring.translate import translate
from aops_indb.scoring.verify import RULES, verify

X = Input("x", "number")
T = Input("t", "text")
YES = apply("is_missing", X)
LEAF = Leaf((1.0,))


def forest(root: Any, outputs: tuple[int, ...] = (0,)) -> Node:
    """The output of a forest of one tree."""
    return Part(Forest("f", (X,), (Tree(root, outputs),), (0.0,)), 0)


BROKEN: dict[str, tuple[Node, str]] = {
    "text in arithmetic": (apply("add", X, T), r"'add' takes 2 x number, got number, text"),
    "too few": (apply("add", X), r"'add' takes 2 x number, got number"),
    "none": (apply("sum"), r"'sum' takes 1 or more x number, got "),
    "no such operation": (apply("sine", X), r"unknown operation 'sine'"),
    "kinds mixed": (apply("coalesce", X, Constant("a", "text")), r"'coalesce' mixes number, text"),
    "compared across kinds": (apply("equal", X, T), r"'equal' mixes number, text"),
    "a coefficient short": (Linear((X, X), (1.0,)), r"a linear node needs a coefficient per term"),
    "text in a sum": (Linear((T,), (1.0,)), r"a linear node takes numbers, got text"),
    "no condition": (Case(((X, X),), X), r"a case's conditions must be boolean"),
    "no branch": (Case((), X), r"a case needs a branch"),
    "values mixed": (Case(((YES, X),), T), r"a case mixes number, text"),
    "categories of another kind": (Lookup(X, (("a", 1.0),), 0.0, 0.0), r"a lookup's categories are not number"),
    "values of another kind": (Lookup(T, (("a", 1.0),), "b", 0.0), r"a lookup mixes number, text"),
    "missing as a category": (Lookup(T, ((None, 1.0),), 0.0, 0.0), r"a lookup says what missing gives in `missing`"),
    "a category twice": (Lookup(T, (("a", 1.0), ("a", 2.0)), 0.0, 0.0), r"a lookup's categories must differ"),
    "NaN": (Constant(math.nan, "number"), r"missing is None, not NaN"),
    "kind of a constant": (Constant(1, "number"), r"constant 1 is not of kind number"),
    "nameless": (Input("", "number"), r"an input needs a column name"),
    "nameless feature": (Named("s", "", X), r"a named node needs a name"),
    "a split on nothing": (forest(Split(1, 0.0, True, LEAF, LEAF)), r"a split asks for input 1"),
    "a leaf too wide": (forest(Leaf((1.0, 2.0))), r"a leaf needs a value per output of its tree"),
    "an infinite leaf": (forest(Leaf((math.inf,))), r"a leaf's values must be finite"),
    "an output too many": (forest(LEAF, (1,)), r"a tree feeds an output its forest lacks"),
    "no such output": (Part(Forest("f", (X,), (), (0.0,)), 1), r"a forest has no output 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    node, message = BROKEN[name]
    with pytest.raises(ModelError, match=re.escape("score graph: ") + message):
        verify(Graph(("x",), (("y", node),)))


def test_a_graph_has_outputs_of_different_names_and_guards_that_are_conditions() -> None:
    for outputs, guards, message in (
        ((), (), "at least one output"),
        ((("y", X), ("Y", X)), (), "output names must differ: y, Y"),
        ((("y", X),), (Guard(X, ("why",)),), "must be a condition"),
    ):
        with pytest.raises(ModelError, match=message):
            verify(Graph(("x",), outputs, guards))


def test_every_operation_and_node_has_its_line_in_every_table() -> None:
    assert OPERATIONS.keys() == OPS.keys()
    assert RULES.keys() == CHILDREN.keys() == MISSING_RULES.keys() == INFINITE_RULES.keys()
    # these are computed from nothing
    assert RULES.keys() - REBUILD.keys() == {Input, Constant, Stored}
    # these become columns, not expressions
    assert RULES.keys() - EXPRESSIONS.keys() == {Input, Constant, Forest, Part, Stored, Reduce}
    assert Apply in EXPRESSIONS


FRAME = pd.DataFrame({"a": [1.0, 2, 4], "b": [3.0, np.nan, 5]})
GUARDS: dict[str, tuple[Any, list[str]]] = {
    "a check is made once, before anything is computed": (
        make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression()),
        [f"'{n}' is beyond 1e300 in size (Pipeline step 'simpleimputer')" for n in "ab"],
    ),
    "or as late as it can be, where nothing is computed": (
        make_pipeline(SimpleImputer(), DecisionTreeRegressor()),
        [f"'{n}' is infinite or too large for single precision (Pipeline step 'decisiontreeregressor')" for n in "ab"],
    ),
    "missing is refused": (
        make_pipeline(StandardScaler(), LinearRegression()),
        [
            *(f"'{n}' is missing (Pipeline step 'linearregression')" for n in "ab"),
            *(f"'{n}' is beyond 1e300 in size (Pipeline step 'standardscaler')" for n in "ab"),
        ],
    ),
    "nothing is refused": (HistGradientBoostingRegressor(), []),
    "single precision has an end": (
        make_pipeline(SimpleImputer(), RandomForestRegressor(n_estimators=1)),
        [f"'{n}' is infinite or too large for single precision (Pipeline step 'randomforestregressor')" for n in "ab"],
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_guards(name: str) -> None:
    model, wanted = GUARDS[name]
    fitted = model.fit(FRAME.fillna(0) if name == "missing is refused" else FRAME, [1.0, 2, 3])
    reasons = [reason for guard in translate(fitted).guards for reason in guard.reasons]
    assert reasons == wanted


@given(st.floats(allow_nan=False), st.floats(allow_nan=False, allow_infinity=False))
def test_moved_thresholds_decide_as_rounding_does(threshold: float, anywhere: float) -> None:
    """float32(x) <= t exactly when x <= T, next to T and anywhere, for all x that round to a finite float32."""
    (moved,) = double_thresholds([threshold]).tolist()
    for x in (moved, np.nextafter(moved, np.inf), np.nextafter(moved, -np.inf), threshold, anywhere):
        with np.errstate(over="ignore"):
            single = np.float32(x)
        if np.isfinite(single):
            assert (float(single) <= threshold) == (x <= moved)


def test_numbers_that_are_not_are_missing() -> None:
    assert number(math.nan).value is None
