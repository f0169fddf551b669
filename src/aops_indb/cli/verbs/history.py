"""aops history"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.listing import print_listing
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import show

if TYPE_CHECKING:
    from rich.console import Console


def history(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A definition, VIEW:FEATURE, a dataset, a model or MODEL:VERSION.")
    ],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to a name: who did what, when.

    Example:  aops history flight_delay
    """
    from aops_indb.workflows.history import history_of

    listed = history_of(open_project(project), name)

    def present(out: Console) -> None:
        print_listing(out, listed.columns, listed.rows)

    show(listed.as_dicts(), present, as_json=as_json)
