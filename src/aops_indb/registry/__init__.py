"""The metadata tables in schema `aops`: what is defined, what was made from what, by whom and when."""

from aops_indb.registry.actor import Actor, current_actor
from aops_indb.registry.audit import verify_audit
from aops_indb.registry.datasets import DatasetRecord, find_dataset, record_dataset
from aops_indb.registry.definitions import (
    ColumnRecord,
    DefinitionRecord,
    applied_definitions,
    record_definition,
    remove_definition,
)
from aops_indb.registry.jobs import finish_job, mark_interrupted, start_job
from aops_indb.registry.models import (
    MetricRecord,
    ModelVersionRecord,
    NewArtifact,
    NewModelVersion,
    aliases,
    artifact,
    finish_run,
    model_version,
    model_versions,
    record_deployment,
    record_metrics,
    register_version,
    resolve_version,
    set_alias,
    start_run,
)
from aops_indb.registry.reading import LISTS, Listing, artifacts, events, figures, list_objects, params
from aops_indb.registry.schema import migrate, migrations, prepare, schema_version

__all__ = [
    "LISTS",
    "Actor",
    "ColumnRecord",
    "DatasetRecord",
    "DefinitionRecord",
    "Listing",
    "MetricRecord",
    "ModelVersionRecord",
    "NewArtifact",
    "NewModelVersion",
    "aliases",
    "applied_definitions",
    "artifact",
    "artifacts",
    "current_actor",
    "events",
    "figures",
    "find_dataset",
    "finish_job",
    "finish_run",
    "list_objects",
    "mark_interrupted",
    "migrate",
    "migrations",
    "model_version",
    "model_versions",
    "params",
    "prepare",
    "record_dataset",
    "record_definition",
    "record_deployment",
    "record_metrics",
    "register_version",
    "remove_definition",
    "resolve_version",
    "schema_version",
    "set_alias",
    "start_job",
    "start_run",
    "verify_audit",
]
