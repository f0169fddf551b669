"""Where an engine does not say what the library says, and why: tests that are expected to fail, and must.

There is no gap in which an engine says something else than the library: it is refused by name, or NULL.
"""

from __future__ import annotations

from dataclasses import dataclass

from aops_indb.errors import AopsError


class WithheldError(AssertionError):
    """Some outputs are missing where the library has one, and all others are the library's."""


# What a gap may be -> what the test of it raises.
KINDS: dict[str, type[Exception]] = {"refused": AopsError, "withheld": WithheldError}


@dataclass(frozen=True, slots=True)
class Gap:
    """One model in one engine: `refused` by name, or with outputs `withheld` in some rows; and the reason."""

    engine: str
    model: str
    kind: str
    reason: str


# In the row meant, a feature of 1.7e308 makes scores NaN, of which NumPy's argmax takes the first. Whether sums
# overflow to NaN depends on their order, which is not the library's, so there is no label. PostgreSQL raises an error.
NO_LABEL_OF_NAN = "the label is NULL where scores overflow to NaN"

GAPS: tuple[Gap, ...] = tuple(
    Gap(engine, model, "withheld", NO_LABEL_OF_NAN)
    for engine in ("duckdb", "sqlite", "spark", "clickhouse")
    for model in ("one-vs-one", "perceptron, no layer", "perceptron, sure")
)
