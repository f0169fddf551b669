"""aops promote"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def promote(
    model: Annotated[str, typer.Argument(metavar="MODEL:VERSION", help="A registered version.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    alias: Annotated[str, typer.Option("--as", metavar="ALIAS", help="The alias it gets.")] = "champion",
) -> None:
    """Make a version's scored view and give it an alias; scores.MODEL shows the champion.

    Example:  aops promote flight_delay:2 --as challenger
    """
    with progress("promote"):
        promoted = open_project(project).promote(model, alias=alias)

    def present(out: Console) -> None:
        instead = f", in place of version {promoted.replaced}" if promoted.replaced else ""
        out.print(f"{promoted.view} is {promoted.model}:{promoted.version} as {promoted.alias}{instead}")
        if promoted.columns_gone:
            gone = ", ".join(promoted.columns_gone)
            out.print(f"it has no longer: {gone}; queries that read them fail, and a table of batches still has them")
        out.print(f"read it from {promoted.view} with any SQL client")

    show(promoted, present, as_json=as_json)
