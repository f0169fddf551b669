"""A project: one method for each thing one can do with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aops_indb.engines import engine_for
from aops_indb.errors import SettingsError
from aops_indb.features.definitions import FeatureService
from aops_indb.workflows.workspace import Report, Workspace, silent

if TYPE_CHECKING:
    from aops_indb.features.window_algorithms.choice import WindowChoice
    from aops_indb.workflows.apply import Applied
    from aops_indb.workflows.check import CheckRun
    from aops_indb.workflows.dataset import Dataset, EntityDf, HistoricalFeatures
    from aops_indb.workflows.evaluate import Evaluation
    from aops_indb.workflows.feature_test import FeatureTestRun
    from aops_indb.workflows.lineage import Lineage
    from aops_indb.workflows.materialize import Materialized
    from aops_indb.workflows.new_version import TrainedVersion
    from aops_indb.workflows.plan import Plan
    from aops_indb.workflows.profile import Profile
    from aops_indb.workflows.promote import Promotion
    from aops_indb.workflows.score import Scored


class Project(Workspace):
    """A workspace with its verbs as methods; each imports its workflow when it is called.

    >>> project = Project(url="duckdb:///:memory:", definitions=[])
    >>> project.plan().changes
    ()
    """

    def plan(self) -> Plan:
        """What `apply` would change."""
        from aops_indb.workflows.plan import make_plan

        return make_plan(self)

    def apply(
        self, plan: Plan | None = None, *, allow_destructive: Sequence[str] = (), report: Report = silent
    ) -> Applied:
        """Make it so, in one transaction; StalePlanError if the warehouse changed since the plan was made."""
        from aops_indb.workflows.apply import apply_plan

        return apply_plan(
            self, self.plan() if plan is None else plan, allow_destructive=allow_destructive, report=report
        )

    def check(self, name: str | None = None, *, report: Report = silent) -> CheckRun:
        """Run the checks of a source or view, one check (`source:check`), or all; failing rows are kept."""
        from aops_indb.workflows.check import run_checks

        return run_checks(self, name, report=report)

    def test(self, name: str | None = None, *, report: Report = silent) -> FeatureTestRun:
        """Run tests of features on their given rows, away from the warehouse: one, those of a file or view, or all."""
        from aops_indb.workflows.feature_test import run_tests

        return run_tests(self, name, report=report)

    def materialize(
        self,
        name: str,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        full: bool = False,
        report: Report = silent,
    ) -> Materialized:
        """Keep a feature view's history as a table, from where the last run ended up to `until`, default now."""
        from aops_indb.workflows.materialize import materialize

        return materialize(self, name, since=since, until=until, full=full, report=report)

    def profile(self, relation: str, *, report: Report = silent) -> Profile:
        """What is in a table, or comes of a SELECT, by one pass; with a draft of definitions for it."""
        from aops_indb.workflows.profile import profile_relation

        return profile_relation(self, relation, report=report)

    def lineage(self, name: str, *, format: str = "text") -> Lineage | str | list[dict[str, Any]]:
        """What a name is made from and what is made from it; as "mermaid" a chart, as "openlineage" run events."""
        from aops_indb.workflows.lineage_formats import lineage_as

        return lineage_as(self, name, format)

    def get_historical_features(
        self,
        entity_df: EntityDf,
        features: FeatureService | Sequence[str] | str,
        *,
        full_feature_names: bool = False,
        algorithm: str | None = None,
    ) -> HistoricalFeatures:
        """The rows of entity_df, in order, each with the features as known at its event_timestamp.

        entity_df: DataFrame, Arrow table, name of a table, or SELECT, with the join keys and event_timestamp
        features:  a FeatureService or its name, or references "view:feature"
        algorithm: how windows are computed; by default as statistics of the sources say, which `.explain()` tells
        Raises SpineError for an entity_df that cannot be joined, UnknownNameError for an unknown feature.
        """
        from aops_indb.workflows.dataset import historical_features

        return historical_features(
            self, entity_df, features, full_feature_names=full_feature_names, algorithm=algorithm
        )

    def dataset(
        self,
        name: str,
        *,
        entity_df: EntityDf | None = None,
        features: FeatureService | Sequence[str] | str | None = None,
        report: Report = silent,
    ) -> Dataset:
        """A point-in-time training set kept as a table with its digest; of a model, by its name alone."""
        from aops_indb.workflows.dataset import keep_dataset

        return keep_dataset(self, name, entity_df=entity_df, features=features, report=report)

    def remake_dataset(
        self, name: str, digest: str, *, entity_df: EntityDf | None = None, report: Report = silent
    ) -> Dataset:
        """A kept set made once more by its own SQL: the same digest, or RefusedError that names what changed."""
        from aops_indb.workflows.remake import remake_dataset

        return remake_dataset(self, name, digest, entity_df=entity_df, report=report)

    def train(self, model: str, *, candidate: str | None = None, report: Report = silent) -> list[TrainedVersion]:
        """Fit the model's candidates, measure them, and register each as a version."""
        from aops_indb.workflows.train import train_model

        return train_model(self, model, candidate=candidate, report=report)

    def register(
        self,
        model: str,
        file: str | Path,
        *,
        name: str | None = None,
        inputs: Sequence[str] | None = None,
        trusted: Sequence[str] = (),
        report: Report = silent,
    ) -> TrainedVersion:
        """Register a fitted model from a file as a version, once it is measured; a pickle is never loaded.

        name:    what the candidate is called, by default as the file
        inputs:  the features it takes, in its order, if it was fitted without names
        trusted: the types that a skops file may name beyond those that skops knows
        """
        from aops_indb.workflows.register import register_file

        return register_file(self, model, Path(file), name=name, inputs=inputs, trusted=trusted, report=report)

    def evaluate(self, reference: str, *, report: Report = silent) -> Evaluation:
        """A version's metrics on its held-out rows, and its SQL scores beside the library's."""
        from aops_indb.workflows.evaluate import evaluate_version

        return evaluate_version(self, reference, report=report)

    def promote(self, reference: str, *, alias: str = "champion") -> Promotion:
        """Make a version's scored view, and give it the alias; `champion` is what scores.<model> shows."""
        from aops_indb.workflows.promote import promote_version

        return promote_version(self, reference, alias=alias)

    def score(
        self,
        model: str,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        report: Report = silent,
    ) -> Scored:
        """Fill scores.<model>__batch for since <= event_timestamp < until, inside the database."""
        from aops_indb.workflows.score import score_batch

        return score_batch(self, model, since=since, until=until, report=report)

    def render(
        self, name: str, *, dialect: str | None = None, layout: str | None = None, algorithm: str | None = None
    ) -> str:
        """The SQL of a feature view, a service's training set, a model or one of its versions."""
        from aops_indb.workflows.render import render_name

        return render_name(self, name, dialect=dialect, layout=layout, algorithm=algorithm)

    def explain(self, name: str, *, algorithm: str | None = None) -> tuple[WindowChoice, ...]:
        """Which algorithm computes which windows of a feature view, or of a model's training set, and why."""
        from aops_indb.workflows.explain_windows import explain_windows

        return explain_windows(self, name, algorithm=algorithm)


def connect(project: Project | str | Path) -> Any:
    """The engine's own connection to a project's warehouse: a Project, an aops.toml, or a URL.

    The caller closes it; while it is open, other processes cannot open a DuckDB file. On it, what was deployed with
    executor library or onnx can be called in SQL, from a struct of its inputs to one of its outputs: `score_<model>` is
    the champion, `score_<model>__v<N>` any other version with an alias.

        SELECT id, score_churn({'age': age, 'plan': plan}).probability_1 FROM customers

    >>> with connect("duckdb:///:memory:") as connection:
    ...     connection.sql("SELECT 42").fetchall()
    [(42,)]
    """
    from aops_indb.workflows.sql_functions import connect_with_functions

    if isinstance(project, str) and "://" in project:
        return connect_with_functions(engine_for(project))
    if not isinstance(project, Project | str | Path):
        raise SettingsError(
            f"{project!r} is no project: give a Project, an aops.toml, or a URL (duckdb:///file.duckdb)"
        )
    if not isinstance(project, Project):
        project = Project.load(project)
    return connect_with_functions(project.engine)
