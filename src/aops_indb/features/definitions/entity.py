"""What features are about."""

from __future__ import annotations

from collections.abc import Sequence
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

    def alias(self, name: str, *, join_keys: Sequence[str]) -> EntityAlias:
        """The same entity in another part, under other columns of the spine: `FeatureView.with_entity` takes it.

        >>> airport = Entity(name="airport", join_keys=["airport"])
        >>> airport.alias("origin", join_keys=["origin"]).spine_keys
        {'airport': 'origin'}
        """
        return EntityAlias(name=name, entity=self, join_keys=join_keys)


class EntityAlias(Definition):
    """An entity in a part that it plays in a spine: the airport a flight comes from.

    join_keys: the spine's columns, one for each join key of the entity, in its order
    """

    name: ObjectName
    entity: Entity
    join_keys: Listed[ColumnName]

    @model_validator(mode="after")
    def _check(self) -> Self:
        wanted = self.entity.join_keys
        if len(self.join_keys) != len(wanted) or repeated(self.join_keys):
            raise ValueError(
                f"join_keys: give a different column of the spine for each join key of entity '{self.entity.name}': "
                f"{', '.join(wanted)}"
            )
        return self

    @property
    def spine_keys(self) -> dict[str, str]:
        """join key of the entity -> column of the spine."""
        return dict(zip(self.entity.join_keys, self.join_keys, strict=True))
