"""How many of the same estimators orbital's SQL scores as scikit-learn does, on the same rows, in DuckDB.

In two steps, as orbital needs other packages than this project:

    python -m bench.peers.orbital_coverage write /tmp/trials
    make .peers/orbital
    .peers/orbital/bin/python bench/peers/orbital_coverage.py score /tmp/trials

The second writes bench/results/orbital.json. It is told the outputs in orbital's order and under orbital's names:
of a classifier its label and probabilities are compared (it gives no decisions), of others all numbers, by position.
Three figures, from the strictest to the mildest: all rows to 1e-9; the training rows to 1e-9; these to 1e-5, as ONNX
keeps most constants in single precision.
"""

from __future__ import annotations

import json
import math
import pickle
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results" / "orbital.json"
SECONDS = 30
ABSOLUTE = 1e-15

# name -> how many rows, and the relative tolerance
FIGURES: dict[str, tuple[int | None, float]] = {
    "all rows to 1e-9": (None, 1e-9),
    "training rows to 1e-9": (120, 1e-9),
    "training rows to 1e-5": (120, 1e-5),
}
# The worst comes last: an estimator is what the worst of its instances is.
VERDICTS = ("equal", "none", "error", "differs")

Columns = Mapping[str, Sequence[Any]]


def write(folder: Path) -> None:
    """Every fitted instance, its rows, and what the library says of them, in a file per estimator."""
    from bench.coverage import Trial, answered, estimators, prepared

    folder.mkdir(parents=True, exist_ok=True)
    for name, instances in estimators():
        kept = []
        for trial in map(prepared, instances):
            try:
                kept.append((trial.model, *answered(trial)) if isinstance(trial, Trial) else None)
            except Exception as error:  # estimators of which the library itself says nothing
                print(f"{name}: {type(error).__name__}: {error}"[:200], file=sys.stderr)
                kept.append(None)
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(kept))


def score(folder: Path) -> dict[str, dict[str, str]]:
    """Estimator -> the worst verdict of its instances, for each of FIGURES."""
    found = {}
    for path in sorted(folder.glob("*.pickle")):
        trials = pickle.loads(path.read_bytes())  # noqa: S301 (written by the first step)
        each = [verdicts(*one) if one else dict.fromkeys(FIGURES, "none") for one in trials]
        found[path.stem] = {f: max((one[f] for one in each), key=VERDICTS.index) for f in FIGURES}
        print(path.stem, found[path.stem], file=sys.stderr, flush=True)
    return found


def verdicts(model: Any, given: Columns, wanted: Columns) -> dict[str, str]:
    """The better of what orbital makes of features in double and in single precision; none if it makes no SQL."""
    types = import_module("orbital.types")
    tried = []
    for number in (types.DoubleColumnType, types.FloatColumnType):
        signal.alarm(SECONDS)
        try:
            sql, columns = exported(model, given, number)
        except Exception:  # whatever it raises is its refusal
            continue
        finally:
            signal.alarm(0)
        try:
            signal.alarm(SECONDS)
            got = run(sql, columns)
            tried.append({figure: compared(got, wanted, *limits) for figure, limits in FIGURES.items()})
        except Exception:  # SQL that does not run is an error of its own
            tried.append(dict.fromkeys(FIGURES, "error"))
        finally:
            signal.alarm(0)
    return {f: min((each[f] for each in tried), key=VERDICTS.index, default="none") for f in FIGURES}


def exported(model: Any, given: Columns, number: Any) -> tuple[str, Columns]:
    """orbital's SQL, and the table it reads."""
    from sklearn.pipeline import Pipeline

    orbital, types = import_module("orbital"), import_module("orbital.types")
    columns = {name.replace(" ", "_"): values for name, values in given.items()}
    kinds: dict[str, Any] = {"position": number(passthrough=True)}
    for name, values in columns.items():
        kind = next((type(value) for value in values if value is not None), float)
        kinds[name] = {str: types.StringColumnType, bool: types.BooleanColumnType}.get(kind, number)()
    parsed = orbital.parse_pipeline(Pipeline([("model", model)]), features=kinds)
    sql = orbital.export_sql("rows", parsed, dialect="duckdb", projection=orbital.ResultsProjection(["position"]))
    return sql, columns


