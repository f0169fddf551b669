"""Options that verbs share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from aops_indb.errors import AopsError

if TYPE_CHECKING:
    from aops_indb.workflows.project import Project

ProjectDir: TypeAlias = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project's folder; default the nearest upward.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
HERE = Path()


def open_project(folder: Path) -> Project:
    """The project of the nearest aops.toml from a folder upward."""
    from aops_indb.workflows.project import Project

    return Project.load(folder)


def parse_time(text: str | None, option: str) -> dt.datetime | None:
    """A time as people type it, taken for UTC if it names no zone.

    >>> parse_time("2013-11-01", "--since").isoformat()
    '2013-11-01T00:00:00+00:00'
    """
    if text is None:
        return None
    try:
        time = dt.datetime.fromisoformat(text)
        return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):  # overflow: on the calendar's last day, where UTC is already past it
        raise AopsError(f"{option} {text!r} is no time: write 2013-11-01 or 2013-11-01T05:00:00Z") from None
