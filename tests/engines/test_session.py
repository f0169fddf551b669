"""What a session does, on every engine."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from aops_indb.engines import Engine, Session, engine_for
from aops_indb.errors import AopsError, QueryError, WarehouseLockedError
from aops_indb.sqlgen import build as b
from aops_indb.sqlgen import statements as s
from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.parse import parse_select

NAMES = ["plain", "select", "two words", 'a "quoted" one', "o'hare", "größe", "航班", "a.b", "%s", ":x", "$1"]

ADD = sa.text("INSERT INTO t VALUES (:a)")


def number_table(session: Session, *numbers: int) -> None:
    session.run_script("CREATE TABLE t (a BIGINT)")
    for number in numbers:
        session.connection.execute(ADD, {"a": number})


def numbers(session: Session) -> list[int]:
    return [a for (a,) in session.rows(s.select([b.col("a")], s.table("t"), order_by=[b.col("a")]))]


def add(number: int) -> Callable[[Session], object]:
    """A step that SQLAlchemy runs."""
    return lambda session: session.connection.execute(ADD, {"a": number})


def insert(number: int) -> Callable[[Session], object]:
    """A step that runs as a tree."""
    return lambda session: session.execute(s.insert(s.table("t"), one(b.lit(number))))


def create_view(session: Session) -> None:
    session.execute(s.create_view(s.table("v"), one(b.lit(1))))


def together(session: Session, *steps: Callable[[Session], object]) -> None:
    """The steps in one transaction."""
    with session.transaction():
        for step in steps:
            step(session)


def one(expression: Expr) -> s.Query:
    return s.select({"x": expression})


def count_to(end: int) -> s.Query:
    return s.select([b.star()], s.table_function("range", "main", b.lit(end)))


# ── results ────────────────────────────────────────────────────────────────────────────────────────────


WRITES: list[tuple[Expr, int]] = [
    (s.create_schema("features"), 0),
    (s.create_table_as(s.table("t", "features"), count_to(5)), 5),
    (s.insert(s.table("t", "features"), count_to(3)), 3),
    (s.create_view(s.table("v", "features"), s.select([b.star()], s.table("t", "features"))), 0),
    (s.comment("VIEW", s.table("v", "features"), "what it's for"), 0),
    (s.delete(s.table("t", "features"), where=[b.eq(b.col("range"), b.lit(2))]), 2),
    (s.delete(s.table("t", "features"), where=[b.lit(False)]), 0),
    (s.drop("TABLE", s.table("t", "features")), 0),
    (count_to(7), 0),
]


def test_execute_counts_what_it_wrote(engine: Engine) -> None:
    with engine.session() as session:
        assert [session.execute(tree) for tree, _ in WRITES] == [written for _, written in WRITES]


def test_all_ways_to_read_agree(engine: Engine) -> None:
    query = s.select(
        {"n": b.col("range"), "half": b.div(b.col("range"), b.lit(2.0))},
        s.table_function("range", "main", b.lit(5)),
    )
    with engine.session() as session:
        expected = [(n, n / 2) for n in range(5)]
        assert session.rows(query) == expected
        assert session.scalar(query) == 0
        assert session.arrow(query).to_pydict() == {"n": list(range(5)), "half": [n / 2 for n in range(5)]}
        batches = list(session.arrow_batches(query))
        assert pa.Table.from_batches(batches) == session.arrow(query)
        assert session.columns(query) == {"n": "BIGINT", "half": "DOUBLE"}


def test_nothing_found(engine: Engine) -> None:
    nothing = s.select([b.star()], s.table_function("range", "main", b.lit(0)))
    with engine.session() as session:
        assert session.rows(nothing) == []
        assert session.scalar(nothing) is None
        assert session.arrow(nothing).num_rows == 0
        assert sum(batch.num_rows for batch in session.arrow_batches(nothing)) == 0


def test_batches_are_bounded_and_may_be_left_unread(engine: Engine) -> None:
    with engine.session() as session:
        batches = session.arrow_batches(count_to(10_000), rows=2_048)
        assert next(batches).num_rows == 2_048
        with pytest.raises(QueryError, match="open result"):
            session.rows(one(b.lit(1)))
        del batches
        assert session.rows(one(b.lit(1))) == [(1,)]


def test_a_batch_that_fails_says_so(engine: Engine) -> None:
    failing = s.select([b.anonymous("error", b.lit("no such runway"))], s.table_function("range", "main", b.lit(9)))
    with engine.session() as session, pytest.raises(QueryError, match="no such runway"):
        list(session.arrow_batches(failing))


def test_times_are_utc(engine: Engine) -> None:
    noon = dt.datetime(2013, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=-4)))
    with engine.session() as session:
        assert session.scalar(one(b.anonymous("current_setting", b.lit("TimeZone")))) == "UTC"
        read = session.scalar(one(b.lit(noon)))
        assert read == noon
        assert read.utcoffset() == dt.timedelta(0)
        assert session.scalar(one(b.cast(b.lit(noon), "VARCHAR"))) == "2013-07-01 16:00:00+00"


# ── relations ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(engine: Engine, name: str) -> None:
    target, column = s.table(name, name), {name: b.lit(1)}
    with engine.session() as session:
        session.execute(s.create_schema(name))
        session.execute(s.create_table_as(target, s.select(column)))
        session.register("r " + name, pa.table({name: [1]}))
        assert session.columns(target) == {name: "INTEGER"}
        assert session.relations(name) == {name: "TABLE"}
        assert session.arrow(s.select([b.col(name)], target)).to_pydict() == {name: [1]}
        assert session.rows(s.select([b.col(name)], s.table("r " + name))) == [(1,)]
        with pytest.raises(QueryError):
            session.rows(s.select([b.col(name + "?")], target))


def test_relations_are_those_of_one_schema_by_kind(engine: Engine) -> None:
    with engine.session() as session:
        session.run_script("""
            CREATE SCHEMA features; CREATE SCHEMA scores; CREATE TABLE scores.other (a INT);
            CREATE TABLE features.t (a INT); CREATE VIEW features.v AS SELECT 1 AS a;
            CREATE MACRO features.plus(x) AS x + 1; CREATE MACRO features.asof(ts) AS TABLE SELECT ts;
        """)
        session.register("mine", pa.table({"a": [1]}))
        assert session.relations("features") == {
            "t": "TABLE", "v": "VIEW", "plus": "MACRO", "asof": "MACRO TABLE",
        }  # fmt: skip
        assert session.relations("nowhere") == {}


def test_registered_tables_come_and_go(engine: Engine) -> None:
    spine = s.select([b.col("carrier")], s.table("spine"))
    with engine.session() as session:
        for carrier in ("AA", "UA"):
            session.register("spine", pa.table({"carrier": [carrier]}))
            assert session.scalar(spine) == carrier
        session.unregister("spine")
        with pytest.raises(QueryError, match="spine"):
            session.scalar(spine)
    with engine.session() as session:
        session.register("spine", pa.table({"carrier": ["AA"]}))
    with engine.session() as session, pytest.raises(QueryError, match="spine"):
        session.scalar(spine)


FLIGHTS = pa.table({"a": [1]})


@pytest.mark.parametrize("name", ["FLIGHTS", "flights", "self", "tree", "text", "sql"])
def test_a_mistyped_name_reads_no_python_variable(engine: Engine, name: str) -> None:
    flights = FLIGHTS
    with engine.session() as session, pytest.raises(QueryError, match=f"Table with name {name} does not exist"):
        session.arrow(s.select([b.star()], s.table(name)))
    assert flights.num_rows == 1


def test_columns_of_what_cannot_run(engine: Engine) -> None:
    with engine.session() as session:
        assert session.columns(one(b.anonymous("error", b.lit("boom")))) == {"x": '"NULL"'}
        with pytest.raises(QueryError, match="nowhere"):
            session.columns(s.table("nowhere"))


# ── transactions ───────────────────────────────────────────────────────────────────────────────────────


class Unforeseen(BaseException):
    pass


@pytest.mark.parametrize("ended_by", [ZeroDivisionError, KeyboardInterrupt, GeneratorExit, SystemExit, Unforeseen])
def test_a_transaction_happens_wholly_or_not_at_all(engine: Engine, ended_by: type[BaseException]) -> None:
    def end(session: Session) -> None:
        assert numbers(session) == [1, 2, 3, 4, 5]
        batches = session.arrow_batches(count_to(100_000), rows=10)
        next(batches)
        raise ended_by

    with engine.session() as session:
        number_table(session, 1)
        together(session, add(2), insert(3))
        with pytest.raises(ended_by):
            together(session, add(4), insert(5), create_view, end)
        assert numbers(session) == [1, 2, 3]
        assert session.relations("main") == {"t": "TABLE"}
    with engine.session() as session:
        assert numbers(session) == [1, 2, 3]


FAILING: dict[str, Callable[[Session], object]] = {
    "tree": lambda session: session.rows(s.select([b.star()], s.table("nowhere"))),
    "arrow": lambda session: session.arrow(s.select([b.star()], s.table("nowhere"))),
    "core": lambda session: session.connection.execute(sa.text("SELECT * FROM nowhere")),
    "script": lambda session: session.run_script("SELECT 1; SELECT * FROM nowhere"),
}


@pytest.mark.parametrize("way", FAILING)
def test_errors_carry_the_engines_words_and_the_sql(engine: Engine, way: str) -> None:
    with engine.session() as session, pytest.raises(QueryError, match="nowhere") as caught:
        FAILING[way](session)
    assert "FROM" in caught.value.sql
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("way", FAILING)
def test_a_failure_that_was_caught_still_ends_the_transaction(engine: Engine, way: str) -> None:
    def fail(session: Session) -> None:
        with pytest.raises(QueryError):
            FAILING[way](session)

    with engine.session() as session:
        number_table(session, 1)
        with pytest.raises(QueryError, match=r"nothing was changed.*nowhere"):
            together(session, add(2), fail)
        assert numbers(session) == [1]
        together(session, add(3))
        assert numbers(session) == [1, 3]


def test_transactions_do_not_nest(engine: Engine) -> None:
    with engine.session() as session:
        number_table(session)
        with pytest.raises(AopsError, match="open in this session already"):
            together(session, add(1), together)
        assert numbers(session) == []


def test_outside_a_transaction_each_statement_stands_for_itself(engine: Engine) -> None:
    with engine.session() as session:
        number_table(session, 1)
        session.connection.execute(ADD, {"a": 2})
        with pytest.raises(ZeroDivisionError):
            together(session, add(3), lambda _: 1 // 0)
        session.connection.execute(ADD, {"a": 4})
        with pytest.raises(QueryError):
            session.rows(s.select([b.star()], s.table("nowhere")))
        session.connection.execute(ADD, {"a": 5})
    with engine.session() as session:
        assert numbers(session) == [1, 2, 4, 5]


def test_a_lost_race_is_an_error_and_not_a_loss(engine: Engine) -> None:
    with engine.session() as mine, engine.session() as theirs:
        number_table(mine, 1)
        with pytest.raises(QueryError, match="onflict"):
            together(
                mine,
                lambda _: mine.run_script("UPDATE t SET a = 2"),
                lambda _: theirs.run_script("UPDATE t SET a = 3"),
            )
        assert numbers(mine) == [1]


def test_transactions_of_one_process_take_turns(engine: Engine) -> None:
    with engine.session() as mine, engine.session() as theirs:
        number_table(mine, 1)
        with pytest.raises(WarehouseLockedError, match="another part of this process is writing"):
            together(mine, add(2), lambda _: together(theirs, add(3)))
        together(theirs, add(4))
        assert numbers(mine) == [1, 4]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    engine = engine_for("duckdb:///warehouse.duckdb", base=tmp_path, wait=600)
    with engine.session() as session:
        number_table(session, 0)

    def count_on() -> None:
        with engine.session() as session:
            for _ in range(5):
                together(session, lambda session: add(max(numbers(session)) + 1)(session))

    writers = [threading.Thread(target=count_on) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with engine.session() as session:
        assert numbers(session) == list(range(21))


def test_sessions_of_one_process_see_what_was_committed(engine: Engine) -> None:
    with engine.session() as mine:
        number_table(mine, 1)
        seen: list[list[int]] = []

        def look() -> None:
            with engine.session() as theirs:
                seen.append(numbers(theirs))

        with mine.transaction():
            mine.connection.execute(ADD, {"a": 2})
            reader = threading.Thread(target=look)
            reader.start()
            reader.join()
        look()
    assert seen == [[1], [1, 2]]


# ── progress and interruption ──────────────────────────────────────────────────────────────────────────

# long enough to be seen at work, short enough to wait for
SLOW = s.create_table_as(
    s.table("slow"),
    s.select(
        {"n": b.func("SUM", b.anonymous("hash", b.col("range", "x"), b.col("range", "y")))},
        s.table("x"),
        joins=[s.Join(s.table("y"), "cross")],
    ),
)


def _axes(session: Session, length: int) -> None:
    for name in ("x", "y"):
        session.execute(s.create_table_as(s.table(name), count_to(length)))


def test_progress_rises_to_one(engine: Engine) -> None:
    seen: list[float] = []
    with engine.session() as session:
        _axes(session, 10)
        assert session.execute_with_progress(SLOW, seen.append) == 1
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert all(0.0 <= fraction <= 1.0 for fraction in seen)


def test_progress_is_seen_while_the_statement_runs(engine: Engine) -> None:
    """The first report interrupts a statement that would run for hours: without one, it would not end."""
    seen: list[float] = []
    with engine.session() as session:
        _axes(session, 3_000_000)

        def report(fraction: float) -> None:
            seen.append(fraction)
            session.native.interrupt()

        with pytest.raises(QueryError, match="INTERRUPT"):
            together(session, create_view, lambda _: session.execute_with_progress(SLOW, report))
        assert seen
        assert session.relations("main") == {"x": "TABLE", "y": "TABLE"}


def test_an_error_of_the_report_is_not_lost(engine: Engine) -> None:
    def report(fraction: float) -> None:
        raise OSError("the terminal is gone")

    with engine.session() as session:
        _axes(session, 10)
        with pytest.raises(OSError, match="terminal"):
            session.execute_with_progress(SLOW, report)
        assert session.relations("main")["slow"] == "TABLE"


@pytest.mark.parametrize("way", ["tree", "progress", "core", "arrow"])
def test_ctrl_c_ends_a_statement_cleanly(engine: Engine, way: str) -> None:
    endless = "SELECT sum(hash(x.range, y.range)) AS n FROM x, y"

    def core(session: Session) -> None:
        session.connection.execute(sa.text(endless)).all()

    ways: dict[str, Callable[[Session], object]] = {
        "tree": lambda session: session.execute(SLOW.copy()),
        "progress": lambda session: session.execute_with_progress(SLOW.copy(), lambda _: None),
        "core": core,
        "arrow": lambda session: session.arrow(parse_select(endless)),
    }
    with engine.session() as session:
        _axes(session, 3_000_000)
        watch = _when_busy(session, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            together(session, create_view, lambda _: watch.start(), ways[way])
        watch.join()
        assert session.relations("main") == {"x": "TABLE", "y": "TABLE"}


def _when_busy(session: Session, act: Callable[[], None]) -> threading.Thread:
    """A thread that acts as soon as the session's statement has got somewhere."""

    def wait_and_act() -> None:
        while session.native.query_progress() <= 0:
            threading.Event().wait(0.01)
        act()

    return threading.Thread(target=wait_and_act)


def test_importing_engines_imports_no_heavy_library() -> None:
    heavy = "{'duckdb', 'sqlalchemy', 'pyarrow', 'pandas'}"
    script = f"import sys, aops_indb.engines; print(*{heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_connection_of_ones_own(engine: Engine) -> None:
    with engine.session() as session:
        number_table(session, 1)
    with engine.connect() as mine:
        assert mine.sql("SELECT a, current_setting('TimeZone') FROM t").fetchall() == [(1, "UTC")]
