"""Which algorithm a view's windows get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.errors import AopsError, UnknownNameError
from aops_indb.features.definitions import FeatureView
from aops_indb.features.float_sums import FLOATS, PARTS, of_floats
from aops_indb.features.window_algorithms.costs import Statistics, Work, cost, tile_bits
from aops_indb.features.windows import (
    LIST,
    WindowFeature,
    sums_of_any_type,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An algorithm for some features of a view, and why it is that one.

    bits:    of its tiles, if it has such
    seconds: of CPU that are expected; None if nothing is known of the source
    """

    algorithm: str
    because: str
    bits: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class WindowChoice:
    """What was chosen for which features of which view."""

    view: str
    features: tuple[str, ...]
    choice: Choice


# Decides for features of a view; the mapping says of which type their values are.
Choose: TypeAlias = Callable[[FeatureView, Sequence[WindowFeature], Mapping[str, str]], Choice]

# What is known of a view's source; None if nobody can be asked.
StatisticsOf: TypeAlias = Callable[[FeatureView], Statistics | None]

# Partial results that can be put together.
_MERGED = {"SUM", "COUNT", "MIN", "MAX"}


def choose_algorithm(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> str:
    """The algorithm for a source of which nothing is known, a name in ALGORITHMS; types: of the features' values."""
    return exact_algorithms(view, features, types)[0]


def exact_algorithms(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> tuple[str, ...]:
    """The algorithms that are exact for these features; first that for a source of which nothing is known."""
    if view.source.created_timestamp_column is not None or any(map(needs_range_join, features)):
        return ("range_join",)
    aggregates = set().union(*(feature.aggregates for feature in features))
    exact = all(_sums_exactly(types.get(f.value, "")) for f in sums_of_any_type(features))
    bounded = all(feature.reach is not None for feature in features)
    tiles = ("tiles",) if exact and bounded and aggregates <= _MERGED else ()
    if exact and aggregates <= {"SUM", "COUNT"}:
        return ("prefix_sums", "tile_sums", "range_join", "timeline", *tiles)
    return ("timeline", "range_join", *tiles)


def chooser(statistics_of: StatisticsOf | None = None, *, algorithm: str | None = None) -> Choose:
    """How to choose: by what is known of the source, or always one algorithm where it is exact.

    Raises AopsError where the one asked for is not exact for any features of a view.
    """

    def choose(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> Choice:
        exact = exact_algorithms(view, features, types)
        known = statistics_of(view) if statistics_of and len(exact) > 1 else None
        if algorithm is not None:
            if algorithm not in exact:
                raise AopsError(
                    f"feature view '{view.name}': {', '.join(f.name for f in features)} cannot be computed by "
                    f"'{algorithm}': name one of {', '.join(exact)}, or leave the algorithm out"
                )
            return Choice(algorithm, "asked for", tile_bits(algorithm, features, known))
        if len(exact) == 1:
            return Choice(exact[0], "the only one that is exact for these")
        if known is None:
            return Choice(exact[0], "nothing is known of the source")
        return _least(exact, features, types, known)

    return choose


def noted(choose: Choose, made: list[WindowChoice] | None) -> Choose:
    """The same choice, written down in a list."""

    def choose_and_note(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> Choice:
        choice = choose(view, features, types)
        if made is not None:
            made.append(WindowChoice(view.name, tuple(feature.name for feature in features), choice))
        return choice

    return choose_and_note


def require_algorithm(name: str, known: Sequence[str]) -> None:
    """UnknownNameError for a name that is no algorithm's."""
    if name not in known:
        raise UnknownNameError("window algorithm", name, known)


def _least(
    exact: Sequence[str], features: Sequence[WindowFeature], types: Mapping[str, str], known: Statistics
) -> Choice:
    """The algorithm that is expected to take the least time."""
    columns = {(f.value, a): PARTS if a == "SUM" and of_floats(f, types) else 1 for f in features for a in f.aggregates}
    work = Work(known, features, sum(columns.values()))
    seconds = {name: cost(name, work) for name in exact}
    best = min(seconds, key=lambda name: seconds[name])
    weighed = ", ".join(f"{name} {seconds[name]:.3g} s" for name in sorted(seconds, key=lambda name: seconds[name]))
    because = (
        f"{weighed}; about {known.rows:.2g} rows, {known.of_key:.2g} of a key, in {known.span.days} days, "
        f"{known.points:.2g} points"
    )
    return Choice(best, because, tile_bits(best, features, known), seconds[best])


def needs_range_join(feature: WindowFeature) -> bool:
    """Whether the others cannot compute a feature, or only by going through the whole of each frame."""
    return feature.opened is not None or bool(feature.aggregates & {LIST, "MODE"})


def _sums_exactly(sql_type: str) -> bool:
    exact = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    return sql_type in (*exact, *FLOATS) or sql_type.startswith("DECIMAL")
