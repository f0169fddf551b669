"""The command line as a process: what goes to which stream, terminals, pipes, exit codes as the shell sees them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.workflows.shop import SETTINGS, Shop

SCRIPT = str(Path(sys.executable).parent / "aops")
# A bar that need not be waited for.
HASTY = "import aops_indb.cli.output as o; o.PATIENCE = 0.01; from aops_indb.cli import main; main()"


def run(shop: Shop, *arguments: str) -> tuple[int, str, str]:
    command = [SCRIPT, *arguments, "--project", str(shop.folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def run_on_terminal(command: Sequence[str]) -> tuple[int, str, str]:
    """Standard error is a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            pass  # that is how a terminal ends on Linux
        out = process.stdout.read() if process.stdout else ""
    os.close(ours)
    return process.returncode, out, seen.decode()


def test_exit_codes(applied: Shop) -> None:
    assert run(applied, "plan")[0] == 0
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    assert run(applied, "train", "returns")[0] == 1
    assert run(applied, "plan", "--nope")[0] == 2
    applied.write("aops.toml", SETTINGS.replace("shop.duckdb", "nowhere/shop.duckdb"))
    assert run(applied, "plan")[0] == 3


def test_a_file_that_is_no_database(applied: Shop) -> None:
    applied.warehouse.write_text("Dear Anna, " * 1000)
    code, out, err = run(applied, "plan", "--json")
    assert code == 3
    assert json.loads(out)["error"]["message"] in err
    assert str(applied.warehouse) in err


@pytest.mark.parametrize("verb", ["score returns", "dataset returns", "plan"])
def test_a_terminal_shows_progress_and_the_document_stays_clean(trained: Shop, verb: str) -> None:
    command = [sys.executable, "-c", HASTY, *verb.split(), "--json", "--project", str(trained.folder)]
    code, out, seen = run_on_terminal(command)
    assert code == 0
    assert json.loads(out)
    assert "%" in seen
    assert re.search(r"(returns|plan).*━", seen)
    # the cursor is given back
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")


def test_an_error_is_read_after_the_bar(trained: Shop) -> None:
    trained.execute("CREATE TABLE scores.returns__batch AS SELECT 1 AS mine")
    code, out, seen = run_on_terminal(
        [sys.executable, "-c", HASTY, "score", "returns", "--project", str(trained.folder)]
    )
    assert (code, out) == (2, "")
    assert "aops: scores.returns__batch has the columns mine INTEGER" in seen


def test_no_bar_in_a_pipe(trained: Shop) -> None:
    command = [sys.executable, "-c", HASTY, "score", "returns", "--project", str(trained.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("scores.returns__batch: 600 rows")


def test_a_reader_that_leaves_early(trained_shop: Shop) -> None:
    """As in  aops render … | head -1 ."""
    command = [SCRIPT, "render", "returns@champion", "--project", str(trained_shop.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("there are pipes")
        process.stdout.close()
        err = process.stderr.read()
    assert "Traceback" not in err


def test_whoever_asks_may_be_anywhere(trained_shop: Shop) -> None:
    """Another time zone and another language of the process give the same answer."""
    answers = []
    for zone, language in (("UTC", "C.UTF-8"), ("Asia/Kolkata", "C")):
        environment = {**os.environ, "TZ": zone, "LC_ALL": language}
        command = [SCRIPT, "show", "returns:1", "--json", "--project", str(trained_shop.folder)]
        answers.append(subprocess.run(command, capture_output=True, env=environment, check=True).stdout)
    assert answers[0] == answers[1]
