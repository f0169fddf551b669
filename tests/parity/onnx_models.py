"""ONNX models: exported by skl2onnx, put together as PyTorch exports a network, and some of a single operator."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from onnx import ModelProto, helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from .frames import mixed, numbers
from .onnx_run import graph_of

Feed = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class OnnxCase:
    """A model, and rows of its own to feed it.

    gain:    sums of products differ by up to 1e-6 of this and of the row's largest feature, since ONNX Runtime's order
             of sums is not defined
    largest: rows with larger features are not compared, where sums cancel or overflow in another order
    absolute: ONNX Runtime's own sigmoid and tanh are approximations, good to 1e-7
    relative: of trees, which are added up in their order by a single thread, not even the last bit differs
    refuses: rows with NaN or infinity that get no score, where ONNX Runtime's answer depends on the place of the NaN,
             or that it refuses
    """

    make: Callable[[], tuple[ModelProto, Feed]]
    gain: float = 0.0
    largest: float = float("inf")
    refuses: bool = False
    relative: float = 1e-6
    absolute: float = 1e-12


def exported(model: Any, data: str, columns: int = 4, *, opset: int = 21, zipmap: bool = True) -> Any:
    """A model fitted on float32, as skl2onnx exports it with one input."""

    def make() -> tuple[ModelProto, Feed]:
        frame, target = numbers(data, columns)
        given = frame.to_numpy(dtype=np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = model.fit(given, target)
        options = None if zipmap else {id(fitted): {"zipmap": False}}
        return to_onnx(fitted, given[:1], target_opset={"": opset, "ai.onnx.ml": 3}, options=options), {"X": given}

    return make


def of_columns() -> tuple[ModelProto, Feed]:
    """A pipeline over columns of numbers and text, with an input each."""
    frame, target = mixed()
    frame = frame.drop(columns=["dense", "texture"])
    numeric = make_pipeline(SimpleImputer(), StandardScaler())
    encode = OneHotEncoder(handle_unknown="ignore")
    prepare = ColumnTransformer([("num", numeric, ["radius", "smooth", "grade"]), ("cat", encode, ["size"])])
    fitted = Pipeline([("prep", prepare), ("model", LogisticRegression(max_iter=500))]).fit(frame, target)
    kinds = [(c, StringTensorType([None, 1]) if c == "size" else FloatTensorType([None, 1])) for c in frame]
    feed: Feed = {}
    for name in map(str, frame):
        kind = object if name == "size" else np.float32
        feed[name] = frame[[name]].to_numpy(dtype=kind, na_value=np.nan)
    return convert_sklearn(fitted, initial_types=kinds, target_opset={"": 21, "ai.onnx.ml": 3}), feed


def network(last: str) -> Callable[[], tuple[ModelProto, Feed]]:
    """Linear, ReLU, Linear, and Softmax or Sigmoid, as torch.onnx writes them."""

    def make() -> tuple[ModelProto, Feed]:
        rng = np.random.default_rng(4)
        frame, _ = numbers("iris", 4)
        feed = {"input": frame.to_numpy(dtype=np.float32)}
        wide = {"softmax": 3, "sigmoid": 1}[last]
        weights = {
            "0.weight": rng.normal(size=(8, 4)), "0.bias": rng.normal(size=8),
            "2.weight": rng.normal(size=(wide, 8)) / 4, "2.bias": rng.normal(size=wide),
        }  # fmt: skip
        end = (
            helper.make_node("Softmax", ["z"], ["output"], axis=1)
            if wide > 1
            else helper.make_node("Sigmoid", ["z"], ["output"])
        )
        nodes = [
            helper.make_node("Gemm", ["input", "0.weight", "0.bias"], ["/0/Gemm_output_0"], name="/0/Gemm", transB=1),
            helper.make_node("Relu", ["/0/Gemm_output_0"], ["/1/Relu_output_0"], name="/1/Relu"),
            helper.make_node("Gemm", ["/1/Relu_output_0", "2.weight", "2.bias"], ["z"], name="/2/Gemm", transB=1),
            end,
        ]
        stored = {name: values.astype(np.float32) for name, values in weights.items()}
        return graph_of(nodes, feed, ["output"], stored, opset=17), feed

    return make


FLOATS = np.array(
    [[0.5, -1, 2], [1, 1, 0], [0, 0, 0], [-3, -1, -2], [1e-30, 1e-30, 0], [2.5, 3.5, -0.5], [7, 1e10, 0.1]],
    dtype=np.float32,
)  # fmt: skip
TEXTS = np.array([["a"], ["b"], [""], ["nan"], ["o'hare"]], dtype=object)
WHOLE = np.array([[1, -2], [0, 5], [7, 7], [3, 2]], dtype=np.int64)


def one(op: str, feed: Feed, outputs: int = 1, *, domain: str = "ai.onnx.ml", ml: int = 3, **attributes: Any) -> Any:
    """A model of one operator."""
    names = [f"y{k}" for k in range(outputs)]

    def make() -> tuple[ModelProto, Feed]:
        node = helper.make_node(op, list(feed), names, domain=domain, **attributes)
        return graph_of([node], feed, names, ml=ml), feed

    return make


def beside_constant(op: str, *, first: bool = False) -> Any:
    """A model of one operator on the features and a constant."""

    def make() -> tuple[ModelProto, Feed]:
        feed = {"x": FLOATS}
        node = helper.make_node(op, ["c", "x"] if first else ["x", "c"], ["y"])
        return graph_of([node], feed, ["y"], {"c": np.array([0.1, 3.5, -2.0], dtype=np.float32)}), feed

    return make


def tree(
    kind: str, mode: str = "BRANCH_LEQ", *, tracks: int = 0, ids: tuple[int, ...] = (0, 0, 0),
    weights: Any = (0.25, 0.75, 0.5), feed: np.ndarray = FLOATS, **more: Any,
) -> Any:  # fmt: skip
    """A stump whose second leaf is split again, twice over."""
    columns: dict[str, Any] = {
        "nodes_treeids": [0] * 5 + [1] * 5, "nodes_nodeids": [0, 1, 2, 3, 4] * 2,
        "nodes_featureids": [0, 0, 1, 0, 0] * 2, "nodes_values": [0.5, 0, -1.0, 0, 0, 0.1, 0, 1.0, 0, 0],
        "nodes_modes": [mode, "LEAF", mode, "LEAF", "LEAF"] * 2, "nodes_hitrates": [1.0] * 10,
        "nodes_truenodeids": [1, 0, 3, 0, 0] * 2, "nodes_falsenodeids": [2, 0, 4, 0, 0] * 2,
        "nodes_missing_value_tracks_true": [tracks, 0, tracks, 0, 0] * 2,
    }  # fmt: skip
    prefix, outputs = ("class", 2) if kind == "TreeEnsembleClassifier" else ("target", 1)
    leaves = {
        "treeids": [0] * 3 + [1] * 3,
        "nodeids": [1, 3, 4] * 2,
        "ids": list(ids) * 2,
        "weights": list(weights) * 2,
    }
    columns |= {f"{prefix}_{name}": values for name, values in leaves.items()}
    more = more if outputs == 2 else {"n_targets": 1} | more
    return one(kind, {"x": feed}, outputs, **columns, **more)


MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
TWO: dict[str, Any] = {"classlabels_int64s": [-1, 4]}
linear: dict[str, Any] = {"coefficients": [1.0, -1.0, 0.5], "intercepts": [0.25], "classlabels_ints": [3, 4]}
linear_3: dict[str, Any] = {
    "coefficients": [1.0, -1.0, 0.5, 0.25, 2.0, 1.0, 0.0, 1.0, 1.0], "intercepts": [0.0, 1.0, -1.0],
    "classlabels_strings": ["x", "y", "z"],
}  # fmt: skip

TREE_MODELS: dict[str, OnnxCase] = {
    "decision tree": OnnxCase(exported(DecisionTreeClassifier(max_depth=5, random_state=0), "iris")),
    "decision tree, two classes": OnnxCase(exported(DecisionTreeClassifier(max_depth=4, random_state=0), "cancer")),
    "decision tree, regression": OnnxCase(exported(DecisionTreeRegressor(max_depth=4, random_state=0), "diabetes")),
    "forest": OnnxCase(exported(RandomForestClassifier(5, max_depth=4, random_state=0), "iris")),
    "forest, without zipmap": OnnxCase(
        exported(RandomForestClassifier(5, max_depth=4, random_state=0), "cancer", zipmap=False)
    ),
    "forest, regression": OnnxCase(exported(RandomForestRegressor(5, max_depth=4, random_state=0), "diabetes")),
    "extra trees": OnnxCase(exported(ExtraTreesRegressor(5, max_depth=4, random_state=0), "diabetes")),
    "boosting": OnnxCase(exported(GradientBoostingClassifier(n_estimators=6, random_state=0), "cancer")),
    "boosting, three classes": OnnxCase(exported(GradientBoostingClassifier(n_estimators=4, random_state=0), "wine")),
    "boosting, regression": OnnxCase(exported(GradientBoostingRegressor(n_estimators=6, random_state=0), "diabetes")),
    **{
        f"tree, {mode}, {tracks}": OnnxCase(tree("TreeEnsembleRegressor", mode, tracks=tracks))
        for mode in MODES
        for tracks in (0, 1)
    },
    **{
        f"tree, {name}": OnnxCase(tree("TreeEnsembleRegressor", aggregate_function=name, base_values=[0.125]))
        for name in ("SUM", "AVERAGE", "MIN", "MAX")
    },
    "tree, targets": OnnxCase(tree("TreeEnsembleRegressor", n_targets=3, ids=(0, 2, 2))),
    "tree, targets, base": OnnxCase(tree("TreeEnsembleRegressor", n_targets=2, base_values=[1.0, 2.0])),
    "tree, doubles": OnnxCase(tree("TreeEnsembleRegressor", feed=FLOATS.astype(np.float64))),
    "tree, whole numbers": OnnxCase(tree("TreeEnsembleClassifier", feed=WHOLE, **TWO)),
    **{
        f"tree, two classes, {post}, {sign}": OnnxCase(
            tree("TreeEnsembleClassifier", weights=(sign * 0.25, 0.75, 0.5), post_transform=post, **TWO)
        )
        for post in ("NONE", "LOGISTIC", "SOFTMAX")
        for sign in (-1, 1)
    },
    "tree, two classes, base": OnnxCase(
        tree("TreeEnsembleClassifier", weights=(-0.25, 0.75, 0.5), base_values=[-0.5], post_transform="LOGISTIC", **TWO)
    ),
    "tree, second class": OnnxCase(
        tree("TreeEnsembleClassifier", ids=(1, 1, 1), weights=(-2.0, 0.75, 0.5), post_transform="LOGISTIC", **TWO)
    ),
    "tree, classes, base": OnnxCase(
        tree(
            "TreeEnsembleClassifier",
            ids=(0, 1, 2),
            base_values=[0.5, 0.25, 0.5],
            post_transform="SOFTMAX",
            classlabels_strings=["x", "y", "z"],
        )
    ),
}

SUMS: dict[str, Any] = {"gain": 4.0, "largest": 1e6}
SMALL: dict[str, Any] = {"gain": 40.0, "largest": 20.0}
OTHER_MODELS: dict[str, OnnxCase] = {
    "linear regression": OnnxCase(exported(LinearRegression(), "iris"), **SUMS),
    "ridge on components": OnnxCase(exported(make_pipeline(StandardScaler(), PCA(2), Ridge()), "iris"), **SUMS),
    "logistic regression": OnnxCase(exported(LogisticRegression(), "iris"), **SUMS),
    "logistic regression, two classes": OnnxCase(exported(LogisticRegression(max_iter=2000), "cancer", 3), **SUMS),
    "network, classes": OnnxCase(exported(MLPClassifier((4,), random_state=0), "iris"), **SUMS),
    "network, two classes": OnnxCase(exported(MLPClassifier((4,), random_state=0), "cancer"), **SUMS),
    "network, tanh": OnnxCase(exported(MLPRegressor(hidden_layer_sizes=(4,), activation="tanh"), "iris"), **SUMS),
    "torch, softmax": OnnxCase(network("softmax"), **SUMS),
    "torch, sigmoid": OnnxCase(network("sigmoid"), **SUMS),
    "prepared and normalized": OnnxCase(
        exported(
            make_pipeline(
                SimpleImputer(), MinMaxScaler(), Normalizer(), SGDClassifier(loss="log_loss", random_state=0)
            ),
            "iris",
        ),
        **SUMS,
    ),
    "selected": OnnxCase(
        exported(make_pipeline(RobustScaler(), SelectKBest(k=2), LogisticRegression()), "iris"), **SUMS
    ),
    "bins": OnnxCase(
        exported(make_pipeline(KBinsDiscretizer(3, encode="ordinal"), LogisticRegression()), "iris"), **SUMS
    ),
    "polynomial": OnnxCase(
        exported(make_pipeline(PolynomialFeatures(2), LinearRegression()), "iris"), gain=40.0, largest=20.0
    ),
    "gaussian": OnnxCase(exported(GaussianNB(), "iris"), gain=40.0, largest=20.0),
    "bernoulli": OnnxCase(
        exported(make_pipeline(MaxAbsScaler(), Binarizer(threshold=0.5), BernoulliNB()), "iris"), refuses=True, **SUMS
    ),
    "boosted stumps": OnnxCase(exported(AdaBoostClassifier(n_estimators=3, random_state=0), "iris"), **SUMS),
    "calibrated": OnnxCase(exported(CalibratedClassifierCV(LogisticRegression(), cv=2), "iris"), **SUMS),
    "power": OnnxCase(exported(make_pipeline(PowerTransformer(), LinearRegression()), "iris"), gain=40.0, largest=20.0),
    "centres": OnnxCase(exported(KMeans(2, random_state=0, n_init=1), "iris"), gain=400.0, largest=20.0),
    "voting": OnnxCase(
        exported(
            VotingClassifier(
                [("a", LogisticRegression()), ("b", GaussianNB())], voting="soft", flatten_transform=False
            ),
            "iris",
        ),
        gain=40.0,
        largest=20.0,
    ),
    "columns": OnnxCase(of_columns, **SUMS),
}

OPERATORS: dict[str, OnnxCase] = {
    "scaler of doubles": OnnxCase(
        one("Scaler", {"x": FLOATS.astype(np.float64)}, offset=[0.1], scale=[0.7]), largest=1e30
    ),
    "normalizer, L1": OnnxCase(one("Normalizer", {"x": FLOATS}, norm="L1")),
    "normalizer, L2": OnnxCase(one("Normalizer", {"x": FLOATS}, norm="L2")),
    "normalizer, MAX": OnnxCase(one("Normalizer", {"x": FLOATS}, norm="MAX"), refuses=True),
    "imputer, NaN": OnnxCase(
        one("Imputer", {"x": FLOATS}, imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=np.nan)
    ),
    "imputer, a number": OnnxCase(one("Imputer", {"x": FLOATS}, imputed_value_floats=[7.0], replaced_value_float=1.0)),
    "imputer, whole numbers": OnnxCase(one("Imputer", {"x": WHOLE}, imputed_value_int64s=[9], replaced_value_int64=7)),
    "binarizer": OnnxCase(one("Binarizer", {"x": FLOATS}, threshold=0.1), refuses=True),
    "one-hot, numbers": OnnxCase(
        one("OneHotEncoder", {"x": FLOATS[:, :1]}, cats_int64s=[0, 1, -3], zeros=1), largest=1e15
    ),
    "one-hot, text": OnnxCase(one("OneHotEncoder", {"x": TEXTS}, cats_strings=["a", "o'hare", ""], zeros=1)),
    "labels, text to number": OnnxCase(
        one("LabelEncoder", {"x": TEXTS}, keys_strings=["a", ""], values_floats=[5.0, 6.0])
    ),
    "labels, text to whole": OnnxCase(
        one("LabelEncoder", {"x": TEXTS}, keys_strings=["a"], values_int64s=[5], default_int64=9)
    ),
    "labels, whole to text": OnnxCase(one("LabelEncoder", {"x": WHOLE}, keys_int64s=[1, 7], values_strings=["q", "r"])),
    "labels, numbers": OnnxCase(
        one("LabelEncoder", {"x": FLOATS}, ml=4, keys_floats=[1.0, 0.5, np.nan], values_floats=[5.0, 6.0, 7.0])
    ),
    "vectorizer": OnnxCase(one("FeatureVectorizer", {"x": FLOATS, "w": FLOATS[:, :2]}, inputdimensions=[3, 2])),
    **{
        f"linear, {post}": OnnxCase(one("LinearClassifier", {"x": FLOATS}, 2, post_transform=post, **linear), **SUMS)
        for post in ("NONE", "LOGISTIC", "SOFTMAX")
    },
    **{
        f"linear, three classes, {post}": OnnxCase(
            one("LinearClassifier", {"x": FLOATS}, 2, post_transform=post, **linear_3), **SUMS
        )
        for post in ("NONE", "LOGISTIC", "SOFTMAX")
    },
    "linear, two targets": OnnxCase(
        one("LinearRegressor", {"x": FLOATS}, coefficients=[1.0, 2, 3, 4, 5, 6], intercepts=[0.5, -0.5], targets=2),
        **SUMS,
    ),
    **{
        f"{op} over a row": OnnxCase(
            one(op, {"x": FLOATS}, domain="", axis=1), refuses=op.startswith("Arg"), largest=1e30
        )
        for op in ("Softmax", "LogSoftmax", "ArgMax", "ArgMin")
    },
    **{
        op: OnnxCase(one(op, {"x": FLOATS}, domain=""), absolute=1e-7)
        for op in ["Exp", "Log", "Sigmoid", "Softplus", "Tanh", "Elu", "HardSigmoid"]
    },
    "mean": OnnxCase(one("Mean", {"x": FLOATS, "w": FLOATS[::-1].copy()}, domain="")),
}

COMPARISONS = ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
# What has no rounding but that of single precision.
EXACT: dict[str, OnnxCase] = {
    "scaler": OnnxCase(one("Scaler", {"x": FLOATS}, offset=[0.1, 2.0, 3.0], scale=[2.0, 0.1, 0.3])),
    **{
        op: OnnxCase(one(op, {"x": FLOATS}, domain=""))
        for op in ["Abs", "Ceil", "Floor", "IsInf", "IsNaN", "LeakyRelu", "Neg", "Relu", "Round", "Sign", "Sqrt"]
    },
    **{
        op: OnnxCase(one(op, {"x": FLOATS, "w": FLOATS[::-1].copy()}, domain=""))
        for op in ("Add", "Sub", "Mul", "Max", "Min", *COMPARISONS)
    },
    **{f"{op} a constant": OnnxCase(beside_constant(op)) for op in (*COMPARISONS, "Add", "Mul", "Div")},
    **{f"a constant {op}": OnnxCase(beside_constant(op, first=True)) for op in COMPARISONS},
}

ONNX_CASES: dict[str, OnnxCase] = {
    **{name: replace(case, relative=1e-12) for name, case in TREE_MODELS.items()},
    **OTHER_MODELS,
    **OPERATORS,
    **{name: replace(case, relative=1e-12, absolute=0.0) for name, case in EXACT.items()},
}

__all__ = ["ONNX_CASES", "Feed", "OnnxCase"]
