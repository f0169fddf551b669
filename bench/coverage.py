"""How many of scikit-learn's estimators score in SQL as they do in Python: `python -m bench.coverage [ENGINE …]`.

Every public estimator with predict or transform is made as scikit-learn's own common tests make it, fitted on real
data, and scored by the library and by its SQL on rows that hold missing, infinite and unseen values, and values at
and next to every threshold. An estimator is what the worst of its instances is. Left out are those that read no rows
of a table (NO_TABLE), and instances that take a matrix of distances instead of features.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from tests.parity.frames import gaps, mixed, numbers
from tests.parity.oracle import Columns, expected
from tests.parity.rows import as_frame, is_far, rows, within
from tests.parity.test_parity import same
from tests.parity.warehouses import SLOW_TO_START, WAREHOUSES

from aops_indb.errors import AopsError
from aops_indb.scoring import to_sql

RESULTS = Path(__file__).parent / "results" / "coverage.json"

ENGINES = WAREHOUSES | SLOW_TO_START
BY_DEFAULT = ("duckdb", "postgres", "sqlite", "spark")

# Beyond this size sums cancel so far that what the library gives is rounding error; infinity is kept.
LARGEST = 1e6

# Estimators that read no rows of a table: dictionaries, images, kernels, labels.
NO_TABLE = {
    "DictVectorizer", "FeatureHasher", "KernelCenterer", "LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer",
    "PatchExtractor", "SparseCoder",
}  # fmt: skip

# (estimator, engine) -> why it is not run: a query that takes minutes is none that anybody would keep.
TOO_SLOW = {
    ("GaussianProcessClassifier", "sqlite"): "takes minutes: the kernel is computed anew for each sum over it",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of VERDICTS, and in words what else."""

    verdict: str
    told: str = ""


