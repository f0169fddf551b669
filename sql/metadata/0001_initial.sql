-- What the project knows about itself, in the warehouse beside the data.
--
-- One row of `definitions` is one applied state of one definition; rows are never rewritten, only retired.
-- Names follow MLflow where MLflow has one. No foreign keys: DuckDB cannot update rows that one refers to.

CREATE SCHEMA IF NOT EXISTS aops;

CREATE TABLE aops.schema_migrations (
    version     INTEGER     NOT NULL PRIMARY KEY,
    name        VARCHAR     NOT NULL,
    digest      VARCHAR     NOT NULL,
    applied_at  TIMESTAMPTZ NOT NULL,
    applied_by  VARCHAR     NOT NULL,
    release     VARCHAR     NOT NULL
);
COMMENT ON TABLE  aops.schema_migrations            IS 'Changes made to these metadata tables, one row each.';
COMMENT ON COLUMN aops.schema_migrations.version    IS 'Number of the migration; the highest is the version of the schema.';
COMMENT ON COLUMN aops.schema_migrations.name       IS 'What it does: the name of its file without the number.';
COMMENT ON COLUMN aops.schema_migrations.digest     IS 'SHA-256 of its file as it was applied.';
COMMENT ON COLUMN aops.schema_migrations.applied_at IS 'When it was applied.';
COMMENT ON COLUMN aops.schema_migrations.applied_by IS 'Who applied it.';
COMMENT ON COLUMN aops.schema_migrations.release    IS 'Release of aops-indb that applied it.';

-- ── audit ───────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE aops.audit_log (
    seq          BIGINT      NOT NULL PRIMARY KEY,
    recorded_at  TIMESTAMPTZ NOT NULL,
    actor        VARCHAR     NOT NULL,
    actor_source VARCHAR     NOT NULL,
    action       VARCHAR     NOT NULL,
    kind         VARCHAR     NOT NULL,
    name         VARCHAR     NOT NULL,
    version      BIGINT,
    details      JSON        NOT NULL,
    prev_hash    VARCHAR     NOT NULL,
    row_hash     VARCHAR     NOT NULL
);
COMMENT ON TABLE  aops.audit_log              IS 'Every change of state, oldest first. Rows cannot be updated or deleted, and each carries a hash over itself and the one before: `aops verify` names the first that was altered.';
COMMENT ON COLUMN aops.audit_log.seq          IS 'Position, from 1 without gaps.';
COMMENT ON COLUMN aops.audit_log.recorded_at  IS 'When it happened.';
COMMENT ON COLUMN aops.audit_log.actor        IS 'Who did it.';
COMMENT ON COLUMN aops.audit_log.actor_source IS 'Where that name comes from: AOPS_ACTOR (the environment variable) or os (the operating system''s user).';
COMMENT ON COLUMN aops.audit_log.action       IS 'What was done: added, changed, removed, registered, promoted …';
COMMENT ON COLUMN aops.audit_log.kind         IS 'Kind of the object it was done to: feature_view, model, dataset …';
COMMENT ON COLUMN aops.audit_log.name         IS 'Name of that object.';
COMMENT ON COLUMN aops.audit_log.version      IS 'Version of that object, where it has versions.';
COMMENT ON COLUMN aops.audit_log.details      IS 'What else is worth knowing, as a JSON object.';
COMMENT ON COLUMN aops.audit_log.prev_hash    IS 'row_hash of the row before; 64 zeros in the first.';
COMMENT ON COLUMN aops.audit_log.row_hash     IS 'SHA-256 of this row''s other columns as canonical JSON.';

-- A trigger's body must be an INSERT; these fail before they insert anything.
CREATE TRIGGER audit_log_no_update AFTER UPDATE ON aops.audit_log FOR EACH STATEMENT
    INSERT INTO aops.schema_migrations (name) SELECT error('aops.audit_log is append-only');
CREATE TRIGGER audit_log_no_delete AFTER DELETE ON aops.audit_log FOR EACH STATEMENT
    INSERT INTO aops.schema_migrations (name) SELECT error('aops.audit_log is append-only');

