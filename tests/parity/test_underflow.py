"""Products that are rounded to 0, of which PostgreSQL makes an error: as Python multiplies, and as libraries score."""

from __future__ import annotations

import contextlib
import itertools
import math
import random
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from aops_indb.scoring import to_sql
from aops_indb.scoring.graph import (
    OPS,
    Apply,
    Case,
    Constant,
    Forest,
    Graph,
    Input,
    Leaf,
    Linear,
    Node,
    Part,
    Tree,
    apply,
    number,
)
from aops_indb.scoring.lower import lower
from aops_indb.scoring.smallest_sizes import smallest_sizes
from aops_indb.scoring.underflow import without_underflow
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import parse_table

from .models import MODELS
from .oracle import expected
from .rows import as_frame
from .test_parity import same
from .warehouses import in_postgres

A, B = Input("a", "number"), Input("b", "number")
PAIRS: list[float] = [
    0.0, -0.0, 5e-324, -5e-324, 1e-323, 1e-320, -1e-310, 2.3e-308, -1e-200, 1.57e-162, 1.58e-162, 2.0**-538,
    -(2.0**-537), 2.0**-511, 1e-100, 0.5, -1.0, 1.0, 3.0, 1e100, -1e154, math.inf, -math.inf,
]  # fmt: skip
FACTORS = [0.5, -0.25, 0.9, 1e-5, -1e-300, 3e-310, 5e-324]
DIVISORS = [2.0, -3.0, 0.7, 1e300, -1.7976931348623157e308]


def pairs() -> list[tuple[float, float]]:
    """Numbers whose product or quotient is a number, and many of which it is half of the smallest double, or near."""
    rng = random.Random(3)
    found = list(itertools.product(PAIRS, PAIRS))
    for _ in range(1500):
        one = math.ldexp(rng.uniform(-1, 1), rng.randint(-1074, 500))
        exponent = math.frexp(one)[1]
        for other in (
            rng.randint(-1074, 500),
            -1074 - exponent + rng.randint(-2, 2),
            exponent + 1074 + rng.randint(-2, 2),
        ):
            found.append((one, math.ldexp(rng.uniform(0.5, 1), max(-1073, min(1000, other)))))
    return [(a, b) for a, b in found if b and is_within(a, b)]


def is_within(a: float, b: float) -> bool:
    """Whether neither of the operations leaves the range of a double, but for infinity."""
    with np.errstate(all="ignore"):
        made = np.array([np.float64(a) * b, np.float64(a) / b, np.float64(a) * a, np.float64(a) / 0.7])
    return not np.isinf(made).any() or math.isinf(a) or math.isinf(b)


