"""aops show: all that is known of one name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aops_indb.errors import UnknownNameError
from aops_indb.features.views import SCHEMA
from aops_indb.registry import (
    DefinitionRecord,
    Listing,
    aliases,
    artifacts,
    bound_definitions,
    figures,
    list_objects,
    params,
    registration,
)
from aops_indb.workflows.catalog import Catalog, table_of
from aops_indb.workflows.feature_words import computed_as, features_of, length
from aops_indb.workflows.versions import find_version
from aops_indb.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one name: facts, and tables by title. What is not set is no fact."""

    kind: str
    name: str
    facts: Mapping[str, object]
    tables: Mapping[str, Listing]

    @classmethod
    def of(cls, kind: str, name: str, facts: Mapping[str, object], **tables: Listing) -> Card:
        """A card without what there is nothing to say of."""
        return cls(kind, name, {key: fact for key, fact in facts.items() if fact not in (None, "", [], {})}, tables)


def describe(project: Workspace, name: str) -> Card:
    """What is known of a definition as applied, `view:feature`, a dataset or a version; else UnknownNameError."""
    with project.session() as session:
        catalog = Catalog(project, session)
        cards = (card(catalog, name) for card in CARDS)
        if found := next((card for card in cards if card), None):
            return found
        raise UnknownNameError("definition or model", name, catalog.like(name))


def _definition_card(catalog: Catalog, name: str) -> Card | None:
    record = catalog.named(name)
    if record is None:
        return None
    facts = {
        "description": record.description,
        "owner": record.owner,
        "tags": dict(record.tags),
        "version": record.version,
        "fingerprint": record.fingerprint,
        **_settings(record),
        "join_keys": catalog.join_keys(record),
        "objects": [f"{SCHEMA}.{item}" for item in record.sql],
        "made_from": _titles(record.depends_on),
        "used_by": _titles((user.kind, user.name) for user in catalog.users(record.kind, record.name)),
    }
    tables = {title: table(catalog, record) for title, table in TABLES.get(record.kind, {}).items()}
    return Card.of(record.kind, name, facts, **tables)


def _feature_card(catalog: Catalog, reference: str) -> Card | None:
    view = catalog.holder(reference)
    if view is None:
        return None
    column = reference.partition(":")[2]
    [(_, dtype, description, how)] = [row for row in _columns(catalog, view).rows if row[0] == column]
    source = catalog.applied.get(("data_source", view.definition.get("source", "")))
    facts = {
        "description": description,
        "owner": view.owner,
        view.kind: view.name,
        "version": view.version,
        "dtype": dtype,
        "computed_as": how,
        **_settings(view, without=() if "ttl" in features_of(view.definition)[column] else ("ttl",)),
        "join_keys": catalog.join_keys(view),
        **(_settings(source) if source else {}),
        "used_by": _titles((user.kind, user.name) for user in catalog.users_of_feature(reference)),
    }
    return Card.of("feature", reference, facts)


def _dataset_card(catalog: Catalog, name: str) -> Card | None:
    row = catalog.dataset(name)
    if row is None:
        return None
    services = [record for (kind, _), record in catalog.applied.items() if kind == "feature_service"]
    facts = {
        "table": table_of(row),
        "rows": row["row_count"],
        "digest": row["digest"],
        "created_at": row["created_at"],
        "created_by": row["created_by"],
        "spine": inspect.cleandoc(row["spine_sql"]),
        "services": [record.name for record in services if catalog.references(record) == row["features"]],
        "features": row["features"],
        "used_by": [
            f"{model}:{version}"
            for model, version, table, digest in catalog.versions
            if (table, digest) == (table_of(row), row["digest"])
        ],
    }
    others = _datasets(catalog, row["name"]) if name == row["name"] else None
    columns = Listing(("name", "type"), tuple(row["column_types"].items()))
    return Card.of("dataset", row["name"], facts, columns=columns, **({"kept": others} if others else {}))