-- ── definitions ─────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE aops.definitions (
    definition_id BIGINT      NOT NULL PRIMARY KEY,
    kind          VARCHAR     NOT NULL,
    name          VARCHAR     NOT NULL,
    version       BIGINT      NOT NULL,
    fingerprint   VARCHAR     NOT NULL,
    definition    JSON        NOT NULL,
    description   VARCHAR     NOT NULL,
    owner         VARCHAR     NOT NULL,
    tags          JSON        NOT NULL,
    compiled_sql  JSON        NOT NULL,
    made_as       JSON        NOT NULL,
    compiled_from VARCHAR     NOT NULL,
    kept_in       VARCHAR     NOT NULL,
    applied_at    TIMESTAMPTZ NOT NULL,
    applied_by    VARCHAR     NOT NULL,
    retired_at    TIMESTAMPTZ,
    retired_by    VARCHAR
);
COMMENT ON TABLE  aops.definitions               IS 'Every state of every definition that was ever applied; the current ones are not retired.';
COMMENT ON COLUMN aops.definitions.definition_id IS 'Counts all rows, from 1.';
COMMENT ON COLUMN aops.definitions.kind          IS 'entity, data_source, request_source, feature_view, on_demand_feature, feature_service, model or check.';
COMMENT ON COLUMN aops.definitions.name          IS 'Name, unique within its kind.';
COMMENT ON COLUMN aops.definitions.version       IS 'Counts up from 1 with each new fingerprint of this name.';
COMMENT ON COLUMN aops.definitions.fingerprint   IS 'Digest of what decides the values it computes.';
COMMENT ON COLUMN aops.definitions.definition    IS 'The definition itself.';
COMMENT ON COLUMN aops.definitions.description   IS 'What it is, in words.';
COMMENT ON COLUMN aops.definitions.owner         IS 'Who answers for it.';
COMMENT ON COLUMN aops.definitions.tags          IS 'Free labels, name to value.';
COMMENT ON COLUMN aops.definitions.compiled_sql  IS 'Object in the warehouse to the SQL it was made with.';
COMMENT ON COLUMN aops.definitions.made_as       IS 'Object in the warehouse to the SHA-256 of the text the warehouse keeps of it: another one was not made here.';
COMMENT ON COLUMN aops.definitions.compiled_from IS 'Digest of all that its SQL depends on: while it stays the same, plan need not compile it again; empty if that cannot be told.';
COMMENT ON COLUMN aops.definitions.kept_in       IS 'Table of its history, in schema features, that its views read; empty if they read the source.';
COMMENT ON COLUMN aops.definitions.applied_at    IS 'When it went live.';
COMMENT ON COLUMN aops.definitions.applied_by    IS 'Who applied it.';
COMMENT ON COLUMN aops.definitions.retired_at    IS 'When it was replaced or removed; NULL while it is live.';
COMMENT ON COLUMN aops.definitions.retired_by    IS 'Who replaced or removed it.';

CREATE TABLE aops.definition_columns (
    definition_id BIGINT  NOT NULL,
    position      BIGINT  NOT NULL,
    column_name   VARCHAR NOT NULL,
    dtype         VARCHAR NOT NULL,
    description   VARCHAR NOT NULL,
    PRIMARY KEY (definition_id, position)
);
COMMENT ON TABLE  aops.definition_columns               IS 'Columns that a definition gives.';
COMMENT ON COLUMN aops.definition_columns.definition_id IS 'Row of aops.definitions.';
COMMENT ON COLUMN aops.definition_columns.position      IS 'Order, from 1.';
COMMENT ON COLUMN aops.definition_columns.column_name   IS 'Name.';
COMMENT ON COLUMN aops.definition_columns.dtype         IS 'SQL type.';
COMMENT ON COLUMN aops.definition_columns.description   IS 'What it holds, in words.';

CREATE TABLE aops.lineage_edges (
    kind             VARCHAR NOT NULL,
    name             VARCHAR NOT NULL,
    version          BIGINT  NOT NULL,
    definition_id    BIGINT,
    position         BIGINT  NOT NULL,
    column_name      VARCHAR,
    upstream_kind    VARCHAR NOT NULL,
    upstream_name    VARCHAR NOT NULL,
    upstream_version VARCHAR,
    upstream_column  VARCHAR,
    direct           BOOLEAN
);
COMMENT ON TABLE  aops.lineage_edges                  IS 'What was made from what: one row says that an object, or a column of it, is made from another.';
COMMENT ON COLUMN aops.lineage_edges.kind             IS 'Kind of the object that reads.';
COMMENT ON COLUMN aops.lineage_edges.name             IS 'Its name.';
COMMENT ON COLUMN aops.lineage_edges.version          IS 'Its version.';
COMMENT ON COLUMN aops.lineage_edges.definition_id    IS 'Its row of aops.definitions.';
COMMENT ON COLUMN aops.lineage_edges.position         IS 'Order, from 1.';
COMMENT ON COLUMN aops.lineage_edges.column_name      IS 'Its column; NULL for the object as a whole.';
COMMENT ON COLUMN aops.lineage_edges.upstream_kind    IS 'Kind of the object that is read.';
COMMENT ON COLUMN aops.lineage_edges.upstream_name    IS 'Name of the object that is read.';
COMMENT ON COLUMN aops.lineage_edges.upstream_version IS 'Version or digest of the object that is read; NULL for whichever is current.';
COMMENT ON COLUMN aops.lineage_edges.upstream_column  IS 'Column that is read; NULL for the object as a whole.';
COMMENT ON COLUMN aops.lineage_edges.direct           IS 'Whether the column is computed from the values of the other; if not, that one says which rows count, or when; NULL for objects as wholes.';

