"""The table of models, scored by its library and by its SQL in engines that take long to start: Spark and ClickHouse.

`make test` runs a selection on Spark: the first model of each kind, as models are named: "forest", and not
"forest, weighted". `make test-long` runs the others, and all in ClickHouse.
"""

from __future__ import annotations

from typing import Any

import pytest

from .models import MODELS
from .spark import COMPILED, SETTINGS, session
from .test_parity import case, compare
from .warehouses import SLOW_TO_START


def first_of_each_kind() -> list[str]:
    """The names of the models that are always run."""
    kinds: dict[str, str] = {}
    for name in MODELS:
        kinds.setdefault(name.split(",")[0], name)
    return list(kinds.values())


ALWAYS = {"spark"}
# Queries joined to each row one after the other, which took Spark minutes.
TAKES_MINUTES = {"knn imputer"}
CHOSEN = first_of_each_kind()


def chosen_or_long(name: str, dialect: str) -> Any:
    """A model in an engine, left to `make test-long` unless it is chosen."""
    always = dialect in ALWAYS and name in CHOSEN and name not in TAKES_MINUTES
    return case(name, dialect, *(() if always else (pytest.mark.long,)))


@pytest.mark.parametrize(
    ("name", "dialect"), [chosen_or_long(name, dialect) for name in MODELS for dialect in SLOW_TO_START]
)
def test_the_warehouse_says_what_the_library_says(name: str, dialect: str) -> None:
    compare(name, dialect)


@pytest.mark.parametrize(
    "name",
    ["standard", "one-hot", "logistic, three classes", "perceptron", "forest", "histogram, gaps", "xgboost", "svc"],
)
def test_compiled_as_spark_does_by_default(name: str) -> None:
    conf = session().conf
    for option, value in COMPILED.items():
        conf.set(option, value)
    try:
        compare(name, "spark")
    finally:
        for option in COMPILED:
            conf.set(option, SETTINGS[option])


def test_the_selection_has_every_kind_of_model() -> None:
    assert {name.split(",")[0] for name in CHOSEN} == {name.split(",")[0] for name in MODELS}
    assert set(CHOSEN) <= set(MODELS)
