"""aops dataset"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show
from aops_indb.errors import SpineError

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
    remake: Annotated[
        str | None,
        typer.Option("--remake", metavar="DIGEST", help="Make the kept set of that digest again, and compare."),
    ] = None,
) -> None:
    """Keep a point-in-time training set as a table, named by the digest of its content.

    Example:  aops dataset flight_delay
    """
    if remake is not None:
        _remake(name, remake, project, as_json=as_json, given=entity_df or features)
        return
    references = [part.strip() for part in features.split(",") if part.strip()] if features else None
    with progress() as report:
        kept = open_project(project).dataset(name, entity_df=entity_df, features=references, report=report)

    def present(out: Console) -> None:
        out.print(f"{kept.table}: {kept.rows:,} rows, {len(kept.columns)} columns, digest {kept.digest[:16]}…")
        if not kept.created:
            out.print("the same content was kept already")

    show(kept, present, as_json=as_json)


def _remake(name: str, digest: str, project: Path, *, as_json: bool, given: str | None) -> None:
    if given is not None:
        raise SpineError("--remake takes spine and features from the kept set: leave --entity-df and --features out")
    with progress() as report:
        kept = open_project(project).remake_dataset(name, digest, report=report)

    def present(out: Console) -> None:
        how = "made again" if kept.created else "comes out the same"
        out.print(f"{kept.table}: {how}, {kept.rows:,} rows, digest {kept.digest[:16]}…")

    show(kept, present, as_json=as_json)