CREATE VIEW aops.column_lineage AS
    SELECT e.kind, e.name, e.column_name, e.upstream_kind, e.upstream_name, e.upstream_column, e.direct
    FROM aops.lineage_edges AS e JOIN aops.definitions AS d ON d.definition_id = e.definition_id
    WHERE e.column_name IS NOT NULL AND d.retired_at IS NULL;
COMMENT ON VIEW   aops.column_lineage                 IS 'What the columns of definitions in use are made from, as of when they were applied; one step a row, down to columns of tables.';
COMMENT ON COLUMN aops.column_lineage.kind            IS 'Kind of the object that the column is of.';
COMMENT ON COLUMN aops.column_lineage.name            IS 'Its name.';
COMMENT ON COLUMN aops.column_lineage.column_name     IS 'The column.';
COMMENT ON COLUMN aops.column_lineage.upstream_kind   IS 'Kind of the object that it is made from; table for one of the warehouse.';
COMMENT ON COLUMN aops.column_lineage.upstream_name   IS 'Its name.';
COMMENT ON COLUMN aops.column_lineage.upstream_column IS 'The column of it.';
COMMENT ON COLUMN aops.column_lineage.direct          IS 'Whether by its values; if not, it says which rows count, or when.';

CREATE VIEW aops.entities AS
    SELECT name, version, description, owner, tags, definition, applied_at, applied_by
    FROM aops.definitions WHERE kind = 'entity' AND retired_at IS NULL;
COMMENT ON VIEW   aops.entities             IS 'Entities in use: what features describe, and by which keys.';
COMMENT ON COLUMN aops.entities.name        IS 'Name.';
COMMENT ON COLUMN aops.entities.version     IS 'Current version.';
COMMENT ON COLUMN aops.entities.description IS 'What it is, in words.';
COMMENT ON COLUMN aops.entities.owner       IS 'Who answers for it.';
COMMENT ON COLUMN aops.entities.tags        IS 'Free labels, name to value.';
COMMENT ON COLUMN aops.entities.definition  IS 'The definition itself.';
COMMENT ON COLUMN aops.entities.applied_at  IS 'When it went live.';
COMMENT ON COLUMN aops.entities.applied_by  IS 'Who applied it.';

CREATE VIEW aops.data_sources AS
    SELECT name, version, description, owner, tags, definition, applied_at, applied_by
    FROM aops.definitions WHERE kind IN ('data_source', 'request_source') AND retired_at IS NULL;
COMMENT ON VIEW   aops.data_sources             IS 'Data sources in use: the tables and queries features are computed from.';
COMMENT ON COLUMN aops.data_sources.name        IS 'Name.';
COMMENT ON COLUMN aops.data_sources.version     IS 'Current version.';
COMMENT ON COLUMN aops.data_sources.description IS 'What it is, in words.';
COMMENT ON COLUMN aops.data_sources.owner       IS 'Who answers for it.';
COMMENT ON COLUMN aops.data_sources.tags        IS 'Free labels, name to value.';
COMMENT ON COLUMN aops.data_sources.definition  IS 'The definition itself.';
COMMENT ON COLUMN aops.data_sources.applied_at  IS 'When it went live.';
COMMENT ON COLUMN aops.data_sources.applied_by  IS 'Who applied it.';

CREATE VIEW aops.feature_views AS
    SELECT name, version, description, owner, tags, definition, compiled_sql, applied_at, applied_by
    FROM aops.definitions WHERE kind = 'feature_view' AND retired_at IS NULL;
COMMENT ON VIEW   aops.feature_views              IS 'Feature views in use, in their current version.';
COMMENT ON COLUMN aops.feature_views.name         IS 'Name.';
COMMENT ON COLUMN aops.feature_views.version      IS 'Current version.';
COMMENT ON COLUMN aops.feature_views.description  IS 'What it is, in words.';
COMMENT ON COLUMN aops.feature_views.owner        IS 'Who answers for it.';
COMMENT ON COLUMN aops.feature_views.tags         IS 'Free labels, name to value.';
COMMENT ON COLUMN aops.feature_views.definition   IS 'The definition itself.';
COMMENT ON COLUMN aops.feature_views.compiled_sql IS 'Object in the warehouse to the SQL it was made with.';
COMMENT ON COLUMN aops.feature_views.applied_at   IS 'When it went live.';
COMMENT ON COLUMN aops.feature_views.applied_by   IS 'Who applied it.';

CREATE VIEW aops.feature_view_versions AS
    SELECT name, version, fingerprint, description, owner, tags, definition, compiled_sql,
           applied_at, applied_by, retired_at, retired_by
    FROM aops.definitions WHERE kind = 'feature_view';
