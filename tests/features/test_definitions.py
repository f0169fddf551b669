"""Definitions that are wrong, and what is said about them: where, what, and what instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from aops_indb import DataSource, Entity, FeatureView, Field, OnDemandFeature, RequestSource
from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.aggregations import AGGREGATIONS
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.loader import load_definitions
from aops_indb.features.types import DType

from .examples import newest, window

GIVEN = """\
from aops_indb import Aggregation, DataSource, DType, Entity, FeatureService, FeatureView, Field, Model
from aops_indb import OnDemandFeature, RequestSource, Split
k = Entity(name="k", join_keys=["k"])
kk = Entity(name="kk", join_keys=["k", "l"])
timed = DataSource(name="timed", table="t", timestamp_field="at")
timeless = DataSource(name="timeless", table="t")
x = Field(name="x", dtype=DType.Int64)
count = Aggregation(function="count", windows=["7d"])
view = FeatureView(name="view", entities=[k], source=timed, schema=[x])
service = FeatureService(name="service", features=[view])
model = dict(name="m", service=service, spine="SELECT 1", keys=["k"], target="y", candidates={"a": dict})
jan = Split(start="2013-01-01", end="2013-02-01")
feb = Split(start="2013-02-01", end="2013-03-01")
mar = Split(start="2013-03-01", end="2013-04-01")
"""
HERE = GIVEN.count("\n") + 1

# what is written below GIVEN -> what the message says
BAD = [
    # names
    ("Entity(name='two words', join_keys=['k'])",
     "Entity 'two words': name: 'two words' cannot be a name: use a letter"),
    ("Entity(name='a__b', join_keys=['k'])", "single underscores"),
    ("Entity(name='_a', join_keys=['k'])", "use a letter, then"),
    ("Entity(name='é', join_keys=['k'])", "use a letter, then"),
    ("Entity(name='x' * 101, join_keys=['k'])", "up to 99 letters"),
    ("Entity(name='e', join_keys=[''])", "'' cannot be a column name: 1 to 200 characters"),
    ("Entity(name='e', join_keys=['a\\0b'])", "no NUL"),
    # settings
    ("Entity(join_keys=['k'])", "Entity '': name: Field required"),
    ("Entity(name='e', join_keys=['k'], colour='red')", "colour: Extra inputs are not permitted"),
    ("Entity('e', ['k'])", "takes 1 positional argument"),
    ("Entity(name='e', join_keys='k')", "join_keys: Input should be a valid tuple"),
    ("Entity(name='e', join_keys=[])", "join_keys: give one or more different columns"),
    ("Entity(name='e', join_keys=['k', 'k'])", "join_keys: give one or more different columns"),
    ("k.name = 'other'", "frozen"),
    # sources
    ("DataSource(name='s')", "DataSource 's': give either table or query"),
    ("DataSource(name='s', table='t', query='SELECT 1')", "give either table or query"),
    ("DataSource(name='s', table='')", "'' cannot be the name of a table"),
    ("DataSource(name='s', table='raw.\"t')", "cannot be the name of a table: write it as schema.table"),
    ("DataSource(name='s', query='DROP TABLE t')", "expected a SELECT, found DROP"),
    ("DataSource(name='s', query='SELECT 1; SELECT 2')", "expected one SQL expression or query, found 2"),
    ("DataSource(name='s', query='SELECT FROM WHERE')", "cannot parse 'SELECT FROM WHERE'"),
    ("DataSource(name='s', table='t', created_timestamp_column='c')",
     "created_timestamp_column needs a timestamp_field"),
    # fields
    ("Field(name='f', dtype='INT')", "dtype: Input should be 'BOOLEAN', 'INTEGER'"),
    ("Field(name='f', dtype=DType.Int64, expr='a +')", "Field 'f': cannot parse 'a +'"),
    ("Field(name='f', dtype=DType.Int64, expr='')", "Field 'f': expected one SQL expression"),
    ("Field(name='f', dtype=DType.Int64, expr='SELECT a FROM t')", "expected an expression, found a statement"),
    ("Field(name='f', dtype=DType.Int64, expr='a AS b')", "expected an expression, found a statement: 'a AS b'"),
    ("Field(name='f', dtype=DType.Int64, expr='*')", "expected an expression, found a statement: '*'"),
    ("Field(name='f', dtype=DType.Int64, expr='lead(a) OVER (ORDER BY b)')",
     "looks at other rows, whatever their time"),
    ("Field(name='f', dtype=DType.Int64, expr='a - avg(a)')", "AVG(a) looks at other rows"),
    ("Field(name='f', dtype=DType.Int64, expr='a - (SELECT max(a) FROM t)')",
     "use an Aggregation, or a source's query"),
    # aggregations
    ("Aggregation(function='median', column='a', windows=['7d'])",
     "unknown aggregation function 'median': did you mean"),
    ("Aggregation(function='zzz', column='a', windows=['7d'])", f"known are '{min(AGGREGATIONS)}'"),
    ("Aggregation(function='sum', windows=['7d'])", "sum needs a column or an expr"),
    ("Aggregation(function='sum', column='a', expr='b', windows=['7d'])", "give column or expr, not both"),
    ("Aggregation(function='sum', expr='a + b', windows=['7d'])", "name: needed, since expr is not a plain column"),
    ("Aggregation(function='count', windows=[])", "windows: give one or more different lengths"),
    ("Aggregation(function='count', windows=['7d', '7d'])", "windows: give one or more different lengths"),
    ("Aggregation(function='count', windows='7d')", "windows: Input should be a valid tuple"),
    ("Aggregation(function='count', windows=['7 days'])",
     "'7 days' is no length of time: write a whole number above 0"),
    ("Aggregation(function='count', windows=['0d'])", "'0d' is no length of time"),
    ("Aggregation(function='count', windows=['-1d'])", "'-1d' is no length of time"),
    ("Aggregation(function='count', windows=['1.5h'])", "'1.5h' is no length of time"),
    ("Aggregation(function='count', windows=['1M'])", "s, m, h, d or w, e.g. '7d'"),
    ("Aggregation(function='count', windows=['99999999999d'])", "'99999999999d' is too long"),
    ("Aggregation(function='count', windows=['7d'], offset='soon')", "offset: 'soon' is no length of time"),
    ("Aggregation(function='count', windows=['7d'], where='a = 1; DROP TABLE t')", "found 2"),
    ("import datetime; Aggregation(function='count', windows=['7d'], offset=datetime.timedelta(hours=-1))",
     "must be longer than 0: a window must not reach into the future"),
    # two such would share a name inside
    ("import datetime; Aggregation(function='count', windows=['7d'], offset=datetime.timedelta(milliseconds=1))",
     "must be a whole number of seconds"),
    # feature views
    ("FeatureView(name='v', entities=[], source=timed, schema=[x])", "entities: give one or more"),
    ("FeatureView(name='v', entities=[k], source=timed)", "give schema fields or aggregations"),
    ("FeatureView(name='v', entities=[k], source='timed', schema=[x])", "source: "),
    ("FeatureView(name='v', entities=[k, kk], source=timed, schema=[x])", "column name used twice: k (SQL does not"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x, x])", "column name used twice: x"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='K', dtype=DType.Int64)])",
     "used twice: K, k"),
    ("FeatureView(name='v', entities=[k], source=timed, aggregations=[count, count])", "used twice: count_7d"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='Event_Timestamp', dtype=DType.Date)])",
     "column name used inside: Event_Timestamp; give it another name"),
    ("FeatureView(name='v', entities=[Entity(name='e', join_keys=['event_timestamp'])], source=timed, schema=[x])",
     "column name used inside: event_timestamp"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='__known_at', dtype=DType.Date)])",
     "column name used inside: __known_at"),
    ("FeatureView(name='v', entities=[k], source=timeless, aggregations=[count])", "'timeless' has no timestamp_field"),
    ("FeatureView(name='v', entities=[k], source=timeless, schema=[x], ttl='7d')", "no windows and no ttl without one"),
    ("FeatureView(name='v', entities=[k], source=timed, aggregations=[count], ttl='7d')",
     "ttl applies to schema fields"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], ttl='ever')", "ttl: 'ever' is no length of time"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], filter='a AND')", "cannot parse 'a AND'"),
    ("view[['y']]", "unknown feature of view 'view' 'y': known are 'x'"),
    # on-demand features and services
    ("RequestSource(name='r', schema=[Field(name='a', dtype=DType.Int64, expr='b')])", "there is no expr to compute"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a + b', inputs=['v:a'])",
     "expr uses b, which inputs do not list"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs=['a'])", "inputs: write each as 'view:feature'"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs=['v:a', 'w:a'])", "two of them have the same name"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='sum(a)', inputs=['v:a'])", "SUM(a) looks at other rows"),
    ("FeatureService(name='s', features=[])", "features: give one or more"),
    # models
    ("Split(start='2013-02-01', end='2013-01-01')", "is not after start"),
    ("Split(start='2013-01-01', end='2013-02-01T00:00:00Z')", "give both start and end a time zone, or neither"),
    ("Model(**model, train=feb, validation=jan, test=mar)", "periods must follow one another"),
    ("Model(**model, train=jan, validation=jan, test=mar)", "train, validation, test"),
    ("Model(**model, train=jan, validation=feb, test=Split(start='2013-03-01T00:00Z', end='2013-04-01T00:00Z'))",
     "give all periods a time zone, or none"),
    ("Model(**{**model, 'candidates': {}}, train=jan, validation=feb, test=mar)", "candidates: give one or more"),
    ("Model(**{**model, 'keys': []}, train=jan, validation=feb, test=mar)",
     "keys: give one or more columns of the spine"),
    ("Model(**{**model, 'spine': 'flights'}, train=jan, validation=feb, test=mar)", "expected a SELECT"),
    # names used twice
    ("again = Entity(name='k', join_keys=['other'])", "entity 'k' is defined twice, and differently: first at"),
    ("View = FeatureView(name='View', entities=[k], source=timed, schema=[x])",
     "feature_view 'View' and 'view' differ in"),
    ("r = RequestSource(name='view', schema=[x])", "'view' names a request_source and a feature_view"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), BAD)
def test_wrong_definitions(tmp_path: Path, written: str, expected: str) -> None:
    folder = tmp_path / "feature_defs"
    folder.mkdir()
    (folder / "wrong.py").write_text(f"{GIVEN}{written}\n")
    loaded = load_definitions(tmp_path, ["feature_defs"])
    [problem] = loaded.problems
    assert problem.where == f"{folder / 'wrong.py'}:{HERE}"
    assert expected in problem.message
    with pytest.raises(DefinitionError) as raised:
        loaded.require_sound()
    assert str(problem) in str(raised.value)


def test_the_place_is_that_of_the_inner_definition(tmp_path: Path) -> None:
    folder = tmp_path / "feature_defs"
    folder.mkdir()
    written = """FeatureView(
    name='v', entities=[k], source=timed,
    schema=[
        Field(name='', dtype=DType.Int64),
    ],
)
"""
    (folder / "wrong.py").write_text(GIVEN + written)
    [problem] = load_definitions(tmp_path, ["feature_defs"]).problems
    assert problem.where == f"{folder / 'wrong.py'}:{HERE + 3}"


def test_the_place_of_an_outer_definition_is_its_first_line(tmp_path: Path) -> None:
    folder = tmp_path / "feature_defs"
    folder.mkdir()
    (folder / "wrong.py").write_text(
        f"{GIVEN}v = FeatureView(\n    name='v',\n    entities=[k],\n    source=timed,\n)\n"
    )
    [problem] = load_definitions(tmp_path, ["feature_defs"]).problems
    assert problem.where == f"{folder / 'wrong.py'}:{HERE}"


# ── definitions that are right ─────────────────────────────────────────────────────────────────────────


def test_features_of_a_view() -> None:
    view = FeatureView(**{**newest(), **window("mean")})
    assert [(f.name, f.dtype) for f in view.features] == [
        ("v", DType.Int64), ("w", DType.Int64), ("f_1h", DType.Float64)
    ]  # fmt: skip
    assert view[["f_1h", "v"]] == ["view:f_1h", "view:v"]
    with pytest.raises(UnknownNameError, match="did you mean 'f_1h'"):
        view[["f_7h"]]


def test_written_twice_alike_is_one() -> None:
    """Two files may say the same of an entity; it is not the place that counts."""
    first = Entity(name="k", join_keys=["k"])
    second = Entity(name="k", join_keys=["k"])
    assert first.defined_at != second.defined_at
    assert DefinitionSet.of([first, second]).by_kind["entity"] == {"k": first}


def test_parts_come_along() -> None:
    view = FeatureView(**newest())
    definitions = DefinitionSet.of([view])
    assert {kind: list(named) for kind, named in definitions.by_kind.items() if named} == {
        "entity": ["entity"], "data_source": ["s"], "feature_view": ["view"]
    }  # fmt: skip


def test_columns_of_a_request_may_have_any_name() -> None:
    request = RequestSource(name="r", schema=[Field(name="two words", dtype=DType.Int64)])
    feature = OnDemandFeature(name="o", dtype=DType.Int64, expr='"two words" + 1', inputs=["r:two words"])
    assert list(DefinitionSet.of([request, feature]).on_demand) == ["o"]


def test_a_table_may_have_any_name() -> None:
    assert DataSource(name="s", table='"My Schema"."a ""b"""').table == '"My Schema"."a ""b"""'
