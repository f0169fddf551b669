"""What features are about."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from aops_indb.features.definitions.base import Definition
from aops_indb.features.definitions.column_names import repeated
from aops_indb.features.setting_types import ColumnName, Listed, ObjectName


class Entity(Definition):
    """What features are about: a carrier, a route. Its join keys are columns of sources and spines.

    >>> Entity(name="route", join_keys=["origin", "dest"]).join_keys
    ('origin', 'dest')
    """

    name: ObjectName
    join_keys: Listed[ColumnName]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.join_keys or repeated(self.join_keys):
            raise ValueError("join_keys: give one or more different columns (SQL does not tell case apart)")
        return self
