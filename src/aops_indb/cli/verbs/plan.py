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
    """Show what apply would change, whether that breaks something, and what was made of it and holds no longer.

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
        elif change["sql"] is not None:
            # it is written now, when it is read
            change["sql"] = dict(change["sql"])
    kept = {name: list(binders) for name, binders in planned.kept.items()}
    return {"changes": changes, "counts": planned.counts(), "state": planned.state, "kept": kept}


def present(out: Console, planned: Plan, *, sql: bool) -> None:
    """A plan as a list of changes."""
    if not planned.records and not planned:
        out.print("nothing is defined yet: put your own names into feature_defs/example.py and uncomment it")
        return
    if not planned:
        out.print("nothing to do: the warehouse is as the definitions say")
        _present_kept(out, planned)
        return
    for change in planned.changes:
        _present_change(out, change, sql=sql)
    _present_kept(out, planned)
    counts = ", ".join(f"{count} to {action}" for action, count in planned.counts().items())
    named = "".join(f" --allow-destructive {change.name}" for change in planned.changes if change.destructive)
    out.print(f"\n{counts}. Nothing was changed; next:  aops apply{named}")


def _present_kept(out: Console, planned: Plan) -> None:
    for name, binders in planned.kept.items():
        out.print(f"features.{name} stays, though no longer defined: {', '.join(binders)} is bound to it")


def _present_change(out: Console, change: Change, *, sql: bool) -> None:
    effect = "" if change.action in ("add", "restore") and change.effect == "non-breaking" else f"  ({change.effect})"
    out.print(f"{_SIGNS[change.action]} {change.kind} {change.name}{effect}")
    if change.action != "add" or sql:
        for detail in change.details:
            out.print(f"    {detail}")
    for taken in change.replaces:
        out.print(f"    {'removes' if change.action == 'remove' else 'replaces'}: {taken}, which aops did not make")
    for loss in change.breaking:
        out.print(f"    breaking: {loss}")
    for kind, names in change.downstream.named().items():
        advice = " (train again)" if kind == "models" else ""
        out.print(f"    invalidates {kind.replace('_', ' ')}: {', '.join(names)}{advice}")
    if change.destructive:
        out.print(f"    destructive: needs  aops apply --allow-destructive {change.name}")
    for name, text in (change.sql or {}).items() if sql else ():
        out.print(f"\n    -- {name}")
        out.print("\n".join(f"    {line}" for line in text.splitlines()) + "\n")
