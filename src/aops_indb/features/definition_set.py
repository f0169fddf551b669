"""All definitions of a project, by kind and name, checked against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.definitions import (
    AliasedView,
    Check,
    DataSource,
    Definition,
    Entity,
    FeatureService,
    FeatureView,
    OnDemandFeature,
    RequestSource,
    ViewHistory,
)
from aops_indb.features.model import Model
from aops_indb.features.view_history import require_no_circle
from aops_indb.features.view_versions import apart, find_version

D = TypeVar("D", bound=Definition)
H = TypeVar("H")

# kind as the registry and the command line name it -> class; order is that of dependence
KINDS: dict[str, type[Definition]] = {
    "entity": Entity,
    "data_source": DataSource,
    "request_source": RequestSource,
    "feature_view": FeatureView,
    "feature_view_alias": AliasedView,
    "on_demand_feature": OnDemandFeature,
    "feature_service": FeatureService,
    "model": Model,
    "check": Check,
}


@dataclass(frozen=True, slots=True)
class DefinitionSet:
    """Definitions by kind and name."""

    by_kind: dict[str, dict[str, Definition]] = field(default_factory=dict)
    # what was asked for by its class: a service of many features asks for each
    _typed: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> DefinitionSet:
        """Collect definitions and what they refer to; refuse two different ones of one name."""
        collected: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}
        for definition in definitions:
            _collect(collected, definition)
        views = [view for view in collected["feature_view"].values() if isinstance(view, FeatureView)]
        collected["feature_view"] = {**apart(views)}
        require_no_circle(apart(views))
        for kind, named in collected.items():
            _require_folded_names(kind, named)
        _require_distinct_references(collected)
        return cls(collected)

    def _of(self, kind: type[D]) -> dict[str, D]:
        name = next(k for k, c in KINDS.items() if c is kind)
        if name not in self._typed:
            self._typed[name] = {n: d for n, d in self.by_kind.get(name, {}).items() if isinstance(d, kind)}
        found: dict[str, D] = self._typed[name]
        return found

    @property
    def views(self) -> dict[str, FeatureView]:
        """Feature views by name; a version that is not the newest as `<view>__v<N>`."""
        return self._of(FeatureView)

    def view(self, owner: str) -> FeatureView:
        """The feature view that `view` or `view@v2` means; UnknownNameError with the closest."""
        return find_version(owner, self.views) or lookup("feature view", owner, self.views)

    @property
    def aliased_views(self) -> dict[str, AliasedView]:
        """Feature views for entities in another part, by name."""
        return self._of(AliasedView)

    @property
    def on_demand(self) -> dict[str, OnDemandFeature]:
        """On-demand features by name."""
        return self._of(OnDemandFeature)

    @property
    def requests(self) -> dict[str, RequestSource]:
        """Request sources by name."""
        return self._of(RequestSource)

    @property
    def sources(self) -> dict[str, DataSource]:
        """Data sources by name."""
        return self._of(DataSource)

    @property
    def checks(self) -> dict[str, Check]:
        """Checks that stand by themselves, by name."""
        return self._of(Check)

    @property
    def services(self) -> dict[str, FeatureService]:
        """Feature services by name."""
        return self._of(FeatureService)

    @property
    def models(self) -> dict[str, Model]:
        """Models by name."""
        return self._of(Model)

    def model(self, name: str) -> Model:
        """The model of that name; UnknownNameError with the closest."""
        return lookup("model", name, self.models)

    def references(self, features: FeatureService | Iterable[str]) -> tuple[str, ...]:
        """The references asked for; a service's name stands for its list."""
        if isinstance(features, FeatureService):
            return features.references
        found: list[str] = []
        for reference in [features] if isinstance(features, str) else features:
            service = self.services.get(reference)
            found.extend(service.references if service else [reference])
        return tuple(dict.fromkeys(found))


def lookup(kind: str, name: str, known: dict[str, H]) -> H:
    """The definition of that name; UnknownNameError with the closest if there is none."""
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(kind, name, known) from None


def _collect(collected: dict[str, dict[str, Definition]], definition: Definition) -> None:
    kind = next((k for k, c in KINDS.items() if type(definition) is c), None)
    # a check without `on` stands in the list of what it is on, and goes with it
    if kind is None or (isinstance(definition, Check) and definition.on is None):
        return
    for part in _parts(definition):
        _collect(collected, part)
    name = str(getattr(definition, "reference_name", None) or definition.name)  # type: ignore[attr-defined]
    existing = collected[kind].setdefault(name, definition)
    # == would compare the places where they were written, too
    if existing is not definition and existing.model_dump() != definition.model_dump():
        first = existing.defined_at or "elsewhere"
        raise DefinitionError(
            f"{kind} '{name}' is defined twice, and differently: first at {first}",
            where=definition.defined_at,
        )


def _require_folded_names(kind: str, named: Mapping[str, Definition]) -> None:
    """Refuse names that differ in case alone: in the warehouse one would replace the other."""
    folded: dict[str, str] = {}
    for name, definition in named.items():
        first = folded.setdefault(name.lower(), name)
        if first != name:
            raise DefinitionError(
                f"{kind} '{name}' and '{first}' differ in case alone, which SQL does not tell apart: rename one; "
                f"'{first}' is at {named[first].defined_at}",
                where=definition.defined_at,
            )


# two kinds that are referred to in one way, and that way
_REFERRED_TO_ALIKE = (
    ("request_source", "feature_view", "{name}:…"),
    ("feature_view_alias", "feature_view", "{name}:…"),
    ("feature_view_alias", "request_source", "{name}:…"),
    ("on_demand_feature", "feature_service", "{name}"),
)


def _require_distinct_references(collected: Mapping[str, Mapping[str, Definition]]) -> None:
    """Refuse names by which a reference could mean either of two definitions."""
    for kind, other, reference in _REFERRED_TO_ALIKE:
        taken = {name.lower(): definition for name, definition in collected[other].items()}
        for name, definition in collected[kind].items():
            if (first := taken.get(name.lower())) is not None:
                either = reference.format(name=name)
                raise DefinitionError(
                    f"'{name}' is the name of one {kind} and of one {other}: '{either}' could mean either; rename one; "
                    f"the {other} is at {first.defined_at}",
                    where=definition.defined_at,
                )


def _parts(definition: Definition) -> Iterable[Definition]:
    match definition:
        case AliasedView():
            return (definition.of,)
        case FeatureView(source=ViewHistory() as source):
            return (*definition.entities, source.of)
        case FeatureView():
            return (*definition.entities, definition.source)
        case FeatureService():
            return tuple(item for item in definition.features if isinstance(item, Definition))
        case Model():
            return (definition.service,)
        case Check():
            return (definition.on,) if definition.on is not None else ()
        case _:
            return ()
