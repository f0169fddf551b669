"""Feature views as .sql files: what they stand for, and what is said of those that are wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError
from aops_indb.features.definitions import Definition
from aops_indb.features.loader import load_definitions
from aops_indb.workflows.desired import canonical
from aops_indb.workflows.workspace import Workspace

from .warehouse import join, references

PYTHON = "from aops_indb import Entity\ncarrier = Entity(name='carrier', join_keys=['carrier'])\n"
WHOLE = """\
/*
description = "How late a carrier is"
entities = ["carrier"]
timestamp_field = "known_at"
freshness = "2d"
ttl = "30d"
tags = { team = "operations" }
parameters = { least = -15, day = 2013-06-01T00:00:00Z, code = "o'hare" }

[schema]
delay = "Float64"
long = { dtype = "BOOLEAN", expr = "delay > 60", description = "Over an hour" }

[[aggregations]]
function = "mean"
column = "delay"
windows = ["7d", "28d"]
*/

SELECT carrier, landed AS known_at, delay::DOUBLE AS delay
FROM flights -- all of them
WHERE delay - :least >= 0 AND landed >= $day AND code <> :code;
"""
SAME: dict[str, Any] = {
    "name": "lateness",
    "description": "How late a carrier is",
    "tags": {"team": "operations"},
    "entities": [Entity(name="carrier", join_keys=["carrier"])],
    "source": DataSource(
        name="lateness",
        query="SELECT carrier, landed AS known_at, CAST(delay AS DOUBLE) AS delay FROM flights "
        "WHERE delay - (-15) >= 0 AND landed >= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) AND code <> 'o''hare'",
        timestamp_field="known_at",
        freshness="2d",
    ),
    "ttl": "30d",
    "schema": [
        Field(name="delay", dtype=DType.Float64),
        Field(name="long", dtype=DType.Bool, expr="delay > 60", description="Over an hour"),
    ],
    "aggregations": [Aggregation(function="mean", column="delay", windows=["7d", "28d"])],
}


def read(root: Path, text: str, name: str = "lateness.sql") -> Any:
    folder = root / "feature_defs"
    folder.mkdir(exist_ok=True)
    (folder / "entities.py").write_text(PYTHON)
    (folder / name).write_text(text)
    return load_definitions(root, ["feature_defs"])


def plain(definition: Definition) -> Any:
    return canonical(definition)


def test_the_same_as_in_python(tmp_path: Path) -> None:
    view = read(tmp_path, WHOLE).require_sound().views["lateness"]
    assert plain(view) == plain(FeatureView(**SAME))
    assert plain(view.source) == plain(SAME["source"])
    file = tmp_path / "feature_defs" / "lateness.sql"
    assert view.aggregations[0].defined_at == f"{file}:{WHOLE[: WHOLE.index('[[')].count(chr(10)) + 1}"


def test_values(tmp_path: Path, session: Session) -> None:
    view = read(tmp_path, WHOLE).require_sound().views["lateness"]
    session.run_script("""
        CREATE OR REPLACE TABLE flights AS SELECT * FROM (VALUES
            ('AA', TIMESTAMPTZ '2013-06-01 10:00Z', 61, 'x'), ('AA', '2013-06-02 10:00Z', -16, 'x'),
            ('AA', '2013-06-02 11:00Z', 9, 'o''hare'), ('AA', '2013-05-30 10:00Z', 1, 'x'),
            ('AA', '2013-06-03 10:00Z', -15, 'y')
        ) AS rows(carrier, landed, delay, code);
        CREATE OR REPLACE TABLE spine AS SELECT 'AA' AS carrier, unnest([TIMESTAMPTZ '2013-06-02 12:00Z', '2013-06-04'])
            AS event_timestamp
    """)
    rows = join(session, [view], references(view), full_feature_names=False)
    assert [[*row.values()][2:] for row in rows] == [[61.0, True, 61.0, 61.0], [-15.0, False, 23.0, 23.0]]


KEYS = 'entities = { plane = ["tail", "year"] }'
HEADERS = [
    # lines of comments; keys in the header; a query without parameters stays as it is written
    f'-- {KEYS}\n--   timestamp_field = "at"\n--\n-- schema = {{ n = "Int64" }}\n\nSELECT *\nFROM t',
    f'\n/* {KEYS}\ntimestamp_field = "at"\nschema = {{ n = "BIGINT" }} */ SELECT *\nFROM t;\n',
]


@pytest.mark.parametrize("text", HEADERS)
def test_other_headers(tmp_path: Path, text: str) -> None:
    view = read(tmp_path, text, "planes.sql").require_sound().views["planes"]
    assert view.join_keys == ("tail", "year")
    assert view.source.query == "SELECT *\nFROM t"
    assert [(f.name, f.dtype) for f in view.features] == [("n", DType.Int64)]


LEAST = '/*\nentities = ["carrier"]\nschema = { n = "Int64" }\n'
# what stands in the file -> line, message
WRONG = [
    ("SELECT 1", 1, "begins without a header: write its settings in a comment, e.g.\n/*"),
    ("/* entities = [ */ SELECT 1", 1, "the header is no TOML: "),
    ("\n/*\nname = 'a'\nttl = \n*/ SELECT 1", 4, "the header is no TOML: Invalid value"),
    (LEAST + "*/", 4, "has no SELECT below its header"),
    (LEAST + "tll = '3d'\n*/\nSELECT 1", 4, "unknown setting 'tll': did you mean 'ttl'?"),
    (LEAST + "\nttl = '3x'\n*/\nSELECT 1", 5, "FeatureView 'lateness': ttl: '3x' is no length of time"),
    (LEAST + "\nfreshness = 3\n*/\nSELECT 1", 5, "DataSource 'lateness': freshness: 3 is no length of time"),
    (LEAST + "name = 'two words'\n*/\nSELECT 1", 4, "'two words' cannot be a name"),
    (LEAST + "*/\nDROP TABLE t", 5, "expected a SELECT, found DROP"),
    (LEAST + "*/\nSELECT a\nFROM WHERE b", 5, "line 6, column "),
    (LEAST + "*/\nSELECT a,\n now() AS b FROM t", 5, "DataSource 'lateness': query: NOW() changes from call"),
    (LEAST + "*/\nSELECT a\nFROM t WHERE b > :leest", 6, "unknown parameter 'leest': no parameter is defined yet"),
    (LEAST + "parameters = { least = 1 }\n*/\nSELECT a\nFROM t WHERE b > $leest", 7, "did you mean 'least'?"),
    (LEAST + "parameters = { least = 1 }\n*/\nSELECT a FROM t", 4, "the SELECT has no parameter :least"),
    (LEAST + "parameters = { least = [1] }\n*/\nSELECT a FROM t WHERE b > :least", 4, "least is a list: give a"),
    (LEAST + "parameters = 3\n*/\nSELECT a FROM t", 4, "parameters: write a table"),
    (LEAST + "*/\nSELECT a FROM t\nWHERE b = ?", 6, "'?' has no name: write :name"),
    ('/*\nentities = ["carier"]\n*/\nSELECT 1', 2, "unknown entity 'carier': did you mean 'carrier'?; or say its keys"),
    ("/*\nentities = 'carrier'\n*/\nSELECT 1", 2, "entities: write a list of names"),
    ("/*\nentities = { a = 'b' }\n*/\nSELECT 1", 2, "Entity 'a': join_keys must be a list, not 'b'"),
    ("/*\nschema = 3\nentities = ['carrier']\n*/\nSELECT 1", 2, "schema: write a table"),
    ("/*\nentities = ['carrier']\n\n[schema]\nn = 'Int64'\nm = 'Integer'\n*/\nSELECT 1", 6,
     "Field 'm': dtype: unknown DType 'Integer': did you mean DType.Int32?"),
    ("/*\nentities = ['carrier']\naggregations = 3\n*/\nSELECT 1", 3, "aggregations: write each as a table"),
    ("/*\nentities = ['carrier']\n[[aggregations]]\nfunction = 'count'\nwindows = ['7d']\n[[aggregations]]\n"
     "function = 'meen'\ncolumn = 'a'\nwindows = ['7d']\n*/\nSELECT 1", 6, "unknown aggregation function 'meen'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_wrong_files(tmp_path: Path, text: str, line: int, message: str) -> None:
    loaded = read(tmp_path, text)
    [problem] = loaded.problems
    assert problem.where == f"{tmp_path / 'feature_defs' / 'lateness.sql'}:{line}"
    assert message in problem.message
    assert list(loaded.definitions.by_kind["entity"]) == ["carrier"]
    with pytest.raises(DefinitionError, match=re.escape(str(problem.where))):
        loaded.require_sound()


def test_an_entity_that_may_be_in_a_file_that_could_not_be_read_is_not_told(tmp_path: Path) -> None:
    """One mistake, one message."""
    (tmp_path / "feature_defs").mkdir()
    (tmp_path / "feature_defs" / "more.py").write_text("1 / 0\n")
    text = '/*\nentities = ["elsewhere"]\n*/\nSELECT 1'
    [problem] = read(tmp_path, text).problems
    assert "ZeroDivisionError" in problem.message
    (tmp_path / "feature_defs" / "more.py").unlink()
    [problem] = read(tmp_path, text).problems
    assert "unknown entity 'elsewhere'" in problem.message


def test_in_a_project(tmp_path: Path) -> None:
    (tmp_path / "model_defs").mkdir()
    read(tmp_path, WHOLE)
    (tmp_path / "aops.toml").write_text('[warehouse]\nurl = "duckdb:///w.duckdb"\n')
    assert list(Workspace.load(tmp_path / "aops.toml").definitions.views) == ["lateness"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    read(tmp_path, "")
    file = tmp_path / "feature_defs" / "lateness.sql"
    file.write_bytes(b"/* name = '\xff' */ SELECT 1")
    [problem] = load_definitions(tmp_path, ["feature_defs"]).problems
    assert (problem.where, problem.message) == (f"{file}:1", "is not UTF-8: write it so")
