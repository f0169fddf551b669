"""The typer application, made from VERBS."""

from __future__ import annotations

from typing import Annotated

import typer

from aops_indb import __version__
from aops_indb.cli import VERBS, verb_function

HELP = """AnalyticOps inside the warehouse: features as SQL views, models as SQL.

Start with:  aops init --example flights
"""


def build_app() -> typer.Typer:
    """The command line; called with arguments it exits, except for an AopsError, which goes through it."""
    app = typer.Typer(
        name="aops",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_options)
    for verb in VERBS:
        app.command(verb)(verb_function(verb))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"aops-indb {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
