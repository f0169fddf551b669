"""How many of scikit-learn's estimators score in SQL as they do in Python: `python -m bench.coverage [ENGINE …]`.

Every public estimator with predict or transform is made as scikit-learn's own common tests make it, fitted on real
data, and scored by the library and by its SQL on rows that hold missing, infinite and unseen values, and values at
and next to every threshold. An estimator counts as equal if all its instances that can be fitted are, on every row.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from tests.parity.frames import gaps, mixed, numbers
from tests.parity.oracle import expected
from tests.parity.rows import as_frame, rows, within
from tests.parity.test_parity import same
from tests.parity.warehouses import WAREHOUSES

from aops_indb.errors import AopsError
from aops_indb.scoring import to_sql

RESULTS = Path(__file__).parent / "results" / "coverage.json"

# Beyond this size sums cancel so far that what the library gives is rounding error; infinity is kept.
LARGEST = 1e6

# Estimators that read no rows of a table: dictionaries, images, kernels, labels.
NO_TABLE = {
    "DictVectorizer", "FeatureHasher", "KernelCenterer", "LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer",
    "PatchExtractor", "SparseCoder",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """equal, refused, differs or error; and in words what else."""

    verdict: str
    told: str = ""


# The worst comes last: an estimator is what the worst of its instances is.
VERDICTS = ("equal", "refused", "error", "differs")


def estimators() -> Iterator[tuple[str, list[Any]]]:
    """Every public estimator of scikit-learn that predicts or transforms rows of a table, and instances of it."""
    from sklearn.utils import all_estimators, get_tags
    from sklearn.utils._test_common.instance_generator import _construct_instances

    for name, cls in all_estimators():
        if name not in NO_TABLE and (hasattr(cls, "predict") or hasattr(cls, "transform")):
            yield name, [each for each in _construct_instances(cls) if not get_tags(each).input_tags.pairwise]


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


def outcome(model: Any, engine: str) -> Outcome:
    """How an instance compares in an engine."""
    found = fitted(model)
    if found is None:
        return Outcome("error", "cannot be fitted on the data at hand")
    model, frame = found
    try:
        inputs = None if hasattr(model, "feature_names_in_") else [str(name) for name in pd.DataFrame(frame)]
        sql = to_sql(model, source="rows", keys=["position"], inputs=inputs, dialect=engine)
    except AopsError as error:
        return Outcome("refused", str(error))
    all_rows = rows(model, frame)
    kept = within(all_rows, LARGEST)
    given = {name: [values[i] for i in kept] for name, values in all_rows.items()}
    wanted = expected(model, as_frame(given, frame))
    try:
        got = WAREHOUSES[engine].run(given, sql)
    except Exception as error:  # whatever an engine raises is what is to be told
        return Outcome("error", f"{type(error).__name__}: {error}"[:300])
    if list(got) != ["position", *wanted]:
        return Outcome("differs", f"columns {list(got)[1:]} instead of {list(wanted)}")
    position = got.pop("position")
    differing = sum(
        not same(value, wanted[column][row])
        for column, values in got.items()
        for row, value in zip(position, values, strict=True)
    )
    return Outcome("differs", f"{differing} values of {len(position)} rows") if differing else Outcome("equal")


def measure(engines: list[str]) -> dict[str, dict[str, Outcome]]:
    """Estimator -> engine -> the worst outcome of its instances."""
    found: dict[str, dict[str, Outcome]] = {}
    for name, instances in estimators():
        found[name] = {}
        for engine in engines:
            try:
                outcomes = [outcome(instance, engine) for instance in instances]
            except Exception as error:  # a crash of ours is an outcome, too
                outcomes = [Outcome("error", f"{type(error).__name__}: {error}"[:300])]
            found[name][engine] = max(outcomes, key=lambda each: VERDICTS.index(each.verdict))
        print(name, *(f"{engine}: {each.verdict}" for engine, each in found[name].items()), file=sys.stderr)
    return found


def main() -> None:
    """Measure, print the figures, and write bench/results/coverage.json."""
    warnings.simplefilter("ignore")
    engines = sys.argv[1:] or list(WAREHOUSES)
    found = measure(engines)
    out = Console(width=160)
    for engine in engines:
        counts = Counter(each[engine].verdict for each in found.values())
        out.print(f"{engine}: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS), f"of {len(found)}")
    for name, each in found.items():
        for engine, one in each.items():
            if one.verdict != "equal":
                out.print(f"  {one.verdict:8} {engine:10} {name}: {one.told[:110]}")
    plain = {n: {e: {"verdict": o.verdict, "told": o.told} for e, o in each.items()} for n, each in found.items()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
