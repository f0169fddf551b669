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
    "profile": "profile:profile",
    "plan": "plan:plan",
    "apply": "apply:apply",
    "render": "render:render",
    "test": "test:feature_test",
    "check": "check:check",
    "materialize": "materialize:materialize",
    "dataset": "dataset:dataset",
    "train": "train:train",
    "register": "register:register",
    "evaluate": "evaluate:evaluate",
    "promote": "promote:promote",
    "score": "score:score",
    "list": "list_objects:list_objects",
    "show": "show:show",
    "lineage": "lineage:lineage",
    "history": "history:history",
    "migrate": "migrate:migrate",
}


# What shells expect of a program that Ctrl-C ended.
INTERRUPTED = 130
_UNDONE = "interrupted: what was under way was undone; what was done before it stays, see  aops history"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 refused, 2 wrong use or bad input, 3 no warehouse, 130 Ctrl-C."""
    from typer import Abort, TyperException

    from aops_indb.cli.app import build_app
    from aops_indb.cli.output import print_error

    given = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in given
    try:
        code = build_app()(args=given or ["--help"], prog_name="aops", standalone_mode=False)
    except (Abort, KeyboardInterrupt):
        print_error(
            "Interrupted",
            _UNDONE,
            as_json=as_json,
        )
        sys.exit(INTERRUPTED)
    except AopsError as error:
        print_error(type(error).__name__, str(error), as_json=as_json)
        sys.exit(error.exit_code)
    except TyperException as error:
        verb = f"{given[0]} " if given[0] in VERBS else ""
        print_error("UsageError", f"{error.format_message()}\nsee  aops {verb}--help", as_json=as_json)
        sys.exit(error.exit_code)
    if code == INTERRUPTED:
        print_error(
            "Interrupted",
            _UNDONE,
            as_json=as_json,
        )
    sys.exit(code)


def verb_function(verb: str) -> Callable[..., Any]:
    """The function of a verb."""
    module, _, function = VERBS[verb].partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"aops_indb.cli.verbs.{module}"), function)
    return found
