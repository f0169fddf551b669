"""aops doctor: whether a project can work, and how to mend what keeps it from it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aops_indb.engines import Session
from aops_indb.errors import AopsError
from aops_indb.registry import migrations, schema_version
from aops_indb.sqlgen.build import anonymous
from aops_indb.sqlgen.statements import create_schema, drop_schema, select
from aops_indb.workflows.workspace import Workspace

_PROBE_SCHEMA = "aops_doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and how to mend it."""

    check: str
    ok: bool
    seen: str
    mend: str = ""


def examine(start: Path) -> list[Finding]:
    """Look at settings, definitions, connection, engine, rights and metadata, as far as one can come."""
    findings = [Finding("python", True, platform.python_version())]
    try:
        project = Workspace.load(start)
    except AopsError as error:
        return [*findings, _failed("settings", error)]
    findings.append(Finding("settings", True, str(project.root)))
    findings.extend(_definitions(project))
    try:
        with project.engine.session() as session:
            findings.extend(_warehouse(project, session))
    except AopsError as error:
        findings.append(_failed("warehouse", error))
    return findings


def _failed(check: str, error: AopsError) -> Finding:
    """An error's message as cause and next step, which stands after its last semicolon or colon."""
    message = str(error)
    cause, _, step = message.rpartition("; " if "; " in message else ": ")
    return Finding(check, False, cause or message, step if cause else "")


def _definitions(project: Workspace) -> Iterator[Finding]:
    try:
        loaded = project.loaded
    except AopsError as error:
        yield _failed("definitions", error)
        return
    for problem in loaded.problems:
        yield Finding("definitions", False, problem.message, f"correct {problem.where}")
    counts = ", ".join(f"{len(named)} {kind}" for kind, named in loaded.definitions.by_kind.items() if named)
    yield Finding("definitions", True, counts or "none yet")


def _warehouse(project: Workspace, session: Session) -> Iterator[Finding]:
    yield Finding("warehouse", True, project.engine.url)
    version = session.scalar(select({"version": anonymous("VERSION")}))
    yield Finding("engine", True, f"{project.engine.name} {version}")
    checks: dict[str, Callable[[Session], str]] = {"rights": _may_create, "metadata": _metadata}
    for name, check in checks.items():
        try:
            yield Finding(name, True, check(session))
        except AopsError as error:
            yield _failed(name, error)


def _may_create(session: Session) -> str:
    session.execute(create_schema(_PROBE_SCHEMA))
    session.execute(drop_schema(_PROBE_SCHEMA))
    return "schemas can be made and dropped"


def _metadata(session: Session) -> str:
    found = schema_version(session)
    if found == 0:
        return "no metadata tables yet: they are made when first needed"
    if found < len(migrations()):
        raise AopsError(f"metadata tables are at version {found} of {len(migrations())}: run  aops migrate")
    if found > len(migrations()):
        raise AopsError(f"metadata tables are at version {found}, newer than this release: upgrade aops-indb")
    return f"version {found}"