def scores(outputs: Mapping[str, Node], given: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The outputs in PostgreSQL, in the order of the rows; None is NaN."""
    postgres = dialect("postgres")
    graph = Graph(tuple(given), tuple(outputs.items()))
    query = render(lower(graph, parse_table("rows"), keys=["position"], dialect=postgres), postgres)
    found = in_postgres({name: list(values) for name, values in given.items()}, query)
    order = np.argsort(found.pop("position"))
    return {name: [math.nan if values[i] is None else values[i] for i in order] for name, values in found.items()}


def bits(values: list[float]) -> list[str]:
    return [value.hex() for value in values]


def test_products_and_quotients_are_those_of_doubles() -> None:
    rows = pairs()
    assert len(rows) > 3000
    given = {"a": [a for a, _ in rows], "b": [b for _, b in rows]}
    outputs: dict[str, Node] = {
        "product": apply("multiply", A, B),
        "square": apply("multiply", A, A),
        "quotient": apply("divide", A, B),
    }
    outputs |= {f"times {c}": apply("multiply", A, number(c)) for c in FACTORS}
    outputs |= {f"{c} times": apply("multiply", number(c), A) for c in FACTORS}
    outputs |= {f"over {c}": apply("divide", A, number(c)) for c in DIVISORS}
    with np.errstate(all="ignore"):
        a, b = np.array(given["a"]), np.array(given["b"])
        wanted = {"product": a * b, "square": a * a, "quotient": a / b}
        wanted |= {f"times {c}": a * c for c in FACTORS} | {f"{c} times": c * a for c in FACTORS}
        wanted |= {f"over {c}": a / c for c in DIVISORS}
    got = scores(outputs, given)
    assert {name: bits(values) for name, values in got.items()} == {
        name: bits(np.where(np.isnan(values), math.nan, values).tolist()) for name, values in wanted.items()
    }


@pytest.mark.parametrize("largest", [1e300, math.inf])
def test_a_product_and_a_constant(largest: float) -> None:
    column = Input("a", "number", largest)
    values = [5e-324, -1e-310, 0.0, -0.5, 3.0, 1e299]
    outputs = {
        f"{c} {shift}": apply("add", apply("multiply", column, number(c)), number(shift))
        for c in (0.3, -0.01, 1e-200)
        for shift in (0.7, -1e-9, 1e-300)
    }
    wanted = {name: [a * float(name.split()[0]) + float(name.split()[1]) for a in values] for name in outputs}
    assert scores(outputs, {"a": values}) == wanted


@pytest.mark.parametrize("exponent", [1.5, 3.0, -1.5, -2.0])
def test_powers(exponent: float) -> None:
    values = [
        1e-320,
        1e-250,
        1.0000000000000001e-216,
        1.8e-216,
        1e-215,
        1e-160,
        1e-108,
        1.7e-108,
        1e-107,
        0.5,
        1.0,
        7.0,
    ]
    values += [1e100, 1e150, 4e161, 5e161, 3e215, 4e215, 5e215, 1e300]
    kept = []
    for value in values:
        with contextlib.suppress(OverflowError):
            kept.append((value, value**exponent))
    assert any(power == 0.0 for _, power in kept)
    (got,) = scores({"y": apply("power", A, number(exponent))}, {"a": [value for value, _ in kept]}).values()
    assert got == pytest.approx([power for _, power in kept], rel=1e-14, abs=0)


def test_what_is_missing_stays_so() -> None:
    outputs = {"product": apply("multiply", A, B), "half": apply("multiply", A, number(0.5))}
    outputs |= {"quotient": apply("divide", A, B), "third": apply("divide", A, number(3.0))}
    given = {"a": [math.nan, 1e-320, 1.0], "b": [1e-300, math.nan, math.nan]}
    got = scores(outputs, given)
    assert {name: np.isnan(values).tolist() for name, values in got.items()} == {
        "product": [True, True, True],
        "half": [True, False, False],
        "quotient": [True, True, True],
        "third": [True, False, False],
    }


@pytest.mark.parametrize("largest", [1e300, math.inf], ids=["larger by a power of 2", "each told"])
@pytest.mark.parametrize("start", [0.0, 0.3])
def test_sums_of_products(largest: float, start: float) -> None:
    rng = np.random.default_rng(5)
    inputs = tuple(Input(f"x{i}", "number", largest) for i in range(20))
    coefficients = [*rng.uniform(-0.4, 0.4, 15).tolist(), 7e-5, 9000.0, 1.0, 1e-200, 0.0]
    sizes = [1.0, 1e-200, 1e-308, 1e-320, 5e-324, 0.0]
    given = {f"x{i}": [float(size * value) for size in sizes for value in rng.normal(size=6)] for i in range(20)}
    for i, values in enumerate(given.values()):
        values += [1e300, (-1) ** i * 1e300, *(5e-324 if i == k else 0.0 for k in range(20))]
    (got,) = scores({"y": Linear(inputs, tuple(coefficients), start)}, given).values()
    for row, value in enumerate(got):
        terms = [Fraction(given[f"x{i}"][row]) * Fraction(c) for i, c in enumerate(coefficients)]
        exact = sum(terms, Fraction(start))
        # each product and sum is rounded, to 53 digits or to a multiple of the smallest double
        error = 60 * (Fraction(2) ** -53 * (sum(map(abs, terms)) + Fraction(start)) + Fraction(2) ** -1074)
        assert abs(Fraction(value) - exact) <= error, (row, value, float(exact))


def test_what_is_computed_only_where_a_condition_holds_stays_there() -> None:
    share = apply("multiply", apply("divide", A, B), number(1e-3))
    guarded = Case(((apply("greater", B, number(0.0)), share),), number(-1.0))
    got = scores({"y": guarded}, {"a": [1.0, 5e-324, 3.0], "b": [0.0, 2.0, 4.0]})
    assert got == {"y": [-1.0, 0.0, 3.0 / 4.0 * 1e-3]}


def test_other_dialects_are_as_they_were() -> None:
    graph = Graph(("a",), (("y", apply("multiply", A, number(0.25))),))
    made = {name: render(lower(graph, parse_table("t"), keys=[], dialect=dialect(name)), dialect(name))
            for name in ("duckdb", "spark", "postgres")}  # fmt: skip
    assert {name: "CASE" in text for name, text in made.items()} == {"duckdb": False, "spark": False, "postgres": True}


def test_what_is_centred_is_left_as_it_is() -> None:
    scaled = apply("divide", apply("subtract", A, number(3.5)), number(1e4))
    graph = Graph(("a",), (("y", Linear((scaled,), (1e-9,), 0.0)),))
    assert without_underflow(graph).outputs == graph.outputs


SIZED: list[Node] = [
    apply("add", A, B), apply("subtract", A, number(0.1)), apply("subtract", number(1e-300), A),
    apply("sum", A, B, number(2.0)), apply("multiply", A, B), apply("multiply", apply("subtract", A, number(0.1)), B),
    apply("divide", A, number(64.0)), apply("divide", A, B), apply("exp", A), apply("expit", A), apply("log", A),
    apply("log1p", A), apply("expm1", A), apply("sqrt", A), apply("absolute", A), apply("floor", A), apply("tanh", A),
    apply("sin", A), apply("cos", A), apply("minimum", A, number(0.5)), apply("maximum", A, B),
    apply("coalesce", A, number(1e-3)), apply("power", apply("absolute", A), number(2.0)), apply("single", A),
    Linear((A, B), (0.1, -1e-9), 0.0), Linear((apply("subtract", A, number(0.1)),), (0.3,), 2.0),
    Case(((apply("less", A, B), number(-1e-8)),), number(3.0)),
]  # fmt: skip


def test_sizes_are_of_every_operation() -> None:
    conditions = {"equal", "less", "less_equal", "greater", "greater_equal", "is_missing", "any_missing", "any_beyond"}
    tried = {node.op for node in SIZED if isinstance(node, Apply)}
    assert tried == {*OPS} - conditions - {"or", "and", "not"}


@pytest.mark.parametrize("node", SIZED, ids=lambda node: getattr(node, "op", type(node).__name__))
def test_no_value_but_0_is_below_its_size(node: Node) -> None:
    near = [0.1, math.nextafter(0.1, 0), math.nextafter(0.1, 1), 1e-300, math.nextafter(1e-300, 0), 1.0 + 2.0**-52]
    values = [0.0, 5e-324, 1e-310, 1e-200, -1e-100, -0.7, 1.0, math.nextafter(1.0, 0), 2.5, -707.0, 700.0, *near]
    if getattr(node, "op", "") == "single":
        values = [value for value in values if not 0 < abs(value) < 1e-45]
    rows = [
        (a, b)
        for a, b in itertools.product(values, values)
        if getattr(node, "op", "") != "divide" or (b and is_within(a, b))
    ]
    (got,) = scores({"y": node}, {"a": [a for a, _ in rows], "b": [b for _, b in rows]}).values()
    known = [abs(value) for value in got if value and not math.isnan(value)]
    assert min(known) >= smallest_sizes([node])[node]


def test_sizes_of_forests() -> None:
    trees = tuple(Tree(Leaf((value,)), (0,)) for value in (0.1, 0.2, -0.3))
    part = Part(Forest("step", (A,), trees, (0.0,)), 0)
    # what is left of the sum is its rounding error
    assert 0 < smallest_sizes([part])[part] <= abs(0.1 + 0.2 - 0.3)
    assert smallest_sizes([nothing := Constant(None, "number")])[nothing] == math.inf


# Models whose features are multiplied as they are.
MULTIPLYING = [
    "max abs", "max abs, clipped", "normalizer, l2", "normalizer, l1", "normalizer, max", "polynomial, degree 3",
    "ridge", "ridge, two targets", "tweedie, log", "linear support vectors, regression", "lightgbm, linear",
    "lightgbm, linear, three classes", "perceptron, relu, regression", "perceptron, tanh, regression",
    "k-neighbors, minkowski", "kernel ridge, rbf", "kernel ridge, cosine",
]  # fmt: skip
TINY = [5e-324, -5e-324, 1e-320, -1e-310, 1e-200, 3e-163, -1e-160]


@pytest.mark.parametrize("name", MULTIPLYING)
def test_features_next_to_0(name: str) -> None:
    model, frame = MODELS[name]()
    # a column after the other, and all of them
    chosen = [*([each] for each in frame), list(frame)]
    first = [None if pd.isna(value) else float(value) for value in frame.iloc[0]]
    rows = [
        [tiny if each in columns else value for each, value in zip(frame, first, strict=True)]
        for columns in chosen
        for tiny in TINY
    ]
    given = {str(each): [row[i] for row in rows] for i, each in enumerate(frame)}
    wanted = expected(model, as_frame(given, frame))
    got = in_postgres(given, to_sql(model, source="rows", keys=["position"], dialect="postgres"))
    position = got.pop("position")
    assert list(got) == list(wanted)
    differing = [
        (column, rows[row], value, wanted[column][row])
        for column, values in got.items()
        for row, value in zip(position, values, strict=True)
        if not same(value, wanted[column][row])
    ]
    assert len(position) == len(rows)
    assert not differing
