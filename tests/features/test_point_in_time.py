"""Point-in-time joins: worked by hand, against the oracle, and the algorithms against each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aops_indb import DataSource, Entity, FeatureView
from aops_indb.engines import Session

from . import oracle
from .examples import EVENTS, REGISTER, SPINES, VIEWS, event_schema, in_zone, newest, spine_schema, window
from .warehouse import (
    ZONES,
    compile_join,
    join,
    references,
    run,
    set_asof_threshold,
    set_time_zone,
    write,
)

SPINE = ["a", "b", "event_timestamp"]

# ── worked by hand ─────────────────────────────────────────────────────────────────────────────────────

DAY = "2013-06-01 "
COLUMNS = {
    "key": pa.string(),
    "at": pa.timestamp("us"),
    "v": pa.int64(),
    "w": pa.int64(),
    "created": pa.timestamp("us"),
}
ASKED = {"key": pa.string(), "v": pa.int64(), "w": pa.int64(), "event_timestamp": pa.timestamp("us")}

Time = str | None


@dataclass(frozen=True)
class Event:
    """A source row; times are those of one day."""

    at: Time
    v: int | None = 1
    w: int | None = 0
    created: Time = None
    key: str | None = "k"


@dataclass(frozen=True)
class At:
    """A spine row."""

    time: Time
    key: str | None = "k"
    v: int = 1
    w: int = 0


@dataclass(frozen=True)
class Case:
    """Source rows and spine rows -> the values of the view's features, a spine row at a time."""

    what: str
    view: dict[str, Any]
    events: list[Event]
    expected: dict[At, Any] = field(hash=False)


PERIODS = DataSource(name="s", table="events", valid_from="at", valid_to="created")

