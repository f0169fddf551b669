"""What bench/__main__.py times, one task a process: prints the seconds of its essential part, or a JSON line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aops_indb.engines import Session
from aops_indb.monitoring import METRICS, metrics_query
from aops_indb.registry import model_versions, resolve_version
from aops_indb.scoring import lower, translate
from aops_indb.sqlgen.build import Expr, anonymous, cast, coalesce, col, func, lit
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.statements import Query, create_table_as, parse_table, select, subquery, table
from aops_indb.workflows.dataset import model_training_set
from aops_indb.workflows.project import Project
from aops_indb.workflows.scored_rows import load_estimator, require_same_features, scored_rows
from aops_indb.workflows.training_rows import TARGET, model_frame, period_rows

MODEL = "flight_delay"
CANDIDATES = ("logistic_regression", "gradient_boosting")
SCRATCH = "bench_scratch"


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def training_set(project: Project) -> float:
    """Every flight with every feature, as a DataFrame."""
    return timed(lambda: model_training_set(project, project.definitions.models[MODEL]).to_df())


def version_of(project: Project, candidate: str) -> str:
    """Reference to the newest version of a candidate."""
    with project.session() as session:
        for number in reversed(model_versions(session, MODEL)):
            if resolve_version(session, f"{MODEL}:{number}").estimator == candidate:
                return f"{MODEL}:{number}"
    raise SystemExit(f"no version of {candidate}: run the demo first")


def sql(project: Project, candidate: str) -> float:
    """Table to table by SQL: the features are at hand in the kept dataset."""
    reference = version_of(project, candidate)
    with project.session() as session:
        version = resolve_version(session, reference)
        graph = translate(load_estimator(session, version))
        query = lower(graph, parse_table(version.dataset_name), keys=["flight_id"], dialect=project.engine.dialect)
        return timed(lambda: session.execute(create_table_as(table(SCRATCH), query, replace=True)))


def fetch(project: Project, candidate: str) -> float:
    """Table to table by way of scikit-learn: fetch as Arrow, predict, write back."""
    import pyarrow as pa

    reference = version_of(project, candidate)
    with project.session() as session:
        version = resolve_version(session, reference)
        estimator = load_estimator(session, version)

        def work() -> None:
            columns = [col("flight_id"), *map(col, version.inputs)]
            rows = session.arrow(select(columns, parse_table(version.dataset_name)))
            frame = model_frame(rows, version.inputs)
            scores = {
                "flight_id": rows.column("flight_id"),
                "label": estimator.predict(frame),
                "probability_1": estimator.predict_proba(frame)[:, 1],
            }
            session.register("scores_fetched", pa.table(scores))
            copied = select([col(name) for name in scores], table("scores_fetched"))
            session.execute(create_table_as(table(SCRATCH), copied, replace=True))

        return timed(work)


def whole(project: Project, candidate: str) -> float:
    """Table to table from the raw tables: features and scores in one statement."""
    reference = version_of(project, candidate)
    with project.session() as session:
        version = resolve_version(session, reference)
        model = require_same_features(project, version)
        query = scored_rows(project, session, model, version)
        return timed(lambda: session.execute(create_table_as(table(SCRATCH), query, replace=True)))


def analyst(project: Project) -> float:
    """A query through the live view."""
    query = parse_select(
        "SELECT * FROM scores.flight_delay WHERE scheduled_departure >= TIMESTAMPTZ '2013-12-23 05:00:00Z' "
        "AND scheduled_departure < TIMESTAMPTZ '2013-12-24 05:00:00Z' ORDER BY probability_1 DESC LIMIT 20"
    )
    with project.session() as session:
        return timed(lambda: session.rows(query))


def baselines(project: Project) -> str:
    """Figures on the test period: the models, and what one has without a model."""
    versions = {candidate: version_of(project, candidate) for candidate in CANDIDATES}
    with project.session() as session:
        version = resolve_version(session, f"{MODEL}@champion")
        model = project.definitions.models[MODEL]
        train = period_rows(model, version.dataset_name, "train", ["carrier"])
        test = period_rows(model, version.dataset_name, "test", ["carrier"])
        base = session.scalar(select([func("AVG", col(TARGET))], subquery(train.copy(), "train")))
        rates = session.rows(
            select([col("carrier"), func("AVG", col(TARGET))], subquery(train, "train"), group_by=[col("carrier")])
        )
        by_carrier = anonymous("MAP_EXTRACT_VALUE", _map(dict(rates)), col("carrier"))
        scores = {
            "base rate of training": lit(float(base)),
            "carrier's rate of training": coalesce(by_carrier, lit(float(base))),
        }
        found = {
            name: _measured(
                session, select({"label": col(TARGET), "score": cast(score, "DOUBLE")}, subquery(test.copy(), "test"))
            )
            for name, score in scores.items()
        }
        for candidate, reference in versions.items():
            graph = translate(load_estimator(session, resolve_version(session, reference)))
            rows = period_rows(model, version.dataset_name, "test", graph.inputs)
            scored = lower(graph, subquery(rows, "rows"), keys=[TARGET], dialect=project.engine.dialect)
            pairs = select({"label": col(TARGET), "score": col("probability_1")}, subquery(scored, "scored"))
            found[candidate] = _measured(session, pairs)
    return json.dumps(found)


def _map(values: dict[str, float]) -> Expr:
    keys = anonymous("LIST_VALUE", *(lit(key) for key in values))
    return anonymous("MAP", keys, anonymous("LIST_VALUE", *(lit(value) for value in values.values())))


def _measured(session: Session, pairs: Query) -> dict[str, float]:
    row = session.arrow(metrics_query(pairs)).to_pylist()[0]
    return {name: row[name] for name in METRICS}


TASKS: dict[str, Callable[..., float | str]] = {
    "training_set": training_set,
    "sql": sql,
    "fetch": fetch,
    "whole": whole,
    "analyst": analyst,
    "baselines": baselines,
}


def main() -> None:
    """Run one task on the project in a folder."""
    name, _, candidate = sys.argv[1].partition(":")
    project = Project.load(Path(sys.argv[2]))
    print(TASKS[name](project, candidate) if candidate else TASKS[name](project))


if __name__ == "__main__":
    main()
