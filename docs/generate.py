"""Write docs/reference/ and sql/compiled/ from the code; --check only says whether they are up to date."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from aops_indb import errors
from aops_indb.cli import VERBS, verb_function
from aops_indb.engines import ENGINES
from aops_indb.features.aggregations import AGGREGATIONS
from aops_indb.features.window_algorithms import ALGORITHMS
from aops_indb.monitoring import METRICS
from aops_indb.scoring.layouts import LAYOUTS
from aops_indb.scoring.read_sklearn import TRANSLATORS
from aops_indb.sqlgen.dialects import DIALECTS
from aops_indb.workflows.flights import read_flights_example
from aops_indb.workflows.project import Project
from aops_indb.workflows.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
NOTE = "<!-- Written by `make docs` from the code; do not edit. -->"


def cli_page() -> str:
    """Verbs with their sentence and example."""
    lines = ["# Command line", "", NOTE, "", "Every verb knows `--help` and `--json`; exit codes are 0 done,"]
    lines += ["1 refused, 2 wrong use or bad input, 3 the warehouse cannot be reached, 130 interrupted.", ""]
    for verb in VERBS:
        text = inspect.getdoc(verb_function(verb)) or ""
        about, _, example = text.partition("Example:")
        lines += [f"## `aops {verb}`", "", about.strip(), "", f"    {example.strip()}", ""]
    return "\n".join(lines)


def definitions_page() -> str:
    """Aggregations and the algorithms behind them."""
    lines = ["# Aggregations", "", NOTE, "", "| function | gives | over no rows |", "| --- | --- | --- |"]
    for name, function in AGGREGATIONS.items():
        lines.append(f"| `{name}` | {function.help} | {'NULL' if function.empty is None else function.empty} |")
    lines += ["", "## How windows are computed", "", "| algorithm | how |", "| --- | --- |"]
    lines += [f"| `{name}` | {first_sentence(algorithm)} |" for name, algorithm in ALGORITHMS.items()]
    return "\n".join([*lines, ""])


def models_page() -> str:
    """Estimators that translate, layouts, metrics."""
    lines = ["# Models", "", NOTE, "", "Estimators and transformers that become SQL:", ""]
    lines += [f"- `{name}`" for name in sorted(TRANSLATORS)]
    lines += ["", "Layouts of forests in SQL:", ""]
    lines += [f"- `{name}`: {first_sentence(sys.modules[layout.__module__])}" for name, layout in LAYOUTS.items()]
    lines += ["", "| metric | is | better |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {metric.help} | {metric.better} |" for name, metric in METRICS.items()]
    lines += ["", f"Dialects: {', '.join(DIALECTS)}. Engines that run: {', '.join(ENGINES)}.", ""]
    return "\n".join(lines)


def settings_page() -> str:
    """aops.toml."""
    lines = ["# Settings: aops.toml", "", NOTE, "", "| setting | default | is |", "| --- | --- | --- |"]
    for section, outer in Settings.model_fields.items():
        for name, field in outer.annotation.model_fields.items():  # type: ignore[union-attr]
            default = "needed" if field.is_required() else repr(field.default)
            lines.append(f"| `[{section}] {name}` | {default} | {field.description} |")
    return "\n".join([*lines, ""])


def errors_page() -> str:
    """The tree of errors."""
    return "\n".join(["# Errors", "", NOTE, "", "```", inspect.getdoc(errors) or "", "```", ""])


def first_sentence(thing: object) -> str:
    """The first sentence of a docstring."""
    return re.split(r"(?<=\.)\s", inspect.getdoc(thing) or "", maxsplit=1)[0].replace("\n", " ")


def compiled_views() -> Iterator[tuple[Path, str]]:
    """The example's feature views as SQL, compiled against its real tables."""
    example = Project.load(ROOT / "aops.toml")
    project = Project("duckdb:///:memory:", root=ROOT, settings=example.settings)
    project.loaded = example.loaded
    from aops_indb.workflows.init import load_tables

    load_tables(project, {name: rows.slice(0, 0) for name, rows in read_flights_example().items()})
    for name in project.definitions.views:
        yield ROOT / "sql" / "compiled" / "duckdb" / f"{name}.sql", project.render(name) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli": cli_page,
    "aggregations": definitions_page,
    "models": models_page,
    "settings": settings_page,
    "errors": errors_page,
}


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file with its text."""
    for name, page in PAGES.items():
        yield ROOT / "docs" / "reference" / f"{name}.md", page()
    yield from compiled_views()


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    check = parser.parse_args().check
    stale = []
    for path, text in generated():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{'not up to date' if check else 'wrote'}: {name}")
    if check and stale:
        print("run  make docs")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
