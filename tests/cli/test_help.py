"""What the command line says of itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aops_indb import __version__
from aops_indb.cli import VERBS

from .conftest import Aops

HEAVY = ["pandas", "numpy", "sklearn", "duckdb", "pyarrow", "sqlglot", "sqlalchemy", "pydantic", "onnxruntime", "skops"]


def test_the_verbs_are_those_of_the_contract() -> None:
    assert list(VERBS) == [
        "init", "doctor", "profile", "plan", "apply", "render", "test", "check", "materialize", "dataset", "train",
        "register", "evaluate", "promote", "score", "list", "show", "lineage", "history", "migrate",
    ]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_a_verb_shows_an_example(aops: Aops, verb: str, option: str) -> None:
    ran = aops(verb, option)
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: aops {verb}" in ran.out
    assert f"\n  Example:  aops {verb}" in ran.out
    assert "--json" in ran.out
    assert ("--project DIR" in ran.out) == (verb != "init")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_lists_every_verb(aops: Aops, arguments: list[str]) -> None:
    ran = aops(*arguments)
    assert (ran.code, ran.err) == (0, "")
    listed = [line.split()[0] for line in ran.out[ran.out.index("Commands:") :].splitlines()[1:] if line.strip()]
    assert listed == list(VERBS)
    assert "aops init --example flights" in ran.out


def test_version(aops: Aops) -> None:
    assert aops("--version").out == f"aops-indb {__version__}\n"


def test_help_waits_for_no_library() -> None:
    code = (
        "import sys\nfrom aops_indb.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    ("words", "position", "offered"),
    [
        ("aops pl", 1, ["plan"]),
        ("aops pro", 1, ["profile", "promote"]),
        ("aops plan --", 2, ["--project", "--json", "--sql", "--help"]),
    ],
)
def test_completion_in_a_shell(words: str, position: int, offered: list[str]) -> None:
    environment = {"_AOPS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    command = [sys.executable, "-c", "from aops_indb.cli import main; main()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == offered
