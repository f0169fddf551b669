"""Write docs/models.md, docs/reference/ and sql/compiled/ from the code; --check only says whether they are current."""

from __future__ import annotations

import argparse
import datetime as dt
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from aops_indb import Aggregation, DataSource, Entity, FeatureView, errors
from aops_indb.cli import VERBS, verb_function
from aops_indb.engines import ENGINES
from aops_indb.features.aggregations import AGGREGATIONS, DIFFERENT
from aops_indb.features.definitions import CHECK_KINDS
from aops_indb.features.views import warehouse_objects
from aops_indb.features.window_algorithms import ALGORITHMS
from aops_indb.monitoring import METRICS
from aops_indb.scoring.layouts import LAYOUTS
from aops_indb.scoring.read_boosting import BOOSTERS
from aops_indb.scoring.read_onnx import OPS
from aops_indb.scoring.read_sklearn import TRANSLATORS
from aops_indb.scoring.read_sklearn.refused import REFUSED
from aops_indb.sqlgen.dialects import DIALECTS
from aops_indb.sqlgen.render import render
from aops_indb.workflows.executors import EXECUTORS
from aops_indb.workflows.flights import read_flights_example
from aops_indb.workflows.formats import FORMATS
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
    lines += ["", "## Where", "", WHERE, ""]
    lines += [f"| function | {' | '.join(WAREHOUSES)} |", "| --- |" + " --- |" * len(WAREHOUSES)]
    lines += [
        f"| `{name}` | {' | '.join(where(name, warehouse) for warehouse in WAREHOUSES)} |" for name in AGGREGATIONS
    ]
    lines += ["", "## How windows are computed", "", "| algorithm | how |", "| --- | --- |"]
    lines += [f"| `{name}` | {first_sentence(algorithm)} |" for name, algorithm in ALGORITHMS.items()]
    return "\n".join([*lines, ""])


WHERE = """\
Computed where the data is, and compared with the same slow oracle by the tests, whatever the window: trailing, over a
lifetime, since an event. Last digits can differ from engine to engine, within the bound given above."""
WAREHOUSES = ("duckdb", "postgres", "spark")


def where(function: str, warehouse: str) -> str:
    """Whether a warehouse has an aggregation: yes, how it differs, or why not."""
    given = {"n": 2, "q": 0.5, "half_life": dt.timedelta(days=1)}
    settings = {name: given[name] for name in AGGREGATIONS[function].settings}
    window = Aggregation(function=function, column="a", windows=["1d", "lifetime"], **settings)
    source = DataSource(name="s", table="t", timestamp_field="at")
    view = FeatureView(name="v", entities=[Entity(name="e", join_keys=["k"])], source=source, aggregations=[window])
    objects = warehouse_objects(view, types_of=lambda query: dict.fromkeys(query.named_selects, "BIGINT"))
    try:
        for each in objects[:2]:
            render(each.query, DIALECTS[warehouse])
    except errors.AopsError as error:
        return f"no: {error}"
    return DIFFERENT.get((function, warehouse), "yes")


MODELS = """\
What becomes SQL, exactly as its library computes it, or is refused by name. `explain_support(model)` says of a fitted
model which of its steps have a SQL form, and on which rows its scores are NULL because the library would raise.
Parameters that have no SQL form are refused with the reason when a model is translated."""


def models_page() -> str:
    """Models that translate, those that are refused, and what runs them."""
    lines = ["# Models", "", NOTE, "", MODELS, "", "## scikit-learn", "", "| module | estimators |", "| --- | --- |"]
    modules: dict[str, list[str]] = {}
    for name in sorted(TRANSLATORS):
        module, _, estimator = name.rpartition(".")
        modules.setdefault(module, []).append(f"`{estimator}`")
    lines += [f"| `{module}` | {', '.join(names)} |" for module, names in modules.items()]
    lines += [
        "",
        *coverage(),
        "",
        "Refused by name:",
        "",
        "| estimator | because it | instead |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{name}` | {refusal.why} | {refusal.instead} |" for name, refusal in sorted(REFUSED.items())]
    lines += ["", "## Boosting libraries", "", *(f"- `{name}`" for name in BOOSTERS)]
    lines += ["", "## ONNX", "", "Operators of models that come from elsewhere, with ONNX Runtime's arithmetic:", ""]
    for domain, title in (("ai.onnx.ml", "`ai.onnx.ml`"), ("", "`ai.onnx`")):
        operators = [f"`{operator}`" for given, operator in sorted(OPS) if given == domain]
        lines.append(f"- {title}: {', '.join(operators)}")
    lines += ["", *conformance(), "", *onnx_exports()]
    lines += ["", "## Files", "", "`aops register` takes:", "", "| kind | file | needs |", "| --- | --- | --- |"]
    lines += [
        f"| {kind} | {', '.join(f'`{end}`' for end in each.suffixes)} | {f'`{each.extra}`' if each.extra else ''} |"
        for kind, each in FORMATS.items()
    ]
    lines += ["", "## Executors", "", "`Model(executor=…)` says what scores:", ""]
    lines += [f"- `{name}`: {executor.help}" for name, executor in EXECUTORS.items()]
    lines += ["", "## Dialects", "", "| dialect | SQL is | has no |", "| --- | --- | --- |"]
    for name, dialect in DIALECTS.items():
        how = "executed by the tests" if dialect.executed else "rendered and parsed back, not executed"
        lines.append(f"| `{name}` | {how} | {', '.join(dialect.lacks)} |")
    lines += ["", f"The life cycle (`aops`) runs on: {', '.join(f'`{name}`' for name in ENGINES)}.", ""]
    lines += ["## Layouts of forests", ""]
    lines += [f"- `{name}`: {first_sentence(sys.modules[layout.__module__])}" for name, layout in LAYOUTS.items()]
    return "\n".join([*lines, ""])


