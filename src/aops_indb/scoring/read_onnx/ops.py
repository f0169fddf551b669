"""The ONNX operators that have a SQL form: OPS, by domain and type. To add one: a function, and a line here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from aops_indb.scoring.graph import apply, number
from aops_indb.scoring.read_onnx import classify, prepare, products, reductions, shapes, svm, svm_classifier, trees
from aops_indb.scoring.read_onnx import elementwise as each

OnnxTranslator = Callable[..., Any]

ML = "ai.onnx.ml"

OPS: dict[tuple[str, str], OnnxTranslator] = {
    ("", "Abs"): each.exactly(lambda x: apply("absolute", x)),
    ("", "Add"): each.arithmetic(lambda a, b: apply("add", a, b)),
    ("", "And"): each.connective("and"),
    ("", "ArgMax"): reductions.arg("maximum"),
    ("", "ArgMin"): reductions.arg("minimum"),
    ("", "Cast"): each.cast,
    ("", "Ceil"): each.exactly(each.ceiling),
    ("", "Clip"): each.clip,
    ("", "Concat"): shapes.concat,
    ("", "ConstantOfShape"): shapes.constant_of_shape,
    ("", "Div"): each.divide,
    ("", "Dropout"): shapes.dropout,
    ("", "Elu"): each.elu,
    ("", "Equal"): each.equal,
    ("", "Exp"): each.function(lambda x: apply("exp", x)),
    ("", "Flatten"): shapes.flatten,
    ("", "Floor"): each.exactly(lambda x: apply("floor", x)),
    ("", "Gather"): shapes.gather,
    ("", "Gemm"): products.gemm,
    ("", "Greater"): each.comparison("greater"),
    ("", "GreaterOrEqual"): each.comparison("greater_equal"),
    ("", "HardSigmoid"): each.hard_sigmoid,
    ("", "Identity"): shapes.identity,
    ("", "IsInf"): each.is_inf,
    ("", "IsNaN"): each.is_nan,
    ("", "LeakyRelu"): each.leaky_relu,
    ("", "Less"): each.comparison("less"),
    ("", "LessOrEqual"): each.comparison("less_equal"),
    ("", "Log"): each.function(lambda x: apply("log", x)),
    ("", "LogSoftmax"): reductions.log_softmax,
    ("", "MatMul"): products.matmul,
    ("", "Max"): each.extreme("maximum"),
    ("", "Mean"): each.mean,
    ("", "Min"): each.extreme("minimum"),
    ("", "Mul"): each.arithmetic(lambda a, b: apply("multiply", a, b)),
    ("", "Neg"): each.exactly(each.negative),
    ("", "Not"): each.connective("not"),
    ("", "Or"): each.connective("or"),
    ("", "Pow"): each.power,
    ("", "Reciprocal"): each.function(lambda x: each.quotient(number(1.0), x)),
    ("", "ReduceL1"): reductions.reduction(reductions.sum_of(reductions.absolute)),
    ("", "ReduceL2"): reductions.reduction(reductions.sum_of(reductions.squared, lambda x: apply("sqrt", x))),
    ("", "ReduceLogSumExp"): reductions.reduction(reductions.log_sum_exp),
    ("", "ReduceMax"): reductions.reduction(reductions.extreme("maximum")),
    ("", "ReduceMean"): reductions.reduction(reductions.average),
    ("", "ReduceMin"): reductions.reduction(reductions.extreme("minimum")),
    ("", "ReduceProd"): reductions.reduction(reductions.product),
    ("", "ReduceSum"): reductions.reduction(reductions.total),
    ("", "ReduceSumSquare"): reductions.reduction(reductions.sum_of(reductions.squared)),
    ("", "Relu"): each.exactly(each.relu),
    ("", "Reshape"): shapes.reshape,
    ("", "Round"): each.exactly(each.round_half_even),
    ("", "Shape"): shapes.shape_of,
    ("", "Sigmoid"): each.function(lambda x: apply("expit", x)),
    ("", "Sign"): each.exactly(each.sign),
    ("", "Slice"): shapes.slice_,
    ("", "Softmax"): reductions.softmax,
    ("", "Softplus"): each.function(each.softplus),
    ("", "Split"): shapes.split,
    ("", "Sqrt"): each.function(lambda x: apply("sqrt", x)),
    ("", "Squeeze"): shapes.squeeze,
    ("", "Sub"): each.arithmetic(lambda a, b: apply("subtract", a, b)),
    ("", "Sum"): each.arithmetic(lambda a, b: apply("add", a, b)),
    ("", "Tanh"): each.function(lambda x: apply("tanh", x)),
    ("", "Transpose"): shapes.transpose,
    ("", "Unsqueeze"): shapes.unsqueeze,
    ("", "Where"): each.where,
    ("", "Xor"): each.exclusive_or,
    (ML, "ArrayFeatureExtractor"): shapes.array_feature_extractor,
    (ML, "Binarizer"): prepare.binarizer,
    (ML, "FeatureVectorizer"): prepare.feature_vectorizer,
    (ML, "Imputer"): prepare.imputer,
    (ML, "LabelEncoder"): prepare.label_encoder,
    (ML, "LinearClassifier"): classify.linear_classifier,
    (ML, "LinearRegressor"): classify.linear_regressor,
    (ML, "Normalizer"): prepare.normalizer,
    (ML, "OneHotEncoder"): prepare.one_hot_encoder,
    (ML, "SVMClassifier"): svm_classifier.svm_classifier,
    (ML, "SVMRegressor"): svm.svm_regressor,
    (ML, "Scaler"): prepare.scaler,
    (ML, "TreeEnsemble"): trees.ensemble_5,
    (ML, "TreeEnsembleClassifier"): classify.tree_classifier,
    (ML, "TreeEnsembleRegressor"): trees.regressor,
    (ML, "ZipMap"): classify.zip_map,
}

# Attributes of operators that have a table of them, or that change nothing here: seeds, and what float8 is cast like.
TABLES: dict[str, tuple[str, ...]] = {
    "Cast": ("saturate", "round_mode"),
    "Dropout": ("seed",),
    "LinearClassifier": ("multi_class",),
    "LabelEncoder": prepare.LABEL_ENCODER,
    "TreeEnsembleClassifier": trees.column_names("class"),
    "TreeEnsembleRegressor": trees.column_names("target"),
}

# What another operator set calls differently: an attribute that later became an input.
MOVED = {op: "axes" for _, op in OPS if op.startswith("Reduce")}

# Operators of ai.onnx that meant something else, or took their settings in another form, before opset 13.
CHANGED_IN_13 = {
    "Clip", "Dropout", "LogSoftmax", "ReduceSum", "Slice", "Softmax", "Split", "Squeeze", "Unsqueeze",
}  # fmt: skip

# Operators that take more than numbers.
TAKE_ALL_TYPES = {
    "And", "ArrayFeatureExtractor", "Cast", "Concat", "ConstantOfShape", "Dropout", "Equal", "Flatten", "Gather",
    "Identity", "LabelEncoder", "Not", "OneHotEncoder", "Or", "Reshape", "Shape", "Slice", "Split", "Squeeze",
    "Transpose", "Unsqueeze", "Where", "Xor", "ZipMap",
}  # fmt: skip

CONTROL_FLOW = {"If", "Loop", "Scan", "SequenceMap"}


def attributes_of(op: str, translate: OnnxTranslator) -> tuple[str, ...]:
    """The names of the attributes that a translator knows."""
    parameters = inspect.signature(translate).parameters.values()
    return (*(p.name for p in parameters if p.kind is p.KEYWORD_ONLY), *TABLES.get(op, ()))