CASES = [
    # ── ends of a window ──
    Case("the asked time itself is inside", window(), [Event("10:00")], {At("10:00"): 1}),
    Case("later is outside", window(), [Event("10:00:00.000001")], {At("10:00"): 0}),
    Case("an hour before is outside", window(), [Event("09:00")], {At("10:00"): 0}),
    Case("less than an hour before is inside", window(), [Event("09:00:00.000001")], {At("10:00"): 1}),
    Case("a row moves through", window(), [Event("09:30")],
         {At("09:29:59.999999"): 0, At("09:30"): 1, At("10:29:59.999999"): 1, At("10:30"): 0}),
    # ── a window moved back by half an hour ──
    Case("its near end is inside", window(offset="30m"), [Event("09:30")], {At("10:00"): 1}),
    Case("nearer is outside", window(offset="30m"), [Event("09:30:00.000001")], {At("10:00"): 0}),
    Case("its far end is outside", window(offset="30m"), [Event("08:30")], {At("10:00"): 0}),
    Case("nearer than its far end is inside", window(offset="30m"), [Event("08:30:00.000001")], {At("10:00"): 1}),
    # ── what is reduced ──
    Case("rows alike count each", window(), [Event("09:30"), Event("09:30")], {At("10:00"): 2}),
    Case("count of a column leaves NULL out", window(column="v"), [Event("09:30", None), Event("09:31", 5)],
         {At("10:00"): 1}),
    Case("sum of nothing but NULL", window("sum"), [Event("09:30", None)], {At("10:00"): None}),
    Case("sum", window("sum"), [Event("09:30", None), Event("09:40", 2), Event("09:50", 3)], {At("10:00"): 5.0}),
    Case("sum of numbers that cancel is 0", window("sum"), [Event("09:40", 2), Event("09:50", -2)], {At("10:00"): 0.0}),
    Case("mean leaves NULL out", window("mean"), [Event("09:30", None), Event("09:40", 2), Event("09:50", 3)],
         {At("10:00"): 2.5}),
    Case("rate leaves NULL out", window("rate", column=None, expr="v > 2"),
         [Event("09:30", None), Event("09:40", 2), Event("09:45", 1), Event("09:48", 0), Event("09:50", 3)],
         {At("10:00"): 0.25}),
    Case("min and max of what left the window do not stay", window("max"), [Event("08:30", 9), Event("09:30", 4)],
         {At("09:00"): 9, At("10:00"): 4}),
    Case("min leaves NULL out", window("min"), [Event("09:30", None), Event("09:40", 7)], {At("10:00"): 7}),
    Case("where leaves rows out, and those for which it is NULL", window("sum", where="w > 0"),
         [Event("09:30", 1, 1), Event("09:40", 10, 0), Event("09:50", 100, None)], {At("10:00"): 1.0}),
    Case("where leaves every row out", window("sum", where="w > 5"), [Event("09:30")], {At("10:00"): None}),
    # ── who is asked about ──
    Case("an entity never seen: count", window(), [Event("09:30")], {At("10:00", "other"): 0}),
    Case("an entity never seen: sum", window("sum"), [Event("09:30")], {At("10:00", "other"): None}),
    Case("an entity seen, and not in the window", window("mean"), [Event("08:00")], {At("10:00"): None}),
    Case("no row at all", window(), [], {At("10:00"): 0}),
    Case("a NULL key matches nothing, NULL neither", window(), [Event("09:30", key=None)],
         {At("10:00", None): None, At("10:00"): 0}),
    Case("a NULL time has no window", window(), [Event("09:30")], {At(None): None}),
    Case("a row without a time never happened", window(), [Event(None)], {At("10:00"): 0}),
    Case("keys of several columns are not run together",
         {**window(), "entities": [Entity(name="pair", join_keys=["v", "w"])]}, [Event("09:30", 1, 23)],
         {At("10:00", v=12, w=3): 0, At("10:00", v=1, w=23): 1}),
    Case("keys of two entities",
         {**window(), "entities": [Entity(name="one", join_keys=["w"]), Entity(name="two", join_keys=["key"])]},
         [Event("09:30", w=3)], {At("10:00", w=3): 1, At("10:00", w=4): 0, At("10:00", "other", w=3): 0}),
    Case("two spine rows alike are two", window("sum"), [Event("09:30", 4)],
         {At("10:00", v=1): 4.0, At("10:00", v=2): 4.0}),
    # ── rows known late ──
    Case("a row counts from when it was written", window(created=True), [Event("09:30", created="09:45")],
         {At("09:44:59.999999"): 0, At("09:45"): 1, At("10:29:59.999999"): 1, At("10:30"): 0}),
    Case("a row written after it left the window never counts", window(created=True), [Event("09:30", created="11:00")],
         {At("10:00"): 0, At("11:00"): 0}),
    Case("a row written before its event counts from its event", window(created=True),
         [Event("09:30", created="09:00")], {At("09:29"): 0, At("09:30"): 1}),
    Case("written at no time: known from its event", window(created=True), [Event("09:30")],
         {At("09:29"): 0, At("09:30"): 1}),
    # ── the newest row ──
    Case("known from its time", newest(), [Event("09:30", 1)],
         {At("09:29:59.999999"): (None, None), At("09:30"): (1, 0)}),
    Case("the latest event", newest(), [Event("09:30", 2), Event("09:31", 1)],
         {At("09:30"): (2, 0), At("10:00"): (1, 0)}),
    Case("a NULL value is a value", newest(), [Event("09:30", 2), Event("09:31", None)], {At("10:00"): (None, 0)}),
    Case("of one time: the greatest, column by column", newest(),
         [Event("09:30", 1, 9), Event("09:30", 2, 4), Event("09:30", 2, 5)], {At("10:00"): (2, 5)}),
    Case("of one time: NULL is below everything", newest(), [Event("09:30", None, 9), Event("09:30", -5, 1)],
         {At("10:00"): (-5, 1)}),
    Case("an entity never seen", newest(), [Event("09:30")], {At("10:00", "other"): (None, None)}),
    Case("a NULL key", newest(), [Event("09:30", key=None)], {At("10:00", None): (None, None)}),
    Case("a NULL time", newest(), [Event("09:30")], {At(None): (None, None)}),
    Case("a row that the filter leaves out is not the newest", newest(filter="v > 1"),
         [Event("09:30", 2), Event("09:40", 1), Event("09:50", None)], {At("10:00"): (2, 0)}),
    # ── ttl ──
    Case("as old as the ttl still counts", newest(ttl="1h"), [Event("09:00")], {At("10:00"): (1, 0)}),
    Case("older is NULL", newest(ttl="1h"), [Event("08:59:59.999999")], {At("10:00"): (None, None)}),
    Case("ttl counts from the event, not from when it was written", newest(ttl="1h", created=True),
         [Event("09:00", created="09:45")], {At("09:45"): (1, 0), At("10:00:00.000001"): (None, None)}),
    Case("the newest row is NULL rather than an older one", newest(ttl="1h"), [Event("09:30", None, None)],
         {At("10:00"): (None, None)}),
    # ── the newest row, known late ──
    Case("written late", newest(created=True), [Event("09:00", 1), Event("09:30", 2, created="10:00")],
         {At("09:59"): (1, 0), At("10:00"): (2, 0)}),
    Case("written late about earlier: does not replace", newest(created=True),
         [Event("09:00", 1, created="10:00"), Event("09:30", 2)], {At("10:00"): (2, 0)}),
    Case("corrected: of one event the one written last", newest(created=True),
         [Event("09:00", 5, created="09:30"), Event("09:00", 2, created="10:00")],
         {At("09:30"): (5, 0), At("10:00"): (2, 0)}),
    Case("corrected before the event: the one written last", newest(created=True),
         [Event("09:00", 5, created="08:00"), Event("09:00", 2, created="08:30")], {At("09:00"): (2, 0)}),
    Case("written together: the later event", newest(created=True),
         [Event("09:00", 5, created="10:00"), Event("09:01", 2, created="10:00")], {At("10:00"): (2, 0)}),
    Case("written together about one event: the greatest", newest(created=True),
         [Event("09:00", 5, created="10:00"), Event("09:00", 7, created="10:00")], {At("10:00"): (7, 0)}),
    # ── rows that hold until valid_to, here the column `created` ──
    Case("holds from its begin until its end, which is outside", newest(source=PERIODS),
         [Event("09:00", 1, created="10:00")],
         {At("08:59"): (None, None), At("09:00"): (1, 0), At("09:59:59.999999"): (1, 0), At("10:00"): (None, None)}),
    Case("no end: still", newest(source=PERIODS), [Event("09:00", 1)], {At("23:00"): (1, 0)}),
    Case("one after another", newest(source=PERIODS),
         [Event("09:00", 1, created="10:00"), Event("10:00", 2, created="11:00")],
         {At("09:59:59.999999"): (1, 0), At("10:00"): (2, 0), At("11:00"): (None, None)}),
    Case("a gap is NULL", newest(source=PERIODS), [Event("09:00", 1, created="09:30"), Event("10:00", 2)],
         {At("09:29"): (1, 0), At("09:30"): (None, None), At("09:59"): (None, None), At("10:00"): (2, 0)}),
    Case("overlapping: the one that began last", newest(source=PERIODS),
         [Event("09:00", 1, created="12:00"), Event("10:00", 2, created="11:00")],
         {At("09:59"): (1, 0), At("10:00"): (2, 0), At("11:00"): (1, 0), At("12:00"): (None, None)}),
    Case("an earlier one that ends inside a later changes nothing", newest(source=PERIODS),
         [Event("09:00", 1, created="11:00"), Event("10:00", 2, created="12:00")],
         {At("11:00"): (2, 0), At("12:00"): (None, None)}),
    Case("of many that hold the one that began last comes back", newest(source=PERIODS),
         [Event("08:00", 1), Event("09:00", 2, created="12:00"), Event("10:00", 3, created="11:00")],
         {At("10:30"): (3, 0), At("11:00"): (2, 0), At("12:00"): (1, 0)}),
    Case("begun together: the greatest that still holds", newest(source=PERIODS),
         [Event("09:00", 9, created="10:00"), Event("09:00", 5, created="11:00")],
         {At("09:30"): (9, 0), At("10:00"): (5, 0), At("11:00"): (None, None)}),
    Case("ends before it begins: never holds", newest(source=PERIODS),
         [Event("09:00", 1), Event("10:00", 2, created="10:00"), Event("10:30", 3, created="09:30")],
         {At("10:00"): (1, 0), At("11:00"): (1, 0)}),
    Case("a window counts rows by when they began", window(source=PERIODS),
         [Event("09:30", created="09:40"), Event("09:45"), Event("09:50", created="09:50")], {At("10:00"): 2}),
]  # fmt: skip


