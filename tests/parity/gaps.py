"""Where an engine does not say what the library says, and why: tests that are expected to fail, and must."""

from __future__ import annotations

from dataclasses import dataclass

from aops_indb.errors import AopsError

# What a gap may be -> what the test of it raises.
KINDS: dict[str, type[Exception]] = {"refused": AopsError, "differs": AssertionError}


@dataclass(frozen=True, slots=True)
class Gap:
    """One model in one engine: `refused` by name, or one that `differs`, with the reason."""

    engine: str
    model: str
    kind: str
    reason: str


# In the row meant, a feature of 1.7e308 makes every score NaN, of which NumPy's argmax takes the first. Engines that
# put NaN above all numbers do the same.
NAN_IS_NULL = "scores that overflow to NaN are NULL, and the largest of those left, if any, decides the label"
NAN_DIFFERS = (
    "scores that overflow to NaN differ from themselves, and the largest of those left, if any, decides the label"
)

GAPS: tuple[Gap, ...] = tuple(
    Gap(engine, model, "differs", reason)
    for engine, reason in (("sqlite", NAN_IS_NULL), ("clickhouse", NAN_DIFFERS))
    for model in ("one-vs-one", "perceptron, no layer", "perceptron, sure")
)