# The worst comes last. "withholds": NULL in some rows of which the library gives a number, and equal in all others.
VERDICTS = ("equal", "withholds", "refused", "error", "differs")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A fitted model, the names of its inputs (None if it knows them), and what it was fitted on."""

    model: Any
    inputs: list[str] | None
    frame: Any


def estimators() -> Iterator[tuple[str, list[Any]]]:
    """Every public estimator of scikit-learn that predicts or transforms rows of a table, and instances of it."""
    from sklearn.utils import all_estimators, get_tags
    from sklearn.utils._test_common.instance_generator import _construct_instances
    from sklearn.utils._testing import set_random_state

    for name, cls in all_estimators():
        if name not in NO_TABLE and (hasattr(cls, "predict") or hasattr(cls, "transform")):
            instances = [each for each in _construct_instances(cls) if not get_tags(each).input_tags.pairwise]
            for instance in instances:
                set_random_state(instance)
            yield name, instances


def fitted(model: Any) -> tuple[Any, pd.DataFrame] | None:
    """The model fitted on the first data it takes, and those; None if it takes none."""
    for frame, target in data(model):
        try:
            return model.fit(frame, target), frame
        except (ValueError, TypeError, AttributeError, IndexError):
            continue
    return None


def data(model: Any) -> Iterator[tuple[Any, Any]]:
    """Data in the order in which they are tried."""
    from sklearn.utils import get_tags

    tags = get_tags(model)
    wine, cancer, diabetes = numbers("wine", 4), numbers("cancer", 4), numbers("diabetes", 4)
    if tags.input_tags.string and not tags.input_tags.two_d_array:
        frame, target = mixed()
        yield frame["size"].fillna(""), target
    if tags.input_tags.categorical:
        frame, target = mixed()
        yield frame[["size", "grade"]], target
        yield frame[["grade"]], target
    if tags.input_tags.allow_nan:
        yield gaps("diabetes" if tags.estimator_type == "regressor" else "wine", 4)
    if tags.estimator_type == "regressor":
        yield diabetes[0], np.abs(diabetes[1])
        yield diabetes[0].iloc[:, [0]], diabetes[1]
        yield diabetes[0], np.c_[diabetes[1], -(diabetes[1] ** 2)]
    yield wine
    yield cancer
    yield wine[0], np.c_[wine[1], wine[1] > 1].astype(int)


def prepared(model: Any) -> Trial | Outcome:
    """What an instance is to be compared on; an error if there is nothing."""
    try:
        found = fitted(model)
    except Exception as error:  # what the library raises must not end the run
        return Outcome("error", told_of(error))
    if found is None:
        return Outcome("error", "cannot be fitted on the data at hand")
    model, frame = found
    inputs = None if hasattr(model, "feature_names_in_") else [str(name) for name in pd.DataFrame(frame)]
    return Trial(model, inputs, frame)


@cache
def answered(trial: Trial) -> tuple[Columns, Columns]:
    """The rows to score, and what the library says of them."""
    all_rows = rows(trial.model, trial.frame)
    # of values beyond any bound a score may be withheld; the tests of parity have them
    kept = [row for row in within(all_rows, LARGEST) if not is_far(all_rows, row)]
    given = {name: [values[i] for i in kept] for name, values in all_rows.items()}
    return given, expected(trial.model, as_frame(given, trial.frame))


def told_of(error: Exception) -> str:
    """An error in short."""
    return f"{type(error).__name__}: {error}"[:300]


def outcome(trial: Trial | Outcome, engine: str) -> Outcome:
    """How an instance compares in an engine."""
    if isinstance(trial, Outcome):
        return trial
    try:
        sql = to_sql(trial.model, source="rows", keys=["position"], inputs=trial.inputs, dialect=engine)
    except AopsError as error:
        return Outcome("refused", str(error))
    except Exception as error:  # a crash of ours is an outcome, too
        return Outcome("error", told_of(error))
    try:
        given, wanted = answered(trial)
        got = ENGINES[engine].run(given, sql)
    except Exception as error:  # whatever an engine raises is what is to be told
        return Outcome("error", told_of(error))
    return compared(got, wanted)


def compared(got: Mapping[str, Sequence[Any]], wanted: Mapping[str, Sequence[Any]]) -> Outcome:
    """How the result of a query compares with what the library says."""
    if list(got) != ["position", *wanted]:
        return Outcome("differs", f"columns {list(got)[1:]} instead of {list(wanted)}"[:300])
    position = got["position"]
    if sorted(position) != list(range(len(next(iter(wanted.values()))))):
        return Outcome("differs", f"{len(position)} rows, not the ones given")
    unequal = [
        (row, value)
        for column in wanted
        for row, value in zip(position, got[column], strict=True)
        if not same(value, wanted[column][row])
    ]
    told = f"{len(unequal)} values of {len({row for row, _ in unequal})} of {len(position)} rows"
    if any(not same(value, None) for _, value in unequal):
        return Outcome("differs", told)
    return Outcome("withholds", told) if unequal else Outcome("equal")


def measure(engine: str, trials: Mapping[str, Sequence[Trial | Outcome]]) -> dict[str, Outcome]:
    """Estimator -> the worst outcome of its instances."""
    found = {}
    for name, each in trials.items():
        start = time.monotonic()
        if reason := TOO_SLOW.get((name, engine)):
            found[name] = Outcome("error", reason)
        else:
            found[name] = worst([outcome(trial, engine) for trial in each])
        print(f"{engine} {name}: {found[name].verdict}, {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    return found


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The first of the worst."""
    return max(outcomes, key=lambda each: VERDICTS.index(each.verdict))


def keep(engine: str, found: Mapping[str, Outcome]) -> None:
    """Write the outcomes into bench/results/coverage.json, in the place of the engine's earlier ones."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for each in kept.values():
        each.pop(engine, None)
    for name, one in found.items():
        kept.setdefault(name, {})[engine] = {"verdict": one.verdict, "told": one.told}
    kept = {name: each for name, each in kept.items() if each}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def summary(engine: str, found: Mapping[str, Outcome]) -> str:
    """One line: how many estimators of how many came to each verdict."""
    counts = Counter(each.verdict for each in found.values())
    return f"{engine}: " + ", ".join(f"{counts[each]} {each}" for each in VERDICTS) + f" of {len(found)}"


def main() -> None:
    """Measure, print the figures, and merge them into bench/results/coverage.json."""
    warnings.simplefilter("ignore")
    engines = sys.argv[1:] or BY_DEFAULT
    if unknown := set(engines) - set(ENGINES):
        raise SystemExit(f"no engine {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    trials = {name: [prepared(instance) for instance in instances] for name, instances in estimators()}
    out = Console(width=160)
    lines = []
    for engine in engines:
        found = measure(engine, trials)
        keep(engine, found)
        lines.append(summary(engine, found))
        for name, one in found.items():
            if one.verdict != "equal":
                out.print(f"  {one.verdict:9} {engine:10} {name}: {one.told[:110]}", markup=False)
    for line in lines:
        out.print(line)


if __name__ == "__main__":
    main()
