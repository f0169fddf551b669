"""score_table on DuckDB and PostgreSQL, beside the library row by row; on Spark in parity/test_spark.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aops_indb import score_table, to_sql
from aops_indb.errors import (
    ModelError,
    ModelInputError,
    QueryError,
    RefusedError,
    SettingsError,
    UnknownNameError,
    WarehouseError,
)

from .visits import INPUTS, KEYS, MODELS, NO_SQL, PLACES, InDuckDB, Place, Rows, expected, fill, known


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A warehouse that holds nothing but the visits."""
    made = PLACES[request.param]()
    fill(made)
    yield made
    if isinstance(made, InDuckDB):
        made.given.close()


def compare(place: Place, name: str, table: str, keys: list[str] = KEYS) -> None:
    """The table's rows are those of the source: keys as they were, outputs as the library has them."""
    wanted = expected(name)
    columns = [*keys, *wanted[0]]
    quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    got = place.rows(f"SELECT {quoted} FROM {table} ORDER BY id")
    listed = ", ".join('"' + key.replace('"', '""') + '"' for key in keys)
    assert [row[: len(keys)] for row in got] == place.rows(f"SELECT {listed} FROM visits ORDER BY id")
    for row, want in zip(got, wanted, strict=True):
        for value, (column, other) in zip(row[len(keys) :], want.items(), strict=True):
            exact = other is None or not isinstance(other, float)
            same = value == other if exact else value == pytest.approx(other, rel=1e-9, abs=1e-12)
            assert same, (row[0], column, value, other)


def types(place: Place, table: str) -> Rows:
    if place.name == "duckdb":
        return [row[:2] for row in place.rows(f"DESCRIBE {table}")]
    shown = "format_type(atttypid, atttypmod)"
    return place.rows(
        f"SELECT attname, {shown} FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"
    )


def comment(place: Place, table: str) -> str:
    found = {
        "duckdb": f"SELECT comment FROM duckdb_tables() WHERE table_name = '{table}'",
        "postgres": f"SELECT obj_description('{table}'::regclass)",
    }
    return str(place.rows(found[place.name])[0][0])


# ── scores ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", MODELS)
def test_the_library_in_batches(place: Place, name: str) -> None:
    assert len({tuple(row.values()) for row in expected(name)}) > 2
    written = score_table(
        MODELS[name](),
        warehouse=place.given,
        source="visits",
        target="scored",
        keys=KEYS,
        inputs=INPUTS,
        executor="library",
    )
    assert written == 120
    compare(place, name, "scored")
    assert types(place, "scored")[: len(KEYS)] == types(place, "visits")[: len(KEYS)]


@pytest.mark.parametrize("name", [name for name in MODELS if name not in NO_SQL])
def test_sql_gives_the_same_columns(place: Place, name: str) -> None:
    for executor in ("sql", "library"):
        score_table(
            MODELS[name](),
            warehouse=place.given,
            source="visits",
            target=executor,
            keys=KEYS,
            inputs=INPUTS,
            executor=executor,
        )
    assert types(place, '"sql"') == types(place, "library")
    compare(place, name, '"sql"')


def test_onnx(place: Place) -> None:
    # of rows that the library refuses ONNX makes scores all the same, so there must be none
    source = "SELECT * FROM visits WHERE kind IN ('new', 'o''ld', '') AND abs(\"a \"\"b\"\"\") < 10"
    chosen = {"warehouse": place.given, "source": source, "keys": ["id"]}
    written = score_table(MODELS["classifier"](), target="scored", executor="onnx", **chosen)
    got = place.rows("SELECT id, label, probability_no, probability_yes FROM scored")
    assert 50 < written == len(got)
    assert [column for column, _ in types(place, "scored")] == ["id", "label", "probability_no", "probability_yes"]
    wanted = expected("classifier")
    for row, label, no, yes in got:
        assert label == wanted[row]["label"]
        assert (no, yes) == pytest.approx((wanted[row]["probability_no"], wanted[row]["probability_yes"]), abs=1e-6)
    with pytest.raises(ModelError, match=r"the library refuses [1-9].*; use executor='library'"):
        score_table(MODELS["classifier"](), target="scored", executor="onnx", **(chosen | {"source": "visits"}))
    assert place.rows("SELECT count(*) FROM scored") == [(written,)]


