"""What people ask for by reference: how names resolve, what a spine must carry, features computed on demand."""

from __future__ import annotations

from typing import Any

import pytest

from aops_indb import DType, FeatureService, FeatureView, Field, OnDemandFeature, RequestSource
from aops_indb.engines import Session
from aops_indb.errors import SpineError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.spine import output_names, required_columns, resolve, with_inputs

from .examples import newest, window
from .warehouse import join, run, set_time_zone

view = FeatureView(**{**newest(), **window("sum")})
other = FeatureView(**{**newest(), "name": "other"})
request = RequestSource(
    name="request", schema=[Field(name="amount", dtype=DType.Int64), Field(name="key", dtype=DType.String)]
)
difference = OnDemandFeature(
    name="difference", dtype=DType.Float64, expr="amount - v", inputs=["request:amount", "view:v"]
)
SERVICE = FeatureService(name="service", features=[other, difference, *view[["f_1h"]], "request:key"])
DEFINITIONS = DefinitionSet.of([view, other, request, difference, SERVICE])


def named(*references: str, full: bool = False, spine: tuple[str, ...] = ("key", "event_timestamp", "amount")) -> Any:
    return output_names(resolve(DEFINITIONS, references), spine, full_feature_names=full)


# ── references ─────────────────────────────────────────────────────────────────────────────────────────

UNKNOWN = [
    ("vieww:v", "unknown feature view 'vieww': did you mean 'view'?"),
    ("view:z", "unknown feature 'view:z': did you mean"),
    ("requst:amount", "unknown feature view 'requst': did you mean 'request'?"),
    ("request:amont", "unknown feature 'request:amont': did you mean 'request:amount'"),
    ("differense", "unknown on-demand feature 'differense': did you mean 'difference'?"),
    ("VIEW:v", "unknown feature view 'VIEW'"),
    ("", "unknown on-demand feature ''"),
]


@pytest.mark.parametrize(("reference", "expected"), UNKNOWN)
def test_unknown_references(reference: str, expected: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        resolve(DEFINITIONS, [reference])
    assert expected in str(raised.value)


ASKED = [
    (["view:v", "service", "view:v"], ["view:v", "other:v", "other:w", "difference", "view:f_1h", "request:key"]),
    ("service", ["other:v", "other:w", "difference", "view:f_1h", "request:key"]),
    ("view:v", ["view:v"]),
    (SERVICE, ["other:v", "other:w", "difference", "view:f_1h", "request:key"]),
]


@pytest.mark.parametrize(("asked", "expected"), ASKED)
def test_a_service_stands_for_its_list(asked: Any, expected: list[str]) -> None:
    assert list(DEFINITIONS.references(asked)) == expected


def test_an_on_demand_feature_brings_its_inputs() -> None:
    found = with_inputs(DEFINITIONS, resolve(DEFINITIONS, ["difference", "view:v"]))
    assert [feature.reference for feature in found] == ["difference", "request:amount", "view:v"]


def test_what_a_spine_must_carry() -> None:
    assert required_columns(DEFINITIONS, resolve(DEFINITIONS, ["difference"])) == {
        "event_timestamp": "every point-in-time join",
        "amount": "request source 'request'",
        "key": "feature view 'view'",
    }


# ── names of columns ───────────────────────────────────────────────────────────────────────────────────


def test_names() -> None:
    assert named("view:v", "difference", "request:amount") == {
        "view:v": "v", "difference": "difference", "request:amount": "amount"
    }  # fmt: skip
    assert named("view:v", "other:v", "difference", full=True) == {
        "view:v": "view__v", "other:v": "other__v", "difference": "difference"
    }  # fmt: skip


CLASHES: list[tuple[tuple[str, ...], tuple[str, ...], str]] = [
    (
        ("view:v", "other:v"), ("key",),
        "two columns would be named 'v': one from view:v, one from other:v; ask with full_feature_names=True",
    ),
    (("view:v",), ("key", "V"), "from view:v; rename the spine's column or ask with full_feature_names=True"),
    (("difference",), ("Difference",), "one from the spine, one from difference; rename the spine's column"),
]  # fmt: skip


@pytest.mark.parametrize(("references", "spine", "expected"), CLASHES)
def test_clashing_names(references: tuple[str, ...], spine: tuple[str, ...], expected: str) -> None:
    with pytest.raises(SpineError) as raised:
        named(*references, spine=spine)
    assert expected in str(raised.value)


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────

AT = "TIMESTAMPTZ '2013-06-01 10:00+00'"


def write_rows(session: Session) -> None:
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, {AT} AS "at", 7 AS v, 1 AS w;
        CREATE OR REPLACE TABLE spine AS
            SELECT * FROM (VALUES
                ('k', 10, {AT}), ('k', NULL, {AT}), ('other', 10, {AT}), (NULL, 10, {AT}), ('k', 10, NULL)
            ) rows(key, amount, event_timestamp)
    """)


def test_the_spines_columns_come_first(session: Session) -> None:
    write_rows(session)
    rows = join(session, list(SERVICE_PARTS), DEFINITIONS.references("service"), full_feature_names=False)
    assert [tuple(row)[3:] for row in rows] == [("v", "w", "difference", "f_1h")] * 5
    assert [tuple(row.values())[:2] + tuple(row.values())[3:] for row in rows] == [
        ("k", 10, 7, 1, 3.0, 7.0),
        ("k", None, 7, 1, None, 7.0),
        ("other", 10, None, None, None, None),
        (None, 10, None, None, None, None),
        ("k", 10, None, None, None, None),
    ]


def test_nothing_to_join(session: Session) -> None:
    write_rows(session)
    assert join(session, [request], ["request:amount"]) == run(session, "SELECT * FROM spine")


SERVICE_PARTS = (view, other, request, difference, SERVICE)

# expr over v = 7, w = 1, amount = 10 -> value
COMPUTED = [
    ("amount - v", 3.0),
    # what stands for a name is put in as a whole
    ("amount - total", 10.0 - 4.0),
    ("amount * total", 40.0),
    ("2 - -v", 9.0),
    ("amount / 4", 2.5),
    ("CASE WHEN v > amount THEN 1 WHEN w = 1 THEN 2 END", 2.0),
    ("coalesce(missing, -1)", -1.0),
    ("hour(timezone('UTC', event_timestamp))", 10.0),
    ("epoch(event_timestamp) - epoch(TIMESTAMPTZ '2013-06-01 09:00+00')", 3600.0),
]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize(("expr", "expected"), COMPUTED)
def test_on_demand(session: Session, expr: str, expected: float, zone: str) -> None:
    write_rows(session)
    set_time_zone(session, zone)
    fields = [
        Field(name="v", dtype=DType.Int64),
        Field(name="w", dtype=DType.Int64),
        Field(name="total", dtype=DType.Int64, expr="5 - w"),
        Field(name="missing", dtype=DType.Int64, expr="NULL"),
    ]
    facts = FeatureView(**{**newest(), "schema": fields, "ttl": "1d"})
    inputs = [f"view:{field.name}" for field in fields] + ["request:amount"]
    computed = OnDemandFeature(name="computed", dtype=DType.Float64, expr=expr, inputs=inputs)
    rows = join(session, [facts, request, computed], ["computed"], "SELECT * FROM spine LIMIT 1")
    assert [row["computed"] for row in rows] == [expected]
