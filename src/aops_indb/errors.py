"""Every error a user can meet, as one tree.

    AopsError                     exit 2: wrong use or bad input, unless a branch says otherwise
    ├── SettingsError             aops.toml is missing, unreadable or wrong
    ├── DefinitionError           a definition is wrong; names file, line and object where known
    ├── UnknownNameError          a name nobody defined; carries the closest known ones
    ├── SpineError                an entity_df that cannot be joined
    ├── ModelError                a model cannot be trained, registered or used as asked
    │   ├── UnsupportedModelError     no SQL form; names the step, the parameter and what is known instead
    │   └── ModelInputError           the input columns do not fit the model
    ├── ArtifactError             a stored artefact is missing or is not what was registered
    ├── MissingExtraError         an optional package is needed
    ├── QueryError                the engine refused a statement; carries its own words and the SQL
    ├── RefusedError              exit 1: a check failed or a guard refused
    │   ├── DestructiveChangeError    would remove something that was not named
    │   └── StalePlanError            the warehouse moved on since the plan was made
    └── WarehouseError            exit 3: the warehouse could not be reached
        ├── WarehouseLockedError      another process holds it; names the process
        └── SchemaVersionError        the metadata tables are of another release

Each message names the object, the cause and the next step.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AopsError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns for it."""

    exit_code = 2


class SettingsError(AopsError):
    """aops.toml is missing, unreadable or wrong."""


class DefinitionError(AopsError):
    """A definition is wrong. `where` is file:line when the definition came from a file."""

    def __init__(self, message: str, *, where: str | None = None) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class UnknownNameError(AopsError):
    """A name nobody defined.

    >>> print(UnknownNameError("feature view", "carier", ["carrier", "route"]))
    unknown feature view 'carier': did you mean 'carrier'?
    >>> print(UnknownNameError("model", "zzz", ["flight_delay"]))
    unknown model 'zzz': known are 'flight_delay'
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
        if close:
            hint = "did you mean " + " or ".join(f"'{n}'" for n in close) + "?"
        elif names:
            shown = ", ".join(f"'{n}'" for n in names[:12])
            hint = f"known are {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        else:
            hint = f"no {kind} is defined yet"
        super().__init__(f"unknown {kind} '{name}': {hint}")
        self.kind, self.name, self.closest = kind, name, close


class SpineError(AopsError):
    """An entity_df (spine) that cannot be joined to the features asked for."""


class ModelError(AopsError):
    """A model cannot be trained, registered or used as asked."""


class UnsupportedModelError(ModelError):
    """A model, or a step of it, has no SQL form; the message names it and what is known instead."""


class ModelInputError(ModelError):
    """The input columns given do not fit the model."""


class ArtifactError(AopsError):
    """A stored artefact is missing or is not what was registered."""


class MissingExtraError(AopsError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, *, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package '{package}': install it with  pip install 'aops-indb[{extra}]'"
        )


class QueryError(AopsError):
    """The engine refused a statement. `sql` is the whole statement; the message shows its beginning.

    >>> print(QueryError("Catalog Error: Table with name t does not exist!", sql="SELECT *  FROM t"))
    Catalog Error: Table with name t does not exist!
    in: SELECT * FROM t
    """

    _SHOWN = 300

    def __init__(self, cause: str, *, sql: str = "") -> None:
        start = " ".join(sql[: 4 * self._SHOWN].split())
        shown = start if len(start) <= self._SHOWN else start[: self._SHOWN] + " …"
        super().__init__(f"{cause.strip()}\nin: {shown}" if shown else cause.strip())
        self.sql = sql


class RefusedError(AopsError):
    """A check failed or a guard refused; nothing was changed."""

    exit_code = 1


class DestructiveChangeError(RefusedError):
    """The change would remove something whose name was not given."""


class StalePlanError(RefusedError):
    """The warehouse changed after the plan was made."""


class WarehouseError(AopsError):
    """The warehouse could not be reached, or refused a statement."""

    exit_code = 3


class WarehouseLockedError(WarehouseError):
    """Another process holds the warehouse."""


class SchemaVersionError(WarehouseError):
    """The metadata tables belong to another release of aops-indb."""
