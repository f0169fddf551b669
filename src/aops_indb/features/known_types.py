"""The types that decide what a view's SQL is, asked for at once, so that the SQL can be compiled when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aops_indb.features.definitions import FeatureView
from aops_indb.sqlgen.statements import Query


@dataclass(frozen=True, slots=True)
class KnownTypes:
    """A warehouse's types of the values that some views reduce; what else is asked, the warehouse answers.

    values: view -> names of its features, and the types of their values
    typed:  view -> itself, over a history that was compiled with these types
    """

    ask: Callable[[Query], Mapping[str, str]]
    values: dict[str, tuple[list[str], Mapping[str, str]]] = field(default_factory=dict)
    typed: dict[str, FeatureView] = field(default_factory=dict)

    def __call__(self, query: Query) -> Mapping[str, str]:
        return self.ask(query)

    def of(self, view: FeatureView, features: Sequence[str]) -> Mapping[str, str] | None:
        """The types of the values of these features of a view; None if others were asked for."""
        names, types = self.values.get(view.reference_name, ([], {}))
        return types if names == list(features) else None