def _version_card(catalog: Catalog, reference: str) -> Card | None:
    if not catalog.has_versions(reference):
        return None
    session, version = catalog.session, find_version(catalog.project, catalog.session, reference)
    named = sorted(alias for alias, number in aliases(session, version.model).items() if number == version.version)
    facts = {
        "description": version.description,
        "aliases": named,
        "estimator": version.estimator,
        "executor": version.executor,
        "batch_executor": version.batch_executor,
        "service": version.service,
        "dataset": version.dataset_name,
        "dataset_digest": version.dataset_digest,
        "inputs": list(version.inputs),
        "outputs": list(version.outputs),
        "libraries": dict(version.library_versions),
        "git_commit": version.git_commit,
        **registration(session, version.model, version.version),
    }
    return Card.of(
        "model",
        f"{version.model}:{version.version}",
        facts,
        metrics=figures(session, version.run_id),
        artefacts=artifacts(session, version.model, version.version),
        parameters=params(session, version.run_id),
        bound_to=bound_definitions(session, version.feature_view_versions),
        deployments=_of_model(catalog, "deployments", version.model, version.version),
    )


# What a name may stand for, in the order in which it is tried.
CARDS: tuple[Callable[[Catalog, str], Card | None], ...] = (
    _definition_card, _feature_card, _dataset_card, _version_card,
)  # fmt: skip

# Setting -> how it is told in plain words, if not as it is written; `length` stands further down, hence the lambda.
WORDS: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("ttl", "freshness"), lambda text: length(text)), "candidates": list,
}  # fmt: skip

# Kind -> the settings that its card tells, as definitions name them.
SETTINGS: dict[str, tuple[str, ...]] = {
    "entity": (),
    "data_source": ("table", "query", "timestamp_field", "created_timestamp_column", "valid_to", "freshness"),
    "request_source": (),
    "check": ("kind", "on", "column", "columns", "severity", "blocks_scoring", "condition", "query", "where"),
    "feature_view": ("entities", "source", "filter", "ttl"),
    "feature_view_alias": ("of", "prefix", "entities", "source", "filter", "ttl"),
    "on_demand_feature": ("dtype", "expr", "inputs"),
    "feature_service": (),
    "model": (
        "service", "spine", "keys", "target", "population", "candidates", "split_by", "train", "validation", "test",
    ),
}  # fmt: skip


def _settings(record: DefinitionRecord, *, without: Collection[str] = ()) -> dict[str, object]:
    given = {name: record.definition[name] for name in SETTINGS[record.kind] if name in record.definition}
    return {name: WORDS.get(name, _as_written)(value) for name, value in given.items() if name not in without}


def _as_written(value: object) -> object:
    return value


def _titles(keys: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{kind} {name}" for kind, name in keys]


def _columns(_: Catalog, record: DefinitionRecord) -> Listing:
    """Columns of a view or request source, each with the way it is computed."""
    described = {column.name: (column.dtype, column.description) for column in record.columns}
    rows = (
        (name, *described.get(name, (settings.get("dtype"), settings.get("description", ""))), computed_as(settings))
        for name, settings in features_of(record.definition).items()
    )
    return Listing(("name", "type", "description", "computed_as"), tuple(rows))


def _service_features(catalog: Catalog, service: DefinitionRecord) -> Listing:
    rows = []
    for reference in catalog.references(service):
        owner, _, column = reference.partition(":")
        holder = catalog.holder(reference) or catalog.applied["on_demand_feature", owner]
        rows += [(reference, *row[1:3]) for row in _columns(catalog, holder).rows if row[0] == (column or owner)]
    return Listing(("feature", "type", "description"), tuple(rows))


def _of_model(catalog: Catalog, kind: str, *values: object) -> Listing:
    """Rows of a list that begin with a model, and a version if one is given."""
    listed = list_objects(catalog.session, kind)
    return Listing(listed.columns, tuple(row for row in listed.rows if row[: len(values)] == values))


def _datasets(catalog: Catalog, name: str) -> Listing:
    listed = list_objects(catalog.session, "datasets")
    return Listing(listed.columns, tuple(row for row in listed.rows if row[0] == name))


# Kind -> the tables of its card, by title.
TABLES: dict[str, dict[str, Callable[[Catalog, DefinitionRecord], Listing]]] = {
    "request_source": {"columns": _columns},
    "feature_view": {"columns": _columns},
    "feature_view_alias": {"columns": _columns},
    "feature_service": {"features": _service_features},
    "model": {
        "versions": lambda catalog, record: _of_model(catalog, "models", record.name),
        "datasets": lambda catalog, record: _datasets(catalog, record.name),
    },
}
