"""One view, many readers: what it shows must not depend on the time zone of the session that reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature, RequestSource
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.workflows.reader_zone import require_same_in_view, require_same_on_demand

from .warehouse import open_warehouse, set_time_zone

READERS = ["UTC", "America/New_York", "Asia/Tokyo", "Asia/Kolkata"]

# z, y: times with a zone; n: one without, d: a day, s: text, all of the same moments
EVENTS = """
    CREATE TABLE events AS
    SELECT i AS k, i, z, z + to_minutes(i * 700) AS y, timezone('UTC', z) AS n, timezone('UTC', z)::DATE AS d,
           timezone('UTC', z)::VARCHAR AS s, to_days(1) AS iv, [z] AS l, {'f': z} AS st, i > 3 AS flag
    FROM (SELECT i, to_timestamp(1362798000 + i * 33333 * 60) AS z FROM range(300) r(i))
"""

# DuckDB gives these another value in New York, Tokyo or Kolkata than in UTC
DEPENDENT = [
    "list_transform([n], lambda x: x < to_timestamp(1362800000))[1]", "hour(list_reduce([z], lambda a, b: a))",
    "hour(z)", "z::DATE", "z::VARCHAR", "z::TIMESTAMP", "TRY_CAST(z AS DATE)", "date_trunc('day', z)",
    "strftime(z, '%H')", "extract(hour FROM z)", "date_part('dow', z)", "dayname(z)", "last_day(z)", "date(z)",
    "datediff('day', z, y)", "datediff('hour', z, y)", "date_sub('day', z, y)::BIGINT", "(y - z)::VARCHAR",
    "concat(z, '')", "z || ''", "to_json(z)::VARCHAR", "format('{}', z)", "z + INTERVAL 1 DAY",
    "z - INTERVAL '1 day'", "z + iv", "l::VARCHAR", "hour(l[1])", "hour(st.f)", "st::VARCHAR",
    "CASE WHEN flag THEN hour(z) END", "coalesce(NULL, hour(z)) + 1", "list_transform(l, lambda x: hour(x))::VARCHAR",
    "list_transform([1], lambda x: x + hour(z))::VARCHAR",
    "list_transform([i], lambda x: hour(to_timestamp(x)))::VARCHAR", "hour(timezone('UTC', n))",
    "hour(to_timestamp(i * 5000))", "z AT TIME ZONE 'UTC' = timezone('UTC', y)::DATE OR hour(z) = 3",
    "hour(CASE WHEN flag THEN z ELSE y END)",
    # what has no zone becomes a moment
    "n::TIMESTAMPTZ", "d::TIMESTAMPTZ", "s::TIMESTAMPTZ", "'2013-05-01'::TIMESTAMPTZ",
    "TIMESTAMPTZ '2013-05-01 00:00:00'", "epoch(n::TIMESTAMPTZ)", "z = n", "z > d", "z > '2013-03-09'",
    "z BETWEEN n AND y", "z > TIMESTAMP '2013-03-09'", "epoch(coalesce(nullif(z, z), n))", "epoch(greatest(z, n))",
    "CASE z WHEN n THEN 1 ELSE 2 END", "z IN (n)", "epoch(CASE WHEN flag THEN z ELSE n END)", "nullif(z, n)",
    "z IS DISTINCT FROM n", "make_timestamptz(2013, 5, 1, 0, 0, 0)",
    "epoch(list_transform([n], lambda x: x::TIMESTAMPTZ)[1])",
    "strptime(s, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S %z'])",
]  # fmt: skip

# and these the same value everywhere
SAME = [
    "list_transform([1, 2], lambda x: CASE WHEN x > 1 THEN x ELSE 0 END)::VARCHAR", "len(l)", "l IS NULL",
    "list_reduce([1, 2], lambda a, b: a + b)", "extract(epoch FROM z)", "date_part('epoch', z)",
    "date_diff('second', z, y)", "list_sort([i, NULL, 3], 'DESC', 'NULLS FIRST')[1]",
    "hour(timezone('UTC', z))", "hour(timezone('America/New_York', z))", "hour(z AT TIME ZONE 'Asia/Tokyo')",
    "timezone('UTC', z)::DATE", "dayname(timezone('UTC', z))", "epoch(z)", "epoch_ms(z)", "epoch_us(z)",
    "epoch_ns(z)", "(epoch(y) - epoch(z)) / 60", "z", "z + INTERVAL 24 HOUR", "z - to_minutes(i)",
    "z + 2 * INTERVAL 30 MINUTE", "z > y", "z = z", "coalesce(z, y)", "greatest(z, y)", "CASE WHEN flag THEN z END",
    "CASE z WHEN y THEN 1 END", "z BETWEEN y AND z", "z IN (y)", "z IS NULL", "NOT z IS NULL AND flag", "isfinite(z)",
    "nullif(z, y)", "st.f", "l[1]", "hour(n)", "n::DATE", "n::VARCHAR", "d + INTERVAL 1 DAY", "n - n", "age(n, d)",
    "date_trunc('day', n)", "hour(s::TIMESTAMP)", "timezone('UTC', n)", "timezone('UTC', d::TIMESTAMP)",
    "timezone('UTC', s::TIMESTAMP)", "n AT TIME ZONE 'Asia/Tokyo'", "z > timezone('UTC', n)",
    "z > '2013-05-01 00:00:00+00'", "z > TIMESTAMPTZ '2013-05-01 00:00:00+02:00'",
    "'2013-05-01 00:00:00 America/New_York'::TIMESTAMPTZ", "NULL::TIMESTAMPTZ", "to_timestamp(i)", "z::TIMESTAMPTZ",
    "strptime(s || ' +00', '%Y-%m-%d %H:%M:%S %z')", "make_timestamptz(2013, 5, 1, 0, 0, 0, 'UTC')", "i * 2 > 7",
    "n > '2013-05-01'", "CASE WHEN d = '2013-05-01' THEN s ELSE 'x' END",
    "list_transform([i], lambda x: x + 1)::VARCHAR",
]  # fmt: skip


@pytest.fixture(scope="module")
def events() -> Iterator[Session]:
    with open_warehouse() as session:
        session.native.execute(EVENTS)
        yield session


def view(*fields: Field, **settings: object) -> FeatureView:
    source = DataSource(name="s", table="events", timestamp_field="z")
    key = Entity(name="k", join_keys=["k"])
    return FeatureView(**{"name": "v", "entities": [key], "source": source, "schema": fields, **settings})


def seen(session: Session, written: str) -> list[object]:
    """What each reader sees of an expression: moments by their number, all else as it is."""
    [moment] = session.native.execute(f"SELECT typeof({written}) LIKE 'TIMESTAMP%ZONE' FROM events LIMIT 1").fetchone()
    shown = f"epoch_us({written})" if moment else written
    found = []
    for zone in READERS:
        set_time_zone(session, zone)
        found.append(session.native.execute(f"SELECT {shown} FROM events ORDER BY i").fetchall())
    set_time_zone(session, "UTC")
    return found


@pytest.mark.parametrize("written", DEPENDENT)
def test_what_depends_on_the_reader_is_refused(events: Session, written: str) -> None:
    found = seen(events, written)
    assert any(other != found[0] for other in found)
    with pytest.raises(DefinitionError, match="depends on the time zone of whoever reads: ") as raised:
        require_same_in_view(view(Field(name="f", dtype=DType.String, expr=written)), events)
    assert str(raised.value).startswith(f"{__file__}:")
    assert len(str(raised.value)) < 700


@pytest.mark.parametrize("written", SAME)
def test_what_is_the_same_for_all_is_taken(events: Session, written: str) -> None:
    found = seen(events, written)
    assert all(other == found[0] for other in found)
    [sql_type] = events.native.execute(f"SELECT typeof({written}) FROM events LIMIT 1").fetchone()
    dtype = DType.UnixTimestamp if sql_type == "TIMESTAMP WITH TIME ZONE" else DType.String
    require_same_in_view(view(Field(name="f", dtype=dtype, expr=written)), events)


# what is written in a view -> what is said of it
PLACES = [
    ({"schema": [Field(name="f", dtype=DType.Int64, expr="hour(z)")]},
     "feature view 'v': field 'f': HOUR(z) depends on the time zone of whoever reads: write HOUR(TIMEZONE('UTC', z)), "
     "or the zone whose clock is meant in place of 'UTC'"),
    ({"schema": [Field(name="z", dtype=DType.Date)]},
     "field 'z': \"z\" is TIMESTAMP WITH TIME ZONE, and as DType.Date it depends on the time zone of whoever reads: "
     "write expr=\"TIMEZONE('UTC', \"z\")\""),
    ({"schema": [Field(name="f", dtype=DType.UnixTimestamp, expr="s")]},
     "field 'f': s is VARCHAR, and as DType.UnixTimestamp it depends on the time zone of whoever reads: write "
     "TIMEZONE('UTC', CAST(s AS TIMESTAMP))"),
    ({"schema": [Field(name="n", dtype=DType.UnixTimestamp)]},
     "field 'n': \"n\" is TIMESTAMP, and as DType.UnixTimestamp it depends on the time zone of whoever reads: write "
     "TIMEZONE('UTC', \"n\"), or the zone it is in in place of 'UTC'"),
    ({"schema": [Field(name="d", dtype=DType.UnixTimestamp)]},
     "TIMEZONE('UTC', CAST(\"d\" AS TIMESTAMP))"),
    ({"filter": "z::DATE > DATE '2013-05-01'"}, "filter: CAST(z AS DATE) depends on"),
    ({"aggregations": [Aggregation(function="sum", expr="hour(z)", windows=["1h"], name="f")]},
     "expr of sum: HOUR(z) depends on"),
    ({"aggregations": [Aggregation(function="count", where="hour(z) > 5", windows=["1h"])]},
     "where of count: HOUR(z) depends on"),
    ({"schema": [Field(name="f", dtype=DType.Bool, expr="z > n")]},
     "z > n depends on the time zone of whoever reads: n is taken to be in that zone; write TIMEZONE('UTC', n), or "
     "the zone it is in in place of 'UTC'"),
    ({"schema": [Field(name="f", dtype=DType.Float64, expr="epoch(y - z)")]},
     "y - z depends on the time zone of whoever reads: write EPOCH(y) - EPOCH(z), in seconds"),
    ({"schema": [Field(name="f", dtype=DType.Bool, expr="y > z + INTERVAL 1 DAY")]},
     "write lengths of time in hours or less, e.g. INTERVAL 24 HOUR for a day"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "expected"), PLACES, ids=[expected for _, expected in PLACES])
def test_what_is_said(events: Session, settings: dict[str, object], expected: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        require_same_in_view(view(**{"schema": [Field(name="i", dtype=DType.Int64)], **settings}), events)
    assert expected in str(raised.value)


# ── on demand ──────────────────────────────────────────────────────────────────────────────────────────

REQUEST = RequestSource(
    name="r", schema=[Field(name="asked", dtype=DType.UnixTimestamp), Field(name="amount", dtype=DType.Float64)]
)
INPUTS = ["r:asked", "r:amount", "v:last", "v:max_z_1h", "v:max_n_1h"]
ZONED, ZONELESS = {"event_timestamp": "TIMESTAMP WITH TIME ZONE"}, {"event_timestamp": "TIMESTAMP"}

# expression, type, types of the spine if there is one, and what is said; None: nothing
ON_DEMAND = [
    ("hour(event_timestamp)", DType.Int64, None, "HOUR(event_timestamp) depends on"),
    ("hour(event_timestamp)", DType.Int64, ZONED, "HOUR(event_timestamp) depends on"),
    ("hour(event_timestamp)", DType.Int64, ZONELESS, None),
    ("hour(timezone('UTC', event_timestamp))", DType.Int64, ZONELESS, "depends on"),
    ("hour(asked)", DType.Int64, None, "HOUR(asked) depends on"),
    ("hour(last)", DType.Int64, None, "HOUR(last) depends on"),
    ("hour(max_z_1h)", DType.Int64, None, "HOUR(max_z_1h) depends on"),
    ("hour(max_n_1h)", DType.Int64, None, None),
    ("max_n_1h", DType.UnixTimestamp, None, "is TIMESTAMP, and as DType.UnixTimestamp it depends on"),
    ("event_timestamp", DType.Date, None, "is TIMESTAMP WITH TIME ZONE, and as DType.Date it depends on"),
    ("hour(timezone('America/New_York', asked)) + amount", DType.Float64, None, None),
    ("(epoch(event_timestamp) - epoch(last)) / 60", DType.Float64, None, None),
    ("last > event_timestamp - INTERVAL 2 HOUR", DType.Bool, None, None),
    ("nothing_of_that_name(amount)", DType.Float64, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "dtype", "spine", "expected"), ON_DEMAND)
def test_on_demand(
    events: Session, written: str, dtype: DType, spine: dict[str, str] | None, expected: str | None
) -> None:
    times = [Aggregation(function="max", column=column, windows=["1h"]) for column in ("z", "n")]
    history = view(Field(name="last", dtype=DType.UnixTimestamp, expr="z"), aggregations=times)
    feature = OnDemandFeature(name="o", dtype=dtype, expr=written, inputs=INPUTS)
    definitions = DefinitionSet.of([history, REQUEST, feature])
    if expected is None:
        require_same_on_demand(feature, definitions, events, spine)
        return
    with pytest.raises(DefinitionError, match="on-demand feature 'o': ") as raised:
        require_same_on_demand(feature, definitions, events, spine)
    assert expected in str(raised.value)


def test_times_without_a_zone_throughout(events: Session) -> None:
    """Where no feature view's times have a zone, no spine's can have one."""
    source = DataSource(name="s", table="events", timestamp_field="n")
    feature = OnDemandFeature(name="o", dtype=DType.Int64, expr="hour(event_timestamp)")
    history = view(Field(name="i", dtype=DType.Int64), source=source)
    require_same_on_demand(feature, DefinitionSet.of([history, feature]), events)
