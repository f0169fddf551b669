"""Definitions that are wrong, and what is said about them: where, what, and what instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

import aops_indb
from aops_indb import (
    Aggregation,
    DataSource,
    Entity,
    FeatureService,
    FeatureTest,
    FeatureView,
    Field,
    Materialization,
    OnDemandFeature,
    RequestSource,
    Split,
)
from aops_indb.errors import DefinitionError, UnknownNameError, explain_setting
from aops_indb.features.aggregations import AGGREGATIONS
from aops_indb.features.definition_set import KINDS, DefinitionSet
from aops_indb.features.definitions import Definition
from aops_indb.features.loader import load_definitions
from aops_indb.features.setting_types import EXAMPLES
from aops_indb.features.types import DType

from .examples import newest, window

GIVEN = """\
from aops_indb import Aggregation, DataSource, DType, Entity, FeatureService, FeatureView, Field, Model
from aops_indb import OnDemandFeature, RequestSource, Split
k = Entity(name="k", join_keys=["k"])
kk = Entity(name="kk", join_keys=["k", "l"])
timed = DataSource(name="timed", table="t", timestamp_field="at")
held = DataSource(name="held", table="t", valid_from="a", valid_to="z")
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
    ("Entity(join_keys=['k'])", 'Entity: name is missing: write e.g. name="'),
    ("Entity()", 'Entity: name is missing: write e.g. name="'),
    ("Entity(name='e')", "Entity 'e': join_keys is missing: write e.g. join_keys=[\""),
    ("Entity(name='e', join_keys=['k'], colour='red')",
     "Entity 'e': unknown setting 'colour': known are 'description', 'join_keys', 'name', 'owner', 'tags'"),
    ("Entity(nmae='e', join_keys=['k'])", "Entity(nmae='e'): unknown setting 'nmae': did you mean 'name'?"),
    ("Entity('e', ['k'])", "Entity: settings are given by their names: write e.g. Entity(name=\""),
    ("Split('2013-01-01', '2014-01-01')", 'write e.g. Split(start="2013-01-01", end="2013-10-01")'),
    ("Entity(name=3, join_keys=['k'])", "Entity 3: name must be text in quotes, not 3: write e.g. name=\""),
    ("Entity(name='e', join_keys='k')", "Entity 'e': join_keys must be a list, not 'k': write e.g. join_keys=[\""),
    ("Entity(name='e', join_keys=[3])", "Entity 'e': join_keys[0] must be text in quotes, not 3: write e.g. join"),
    # its order changes from run to run
    ("Entity(name='e', join_keys={'k', 'l'})", "join_keys must be a list, not a set"),
    ("Entity(name='e', join_keys=['k'], tags=['a'])", 'tags must be a dict, not a list: write e.g. tags={"'),
    ("Entity(name='e', join_keys=['k'], tags={'a': 1})", "tags['a'] must be text in quotes, not 1"),
    ("Entity(name='e', join_keys=['k'], tags={1: 'a'})", "tags[1] must be text in quotes, not 1"),
    ("Entity(name='e', join_keys=['k'], description='x' * 99, owner=None)", "owner must be text in quotes, not None"),
    ("Entity(name='e', join_keys=['k', 'K'])", "different columns (SQL does not tell case apart)"),
    ("Entity(name='e', join_keys=[])", "join_keys: give one or more different columns"),
    ("Entity(name='e', join_keys=['k', 'k'])", "join_keys: give one or more different columns"),
    ("k.name = 'other'", "Entity 'k' is frozen: set name where it is defined, at "),
    ("k.colour = 'red'", "Entity 'k' is frozen: set colour where it is defined, at "),
    # sources
    ("DataSource(name='s', tabel='t')", "DataSource 's': unknown setting 'tabel': did you mean 'table'?"),
    ("DataSource(name='s', table=k)",
     'DataSource \'s\': table must be text in quotes, not an Entity: write e.g. table="'),
    ("DataSource(name='s')", "DataSource 's': give either table or query"),
    ("DataSource(name='s', table='t', query='SELECT 1')", "give either table or query"),
    ("DataSource(name='s', table='')", "'' cannot be the name of a table"),
    ("DataSource(name='s', table='raw.\"t')", "cannot be the name of a table: write it as schema.table"),
    ("DataSource(name='s', query='DROP TABLE t')", "expected a SELECT, found DROP"),
    ("DataSource(name='s', query='SELECT 1; SELECT 2')", "expected one SQL expression or query, found 2"),
    ("DataSource(name='s', query='SELECT FROM WHERE')", "cannot parse 'SELECT FROM WHERE'"),
    ("DataSource(name='s', table='t', created_timestamp_column='c')",
     "created_timestamp_column needs a timestamp_field"),
    ("DataSource(name='s', table='t', valid_to='z')", "valid_to needs a valid_from"),
    ("DataSource(name='s', table='t', valid_from='a', valid_to='A')", "valid_from and valid_to must be two columns"),
    ("DataSource(name='s', table='t', valid_from='a', timestamp_field='b')",
     "give timestamp_field or valid_from, not both"),
    ("DataSource(name='s', table='t', valid_from='a', valid_to='b', created_timestamp_column='c')",
     "created_timestamp_column does not go with valid_to: nobody knows when an end was written; leave valid_to out"),
    ("DataSource(name='s', table='t', valid_from=3)",
     'valid_from must be text in quotes, not 3: write e.g. valid_from="'),
    ("DataSource(name='s', table='t', timestamp_field='a', freshness=2)", "freshness: 2 is no length of time"),
    ("DataSource(name='s', table='t', freshness='2h')", "freshness needs a timestamp_field"),
    # fields
    ("Field(name='f', dype=DType.Int64)", "Field 'f': unknown setting 'dype': did you mean 'dtype'?"),
    ("Field(name='f')", "Field 'f': dtype is missing: write e.g. dtype=DType.Float64"),
    ("Field(name='f', dtype='INT')", "Field 'f': dtype: unknown DType 'INT': did you mean DType.Int64 or DType.Int32?"),
    ("Field(name='f', dtype='Int64')",
     "Field 'f': dtype: unknown DType 'Int64': did you mean DType.Int64? All are DType.B"),
    ("Field(name='f', dtype=int)", "Field 'f': dtype: the class int is no DType: write one of DType.Bool, "),
    ("Field(name='f', dtype=DType.Integer)", "unknown DType 'Integer': did you mean DType.Int32? All are DType.Bool, "),
    ("Field(name='f', dtype=DType.float64)", "unknown DType 'float64': did you mean DType.Float64?"),
    ("Field(name='f', dtype=DType.Decimal)", "unknown DType 'Decimal': known are DType.Bool, DType.Int32"),
    ("Field(name='f', dtype=DType.Int64, expr='a +')", "Field 'f': expr: cannot parse 'a +'"),
    ("Field(name='f', dtype=DType.Int64, expr='')", "Field 'f': expr: expected one SQL expression"),
    ("Field(name='f', dtype=DType.Int64, expr=1)", "Field 'f': expr must be text in quotes, not 1: write e.g. expr=\""),
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
    ("Aggregation(function='count', windows='7d')",
     "Aggregation(function='count', windows='7d'): windows must be a list, not '7d': write e.g. windows=[\"7d\", "),
    ("Aggregation(function='mean', column='a', windows=[7])",
     "Aggregation(function='mean', column='a'): windows[0] must be text in quotes, not 7: write e.g. windows=["),
    ("Aggregation(name='late', function='rate', expr='a >', windows=['7d'])", "Aggregation 'late': expr: cannot parse"),
    ("Aggregation(function='mean', column='a', window=['7d'])",
     "Aggregation(function='mean', column='a'): unknown setting 'window': did you mean 'windows'?"),
    ("Aggregation(function='mean', column='a')", "Aggregation(function='mean', column='a'): windows is missing: write"),
    ("Aggregation(function='Mean', column='a', windows=['7d'])",
     "unknown aggregation function 'Mean': did you mean 'mean'?"),
    ("Aggregation(function='count', windows=['7 days'])",
     "windows[0]: '7 days' is no length of time: write a whole number above 0"),
    ("Aggregation(function='count', windows=['7d'], offset=3)",
     "offset: 3 is no length of time: write it with its unit"),
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
    # the setting that is misspelt, and not the one that is missing
    ("FeatureView(name='v', entites=[k], source=timed, schema=[x])",
     "FeatureView 'v': unknown setting 'entites': did you mean 'entities'?"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], tll='7d')",
     "unknown setting 'tll': did you mean 'ttl'?"),
    ("FeatureView(name='v', entities=[k], source=timed, schema_=[x])",
     "unknown setting 'schema_': did you mean 'schema'?"),
    ("FeatureView(name='v', entities='customer', source=timed, schema=[x])",
     "FeatureView 'v': entities must be a list, not 'customer': write e.g. entities=[carrier], where carrier = "),
    ("FeatureView(name='v', entities=['k'], source=timed, schema=[x])",
     "entities[0] must be made by Entity(…), and is 'k'"),
    ("FeatureView(name='v', entities=k, source=timed, schema=[x])", "entities must be a list, not an Entity"),
    ("FeatureView(name='v', entities=[k], source='timed', schema=[x])",
     "FeatureView 'v': source must be made by DataSource(…), and is 'timed': write e.g. source=arrivals, where"),
    ("FeatureView(name='v', entities=[k], source=DataSource, schema=[x])",
     "and is the class DataSource: write e.g. source"),
    ("FeatureView(name='v', entities=[k], source=timed, aggregations=[x])",
     "aggregations[0] must be made by Aggregation(…), and is a Field: write e.g. aggregations=[Aggregation(function="),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[{'name': 'f', 'dtype': 'NIX'}])",
     "FeatureView 'v': Field 'f': dtype: unknown DType 'NIX': known are DType.Bool"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], ttl=7)",
     "ttl: 7 is no length of time: write it with"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], filter=True)",
     "filter must be text in quotes, not True"),
    ("view['x']", "FeatureView 'view': references are made of lists: write [['x']]"),
    ("FeatureView(name='v', entities=[k], source=timeless, aggregations=[count])", "'timeless' has no timestamp_field"),
    ("FeatureView(name='v', entities=[k], source=timeless, schema=[x], ttl='7d')", "no windows and no ttl without one"),
    ("FeatureView(name='v', entities=[k], source=timed, aggregations=[count], ttl='7d')",
     "ttl applies to schema fields"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], ttl='ever')", "ttl: 'ever' is no length of time"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], filter='a AND')", "filter: cannot parse 'a AND'"),
    ("FeatureView(name='v', entities=[k], source=held, schema=[x], ttl='7d')",
     "source 'held' says until when a row holds, in z: leave ttl out"),
    ("FeatureView(name='v', entities=[k], source=held, schema=[Field(name='Z', dtype=DType.Date)])",
     "Z looks into the future: z, when a row ends, is not known while it holds"),
    ("FeatureView(name='v', entities=[k], source=held, schema=[x], filter='x > 1 AND Z IS NULL')",
     "x > 1 AND Z IS NULL looks into the future"),
    ("FeatureView(name='v', entities=[k], source=held, aggregations=[Aggregation(function='max', column='z', "
     "windows=['7d'])])", "z looks into the future"),
    ("FeatureView(name='v', entities=[k], source=held, aggregations=[Aggregation(function='count', where='z > x', "
     "windows=['7d'])])", "z > x looks into the future"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], version=0)", "version: 0 is no such number: "),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x], version='2')", "version: '2' is no such number"),
    ("again = FeatureView(name='view', entities=[k], source=timed, schema=[x], version=2)",
     "feature_view 'view' is defined twice: give each a version, e.g. version=1, version=2; the first is "),
    ("view[['y']]", "unknown feature of view 'view' 'y': known are 'x'"),
    ("view[['X']]", "unknown feature of view 'view' 'X': did you mean 'x'?"),
    # on-demand features and services
    ("RequestSource(name='r', schema=[Field(name='a', dtype=DType.Int64, expr='b')])", "there is no expr to compute"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a + b', inputs=['v:a'])",
     "expr uses b, which inputs do not list: add 'view:feature' there"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='A', inputs=['v:a'])", "do not list: for A, did you mean a?"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs='v:a')",
     "inputs must be a list, not 'v:a': write e.g."),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs=[view])",
     "inputs[0] must be text in quotes, not a Feat"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs=['v:a', 'w:A'])", "two of them have the same name"),
    ("OnDemandFeature(name='Event_Timestamp', dtype=DType.Int64, expr='a', inputs=['v:a'])",
     "is the spine's own column"),
    ("RequestSource(name='r', schema=[])", "RequestSource 'r': schema: give one or more fields"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs=['a'])", "inputs: write each as 'view:feature'"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='a', inputs=['v:a', 'w:a'])", "two of them have the same name"),
    ("OnDemandFeature(name='o', dtype=DType.Int64, expr='sum(a)', inputs=['v:a'])", "SUM(a) looks at other rows"),
    ("FeatureService(name='s', features=[])", "features: give one or more"),
    ("FeatureService(name='s', features=view)", "features must be a list, not a FeatureView: write e.g. features=["),
    ("FeatureService(name='s', features='view:x')", "features must be a list, not 'view:x': write e.g. features=["),
    ("FeatureService(name='s', features=[k])",
     "features[0] must be a feature view, an on-demand feature or text in quotes, not an Entity: write e.g. feature"),
    ("FeatureService(name='s', features=[view[['x']]])", "text in quotes, not a list: write e.g. features=["),
    # models
    ("Split(start='2013-02-01', end='2013-01-01')",
     "Split(start='2013-02-01', end='2013-01-01'): end 2013-01-01 00:00:00 is not after start 2013-02-01 00:00:00"),
    ("Split(start='2013-01-01')", "Split(start='2013-01-01'): end is missing: write e.g. end=\"2013-10-01\""),
    ("Split(start='2013-01-01', ende='2013-02-01')", "unknown setting 'ende': did you mean 'end'?"),
    ("Split(start='soon', end='2013-01-01')", "start: 'soon' is no time: write a day or a moment, e.g. '2013-10-01'"),
    # seconds since 1970, to others
    ("Split(start=2013, end=2014)", "Split: start: 2013 is no time"),
    ("Split(start='2013', end='2014')", "start: '2013' is no time"),
    ("Model(**model, train=jan, validation=feb)", "Model 'm': test is missing: write e.g. test=Split(start=\""),
    ("Model(**model, train=jan, validation=feb, tset=mar)", "Model 'm': unknown setting 'tset': did you mean 'test'"),
    ("Model(**model, train=('2013', '2014'), validation=feb, test=mar)",
     "train must be made by Split(…), and is a tuple"),
    ("Model(**model, train=dict(start='2013-01-01'), validation=feb, test=mar)",
     "Model 'm': Split(start='2013-01-01'): end is missing"),
    ("Model(**{**model, 'service': view}, train=jan, validation=feb, test=mar)",
     "service must be made by FeatureService(…), and is a FeatureView: write e.g. service="),
    ("Model(**{**model, 'candidates': {'a': 3}}, train=jan, validation=feb, test=mar)",
     "candidates['a'] must be a function or a class, not 3: write e.g. candidates={"),
    ("Model(**{**model, 'candidates': [dict]}, train=jan, validation=feb, test=mar)",
     "candidates must be a dict, not a list"),
    ("Model(**{**model, 'keys': 'k'}, train=jan, validation=feb, test=mar)",
     "keys must be a list, not 'k': write e.g. keys="),
    ("Model(**{**model, 'keys': ['k', 'K']}, train=jan, validation=feb, test=mar)",
     "one or more different columns of the sp"),
    ("Split(start='2013-01-01', end='2013-02-01T00:00:00Z')", "give both start and end a time zone, or neither"),
    ("Model(**model, train=feb, validation=jan, test=mar)", "periods must follow one another"),
    ("Model(**model, train=jan, validation=jan, test=mar)",
     "train ends 2013-02-01 00:00:00, but validation starts 2013-01-01 00:00:00"),
    ("Model(**model, train=jan, validation=feb, test=feb)",
     "validation ends 2013-03-01 00:00:00, but test starts 2013-02"),
    ("Model(**model, train=jan, validation=feb, test=Split(start='2013-03-01T00:00Z', end='2013-04-01T00:00Z'))",
     "give all periods a time zone, or none"),
    ("Model(**{**model, 'candidates': {}}, train=jan, validation=feb, test=mar)", "candidates: give one or more"),
    ("Model(**{**model, 'keys': []}, train=jan, validation=feb, test=mar)",
     "keys: give one or more different columns of the spine"),
    ("Model(**{**model, 'spine': 'flights'}, train=jan, validation=feb, test=mar)", "expected a SELECT"),
    # names used twice
    ("again = Entity(name='k', join_keys=['other'])", "entity 'k' is defined twice, and differently: first at"),
    ("View = FeatureView(name='View', entities=[k], source=timed, schema=[x])",
     "feature_view 'View' and 'view' differ in"),
    ("r = RequestSource(name='view', schema=[x])", "'view' is the name of one request_source and of one feature_view"),
    ("r = RequestSource(name='View', schema=[x])", "'View:…' could mean either; rename one; the feature_view is at"),
    ("o = OnDemandFeature(name='service', dtype=DType.Int64, expr='1')",
     "'service' is the name of one on_demand_feature and of one feature_service: 'service' could mean either; rename"),
]  # fmt: skip

