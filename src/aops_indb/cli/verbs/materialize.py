"""aops materialize"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project, parse_time
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def materialize(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A feature view with a materialization.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="Compute again what holds after this time, UTC unless it says else."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="Keep up to this time; default now.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Compute everything again.")] = False,
) -> None:
    """Keep a view's history in a table, inside the database, from where the last run ended.

    features.NAME, its history and its as-of function read the table then: values as of the time it is kept up to.
    Running it again changes nothing; a run that was stopped goes on where it was.

    Example:  aops materialize carrier_delay --since 2013-06-01
    """
    with progress() as report:
        done = open_project(project).materialize(
            name, since=parse_time(since, "--since"), until=parse_time(until, "--until"), full=full, report=report
        )

    def present(out: Console) -> None:
        out.print(
            f"{done.table}: {done.rows:,} rows in {done.intervals} intervals, kept up to "
            f"{done.until:%Y-%m-%d %H:%M:%S} UTC, {done.seconds:.1f} s"
        )
        if done.since is None:
            out.print("the source has no rows yet")

    show(done, present, as_json=as_json)
