"""aops list"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.listing import print_listing
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import show

if TYPE_CHECKING:
    from rich.console import Console


def list_objects(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="views, features, models, datasets, runs, jobs, …")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """List what the metadata tables know of one kind.

    Example:  aops list models
    """
    from aops_indb.workflows.catalog import list_kind

    listed = list_kind(open_project(project), kind)

    def present(out: Console) -> None:
        if listed.rows:
            print_listing(out, listed.columns, listed.rows)
        else:
            out.print(f"no {kind} yet")
        for problem in listed.problems:
            out.print(f"not read: {problem}")

    document = [dict(zip(listed.columns, row, strict=True)) for row in listed.rows]
    show({kind: document, "problems": listed.problems}, present, as_json=as_json)