# what is written in a definition of columns -> what the message says, with the lines of both of one name
TWICE = "two columns have one name, as SQL does not tell case apart: "
COLLIDING = [
    ("FeatureView(name='v', entities=[k, kk], source=timed, schema=[x])",
     TWICE + "join key 'k' ({file}:3) and join key 'k' ({file}:4); leave one out, or name the column otherwise"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x, x])",
     TWICE + "field 'x' ({file}:8) and field 'x' ({file}:8); leave one out, or name the field otherwise, and what it"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x, Field(name='X', dtype=DType.Int64, expr='y + 1')])",
     "field 'X' ({file}:{here}); leave one out, or name the field otherwise, and what it shows in expr: "
     "Field(name='…', expr='y + 1', …)"),
    # pydantic makes the field, in the call of the view
    ("FeatureView(name='v', entities=[k], source=timed, schema=[x, {'name': 'X', 'dtype': 'BIGINT'}])",
     TWICE + "field 'x' ({file}:8) and field 'X' ({file}:{here}); leave"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='K', dtype=DType.Int64)])",
     TWICE + "join key 'k' ({file}:3) and field 'K' ({file}:{here}); leave one out, or name the field otherwise, "
     "and what it shows in expr: Field(name='…', expr='K', …)"),
    ("FeatureView(name='v', entities=[k], source=timed, aggregations=[count, count])",
     TWICE + "aggregation 'count_7d' ({file}:9) and aggregation 'count_7d' ({file}:9); leave one out, or begin its "
     "features' names otherwise: Aggregation(name='…', …)"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='Count_7d', dtype=DType.Int64)], "
     "aggregations=[count])",
     TWICE + "field 'Count_7d' ({file}:{here}) and aggregation 'count_7d' ({file}:9); leave one out, or begin"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='Event_Timestamp', dtype=DType.Date)])",
     "field 'Event_Timestamp' ({file}:{here}) has a name used inside: name the field otherwise, and what it shows in"),
    ("FeatureView(name='v', entities=[Entity(name='e', join_keys=['event_timestamp'])], source=timed, schema=[x])",
     "join key 'event_timestamp' ({file}:{here}) has a name used inside: name the column otherwise in the spine"),
    ("FeatureView(name='v', entities=[k], source=timed, schema=[Field(name='__known_at', dtype=DType.Date)])",
     "field '__known_at' ({file}:{here}) has a name used inside"),
    ("RequestSource(name='r', schema=[x, Field(name='X', dtype=DType.Int64)])",
     TWICE + "request column 'x' ({file}:8) and request column 'X' ({file}:{here}); leave one out, or name the"),
    ("RequestSource(name='r', schema=[Field(name='event_timestamp', dtype=DType.Date)])",
     "request column 'event_timestamp' ({file}:{here}) has a name used inside: name the spine's column otherwise"),
    ("again = Entity(name='K', join_keys=['k'])",
     "entity 'K' and 'k' differ in case alone, which SQL does not tell apart: rename one; 'k' is at {file}:3"),
]  # fmt: skip

