"""A new project, and places where none can be made. The example itself: test_flights.py."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from aops_indb import Project
from aops_indb.cli import main
from aops_indb.errors import SettingsError, UnknownNameError
from aops_indb.workflows.init import EXAMPLES, init_project
from aops_indb.workflows.workspace import silent

from .shop import Shop

FILES = ("aops.toml", "feature_defs/example.py", "model_defs/example.py", "feature_tests/example.yml")

# A real table in place of the skeleton's: other names, and bookings instead of invoices.
NAMES = {
    "raw.invoices": "hotel.bookings",
    "invoice_id": "booking_id",
    "customer_id": "guest_id",
    "amount": "price",
    "issued_at": "booked_at",
    "settled_at": "closed_at",
    "paid_late": "cancelled",
}
BOOKINGS = """
    CREATE SCHEMA hotel;
    CREATE TABLE hotel.bookings AS
    SELECT n AS booking_id,
           n % 20 AS guest_id,
           20 + n * 7919 % 400 AS price,
           TIMESTAMPTZ '2024-01-01 00:00:00Z' + to_hours(n * 10) AS booked_at,
           booked_at + to_hours(24 * (1 + n % 5)) AS closed_at,
           n * 7919 % 400 + 10 * (n % 20) > 300 AS cancelled
    FROM range(880) AS numbers(n);
    UPDATE hotel.bookings SET closed_at = NULL, cancelled = NULL WHERE closed_at > '2025-01-01 00:00:00Z';
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """Output and errors of a command that ends well."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert not end.value.code
    out, err = capsys.readouterr()
    return out, err


def fill_in(file: Path) -> None:
    """What its text tells people to do with a skeleton: names and comment signs."""
    text = file.read_text(encoding="utf-8")
    text = re.sub("(?m)^# ?", "", text)
    for old, new in NAMES.items():
        text = re.sub(rf"\b{old}\b", new, text)
    file.write_text(text, encoding="utf-8")


def test_a_new_project_works(tmp_path: Path) -> None:
    made = init_project(tmp_path / "new" / "shop", report=silent)
    assert made.files == FILES
    assert made.tables == {}
    project = Project.load(made.folder)
    assert project.plan().changes == ()
    assert project.apply().changes == ()
    assert (made.folder / "warehouse.duckdb").is_file()


def test_a_new_project_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, "init", str(tmp_path / "new"))
    assert out.splitlines()[1:] == [
        *(f"  {file}" for file in FILES),
        "next:  put your table's names into feature_defs/example.py and uncomment it, then  aops plan",
    ]
    assert err == ""
    out, err = run(capsys, "plan", "--project", str(tmp_path / "new"))
    assert out == "nothing is defined yet: put your own names into feature_defs/example.py and uncomment it\n"
    assert err == ""


def test_the_skeleton_filled_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From its own words to scores, over a table of other names."""
    init_project(tmp_path, report=silent)
    for name in ("feature_defs", "model_defs"):
        fill_in(tmp_path / name / "example.py")
    fill_in(tmp_path / "feature_tests" / "example.yml")
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(BOOKINGS)
    project = Project.load(tmp_path)
    tested = project.test()
    assert [result.message for result in tested.results] == [""]
    assert tested.ok
    assert {(change.action, change.kind, change.name) for change in project.plan().changes} == {
        ("add", "entity", "customer"),
        ("add", "data_source", "settled_invoices"),
        ("add", "feature_view", "customer_payments"),
        ("add", "request_source", "invoice_request"),
        ("add", "feature_service", "late_payment_features"),
        ("add", "model", "late_payment"),
    }
    project.apply()
    assert not project.plan()
    [version] = project.train("late_payment")
    assert version.parity.holds
    project.promote("late_payment:1")
    project.score("late_payment")
    assert capsys.readouterr().err == ""
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True) as connection:
        for table in ("late_payment", "late_payment__batch"):
            scored = connection.execute(f"SELECT count(*), count(probability_1) FROM scores.{table}").fetchone()
            assert scored == (880, 880)
        # by hand, of the bookings that were closed by then
        asked = "TIMESTAMPTZ '2024-07-01 00:00:00Z'"
        features = connection.execute(
            f"SELECT guest_id, settled_90d, late_90d FROM features.customer_payments__asof({asked}) ORDER BY guest_id"
        ).fetchall()
        counted = connection.execute(
            "SELECT guest_id, count(*), sum(cancelled::INT) / count(*) FROM hotel.bookings"
            f" WHERE closed_at <= {asked} AND closed_at > {asked} - to_hours(90 * 24) GROUP BY ALL ORDER BY guest_id"
        ).fetchall()
        assert features == counted
        assert len(counted) == 20


