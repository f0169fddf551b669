"""XGBoost, from the model as its library saves it.

XGBoost computes in single precision: it compares float32(x) < float32(threshold), and adds the leaves up in float32,
tree after tree. The SQL does both the same way, and has the expf of Linux's C libraries, so that scores are equal to
the last bit there. Another platform's expf may differ by one step of a float32 (6e-8), and so may the products of a
linear booster on processors that add them without rounding in between.

The scikit-learn wrappers predict in place, which takes infinity as a number; a Booster reads a DMatrix, which refuses
it. In dart mode the two round differently, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from aops_indb.scoring.graph import (
    Case,
    CategorySplit,
    Constant,
    Forest,
    Leaf,
    Node,
    Part,
    Split,
    Tree,
    TreeNode,
    apply,
    number,
)
from aops_indb.scoring.read_boosting.shapes import assemble
from aops_indb.scoring.read_boosting.xgboost_inputs import inputs_of
from aops_indb.scoring.read_boosting.xgboost_links import LINKS
from aops_indb.scoring.read_sklearn.links import classifier_outputs, first_largest, regressor_outputs
from aops_indb.scoring.read_sklearn.rounding import double_thresholds, to_single
from aops_indb.scoring.read_sklearn.translation import Features, Place


def xgboost_booster(model: Any, features: Features, place: Place) -> Features:
    """What Booster.predict gives: all trees, whatever the best iteration was."""
    return _single(regressor_outputs(_values(_Booster.of(model, place), features, place)))


def xgboost_regressor(model: Any, features: Features, place: Place) -> Features:
    """The wrappers whose prediction is the booster's, up to the best iteration."""
    return _single(regressor_outputs(_values(_Booster.in_wrapper(model, place), features, place)))


def xgboost_classifier(model: Any, features: Features, place: Place) -> Features:
    """One value: the probability of the second class; several: the largest is the label."""
    name = type(model).__name__
    if model.objective == "multi:softmax":
        raise place.unsupported(
            f"{name}(objective='multi:softmax')", "fit it with objective='multi:softprob', which makes the same trees"
        )
    values = _values(_Booster.in_wrapper(model, place), features, place)
    labels = list(range(model.n_classes_))
    if len(values) > 1:
        if len(labels) == 2:
            raise place.unsupported(f"{name} with several targets", "fit one classifier per target")
        return _single(classifier_outputs(labels, first_largest(labels, values), values))
    (second,) = values
    label = Case(((apply("greater", second, number(0.5)), Constant(1, "integer")),), Constant(0, "integer"))
    probabilities = [apply("single", apply("subtract", number(1.0), second)), second]
    return _single(classifier_outputs(labels, label, probabilities))


def _single(outputs: Features) -> Features:
    """The outputs, as what they are: numbers in single precision."""
    return replace(outputs, single=True)


# ── the model ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Booster:
    """A booster's own description of itself, and how it is asked for predictions.

    layers:   how many iterations predict; None for all
    in_place: whether rows are read without a DMatrix
    missing:  what counts as missing beside NaN
    """

    booster: Any
    saved: dict[str, Any]
    place: Place
    layers: int | None = None
    in_place: bool = False
    missing: float | None = None

    @classmethod
    def of(cls, booster: Any, place: Place) -> _Booster:
        """A booster asked directly."""
        return cls(booster, json.loads(bytes(booster.save_raw(raw_format="json"))), place)

    @classmethod
    def in_wrapper(cls, model: Any, place: Place) -> _Booster:
        """A booster asked through a scikit-learn wrapper."""
        import numpy as np

        itself = cls.of(model.get_booster(), place)
        linear = model.booster == "gblinear"
        best = itself.saved["learner"]["attributes"].get("best_iteration")
        layers = None if best is None or linear else int(best) + 1
        missing = None if model.missing is None or np.isnan(model.missing) else float(model.missing)
        return replace(itself, layers=layers, in_place=not linear, missing=missing)

    @property
    def learner(self) -> dict[str, Any]:
        """Everything that predicts."""
        found: dict[str, Any] = self.saved["learner"]
        return found

    @property
    def objective(self) -> str:
        """The name of the objective."""
        return str(self.learner["objective"]["name"])

    @property
    def trees(self) -> dict[str, Any]:
        """The trees and whom they feed."""
        gradient_booster = self.learner["gradient_booster"]
        found: dict[str, Any] = gradient_booster.get("gbtree", gradient_booster)["model"]
        return found

    def base_margins(self) -> list[float]:
        """The margins before the first tree, as the library itself computes them."""
        import numpy as np
        import xgboost

        learner = self.learner
        bare = learner | {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "learner_model_param": learner["learner_model_param"] | {"boost_from_average": "0"},
            "gradient_booster": _without_trees(learner["gradient_booster"]),
        }
        content = json.dumps(self.saved | {"learner": bare}).encode()
        booster = xgboost.Booster(model_file=bytearray(content))
        row = xgboost.DMatrix(np.zeros((1, int(learner["learner_model_param"]["num_feature"])), dtype=np.float32))
        return [float(margin) for margin in np.ravel(booster.predict(row, output_margin=True, validate_features=False))]


