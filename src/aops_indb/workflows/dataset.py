"""Point-in-time training sets: any spine joined to any features, as rows, as SQL, or kept as a table."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, SpineError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureService, RequestSource
from aops_indb.features.model import Model
from aops_indb.features.spine import Feature, join_features, numbered, output_names, resolve
from aops_indb.features.window_algorithms import ALGORITHMS
from aops_indb.features.window_algorithms.choice import Choose, WindowChoice, chooser, noted, require_algorithm
from aops_indb.registry import DatasetRecord, current_actor, find_dataset, record_dataset
from aops_indb.sqlgen.build import star
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import (
    Query,
    create_schema,
    create_table_as,
    drop,
    parse_table,
    rename_table,
    select,
    table,
)
from aops_indb.workflows.origins import feature_versions, source_states
from aops_indb.workflows.row_digest import digest_of
from aops_indb.workflows.source_statistics import statistics_of
from aops_indb.workflows.spine_checks import check_spine
from aops_indb.workflows.workspace import Report, Workspace, silent

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

EntityDf: TypeAlias = "pd.DataFrame | pa.Table | str"
Features: TypeAlias = FeatureService | Sequence[str] | str

SCHEMA = "datasets"
SPINE_NAME = "entity_df_given"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,50}")
_PART = r'(?:"(?:[^"]|"")+"|\w+)'
_TABLE_NAME = re.compile(rf"\s*{_PART}(?:\.{_PART}){{0,2}}\s*")


@dataclass(frozen=True, slots=True)
class HistoricalFeatures:
    """A point-in-time join, computed anew by each of its methods."""

    project: Workspace
    entity_df: EntityDf
    features: tuple[Feature, ...]
    full_feature_names: bool
    algorithm: str | None = None

    def to_arrow(self) -> pa.Table:
        """As an Arrow table: the spine's columns, then the features; rows in the spine's order."""
        with self.project.session() as session, self._query(session) as query:
            return session.arrow(query)

    def to_df(self) -> pd.DataFrame:
        """As a pandas DataFrame."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_sql(self) -> str:
        """As SQL text; a spine given as data is spoken of as entity_df."""
        given = not isinstance(self.entity_df, str)
        with self.project.session() as session, self._query(session, registered=SPINE_NAME) as query:
            note = f"{SPINE_NAME}: the rows given as entity_df" if given else None
            return render(query, self.project.engine.dialect, header=note)

    def explain(self) -> tuple[WindowChoice, ...]:
        """Which algorithm computes which windows, and why."""
        made: list[WindowChoice] = []
        with self.project.session() as session, self._query(session, made=made):
            return tuple(made)

    def persist(self, name: str, *, report: Report = silent) -> Dataset:
        """Keep as datasets.<name>__<digest>; the same content is kept once."""
        _require_name(name)
        with (
            self.project.session() as session,
            self._query(session, registered=SPINE_NAME) as query,
            session.transaction(),
        ):
            return _keep(session, self, name, query, report)

    @contextmanager
    def _query(
        self, session: Session, *, registered: str | None = None, made: list[WindowChoice] | None = None
    ) -> Iterator[Query]:
        """The join over the spine; a spine that is data is registered for the length of the block."""
        if isinstance(self.entity_df, str):
            yield self._join(session, spine_query(self.entity_df), made)
            return
        name = registered or f"entity_df_{uuid.uuid4().hex[:8]}"
        session.register(name, as_arrow(self.entity_df))
        try:
            yield self._join(session, select([star()], table(name)), made)
        finally:
            session.unregister(name)

    def _join(self, session: Session, spine: Query, made: list[WindowChoice] | None) -> Query:
        return joined_spine(
            self.project,
            session,
            spine,
            self.features,
            full_feature_names=self.full_feature_names,
            choose=noted(chooser(statistics_of(session, spine), algorithm=self.algorithm), made),
        )


@dataclass(frozen=True, slots=True)
class Dataset:
    """A kept training set: datasets.<table>, immutable, named by the digest of its content."""

    name: str
    digest: str
    table: str
    rows: int
    columns: tuple[str, ...]
    created: bool


