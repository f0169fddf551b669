"""What skl2onnx needs to convert the boosting libraries: onnxmltools for LightGBM and XGBoost, CatBoost's own export.

None of these is complete: onnxmltools 1.16 forgets LightGBM's linear trees, CatBoost 1.2 that Poisson's scores are
logarithms. What matters to a model is told by the comparison with its library.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring.onnx_natives import (
    LightgbmNative,
    NativeBooster,
    XgboostNative,
    add_prediction,
    lightgbm_native,
    parse_native,
    set_native_shape,
    xgboost_native,
)
from aops_indb.scoring.read_boosting.lightgbm_inputs import MISSING_IS_ZERO
from aops_indb.scoring.read_boosting.lightgbm_text import read_text
from aops_indb.scoring.read_sklearn.translation import class_key

# The newest operator set of ai.onnx.ml that these converters write.
ML_OPSETS = {"ai.onnx.ml": 3}


@dataclass(frozen=True, slots=True)
class BoosterConverter:
    """How a library's models become ONNX.

    classifiers, regressors: names of the library's classes
    load:   the converter of skl2onnx's kind; ImportError if what it takes is not installed
    extra:  what to install for it; None if the library itself is enough
    native: what stands for boosters of the library's own interface
    """

    classifiers: tuple[str, ...]
    regressors: tuple[str, ...]
    load: Callable[[], Callable[..., None]]
    extra: str | None = None
    native: type[NativeBooster] | None = None


def as_converted(model: Any) -> Any:
    """The model as skl2onnx takes it: a booster of a library's own interface in the place of a fitted wrapper.

    Raises UnsupportedModelError for a booster of which nothing is known to convert it.

    >>> from sklearn.linear_model import LinearRegression
    >>> as_converted(LinearRegression())
    LinearRegression()
    """
    read = NATIVE_BOOSTERS.get(class_key(type(model)))
    return model if read is None else read(model)


def teach_skl2onnx(model: Any) -> bool:
    """Register the converters of the boosting libraries a model is of; False if it is of none.

    Raises UnsupportedModelError if the package that converts it is not installed.

    >>> from sklearn.linear_model import LinearRegression
    >>> teach_skl2onnx(LinearRegression())
    False
    """
    found = [library for library in BOOSTER_CONVERTERS if library in _libraries(model)]
    for library in found:
        _register(library, BOOSTER_CONVERTERS[library], type(model).__name__)
    return bool(found)


def _libraries(model: Any) -> set[str]:
    """The packages that a model and its steps are of."""
    parts = [model, *(model.get_params(deep=True).values() if hasattr(model, "get_params") else ())]
    return {type(part).__module__.split(".")[0] for part in parts}


def _register(library: str, converter: BoosterConverter, model: str) -> None:
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes,
        calculate_linear_regressor_output_shapes,
    )

    try:
        convert = converter.load()
    except ImportError as error:
        raise UnsupportedModelError(
            f"{model} has no ONNX form without {converter.extra} ({error}): "
            f"run  pip install 'aops-indb[{converter.extra}]'"
        ) from error
    module = sys.modules[library]
    for name in converter.classifiers:
        alias = f"{library}_{name}"
        update_registered_converter(
            getattr(module, name),
            alias,
            calculate_linear_classifier_output_shapes,
            convert,
            parser=_label_and_probabilities(alias),
            options={"zipmap": [False], "nocl": [True, False]},
        )
    for name in converter.regressors:
        update_registered_converter(
            getattr(module, name), f"{library}_{name}", calculate_linear_regressor_output_shapes, convert
        )
    if converter.native is not None:
        alias = f"{library}_Booster"
        update_registered_converter(
            converter.native, alias, set_native_shape, add_prediction(convert), parser=parse_native(alias)
        )


def _label_and_probabilities(alias: str) -> Callable[..., Any]:
    """A parser that gives a classifier two outputs; skl2onnx gives those one that are not of scikit-learn's classes."""
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType

    def parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:  # noqa: ARG001 (its names)
        operator = scope.declare_local_operator(alias, model)
        operator.inputs = inputs
        for name, kind in (("label", Int64TensorType()), ("probabilities", FloatTensorType())):
            operator.outputs.append(scope.declare_local_variable(name, kind))
        return operator.outputs

    return parse


def _lightgbm() -> Callable[..., None]:
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

    def convert(scope: Any, operator: Any, container: Any) -> None:
        """onnxmltools compares zeros as any number, which no row without one would tell."""
        trees = read_text(operator.raw_operator.booster_.model_to_string()).trees
        if any(decision >> 2 == MISSING_IS_ZERO for tree in trees for decision in tree.decision):
            raise UnsupportedModelError(
                "LightGBM with zero_as_missing=True has no ONNX form; use its SQL form instead, or give missing values "
                "as such."
            )
        convert_lightgbm(scope, operator, container)

    return convert


def _xgboost() -> Callable[..., None]:
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

    def convert(scope: Any, operator: Any, container: Any) -> None:
        """onnxmltools wants features by number, so it is given a copy that has forgotten their names."""
        operator.raw_operator = copy.deepcopy(operator.raw_operator)
        booster = operator.raw_operator.get_booster()
        kind = json.loads(booster.save_config())["learner"]["gradient_booster"]["name"]
        if kind != "gbtree":
            raise UnsupportedModelError(
                f"XGBoost with booster='{kind}' has no ONNX form; use its SQL form instead, or booster='gbtree'."
            )
        booster.feature_names = None
        convert_xgboost(scope, operator, container)

    return convert


def _catboost() -> Callable[..., None]:
    from catboost.utils import convert_to_onnx_object

    def convert(scope: Any, operator: Any, container: Any) -> None:  # noqa: ARG001 (its names)
        """CatBoost's own graph, less the map that its probabilities end in, as a part of another."""
        import onnx

        graph = convert_to_onnx_object(operator.raw_operator).graph
        if len(graph.output) != len(operator.outputs):
            raise UnsupportedModelError(
                "CatBoost of classes predicts sums, which its ONNX form lacks; use its SQL form instead, or "
                "CatBoostClassifier."
            )
        names = {graph.input[0].name: operator.inputs[0].full_name}
        for wanted, given in zip(operator.outputs, graph.output, strict=True):
            makes = next(node for node in graph.node if given.name in node.output)
            names[makes.input[0] if makes.op_type == "ZipMap" else given.name] = wanted.full_name
        for node in graph.node:
            if node.op_type != "ZipMap":
                attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
                inputs, outputs = ([names[name] for name in part] for part in (node.input, node.output))
                container.add_node(node.op_type, inputs, outputs, op_domain=node.domain, **attributes)

    return convert


BOOSTER_CONVERTERS: dict[str, BoosterConverter] = {
    "lightgbm": BoosterConverter(
        ("LGBMClassifier",), ("LGBMRegressor", "LGBMRanker"), _lightgbm, "onnxmltools", LightgbmNative
    ),
    "xgboost": BoosterConverter(
        ("XGBClassifier", "XGBRFClassifier"),
        ("XGBRegressor", "XGBRFRegressor", "XGBRanker"),
        _xgboost,
        "onnxmltools",
        XgboostNative,
    ),
    "catboost": BoosterConverter(
        ("CatBoostClassifier",), ("CatBoost", "CatBoostRegressor", "CatBoostRanker"), _catboost
    ),
}

NATIVE_BOOSTERS: dict[str, Callable[[Any], NativeBooster]] = {
    "lightgbm.basic.Booster": lightgbm_native,
    "xgboost.core.Booster": xgboost_native,
}
