"""What must hold of the rows of a source or a feature view."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, SerializeAsAny, model_validator
from pydantic_core import PydanticKnownError

from aops_indb.errors import DefinitionError, UnknownNameError, shown
from aops_indb.features.definitions.base import Definition
from aops_indb.features.definitions.column_names import repeated
from aops_indb.features.setting_types import CheckQuery, ColumnName, Duration, Listed, ObjectName, SqlExpression, Text

CheckValue: TypeAlias = bool | int | float | str | dt.date | dt.datetime


@dataclass(frozen=True, slots=True)
class CheckKind:
    """One line of CHECK_KINDS.

    help:    one sentence for the reference
    needs:   settings of which one at least must be given
    columns: how many columns it is of: None any, from one
    """

    help: str
    needs: tuple[str, ...] = ()
    columns: int | None = 0


CHECK_KINDS: dict[str, CheckKind] = {
    "not_null": CheckKind("None of the columns is NULL.", columns=None),
    "unique": CheckKind("No two rows are equal in the columns together; rows with a NULL there differ.", columns=None),
    "in_range": CheckKind(
        "minimum <= value <= maximum; NULL passes, NaN does not.", needs=("minimum", "maximum"), columns=None
    ),
    "accepted_values": CheckKind("The value is one of values; NULL passes.", needs=("values",), columns=None),
    "matches": CheckKind(
        "The whole text matches pattern, a regular expression; NULL passes.", needs=("pattern",), columns=None
    ),
    "freshness": CheckKind("The newest time in the column is at most max_age old.", needs=("max_age",), columns=1),
    "row_count_change": CheckKind(
        "The number of rows differs from that of the last run by at most max_change, a share of it.",
        needs=("max_change",),
    ),
    "condition": CheckKind("No row makes condition, SQL over its columns, false; NULL passes.", needs=("condition",)),
    "query": CheckKind("query, a SELECT of the failing rows, returns none.", needs=("query",)),
}
SEVERITIES = ("error", "warn")


def _value(value: object) -> object:
    if not isinstance(value, CheckValue) or (isinstance(value, float) and math.isnan(value)):
        raise ValueError(f"{shown(value)} is no value to compare with: write a number, a text or a time")
    return value


def _share(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{shown(value)} is no share: write a number from 0, e.g. 0.5 for half as many more or fewer")
    return value


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither True nor False")
    return value


def _count(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
        raise ValueError(f"{shown(value)} is no number of rows: write a whole number from 0 to 100000")
    return value


def _checked(value: object) -> object:
    if not isinstance(value, Definition) or "checks" not in type(value).model_fields:
        raise PydanticKnownError("model_type", {"class_name": "DataSource"})
    if "aliases" in type(value).model_fields:
        of = getattr(value, "of", None)
        raise ValueError(f"'{getattr(value, 'name', '')}' is made by with_entity: write on={getattr(of, 'name', '')}")
    return value


# strict unions would turn 1 into True; what the validator takes is kept as it is
CheckedValue = Annotated[CheckValue, BeforeValidator(_value)]


class Check(Definition):
    """What must hold of the rows of a source, or of a feature view as it is now.

    kind:             a name in CHECK_KINDS; minimum, maximum, values, pattern, max_age, max_change, condition and
                      query are what the kinds need
    column | columns: what it is about
    where:            only rows for which this SQL condition holds
    severity:         "error", or "warn", which fails no run
    blocks_scoring:   while it fails, `aops score` refuses models that use the view or source
    keep:             how many of the failing rows are kept at most
    on:               the source or view, if the check does not stand in its checks=[…]
    name:             default <kind>_<columns>

    >>> Check(kind="not_null", columns=["carrier", "dest"]).label
    'not_null_carrier_dest'
    """

    kind: Text
    name: ObjectName | None = None
    column: ColumnName | None = None
    columns: Listed[ColumnName] = ()
    minimum: CheckedValue | None = None
    maximum: CheckedValue | None = None
    values: Listed[CheckedValue] = ()
    pattern: Text | None = None
    max_age: Duration | None = None
    max_change: Annotated[float | None, BeforeValidator(_share)] = None
    condition: SqlExpression | None = None
    query: CheckQuery | None = None
    where: SqlExpression | None = None
    severity: Text = "error"
    blocks_scoring: Annotated[bool, BeforeValidator(_flag)] = False
    keep: Annotated[int, BeforeValidator(_count)] = 100
    on: Annotated[SerializeAsAny[Definition], BeforeValidator(_checked)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind not in CHECK_KINDS:
            raise UnknownNameError("kind of check", self.kind, CHECK_KINDS)
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity: {shown(self.severity)} is none: write 'error' or 'warn'")
        if self.blocks_scoring and self.severity != "error":
            raise ValueError("blocks_scoring: only a check of severity 'error' can")
        self._require_columns()
        self._require_settings()
        if self.name is None and (self.on is not None or not self.about):
            raise ValueError("name: needed, since no column gives the check one, or since it stands by itself")
        return self

    def _require_columns(self) -> None:
        wanted = CHECK_KINDS[self.kind].columns
        if self.column is not None and self.columns:
            raise ValueError("give column or columns, not both")
        if wanted is None and not self.about:
            raise ValueError(f"{self.kind} needs a column, or columns")
        if wanted is not None and len(self.about) != wanted:
            raise ValueError(f"{self.kind} is of {'one column' if wanted else 'no column'}, not of {len(self.about)}")
        if repeated(self.about):
            raise ValueError("columns: two of them have one name, as SQL does not tell case apart")

    def _require_settings(self) -> None:
        needs = CHECK_KINDS[self.kind].needs
        given = [name for name in _OF_KINDS if getattr(self, name) not in (None, ())]
        if needs and not set(given) & set(needs):
            raise ValueError(f"{self.kind} needs {' or '.join(needs)}")
        if foreign := [name for name in given if name not in needs]:
            raise ValueError(f"{foreign[0]}: {self.kind} has no use for it")
        if self.kind == "query" and self.where is not None:
            raise ValueError("where: write the condition in query itself")

    @property
    def about(self) -> tuple[str, ...]:
        """The columns it is about."""
        return (self.column,) if self.column is not None else self.columns

    @property
    def label(self) -> str:
        """Its name, given or made from its kind and columns."""
        return self.name or "_".join([self.kind, *self.about])


# settings that belong to kinds
_OF_KINDS = tuple(dict.fromkeys(name for kind in CHECK_KINDS.values() for name in kind.needs))


def require_distinct_checks(checks: Iterable[Check]) -> None:
    """ValueError if two checks of one thing have one name."""
    seen: dict[str, Check] = {}
    for check in checks:
        first = seen.setdefault(check.label.lower(), check)
        if first is not check:
            raise ValueError(
                f"checks: two are named {check.label!r} ({first.defined_at}): give one a name='…' of its own"
            )


def unattached(found: Iterable[Definition]) -> list[DefinitionError]:
    """An error for each check that neither names what it is on, nor stands in a list of checks."""
    definitions = list(found)
    used = {id(check) for definition in definitions for check in getattr(definition, "checks", ())}
    return [
        DefinitionError(
            f"Check '{check.label}' is on nothing, so nobody would run it: write on=…, or put it into checks=[…] of a "
            "DataSource or FeatureView",
            where=check.defined_at,
        )
        for check in definitions
        if isinstance(check, Check) and check.on is None and id(check) not in used
    ]
