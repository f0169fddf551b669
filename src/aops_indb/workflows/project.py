"""A project: its settings, definitions and warehouse, with one method for each thing one can do with it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from aops_indb.engines import Engine, Session, engine_for
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Definition, FeatureService
from aops_indb.features.loader import Loaded, load_definitions
from aops_indb.workflows.settings import FILE_NAME, Settings, Time, Warehouse, find_project, read_settings

if TYPE_CHECKING:
    from aops_indb.workflows.apply import Applied
    from aops_indb.workflows.dataset import Dataset, EntityDf, HistoricalFeatures
    from aops_indb.workflows.evaluate import Evaluation
    from aops_indb.workflows.plan import Plan
    from aops_indb.workflows.promote import Promotion
    from aops_indb.workflows.score import Scored
    from aops_indb.workflows.train import TrainedVersion

# Told what is being done, and the fraction of it that is.
Report: TypeAlias = Callable[[str, float], None]


def silent(task: str, fraction: float) -> None:
    """A report that goes nowhere."""


class Project:
    """Settings, definitions and warehouse of one project.

    >>> project = Project(url="duckdb:///:memory:", definitions=[])
    >>> project.plan().changes
    ()
    """

    def __init__(
        self,
        url: str,
        definitions: Iterable[Definition] = (),
        *,
        root: Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        """A project of definitions given here; `Project.load` reads one from files."""
        self.root = root or Path.cwd()
        self.settings = settings or Settings(warehouse=Warehouse(url=url), time=Time())
        self.engine: Engine = engine_for(url, base=self.root, wait=self.settings.warehouse.wait)
        self._given = list(definitions)

    @classmethod
    def load(cls, path: str | Path = FILE_NAME) -> Self:
        """The project of an aops.toml, or of the nearest one from a folder upward."""
        path = Path(path)
        file = path.resolve() if path.suffix == ".toml" else find_project(path) / FILE_NAME
        settings = read_settings(file)
        project = cls(settings.warehouse.url, root=file.parent, settings=settings)
        project._from_files = True
        return project

    _from_files = False

    # ── what the workflows build on ────────────────────────────────────────────────────────────────────

    @cached_property
    def loaded(self) -> Loaded:
        """The definitions, and the files that could not be read."""
        if not self._from_files:
            return Loaded(DefinitionSet.of(self._given), ())
        folders = self.settings.definitions
        # what a definition file prints must not get among results
        with redirect_stdout(sys.stderr):
            return load_definitions(self.root, [*folders.features, *folders.models])

    @property
    def definitions(self) -> DefinitionSet:
        """The definitions; DefinitionError if a file could not be read."""
        return self.loaded.require_sound()

    @property
    def now(self) -> dt.datetime | None:
        """The fixed moment that features.<view> shows, None for the clock."""
        return self.settings.time.now

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session on the warehouse whose metadata tables are there and of this release."""
        from aops_indb.registry import prepare

        with self.engine.session() as session:
            prepare(session)
            yield session

    # ── one method a verb ──────────────────────────────────────────────────────────────────────────────

    def plan(self) -> Plan:
        """What `apply` would change."""
        from aops_indb.workflows.plan import make_plan

        return make_plan(self)

    def apply(self, plan: Plan | None = None, *, allow_destructive: Sequence[str] = ()) -> Applied:
        """Make it so, in one transaction; StalePlanError if the warehouse changed since the plan was made."""
        from aops_indb.workflows.apply import apply_plan

        return apply_plan(self, self.plan() if plan is None else plan, allow_destructive=allow_destructive)

    def get_historical_features(
        self,
        entity_df: EntityDf,
        features: FeatureService | Sequence[str] | str,
        *,
        full_feature_names: bool = False,
    ) -> HistoricalFeatures:
        """The rows of entity_df, in order, each with the features as known at its event_timestamp.

        entity_df: DataFrame, Arrow table, name of a table, or SELECT, with the join keys and event_timestamp
        features:  a FeatureService or its name, or references "view:feature"
        Raises SpineError for an entity_df that cannot be joined, UnknownNameError for an unknown feature.
        """
        from aops_indb.workflows.dataset import historical_features

        return historical_features(self, entity_df, features, full_feature_names=full_feature_names)

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

    def train(self, model: str, *, candidate: str | None = None, report: Report = silent) -> list[TrainedVersion]:
        """Fit the model's candidates, measure them, and register each as a version."""
        from aops_indb.workflows.train import train_model

        return train_model(self, model, candidate=candidate, report=report)

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

    def render(self, name: str, *, dialect: str | None = None) -> str:
        """The SQL of a feature view, a service's training set, a model or one of its versions."""
        from aops_indb.workflows.render import render_name

        return render_name(self, name, dialect=dialect)


def connect(project: Project | str | Path) -> Any:
    """The engine's own connection to a project's warehouse: a Project, an aops.toml, or a URL.

    The caller closes it; while it is open, other processes cannot open a DuckDB file.
    """
    if isinstance(project, str) and "://" in project:
        return engine_for(project).connect()
    if not isinstance(project, Project):
        project = Project.load(project)
    return project.engine.connect()
