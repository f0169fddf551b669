"""aops evaluate"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.figures import print_figures
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL[@ALIAS|:VERSION]", help="A registered version.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Measure a version on its held-out rows, in SQL, and compare its SQL scores with the library's.

    Example:  aops evaluate flight_delay@champion
    """
    with progress() as report:
        evaluation = open_project(project).evaluate(model, report=report)

    def present(out: Console) -> None:
        out.print(f"{evaluation.model}:{evaluation.version}  {evaluation.estimator}  on {evaluation.dataset}")
        print_figures(out, evaluation.metrics, evaluation.parity)

    show(evaluation, present, as_json=as_json)
    if not evaluation.parity.holds:
        raise typer.Exit(1)
