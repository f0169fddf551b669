"""Named queries of one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from aops_indb.sqlgen.statements import Query


@dataclass(slots=True)
class Ctes:
    """Named queries of one statement, in the order they were added.

    Those of a view are named `<view>__<what>`: a name without `__` could hide a table that a source reads.
    """

    queries: dict[str, Query] = field(default_factory=dict)

    def add(self, name: str, query: Query) -> str:
        """Add a query; returns its name, with a number if another one has it."""
        numbered = (name if number == 1 else f"{name}_{number}" for number in count(1))
        free = next(wanted for wanted in numbered if wanted not in self.queries)
        self.queries[free] = query
        return free