COMMENT ON VIEW   aops.feature_view_versions              IS 'Every state of every feature view that was ever applied.';
COMMENT ON COLUMN aops.feature_view_versions.name         IS 'Name.';
COMMENT ON COLUMN aops.feature_view_versions.version      IS 'Counts up from 1 with each new fingerprint of this name.';
COMMENT ON COLUMN aops.feature_view_versions.fingerprint  IS 'Digest of what decides the values it computes.';
COMMENT ON COLUMN aops.feature_view_versions.description  IS 'What it is, in words.';
COMMENT ON COLUMN aops.feature_view_versions.owner        IS 'Who answers for it.';
COMMENT ON COLUMN aops.feature_view_versions.tags         IS 'Free labels, name to value.';
COMMENT ON COLUMN aops.feature_view_versions.definition   IS 'The definition itself.';
COMMENT ON COLUMN aops.feature_view_versions.compiled_sql IS 'Object in the warehouse to the SQL it was made with.';
COMMENT ON COLUMN aops.feature_view_versions.applied_at   IS 'When it went live.';
COMMENT ON COLUMN aops.feature_view_versions.applied_by   IS 'Who applied it.';
COMMENT ON COLUMN aops.feature_view_versions.retired_at   IS 'When it was replaced or removed; NULL while it is live.';
COMMENT ON COLUMN aops.feature_view_versions.retired_by   IS 'Who replaced or removed it.';

CREATE VIEW aops.features AS
    SELECT d.name AS feature_view, d.version, c.position, c.column_name AS name, c.dtype, c.description
    FROM aops.definitions AS d JOIN aops.definition_columns AS c ON c.definition_id = d.definition_id
    WHERE d.kind IN ('feature_view', 'on_demand_feature') AND d.retired_at IS NULL;
COMMENT ON VIEW   aops.features              IS 'Features in use: the columns of the current feature views.';
COMMENT ON COLUMN aops.features.feature_view IS 'Feature view it belongs to.';
COMMENT ON COLUMN aops.features.version      IS 'Current version of that feature view.';
COMMENT ON COLUMN aops.features.position     IS 'Order within the feature view, from 1.';
COMMENT ON COLUMN aops.features.name         IS 'Name.';
COMMENT ON COLUMN aops.features.dtype        IS 'SQL type.';
COMMENT ON COLUMN aops.features.description  IS 'What it holds, in words.';

CREATE VIEW aops.feature_services AS
    SELECT name, version, description, owner, tags, definition, applied_at, applied_by
    FROM aops.definitions WHERE kind = 'feature_service' AND retired_at IS NULL;
COMMENT ON VIEW   aops.feature_services             IS 'Feature services in use: the sets of features that models ask for.';
COMMENT ON COLUMN aops.feature_services.name        IS 'Name.';
COMMENT ON COLUMN aops.feature_services.version     IS 'Current version.';
COMMENT ON COLUMN aops.feature_services.description IS 'What it is, in words.';
COMMENT ON COLUMN aops.feature_services.owner       IS 'Who answers for it.';
COMMENT ON COLUMN aops.feature_services.tags        IS 'Free labels, name to value.';
COMMENT ON COLUMN aops.feature_services.definition  IS 'The definition itself.';
COMMENT ON COLUMN aops.feature_services.applied_at  IS 'When it went live.';
COMMENT ON COLUMN aops.feature_services.applied_by  IS 'Who applied it.';

-- ── datasets, runs and models ───────────────────────────────────────────────────────────────────────────

CREATE TABLE aops.datasets (
    name         VARCHAR     NOT NULL,
    digest       VARCHAR     NOT NULL,
    table_schema VARCHAR     NOT NULL,
    table_name   VARCHAR     NOT NULL,
    row_count    BIGINT      NOT NULL,
    column_types JSON        NOT NULL,
    spine_sql    VARCHAR     NOT NULL,
    features     JSON        NOT NULL,
    dataset_sql  VARCHAR     NOT NULL,
    spine_columns    JSON    NOT NULL,
    spine_digest     VARCHAR NOT NULL,
    feature_versions JSON    NOT NULL,
    sources          JSON    NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    created_by   VARCHAR     NOT NULL,
    PRIMARY KEY (name, digest)
);
COMMENT ON TABLE  aops.datasets              IS 'Snapshots of training and evaluation sets.';
COMMENT ON COLUMN aops.datasets.name         IS 'Name given to it.';
COMMENT ON COLUMN aops.datasets.digest       IS 'Digest of its rows.';
COMMENT ON COLUMN aops.datasets.table_schema IS 'Schema of the table that holds it.';
COMMENT ON COLUMN aops.datasets.table_name   IS 'Name of the table that holds it.';
COMMENT ON COLUMN aops.datasets.row_count    IS 'Number of its rows.';
COMMENT ON COLUMN aops.datasets.column_types IS 'Its columns, name to SQL type.';
COMMENT ON COLUMN aops.datasets.spine_sql    IS 'Query that gave the entities and times asked for.';
COMMENT ON COLUMN aops.datasets.features     IS 'The features asked for.';
COMMENT ON COLUMN aops.datasets.dataset_sql  IS 'Query that gave its rows.';
COMMENT ON COLUMN aops.datasets.spine_columns    IS 'The columns that are the spine''s.';
COMMENT ON COLUMN aops.datasets.spine_digest     IS 'Digest of its rows in those columns alone.';
COMMENT ON COLUMN aops.datasets.feature_versions IS 'Each view and on-demand feature it has features of, name to fingerprint.';
COMMENT ON COLUMN aops.datasets.sources          IS 'Each source, by name: a query of the rows known by the last moment of the spine, and what it gave: how many they were, a digest, the engine''s release.';
COMMENT ON COLUMN aops.datasets.created_at   IS 'When it was made.';
COMMENT ON COLUMN aops.datasets.created_by   IS 'Who made it.';

