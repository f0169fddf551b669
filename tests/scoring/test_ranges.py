"""Bounds of features: no arithmetic on features within them leaves the doubles; the oracle computes with fractions."""

from __future__ import annotations

import sys
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from aops_indb.scoring import explain_support, to_sql
from aops_indb.scoring.graph import OPS, Apply, Case, Constant, Input, Linear, Named, Node, apply, number, walk
from aops_indb.scoring.ranges import BOUNDS, FIXED, LARGEST_DOUBLE, LARGEST_RESULT, OPERATIONS, RANGES, bounds
from aops_indb.scoring.verify import RULES

X, Y = Input("x", "number"), Input("y", "number")
EXACT = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
}


def test_every_node_has_a_range_and_no_unknown_operation_has() -> None:
    assert RANGES.keys() | {Case} == RULES.keys()
    assert OPERATIONS.keys() <= OPS.keys()
    assert set(FIXED) <= RANGES.keys()


trees = st.recursive(
    st.sampled_from([X, Y]) | st.floats(-1e50, 1e50).map(number),
    lambda below: st.builds(lambda op, a, b: apply(op, a, b), st.sampled_from([*EXACT]), below, below),
    max_leaves=8,
)


@given(trees)
def test_no_node_overflows_at_the_bounds(root: Node) -> None:
    found = bounds([root], {X: LARGEST_DOUBLE, Y: LARGEST_DOUBLE}).of
    if BOUNDS[-1] in found.values():
        return  # there may be none that is small enough
    for signs in product((-1, 0, 1), repeat=2):
        values: dict[Node, Fraction] = {n: s * Fraction(found[n]) for n, s in zip((X, Y), signs, strict=True)}
        for node in walk([root]):
            if isinstance(node, Constant):
                values[node] = Fraction(node.value)  # type: ignore[arg-type]
            elif isinstance(node, Apply):
                values[node] = EXACT[node.op](*(values[arg] for arg in node.args))
            assert abs(values[node]) <= sys.float_info.max


@given(st.lists(st.floats(-1e200, 1e200), min_size=1, max_size=6), st.floats(-1e200, 1e200))
def test_no_part_of_a_weighted_sum_overflows_and_the_bound_is_the_largest(weights: list[float], start: float) -> None:
    terms = tuple(Input(f"x{i}", "number") for i in range(len(weights)))
    found = set(bounds([Linear(terms, tuple(weights), start)], dict.fromkeys(terms, LARGEST_DOUBLE)).of.values())
    (bound,) = found

    def size(of: float) -> Fraction:
        return sum((abs(Fraction(w)) for w in weights), Fraction(0)) * Fraction(of) + abs(Fraction(start))

    if bound > BOUNDS[-1]:
        assert size(bound) <= sys.float_info.max
    if bound < BOUNDS[0]:
        assert size(BOUNDS[BOUNDS.index(bound) - 1]) > LARGEST_RESULT * (1 - 1e-9)


SCALED = Named("s", "x", apply("divide", X, number(1e-5)))
KEPT = Case(((apply("less", X, number(-3.0)), number(-3.0)), (apply("greater", X, number(3.0)), number(3.0))), X)
SIZE = apply("absolute", X)
# What a feature may be, by hand.
CASES: dict[str, tuple[Node, float]] = {
    "compared": (apply("less", X, number(3.0)), LARGEST_DOUBLE),
    "no arithmetic on it": (apply("add", apply("tanh", X), number(1e300)), LARGEST_DOUBLE),
    "kept between limits": (apply("multiply", number(1e300), KEPT), LARGEST_DOUBLE),
    "one more": (apply("add", X, number(1.0)), 1e300),
    "scaled up": (apply("multiply", SCALED, number(2.0)), 1e290),
    "its square": (apply("multiply", X, X), 1e150),
    "its square, where that is one": (
        Case(((apply("greater", SIZE, number(1e10)), number(0.0)),), apply("multiply", X, X)),
        1e150,
    ),
    "its cube": (apply("multiply", X, apply("multiply", X, X)), 1e100),
}


@pytest.mark.parametrize("name", CASES)
def test_bounds_by_hand(name: str) -> None:
    root, wanted = CASES[name]
    assert bounds([root], {X: LARGEST_DOUBLE}).of[X] == wanted


def test_what_cannot_exceed_its_bound_is_not_checked() -> None:
    total = Linear((SCALED,), (2.0,))
    found = bounds([total], {X: LARGEST_DOUBLE, SCALED: LARGEST_DOUBLE})
    assert found.exceeded == found.lowered == frozenset[Node]([X])


FRAME = pd.DataFrame({"a": [1.0, 2, 4, 3], "b": [3.0, 1, 5, 9]})
MODELS = {
    "tree": (DecisionTreeRegressor(), "'a' is infinite or too large for single precision (DecisionTreeRegressor)"),
    "centres": (KMeans(2, n_init=1), "'a' is beyond 1e300 in size (KMeans)"),
    "squares": (
        make_pipeline(PolynomialFeatures(2), LinearRegression()),
        "'a' is beyond 1e150 in size (Pipeline step 'polynomialfeatures')",
    ),
    "imputed": (
        make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression()),
        "'a' is beyond 1e300 in size (Pipeline step 'simpleimputer')",
    ),
    "over their length": (Normalizer(), "'a' is beyond 1e150 in size (Normalizer)"),
    "large coefficients": (LinearRegression(), "'a' is beyond 1e290 in size (LinearRegression)"),
    "products before their sum": (
        KernelRidge(alpha=1e-9, kernel="linear"),
        "'a' is beyond 1e290 in size (KernelRidge)",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_header_and_the_report_say_the_bound(name: str) -> None:
    model, wanted = MODELS[name]
    fitted = model.fit(FRAME, np.array([1.0, 3, 1, 0]) * (1e8 if "coefficients" in name else 1.0))
    assert wanted in explain_support(fitted).null_where
    assert f"-- NULL where {wanted}" in to_sql(fitted, source="t").splitlines()


def test_a_bounded_column_is_read_once() -> None:
    for model in (LinearRegression(), make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression())):
        sql = to_sql(model.fit(FRAME, [1.0, 3, 1, 0]), source="t")
        assert sql.count("1.0000000000000001e+300") == len(FRAME.columns)
        assert '"a_2"' not in sql
