"""aops score"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project, parse_time
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def score(
    model: Annotated[str, typer.Argument(metavar="MODEL[@ALIAS|:VERSION]", help="Default: its champion.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    since: Annotated[str | None, typer.Option("--since", metavar="T", help="From this time on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="T", help="Before this time.")] = None,
) -> None:
    """Keep scores in scores.MODEL__batch, inside the database; the interval's rows are replaced.

    Example:  aops score flight_delay --since 2013-11-01 --until 2013-12-01
    """
    with progress() as report:
        scored = open_project(project).score(
            model,
            since=parse_time(since, "--since"),
            until=parse_time(until, "--until"),
            report=report,
        )

    def present(out: Console) -> None:
        out.print(f"{scored.table}: {scored.rows:,} rows by {scored.model}:{scored.version} in {scored.seconds:.1f} s")

    show(scored, present, as_json=as_json)