# pydantic's words, which are about Python
LEAKS = ("Input should", "Field required", "Extra inputs", "[type=", "pydantic", "validation error")


@pytest.mark.parametrize(("written", "expected"), BAD)
def test_wrong_definitions(tmp_path: Path, written: str, expected: str) -> None:
    folder = tmp_path / "feature_defs"
    folder.mkdir()
    (folder / "wrong.py").write_text(f"{GIVEN}{written}\n")
    loaded = load_definitions(tmp_path, ["feature_defs"])
    [problem] = loaded.problems
    assert problem.where == f"{folder / 'wrong.py'}:{HERE}"
    assert expected in problem.message
    assert not [leak for leak in LEAKS if leak in problem.message]
    with pytest.raises(DefinitionError) as raised:
        loaded.require_sound()
    assert str(problem) in str(raised.value)


@pytest.mark.parametrize(("written", "expected"), COLLIDING)
def test_both_places_of_one_name(tmp_path: Path, written: str, expected: str) -> None:
    folder = tmp_path / "feature_defs"
    folder.mkdir()
    (folder / "wrong.py").write_text(f"{GIVEN}{written}\n")
    [problem] = load_definitions(tmp_path, ["feature_defs"]).problems
    assert problem.where == f"{folder / 'wrong.py'}:{HERE}"
    assert expected.format(file=folder / "wrong.py", here=HERE) in problem.message