CREATE TABLE aops.runs (
    run_id          VARCHAR     NOT NULL PRIMARY KEY,
    kind            VARCHAR     NOT NULL,
    model           VARCHAR     NOT NULL,
    candidate       VARCHAR     NOT NULL,
    status          VARCHAR     NOT NULL,
    started_at      TIMESTAMPTZ NOT NULL,
    finished_at     TIMESTAMPTZ,
    message         VARCHAR     NOT NULL,
    git_commit      VARCHAR     NOT NULL,
    actor           VARCHAR     NOT NULL,
    host            VARCHAR     NOT NULL,
    pid             BIGINT      NOT NULL,
    process_started VARCHAR     NOT NULL
);
COMMENT ON TABLE  aops.runs                 IS 'Trainings and evaluations; params and metrics belong to a run.';
COMMENT ON COLUMN aops.runs.run_id          IS 'Random identifier.';
COMMENT ON COLUMN aops.runs.kind            IS 'train, evaluate or register.';
COMMENT ON COLUMN aops.runs.model           IS 'Model it is about.';
COMMENT ON COLUMN aops.runs.candidate       IS 'Candidate of the model that is trained; empty if none is.';
COMMENT ON COLUMN aops.runs.status          IS 'running, succeeded, failed, or interrupted when its process ended without a word.';
COMMENT ON COLUMN aops.runs.started_at      IS 'When it began.';
COMMENT ON COLUMN aops.runs.finished_at     IS 'When it ended, or was found to have been interrupted; NULL while it runs.';
COMMENT ON COLUMN aops.runs.message         IS 'How it ended, in words.';
COMMENT ON COLUMN aops.runs.git_commit      IS 'Commit of the project it ran from; empty if unknown.';
COMMENT ON COLUMN aops.runs.actor           IS 'Who started it.';
COMMENT ON COLUMN aops.runs.host            IS 'Machine it runs on.';
COMMENT ON COLUMN aops.runs.pid             IS 'Process it runs in.';
COMMENT ON COLUMN aops.runs.process_started IS 'When that process began, as its system tells it: numbers of processes are used again.';

CREATE TABLE aops.params (
    run_id VARCHAR NOT NULL,
    key    VARCHAR NOT NULL,
    value  VARCHAR NOT NULL,
    PRIMARY KEY (run_id, key)
);
COMMENT ON TABLE  aops.params        IS 'Parameters of a run.';
COMMENT ON COLUMN aops.params.run_id IS 'Run.';
COMMENT ON COLUMN aops.params.key    IS 'Parameter, e.g. min_samples_leaf.';
COMMENT ON COLUMN aops.params.value  IS 'Its value, as text.';

CREATE TABLE aops.metrics (
    run_id      VARCHAR     NOT NULL,
    position    BIGINT      NOT NULL,
    key         VARCHAR     NOT NULL,
    value       DOUBLE      NOT NULL,
    split       VARCHAR     NOT NULL,
    segment     VARCHAR     NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (run_id, position)
);
COMMENT ON TABLE  aops.metrics             IS 'Metrics of a run.';
COMMENT ON COLUMN aops.metrics.run_id      IS 'Run.';
COMMENT ON COLUMN aops.metrics.position    IS 'Order, from 1.';
COMMENT ON COLUMN aops.metrics.key         IS 'Metric, e.g. roc_auc.';
COMMENT ON COLUMN aops.metrics.value       IS 'Its value.';
COMMENT ON COLUMN aops.metrics.split       IS 'Rows it was computed on: train, test …';
COMMENT ON COLUMN aops.metrics.segment     IS 'Part of those rows, e.g. origin=JFK; empty for all.';
COMMENT ON COLUMN aops.metrics.recorded_at IS 'When it was recorded.';

CREATE TABLE aops.registered_models (
    name        VARCHAR     NOT NULL PRIMARY KEY,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  VARCHAR     NOT NULL
);
COMMENT ON TABLE  aops.registered_models            IS 'Models that have at least one version.';
COMMENT ON COLUMN aops.registered_models.name       IS 'Name.';
COMMENT ON COLUMN aops.registered_models.created_at IS 'When its first version was registered.';
COMMENT ON COLUMN aops.registered_models.created_by IS 'Who registered it.';

