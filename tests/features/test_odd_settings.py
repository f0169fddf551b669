"""Every setting of every definition, given what nobody would expect: a message, and no traceback of another kind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aops_indb import (
    Aggregation,
    DataSource,
    DType,
    Entity,
    FeatureService,
    FeatureView,
    Field,
    Model,
    OnDemandFeature,
    RequestSource,
    Split,
)  # fmt: skip
from aops_indb.errors import DefinitionError
from aops_indb.features.definitions import Definition

K = Entity(name="k", join_keys=["k"])
SOURCE = DataSource(name="s", table="t", timestamp_field="at")
X = Field(name="x", dtype=DType.Int64)
VIEW = FeatureView(name="view", entities=[K], source=SOURCE, schema=[X])
SERVICE = FeatureService(name="service", features=[VIEW])
PERIODS = {
    period: Split(start=f"2013-0{month}-01", end=f"2013-0{month + 1}-01")
    for month, period in enumerate(("train", "validation", "test"), 1)
}

# kind -> settings that are right
RIGHT: dict[type[Definition], dict[str, Any]] = {
    Entity: {"name": "e", "join_keys": ["k"], "tags": {"a": "b"}},
    DataSource: {"name": "d", "table": "t", "timestamp_field": "at", "created_timestamp_column": "c",
                 "valid_from": "at", "freshness": "2h"},
    Field: {"name": "f", "dtype": DType.Int64, "expr": "a"},
    Aggregation: {"function": "sum", "windows": ["7d"], "expr": "a", "offset": "1d", "where": "b", "name": "n"},
    FeatureView: {"name": "v", "entities": [K], "source": SOURCE, "schema": [X], "ttl": "3d", "filter": "a",
                  "version": 2},
    RequestSource: {"name": "r", "schema": [X]},
    OnDemandFeature: {"name": "o", "dtype": DType.Int64, "expr": "a", "inputs": ["v:a"]},
    FeatureService: {"name": "fs", "features": [VIEW]},
    Split: {"start": "2013-01-01", "end": "2013-02-01"},
    Model: {
        "name": "m", "service": SERVICE, "spine": "SELECT 1", "keys": ["k"], "target": "y", "candidates": {"a": dict},
        **PERIODS,
    },
}  # fmt: skip

# never right, for any setting
WRONG: dict[str, Any] = {
    "half a character": "a\ud800",
    "half characters, listed": ["\ud800"],
    "half characters, as keys": {"\ud800": "\ud800"},
    "no array": np.array([]),
    "an array": np.array([1, 2]),
    "a series": pd.Series([1, 2]),
    "a frame": pd.DataFrame({"a": [1]}),
    "numbers as keys": {1: 2},
    "a very long number": 10**5000,
    "very long numbers": [10**5000],
    "bytes": b"a",
    "bytes, listed": [b"a"],
    "no time": pd.NaT,
    "nothing known": pd.NA,
    "nothing known, listed": [pd.NA],
    "no number": float("nan"),
    "NUL": "a\0b",
    "parentheses": "(" * 3000 + "a" + ")" * 3000,
    "a query of parentheses": "SELECT " + "(" * 3000 + "a" + ")" * 3000,
    "lists in lists": [[[]]],
    "dicts in dicts": {"a": {1: 2}},
    "anything": object(),
}
# what some settings take, by name of the kind and setting, or of the setting alone
TAKEN = {
    ("description", "parentheses"), ("description", "a query of parentheses"), ("owner", "parentheses"),
    ("owner", "a query of parentheses"),
    # a table may have any name
    ("table", "parentheses"), ("table", "a query of parentheses"),
}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_for_each(kind: type[Definition], wrong: str) -> None:
    kind(**RIGHT[kind])
    for name, field in kind.model_fields.items():
        setting = field.alias or name
        if (setting, wrong) in TAKEN:
            continue
        with pytest.raises(DefinitionError) as raised:
            kind(**{**RIGHT[kind], setting: WRONG[wrong]})
        message = str(raised.value)
        assert message.startswith(f"{__file__}:")
        assert "\0" not in message
        assert len(message.encode()) < 1000


# what is given -> what is said of it
TOLD: list[tuple[type[Definition], dict[str, Any], str]] = [
    (Entity, {"description": "\ud800"}, "half a character in it, '\\ud800' (a lone surrogate): write the whole"),
    (Entity, {"name": b"e"}, "name must be text in quotes, not a bytes: write e.g. name="),
    (Entity, {"name": np.array([])}, "Entity: name must be text in quotes, not a ndarray"),
    (Entity, {"name": 10**5000}, "not a number of more than a hundred digits"),
    (Entity, {"\ud800": 1}, "unknown setting '\\ud800'"),
    (Model, {"service": {1: 2}}, "Model 'm': service must be made by FeatureService(…), and is a dict"),
    (Model, {"train": {1: 2}}, "Model 'm': train must be made by Split(…), and is a dict"),
    (Model, {"spine": "SELECT " + "(" * 3000}, "spine: 'SELECT ((((("),
    (Split, {"start": pd.NaT}, "start: a NaTType is no time: write a day or a moment"),
    (Split, {"start": "0001-01-01T00:00:00+14:00"}, "is no time"),
    (Aggregation, {"windows": ["٧d"]}, "'٧d' is no length of time"),
    (Aggregation, {"windows": ["36501d"]}, "windows[0]: '36501d' is too long: write at most 36500 days"),
    (Aggregation, {"windows": ["9" * 5000 + "d"]}, "is too long: write at most 36500 days"),
    (Aggregation, {"offset": "999999999d"}, "offset: '999999999d' is too long"),
    (Aggregation, {"offset": pd.Timedelta(days=40_000)}, "is too long: write at most 36500 days"),
    (FeatureView, {"ttl": "6000w"}, "ttl: '6000w' is too long"),
    (Aggregation, {"name": "n\0"}, "there must be no NUL"),
    (Aggregation, {"name": "n" * 100_000}, "cannot be a column name: 1 to 200 characters"),
    (Aggregation, {"name": "n" * 199}, "cannot be a column name: 1 to 200 characters"),
    (Aggregation, {"function": "x" * 100_000}, "xxx…: known are"),
    (OnDemandFeature, {"expr": "x" * 100_000}, "xxx…, which inputs do not list"),
    (Field, {"dtype": "x" * 100_000}, "unknown DType 'xxx"),
    (Entity, {"tags": {"x" * 100_000: 1}}, "xxx…] must be text in quotes, not 1"),
]


@pytest.mark.parametrize(("kind", "given", "expected"), TOLD, ids=[expected for _, _, expected in TOLD])
def test_what_is_said(kind: type[Definition], given: dict[str, Any], expected: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        kind(**{**RIGHT[kind], **given})
    assert expected in str(raised.value)
    assert len(str(raised.value).encode()) < 1000


def test_the_longest_windows() -> None:
    found = Aggregation(function="count", windows=["36500d"], offset="36500d")
    assert [window for _, window in found.features()] == [dt.timedelta(days=36500)]