def historical_features(
    project: Workspace,
    entity_df: EntityDf,
    features: Features,
    *,
    full_feature_names: bool = False,
    algorithm: str | None = None,
) -> HistoricalFeatures:
    """What `Project.get_historical_features` returns; names are resolved at once, the join runs later."""
    if algorithm is not None:
        require_algorithm(algorithm, list(ALGORITHMS))
    references = project.definitions.references(features)
    if not references:
        raise SpineError("no features asked for: name a service, or features as 'view:feature'")
    _require_known(project.definitions, references)
    resolved = resolve(project.definitions, references)
    return HistoricalFeatures(project, entity_df, resolved, full_feature_names, algorithm)


def _require_known(definitions: DefinitionSet, references: Sequence[str]) -> None:
    """UnknownNameError for a word alone that is no on-demand feature: it may mean a service, or a view."""
    known = [*definitions.on_demand, *definitions.services]
    views = [*definitions.views.values(), *definitions.aliased_views.values()]
    known += [f"{view.name}:{feature.name}" for view in views for feature in view.features]
    for reference in references:
        if ":" not in reference and reference not in definitions.on_demand:
            raise UnknownNameError("feature or service", reference, known)


def keep_dataset(
    project: Workspace,
    name: str,
    *,
    entity_df: EntityDf | None = None,
    features: Features | None = None,
    report: Report = silent,
) -> Dataset:
    """Keep a training set under a name; a model's name alone stands for its spine and service."""
    model = project.definitions.models.get(name)
    if entity_df is None and model is not None:
        entity_df, features = model.spine, features or model.service
    if entity_df is None or features is None:
        missing = "a spine (entity_df)" if entity_df is None else "features"
        # an unknown name alone was most likely meant as a model's
        cause = UnknownNameError("model", name, project.definitions.models)
        raise SpineError(f"dataset '{name}' needs {missing}: only a model brings its own ({cause})")
    return historical_features(project, entity_df, features).persist(name, report=report)


def model_training_set(project: Workspace, model: Model, *, algorithm: str | None = None) -> HistoricalFeatures:
    """A model's spine with its service's features."""
    return historical_features(project, model.spine, model.service, algorithm=algorithm)


def joined_spine(
    project: Workspace,
    session: Session,
    spine: Query,
    features: Sequence[Feature],
    *,
    full_feature_names: bool = False,
    choose: Choose | None = None,
) -> Query:
    """The point-in-time join, in the spine's order; SpineError if the spine does not fit the features."""
    columns = spine_columns(session, spine)
    check_spine(session, project.definitions, columns, features)
    return join_features(
        project.definitions,
        numbered(spine),
        list(columns),
        features,
        full_feature_names=full_feature_names,
        ordered=True,
        types_of=session.columns,
        choose=choose,
    )


def is_table_name(relation: str) -> bool:
    """Whether a text is a table's name rather than a SELECT.

    >>> is_table_name('raw."my flights"'), is_table_name("SELECT 1")
    (True, False)
    """
    return _TABLE_NAME.fullmatch(relation) is not None


def spine_query(entity_df: str) -> Query:
    """A spine given as text: a table's name, or a SELECT. SpineError for anything else."""
    if is_table_name(entity_df):
        return select([star()], parse_table(entity_df.strip()))
    try:
        return parse_select(entity_df)
    except DefinitionError as error:
        raise SpineError(f"the spine is neither a table's name nor a SELECT: {error}") from error


def spine_columns(session: Session, spine: Query) -> dict[str, str]:
    """The spine's column types; SpineError if it cannot be read, or has two columns of one name."""
    try:
        described = session.described(spine.copy())
    except QueryError as error:
        raise SpineError(f"the spine cannot be read: {error}") from error
    _require_distinct([name for name, _ in described])
    return dict(described)


def as_arrow(entity_df: pd.DataFrame | pa.Table) -> pa.Table:
    """Rows given as data; SpineError for what is none."""
    import pandas as pd
    import pyarrow as pa

    if not isinstance(entity_df, pa.Table | pd.DataFrame):
        raise SpineError(
            f"entity_df is a {type(entity_df).__name__}: give a DataFrame, an Arrow table, a table's name or a SELECT"
        )
    arrow = isinstance(entity_df, pa.Table)
    names = entity_df.column_names if arrow else [str(name) for name in entity_df.columns]
    if not names or "" in names:
        raise SpineError("entity_df has no columns" if not names else "entity_df has a column without a name: name it")
    _require_distinct(names)
    if arrow:
        return _in_microseconds(entity_df)
    try:
        return _in_microseconds(pa.Table.from_pandas(entity_df, preserve_index=False))
    except pa.ArrowException as error:
        raise SpineError(f"entity_df cannot be read: {'; '.join(map(str, error.args))}") from error


