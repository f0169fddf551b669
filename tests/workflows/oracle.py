"""The shop's features computed with pandas, row by row, from what their definitions say."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from .shop import order_rows, profile_rows

FEATURES = [
    "orders_7d", "orders_28d", "mean_amount_28d", "returned_28d",
    "segment", "credit",
    "amount_ratio",
]  # fmt: skip

# How long a profile holds, a window lasts, and the delay of `returned`.
TTL, DAY, WEEK, MONTH = (pd.Timedelta(days=n) for n in (60, 1, 7, 28))


def features_at(customer: Any, at: Any, amount: Any = None) -> dict[str, Any]:
    """Every feature of one row of a spine; of a NULL key or time nothing is known."""
    if pd.isna(customer) or pd.isna(at):
        return dict.fromkeys(FEATURES)
    orders = _orders_of(int(customer))
    placed = orders["placed_at"]
    amounts = orders.loc[(placed > at - MONTH) & (placed <= at), "amount"].dropna()
    returned = orders.loc[(placed > at - DAY - MONTH) & (placed <= at - DAY), "returned"].dropna()
    mean = amounts.mean() if len(amounts) else None
    return {
        "orders_7d": int(((placed > at - WEEK) & (placed <= at)).sum()),
        "orders_28d": int(((placed > at - MONTH) & (placed <= at)).sum()),
        "mean_amount_28d": mean,
        "returned_28d": returned.astype(float).mean() if len(returned) else None,
        **_profile_at(customer, at),
        "amount_ratio": None if mean is None or pd.isna(amount) else amount / mean,
    }


@cache
def _orders_of(customer: int) -> pd.DataFrame:
    orders = order_rows()
    return orders[(orders["customer_id"] == customer) & (orders["status"] != "test")]


@cache
def _profiles_of(customer: int) -> pd.DataFrame:
    profiles = profile_rows()
    profiles = profiles.assign(known_at=profiles[["valid_from", "written_at"]].max(axis=1))
    return profiles[profiles["customer_id"] == customer].sort_values("valid_from")


def _profile_at(customer: Any, at: Any) -> dict[str, Any]:
    profiles = _profiles_of(int(customer))
    profiles = profiles[profiles["known_at"] <= at]
    if profiles.empty or profiles["valid_from"].iloc[-1] + TTL < at:
        return {"segment": None, "credit": None}
    newest = profiles.iloc[-1]
    return {"segment": newest["segment"], "credit": newest["credit_cents"] / 100}


def expected(spine: pd.DataFrame) -> pd.DataFrame:
    """The features of every row of a spine, in its order, as objects."""
    amounts = spine["amount"] if "amount" in spine else [None] * len(spine)
    rows = [features_at(*row) for row in zip(spine["customer_id"], spine["event_timestamp"], amounts, strict=True)]
    return pd.DataFrame(rows, columns=FEATURES, dtype=object)


def assert_same(actual: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Equal values in equal rows, missing where missing; numbers to the last digits of a double."""
    if len(actual) != len(wanted):
        raise AssertionError(f"{len(actual)} rows instead of {len(wanted)}")
    for column in wanted.columns:
        for row, (found, value) in enumerate(zip(actual[column], wanted[column], strict=True)):
            if not _equal(found, value):
                raise AssertionError(f"row {row}, {column}: {found!r} instead of {value!r}")


def _equal(a: Any, b: Any) -> bool:
    if pd.isna(a) or pd.isna(b):
        return bool(pd.isna(a) and pd.isna(b))
    return bool(a == b if isinstance(b, str) else abs(a - b) <= 1e-12 * max(1.0, abs(b)))
