"""Models that have no SQL, as functions that a connection calls in SQL: score_<model>, and score_<model>__v<N>."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aops_indb.engines import Engine, Session
from aops_indb.engines.duckdb_tables import BorrowedSession
from aops_indb.errors import QueryError
from aops_indb.registry import (
    CHAMPION,
    ModelVersionRecord,
    aliases,
    artifact,
    artifact_kinds,
    migrations,
    model_version,
    schema_version,
    trained_versions,
)
from aops_indb.sqlgen.statements import parse_table
from aops_indb.workflows.artifacts import ONNX
from aops_indb.workflows.executors import SQL
from aops_indb.workflows.scored_rows import load_estimator
from aops_indb.workflows.shipping import InProcess, in_process


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """A function's name, what it runs, and the types of its inputs."""

    name: str
    model: InProcess
    takes: dict[str, str]


def connect_with_functions(engine: Engine) -> Any:
    """The engine's own connection, which knows the functions of its deployed versions that are not SQL."""
    with engine.session() as session:
        # a warehouse of no project, or of another release, has none
        found = list(_functions(session)) if schema_version(session) == len(migrations()) else []
    native = engine.connect()
    session = BorrowedSession(native)
    for each in found:
        session.register_function(each.name, each.model, each.takes, each.model.function.types)
    return native


def _functions(session: Session) -> Iterator[SqlFunction]:
    for model in dict.fromkeys(model for model, *_ in trained_versions(session)):
        named = aliases(session, model)
        for number in sorted(set(named.values())):
            version = model_version(session, model, number)
            if version.executor == SQL:
                continue
            suffix = "" if named.get(CHAMPION) == number else f"__v{number}"
            try:
                types = session.columns(parse_table(version.dataset_name))
            except QueryError:
                warnings.warn(
                    f"score_{model}{suffix} cannot be called on this connection: {version.dataset_name}, which says of "
                    f"what types the inputs of {model}:{number} are, is gone",
                    stacklevel=3,
                )
                continue
            takes = {name: "VARCHAR" if types[name] == "VARCHAR" else "DOUBLE" for name in version.inputs}
            yield SqlFunction(f"score_{model}{suffix}", _loaded(session, version), takes)


def _loaded(session: Session, version: ModelVersionRecord) -> InProcess:
    runs_onnx = version.executor == ONNX and ONNX in artifact_kinds(session, version.model, version.version)
    onnx = artifact(session, version.model, version.version, ONNX) if runs_onnx else None
    return in_process(load_estimator(session, version), tuple(version.inputs), onnx)