def test_chosen_outputs_and_other_column_names(place: Place) -> None:
    place.rows('CREATE TABLE renamed AS SELECT id, "a ""b""" AS w, price AS x, kind AS "y z", sure AS "S" FROM visits')
    for executor in ("sql", "library"):
        score_table(
            MODELS["classifier"](),
            warehouse=place.given,
            source="renamed",
            target="scored",
            keys=["id"],
            inputs=["w", "x", "y z", "S"],
            outputs=["probability_yes", "label"],
            executor=executor,
        )
        got = place.rows("SELECT * FROM scored ORDER BY id")
        wanted = [(row["probability_yes"], row["label"]) for row in expected("classifier")]
        assert [label for *_, label in got] == [label for _, label in wanted]
        assert [p for _, p, _ in got if p is not None] == pytest.approx([p for p, _ in wanted if p is not None])


def test_a_key_can_be_an_input(place: Place) -> None:
    scaler = StandardScaler().fit(known()[["price"]])
    for executor in ("sql", "library"):
        score_table(
            make_pipeline(scaler, LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])),
            warehouse=place.given,
            source="visits",
            target="scored",
            keys=["price"],
            executor=executor,
        )
        assert types(place, "scored")[0][1].lower().replace("decimal", "numeric").replace(" ", "") == "numeric(12,3)"
        got = place.rows("SELECT price, prediction FROM scored WHERE price IS NOT NULL")
        assert [p for _, p in got] == pytest.approx(scaler.transform([[float(x)] for x, _ in got])[:, 0], rel=1e-9)


# ── the target ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("executor", ["sql", "library"])
def test_the_table_is_filled_again(place: Place, executor: str) -> None:
    def score(source: str = "visits", keys: str = "id", **more: Any) -> int:
        given: dict[str, Any] = {"warehouse": place.given, "target": "scored", "executor": executor}
        return score_table(MODELS["classifier"](), source=source, keys=keys, **given, **more)

    assert score() == 120
    place.rows("CREATE VIEW looked_at AS SELECT count(*) AS n FROM scored")
    assert score("SELECT * FROM visits WHERE id < 10;".rstrip(";")) == 10
    assert place.rows("SELECT n FROM looked_at") == [(10,)]
    assert score("SELECT * FROM visits WHERE id < 0") == 0
    assert place.rows("SELECT n FROM looked_at") == [(0,)]
    assert score() == 120
    note = comment(place, "scored")
    assert note.startswith(f"scores of Pipeline by executor '{executor}', aops-indb ")
    with pytest.raises(
        RefusedError, match=r"scored has the columns id .* and the scores would be mood .* replace=True"
    ):
        score(keys="mood")
    assert place.rows("SELECT n FROM looked_at") == [(120,)]
    place.rows("DROP VIEW looked_at")
    assert score(keys="mood", replace=True) == 120
    assert types(place, "scored")[0][0] == "mood"


def test_from_a_table_to_itself(place: Place) -> None:
    place.rows("CREATE TABLE steps AS SELECT id, id * 0.5 AS prediction FROM visits")
    place.rows("ALTER TABLE steps ALTER COLUMN prediction TYPE DOUBLE PRECISION")
    twice = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    for executor in ("library", "sql"):
        score_table(
            twice,
            warehouse=place.given,
            source="SELECT id, prediction AS x FROM steps",
            target="steps",
            keys=["id"],
            inputs=["x"],
            executor=executor,
        )
    got = place.rows("SELECT id, prediction FROM steps ORDER BY id")
    assert [p for _, p in got] == pytest.approx([2.0 * i for i in range(120)])


class HaltingError(Exception):
    """Raised by the model below."""


