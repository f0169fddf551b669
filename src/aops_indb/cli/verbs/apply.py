"""aops apply"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def apply(
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    allow_destructive: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-destructive", metavar="NAME", help="A view that may be removed, or lose columns; repeatable."
        ),
    ] = None,
) -> None:
    """Make the warehouse as the definitions say, in one transaction.

    Example:  aops apply --allow-destructive old_view
    """
    with progress("plan") as report:
        applied = open_project(project).apply(allow_destructive=allow_destructive or (), report=report)

    def present(out: Console) -> None:
        if not applied.changes:
            out.print("nothing to do: the warehouse is as the definitions say")
            return
        for change in applied.changes:
            out.print(f"{change.action:<8} {change.kind} {change.name}")
        out.print(f"\n{len(applied.changes)} changes applied in one transaction")

    changes = [{"action": c.action, "kind": c.kind, "name": c.name} for c in applied.changes]
    show({"changes": changes, "statements": applied.statements}, present, as_json=as_json)
