from __future__ import annotations
import os
from collections.abc import Iterator
from typing import Any
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from aops_indb.engines import Session
from aops_indb.sqlgen.build import lit
from aops_indb.sqlgen.statements import set_option
from . import examples as ex
from . import oracle
from . import warehouse as wh

N = int(os.environ.get("N", "100"))

@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with wh.open_warehouse() as s:
        yield s


@given(data=st.data(), events=ex.EVENTS, register=ex.REGISTER, spine=ex.SPINES, zone=st.sampled_from([None, "UTC"]),
  tz=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]), loop=st.sampled_from([0, 64]))
@settings(max_examples=N, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_all(session: Session, data: Any, events: Any, register: Any, spine: Any, zone: Any, tz: Any, loop: Any) -> None:
    events, spine = ex.in_zone(events, zone), ex.in_zone(spine, zone)
    wh.write(session, "events", events, ex.event_schema(zone))
    wh.write(session, "register", register, ex.event_schema(zone))
    wh.write(session, "spine", spine, ex.spine_schema(zone))
    wh.set_time_zone(session, tz)
    session.execute(set_option("asof_loop_join_threshold", lit(loop)))
    expected = oracle.join(ex.VIEWS, {"events": events, "register": register}, spine)
    asked = data.draw(st.sets(st.sampled_from(wh.references(*ex.VIEWS)), min_size=1)) 
    names = [r.replace(":", "__") for r in asked]
    want = [{k: r[k] for k in ["a", "b", "event_timestamp", *names]} for r in expected]
    got = wh.rows_of(wh.join(session, ex.VIEWS, list(asked)))
    assert got == want
    for v, algs in ex.APPLICABLE.items():
        refs = [r for r in wh.references(*ex.VIEWS) if r.startswith(v + ":")]
        for alg in algs:
            got = wh.rows_of(wh.join(session, ex.VIEWS, refs, algorithm=alg))
            assert got == [{k: r[k] for k in ["a", "b", "event_timestamp", *[x.replace(":", "__") for x in refs]]} for r in expected], alg
