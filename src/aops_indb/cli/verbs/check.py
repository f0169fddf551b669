"""aops check"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import print_table, progress, show

if TYPE_CHECKING:
    from rich.console import Console

    from aops_indb.registry import CheckResult


def check(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A source, a view, or one check as SOURCE:CHECK; default all."),
    ] = None,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Check the rows of sources and views: what is missing, doubled, out of range or too old.

    Rows that fail are kept in aops.check_failures, results in aops.check_results. Exit code 1 if a check of severity
    error fails.

    Example:  aops check arrivals
    """
    with progress() as report:
        run = open_project(project).check(name, report=report)

    def present(out: Console) -> None:
        if not run.results:
            out.print("no checks: write checks=[Check(…)] in a DataSource or FeatureView")
            return
        print_table(out, ["check", "status", "rows", "failing", "kept", "says"], map(_row, run.results))
        failed = [result for result in run.results if result.status != "passed"]
        out.print(f"{len(run.results)} checks, {len(failed)} failed")
        if any(result.kept_rows for result in run.results):
            out.print(f"failing rows are in aops.check_failures, under job_id {run.job}")

    show(run, present, as_json=as_json)
    if not run.ok:
        raise typer.Exit(1)


def _row(result: CheckResult) -> tuple[object, ...]:
    status = f"{result.status} (warn)" if result.severity == "warn" and result.status != "passed" else result.status
    counts = [None if n is None else f"{n:,}" for n in (result.checked_rows, result.failing_rows)]
    return result.reference, status, *counts, f"{result.kept_rows:,}" if result.kept_rows else None, result.message
