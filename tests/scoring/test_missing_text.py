"""Text with None or NaN in the place of NULL, as scikit-learn's imputers tell them apart."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from aops_indb import to_sql
from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring import explain_support

ASKED = ["a", None, "b", "c"]
STRATEGIES = [{"strategy": "most_frequent"}, {"strategy": "constant"}, {"strategy": "constant", "fill_value": "?"}]


def of(values: list[Any], missing: Any) -> pd.DataFrame:
    """A column of objects, with a marker in the place of None."""
    return pd.DataFrame({"x": pd.Series([missing if value is None else value for value in values], dtype=object)})


def in_sql(model: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE texts (id INTEGER, x VARCHAR)")
        connection.executemany("INSERT INTO texts VALUES (?, ?)", list(enumerate(ASKED)))
        return [row[1:] for row in connection.sql(to_sql(model, source="texts", keys=["id"])).order("id").fetchall()]


@pytest.mark.parametrize("options", STRATEGIES, ids=lambda options: options.get("fill_value", options["strategy"]))
@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=repr)
@pytest.mark.parametrize("indicator", [False, True])
def test_null_is_what_the_imputer_fills(missing: Any, options: dict[str, Any], indicator: bool) -> None:
    imputer = SimpleImputer(missing_values=missing, add_indicator=indicator, **options)
    imputer.fit(of(["a", "a", "b", None], missing))
    wanted = imputer.transform(of(ASKED, missing)).tolist()
    assert isinstance(wanted[1][0], str)
    assert in_sql(imputer) == [tuple(row) for row in wanted]


def test_null_is_no_none_to_an_imputer_of_nan() -> None:
    model = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False))
    model.fit(of(["a", "a", "b", "c", None], None))
    assert list(model[-1].categories_[0]) == ["a", "b", "c", None]
    # the library keeps None, and fills NaN
    assert model.transform(of(ASKED, None)).tolist()[1] == [0, 0, 0, 1]
    assert in_sql(model) == [tuple(row) for row in model.transform(of(ASKED, np.nan)).tolist()]


@pytest.mark.parametrize("keep", [False, True])
def test_an_imputer_that_fills_in_none_is_refused(keep: bool) -> None:
    imputer = SimpleImputer(strategy="most_frequent", keep_empty_features=keep).fit(of(["a", None, None], None))
    assert imputer.transform(of(["a", None], np.nan)).tolist() == [["a"], [None]]
    told = r"SimpleImputer\(missing_values=nan\) that fills 'x' with None.* fit it with missing_values=None"
    with pytest.raises(UnsupportedModelError, match=told):
        to_sql(imputer, source="texts")
    assert not explain_support(imputer).supported
