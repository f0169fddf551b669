"""ONNX models: what is refused and in which words, what columns are asked for, what the outputs are called."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import skl2onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from aops_indb.errors import AopsError, ModelError, ModelInputError
from aops_indb.errors import UnsupportedModelError as Unsupported
from aops_indb.scoring import explain_support, to_sql, translate
from aops_indb.scoring.read_onnx import load_onnx

UNARY = ["Abs", "Ceil", "Exp", "Floor", "Log", "Relu", "Round", "Sigmoid", "Sign", "Sqrt"]
X = np.arange(24, dtype=np.float32).reshape(12, 2)
Y = np.arange(12) % 3
LABELS = {"label", "probability_0", "probability_1", "probability_2"}


def model(
    *nodes: Any, shape: tuple[Any, ...] = (None, 3), kind: int = TensorProto.FLOAT, opset: int = 21,
    constants: dict[str, Any] | None = None,
) -> ModelProto:  # fmt: skip
    """A model of the nodes from x to y."""
    stored = [numpy_helper.from_array(np.asarray(v, dtype=np.float32), k) for k, v in (constants or {}).items()]
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_empty_tensor_value_info("y")],
        stored,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    )


def op(op_type: str, *inputs: str, **attributes: Any) -> Any:
    """A node named `here`."""
    return helper.make_node(op_type, list(inputs or ["x"]), ["y"], name="here", **attributes)


def machine(**attributes: Any) -> Any:
    """A support vector machine of two classes with three coefficients."""
    fixed: dict[str, Any] = {"coefficients": [1.0, 2.0, 3.0], "rho": [0.0], "classlabels_ints": [0, 1]}
    return helper.make_node("SVMClassifier", ["x"], ["y", "z"], name="here", domain="ai.onnx.ml", **fixed, **attributes)


def external() -> ModelProto:
    """A model whose weights are in a file beside it."""
    made = model(op("MatMul", "x", "w"), constants={"w": np.ones((3, 1))})
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return made


def branching() -> ModelProto:
    """A model with an If."""
    body = helper.make_graph([], "body", [], [helper.make_empty_tensor_value_info("x")])
    return model(helper.make_node("If", ["x"], ["y"], name="here", then_branch=body, else_branch=body))


REFUSALS: dict[str, tuple[Callable[[], Any], type[AopsError], str]] = {
    "an unknown operator": (
        lambda: model(op("Conv", "x", "w"), constants={"w": np.ones((1, 1, 1))}),
        Unsupported,
        r"^node 'here' \(Conv\): operator Conv has no SQL form; known are ",
    ),
    "the closest operators": (
        lambda: model(op("Softsign")),
        Unsupported,
        r"Softsign has no SQL form; known are Sign, Softplus, Softmax",
    ),
    "a domain of one's own": (
        lambda: model(op("Gelu", domain="com.microsoft")),
        Unsupported,
        r"operator Gelu of domain 'com\.microsoft' .*; known are those of ai\.onnx and ai\.onnx\.ml",
    ),
    "control flow": (branching, Unsupported, r"node 'here' \(If\): control flow by If .*; export the model without it"),
    "an unknown attribute": (
        lambda: model(op("LeakyRelu", alpha=0.1, beta=2.0)),
        Unsupported,
        r"node 'here' \(LeakyRelu\): LeakyRelu with attribute 'beta' has no SQL form; known are alpha",
    ),
    "an attribute's value": (
        lambda: model(op("LinearRegressor", domain="ai.onnx.ml", coefficients=[1.0, 1, 1], post_transform="PROBIT")),
        Unsupported,
        r"LinearRegressor\(post_transform='PROBIT'\) has no SQL form; known is 'NONE'",
    ),
    "support vectors that do not fit": (
        lambda: model(machine(vectors_per_class=[1, 1], support_vectors=[0.0] * 6, kernel_type="RBF")),
        Unsupported,
        r"SVMClassifier of 2 classes with 2 support vectors, 3 coefficients, 1 rho and 0 prob_a has no SQL form; fix",
    ),
    "weights that do not fit": (
        lambda: model(machine()),
        Unsupported,
        r"SVMClassifier of 3 features, 2 labels and 3 coefficients has no SQL form; fix the model",
    ),
    "a kernel": (
        lambda: model(machine(vectors_per_class=[2, 1], support_vectors=[0.0] * 9, kernel_type="CHI2")),
        Unsupported,
        r"SVMClassifier\(kernel_type='CHI2'\) has no SQL form; known is LINEAR, RBF, POLY, SIGMOID",
    ),
    "half a sigmoid": (
        lambda: model(machine(prob_a=[1.0])),
        Unsupported,
        r"SVMClassifier with 2 labels, 1 prob_a and 0 prob_b has no SQL form; give two labels or more",
    ),
    "an old opset": (
        lambda: model(op("Softmax"), opset=11),
        Unsupported,
        r"node 'here' \(Softmax\): Softmax of opset 11 .*; convert the model with onnx\.version_converter",
    ),
    "an opset of the future": (lambda: model(op("Relu"), opset=99), Unsupported, r"opset 99 of ai\.onnx .*; known are"),
    "a whole number no double holds": (
        lambda: model(
            helper.make_node("Constant", [], ["c"], value_ints=[2**60 + 1]), op("Add", "x", "c"), kind=TensorProto.INT64
        ),
        Unsupported,
        r"node 'here' \(Add\): Add with a whole number beyond 2\*\*53 has no SQL form",
    ),
    "a tree that bites its tail": (
        lambda: model(
            op(
                "TreeEnsembleRegressor",
                domain="ai.onnx.ml",
                n_targets=1,
                nodes_treeids=[0, 0],
                nodes_nodeids=[0, 1],
                nodes_featureids=[0, 0],
                nodes_values=[0.1, 0.2],
                nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ"],
                nodes_truenodeids=[1, 0],
                nodes_falsenodeids=[1, 0],
            )
        ),
        Unsupported,
        r"TreeEnsembleRegressor whose splits make no trees has no SQL form",
    ),
    "a very old opset": (
        lambda: model(op("Add", "x", "x"), opset=6),
        Unsupported,
        r"Add of opset 6 .*; convert the model",
    ),
    "an axis of unknown length": (
        lambda: model(op("Relu"), shape=(None, None)),
        Unsupported,
        r"input 'x': shape \('\?', '\?'\) has no SQL form; export it with fixed lengths behind the rows",
    ),
    "an element type": (
        lambda: model(op("Relu"), kind=TensorProto.FLOAT16),
        Unsupported,
        r"input 'x': element type 10 has no SQL form; known are bool, float32",
    ),
    "rows that mix": (lambda: model(op("Softmax", axis=0)), Unsupported, r"Softmax on the axis of the rows has no SQL"),
    "a shape that mixes rows": (
        lambda: model(helper.make_node("Constant", [], ["s"], value_ints=[-1, 2]), op("Reshape", "x", "s")),
        Unsupported,
        r"Reshape of rows of shape \(3,\) to \(-1, 2\) .*; known are shapes \(-1, …\) that leave each row",
    ),
    "a second factor that is no constant": (
        lambda: model(op("MatMul", "x", "x")),
        Unsupported,
        r"node 'here' \(MatMul\): MatMul with a second factor that depends on the row .*; give it as a constant",
    ),
    "text where numbers are": (
        lambda: model(op("Relu"), kind=TensorProto.STRING),
        Unsupported,
        r"node 'here' \(Relu\): Relu of text has no SQL form; it takes numbers",
    ),
    "weights in another file": (
        external,
        ModelError,
        r"initializer 'w' is kept in a file beside the model; load it with onnx\.load\(path\)",
    ),
    "an input nobody makes": (
        lambda: model(op("Add", "x", "z")),
        ModelError,
        r"node 'here' \(Add\): nothing makes its input 'z'",
    ),
    "an input too few": (
        lambda: model(op("Where", "x")),
        ModelError,
        r"node 'here' \(Where\): its inputs or attributes are not those of Where",
    ),
    "no inputs": (
        lambda: helper.make_model(helper.make_graph([], "g", [], [])),
        Unsupported,
        r"an ONNX model without inputs has no SQL form",
    ),
}


def test_an_output_without_sql_form_is_reported_and_not_raised() -> None:
    report = explain_support(model(op("Softsign")))
    assert not report.supported
    assert "node 'here' (Softsign)" in str(report)


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_damaged_bytes_are_named_so(kept: int) -> None:
    content = model(op("Relu")).SerializeToString()
    with pytest.raises(ModelError, match=r"the ONNX model cannot be read: its bytes are damaged or cut off"):
        load_onnx(content[:kept])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"the ONNX model cannot be read: .*none\.onnx"):
        load_onnx(tmp_path / "none.onnx")


def test_a_model_is_read_from_a_file(tmp_path: Path) -> None:
    onnx.save(model(op("Relu")), tmp_path / "m.onnx")
    assert translate(load_onnx(tmp_path / "m.onnx")).inputs == ("x_0", "x_1", "x_2")


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_classifier_has_a_label_and_probabilities(zipmap: bool) -> None:
    fitted = LogisticRegression().fit(X, Y)
    exported = to_onnx(fitted, X[:1], options={id(fitted): {"zipmap": zipmap}})
    graph = translate(exported)
    assert set(graph.output_names) == LABELS
    assert graph.inputs == ("X_0", "X_1")


def test_inputs_can_be_given_other_columns() -> None:
    made = model(op("Relu"))
    assert translate(made, ["a", "b", "c"]).inputs == ("a", "b", "c")
    with pytest.raises(ModelInputError, match=r"ModelProto takes 3 inputs, got 1: a\. It was fitted on: x_0, x_1, x_2"):
        translate(made, ["a"])


def test_outputs_have_their_own_names() -> None:
    assert translate(model(op("Relu"))).output_names == ("y_0", "y_1", "y_2")
    assert translate(model(op("Relu"), shape=(None, 1))).output_names == ("y",)


def test_missing_text_gets_no_score() -> None:
    encoder = op("LabelEncoder", domain="ai.onnx.ml", keys_strings=["a"], values_floats=[1.0])
    sql = to_sql(model(encoder, kind=TensorProto.STRING, shape=(None, 1)), source="t")
    assert "-- NULL where 'x' is missing (input 'x' of text)" in sql


def test_features_of_trees_are_not_rounded() -> None:
    stump = op(
        "TreeEnsembleRegressor", domain="ai.onnx.ml", n_targets=1, nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0], nodes_values=[0.1, 0.0, 0.0], nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0], target_treeids=[0, 0], target_nodeids=[1, 2],
        target_ids=[0, 0], target_weights=[1.0, 2.0],
    )  # fmt: skip
    sql = to_sql(model(stump), source="t", dialect="duckdb")
    assert sql.count('CAST("x_0"') == 1
    assert "1.000000052154064" in sql  # 0.1 as float32, and half of a step


def test_the_comment_says_what_exported_the_model_and_of_which_operators_it_is() -> None:
    fitted = LogisticRegression().fit(X, Y)
    exported = to_onnx(fitted, X[:1], name="risk\n of churn", options={id(fitted): {"zipmap": False}})
    first = to_sql(exported, source="t", keys="id").splitlines()[0]
    told = (
        f"-- ONNX model 'risk of churn' by skl2onnx {skl2onnx.__version__} (LinearClassifier, Normalizer), read with "
    )
    assert first.startswith(told), first
    many = model(*(helper.make_node(name, ["x"], [name]) for name in UNARY), op("Neg"))
    first = to_sql(many, source="t", keys="id").splitlines()[0]
    assert re.match(rf"-- ONNX model 'g' \({', '.join(UNARY[:8])}, …\), read with onnx ", first), first
