"""aops show"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.listing import in_words, print_listing
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import show as show_result

if TYPE_CHECKING:
    from rich.console import Console


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A definition, VIEW:FEATURE, a dataset, a model, MODEL:VERSION or MODEL@ALIAS."
        ),
    ],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what is known of one name: what it is, its columns or figures, what it depends on.

    Example:  aops show flight_delay:2
    """
    from aops_indb.workflows.show import describe

    card = describe(open_project(project), name)

    def present(out: Console) -> None:
        out.print(f"{card.kind} {card.name}")
        for label, value in card.facts.items():
            out.print(f"  {label.replace('_', ' ')}:{beside_or_below(in_words(value))}")
        for title, part in card.tables.items():
            out.print(f"\n{title.replace('_', ' ')}")
            print_listing(out, part.columns, part.rows)

    show_result(card, present, as_json=as_json)


def beside_or_below(text: str) -> str:
    """A text to the right of its label; one of several lines below it."""
    return f" {text}" if "\n" not in text else "\n" + textwrap.indent(text, "    ")
