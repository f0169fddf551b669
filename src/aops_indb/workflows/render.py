"""aops render: the SQL behind a name."""

from __future__ import annotations

from aops_indb.errors import AopsError, RefusedError, UnknownNameError
from aops_indb.features.alias_queries import alias_queries
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.views import SCHEMA
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.dialects import dialect as dialect_named
from aops_indb.sqlgen.render import render, render_script
from aops_indb.workflows.dataset import model_training_set
from aops_indb.workflows.desired import view_objects
from aops_indb.workflows.executors import SQL
from aops_indb.workflows.explain_windows import kept_as_defined
from aops_indb.workflows.scored_rows import require_same_features, scored_rows
from aops_indb.workflows.versions import find_version, model_of
from aops_indb.workflows.workspace import Workspace


def render_name(
    project: Workspace,
    name: str,
    *,
    dialect: str | None = None,
    layout: str | None = None,
    algorithm: str | None = None,
) -> str:
    """The SQL of a feature view, of a model's training set, or of a model's version (`model:2`, `model@champion`).

    layout:    how a version's forests are laid out, an entry of LAYOUTS; by default the best for each
    algorithm: how a training set's windows are computed, an entry of ALGORITHMS; by default the best for each

    Feature views render as their view, history and, where the dialect has such, as-of function; an alias as queries of
    its view's. Raises
    UnknownNameError for another name, AopsError for what the dialect has no form of, and for a layout of what has none.
    """
    definitions = project.definitions
    own = project.engine.dialect
    target = dialect_named(dialect) if dialect else own
    if layout and any(name in known for known in (definitions.views, definitions.aliased_views, definitions.models)):
        raise AopsError(
            f"'{name}' has no forests to lay out: name a model's version, as MODEL:2, or leave the layout out"
        )
    if algorithm and name not in definitions.models:
        raise kept_as_defined(name)
    if name in definitions.views:
        view = definitions.views[name]
        with project.session() as session:
            objects = view_objects(project, session, view)
        known = [item for item in objects if item.kind == "view" or target.table_macros]
        # what nobody applies is told with its comments, for others to run
        scripts = [item.statements[:1] if target.name == own.name else item.statements for item in known]
        return "\n\n".join(f"{sql};" for script in scripts for sql in render_script(script, target))
    if name in definitions.aliased_views:
        return _of_alias(definitions, name, target)
    if name in definitions.models:
        if target.name != own.name:
            raise AopsError(f"the training set of '{name}' is SQL for {own.name} alone: leave the dialect out")
        return model_training_set(project, definitions.models[name], algorithm=algorithm).to_sql()
    if model_of(name) not in definitions.models:
        known_names = [*definitions.views, *definitions.aliased_views, *definitions.models]
        raise UnknownNameError("feature view or model", name, known_names)
    return _of_version(project, name, target, layout)


def _of_alias(definitions: DefinitionSet, name: str, target: Dialect) -> str:
    """The queries that show a view under the columns of an alias."""
    alias = definitions.aliased_views[name]
    made_as = definitions.view(alias.of.reference_name).name
    header = f"{name}: {SCHEMA}.{made_as} under other names; its own SQL:  aops render {made_as}"
    now, history = alias_queries(alias, made_as)
    return f"{render(now, target, header=header)};\n\n{render(history, target)};"


def _of_version(project: Workspace, name: str, target: Dialect, layout: str | None) -> str:
    """The SQL that scores by a model's version."""
    with project.session() as session:
        version = find_version(project, session, name)
        if version.executor != SQL:
            raise RefusedError(
                f"{version.model}:{version.version} is scored by executor '{version.executor}', in batches, and is no "
                "SQL: run  aops score"
            )
        model = require_same_features(project, version)
        query = scored_rows(project, session, model, version, layout=layout, dialect=target)
    header = f"{version.model} version {version.version}: {version.estimator}"
    return render(query, target, header=header)
