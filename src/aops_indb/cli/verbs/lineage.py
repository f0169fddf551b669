"""aops lineage"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import show

if TYPE_CHECKING:
    from rich.console import Console


def lineage(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A definition, VIEW:FEATURE, TABLE, TABLE:COLUMN, MODEL:VERSION or scored view."
        ),
    ],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    format: Annotated[str, typer.Option("--format", help="text, mermaid or openlineage.")] = "text",
) -> None:
    """Show what something is made from, down to columns of tables, and what is made from it.

    Of a feature or column, `(rows)` marks what only says which rows count, and when. With --format openlineage a
    RunEvent of OpenLineage 2-0-2 for each view on the way, one a line.

    Example:  aops lineage carrier_delay:carrier_late_7d
    """
    from aops_indb.workflows.lineage import tree

    found = open_project(project).lineage(name, format=format)

    def present(out: Console) -> None:
        if isinstance(found, str):
            out.print(found, end="")
            return
        if isinstance(found, list):
            for event in found:
                out.print(json.dumps(event, ensure_ascii=False))
            return
        out.print(str(found.node))
        for title, edges, up in (("made from", found.upstream, True), ("used by", found.downstream, False)):
            out.print(f"{title}{'' if edges else ': nothing'}")
            for depth, node, direct in tree(found.node, edges, up=up):
                out.print(f"{'  ' * (depth + 1)}{node}{'' if direct else '  (rows)'}")

    show(found, present, as_json=as_json)
