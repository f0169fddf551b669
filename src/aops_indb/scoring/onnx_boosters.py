"""What skl2onnx needs to convert the boosting libraries: onnxmltools for LightGBM and XGBoost, CatBoost's own export.

None of these is complete: onnxmltools 1.16 forgets LightGBM's linear trees, CatBoost 1.2 that Poisson's scores are
logarithms. What matters to a model is told by the comparison with its library.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aops_indb.errors import UnsupportedModelError

# The newest operator set of ai.onnx.ml that these converters write.
ML_OPSETS = {"ai.onnx.ml": 3}


@dataclass(frozen=True, slots=True)
class BoosterConverter:
    """How a library's models become ONNX.

    classifiers, regressors: names of the library's classes
    load:  the converter of skl2onnx's kind; ImportError if what it takes is not installed
    extra: what to install for it; None if the library itself is enough
    """

    classifiers: tuple[str, ...]
    regressors: tuple[str, ...]
    load: Callable[[], Callable[..., None]]
    extra: str | None = None


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

    converter: Callable[..., None] = convert_lightgbm
    return converter


def _xgboost() -> Callable[..., None]:
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

    def convert(scope: Any, operator: Any, container: Any) -> None:
        """onnxmltools wants features by number, so it is given a copy that has forgotten their names."""
        operator.raw_operator = copy.deepcopy(operator.raw_operator)
        operator.raw_operator.get_booster().feature_names = None
        convert_xgboost(scope, operator, container)

    return convert


def _catboost() -> Callable[..., None]:
    from catboost.utils import convert_to_onnx_object

    def convert(scope: Any, operator: Any, container: Any) -> None:  # noqa: ARG001 (its names)
        """CatBoost's own graph, less the map that its probabilities end in, as a part of another."""
        import onnx

        graph = convert_to_onnx_object(operator.raw_operator).graph
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
    "lightgbm": BoosterConverter(("LGBMClassifier",), ("LGBMRegressor", "LGBMRanker"), _lightgbm, "onnxmltools"),
    "xgboost": BoosterConverter(
        ("XGBClassifier", "XGBRFClassifier"), ("XGBRegressor", "XGBRFRegressor", "XGBRanker"), _xgboost, "onnxmltools"
    ),
    "catboost": BoosterConverter(("CatBoostClassifier",), ("CatBoostRegressor", "CatBoostRanker"), _catboost),
}
