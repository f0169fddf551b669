"""docs/first-project.md, done from top to bottom: files written, commands and queries run, what they print compared.

A block's language says what it is: `python` a file, named in its first line; `sh` commands; `text` lines that the
commands before it print, in this order; `sql` a query on the warehouse, which must find rows.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "first-project.md"
BLOCK = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


@dataclass
class Reader:
    """Someone who does what the page says: where they are, what was printed last, what their queries found."""

    folder: Path
    printed: str = ""
    found: list[list[tuple[Any, ...]]] = field(default_factory=list)

    def do(self, language: str, text: str) -> None:
        {"python": self.write, "sh": self.run, "text": self.compare, "sql": self.query}[language](text)

    def write(self, text: str) -> None:
        name = re.match(r"# (\S+\.py)\n", text)
        assert name, f"a block of Python begins with the name of its file: {text}"
        (self.folder / name[1]).write_text(text, encoding="utf-8")

    def run(self, text: str) -> None:
        here = Path(sys.executable).parent
        environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
        self.printed = ""
        for command in text.splitlines():
            if command.startswith("cd "):
                self.folder /= command.removeprefix("cd ")
                continue
            ran = subprocess.run(
                ["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
            )
            assert (ran.returncode, ran.stderr) == (0, ""), f"{command}\n{ran.stderr}"
            self.printed += ran.stdout

    def compare(self, text: str) -> None:
        shown, printed = text.splitlines(), iter(self.printed.splitlines())
        missing = [line for line in shown if line not in printed]
        assert not missing, f"the page shows {missing}; printed was\n{self.printed}"

    def query(self, text: str) -> None:
        rows = self.ask(text)
        assert rows, text
        self.found.append(rows)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.folder / "warehouse.duckdb", read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """After the whole page."""
    reader = Reader(tmp_path_factory.mktemp("reader"))
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        reader.do(block[1], block[2])
    return reader


def test_the_page_can_be_followed_to_a_scored_view(reader: Reader) -> None:
    """Every block did what it says, or the fixture would not be there; and what it leads to is all there."""
    every, scored = reader.ask("SELECT count(*), count(probability_1) FROM scores.late_payment")[0]
    assert (every, scored) == (1460, 1460)
    differing = reader.ask(
        "SELECT count(*) FROM scores.late_payment AS view"
        " FULL JOIN scores.late_payment__batch AS kept USING (invoice_id)"
        " WHERE coalesce(view.event_timestamp, '2025-01-01') >= '2024-12-01 00:00:00Z'"
        " AND (view.probability_1 = kept.probability_1) IS NOT TRUE"
    )
    assert differing == [(0,)]


def test_the_analyst_sees_open_invoices(reader: Reader) -> None:
    open_invoices = {row[0] for row in reader.ask("SELECT invoice_id FROM raw.invoices WHERE settled_at IS NULL")}
    found, _ = reader.found
    assert len(found) == 10
    assert {row[0] for row in found} <= open_invoices
    assert found == sorted(found, key=lambda row: -row[3])


def test_windows_hold_what_the_page_says(reader: Reader) -> None:
    """t - 90 days < time <= t; offset moves the window back: counted by hand."""
    rows = reader.ask("SELECT customer_id, settled_at, paid_late FROM raw.invoices WHERE settled_at IS NOT NULL")
    asked, days = dt.datetime(2024, 7, 1, tzinfo=dt.UTC), dt.timedelta(days=90)
    _, found = reader.found
    assert len(found) == 60
    for customer, settled, late, before in found:
        now = [r for c, at, r in rows if c == customer and asked - days < at <= asked]
        then = [r for c, at, r in rows if c == customer and asked - 2 * days < at <= asked - days]
        assert settled == len(now)
        assert (late, before) == tuple(sum(x) / len(x) if x else None for x in (now, then))


def test_a_rating_counts_from_the_later_of_its_times(reader: Reader) -> None:
    """Those written down at one moment are not seen the hour before it, though they were valid then."""
    wrong = reader.ask("""
        WITH latest AS (SELECT max(loaded_at) AS loaded FROM raw.ratings),
             known AS (SELECT customer_id, arg_max(grade, valid_from) = 'B' AS b
                       FROM raw.ratings, latest WHERE loaded_at < loaded GROUP BY ALL)
        SELECT count(*) FILTER (seen.grade_is_b <> known.b),
               count(*) FILTER (after.grade_is_b <> known.b)
        FROM known
        JOIN features.rating__asof((SELECT loaded - to_hours(1) FROM latest)) AS seen USING (customer_id)
        JOIN features.rating__asof((SELECT loaded FROM latest)) AS after USING (customer_id)
    """)
    assert wrong[0][0] == 0
    assert wrong[0][1] > 0


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (PAGE.parent / link).is_file()] == []


def test_every_fence_was_read() -> None:
    """A block that the expression above does not see would not be tested."""
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(BLOCK.findall(text)) > 20