def _without_trees(gradient_booster: dict[str, Any]) -> dict[str, Any]:
    match gradient_booster:
        case {"name": "gblinear", "model": {"weights": weights} as model}:
            return gradient_booster | {"model": model | {"weights": [0.0] * len(weights)}}
        case {"gbtree": trees}:
            return gradient_booster | {"gbtree": _without_trees(trees), "weight_drop": []}
    model = gradient_booster["model"]
    empty = {
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "gbtree_model_param": model["gbtree_model_param"] | {"num_trees": "0"},
        "iteration_indptr": [0],
        "tree_info": [],
        "trees": [],
    }
    return gradient_booster | {"model": model | empty}


def _values(booster: _Booster, features: Features, place: Place) -> list[Node]:
    """The outputs: margins, through the link of the objective."""
    if booster.objective not in LINKS:
        raise place.unsupported(f"XGBoost with objective '{booster.objective}'", f"known are {', '.join(LINKS)}")
    linear = booster.learner["gradient_booster"]["name"] == "gblinear"
    margins = (_linear if linear else _forest)(booster, features, place)
    return LINKS[booster.objective](margins, place)


# ── margins ────────────────────────────────────────────────────────────────────────────────────────────


def _linear(booster: _Booster, features: Features, place: Place) -> list[Node]:
    """Bias, then feature after feature, all in single precision; missing adds nothing."""
    import numpy as np

    inputs = [to_single(node) for node in _inputs(booster, features)]
    base = np.asarray(booster.base_margins(), dtype=np.float32)
    saved = booster.learner["gradient_booster"]["model"]["weights"]
    weights = np.asarray(saved, dtype=np.float32).reshape(len(inputs) + 1, len(base))
    starts = (weights[-1] + base).tolist()

    def plus(total: Node, node: Node, weight: float) -> Node:
        product = to_single(apply("multiply", node, number(weight)))
        added = apply("single", apply("add", total, product))
        return place.named("margin", Case(((apply("is_missing", node), total),), added))

    margins: list[Node] = [number(start) for start in starts]
    for node, row in zip(inputs, weights[:-1].tolist(), strict=True):
        margins = [plus(margin, node, weight) for margin, weight in zip(margins, row, strict=True)]
    return margins


def _forest(booster: _Booster, features: Features, place: Place) -> list[Node]:
    model = booster.trees
    count = len(model["trees"]) if booster.layers is None else model["iteration_indptr"][booster.layers]
    if not count:
        raise place.unsupported("XGBoost without trees", "fit it for an iteration at least")
    start = booster.base_margins()
    weights = booster.learner["gradient_booster"].get("weight_drop")
    trees = []
    for index in range(count):
        saved = model["trees"][index]
        several = int(saved["tree_param"]["size_leaf_vector"]) > 1
        outputs = tuple(range(len(start))) if several else (int(model["tree_info"][index]),)
        base = start[outputs[0]] if booster.in_place else 0.0
        weight = None if weights is None else weights[index]
        trees.append(Tree(_root(saved, _leaves(saved, len(outputs), weight, base)), outputs))
    forest = Forest(place.step, tuple(_inputs(booster, features)), tuple(trees), tuple(start), single=True)
    return [Part(forest, k) for k in range(len(start))]


def _inputs(booster: _Booster, features: Features) -> list[Node]:
    learner = booster.learner
    categories = booster.trees.get("cats", {}) if learner["gradient_booster"]["name"] != "gblinear" else {}
    return inputs_of(
        booster.booster,
        features,
        booster.place,
        types=learner["feature_types"],
        encodings=categories.get("enc", []),
        missing=booster.missing,
        infinite=booster.in_place,
    )


def _leaves(saved: dict[str, Any], count: int, weight: float | None, base: float) -> Any:
    """What each node would add as a leaf: nodes x outputs.

    In dart mode the library takes the base margin off a sum that it had been added to, and rounds in between.
    """
    import numpy as np

    if count > 1:
        values = np.asarray(saved["leaf_weights"], dtype=np.float32).reshape(-1, count)
        # a leaf's right child is the number of its values
        return values[np.where(np.asarray(saved["left_children"]) < 0, saved["right_children"], 0)]
    values = np.asarray(saved["split_conditions"], dtype=np.float32)[:, None]
    if weight is None:
        return values
    values = (np.float32(base) + values) - np.float32(base)
    return values * np.float32(weight)


def _root(saved: dict[str, Any], leaves: Any) -> TreeNode:
    """Left if float32(x) < threshold, that is if it is not above the next float32 below."""
    import numpy as np

    left, right = saved["left_children"], saved["right_children"]
    conditions = np.asarray(saved["split_conditions"], dtype=np.float32)
    thresholds = double_thresholds(np.nextafter(conditions, np.float32(-np.inf))).tolist()
    segments = zip(saved["categories_nodes"], saved["categories_segments"], saved["categories_sizes"], strict=True)
    codes = {node: tuple(saved["categories"][first : first + size]) for node, first, size in segments}
    values = leaves.astype(float).tolist()

    def split(i: int, yes: TreeNode, no: TreeNode) -> TreeNode:
        feature, missing_left = saved["split_indices"][i], bool(saved["default_left"][i])
        if i in codes:
            # here it is the categories of the set that go right
            return CategorySplit(feature, codes[i], not missing_left, left=no, right=yes)
        return Split(feature, thresholds[i], missing_left, yes, no)

    return assemble(0, lambda i: None if left[i] < 0 else (left[i], right[i]), split, lambda i: Leaf(tuple(values[i])))
