"""aops register"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.figures import print_figures
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import progress, show

if TYPE_CHECKING:
    from rich.console import Console


def register(
    model: Annotated[str, typer.Argument(help="A model of model_defs/.")],
    file: Annotated[
        Path, typer.Argument(help="A fitted model: .skops, LightGBM .txt, XGBoost .json or .ubj, CatBoost .cbm, .onnx.")
    ],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    name: Annotated[
        str | None, typer.Option("--name", help="What the candidate is called; default as the file.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option("--inputs", metavar="A,B,…", help="The features it takes, if it knows no names.")
    ] = None,
    trusted: Annotated[
        list[str] | None, typer.Option("--trusted", metavar="TYPE", help="A type that a skops file may name.")
    ] = None,
) -> None:
    """Register a model that was fitted elsewhere as a version, once its SQL was held against its library.

    Example:  aops register flight_delay model.skops --name from_research
    """
    with progress() as report:
        version = open_project(project).register(
            model,
            file,
            name=name,
            inputs=[each.strip() for each in inputs.split(",")] if inputs else None,
            trusted=trusted or (),
            report=report,
        )

    def present(out: Console) -> None:
        out.print(f"{version.model}:{version.version}  {version.candidate}  (measured on {version.dataset})")
        print_figures(out, version.metrics, version.parity)
        out.print(f"next:  aops promote {version.model}:{version.version}")

    show(version, present, as_json=as_json)