@pytest.mark.parametrize("kind", [*KINDS.values(), Field, Aggregation, Split, FeatureTest])
def test_what_a_message_says_to_write_is_right(kind: type[Definition]) -> None:
    """Each setting of each kind has an example, and takes it."""
    known = {
        "carrier": Entity(name="carrier", join_keys=["carrier"]),
        "arrivals": DataSource(name="arrivals", table="t", timestamp_field="at"),
        "carrier_delay": (view := FeatureView(**newest())),
        "flight_features": FeatureService(name="flight_features", features=[view]),
        "route_delay": {("late_7d",): ["route_delay:late_7d"]},
    }
    public = {name: getattr(aops_indb, name) for name in aops_indb.__all__}
    for name, field in kind.model_fields.items():
        label = field.alias or name
        written = EXAMPLES[label].partition(", where")[0].replace('[["late_7d"]]', '[("late_7d",)]')
        with pytest.raises(DefinitionError) as raised:  # since it is given alone
            kind(**eval(f"dict({written})", {**public, **known}))  # noqa: S307
        assert isinstance(cause := raised.value.__cause__, ValidationError)
        assert label not in [problem["loc"][0] for problem in cause.errors() if problem["loc"]], cause


def test_no_example_is_of_nothing() -> None:
    kinds: list[type[Definition]] = [*KINDS.values(), Field, Aggregation, Split, Materialization, FeatureTest]
    assert set(EXAMPLES) == {field.alias or name for kind in kinds for name, field in kind.model_fields.items()}


def test_a_mistake_without_words_of_its_own() -> None:
    problem = {"type": "of_a_later_pydantic", "loc": ("ttl",), "input": ["7d"], "ctx": {"x": 1}}
    assert explain_setting(problem, "ttl", examples=EXAMPLES) == 'ttl cannot be a list: write e.g. ttl="30d"'


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
    collected = DefinitionSet.of([view])
    assert {kind: list(named) for kind, named in collected.by_kind.items() if named} == {
        "entity": ["entity"], "data_source": ["s"], "feature_view": ["view"]
    }  # fmt: skip


def test_columns_of_a_request_may_have_any_name() -> None:
    request = RequestSource(name="r", schema=[Field(name="two words", dtype=DType.Int64)])
    feature = OnDemandFeature(name="o", dtype=DType.Int64, expr='"two words" + 1', inputs=["r:two words"])
    assert list(DefinitionSet.of([request, feature]).on_demand) == ["o"]


def test_a_table_may_have_any_name() -> None:
    assert DataSource(name="s", table='"My Schema"."a ""b"""').table == '"My Schema"."a ""b"""'
