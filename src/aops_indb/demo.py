"""The main job on real flights, as the command line does it: `make demo`, or python -m aops_indb.demo [DIR]."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from aops_indb.cli import main as aops
from aops_indb.cli.output import console
from aops_indb.registry import model_version, model_versions
from aops_indb.workflows.project import Project

MODEL, KEPT = "flight_delay", "carrier_delay"
CHAMPION, CHALLENGER = "gradient_boosting", "logistic_regression"

# What an analyst does: any DuckDB client, nothing of ours.
ANALYST = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as warehouse:
    warehouse.execute("SET enable_progress_bar = false").fetchall()
    print(warehouse.sql(sys.argv[2]))
"""
QUERY = """
SELECT carrier, flight, origin, dest, scheduled_departure, label, round(probability_1, 3) AS probability_1
FROM scores.flight_delay
WHERE origin = 'LGA' AND scheduled_departure >= '2013-12-23' AND scheduled_departure < '2013-12-24'
ORDER BY probability_1 DESC LIMIT 10
"""
HISTORY_QUERY = """
SELECT carrier, carrier_late_7d, carrier_late_28d
FROM features.carrier_delay__asof('2013-07-01 00:00:00-04')
ORDER BY carrier_late_28d DESC LIMIT 5
"""
NEXT = (
    "source .venv/bin/activate                       so that the shell finds aops",
    "aops plan                                       edit a file in feature_defs/ first",
    "aops show flight_delay@champion                 figures, dataset, libraries, artefacts",
    "aops history flight_delay                       who did what, when",
    "aops render flight_delay@champion | less        the whole model as SQL",
    "aops lineage carrier_delay:carrier_late_7d      from columns of tables to the models that use it",
    "aops score flight_delay --since 2013-12-01      again, and the rows stay the same",
)


def run(*arguments: str) -> None:
    """Run a verb as if it were typed; a failure ends the demo."""
    say(f"$ aops {' '.join(arguments)}")
    try:
        aops(arguments)
    except SystemExit as end:
        if end.code:
            raise


def say(text: str) -> None:
    """A line between the verbs."""
    console().print(f"\n{text}", style="bold")


def main() -> None:
    """Load, apply, test, check, materialize, train, promote, score, query."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    here = ("--project", str(folder))
    began = time.monotonic()
    run("init", str(folder), "--example", "flights")
    run("apply", *here)
    run("test", *here)
    run("check", *here)
    run("materialize", KEPT, *here)
    run("train", MODEL, *here)
    versions = newest_versions(folder)
    run("promote", f"{MODEL}:{versions[CHALLENGER]}", "--as", "challenger", *here)
    run("promote", f"{MODEL}:{versions[CHAMPION]}", *here)
    run("score", MODEL, *here)
    run("list", "jobs", *here)
    say("What an analyst types, in any DuckDB client:")
    warehouse = Project.load(folder).engine.url.removeprefix("duckdb:///")
    for query in (QUERY, HISTORY_QUERY):
        print(query.strip())
        subprocess.run([sys.executable, "-c", ANALYST, str(folder / warehouse), query], check=True)
    run("evaluate", f"{MODEL}@champion", *here)
    say(f"Done in {time.monotonic() - began:.0f} s. Next, in {folder}:")
    print("\n".join(f"  {line}" for line in NEXT))


def newest_versions(folder: Path) -> dict[str, int]:
    """Candidate -> its newest version."""
    with Project.load(folder).session() as session:
        numbers = model_versions(session, MODEL)
        return {model_version(session, MODEL, number).estimator: number for number in numbers}


if __name__ == "__main__":
    main()
