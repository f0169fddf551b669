"""The conformance data that the onnx package ships for the operators that have a SQL form, each through DuckDB."""

from __future__ import annotations

import pytest

from aops_indb.scoring.read_onnx import OPS

from .onnx_shipped import REASONS, outcome, shipped

# Operators nothing is shipped for; tests/parity/test_onnx.py compares them with ONNX Runtime.
NOT_SHIPPED = {
    "FeatureVectorizer", "Imputer", "LinearClassifier", "LinearRegressor", "Normalizer", "OneHotEncoder",
    "SVMClassifier", "SVMRegressor", "Scaler", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "ZipMap",
}  # fmt: skip
# Operators whose shipped tests are all refused: shapes, which are no output of rows.
ONLY_REFUSED = {"ConstantOfShape", "Shape"}


@pytest.mark.parametrize("op", sorted({op for _, op in OPS} - NOT_SHIPPED))
def test_an_operator_does_what_its_shipped_tests_ask_for(op: str) -> None:
    agreeing = _agreeing(op)
    assert bool(agreeing) != (op in ONLY_REFUSED), f"{op}: {agreeing}"


def test_operators_made_of_others_do_too() -> None:
    assert len(_agreeing("")) > 60


def test_the_lists_of_this_file_are_up_to_date() -> None:
    known = {op for _, op in OPS}
    assert known >= NOT_SHIPPED
    assert not NOT_SHIPPED & set(shipped())


def _agreeing(op: str) -> list[str]:
    """The tests of an operator that hold; an assertion fails for any that is neither right nor refused for a reason."""
    found = [outcome(test) for test in shipped()[op]]
    assert not [each for each in found if each.differing]
    assert {each.refused for each in found} <= {"", *REASONS}
    return [each.name for each in found if not each.refused]