def clock(time: Time) -> dt.datetime | None:
    return dt.datetime.fromisoformat(DAY + time) if time else None


def applicable(view: FeatureView) -> list[str]:
    """The algorithms that can compute a view's windows."""
    if view.source.created_timestamp_column:
        return ["range_join"]
    if {aggregation.function for aggregation in view.aggregations} & {"min", "max"}:
        return ["timeline", "range_join", "tiles"]
    return ["prefix_sums", "timeline", "range_join", "tile_sums", "tiles"]


def runs() -> list[Any]:
    """Each case, once for each algorithm that can compute it."""
    return [
        pytest.param(case, algorithm, id=" - ".join(filter(None, [case.what, algorithm])))
        for case in CASES
        for algorithm in (applicable(FeatureView(**case.view)) if "aggregations" in case.view else [None])
    ]


@pytest.mark.parametrize(("case", "algorithm"), runs())
def test_worked_by_hand(session: Session, case: Case, algorithm: str | None) -> None:
    view = FeatureView(**case.view)
    rows = [{**vars(event), "at": clock(event.at), "created": clock(event.created)} for event in case.events]
    asked = [{"key": at.key, "v": at.v, "w": at.w, "event_timestamp": clock(at.time)} for at in case.expected]
    names = [feature.name for feature in view.features]
    expected = [dict(zip(names, v if isinstance(v, tuple) else (v,), strict=True)) for v in case.expected.values()]

    write(session, "events", rows, pa.schema(COLUMNS))
    write(session, "spine", asked, pa.schema(ASKED))
    joined = join(session, [view], references(view), algorithm=algorithm)
    assert [{name: row[f"view__{name}"] for name in names} for row in joined] == expected

    # the oracle must know the answers, too
    keys = [[row[key] for key in view.join_keys] for row in asked]
    times = [clock(at.time) for at in case.expected]
    assert [oracle.features_at(view, rows, k, at) for k, at in zip(keys, times, strict=True)] == expected


