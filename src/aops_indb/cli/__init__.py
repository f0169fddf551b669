"""The command line: one file a verb in verbs/, one table VERBS. Parses, calls one workflow, shows its result."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from aops_indb.errors import AopsError

# verb -> function in aops_indb.cli.verbs, in the order people meet them
VERBS: dict[str, str] = {
    "init": "init:init",
    "doctor": "doctor:doctor",
    "plan": "plan:plan",
    "apply": "apply:apply",
    "render": "render:render",
    "dataset": "dataset:dataset",
    "train": "train:train",
    "evaluate": "evaluate:evaluate",
    "promote": "promote:promote",
    "score": "score:score",
    "list": "list_objects:list_objects",
    "show": "show:show",
    "history": "history:history",
    "migrate": "migrate:migrate",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 refused, 2 wrong use or bad input, 3 no warehouse."""
    from aops_indb.cli.app import build_app
    from aops_indb.cli.output import print_error

    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        build_app()(args=given, prog_name="aops")
    except AopsError as error:
        print_error(error, as_json="--json" in given)
        sys.exit(error.exit_code)


def verb_function(verb: str) -> Callable[..., Any]:
    """The function of a verb."""
    module, _, function = VERBS[verb].partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"aops_indb.cli.verbs.{module}"), function)
    return found