CREATE TABLE aops.model_versions (
    model                 VARCHAR     NOT NULL,
    version               BIGINT      NOT NULL,
    digest                VARCHAR     NOT NULL,
    estimator             VARCHAR     NOT NULL,
    executor              VARCHAR     NOT NULL,
    batch_executor        VARCHAR     NOT NULL,
    description           VARCHAR     NOT NULL,
    service               VARCHAR     NOT NULL,
    run_id                VARCHAR     NOT NULL,
    dataset_name          VARCHAR     NOT NULL,
    dataset_digest        VARCHAR     NOT NULL,
    feature_view_versions JSON        NOT NULL,
    inputs                JSON        NOT NULL,
    outputs               JSON        NOT NULL,
    library_versions      JSON        NOT NULL,
    git_commit            VARCHAR     NOT NULL,
    created_at            TIMESTAMPTZ NOT NULL,
    created_by            VARCHAR     NOT NULL,
    PRIMARY KEY (model, version)
);
COMMENT ON TABLE  aops.model_versions                       IS 'Trained models as registered; rows never change.';
COMMENT ON COLUMN aops.model_versions.model                 IS 'Model.';
COMMENT ON COLUMN aops.model_versions.version               IS 'Counts up from 1 per model.';
COMMENT ON COLUMN aops.model_versions.digest                IS 'SHA-256 over the digests of its artefacts, and its inputs and outputs: what a decision about it is bound to.';
COMMENT ON COLUMN aops.model_versions.estimator             IS 'The estimator, as its library names it.';
COMMENT ON COLUMN aops.model_versions.executor              IS 'What computes its scores: sql, onnx or library.';
COMMENT ON COLUMN aops.model_versions.batch_executor        IS 'What computes them in batches: library where SQL would, but takes much longer.';
COMMENT ON COLUMN aops.model_versions.description           IS 'What it is, in words.';
COMMENT ON COLUMN aops.model_versions.service               IS 'Feature service it was trained on; empty if none.';
COMMENT ON COLUMN aops.model_versions.run_id                IS 'Run that made it.';
COMMENT ON COLUMN aops.model_versions.dataset_name          IS 'Data set it was trained on; empty if unknown.';
COMMENT ON COLUMN aops.model_versions.dataset_digest        IS 'Digest of that data set; empty if unknown.';
COMMENT ON COLUMN aops.model_versions.feature_view_versions IS 'Feature views and on-demand features it reads, name to fingerprint.';
COMMENT ON COLUMN aops.model_versions.inputs                IS 'Its input columns, in order.';
COMMENT ON COLUMN aops.model_versions.outputs               IS 'Its output columns, in order.';
COMMENT ON COLUMN aops.model_versions.library_versions      IS 'Libraries it was trained with, name to version.';
COMMENT ON COLUMN aops.model_versions.git_commit            IS 'Commit of the project it was trained from; empty if unknown.';
COMMENT ON COLUMN aops.model_versions.created_at            IS 'When it was registered.';
COMMENT ON COLUMN aops.model_versions.created_by            IS 'Who registered it.';

CREATE TABLE aops.registered_model_aliases (
    model   VARCHAR     NOT NULL,
    alias   VARCHAR     NOT NULL,
    version BIGINT      NOT NULL,
    set_at  TIMESTAMPTZ NOT NULL,
    set_by  VARCHAR     NOT NULL,
    PRIMARY KEY (model, alias)
);
COMMENT ON TABLE  aops.registered_model_aliases         IS 'Names for a version of a model, e.g. champion; aops.audit_log has the earlier ones.';
COMMENT ON COLUMN aops.registered_model_aliases.model   IS 'Model.';
COMMENT ON COLUMN aops.registered_model_aliases.alias   IS 'Alias.';
COMMENT ON COLUMN aops.registered_model_aliases.version IS 'Version it stands for now.';
COMMENT ON COLUMN aops.registered_model_aliases.set_at  IS 'When it was set.';
COMMENT ON COLUMN aops.registered_model_aliases.set_by  IS 'Who set it.';

CREATE TABLE aops.artifacts (
    model      VARCHAR     NOT NULL,
    version    BIGINT      NOT NULL,
    kind       VARCHAR     NOT NULL,
    media_type VARCHAR     NOT NULL,
    content    BLOB        NOT NULL,
    size       BIGINT      NOT NULL,
    digest     VARCHAR     NOT NULL,
    note       VARCHAR     NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (model, version, kind)
);
COMMENT ON TABLE  aops.artifacts            IS 'Files of model versions; rows never change.';
COMMENT ON COLUMN aops.artifacts.model      IS 'Model.';
COMMENT ON COLUMN aops.artifacts.version    IS 'Version.';
COMMENT ON COLUMN aops.artifacts.kind       IS 'What the file is: skops, onnx, graph …';
COMMENT ON COLUMN aops.artifacts.media_type IS 'Media type of the content.';
COMMENT ON COLUMN aops.artifacts.content    IS 'The file itself.';
COMMENT ON COLUMN aops.artifacts.size       IS 'Its length in bytes.';
COMMENT ON COLUMN aops.artifacts.digest     IS 'SHA-256 of the content, compared each time it is read.';
COMMENT ON COLUMN aops.artifacts.note       IS 'What is worth knowing about it, in words.';
COMMENT ON COLUMN aops.artifacts.created_at IS 'When it was stored.';

