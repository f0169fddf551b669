"""A history computed interval by interval, from few of the source's rows each, is the history as a whole."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aops_indb.engines import Session
from aops_indb.features.materialized import history_between
from aops_indb.features.views import history
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.render import render

from .examples import EVENTS, START, TIMES, VIEWS, event_schema, in_zone
from .warehouse import ZONES, run, set_time_zone, write

TIMED = [view for view in VIEWS if view.source.timestamp_field]
FIRST, LAST = (START + dt.timedelta(days=days) for days in (-30, 60))


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_intervals_make_up_the_history(empty_session: Session, zone: str | None) -> None:
    session = empty_session

    @given(
        view=st.sampled_from(TIMED),
        events=EVENTS,
        cuts=st.lists(TIMES, min_size=1, max_size=3, unique=True),
        zone_asked_from=st.sampled_from(ZONES),
    )
    @settings(max_examples=30, deadline=None, report_multiple_bugs=False)
    def agree(view: Any, events: Any, cuts: list[dt.datetime], zone_asked_from: str) -> None:
        write(session, "events", in_zone(events, zone), event_schema(zone))
        set_time_zone(session, zone_asked_from)
        bounds = [at.replace(tzinfo=dt.UTC) for at in (FIRST, *sorted(cuts), LAST)]
        found: list[Any] = []
        for after, until in pairwise(bounds):
            query = history_between(view, after, until, time_zone=zone is not None, types_of=session.columns)
            rows = run(session, render(query, DUCKDB))
            assert all(after < at <= until for row in rows if (at := row["event_timestamp"].replace(tzinfo=dt.UTC)))
            found += rows
        whole = run(session, render(history(view, session.columns), DUCKDB))
        assert sorted(map(repr, found)) == sorted(map(repr, whole))

    agree()
