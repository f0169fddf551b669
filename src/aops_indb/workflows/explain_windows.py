"""aops render --explain: which algorithm computes which windows, and why."""

from __future__ import annotations

from aops_indb.errors import AopsError, UnknownNameError
from aops_indb.features.window_algorithms import choices
from aops_indb.features.window_algorithms.choice import WindowChoice
from aops_indb.features.windows import value_types, window_features
from aops_indb.workflows.dataset import model_training_set
from aops_indb.workflows.workspace import Workspace


def explain_windows(project: Workspace, name: str, *, algorithm: str | None = None) -> tuple[WindowChoice, ...]:
    """The choices for a feature view, whose SQL is kept, or for a model's training set, whose SQL runs once.

    Raises UnknownNameError for another name, AopsError for an algorithm where it cannot be chosen.
    """
    definitions = project.definitions
    if name in definitions.models:
        return model_training_set(project, definitions.models[name], algorithm=algorithm).explain()
    if name not in definitions.views and name not in definitions.aliased_views:
        known = [*definitions.views, *definitions.aliased_views, *definitions.models]
        raise UnknownNameError("feature view or model", name, known)
    if algorithm:
        raise kept_as_defined(name)
    # an alias is computed as its view is
    view = definitions.views.get(name) or definitions.aliased_views[name].of
    features = window_features(view, [feature.name for feature in view.features])
    with project.session() as session:
        types = value_types(view, features, session.columns)
    made = choices(view, features, types) if features else []
    return tuple(WindowChoice(view.name, tuple(f.name for f in group), choice) for choice, group in made)


def kept_as_defined(name: str) -> AopsError:
    """The refusal of an algorithm for SQL that is kept: it goes by the definition, so that it stays the same."""
    return AopsError(
        f"the SQL of '{name}' is kept, and its algorithm goes by the definition alone: name a model, whose training "
        "set is computed once, or leave the algorithm out"
    )
