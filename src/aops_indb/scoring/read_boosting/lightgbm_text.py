"""The text LightGBM writes a model as: lines of key=value, a block of them per tree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class TreeText:
    """One tree. A child below 0 is leaf number ~child; linear leaves are constant + sum of coefficient * feature.

    categories: sets of codes, which the thresholds of splits by category are numbers of
    """

    left: Sequence[int]
    right: Sequence[int]
    feature: Sequence[int]
    threshold: Sequence[float]
    decision: Sequence[int]
    values: Sequence[float]
    categories: Sequence[tuple[int, ...]]
    linear: bool
    constants: Sequence[float]
    terms: Sequence[Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class ModelText:
    """A model.

    parameters: what it was trained with
    categories: of the columns that pandas had as categories, in their order, the categories by code
    """

    header: dict[str, str]
    trees: Sequence[TreeText]
    parameters: dict[str, str]
    categories: Sequence[Sequence[Any]]


def read_text(text: str) -> ModelText:
    """Read a model from its text."""
    head, _, rest = text.partition("\nTree=")
    trees, _, tail = rest.partition("\nend of trees")
    parameters = tail.partition("\nparameters:\n")[2].partition("\nend of parameters")[0]
    pandas = tail.partition("\npandas_categorical:")[2].strip()
    return ModelText(
        header=_pairs(head.splitlines(), "="),
        trees=[_tree(_pairs(block.splitlines(), "=")) for block in trees.split("\nTree=") if block.strip()],
        parameters=_pairs((line[1:-1] for line in parameters.splitlines()), ": "),
        categories=(json.loads(pandas) if pandas else None) or [],
    )


def _pairs(lines: Iterable[str], separator: str) -> dict[str, str]:
    parts = (line.partition(separator) for line in lines if line)
    return {key: value for key, _, value in parts}


def _tree(block: dict[str, str]) -> TreeText:
    counts = _whole(block.get("num_features", ""))
    features = iter(_whole(block.get("leaf_features", "")))
    coefficients = iter(_real(block.get("leaf_coeff", "")))
    return TreeText(
        left=_whole(block.get("left_child", "")),
        right=_whole(block.get("right_child", "")),
        feature=_whole(block.get("split_feature", "")),
        threshold=_real(block.get("threshold", "")),
        decision=_whole(block.get("decision_type", "")),
        values=_real(block["leaf_value"]),
        categories=_category_sets(_whole(block.get("cat_boundaries", "")), _whole(block.get("cat_threshold", ""))),
        linear=block.get("is_linear", "0") == "1",
        constants=_real(block.get("leaf_const", "")),
        terms=[[(next(features), next(coefficients)) for _ in range(count)] for count in counts],
    )


def _category_sets(boundaries: Sequence[int], words: Sequence[int]) -> list[tuple[int, ...]]:
    """Sets of codes from words of 32 bits; one set's words lie between two boundaries."""
    return [
        tuple(32 * k + bit for k, word in enumerate(words[first:end]) for bit in range(32) if word >> bit & 1)
        for first, end in pairwise(boundaries)
    ]


def _whole(text: str) -> list[int]:
    return [int(part) for part in text.split()]


def _real(text: str) -> list[float]:
    return [float(part) for part in text.split()]
