"""aops train"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.figures import print_figures
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def train(
    model: Annotated[str, typer.Argument(help="A model of model_defs/.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    candidate: Annotated[str | None, typer.Option("--candidate", help="One of its candidates; default all.")] = None,
) -> None:
    """Fit a model on what was known at the time, measure it as SQL, and register each candidate as a version.

    Example:  aops train flight_delay --candidate gradient_boosting
    """
    with progress() as report:
        versions = open_project(project).train(model, candidate=candidate, report=report)

    def present(out: Console) -> None:
        for version in versions:
            out.print(f"{version.model}:{version.version}  {version.candidate}  (from {version.dataset})")
            print_figures(out, version.metrics, version.parity)
            out.print(f"exported to ONNX, for other runtimes (scores here do not use it): {version.onnx}")
        best = min(versions, key=lambda version: version.metrics["validation"]["log_loss"] or math.inf)
        why = ", the best of these by log loss on validation" if len(versions) > 1 else ""
        out.print(f"next:  aops promote {model}:{best.version}{why}")

    show(versions, present, as_json=as_json)
