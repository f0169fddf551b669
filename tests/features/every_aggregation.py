"""Definitions of every aggregation, over every kind of window, and numbers that they are of."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from aops_indb import Aggregation, FeatureView
from aops_indb.features.aggregations import AGGREGATIONS

from . import oracle_reductions
from .examples import START, events, events_written_later, pair, single, window

# function -> what it is of, and its own settings
OF: dict[str, dict[str, Any]] = {
    "count": {},
    "rate": {"expr": "n >= 3"},
    "max": {"column": "label"},
    "count_distinct": {"column": "label"},
    "approx_count_distinct": {"column": "x"},
    "quantile": {"column": "x", "q": 0.3},
    "mode": {"column": "label"},
    "last_n": {"column": "label", "n": 3},
    "time_since": {"column": "n"},
    "slope": {"column": "x"},
    "decayed_sum": {"column": "x", "half_life": "5h"},
    "decayed_count": {"half_life": "1d"},
}


def of(function: str, name: str, windows: list[str], **more: Any) -> Aggregation:
    of_what = OF.get(function, {"column": "n"})
    return Aggregation(function=function, name=f"{function}_{name}", windows=windows, **{**of_what, **more})


plain = FeatureView(
    name="plain",
    entities=[pair],
    source=events,
    aggregations=[
        *(of(function, "plain", ["6h", "lifetime"]) for function in AGGREGATIONS),
        *(of(function, "ago", ["6h"], offset="1h", where="flag") for function in AGGREGATIONS),
        Aggregation(function="quantile", column="price", q=1, windows=["1d"], name="highest"),
        Aggregation(function="quantile", column="price", q=0.5, windows=["1d"], name="median"),
        Aggregation(function="last", column="at", windows=["1d"]),
        Aggregation(function="last_n", column="x", n=1, windows=["1d"], name="just_last"),
        Aggregation(function="variance", column="price", windows=["1d"]),
        Aggregation(function="time_since", windows=["lifetime"], where="n >= 3"),
    ],
)

since = FeatureView(
    name="since",
    entities=[single],
    source=events,
    filter="label <> 'a' OR flag",
    aggregations=[
        *(of(function, "since", ["6h", "lifetime"], since="n >= 3") for function in AGGREGATIONS),
        *(of(function, "ago", ["lifetime"], offset="6h", since="flag", where="n >= 3") for function in AGGREGATIONS),
        Aggregation(function="sum", column="x", windows=["lifetime"], name="total_since", since="flag"),
        Aggregation(function="sum", column="x", windows=["lifetime"]),
        Aggregation(function="count", windows=["lifetime"]),
    ],
)


def written_later(view: FeatureView, name: str) -> FeatureView:
    return view.model_copy(update={"name": name, "source": events_written_later})


plain_late, since_late = written_later(plain, "plain_late"), written_later(since, "since_late")

VIEWS = [plain, since, plain_late, since_late]
NAMES = [view.name for view in VIEWS]

# ── numbers of any size ────────────────────────────────────────────────────────────────────────────────

SECONDS = [0, 1, 1, 60, 3599, 0.000001]
MIXED = st.one_of(
    st.floats(-1e300, 1e300),
    st.sampled_from([0.1, 0.2, 0.3, 1e16, 1e16 + 2, 1.0, 1.0 + 2**-52, -7.25, 0.0, 5e-324, 1e-300, 1e150, 1.7e308]),
    st.integers(10**12, 10**12 + 9).map(lambda v: v / 3),
)
GROUPS = st.lists(
    st.one_of(
        st.lists(MIXED, max_size=8),
        st.tuples(MIXED, st.lists(st.integers(-4, 4), max_size=8)).map(
            lambda base: [base[0] + step * math.ulp(base[0]) for step in base[1]]
        ),
    ),
    min_size=1,
    max_size=40,
)

numeric = FeatureView(
    **{
        **window(),
        "aggregations": [
            Aggregation(function="variance", column="v", windows=["1d"], name="variance"),
            Aggregation(function="stddev", column="v", windows=["1d"], name="stddev"),
            Aggregation(function="slope", column="v", windows=["1d"], name="slope"),
            Aggregation(function="quantile", column="v", q=0.7, windows=["1d"], name="quantile"),
            Aggregation(function="decayed_sum", column="v", half_life="20m", windows=["1d"], name="decayed"),
        ],
    }
)
LARGEST_DOUBLE = Fraction(math.ldexp(1 - 2.0**-53, 1024))
SMALLEST_NORMAL = Fraction(1, 2**1022)


def kept_of(group: Sequence[float]) -> list[oracle_reductions.Kept]:
    """Values of one key at SECONDS, as the oracle reduces them."""
    times = [START + dt.timedelta(seconds=SECONDS[i % len(SECONDS)]) for i in range(len(group))]
    return [oracle_reductions.Kept(at, at, v) for at, v in zip(times, group, strict=True)]


def agrees(found: float | None, expected: oracle_reductions.Within | None) -> bool:
    """Whether a number is within its bound, or infinite where the exact one leaves the range of a double."""
    if expected is None or found is None:
        return found is None and expected is None
    if abs(expected.exact) > LARGEST_DOUBLE:
        return math.isinf(found)
    return replace(expected, allowed=expected.allowed + SMALLEST_NORMAL) == found