def _in_microseconds(table: pa.Table) -> pa.Table:
    """The rows with event_timestamp in the unit that warehouses keep; SpineError if that would cut something off."""
    import pyarrow as pa

    place = table.schema.get_field_index(EVENT_TIMESTAMP)
    if place < 0 or not pa.types.is_timestamp(table.schema.types[place]):
        return table
    unit = pa.timestamp("us", table.schema.types[place].tz)
    try:
        return table.set_column(place, EVENT_TIMESTAMP, table.column(place).cast(unit))
    except pa.ArrowInvalid as error:
        raise SpineError(
            f"{EVENT_TIMESTAMP} has fractions of a microsecond, which no warehouse keeps: say how to round them, e.g. "
            f"frame['{EVENT_TIMESTAMP}'].dt.floor('us')"
        ) from error


def _require_distinct(names: Sequence[str]) -> None:
    folded = [name.lower() for name in names]
    twice = sorted({name for name in names if folded.count(name.lower()) > 1})
    if twice:
        raise SpineError(
            f"the spine has two columns named {', '.join(twice)} (SQL does not tell case apart): rename one"
        )


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SpineError(f"{name!r} cannot name a dataset: use a letter, then up to 50 letters, digits, underscores")


def _keep(session: Session, joined: HistoricalFeatures, name: str, query: Query, report: Report) -> Dataset:
    """Make the table under a passing name, digest it, and name it by its digest, unless it is there already."""
    session.execute(create_schema(SCHEMA))
    draft = f"{name}__draft_{uuid.uuid4().hex[:8]}"
    session.execute_with_progress(
        create_table_as(table(draft, SCHEMA), query), lambda done: report(f"dataset {name}", done)
    )
    columns = session.columns(table(draft, SCHEMA))
    digest, rows = digest_of(session, table(draft, SCHEMA), columns)
    kept = f"{name}__{digest[:8]}"
    there = kept in session.relations(SCHEMA)
    if there:
        session.execute(drop("TABLE", table(draft, SCHEMA)))
    else:
        session.execute(rename_table(table(draft, SCHEMA), kept))
    # recorded, and not there: someone dropped the table
    if find_dataset(session, digest, name=name) is None:
        record = _record(joined, name, kept, digest, rows, columns, query)
        record_dataset(session, _with_origins(joined, session, record), actor=current_actor())
    return Dataset(name, digest, f"{SCHEMA}.{kept}", rows, tuple(columns), created=not there)


def _with_origins(joined: HistoricalFeatures, session: Session, record: DatasetRecord) -> DatasetRecord:
    """What the set was made from as it is now, so that it can be made again."""
    names = output_names(joined.features, [], full_feature_names=joined.full_feature_names)
    computed = {names[f.reference] for f in joined.features if not isinstance(f.origin, RequestSource)}
    spine = {name: sql_type for name, sql_type in record.columns.items() if name not in computed}
    return replace(
        record,
        spine_columns=tuple(spine),
        spine_digest=digest_of(session, table(record.table_name, SCHEMA), spine)[0],
        feature_versions=feature_versions(joined.project, joined.features),
        sources=source_states(joined.project, session, joined.features, table(record.table_name, SCHEMA)),
    )


def _record(
    joined: HistoricalFeatures,
    name: str,
    kept: str,
    digest: str,
    rows: int,
    columns: Mapping[str, str],
    query: Query,
) -> DatasetRecord:
    spine = joined.entity_df if isinstance(joined.entity_df, str) else SPINE_NAME
    return DatasetRecord(
        name=name,
        digest=digest,
        table_schema=SCHEMA,
        table_name=kept,
        rows=rows,
        columns=columns,
        spine_sql=spine,
        features=tuple(feature.reference for feature in joined.features),
        sql=render(query, joined.project.engine.dialect),
    )
