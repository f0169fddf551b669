"""Whatever is in a table is documented: verbs, aggregations, settings, metrics, estimators."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import aops_indb
from aops_indb.cli import VERBS, verb_function
from aops_indb.features.aggregations import AGGREGATIONS
from aops_indb.monitoring import METRICS
from aops_indb.scoring.layouts import LAYOUTS
from aops_indb.scoring.read_boosting import BOOSTERS
from aops_indb.scoring.read_onnx import OPS
from aops_indb.scoring.read_sklearn import TRANSLATORS
from aops_indb.scoring.read_sklearn.refused import REFUSED
from aops_indb.sqlgen.dialects import DIALECTS
from aops_indb.workflows.executors import EXECUTORS
from aops_indb.workflows.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

SETTINGS = [
    f"[{section}] {name}"
    for section, outer in Settings.model_fields.items()
    for name in outer.annotation.model_fields  # type: ignore[union-attr]
]
DOCUMENTED = [
    *(("reference/cli.md", f"`aops {verb}`") for verb in VERBS),
    *(("reference/aggregations.md", f"`{name}`") for name in AGGREGATIONS),
    *(("reference/settings.md", f"`{name}`") for name in SETTINGS),
    *(("reference/metrics.md", f"`{name}`") for name in METRICS),
    *(("models.md", f"`{name.rpartition('.')[2]}`") for name in TRANSLATORS),
    *(("models.md", f"`{name}`") for name in [*BOOSTERS, *REFUSED, *DIALECTS, *EXECUTORS, *LAYOUTS]),
    *(("models.md", f"`{operator}`") for _, operator in OPS),
]


@pytest.mark.parametrize(("page", "entry"), DOCUMENTED, ids=lambda value: value)
def test_entry_has_its_line(page: str, entry: str) -> None:
    assert entry in (DOCS / page).read_text(encoding="utf-8"), f"{entry} is missing: run  make docs"


@pytest.mark.parametrize("verb", VERBS)
def test_verb_shows_an_example(verb: str) -> None:
    assert f"Example:  aops {verb}" in (inspect.getdoc(verb_function(verb)) or "")


@pytest.mark.parametrize("name", aops_indb.__all__)
def test_public_name_has_a_docstring(name: str) -> None:
    assert (inspect.getdoc(getattr(aops_indb, name)) or "").strip()
