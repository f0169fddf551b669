"""ONNX models of support vector machines: exported by skl2onnx, and some of a single operator."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.svm import SVC, SVR, NuSVC

from .onnx_models import FLOATS, SMALL, SUMS, OnnxCase, exported, one

KERNELS = ("linear", "rbf", "poly", "sigmoid")

# Name -> a model, the data it is fitted on, and how many columns of them.
FITTED: dict[str, tuple[Any, str, int]] = {
    "regression": (SVR(C=0.02), "iris", 4),
    "two classes": (SVC(gamma=0.001), "cancer", 2),
    "two probabilities": (SVC(gamma=0.001, probability=True, random_state=0), "cancer", 2),
    "three classes": (SVC(C=0.1), "iris", 4),
    "three pairs": (SVC(C=0.1, decision_function_shape="ovo"), "iris", 4),
    "three probabilities": (NuSVC(probability=True, random_state=0), "iris", 4),
}

PAIR: dict[str, Any] = {
    "kernel_type": "RBF", "kernel_params": [0.125, 0.0, 3.0], "vectors_per_class": [1, 1],
    "support_vectors": [0.5, -1.0, 2.0, 1.0, 1.0, 0.0], "coefficients": [0.75, -0.5], "rho": [0.125],
}  # fmt: skip
WEIGHTS = [1.0, -1.0, 0.5, 0.25, 2.0, 1.0]
# without support vectors
LINEAR: dict[str, Any] = {"kernel_params": [0.0, 0.0, 3.0], "coefficients": WEIGHTS, "rho": [0.25]}
TWO: dict[str, Any] = {"classlabels_ints": [7, -7]}
TEXT: dict[str, Any] = {"classlabels_strings": ["x", "y"]}

MADE: dict[str, dict[str, Any]] = {
    "a pair": PAIR | TWO,
    "a pair with prob_a": PAIR | TEXT | {"prob_a": [-2.0], "prob_b": [0.25]},
    "weights": LINEAR | TWO,
    "positive weights": LINEAR | TEXT | {"coefficients": [1.0, 0.0, 0.5, 0.25, 0.5, 1.0]},
    "weights with prob_a": LINEAR | TWO | {"prob_a": [1.0], "prob_b": [0.0]},
    "weights of three": LINEAR | {"coefficients": [*WEIGHTS, -1.0, 0.0, 0.25], "classlabels_ints": [0, 1, 2]},
}

MACHINES: dict[str, OnnxCase] = {
    **{
        f"support vectors, {name}, {kernel}": OnnxCase(
            exported(clone(model).set_params(kernel=kernel), data, columns, zipmap=name == "regression"),
            refuses=True,
            **SMALL,
        )
        for name, (model, data, columns) in FITTED.items()
        for kernel in KERNELS
    },
    **{
        f"support vectors, {name}, {post}": OnnxCase(
            one("SVMClassifier", {"x": FLOATS}, 2, post_transform=post, **given), refuses=True, **SUMS
        )
        for name, given in MADE.items()
        for post in ("NONE", "LOGISTIC", "SOFTMAX")
    },
}