CREATE TABLE aops.deployments (
    deployment_id     BIGINT      NOT NULL PRIMARY KEY,
    model             VARCHAR     NOT NULL,
    version           BIGINT      NOT NULL,
    alias             VARCHAR     NOT NULL,
    view_name         VARCHAR     NOT NULL,
    view_sql          VARCHAR     NOT NULL,
    made_as           JSON        NOT NULL,
    parameter_digests JSON        NOT NULL,
    replaced_version  BIGINT,
    deployed_at       TIMESTAMPTZ NOT NULL,
    deployed_by       VARCHAR     NOT NULL
);
COMMENT ON TABLE  aops.deployments                   IS 'Each time a model version went live, oldest first.';
COMMENT ON COLUMN aops.deployments.deployment_id     IS 'Counts all rows, from 1.';
COMMENT ON COLUMN aops.deployments.model             IS 'Model.';
COMMENT ON COLUMN aops.deployments.version           IS 'Version that went live.';
COMMENT ON COLUMN aops.deployments.alias             IS 'Alias under which it did.';
COMMENT ON COLUMN aops.deployments.view_name         IS 'View that serves it.';
COMMENT ON COLUMN aops.deployments.view_sql          IS 'SQL of that view.';
COMMENT ON COLUMN aops.deployments.made_as           IS 'View in the warehouse to the SHA-256 of the text the warehouse keeps of it: another one was not made here.';
COMMENT ON COLUMN aops.deployments.parameter_digests IS 'Table in aops_params that the view reads to the SHA-256 of its columns and rows: with others nothing is scored.';
COMMENT ON COLUMN aops.deployments.replaced_version  IS 'Version that was live before; NULL if none.';
COMMENT ON COLUMN aops.deployments.deployed_at       IS 'When it went live.';
COMMENT ON COLUMN aops.deployments.deployed_by       IS 'Who made it go live.';

-- ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE aops.job_runs (
    job_id          BIGINT      NOT NULL PRIMARY KEY,
    kind            VARCHAR     NOT NULL,
    target          VARCHAR     NOT NULL,
    interval_start  TIMESTAMPTZ,
    interval_end    TIMESTAMPTZ,
    model_version   BIGINT,
    status          VARCHAR     NOT NULL,
    started_at      TIMESTAMPTZ NOT NULL,
    finished_at     TIMESTAMPTZ,
    row_count       BIGINT,
    seconds         DOUBLE,
    message         VARCHAR     NOT NULL,
    actor           VARCHAR     NOT NULL,
    host            VARCHAR     NOT NULL,
    pid             BIGINT      NOT NULL,
    process_started VARCHAR     NOT NULL
);
COMMENT ON TABLE  aops.job_runs                 IS 'Jobs: materialisations, batch scorings, checks …';
COMMENT ON COLUMN aops.job_runs.job_id          IS 'Counts all rows, from 1.';
COMMENT ON COLUMN aops.job_runs.kind            IS 'What kind of job: materialize, score …';
COMMENT ON COLUMN aops.job_runs.target          IS 'What it works on: a feature view, a model …';
COMMENT ON COLUMN aops.job_runs.interval_start  IS 'Begin, included, of the time whose rows it handles; NULL if unbounded.';
COMMENT ON COLUMN aops.job_runs.interval_end    IS 'End, excluded, of the time whose rows it handles; NULL if unbounded.';
COMMENT ON COLUMN aops.job_runs.model_version   IS 'Version of the model it runs, if it runs one.';
COMMENT ON COLUMN aops.job_runs.status          IS 'running, succeeded, failed, or interrupted when its process ended without a word.';
COMMENT ON COLUMN aops.job_runs.started_at      IS 'When it began.';
COMMENT ON COLUMN aops.job_runs.finished_at     IS 'When it ended, or was found to have ended; NULL while it runs.';
COMMENT ON COLUMN aops.job_runs.row_count       IS 'Rows it wrote.';
COMMENT ON COLUMN aops.job_runs.seconds         IS 'How long it took.';
COMMENT ON COLUMN aops.job_runs.message         IS 'How it ended, in words.';
COMMENT ON COLUMN aops.job_runs.actor           IS 'Who started it.';
COMMENT ON COLUMN aops.job_runs.host            IS 'Machine it runs on.';
COMMENT ON COLUMN aops.job_runs.pid             IS 'Process it runs in.';
COMMENT ON COLUMN aops.job_runs.process_started IS 'When that process started, as the system tells it: a process id is used again after a while.';

