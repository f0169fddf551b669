"""CatBoost, from the JSON its library exports.

CatBoost rounds features to single precision, goes right if x > border, and adds leaves up in double precision. Missing
is below or above every border, as nan_mode said in training.

What an exported model says of categorical features are hashes of their values, or statistics of the target by them:
splits on either have no SQL form, which a CASE on the value would need the value itself for.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aops_indb.scoring.graph import (
    Case,
    Constant,
    Forest,
    Leaf,
    Node,
    Part,
    Split,
    Tree,
    TreeNode,
    apply,
    kind_of_value,
    number,
    same_value,
)
from aops_indb.scoring.read_boosting.shapes import negative
from aops_indb.scoring.read_sklearn.links import (
    classes_of,
    classifier_outputs,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.rounding import double_thresholds
from aops_indb.scoring.read_sklearn.translation import Features, Place


def catboost_model(model: Any, features: Features, place: Place) -> Features:
    """What CatBoost and CatBoostRanker predict: the sums."""
    return regressor_outputs(_sums(model, _exported(model, place), features, place))


def catboost_regressor(model: Any, features: Features, place: Place) -> Features:
    """The sums, or exp of them for counts; with uncertainty, the mean and the variance."""
    kind = model._get_default_prediction_type()
    sums = _sums(model, _exported(model, place), features, place)
    match kind:
        case "RawFormulaVal":
            return regressor_outputs(sums)
        case "Exponent":
            return regressor_outputs([apply("exp", total) for total in sums])
        case "RMSEWithUncertainty":
            mean, spread = sums
            return regressor_outputs([mean, apply("exp", apply("multiply", spread, number(2.0)))])
    raise place.unsupported(f"CatBoostRegressor with predictions of type {kind}", "use another loss")


def catboost_classifier(model: Any, features: Features, place: Place) -> Features:
    """Binary: expit of the sum; MultiClass: softmax of the sums; MultiClassOneVsAll: expit of each."""
    exported = _exported(model, place)
    loss = exported["model_info"]["params"]["loss_function"]["type"]
    if loss not in ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll"):
        raise place.unsupported(
            f"CatBoostClassifier with loss '{loss}'", "use Logloss, CrossEntropy, MultiClass or MultiClassOneVsAll"
        )
    labels = classes_of(model, place)
    sums = _sums(model, exported, features, place)
    if len(sums) == 1:
        label = _above(labels, sums[0], float(model.get_probability_threshold()))
        return classifier_outputs(labels, label, [apply("expit", negative(sums[0])), apply("expit", sums[0])])
    probabilities = softmax(sums) if loss == "MultiClass" else [apply("expit", total) for total in sums]
    return classifier_outputs(labels, first_largest(labels, sums), probabilities)


def _above(labels: Sequence[Any], total: Node, probability: float) -> Node:
    """The second label where the sum is above the logit of the threshold."""
    limit = (
        -math.log(1.0 / probability - 1.0) if 0.0 < probability < 1.0 else math.copysign(math.inf, probability - 0.5)
    )
    branches = (
        (apply("greater", total, number(limit)), same_value(labels[1])),
        (apply("less_equal", total, number(limit)), same_value(labels[0])),
    )
    return Case(branches, Constant(None, kind_of_value(labels[0])))


# ── trees ──────────────────────────────────────────────────────────────────────────────────────────────


def _exported(model: Any, place: Place) -> dict[str, Any]:
    name = type(model).__name__
    if model._get_text_feature_indices() or model._get_embedding_feature_indices():
        raise place.unsupported(f"{name} with text or embedding features", "use numbers")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _sums(model: Any, exported: dict[str, Any], features: Features, place: Place) -> list[Node]:
    """scale * the sum of the trees' leaves + bias, per dimension."""
    numeric = exported["features_info"].get("float_features", [])
    columns = [feature["flat_feature_index"] for feature in numeric]
    inputs = tuple(place.numbers(model, features.pick(columns), exact=False))
    for feature in exported["features_info"].get("categorical_features", []):
        chosen = features.pick([feature["flat_feature_index"]])
        place.refuse_missing(model, chosen, chosen.nodes)
    positions = {feature["feature_index"]: position for position, feature in enumerate(numeric)}
    above = frozenset(f["feature_index"] for f in numeric if f["nan_value_treatment"] == "AsTrue")
    scale, biases = exported["scale_and_bias"]
    reader = _Reader(positions, above, len(biases), place)
    if "oblivious_trees" in exported:
        roots = [reader.oblivious(tree) for tree in exported["oblivious_trees"]]
    else:
        roots = [reader.other(tree) for tree in exported["trees"]]
    outputs = tuple(range(len(biases)))
    forest = Forest(place.step, inputs, tuple(Tree(root, outputs) for root in roots), (0.0,) * len(biases))
    return [_scaled(Part(forest, k), float(scale), float(bias)) for k, bias in enumerate(biases)]


def _scaled(total: Node, scale: float, bias: float) -> Node:
    scaled = total if scale == 1.0 else apply("multiply", total, number(scale))
    return scaled if bias == 0.0 else apply("add", scaled, number(bias))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads trees. positions: feature number -> input; above: features whose missing is above every border."""

    positions: dict[int, int]
    above: frozenset[int]
    dimensions: int
    place: Place

    def oblivious(self, tree: dict[str, Any]) -> TreeNode:
        """One question per level; the first is the lowest bit of the leaf's number."""
        splits = tree.get("splits") or []
        values = tree["leaf_values"]

        def below(level: int, leaf: int, between: dict[int, tuple[float, float]]) -> TreeNode:
            if level < 0:
                first = leaf * self.dimensions
                return Leaf(tuple(map(float, values[first : first + self.dimensions])))
            feature, border = self._asked(splits[level])
            low, high = between.get(feature, (-math.inf, math.inf))
            right = leaf | 1 << level
            # what an earlier level has answered is not asked again
            if border <= low:
                return below(level - 1, right, between)
            if border >= high:
                return below(level - 1, leaf, between)
            return self._split(
                feature,
                border,
                below(level - 1, leaf, between | {feature: (low, border)}),
                below(level - 1, right, between | {feature: (border, high)}),
            )

        return below(len(splits) - 1, 0, {})

    def other(self, tree: dict[str, Any]) -> TreeNode:
        """A tree whose nodes each ask their own question."""
        if "split" not in tree:
            value = tree["value"]
            return Leaf(tuple(map(float, value)) if isinstance(value, list) else (float(value),))
        return self._split(*self._asked(tree["split"]), self.other(tree["left"]), self.other(tree["right"]))

    def _asked(self, split: dict[str, Any]) -> tuple[int, float]:
        kind = split["split_type"]
        if kind != "FloatFeature":
            what = {"OneHotFeature": "one-hot splits on categories", "OnlineCtr": "CTR splits on categories"}
            raise self.place.unsupported(
                f"CatBoost with {what.get(kind, f'splits of type {kind}')}, of which the model keeps hashes only,",
                "encode the categories in a step before",
            )
        return int(split["float_feature_index"]), float(split["border"])

    def _split(self, feature: int, border: float, left: TreeNode, right: TreeNode) -> TreeNode:
        threshold = float(double_thresholds([border])[0])
        return Split(self.positions[feature], threshold, feature not in self.above, left, right)
