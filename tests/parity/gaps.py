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


GAPS: tuple[Gap, ...] = ()