def test_into_a_folder_that_has_definitions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They stay, and no example is put among them."""
    (tmp_path / "feature_defs").mkdir()
    (tmp_path / "feature_defs" / "mine.py").write_text("x = 1\n", encoding="utf-8")
    out, _ = run(capsys, "init", str(tmp_path))
    assert out.splitlines()[1:] == ["  aops.toml", "  model_defs/example.py", "next:  aops plan"]
    assert [file.name for file in (tmp_path / "feature_defs").iterdir()] == ["mine.py"]
    assert (tmp_path / "feature_defs" / "mine.py").read_text(encoding="utf-8") == "x = 1\n"


def test_an_example_of_ones_own_stays(tmp_path: Path) -> None:
    (tmp_path / "model_defs").mkdir()
    (tmp_path / "model_defs" / "example.py").write_text("x = 1\n", encoding="utf-8")
    assert init_project(tmp_path, report=silent).files == (*FILES[:2], FILES[3])
    assert (tmp_path / "model_defs" / "example.py").read_text(encoding="utf-8") == "x = 1\n"


def test_after_a_failure_it_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "model_defs").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"no project can be made in .*: File exists \(.*model_defs\)"):
        init_project(tmp_path, report=silent)
    (tmp_path / "model_defs").unlink()
    init_project(tmp_path, report=silent)
    assert all((tmp_path / file).is_file() for file in FILES)


@pytest.mark.parametrize("file", ["aops.toml", "model_defs/example.py"])
def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path, file: str) -> None:
    project = tmp_path / "new"
    (project / file).parent.mkdir(parents=True)
    (project / file).symlink_to(tmp_path / "elsewhere")
    if file == "aops.toml":
        with pytest.raises(SettingsError, match="File exists"):
            init_project(project, report=silent)
    else:
        init_project(project, report=silent)
    assert not (tmp_path / "elsewhere").exists()


def test_into_an_existing_project(applied: Shop) -> None:
    before = {path: path.read_bytes() for path in applied.folder.rglob("*.*") if path.is_file()}
    with pytest.raises(SettingsError, match=r"aops.toml exists: this folder is a project already"):
        init_project(applied.folder, report=silent)
    assert {path: path.read_bytes() for path in applied.folder.rglob("*.*") if path.is_file()} == before


@pytest.mark.parametrize(("example", "told"), [("nope", "known are 'flights'"), ("fligts", "did you mean 'flights'?")])
def test_an_unknown_example(tmp_path: Path, example: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        init_project(tmp_path / "new", example=example, report=silent)
    assert told in str(caught.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/new"])
def test_a_place_where_none_can_be_made(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"no project can be made in .*(file|new).*: \w+"):
        init_project(tmp_path / folder, report=silent)


def test_an_example_is_loaded_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example of one's own, to see how it is loaded: the second time one of its tables cannot be."""
    tables = {"orders": pa.table({"a": [1, 2]}), "profiles": pa.table({"b": ["x"]})}
    monkeypatch.setitem(EXAMPLES, "small", lambda: tables)
    made = init_project(tmp_path, example="small", report=silent)
    assert made.tables == {"raw.orders": 2, "raw.profiles": 1}
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("DROP TABLE raw.profiles; CREATE VIEW raw.profiles AS SELECT 1 AS c")
        connection.execute("INSERT INTO raw.orders VALUES (3)")
    with pytest.raises(Exception, match="profiles"):
        init_project(tmp_path, example="small", report=silent)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        assert connection.execute("FROM raw.orders").fetchall() == [(1,), (2,), (3,)]


def test_an_example_brings_all_its_definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in SQL, too."""
    monkeypatch.setitem(EXAMPLES, "flights", lambda: {"flights": pa.table({"a": [1]})})
    made = init_project(tmp_path, example="flights", report=silent)
    root = Path(__file__).parents[2]
    written = {
        f"{folder}/{file.name}"
        for folder in ("feature_defs", "feature_tests", "model_defs")
        for file in (root / folder).iterdir()
        if file.is_file()
    }
    assert set(made.files) == {"aops.toml", *written}
    assert {Path(name).suffix for name in made.files} == {".toml", ".py", ".sql", ".yml"}
    assert Project.load(tmp_path).definitions.views.keys() == Project.load(root / "aops.toml").definitions.views.keys()
