"""aops test"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import print_table, progress, show

if TYPE_CHECKING:
    from rich.console import Console


def feature_test(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A test, a file of tests, or a feature view; default all.")
    ] = None,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Test features: rows given in feature_tests/*.yml, what the features' SQL makes of them, and what it must be.

    The SQL runs in a database in memory; the warehouse is only asked for the types of its columns. Exit code 1 if a
    test fails, with every value that differs.

    Example:  aops test carrier_delay
    """
    with progress() as report:
        run = open_project(project).test(name, report=report)

    def present(out: Console) -> None:
        if not run.results:
            out.print("no tests: write them in feature_tests/, a folder beside aops.toml")
            return
        for result in run.results:
            out.print(f"{result.status:<6}  {result.name}")
            if result.message:
                out.print(f"        {result.where}: {result.message}")
            if result.differences:
                out.print(f"        {result.where}")
                rows = [
                    (each.row, each.column, *map(_shown, (each.expected, each.actual))) for each in result.differences
                ]
                print_table(out, ["row", "column", "expected", "is"], rows)
        failed = sum(result.status != "passed" for result in run.results)
        out.print(f"{len(run.results)} tests, {failed} failed")

    show(run, present, as_json=as_json)
    if not run.ok:
        raise typer.Exit(1)


def _shown(value: object) -> str:
    return "NULL" if value is None else repr(value) if isinstance(value, str | float) else str(value)
