"""aops migrate: bring the metadata tables to this release's schema."""

from __future__ import annotations

from aops_indb.registry import migrate
from aops_indb.workflows.workspace import Workspace


def migrate_project(project: Workspace) -> list[str]:
    """Apply the migrations that are missing; returns their names."""
    with project.engine.session() as session:
        return migrate(session)
