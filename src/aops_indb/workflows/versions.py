"""Registered versions by the names that people give them."""

from __future__ import annotations

from aops_indb.engines import Session
from aops_indb.errors import ModelError
from aops_indb.registry import ModelVersionRecord, model_versions, resolve_version
from aops_indb.workflows.workspace import Workspace


def model_of(reference: str) -> str:
    """The model that a reference speaks of.

    >>> [model_of(name) for name in ("m", "m:2", "m@champion", "models:/m/2", "models:/m@champion")]
    ['m', 'm', 'm', 'm', 'm']
    """
    return reference.removeprefix("models:/").partition(":")[0].partition("@")[0].partition("/")[0]


def find_version(project: Workspace, session: Session, reference: str) -> ModelVersionRecord:
    """As `resolve_version`; of a model that is defined and was never trained it says so."""
    model = model_of(reference)
    if reference.endswith((":", "@", "/")):
        raise ModelError(f"'{reference}' names no version: write {model}:1 or {model}@champion")
    if model in project.loaded.definitions.models and not model_versions(session, model):
        raise ModelError(f"model '{model}' has no version yet: run  aops train {model}")
    return resolve_version(session, reference)
