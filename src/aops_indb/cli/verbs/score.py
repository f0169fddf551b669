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
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="T",
            help="Rows whose event_timestamp is at or after this time, UTC unless it names a zone.",
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="T", help="Rows before this time.")] = None,
) -> None:
    """Keep scores in scores.MODEL__batch, inside the database; the interval's rows are replaced.

    A version that was promoted is scored as it was promoted; one that is not the champion is kept in
    scores.MODEL__vN__batch.

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
        by = "" if scored.executor == "sql" else f", by executor {scored.executor}"
        by += f": {scored.why}" if scored.why else ""
        out.print(
            f"{scored.table}: {scored.rows:,} rows by {scored.model}:{scored.version} in {scored.seconds:.1f} s{by}"
        )
        if scored.other_versions:
            out.print(
                f"{scored.other_versions:,} rows outside the interval are of other versions: score without --since and "
                "--until to have one throughout"
            )
        if not scored.rows:
            out.print("no row of the model's spine has its event_timestamp there: see its spine, --since and --until")

    show(scored, present, as_json=as_json)
