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
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


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


def closest_names(name: str, known: Iterable[str]) -> list[str]:
    """The known names most like one, best first, at most three; case does not count.

    >>> closest_names("Airprot", ["airport", "AIRPORT", "route"])
    ['AIRPORT', 'airport']
    >>> closest_names("Airport", ["airport", "airports"])
    ['airport']
    """
    folded: dict[str, list[str]] = {}
    for known_name in sorted(set(known)):
        folded.setdefault(known_name.casefold(), []).append(known_name)
    if name.casefold() in folded:
        return folded[name.casefold()][:3]
    close = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    return [known_name for spelling in close for known_name in folded[spelling]][:3]


class UnknownNameError(AopsError):
    """A name nobody defined.

    >>> print(UnknownNameError("feature view", "Carier", ["carrier", "route"]))
    unknown feature view 'Carier': did you mean 'carrier'?
    >>> print(UnknownNameError("model", "zzz", ["flight_delay"]))
    unknown model 'zzz': known are 'flight_delay'
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        close = closest_names(name, names)
        if close:
            hint = "did you mean " + " or ".join(shown(n) for n in close) + "?"
        elif names:
            some = ", ".join(shown(n) for n in names[:12])
            hint = f"known are {some}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        else:
            hint = f"no {kind} is defined yet"
        super().__init__(f"unknown {kind} {shown(name)}: {hint}")
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


# ── settings, of definitions and of aops.toml ──────────────────────────────────────────────────────────

# pydantic's name of a mistake -> the cause in words for people; {given}: what was written, the rest: pydantic's details
CAUSES: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "must be text in quotes, not {given}",
    "tuple_type": "must be a list, not {given}",
    "dict_type": "must be a dict, not {given}",
    "model_type": "must be made by {class_name}(…), and is {given}",
    "reference_type": "must be a feature view, an on-demand feature or text in quotes, not {given}",
    "callable_type": "must be a function or a class, not {given}",
    "float_type": "must be a number, not {given}",
    "float_parsing": "must be a number, not {given}",
    "greater_than_equal": "must be {ge} or more, not {given}",
}
# of mistakes that nobody has put into words yet
ANY_CAUSE = "cannot be {given}"


def explain_setting(
    problem: Mapping[str, Any], place: str, *, examples: Mapping[str, str], causes: Mapping[str, str] = CAUSES
) -> str:
    """What is wrong with a setting and what to write instead, from one entry of a pydantic ValidationError.errors().

    examples: name of a setting -> how it is written

    >>> problem = {"type": "tuple_type", "loc": ("windows",), "input": 7}
    >>> explain_setting(problem, "windows", examples={"windows": 'windows=["7d"]'})
    'windows must be a list, not 7: write e.g. windows=["7d"]'
    """
    if problem["type"] == "value_error":  # our own checks say what to write
        words = str(problem["ctx"]["error"])
        return f"{place}: {words}" if place else words
    cause = causes.get(problem["type"], ANY_CAUSE).format(given=shown(problem["input"]), **problem.get("ctx", {}))
    example = next((examples[part] for part in reversed(problem["loc"]) if part in examples), None)
    return f"{place} {cause}" + (f": write e.g. {example}" if example else "")


def setting_path(loc: Sequence[str | int]) -> str:
    """A place inside a setting, as Python writes it.

    >>> setting_path(["tags", "team"]), setting_path(["windows", 0])
    ("tags['team']", 'windows[0]')
    """
    first, *inner = loc or ("",)
    # pydantic marks the key itself of a dict so
    return str(first) + "".join(f"[{shown(part)}]" for part in inner if part != "[key]")


# Characters shown of a name, a value or an expression.
_LONGEST_SHOWN = 100


def shortened(text: str) -> str:
    """A text as messages show it: its beginning, if it is long.

    >>> shortened("x" * 200) == "x" * 99 + "…"
    True
    """
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def shown(value: object) -> str:
    """A value as messages show it: itself where it is plain, else what it is.

    >>> shown("7d"), shown(["7d"]), shown(int)
    ("'7d'", 'a list', 'the class int')
    """
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, str):
        return shortened(repr(str(value[: _LONGEST_SHOWN + 1])))
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST_SHOWN:  # Python refuses to write out the longest
        return "a number of more than a hundred digits"
    if value is None or isinstance(value, (bool, int, float)):
        return shortened(repr(value))
    name = type(value).__name__
    return f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"
