"""aops render"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show


def render(
    name: Annotated[str, typer.Argument(help="A feature view, a model (its training set), or MODEL:VERSION.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    dialect: Annotated[str | None, typer.Option("--dialect", help="Default: the warehouse's.")] = None,
    layout: Annotated[str | None, typer.Option("--layout", help="Of forests; default: the best for each.")] = None,
    algorithm: Annotated[
        str | None, typer.Option("--algorithm", help="Of a training set's windows; default: the best for each.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how windows are computed, and why so.")] = False,
) -> None:
    """Print the SQL of a feature view, a training set or a model's version.

    Example:  aops render flight_delay@champion
    """
    with progress("render"):
        opened = open_project(project)
        if explain:
            made = [asdict(choice) for choice in opened.explain(name, algorithm=algorithm)]
        else:
            sql = opened.render(name, dialect=dialect, layout=layout, algorithm=algorithm)
    if explain:
        show({"name": name, "windows": made}, lambda _: _print_choices(made), as_json=as_json)
    else:
        show({"name": name, "sql": sql}, lambda _: print(sql), as_json=as_json)


def _print_choices(made: Sequence[dict[str, Any]]) -> None:
    for each in made:
        choice = each["choice"]
        print(f"{each['view']}: {choice['algorithm']}, {choice['because']}")
        print(f"  {', '.join(each['features'])}")
    if not made:
        print("no windows")
