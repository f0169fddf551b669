"""What explain_support says; and the examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import aops_indb.scoring
from aops_indb.errors import UnknownNameError
from aops_indb.scoring import explain_support

FRAME = pd.DataFrame({"temp": [1.0, 2, 3, 4], "wind": [0.5, 1, 0, 1], "sky": ["a", "b", "b", "a"]})
Y = np.array([0, 1, 1, 0])


class Shifted(StandardScaler):  # type: ignore[misc]
    """A transformer of somebody's own."""


def model(*numeric: tuple[str, object]) -> Pipeline:
    """A pipeline whose numeric part has those steps."""
    prepare = ColumnTransformer([("num", Pipeline(list(numeric)), ["temp", "wind"]), ("cat", OneHotEncoder(), ["sky"])])
    return Pipeline([("prep", prepare), ("clf", LogisticRegression())]).fit(FRAME, Y)


SCALE = "Pipeline step 'prep' > ColumnTransformer step 'num' > Pipeline step 'scale'"


def test_a_model_with_a_sql_form() -> None:
    report = explain_support(model(("scale", StandardScaler())))
    assert report.supported
    assert report.outputs == ("label", "probability_0", "probability_1", "decision")
    assert str(report).splitlines() == [
        "Pipeline in duckdb: has a SQL form",
        f"  ok  {SCALE}: StandardScaler",
        "  ok  Pipeline step 'prep' > ColumnTransformer step 'cat': OneHotEncoder",
        "  ok  Pipeline step 'clf': LogisticRegression",
        "outputs: label, probability_0, probability_1, decision",
        "NULL where:",
        "  'num__temp' is missing (Pipeline step 'clf')",
        "  'num__wind' is missing (Pipeline step 'clf')",
        f"  'temp' is beyond 1e300 in size ({SCALE})",
        f"  'wind' is beyond 1e300 in size ({SCALE})",
        "  'sky' is an unknown category (Pipeline step 'prep' > ColumnTransformer step 'cat')",
    ]


def test_every_step_without_a_sql_form_is_named() -> None:
    total = FunctionTransformer(np.cumsum, feature_names_out="one-to-one")
    report = explain_support(model(("total", total), ("shift", Shifted())), "postgres")
    assert not report.supported
    problems = [step.problem for step in report.steps if step.problem]
    assert ["FunctionTransformer(func=cumsum)" in problems[0], "Shifted has no" in problems[1]] == [True, True]
    assert [step.estimator for step in report.steps if not step.problem] == ["OneHotEncoder", "LogisticRegression"]
    assert str(report).startswith("Pipeline in postgres: has no SQL form\n  no  Pipeline step 'prep' > ")


def test_a_final_step_without_a_sql_form() -> None:
    report = explain_support(Shifted().fit(FRAME[["temp"]]))
    assert not report.supported
    assert "outputs" not in str(report)


def test_an_unknown_dialect() -> None:
    with pytest.raises(UnknownNameError):
        explain_support(model(("scale", StandardScaler())), "access")


MODULES = sorted(m.name for m in pkgutil.walk_packages(aops_indb.scoring.__path__, "aops_indb.scoring."))


@pytest.mark.parametrize("name", ["aops_indb.scoring", *MODULES])
def test_examples_in_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_importing_the_package_imports_no_heavy_library() -> None:
    heavy = "{'sklearn', 'numpy', 'pandas', 'onnx', 'onnxruntime', 'skl2onnx'}"
    code = f"import sys, aops_indb.scoring; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
