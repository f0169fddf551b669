"""The frozen description of a SQL dialect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the builders and passes need to know about a dialect.

    name:               ours, as users type it
    sqlglot:            the name sqlglot renders it under
    exponent_is_double: whether a bare `9.4e-1` is a DOUBLE (else constants are cast)
    asof_join:          whether ASOF joins exist
    table_macros:       whether table functions can be defined in plain SQL
    repeats_subqueries: whether the planner pulls sub-selects up and computes their expressions at every use
    forest_layout:      preferred entry of scoring.layouts.LAYOUTS
    """

    name: str
    sqlglot: str
    exponent_is_double: bool
    asof_join: bool
    table_macros: bool
    repeats_subqueries: bool
    forest_layout: str = "nested_case"
