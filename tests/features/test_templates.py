"""Templates: their features, row by row in plain Python."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from aops_indb import DataSource, Entity, FeatureService
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, SpineError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Definition, FeatureView
from aops_indb.features.loader import load_definitions
from aops_indb.templates import calendar, categorical_rates, lag_and_change, recency_frequency_monetary, window_ratios
from aops_indb.workflows.project import Project

from .warehouse import join, references, set_time_zone, write

PLANE = Entity(name="plane", join_keys=["plane"])
LANDED = DataSource(name="landed", table="landed", timestamp_field="landed_at")
START = dt.datetime(2013, 3, 8, tzinfo=dt.UTC)
TIME = pa.timestamp("us", tz="UTC")
PLANES = ["a", "b", "c", None]


def hours(n: float) -> dt.datetime:
    return START + dt.timedelta(hours=n)


ROWS: list[dict[str, Any]] = [
    {
        "plane": PLANES[i * i % 7 % 4],
        "landed_at": hours(i * 1.7),
        "delay": None if i % 9 == 4 else (i * 37 % 50 - 10) / 4,
    }
    for i in range(60)
]
SPINE: list[dict[str, Any]] = [
    {"plane": [*PLANES, "never seen"][i % 5], "event_timestamp": hours(i * 3.3 - 6)} for i in range(40)
]


def rows_in(plane: str | None, at: dt.datetime, window: float | None = None, *, all_rows: bool = False) -> list[Any]:
    """Delays of a plane that landed in the hours before a time, the last first; of a NULL plane none."""
    since = START - dt.timedelta(days=9999) if window is None else at - dt.timedelta(hours=window)
    found = [row for row in ROWS if since < row["landed_at"] <= at]
    mine = [row for row in found if all_rows or (plane is not None and row["plane"] == plane)]
    return sorted(mine, key=lambda row: row["landed_at"], reverse=True)


def known(rows: list[Any]) -> list[float]:
    return [row["delay"] for row in rows if row["delay"] is not None]


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def write_rows(session: Session) -> None:
    write(session, "landed", ROWS, pa.schema({"plane": pa.string(), "landed_at": TIME, "delay": pa.float64()}))
    write(session, "spine", SPINE, pa.schema({"plane": pa.string(), "event_timestamp": TIME}))


def compared(session: Session, definitions: list[Definition], asked: list[str], expected: Any) -> None:
    """What is joined is what a function of plane and time says, feature by feature."""
    write_rows(session)
    found = join(session, definitions, asked, full_feature_names=False)
    wanted = [expected(row["plane"], row["event_timestamp"]) for row in SPINE]
    for row, values in zip(found, wanted, strict=True):
        for name, value in values.items():
            assert row[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), (row, name)
    assert len({str(row) for row in wanted}) > 5


def test_recency_frequency_monetary(session: Session) -> None:
    view = recency_frequency_monetary(
        name="rfm", entities=[PLANE], source=LANDED, amount="delay * 2", windows=["12h"], where="delay > 0"
    )

    def expected(plane: str | None, at: dt.datetime) -> dict[str, Any]:
        ever = [row for row in rows_in(plane, at) if row["delay"] is not None and row["delay"] > 0]
        amounts = [row["delay"] * 2 for row in ever if row["landed_at"] > at - dt.timedelta(hours=12)]
        return {
            "recency_lifetime": (at - ever[0]["landed_at"]).total_seconds() if ever else None,
            "frequency_12h": len(amounts) if plane else None,
            "monetary_12h": sum(amounts) if amounts else None,
            "mean_monetary_12h": mean(amounts),
        }

    compared(session, [view], references(view), expected)


def test_window_ratios(session: Session) -> None:
    view, ratios = window_ratios(
        name="delay", entities=[PLANE], source=LANDED, expr="delay", short=["6h", "12h"], long="2d"
    )

    def expected(plane: str | None, at: dt.datetime) -> dict[str, Any]:
        whole = mean(known(rows_in(plane, at, 48)))
        parts = {window: mean(known(rows_in(plane, at, window))) for window in (6, 12)}
        ratio = {w: part / whole if part is not None and whole else None for w, part in parts.items()}
        return {"mean_2d": whole, **{f"delay_{w}h_to_2d": value for w, value in ratio.items()}}

    compared(session, [view, *ratios], [*references(view), *(ratio.name for ratio in ratios)], expected)


def test_lag_and_change(session: Session) -> None:
    view, changes = lag_and_change(
        name="delay", entities=[PLANE], source=LANDED, column="delay", lags=["6h", "1d"], within="12h"
    )

    def expected(plane: str | None, at: dt.datetime) -> dict[str, Any]:
        values = {lag: next(iter(known(rows_in(plane, at - dt.timedelta(hours=lag), 12))), None) for lag in (0, 6, 24)}
        now = values[0]
        return {
            "delay_now_12h": now,
            "delay_6h_ago_12h": values[6],
            "delay_1d_ago_12h": values[24],
            "delay_change_6h": now - values[6] if now is not None and values[6] is not None else None,
            "delay_change_1d": now - values[24] if now is not None and values[24] is not None else None,
        }

    compared(session, [view, *changes], [*references(view), *(change.name for change in changes)], expected)


def test_categorical_rates(session: Session) -> None:
    view, overall, rates = categorical_rates(
        name="late", category=PLANE, source=LANDED, condition="delay > 2", windows=["1d", "lifetime"], weight=3
    )

    def expected(plane: str | None, at: dt.datetime) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, window in {"1d": 24, "lifetime": None}.items():
            own, every = known(rows_in(plane, at, window)), known(rows_in(plane, at, window, all_rows=True))
            # rows without a plane belong to all rows
            share = mean([float(value > 2) for value in every])
            held = sum(value > 2 for value in own)
            found[f"late_rate_{name}"] = None if share is None else (held + 3 * share) / (len(own) + 3)
        return found

    compared(session, [view, overall, *rates], [rate.name for rate in rates], expected)


@pytest.mark.parametrize("reader", ["UTC", "Asia/Kolkata"])
def test_calendar(session: Session, reader: str) -> None:
    parts = calendar(zone="America/New_York")
    set_time_zone(session, reader)

    def expected(_: str | None, at: dt.datetime) -> dict[str, Any]:
        there = at.astimezone(ZoneInfo("America/New_York"))
        return {
            "calendar_hour": there.hour, "calendar_day_of_week": there.isoweekday(),
            "calendar_is_weekend": there.isoweekday() >= 6, "calendar_day_of_month": there.day,
            "calendar_month": there.month, "calendar_day_of_year": there.timetuple().tm_yday,
        }  # fmt: skip

    compared(session, list(parts), [part.name for part in parts], expected)


def everything() -> list[Any]:
    rates = categorical_rates(name="late", category=PLANE, source=LANDED, condition="delay > 2", windows=["1d"])
    lags = lag_and_change(name="lag", entities=[PLANE], source=LANDED, column="delay", lags=["1d"])
    ratios = window_ratios(name="ratio", entities=[PLANE], source=LANDED, expr="delay", short=["1d"], long="2d")
    return [*rates[:2], *rates[2], lags[0], *lags[1], ratios[0], *ratios[1], *calendar()]


def test_applied_and_asked_for() -> None:
    service = FeatureService(name="all", features=everything())
    project = Project("duckdb:///:memory:", [service])
    with project.session() as session:
        write_rows(session)
        assert {change.name for change in project.plan().changes} >= {"late", "late_overall", "calendar_hour"}
        project.apply()
        assert not project.plan()
        found = project.get_historical_features("SELECT * FROM spine", "all").to_df()
        assert len(found) == len(SPINE)
        assert "all_rows" not in found
        with pytest.raises(SpineError, match="the key of views of all rows: rename it"):
            project.get_historical_features("SELECT *, 1 AS all_rows FROM spine", "all").to_df()


def test_files_of_templates(tmp_path: Any) -> None:
    """What a template returns together is found together, and told where it was asked for."""
    folder = tmp_path / "feature_defs"
    folder.mkdir()
    (folder / "times.py").write_text(
        "from aops_indb.templates import calendar\nparts = calendar()\n\nwrong = calendar(name='two words')\n"
    )
    [problem] = load_definitions(tmp_path, ["feature_defs"]).problems
    assert problem.where == f"{folder / 'times.py'}:4"
    (folder / "times.py").write_text("from aops_indb.templates import calendar\nparts = calendar()\n")
    found = load_definitions(tmp_path, ["feature_defs"]).require_sound()
    assert "calendar_hour" in found.on_demand


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf"), "a", None])
def test_no_weight(weight: Any) -> None:
    with pytest.raises(DefinitionError, match="give a number of rows above 0"):
        categorical_rates(name="l", category=PLANE, source=LANDED, condition="delay > 2", windows=["1d"], weight=weight)


def test_names_do_not_clash() -> None:
    views = [definition for definition in everything() if isinstance(definition, FeatureView)]
    assert list(DefinitionSet.of(views).views) == ["late", "late_overall", "lag", "ratio"]
