"""The metadata tables as SQLAlchemy knows them; made by sql/metadata/, which says what each is for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, DateTime, Double, LargeBinary, MetaData, String, Table
from sqlalchemy.types import TypeEngine

SCHEMA = "aops"
_metadata = MetaData(schema=SCHEMA)

# What a letter stands for in the lists of columns below.
_TYPES: dict[str, TypeEngine[Any]] = {
    "s": String(),
    "i": BigInteger(),
    "d": Double(),
    "t": DateTime(timezone=True),
    "j": JSON(),
    "b": LargeBinary(),
    "f": Boolean(),
}


def _table(name: str, columns: str) -> Table:
    """A table from its columns as `name:letter`."""
    parts = (column.split(":") for column in columns.split())
    return Table(name, _metadata, *(Column(column, _TYPES[letter]) for column, letter in parts))


SCHEMA_MIGRATIONS = _table("schema_migrations", "version:i name:s digest:s applied_at:t applied_by:s release:s")
AUDIT_LOG = _table(
    "audit_log",
    "seq:i recorded_at:t actor:s actor_source:s action:s kind:s name:s version:i details:j prev_hash:s row_hash:s",
)
DEFINITIONS = _table(
    "definitions",
    "definition_id:i kind:s name:s version:i fingerprint:s definition:j description:s owner:s tags:j compiled_sql:j "
    "made_as:j compiled_from:s kept_in:s applied_at:t applied_by:s retired_at:t retired_by:s",
)
DEFINITION_COLUMNS = _table("definition_columns", "definition_id:i position:i column_name:s dtype:s description:s")
LINEAGE_EDGES = _table(
    "lineage_edges",
    "kind:s name:s version:i definition_id:i position:i column_name:s upstream_kind:s upstream_name:s "
    "upstream_version:s upstream_column:s direct:f",
)
DATASETS = _table(
    "datasets",
    "name:s digest:s table_schema:s table_name:s row_count:i column_types:j spine_sql:s features:j dataset_sql:s "
    "spine_columns:j spine_digest:s feature_versions:j sources:j created_at:t created_by:s",
)
RUNS = _table(
    "runs",
    "run_id:s kind:s model:s candidate:s status:s started_at:t finished_at:t message:s git_commit:s actor:s host:s "
    "pid:i process_started:s",
)
PARAMS = _table("params", "run_id:s key:s value:s")
METRICS = _table("metrics", "run_id:s position:i key:s value:d split:s segment:s recorded_at:t")
REGISTERED_MODELS = _table("registered_models", "name:s created_at:t created_by:s")
MODEL_VERSIONS = _table(
    "model_versions",
    "model:s version:i digest:s estimator:s executor:s batch_executor:s description:s service:s run_id:s "
    "dataset_name:s dataset_digest:s feature_view_versions:j inputs:j outputs:j library_versions:j git_commit:s "
    "created_at:t created_by:s",
)
ALIASES = _table("registered_model_aliases", "model:s alias:s version:i set_at:t set_by:s")
ARTIFACTS = _table(
    "artifacts",
    "model:s version:i kind:s media_type:s content:b size:i digest:s note:s created_at:t",
)
DEPLOYMENTS = _table(
    "deployments",
    "deployment_id:i model:s version:i alias:s view_name:s view_sql:s made_as:j parameter_digests:j "
    "replaced_version:i deployed_at:t deployed_by:s",
)
JOB_RUNS = _table(
    "job_runs",
    "job_id:i kind:s target:s interval_start:t interval_end:t model_version:i status:s started_at:t finished_at:t "
    "row_count:i seconds:d message:s actor:s host:s pid:i process_started:s",
)
CHECK_RESULTS = _table(
    "check_results",
    "job_id:i position:i object_kind:s object_name:s check_name:s kind:s severity:s status:s checked_rows:i "
    "failing_rows:i kept_rows:i message:s checked_at:t",
)
CHECK_FAILURES = _table(
    "check_failures", "job_id:i object_kind:s object_name:s check_name:s failing_row:j checked_at:t"
)
MATERIALIZED_INTERVALS = _table(
    "materialized_intervals",
    "feature_view:s version:i interval_start:t interval_end:t row_count:i job_id:i made_at:t",
)