-- ── materializations ────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE aops.materialized_intervals (
    feature_view   VARCHAR     NOT NULL,
    version        BIGINT      NOT NULL,
    interval_start TIMESTAMPTZ NOT NULL,
    interval_end   TIMESTAMPTZ NOT NULL,
    row_count      BIGINT      NOT NULL,
    job_id         BIGINT      NOT NULL,
    made_at        TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE  aops.materialized_intervals                IS 'Intervals of the histories of feature views that are kept in tables, features.<view>__kept.';
COMMENT ON COLUMN aops.materialized_intervals.feature_view   IS 'Name of the feature view.';
COMMENT ON COLUMN aops.materialized_intervals.version        IS 'Version of its definition that the rows are of.';
COMMENT ON COLUMN aops.materialized_intervals.interval_start IS 'Moments after this one are kept.';
COMMENT ON COLUMN aops.materialized_intervals.interval_end   IS 'Moments up to this one are kept.';
COMMENT ON COLUMN aops.materialized_intervals.row_count      IS 'Rows of the interval.';
COMMENT ON COLUMN aops.materialized_intervals.job_id         IS 'The job that wrote them: row of aops.job_runs.';
COMMENT ON COLUMN aops.materialized_intervals.made_at        IS 'When it did.';

-- ── checks ──────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE aops.check_results (
    job_id       BIGINT      NOT NULL,
    position     BIGINT      NOT NULL,
    object_kind  VARCHAR     NOT NULL,
    object_name  VARCHAR     NOT NULL,
    check_name   VARCHAR     NOT NULL,
    kind         VARCHAR     NOT NULL,
    severity     VARCHAR     NOT NULL,
    status       VARCHAR     NOT NULL,
    checked_rows BIGINT,
    failing_rows BIGINT,
    kept_rows    BIGINT      NOT NULL,
    message      VARCHAR     NOT NULL,
    checked_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (job_id, position)
);
COMMENT ON TABLE  aops.check_results              IS 'How checks of the data ended, a row for each check and run.';
COMMENT ON COLUMN aops.check_results.job_id       IS 'The run: row of aops.job_runs.';
COMMENT ON COLUMN aops.check_results.position     IS 'Order in the run, from 1.';
COMMENT ON COLUMN aops.check_results.object_kind  IS 'What was checked: data_source or feature_view.';
COMMENT ON COLUMN aops.check_results.object_name  IS 'Its name.';
COMMENT ON COLUMN aops.check_results.check_name   IS 'Name of the check.';
COMMENT ON COLUMN aops.check_results.kind         IS 'What it asks: not_null, unique …';
COMMENT ON COLUMN aops.check_results.severity     IS 'error or warn.';
COMMENT ON COLUMN aops.check_results.status       IS 'passed, failed, or error when it could not be run.';
COMMENT ON COLUMN aops.check_results.checked_rows IS 'Rows it is about; NULL of a query.';
COMMENT ON COLUMN aops.check_results.failing_rows IS 'Rows that fail; NULL of a check of the rows as a whole.';
COMMENT ON COLUMN aops.check_results.kept_rows    IS 'How many of them are in aops.check_failures.';
COMMENT ON COLUMN aops.check_results.message      IS 'What was found, in words.';
COMMENT ON COLUMN aops.check_results.checked_at   IS 'When.';

CREATE TABLE aops.check_failures (
    job_id      BIGINT      NOT NULL,
    object_kind VARCHAR     NOT NULL,
    object_name VARCHAR     NOT NULL,
    check_name  VARCHAR     NOT NULL,
    failing_row JSON        NOT NULL,
    checked_at  TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE  aops.check_failures             IS 'Rows that failed checks, of each check and run as many as its `keep` says.';
COMMENT ON COLUMN aops.check_failures.job_id      IS 'The run: row of aops.job_runs.';
COMMENT ON COLUMN aops.check_failures.object_kind IS 'What was checked: data_source or feature_view.';
COMMENT ON COLUMN aops.check_failures.object_name IS 'Its name.';
COMMENT ON COLUMN aops.check_failures.check_name  IS 'Name of the check.';
COMMENT ON COLUMN aops.check_failures.failing_row IS 'The row, column to value.';
COMMENT ON COLUMN aops.check_failures.checked_at  IS 'When.';

CREATE VIEW aops.checks AS
    SELECT kind AS object_kind, name AS object_name, unnest(CAST(definition->'checks' AS JSON[])) AS definition, applied_at
    FROM aops.definitions WHERE kind IN ('data_source', 'feature_view') AND retired_at IS NULL
    UNION ALL
    SELECT NULL, definition->>'on', definition, applied_at
    FROM aops.definitions WHERE kind = 'check' AND retired_at IS NULL;
COMMENT ON VIEW   aops.checks             IS 'Checks in use: what must hold of the rows of sources and feature views.';
COMMENT ON COLUMN aops.checks.object_kind IS 'What is checked: data_source or feature_view; NULL of a check that is a definition of its own.';
COMMENT ON COLUMN aops.checks.object_name IS 'Its name.';
COMMENT ON COLUMN aops.checks.definition  IS 'The check itself.';
COMMENT ON COLUMN aops.checks.applied_at  IS 'When it went live.';