def test_a_model_that_fails_halfway_leaves_the_table(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS["classifier"]()
    score = {"warehouse": place.given, "source": "visits", "target": "scored", "keys": ["id"], "executor": "library"}
    score_table(model, **score)
    before = place.rows("SELECT * FROM scored ORDER BY id")
    place.rows("INSERT INTO visits (id) SELECT id + 1000 FROM visits")
    place.rows("INSERT INTO visits (id) SELECT range FROM range(2000, 200000)" if place.name == "duckdb" else
               "INSERT INTO visits (id) SELECT generate_series(2000, 200000)")  # fmt: skip
    seen = 0

    def failing(frame: pd.DataFrame) -> Any:
        nonlocal seen
        seen += len(frame)
        if seen > 100_000:
            raise HaltingError("out of wits")
        return np.full(len(frame), "no")

    monkeypatch.setattr(model, "predict", failing, raising=False)
    monkeypatch.setattr(model, "predict_proba", lambda frame: np.zeros((len(frame), 2)), raising=False)
    monkeypatch.setattr(model, "decision_function", lambda frame: np.zeros(len(frame)), raising=False)
    with pytest.raises((HaltingError, QueryError), match="out of wits"):
        score_table(model, **score)
    assert seen > 100_000
    assert place.rows("SELECT * FROM scored ORDER BY id") == before


def test_rows_that_the_table_does_not_take_leave_it(place: Place) -> None:
    """What was taken away before the new rows were refused is there again."""
    place.rows("CREATE TABLE scored (id BIGINT CHECK (id < 50), prediction DOUBLE PRECISION)")
    place.rows("INSERT INTO scored VALUES (7, 0.5)")
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    for executor in ("sql", "library"):
        given: dict[str, Any] = {"warehouse": place.given, "inputs": ["price"], "executor": executor}
        with pytest.raises(QueryError, match=r"(?i)check"):
            score_table(model, source="visits", target="scored", keys=["id"], **given)
        assert place.rows("SELECT * FROM scored") == [(7, 0.5)]


def test_a_view_is_not_written_through(place: Place) -> None:
    place.rows("CREATE TABLE base (id BIGINT, prediction DOUBLE PRECISION)")
    place.rows("INSERT INTO base VALUES (7, 0.5)")
    place.rows("CREATE VIEW seen AS SELECT id, prediction FROM base")
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    asked: dict[str, Any] = {"warehouse": place.given, "source": "visits", "keys": ["id"], "inputs": ["price"]}
    for replace in (False, True):
        for executor in ("sql", "library"):
            with pytest.raises(RefusedError, match=r"^seen is a view, and scores are kept in a table"):
                score_table(model, target="seen", executor=executor, replace=replace, **asked)
        assert place.rows("SELECT * FROM base") == place.rows("SELECT * FROM seen") == [(7, 0.5)]


def test_views_of_duckdb_by_all_their_names() -> None:
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE visits AS SELECT 7 AS id, 0.5 AS price; CREATE SCHEMA odd")
        connection.execute("CREATE VIEW odd.seen AS FROM visits; CREATE TEMP VIEW brief AS FROM visits")
        connection.execute("ATTACH ':memory:' AS other; CREATE VIEW other.main.far AS SELECT 1 AS id")
        connection.register("given", connection.execute("FROM visits").to_arrow_table())
        asked: dict[str, Any] = {"warehouse": connection, "source": "visits", "keys": ["id"], "inputs": ["price"]}
        for view in ("odd.seen", "ODD.Seen", "memory.odd.seen", "brief", "temp.brief", "given", "other.far"):
            with pytest.raises(RefusedError, match=f"^{view} is a view"):
                score_table(model, target=view, replace=True, **asked)
        # a table has the name of a view elsewhere
        for table in ("seen", "far", "odd.brief", "other.seen"):
            assert score_table(model, target=table, **asked) == 1
            assert score_table(model, target=table, **asked) == 1


# ── what is refused ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("executor", ["sql", "library"])
@pytest.mark.parametrize(
    ("changed", "error", "told"),
    [
        ({"keys": ["nope"]}, UnknownNameError, "unknown column of the source 'nope'"),
        ({"inputs": ["id"]}, ModelInputError, "takes 4 inputs, got 1"),
        ({"inputs": ["id", "price", "kind", "surely"]}, UnknownNameError, "column of the source 'surely': .*'sure'"),
        ({"outputs": ["score"]}, UnknownNameError, "unknown output 'score'"),
        ({"source": "nowhere"}, QueryError, "nowhere"),
        ({"source": "SELECT *, id AS label FROM visits", "keys": ["label"]}, ModelInputError, "rename one of them"),
        ({"target": "seen"}, RefusedError, "seen is a view"),
    ],
)
def test_refused(place: Place, executor: str, changed: Mapping[str, Any], error: Any, told: str) -> None:
    place.rows("CREATE VIEW seen AS SELECT * FROM visits")
    asked: dict[str, Any] = {"warehouse": place.given, "source": "visits", "target": "scored", "keys": ["id"]}
    with pytest.raises(error, match=told):
        score_table(MODELS["classifier"](), executor=executor, **(asked | dict(changed)))
    with pytest.raises((duckdb.Error, psycopg.Error)):
        place.rows("SELECT * FROM scored")


def test_inputs_that_no_model_takes(place: Place) -> None:
    asked: dict[str, Any] = {"warehouse": place.given, "source": "visits", "target": "scored", "keys": ["id"]}
    for column, name in (
        ("seen_at", "timestamp with time zone"),
        ("day", "date"),
        ("tags", r"integer\[\]"),
    ):
        with pytest.raises(ModelInputError, match=f"(?i)column '{column}' is {name}, and a model takes numbers"):
            score_table(
                MODELS["classifier"](),
                inputs=[column, "price", "kind", "sure"],
                executor="library",
                **asked,
            )


def test_what_is_no_warehouse(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"source": "visits", "target": "scored", "keys": ["id"]}
    for warehouse, told in ((42, "a int"), ("mysql://x/y", "a URL that begins with 'mysql://'"), (None, "a NoneType")):
        with pytest.raises(SettingsError, match=f"warehouse is {told}.*: give a URL"):
            score_table(MODELS["classifier"](), warehouse=warehouse, **asked)
    with pytest.raises(WarehouseError, match="PostgreSQL cannot be reached"):
        score_table(MODELS["classifier"](), warehouse="postgresql://localhost:1/none", **asked)
    with pytest.raises(UnknownNameError, match="unknown executor 'python': known are 'library', 'onnx', 'sql'"):
        score_table(MODELS["classifier"](), warehouse=tmp_path / "a.duckdb", executor="python", **asked)
    with pytest.raises(UnknownNameError, match="unknown executor '3': known are 'library', 'onnx', 'sql'"):
        score_table(MODELS["classifier"](), warehouse=tmp_path / "a.duckdb", executor=3, **asked)  # type: ignore[arg-type]


def test_a_file_by_path_and_url(tmp_path: Path) -> None:
    file = tmp_path / "visits.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("CREATE TABLE points AS SELECT range AS id, range / 4 AS x FROM range(8)")
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 4.0])
    for i, warehouse in enumerate((file, str(file), f"duckdb:///{file}")):
        chosen: dict[str, Any] = {"warehouse": warehouse, "source": "points", "keys": ["id"], "inputs": ["x"]}
        assert score_table(model, target=f"scored{i}", executor="library", **chosen) == 8
    with duckdb.connect(file) as connection:
        assert [p for _, p in connection.execute("FROM scored2").fetchall()] == pytest.approx(range(8))


