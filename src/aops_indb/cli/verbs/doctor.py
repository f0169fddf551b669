"""aops doctor"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from aops_indb.cli.options import HERE, AsJson, ProjectDir
from aops_indb.cli.output import show

if TYPE_CHECKING:
    from rich.console import Console


def doctor(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """Check settings, definitions, connection, rights and metadata; say how to mend each.

    Example:  aops doctor
    """
    from aops_indb.workflows.doctor import examine

    findings = examine(project)

    def present(out: Console) -> None:
        for finding in findings:
            out.print(f"{'ok  ' if finding.ok else 'BAD '} {finding.check}: {finding.seen}")
            if finding.mend:
                out.print(f"      {finding.mend}")

    show(findings, present, as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
