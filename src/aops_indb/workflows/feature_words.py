"""Features as the metadata tables hold them, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aops_indb.features.definitions.aggregation import feature_names
from aops_indb.features.types import LIFETIME

_LENGTH = re.compile(r"(?:(?P<day>\d+) days?(?:, )?)?(?:(?P<hour>\d+):(?P<minute>\d\d):(?P<second>\d\d))?")

OF_THE_VIEW = ("entities", "source", "filter")


def features_of(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every feature that a definition gives, with all settings that are its own or the view's."""
    shared = {name: definition[name] for name in OF_THE_VIEW if name in definition}
    of_fields = {**shared, "ttl": definition.get("ttl")}
    # an on-demand feature is its own only field
    fields = [*definition.get("schema", ()), *([definition] if "expr" in definition else ())]
    found = {field["name"]: {**of_fields, **field} for field in fields}
    for settings in definition.get("aggregations", ()):
        names = feature_names(**{key: settings[key] for key in _NAMING if key in settings})
        for name, window in zip(names, settings["windows"], strict=True):
            found[name] = {**shared, **settings, "name": name, "windows": window}
    return found


# Settings of an aggregation that name its features.
_NAMING = ("function", "windows", "column", "name")


def computed_as(settings: Mapping[str, Any]) -> str:
    """How a feature is computed, in words.

    >>> computed_as({"function": "mean", "column": "delay", "windows": "7d", "where": "landed", "offset": "1:00:00"})
    'mean of delay, trailing 7d, until 1 hour before, where landed'
    >>> computed_as({"function": "last_n", "column": "delay", "n": 3, "windows": "lifetime", "since": "landed"})
    'last_n of delay, n = 3, over all rows so far, since landed'
    >>> computed_as({"name": "seats", "source": "planes"}), computed_as({"name": "distance"})
    ('seats', 'given by the spine')
    """
    if "function" not in settings:
        return str(settings.get("expr", settings["name"] if "source" in settings else "given by the spine"))
    parts = [f"{settings['function']} of {settings.get('column', settings.get('expr', 'rows'))}"]
    parts += [f"{name} = {settings[name]}" for name in ("n", "q") if name in settings]
    parts += [f"half-life {length(settings['half_life'])}"] if "half_life" in settings else []
    lifetime = settings["windows"] == LIFETIME
    parts.append("over all rows so far" if lifetime else f"trailing {settings['windows']}")
    parts += [f"since {settings['since']}"] if "since" in settings else []
    parts += [f"until {length(settings['offset'])} before"] if "offset" in settings else []
    parts += [f"where {settings['where']}"] if "where" in settings else []
    return ", ".join(parts)


def length(text: str) -> str:
    """A length of time as definitions are noted, in words.

    >>> length("7 days, 0:00:00"), length("3:00:00"), length("1 day, 0:30:01")
    ('7 days', '3 hours', '1 day 30 minutes 1 second')
    """
    parts = _LENGTH.fullmatch(text)
    if parts is None:
        return text
    numbers = {unit: int(number) for unit, number in parts.groupdict(default="0").items()}
    return " ".join(f"{n} {unit}{'s' if n > 1 else ''}" for unit, n in numbers.items() if n)
