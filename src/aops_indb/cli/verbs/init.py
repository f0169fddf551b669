"""aops init"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson
from aops_indb.cli.output import print_table, progress, show

if TYPE_CHECKING:
    from rich.console import Console


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; default here.")] = HERE,
    example: Annotated[str | None, typer.Option("--example", help="Real data and definitions: flights.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new project; with --example, one with real data loaded.

    Example:  aops init my-project --example flights
    """
    from aops_indb.workflows.init import SKELETON_FEATURES, init_project

    with progress() as report:
        made = init_project(folder, example=example, report=report)

    def present(out: Console) -> None:
        out.print(f"project in {made.folder.resolve()}")
        if made.tables:
            print_table(out, ["table", "rows"], [(name, f"{rows:,}") for name, rows in made.tables.items()])
        for file in made.files if not made.tables else ():
            out.print(f"  {file}")
        if SKELETON_FEATURES in made.files:
            out.print(f"next:  put your table's names into {SKELETON_FEATURES} and uncomment it, then  aops plan")
        else:
            out.print("next:  aops plan")

    show(made, present, as_json=as_json)
