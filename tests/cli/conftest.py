"""The command line as a function, and the shops of tests/workflows to run it in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

# for `pytest` as well as `python -m pytest`
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.workflows.conftest import applied, applied_shop, raw_shop, shop, trained, trained_shop

from aops_indb.cli import main

__all__ = ["applied", "applied_shop", "raw_shop", "shop", "trained", "trained_shop"]


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document as the standard knows it, and a line's end."""

        def refuse(constant: str) -> None:
            raise ValueError(f"{constant} is no JSON")

        if not self.out.endswith("\n"):
            raise ValueError("the document does not end its line")
        return json.loads(self.out, parse_constant=refuse)


Aops: TypeAlias = Callable[..., Ran]


@pytest.fixture
def aops(capsys: pytest.CaptureFixture[str]) -> Aops:
    """Runs the command line in this process: aops("plan", "--json", project=folder)."""

    def run(*arguments: str, project: Path | None = None) -> Ran:
        where = [] if project is None else ["--project", str(project)]
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([*arguments, *where])
        out, err = capsys.readouterr()
        code = end.value.code or 0
        if not isinstance(code, int):
            raise TypeError(f"exit with {code!r}")
        return Ran(code, out, err)

    return run
