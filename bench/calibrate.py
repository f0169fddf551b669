"""What each part of a forest's layout takes in DuckDB on this machine: `python -m bench.calibrate`.

Forests of many sizes are fitted (in ones grown at random, most rows go a few ways, which favours CASE), and scored by
each layout on one thread, planning included, as so many rows bear it. The costs of its parts are those that, times how
many there are, come nearest to the measured times, with relative errors, and none below zero; layouts that take more
than CLOSE times as long as the fastest, between which there is nothing to choose, are left out. The output has the
lines of COSTS in scoring/layouts/choice.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import duckdb
import numpy as np
import typer
from rich.console import Console
from scipy.optimize import nnls

from aops_indb.scoring import translate
from aops_indb.scoring.graph import Forest, Graph, Input, Part, walk
from aops_indb.scoring.layouts.choice import COSTS, PARTS
from aops_indb.scoring.lower import lower_apart
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import create_table_as, create_view, parse_table, table

from .forests import rows

DUCKDB = dialect("duckdb")
TRAINED_ON, CLOSE = 20_000, 2


def _boosting(trees: int, depth: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=trees, max_depth=depth, subsample=0.3, random_state=0)


def _forest(trees: int, depth: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=trees, max_depth=depth, random_state=0)


def _lightgbm(trees: int, leaves: int) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=trees, num_leaves=leaves, min_child_samples=5, verbose=-1, n_jobs=1)


def _catboost(trees: int, depth: int) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=trees, depth=depth, verbose=0, allow_writing_files=False, thread_count=1)


# a model, its trees, their depth or leaves, and how many inputs there are
FITTED: list[tuple[Callable[[int, int], Any], int, int, int]] = [
    (_boosting, 20, 3, 20), (_boosting, 100, 3, 20), (_boosting, 300, 3, 20), (_boosting, 300, 1, 20),
    (_boosting, 100, 5, 20), (_forest, 20, 8, 20), (_forest, 50, 8, 20), (_forest, 20, 12, 20),
    (_lightgbm, 50, 31, 20), (_lightgbm, 200, 31, 20), (_lightgbm, 100, 62, 5), (_lightgbm, 20, 62, 20),
    (_lightgbm, 100, 62, 20), (_lightgbm, 300, 62, 20), (_lightgbm, 100, 62, 50), (_lightgbm, 10, 1000, 20),
    (_catboost, 50, 6, 20), (_catboost, 200, 6, 20), (_catboost, 200, 4, 20), (_catboost, 100, 8, 20),
    (_catboost, 200, 6, 50),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A forest by a layout: how many there are of each part, and the nanoseconds a row takes."""

    forest: str
    layout: str
    parts: dict[str, float]
    nanoseconds: float

    @property
    def expected(self) -> float:
        """By the COSTS in use."""
        return sum(COSTS[part] * count for part, count in self.parts.items())


def forests() -> Iterator[tuple[str, Forest]]:
    """Every model's forest, with its name."""
    for make, trees, size, inputs in FITTED:
        model = make(trees, size).fit(*rows(TRAINED_ON, inputs, seed=0))
        graph = translate(model, [f"x{i}" for i in range(inputs)])
        [forest] = [node for node in walk(graph.roots) if isinstance(node, Forest)]
        yield f"{type(model).__name__}, {trees} x {size}, {inputs} inputs", forest


def nanoseconds(connection: duckdb.DuckDBPyConnection, forest: Forest, layout: str, rows: int, runs: int) -> float:
    """Of one processor for each row, its share of planning included."""
    names = tuple(node.name for node in walk(forest.inputs) if isinstance(node, Input))
    graph = Graph(names, (("y", Part(forest, 0)),))
    connection.execute(f"CREATE OR REPLACE TABLE few AS FROM rows LIMIT {rows}")
    lowered = lower_apart(graph, parse_table("few"), keys=["id"], dialect=DUCKDB, layout=layout)
    for name, parameters in lowered.parameters.items():
        connection.execute(render(create_table_as(table(name), parameters.query(), replace=True), DUCKDB))
    connection.execute(render(create_view(table("scored"), lowered.query), DUCKDB, consume=True))
    took = []
    for _ in range(runs):
        began = time.process_time()
        connection.execute("SELECT sum(y) FROM scored").fetchall()
        took.append(time.process_time() - began)
    return min(took) / rows * 1e9


def fitted(measurements: Sequence[Measured]) -> dict[str, float]:
    """The costs that make the sum of squared relative errors least."""
    fastest: dict[str, float] = {}
    for found in measurements:
        fastest[found.forest] = min(fastest.get(found.forest, found.nanoseconds), found.nanoseconds)
    close = [found for found in measurements if found.nanoseconds <= CLOSE * fastest[found.forest]]
    names = list(dict.fromkeys(part for found in close for part in found.parts))
    weighed = [[found.parts.get(name, 0.0) / found.nanoseconds for name in names] for found in close]
    costs, _ = nnls(np.array(weighed), np.ones(len(close)))
    return dict(zip(names, map(float, costs), strict=True))


def main(count: Annotated[int, typer.Option("--rows")] = 500_000, runs: int = 1) -> None:
    """Print what was measured, what COSTS say, and COSTS as they come out."""
    console = Console(width=120)
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", rows(count, max(inputs for *_, inputs in FITTED), seed=1)[0])
    connection.execute("CREATE TABLE rows AS SELECT row_number() OVER () AS id, * FROM given")
    measurements = []
    for name, forest in forests():
        for layout, parts_of in PARTS.items():
            parts = parts_of(forest)
            if parts is None:
                continue
            took = nanoseconds(connection, forest, layout, count, runs)
            measurements.append(Measured(name, layout, dict(parts), took))
            expected = measurements[-1].expected
            console.print(f"{name:50} {layout:12} {took:9,.0f} ns a row, by COSTS {expected:9,.0f}")
    for part, cost in fitted(measurements).items():
        console.print(f'    "{part}": {cost:.2g},')


if __name__ == "__main__":
    typer.run(main)