MEASURED = """\
Measured with `python -m bench.coverage`: scikit-learn's estimators as its own tests make them, on rows that hold
missing, infinite and unseen values, and values at and one ulp around each threshold. `withholds` is NULL on some rows
where the library breaks a tie in a way that cannot be known from outside."""


def coverage() -> Iterator[str]:
    """What `python -m bench.coverage` measured, per engine."""
    measured = json.loads((ROOT / "bench" / "results" / "coverage.json").read_text(encoding="utf-8"))
    verdicts = ("equal", "withholds", "refused", "error", "differs")
    yield MEASURED
    yield ""
    yield f"| engine | {' | '.join(verdicts)} |"
    yield "| --- |" + " --- |" * len(verdicts)
    for engine in sorted({engine for each in measured.values() for engine in each}):
        counts = Counter(each[engine]["verdict"] for each in measured.values() if engine in each)
        yield f"| {engine} | {' | '.join(str(counts[verdict]) for verdict in verdicts)} |"


SHIPPED = """\
The tests that the onnx package ships for these operators, as SQL in DuckDB, counted with
`python -m bench.onnx_conformance`: refused is what is no function of one row, or no model of columns has."""


def conformance() -> Iterator[str]:
    """What `python -m bench.onnx_conformance` counted."""
    counts = json.loads((ROOT / "bench" / "results" / "onnx_conformance.json").read_text(encoding="utf-8"))
    yield SHIPPED
    yield ""
    yield "| outcome | tests |"
    yield "| --- | --- |"
    for outcome, count in counts.items():
        yield f"| {outcome if outcome in ('agrees', 'differs') else f'refused: {outcome}'} | {count} |"


EXPORTED = """\
`aops train` keeps a model's export to ONNX and how its scores compare with the library's, row by row. Measured with
`python -m bench.onnx_export`, which tells the reasons: a model agrees if none of the rows it was fitted on is off by
more than 1e-5. XGBoost and LightGBM are converted by onnxmltools (`aops-indb[onnxmltools]`), CatBoost by itself."""


def onnx_exports() -> Iterator[str]:
    """What `python -m bench.onnx_export` measured."""
    measured = json.loads((ROOT / "bench" / "results" / "onnx_export.json").read_text(encoding="utf-8"))
    verdicts = ("agrees", "lenient", "refused", "differs", "error")
    yield EXPORTED
    yield ""
    yield f"| models | {' | '.join(verdicts)} | that differ |"
    yield "| --- |" + " --- |" * (len(verdicts) + 1)
    for part, models in sorted(measured.items()):
        counts = Counter(each["verdict"] for each in models.values())
        differing = [f"`{name}`" for name, each in sorted(models.items()) if each["verdict"] == "differs"]
        yield f"| {part} | {' | '.join(str(counts[each]) for each in verdicts)} | {', '.join(differing)} |"


def checks_page() -> str:
    """Kinds of checks."""
    lines = ["# Checks", "", NOTE, "", "| kind | holds if | needs |", "| --- | --- | --- |"]
    for name, kind in CHECK_KINDS.items():
        columns = {None: "column or columns", 1: "column"}.get(kind.columns, "")
        needs = ", ".join(part for part in (columns, " or ".join(f"`{each}`" for each in kind.needs)) if part)
        lines.append(f"| `{name}` | {kind.help} | {needs} |")
    return "\n".join([*lines, ""])


def metrics_page() -> str:
    """Metrics computed in the warehouse."""
    lines = ["# Metrics", "", NOTE, "", "| metric | is | better |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {metric.help} | {metric.better} |" for name, metric in METRICS.items()]
    return "\n".join([*lines, ""])


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
    "models.md": models_page,
    "reference/cli.md": cli_page,
    "reference/aggregations.md": definitions_page,
    "reference/checks.md": checks_page,
    "reference/metrics.md": metrics_page,
    "reference/settings.md": settings_page,
    "reference/errors.md": errors_page,
}


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file with its text."""
    for name, page in PAGES.items():
        yield ROOT / "docs" / name, page()
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
