"""aops plan"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import plain, progress, show

if TYPE_CHECKING:
    from rich.console import Console

    from aops_indb.workflows.plan import Change, Plan

_SIGNS = {"add": "+", "change": "~", "restore": "!", "remove": "-"}


def plan(
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    sql: Annotated[bool, typer.Option("--sql", help="Show the SQL of each view too.")] = False,
) -> None:
    """Show what apply would change: added, changed, removed; which models each change invalidates.

    Example:  aops plan --sql
    """
    with progress("plan"):
        planned = open_project(project).plan()
    show(document(planned, sql=sql), lambda out: present(out, planned, sql=sql), as_json=as_json)


def document(planned: Plan, *, sql: bool) -> dict[str, Any]:
    """A plan as plain data."""
    changes = [plain(change) for change in planned.changes]
    for change in changes:
        if not sql:
            change.pop("sql")
    return {"changes": changes, "counts": planned.counts(), "state": planned.state}


def present(out: Console, planned: Plan, *, sql: bool) -> None:
    """A plan as a list of changes."""
    if not planned.records and not planned:
        out.print("nothing is defined yet: put your own names into feature_defs/example.py and uncomment it")
        return
    if not planned:
        out.print("nothing to do: the warehouse is as the definitions say")
        return
    for change in planned.changes:
        _present_change(out, change, sql=sql)
    counts = ", ".join(f"{count} to {action}" for action, count in planned.counts().items())
    named = "".join(f" --allow-destructive {change.name}" for change in planned.changes if change.destructive)
    out.print(f"\n{counts}. Nothing was changed; next:  aops apply{named}")


def _present_change(out: Console, change: Change, *, sql: bool) -> None:
    out.print(f"{_SIGNS[change.action]} {change.kind} {change.name}")
    if change.action != "add" or sql:
        for detail in change.details:
            out.print(f"    {detail}")
    for taken in change.replaces:
        out.print(f"    {'removes' if change.action == 'remove' else 'replaces'}: {taken}, which aops did not make")
    for loss in change.breaking:
        out.print(f"    breaking: {loss}")
    if change.invalidates:
        out.print(f"    invalidates: {', '.join(change.invalidates)} (train again)")
    if change.destructive:
        out.print(f"    destructive: needs  aops apply --allow-destructive {change.name}")
    for name, text in (change.sql or {}).items() if sql else ():
        out.print(f"\n    -- {name}")
        out.print("\n".join(f"    {line}" for line in text.splitlines()) + "\n")