# ── against the oracle ─────────────────────────────────────────────────────────────────────────────────

Sources = dict[str, list[dict[str, Any]]]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Sources, str | None]:
    """Rows of events, register and spine; and the time zone of their times, if they have one."""
    zone = draw(st.sampled_from([None, "UTC"]))
    drawn = {"events": draw(EVENTS), "register": draw(REGISTER), "spine": draw(SPINES)}
    return {name: in_zone(rows, zone) for name, rows in drawn.items()}, zone


def write_world(session: Session, world: Sources, zone: str | None) -> None:
    for name, rows in world.items():
        write(session, name, rows, spine_schema(zone) if name == "spine" else event_schema(zone))


def expected_join(world: Sources, asked: Sequence[str]) -> list[dict[str, Any]]:
    """What the oracle says: the spine's columns and the features asked for."""
    names = [*SPINE, *(reference.replace(":", "__") for reference in asked)]
    return [{name: row[name] for name in names} for row in oracle.join(VIEWS, world, world["spine"])]


@given(data=st.data(), world_and_zone=worlds())
@settings(max_examples=100, deadline=None, report_multiple_bugs=False)
def test_any_features_of_all_views_in_one_join(
    session: Session, data: st.DataObject, world_and_zone: tuple[Sources, str | None]
) -> None:
    world, zone = world_and_zone
    asked = data.draw(st.lists(st.sampled_from(references(*VIEWS)), min_size=1, unique=True))
    write_world(session, world, zone)
    set_time_zone(session, data.draw(st.sampled_from(ZONES)))
    set_asof_threshold(session, data.draw(st.sampled_from([0, 64])))
    assert join(session, VIEWS, asked) == expected_join(world, asked)


WINDOWED = [view for view in VIEWS if view.aggregations]


@pytest.mark.parametrize(
    ("view", "algorithm"),
    [pytest.param(v, a, id=f"{v.name}-{a}") for v in WINDOWED for a in applicable(v)],
)
def test_each_algorithm(session: Session, view: FeatureView, algorithm: str) -> None:
    compiled: dict[str | None, str] = {}
    asked = references(view)

    @given(world_and_zone=worlds(), zone_asked_from=st.sampled_from(ZONES), threshold=st.sampled_from([0, 64]))
    @settings(max_examples=40, deadline=None, report_multiple_bugs=False)
    def agrees(world_and_zone: tuple[Sources, str | None], zone_asked_from: str, threshold: int) -> None:
        world, zone = world_and_zone
        write_world(session, world, zone)
        set_time_zone(session, zone_asked_from)
        set_asof_threshold(session, threshold)
        if zone not in compiled:
            compiled[zone] = compile_join(session, [view], asked, algorithm=algorithm)
        assert run(session, compiled[zone]) == expected_join(world, asked)

    agrees()