def test_a_connection_keeps_no_model() -> None:
    place = InDuckDB()
    place.rows("CREATE TEMP TABLE points AS SELECT range AS id, range / 4 AS x FROM range(8)")
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 4.0])
    chosen: dict[str, Any] = {
        "source": "points",
        "target": "scored",
        "keys": ["id"],
        "inputs": ["x"],
        "executor": "library",
    }
    score_table(model, warehouse=place.given, **chosen)
    assert place.rows("SELECT * FROM duckdb_functions() WHERE function_name LIKE 'aops%'") == []
    place.given.begin()
    with pytest.raises(QueryError, match="transaction within a transaction"):
        score_table(model, warehouse=place.given, **chosen)


def test_columns_are_those_of_to_sql() -> None:
    """The columns of score_table are those that to_sql names."""
    for name in set(MODELS) - set(NO_SQL):
        described = duckdb.connect().execute(
            'CREATE TABLE v AS SELECT 1 AS id, 0.5::DOUBLE AS "a ""b""", 1.0::DOUBLE AS price, \'new\' AS kind, '
            "TRUE AS sure; DESCRIBE " + to_sql(MODELS[name](), source="v", keys=["id"], inputs=INPUTS)
        )
        assert [row[0] for row in described.fetchall()] == ["id", *expected(name)[0]]


@pytest.mark.parametrize("executor", ["sql", "library"])
@pytest.mark.parametrize("target", ["aops_scored", "aops_shape"])
def test_names_that_were_once_our_own(place: Place, executor: str, target: str) -> None:
    """Tables of others by names that score_table had for its own."""
    for name in ("aops_scored", "aops_shape"):
        place.rows(f"CREATE TABLE {name} AS SELECT 1 AS kept")
    asked: dict[str, Any] = {"source": "visits", "keys": KEYS, "inputs": INPUTS, "replace": True}
    written = score_table(MODELS["trees"](), warehouse=place.given, target=target, executor=executor, **asked)
    assert written == len(place.rows("SELECT id FROM visits"))
    assert len(place.rows(f"SELECT * FROM {target}")) == written
    other = {"aops_scored", "aops_shape"} - {target}
    assert place.rows(f"SELECT * FROM {other.pop()}") == [(1,)]


@pytest.mark.parametrize("executor", ["sql", "library"])
def test_a_key_that_is_given_twice(place: Place, executor: str) -> None:
    asked: dict[str, Any] = {"source": "visits", "target": "scored", "keys": ["id", "id"], "inputs": INPUTS}
    with pytest.raises(ModelInputError, match="key 'id' is given twice; give it once"):
        score_table(MODELS["trees"](), warehouse=place.given, executor=executor, **asked)
