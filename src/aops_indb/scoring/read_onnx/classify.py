"""Classifiers: labels, and scores with what is made of them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, Value, apply, number
from aops_indb.scoring.read_boosting.shapes import exp_single, negative
from aops_indb.scoring.read_onnx.products import weighted
from aops_indb.scoring.read_onnx.reductions import first_best, softmax_of
from aops_indb.scoring.read_onnx.trees import columns_of, finished, from_columns, score_type, sums
from aops_indb.scoring.read_onnx.values import LARGEST_WHOLE, At, OnnxValue, Rows, Zip, shaped, text

POSTS = ("NONE", "LOGISTIC", "SOFTMAX")


def class_labels(at: At, integers: Sequence[int], strings: Sequence[bytes]) -> list[Value]:
    """The classes."""
    labels: list[Value] = [text(label) for label in strings] or list(integers)
    if not labels:
        raise at.unsupported(f"{at.op} without class labels", "give classlabels_int64s or classlabels_strings")
    if any(isinstance(label, int) and abs(label) > LARGEST_WHOLE["int64"] for label in labels):
        raise at.unsupported(f"{at.op} with a class label beyond 2**53", "use smaller numbers, or text")
    return labels


def label_rows(labels: Sequence[Value], node: Node) -> Rows:
    """A label per row."""
    dtype = "text" if isinstance(labels[0], str) else "int64"
    return Rows(dtype, shaped([node], ()), tuple(labels))


def label_node(label: Value) -> Constant:
    """A label as it is computed with."""
    return Constant(label, "text") if isinstance(label, str) else number(float(label or 0))


def post_of(at: At, transform: bytes) -> str:
    """The name of what is made of scores; UnsupportedModelError for those that have no SQL form."""
    name = transform.decode()
    if name not in POSTS:
        raise at.setting("post_transform", name, ", ".join(POSTS))
    return name


@dataclass(frozen=True, slots=True)
class Links:
    """From scores to probabilities, as an operator computes them."""

    logistic: Callable[[At, Node, str], Node]
    softmax: Callable[[At, Sequence[Node], str], list[Node]]

    def apply(self, at: At, scores: Sequence[Node], post: str, dtype: str) -> list[Node]:
        """Two scores or more, after `post_transform`."""
        if post == "LOGISTIC":
            return [self.logistic(at, score, dtype) for score in scores]
        return self.softmax(at, scores, dtype) if post == "SOFTMAX" else list(scores)


def _exp(at: At, node: Node, dtype: str) -> Node:
    return exp_single(node, at.place) if dtype == "float32" else apply("exp", node)


def _logistic(at: At, node: Node, dtype: str) -> Node:
    """1 / (1 + exp(-|x|)), and one minus that below 0, each step rounded."""
    small = _exp(at, negative(apply("absolute", node)), dtype)
    low = at.rounded(apply("add", small, number(1.0)), dtype)
    above = at.rounded(apply("divide", number(1.0), low), dtype)
    below = at.rounded(apply("subtract", number(1.0), above), dtype)
    return Case(((apply("less", node, number(0.0)), below),), above)


def _softmax(at: At, scores: Sequence[Node], dtype: str) -> list[Node]:
    """exp(s - max) / sum, added up one after the other, each step rounded."""
    top = apply("maximum", *scores)
    powers = [_exp(at, at.rounded(apply("subtract", score, top), dtype), dtype) for score in scores]
    total = reduce(lambda a, b: at.rounded(apply("add", a, b), dtype), powers)
    return [at.rounded(apply("divide", power, total), dtype) for power in powers]


def _expit(at: At, node: Node, dtype: str) -> Node:
    return at.rounded(apply("expit", node), dtype)


OF_TREES = Links(_logistic, _softmax)
# ONNX Runtime has an approximation here, good to 1e-7, that depends on the processor.
OF_LINEAR = Links(_expit, softmax_of)


def two_from_one(at: At, score: Node, post: str, dtype: str, links: Links, *, as_probability: bool) -> list[Node]:
    """The scores of two classes where there is one for the second: 1 - s and s, or -s and s."""
    if post == "LOGISTIC":
        return links.apply(at, [negative(score), score], post, dtype)
    if as_probability:
        return [at.rounded(apply("subtract", number(1.0), score), dtype), score]
    return [negative(score), score]


def second_if_above(labels: Sequence[Value], score: Node, threshold: float) -> Node:
    """The second label above the threshold; the first also where the score is missing."""
    above = apply("greater", score, number(threshold))
    return Case(((above, label_node(labels[1])),), label_node(labels[0]))


def scores_of(at: At, scores: Sequence[Node], dtype: str) -> Rows:
    """Scores as they are given out, in single precision."""
    made = [at.rounded(score, "float32") for score in scores] if dtype == "float64" else scores
    return Rows("float32", shaped(made, (len(made),)))


# ── linear ─────────────────────────────────────────────────────────────────────────────────────────────


def in_single(at: At, x: OnnxValue) -> list[Node]:
    """A row of features in single precision."""
    rows = at.rows(x)
    if rows.rank != 2:
        raise at.unsupported(f"{at.op} on rows of shape {rows.shape}", "give it (rows, features)")
    return rows.flat() if rows.dtype == "float32" else [at.rounded(node, "float32") for node in rows.flat()]


def _weighted_sums(at: At, x: OnnxValue, coefficients: Sequence[float], intercepts: Sequence[float]) -> list[Node]:
    import numpy as np

    nodes = in_single(at, x)
    if len(coefficients) != len(nodes) * len(intercepts):
        raise at.unsupported(
            f"{at.op} with {len(coefficients)} coefficients and {len(intercepts)} intercepts for {len(nodes)} features",
            "give an intercept for each target",
        )
    table = np.asarray(coefficients).reshape(len(intercepts), -1).tolist()
    return [weighted(at, nodes, row, shift, "float32") for row, shift in zip(table, intercepts, strict=True)]


def linear_regressor(
    at: At, x: OnnxValue, *, coefficients: Sequence[float], intercepts: Sequence[float] = (), targets: int = 1,
    post_transform: bytes = b"NONE",
) -> Rows:  # fmt: skip
    """LinearRegressor."""
    if post_transform != b"NONE":
        raise at.setting("post_transform", post_transform.decode(), "'NONE'")
    made = _weighted_sums(at, x, coefficients, intercepts or [0.0] * targets)
    return Rows("float32", shaped(made, (targets,)))


def linear_classifier(
    at: At, x: OnnxValue, *, coefficients: Sequence[float], intercepts: Sequence[float] = (),
    classlabels_ints: Sequence[int] = (), classlabels_strings: Sequence[bytes] = (),
    post_transform: bytes = b"NONE", **_: Any,
) -> tuple[Rows, Rows]:  # fmt: skip
    """LinearClassifier; ONNX Runtime does not look at multi_class."""
    labels, post = class_labels(at, classlabels_ints, classlabels_strings), post_of(at, post_transform)
    scores = _weighted_sums(at, x, coefficients, intercepts)
    if len(scores) == 1 and len(labels) == 2:
        label = second_if_above(labels, scores[0], 0.0)
        scores = two_from_one(at, scores[0], post, "float32", OF_LINEAR, as_probability=True)
    elif len(scores) == len(labels) > 1:
        label = first_best("maximum", scores, [label_node(label) for label in labels])
        scores = OF_LINEAR.apply(at, scores, post, "float32")
    else:
        raise at.unsupported(f"{at.op} with {len(scores)} scores for {len(labels)} labels", "give a label for each")
    return label_rows(labels, label), scores_of(at, scores, "float32")


# ── trees ──────────────────────────────────────────────────────────────────────────────────────────────


def tree_classifier(
    at: At, x: OnnxValue, *, classlabels_int64s: Sequence[int] = (), classlabels_strings: Sequence[bytes] = (),
    post_transform: bytes = b"NONE", **given: Any,
) -> tuple[Rows, Rows]:  # fmt: skip
    """TreeEnsembleClassifier."""
    labels, post = class_labels(at, classlabels_int64s, classlabels_strings), post_of(at, post_transform)
    columns = columns_of(given, "class")
    dtype = score_type(at.rows(x))
    if len(labels) > 2:
        node, scores = _of_many(at, x, labels, columns, dtype)
        scores = OF_TREES.apply(at, scores, post, dtype)
    else:
        node, scores = _of_two(at, x, labels, columns, post, dtype)
    return label_rows(labels, node), scores_of(at, scores, dtype)


def _of_many(
    at: At, x: OnnxValue, labels: Sequence[Value], columns: dict[str, Any], dtype: str
) -> tuple[Node, list[Node]]:
    """The label is the class with the largest score, of those that have one."""
    ensemble, base = from_columns(at, columns, "class", len(labels)), columns["base_values"]
    scores = finished(at, ensemble, sums(at, x, ensemble), "SUM", base, dtype)
    scored = set(range(len(labels))) if base else ensemble.scored()
    if not set(columns["class_ids"]) <= scored:
        raise at.unsupported(
            f"{at.op} with classes that only some leaves have a weight for", "give every leaf one, or base_values"
        )
    chosen = sorted(scored)
    best = first_best("maximum", [scores[k] for k in chosen], [label_node(labels[k]) for k in chosen])
    return best, scores


def _of_two(
    at: At, x: OnnxValue, labels: Sequence[Value], columns: dict[str, Any], post: str, dtype: str
) -> tuple[Node, list[Node]]:
    """One score: above 0.5 if no weight is negative, else above 0, the label is the second."""
    ids, base, weights = set(columns["class_ids"]), columns["base_values"], columns["class_weights"]
    of_first, of_second = ids == {0} and len(base) < 2, ids == {1} and not base
    if len(labels) != 2 or not (of_first or of_second):
        raise at.unsupported(
            f"{at.op} with {len(labels)} labels, weights of classes {sorted(ids)} and {len(base)} base_values",
            "known are two labels with weights of one class",
        )
    ensemble = from_columns(at, columns, "class", 2)
    total = sums(at, x, ensemble)[0 if of_first else 1]
    if base:
        total = at.rounded(apply("add", total, number(base[0])), dtype)
    positive = all(weight >= 0 for weight in weights)
    label = second_if_above(labels, total, 0.5 if positive else 0.0)
    if of_second:
        return label, OF_TREES.apply(at, [number(0.0), total], post, dtype)
    return label, two_from_one(at, total, post, dtype, OF_TREES, as_probability=positive)


def zip_map(
    at: At, x: OnnxValue, *, classlabels_int64s: Sequence[int] = (), classlabels_strings: Sequence[bytes] = ()
) -> Zip:
    """ZipMap."""
    labels, scores = class_labels(at, classlabels_int64s, classlabels_strings), at.rows(x)
    if scores.shape != (len(labels),):
        raise at.unsupported(f"{at.op} of {len(labels)} labels and rows of shape {scores.shape}", "give one for each")
    return Zip(tuple(labels), scores)
