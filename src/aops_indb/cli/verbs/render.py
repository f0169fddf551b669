"""aops render"""

from __future__ import annotations

from typing import Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show


def render(
    name: Annotated[str, typer.Argument(help="A feature view, a model (its training set), or MODEL:VERSION.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    dialect: Annotated[str | None, typer.Option("--dialect", help="Default: the warehouse's.")] = None,
    layout: Annotated[str | None, typer.Option("--layout", help="Of forests; default: the best for each.")] = None,
) -> None:
    """Print the SQL of a feature view, a training set or a model's version.

    Example:  aops render flight_delay@champion
    """
    with progress("render"):
        sql = open_project(project).render(name, dialect=dialect, layout=layout)
    show({"name": name, "sql": sql}, lambda _: print(sql), as_json=as_json)
