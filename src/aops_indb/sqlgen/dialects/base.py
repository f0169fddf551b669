"""The frozen description of a SQL dialect."""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot.dialects.dialect import NormalizationStrategy


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the builders and passes need to know about a dialect.

    name:               ours, as users type it
    sqlglot:            the dialect of sqlglot's that it is parsed and rendered by
    executed:           whether our tests run its SQL in a real engine; if not, they parse it back at most
    exponent_is_double: whether a bare `9.4e-1` is a DOUBLE (else constants are cast)
    asof_join:          whether ASOF joins exist, or a rewrite writes them
    table_macros:       whether table functions can be defined in plain SQL
    comments_inside:    whether comments are part of the statement that makes a view
    repeats_subqueries: whether the planner pulls sub-selects up and computes their expressions at every use
    raises_on_underflow: whether a product of numbers other than 0 that is rounded to 0 is an error
    spells_out_sort_keys: whether sort keys say what its settings could change
    binary_collation:   the collation by which texts are equal only if they are the same, where settings choose another
    forest_layout:      preferred entry of scoring.layouts.LAYOUTS
    lacks:              entries of sqlgen.passes.LACKING: what has no form in it, and is refused by name
    rewrites:           entries of sqlgen.rewrites.REWRITES: what is written in another way in it
    types:              types as build.cast knows them -> as the dialect writes them, where sqlglot would write another
    """

    name: str
    sqlglot: type[sqlglot.Dialect]
    executed: bool
    exponent_is_double: bool
    asof_join: bool
    table_macros: bool
    repeats_subqueries: bool
    raises_on_underflow: bool = False
    comments_inside: bool = False
    spells_out_sort_keys: bool = False
    binary_collation: str | None = None
    forest_layout: str = "nested_case"
    lacks: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()

    @property
    def tells_case_apart(self) -> bool:
        """Whether quoted names that differ in case alone are two."""
        return self.sqlglot.NORMALIZATION_STRATEGY is not NormalizationStrategy.CASE_INSENSITIVE
