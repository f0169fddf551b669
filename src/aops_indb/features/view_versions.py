"""Versions of a feature view side by side: `view:feature` is of the newest, `view@v1:feature` of that one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.definitions import FeatureView

_VERSIONED = re.compile(r"(?P<name>.+)@v(?P<version>[0-9]{1,9})")


def apart(views: Iterable[FeatureView]) -> dict[str, FeatureView]:
    """Views by the name that is theirs alone: the newest by its own, a version before it as `<view>__v<N>`.

    DefinitionError if of several views of one name one has no version.
    """
    by_name: dict[str, list[FeatureView]] = {}
    for view in views:
        by_name.setdefault(view.name, []).append(view)
    found: dict[str, FeatureView] = {}
    for name, several in by_name.items():
        _require_versions(several)
        newest = max(several, key=lambda view: view.version or 0)
        for view in several:
            if view is newest:
                found[name] = view
            else:
                own = f"{name}__v{view.version}"
                found[own] = view.model_copy(update={"name": own, "version": None})
    return found


def _require_versions(several: list[FeatureView]) -> None:
    if len(several) > 1 and None in (view.version for view in several):
        raise DefinitionError(
            f"feature_view '{several[-1].name}' is defined twice: give each a version, e.g. version=1, version=2; the "
            f"first is at {several[0].defined_at}",
            where=several[-1].defined_at,
        )


def find_version(reference: str, views: Mapping[str, FeatureView]) -> FeatureView | None:
    """The view that `view@v1` means; None of a reference without a version; UnknownNameError if there is none.

    views: as `apart` names them
    """
    match = _VERSIONED.fullmatch(reference)
    if match is None:
        return None
    name, version = match["name"], int(match["version"])
    if name not in views:
        raise UnknownNameError("feature view", name, views)
    if views[name].version == version:
        return views[name]
    if (older := views.get(f"{name}__v{version}")) is not None:
        return older
    before = re.compile(rf"{re.escape(name)}__v([0-9]+)")
    known = [f"{name}@v{match[1]}" for key in views if (match := before.fullmatch(key))]
    raise UnknownNameError("version of a feature view", reference, [*known, views[name].reference_name])


def spelled(owner: str) -> str:
    """A view as columns spell it: without `@`.

    >>> spelled("delay@v2"), spelled("delay")
    ('delay__v2', 'delay')
    """
    match = _VERSIONED.fullmatch(owner)
    return f"{match['name']}__v{match['version']}" if match else owner
