"""aops dataset"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def dataset(
    name: Annotated[str, typer.Argument(help="A model, or a name for the dataset.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    entity_df: Annotated[
        str | None,
        typer.Option("--entity-df", metavar="TABLE|SELECT", help="The spine: join keys and event_timestamp."),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option("--features", metavar="REF,…", help="view:feature references, or a service's name."),
    ] = None,
) -> None:
    """Keep a point-in-time training set as a table, named by the digest of its content.

    Example:  aops dataset flight_delay
    """
    references = [part.strip() for part in features.split(",") if part.strip()] if features else None
    with progress() as report:
        kept = open_project(project).dataset(name, entity_df=entity_df, features=references, report=report)

    def present(out: Console) -> None:
        out.print(f"{kept.table}: {kept.rows:,} rows, {len(kept.columns)} columns, digest {kept.digest[:16]}…")
        if not kept.created:
            out.print("the same content was kept already")

    show(kept, present, as_json=as_json)