def run(sql: str, columns: Columns) -> Columns:
    """The result of the query, ordered by position, which is left out."""
    import duckdb
    import pandas as pd

    count = len(next(iter(columns.values())))
    kinds = {float: "DOUBLE", str: "VARCHAR", bool: "BOOLEAN"}
    with duckdb.connect() as connection:
        types = [next((kinds[type(v)] for v in values if v is not None), "DOUBLE") for values in columns.values()]
        names = ", ".join(f'"{name}" {kind}' for name, kind in zip(columns, types, strict=True))
        connection.sql(f"CREATE TABLE rows (position DOUBLE, {names})")
        marks = ", ".join("?" for _ in range(len(columns) + 1))
        table = list(zip(range(count), *columns.values(), strict=True))
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", [list(row) for row in table])
        result = connection.sql(sql)
        titles = list(result.columns)
        rows = sorted(result.fetchall(), key=lambda row: row[titles.index("position")])
    if len(rows) != count:
        raise ValueError(f"{len(rows)} rows instead of {count}")
    frame = pd.DataFrame(rows, columns=titles, dtype=object)
    return {t: frame[t].tolist() for t in titles if t != "position" and t.replace(" ", "_") not in columns}


def compared(got: Columns, wanted: Columns, count: int | None, relative: float) -> str:
    """equal if all that orbital gives, and at least a label, is the library's."""
    if "label" in wanted:
        labels = [values for name, values in got.items() if "label" in name]
        others = [values for name, values in got.items() if "label" not in name]
        shares = [values for name, values in wanted.items() if name.startswith("probability_")]
        decisions = [values for name, values in wanted.items() if name.startswith("decision")]
        # a stack gives its parts' labels, too
        complete = any(all(map(lambda a, b: same(a, b, relative), x[:count], wanted["label"][:count])) for x in labels)
        pairs = list(zip(others, shares if len(shares) == len(others) else decisions, strict=False))
    else:
        pairs, complete = list(zip(got.values(), wanted.values(), strict=False)), len(got) == len(wanted)
    equal = all(same(a, b, relative) for one, other in pairs for a, b in zip(one[:count], other[:count], strict=True))
    return "equal" if equal and complete else "differs"


def same(value: Any, wanted: Any, relative: float) -> bool:
    """Whether two outputs are one; NULL, NaN and None are, and so are 1 and '1'."""
    missing = [each is None or (isinstance(each, float) and math.isnan(each)) for each in (value, wanted)]
    if any(missing):
        return all(missing)
    try:
        return math.isclose(float(value), float(wanted), rel_tol=relative, abs_tol=ABSOLUTE)
    except ValueError:
        return str(value) == str(wanted)


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")


def main() -> None:
    """Write the trials, or score them, print the figures and write bench/results/orbital.json."""
    warnings.simplefilter("ignore")
    if len(sys.argv) != 3 or sys.argv[1] not in ("write", "score"):
        raise SystemExit(__doc__)
    folder = Path(sys.argv[2])
    if sys.argv[1] == "write":
        return write(folder)
    from importlib.metadata import version

    signal.signal(signal.SIGALRM, _too_long)
    found = score(folder)
    counts = {figure: Counter(each[figure] for each in found.values()) for figure in FIGURES}
    figures = {figure: {verdict: count[verdict] for verdict in VERDICTS} for figure, count in counts.items()}
    for figure, count in figures.items():
        print(f"{figure}: " + ", ".join(f"{n} {verdict}" for verdict, n in count.items()), f"of {len(found)}")
    versions = {name: version(name) for name in ("orbital", "scikit-learn", "skl2onnx", "duckdb")}
    told = {"versions": versions, "of": len(found), "figures": figures, "estimators": found}
    RESULTS.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return None


if __name__ == "__main__":
    main()
