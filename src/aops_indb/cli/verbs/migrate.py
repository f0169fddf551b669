"""aops migrate"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import show

if TYPE_CHECKING:
    from rich.console import Console


def migrate(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """Bring the metadata tables to this release's schema.

    Example:  aops migrate
    """
    from aops_indb.workflows.migrate import migrate_project

    done = migrate_project(open_project(project))

    def present(out: Console) -> None:
        for migration in done:
            out.print(f"applied {migration}")
        if not done:
            out.print("nothing to do: the metadata tables are of this release")

    show({"applied": done}, present, as_json=as_json)
