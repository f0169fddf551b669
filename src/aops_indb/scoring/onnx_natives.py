"""Boosters of LightGBM's and XGBoost's own interface, as onnxmltools takes the wrappers that scikit-learn's are.

Such a booster predicts one table: for two classes the probability of the second, for several those of all, for rows to
rank or to estimate a number. onnxmltools has labels and two columns for two classes, of which `add_prediction` takes
what the booster gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from aops_indb.errors import UnsupportedModelError


@dataclass(frozen=True, slots=True)
class NativeBooster:
    """What the converters read of a fitted wrapper, under the names that it has there.

    answer: which of the converter's outputs the booster's predict is, one of ANSWERS
    size:   the number of its targets or classes; of two it is 1
    """

    booster_: Any
    objective: str
    answer: str
    size: int
    boosting_type: str = "gbdt"

    @property
    def width(self) -> int:
        """The number of columns that it predicts."""
        return self.size if self.answer in ("number", "all") else 1

    @property
    def classes_(self) -> Any:
        """The classes, which a booster knows by number alone."""
        import numpy as np

        return np.arange(max(self.size, 2))

    @property
    def operator_name(self) -> str:
        """What tells onnxmltools a classifier of XGBoost."""
        return "XGBRegressor" if self.answer == "number" else "XGBClassifier"

    @property
    def kwargs(self) -> dict[str, Any]:
        """The settings; that there are some tells onnxmltools to ask `get_xgb_params`."""
        return {"objective": self.objective}

    def get_xgb_params(self) -> dict[str, Any]:
        """The settings."""
        return self.kwargs

    def get_booster(self) -> Any:
        """The booster."""
        return self.booster_

    def __sklearn_tags__(self) -> Any:
        """As skl2onnx asks of the last step of a pipeline."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))


class LightgbmNative(NativeBooster):
    """Of LightGBM."""

    __slots__ = ()


class XgboostNative(NativeBooster):
    """Of XGBoost."""

    __slots__ = ()


def lightgbm_native(booster: Any) -> LightgbmNative:
    """A booster of LightGBM, up to the iteration that it predicts with."""
    best = lightgbm_best(booster)
    read = best.dump_model(num_iteration=1)
    objective = str(read.get("objective", "")).split(" ")[0]
    if not objective:
        raise UnsupportedModelError(
            "Booster with an objective of one's own has no ONNX form; use its SQL form instead."
        )
    size = int(read["num_tree_per_iteration"])
    answer = "number" if not objective.startswith(("binary", "multiclass")) else "second" if size == 1 else "all"
    return LightgbmNative(best, objective, answer, size, "rf" if read.get("average_output") else "gbdt")


def lightgbm_best(booster: Any) -> Any:
    """A copy without the trees after the best iteration, over which onnxmltools stumbles."""
    from lightgbm import Booster

    return Booster(model_str=booster.model_to_string())


def xgboost_native(booster: Any) -> XgboostNative:
    """A booster of XGBoost; unlike the wrappers it predicts with all of its trees."""
    learner = json.loads(booster.save_config())["learner"]
    objective, sizes = str(learner["objective"]["name"]), learner["learner_model_param"]
    size = max(int(sizes["num_class"]), int(sizes.get("num_target", 1)), 1)
    return XgboostNative(booster, objective, _XGBOOST_ANSWERS.get(objective, "number"), size)


_XGBOOST_ANSWERS = {
    "binary:hinge": "second",
    "binary:logistic": "second",
    "multi:softmax": "label",
    "multi:softprob": "all",
    "reg:logistic": "second",
}


# ── as skl2onnx takes them ─────────────────────────────────────────────────────────────────────────────


def parse_native(alias: str) -> Callable[..., Any]:
    """A parser that gives a booster one output."""
    from skl2onnx.common.data_types import FloatTensorType

    def parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:  # noqa: ARG001 (its names)
        operator = scope.declare_local_operator(alias, model)
        operator.inputs = inputs
        operator.outputs.append(scope.declare_local_variable("prediction", FloatTensorType()))
        return operator.outputs

    return parse


def set_native_shape(operator: Any) -> None:
    """Say how wide the output of a booster is."""
    from skl2onnx.common.data_types import FloatTensorType

    operator.outputs[0].type = FloatTensorType([None, operator.raw_operator.width])


def add_prediction(convert: Callable[..., None]) -> Callable[..., None]:
    """A converter of wrappers as one of boosters."""

    def converted(scope: Any, operator: Any, container: Any) -> None:
        answer, wanted = ANSWERS[operator.raw_operator.answer], operator.outputs[0].full_name
        names = [scope.get_unique_variable_name(name) for name in answer.makes]
        inner = SimpleNamespace(
            raw_operator=operator.raw_operator,
            full_name=operator.full_name,
            inputs=operator.inputs,
            input_full_names=operator.input_full_names,
            outputs=[SimpleNamespace(full_name=name) for name in names],
            output_full_names=names,
        )
        convert(scope, inner, container)
        answer.take(scope, container, names, wanted)

    return converted


@dataclass(frozen=True, slots=True)
class Answer:
    """What the converter of a wrapper makes, and how the booster's prediction is taken of it."""

    makes: tuple[str, ...]
    take: Callable[[Any, Any, list[str], str], None]


def _last(scope: Any, container: Any, names: list[str], wanted: str) -> None:  # noqa: ARG001 (as Answer has it)
    container.add_node("Identity", [names[-1]], [wanted])


def _second(scope: Any, container: Any, names: list[str], wanted: str) -> None:
    from onnx import TensorProto

    place = scope.get_unique_variable_name("second")
    container.add_initializer(place, TensorProto.INT64, [1], [1])
    container.add_node("ArrayFeatureExtractor", [names[-1], place], [wanted], op_domain="ai.onnx.ml")


def _label(scope: Any, container: Any, names: list[str], wanted: str) -> None:
    from onnx import TensorProto

    number, shape = scope.get_unique_variable_name("number"), scope.get_unique_variable_name("shape")
    container.add_initializer(shape, TensorProto.INT64, [2], [-1, 1])
    container.add_node("Cast", [names[0]], [number], to=TensorProto.FLOAT)
    container.add_node("Reshape", [number, shape], [wanted])


ANSWERS: dict[str, Answer] = {
    "number": Answer(("prediction",), _last),
    "all": Answer(("label", "probabilities"), _last),
    "second": Answer(("label", "probabilities"), _second),
    "label": Answer(("label", "probabilities"), _label),
}
