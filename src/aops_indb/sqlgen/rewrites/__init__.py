"""What dialects write in another way: REWRITES, by the names their `rewrites` give.

A rewrite takes a node of some types and returns it, changed, or another in its place; what is below the node was
rewritten before. One of no type takes the whole tree, before all others. To add one: a function in a file beside this,
and a line in FORMS, or in CONSTANTS, which come last, since the others make constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sqlglot import exp

from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.rewrites import (
    arrays,
    asof,
    casts,
    conditions,
    constants,
    conversions,
    digests,
    firsts,
    frames,
    functions,
    list_functions,
    moments,
    relations,
    routines,
    single,
    structs,
    texts,
    triggers,
)
from aops_indb.sqlgen.statements import ours

Rewrite: TypeAlias = tuple[tuple[type[Expr], ...], Callable[[Any], Expr]]

_BITS = (exp.BitwiseAnd, exp.BitwiseLeftShift)

FORMS: dict[str, Rewrite] = {
    "single_by_arithmetic": ((), single.single_by_arithmetic),
    "single_sums_cast": ((), single.single_sums_cast),
    "laterals_as_spark_arrays": ((), arrays.laterals_as(arrays.SPARK)),
    "laterals_as_clickhouse_arrays": ((), arrays.laterals_as(arrays.CLICKHOUSE)),
    "conditions_as_numbers": ((), conditions.conditions_as_numbers),
    "ctes_of_names_of_their_own": ((), relations.ctes_of_names_of_their_own),
    "frames_as_joins": ((), frames.frames_as_joins(structs=True)),
    "frames_of_values_as_joins": ((), frames.frames_as_joins(structs=False)),
    "structs_as_columns": ((), structs.structs_as_columns),
    "texts_in_order_of_bits": ((), texts.texts_in_order_of_bits),
    "macros_as_functions": ((), routines.macros_as_functions),
    "triggers_by_function": ((), triggers.triggers_by_function),
    "lists_of_json": ((exp.Explode,), triggers.lists_of_json),
    "rounded_in_spark": ((exp.Cast,), conversions.rounded_in_spark),
    "told_in_postgres": ((exp.Cast,), conversions.told_in_postgres),
    "asof_by_arrays": ((), asof.asof_by_arrays),
    "asof_by_windows": ((), asof.asof_by_windows),
    "firsts_by_distinct_on": ((exp.Select,), firsts.firsts_by_distinct_on),
    "qualify_as_where": ((exp.Select,), firsts.qualify_as_where),
    "hours_of_the_clock": ((exp.Interval,), moments.hours_of_the_clock),
    "frames_by_microseconds": ((exp.Window,), moments.frames_by_microseconds),
    "utc_by_microseconds": ((exp.Anonymous,), moments.utc_by_microseconds),
    "microseconds_by_extract": ((exp.Anonymous,), moments.microseconds_by_extract),
    "microseconds_by_type": ((exp.Anonymous,), moments.microseconds_by_type),
    "numbers_as_read": ((exp.Window,), moments.numbers_as_read),
    "errors_by_function": ((exp.Anonymous,), moments.errors_by_function),
    "hashes_of_bytes": ((exp.Anonymous,), digests.hashes_of_bytes),
    "errors_by_cast": ((exp.Anonymous,), moments.errors_by_cast),
    "ranked_in_postgres": ((exp.Filter, exp.Mode, exp.ApproxDistinct), list_functions.ranked_in_postgres),
    "quantiles_in_postgres": ((exp.Filter, exp.PercentileCont), list_functions.quantiles_in_postgres),
    "lists_in_spark": ((exp.Filter, exp.ArrayAgg, exp.Max), list_functions.lists_in_spark),
    "mode_in_spark": ((exp.Mode,), list_functions.mode_in_spark),
    "quantiles_in_spark": ((exp.Filter, exp.PercentileCont), list_functions.quantiles_in_spark),
    "elements_in_spark": ((exp.Bracket, exp.Length, exp.ArraySort), list_functions.elements_in_spark),
    "list_sums_in_spark": ((exp.Anonymous,), list_functions.list_sums_in_spark),
    "sums_of_sorted_arrays": ((exp.Sum, exp.Filter), moments.sums_of_sorted_arrays),
    "nan_as_null": ((exp.Nullif,), constants.nan_as_null),
    "nan_by_function": ((exp.Nullif,), constants.nan_by_function),
    "checked_casts": ((exp.Cast,), casts.checked),
    "checked_text": ((exp.Cast,), casts.checked_text),
    "casts_or_errors": ((exp.Cast,), casts.or_error),
    "utf8_by_bits": ((exp.Cast,), casts.by_bits("utf8mb4_0900_bin")),
    "utf16_by_bits": ((exp.Cast,), casts.by_bits("Latin1_General_100_BIN2")),
    "text_to_its_end": ((exp.EQ, exp.In), casts.text_to_its_end),
    "largest_by_max": ((exp.Greatest, exp.Least), functions.largest_by_max),
    "largest_of_known": ((exp.Greatest, exp.Least), functions.largest_of_known),
    "elements_as_cases": ((exp.Bracket,), functions.elements_as_cases),
    "elements_by_function": ((exp.Bracket,), functions.element_by_function),
    "floor_of_any_size": ((exp.Floor,), functions.floor_of_any_size),
    "bits_by_function": (_BITS, functions.bits_by("BITAND", "SHIFTLEFT")),
    "bits_in_camel_case": (_BITS, functions.bits_by("bitAnd", "bitShiftLeft")),
    "numbers_one_by_one": ((exp.In,), functions.numbers_one_by_one),
    "unasked_ctes": ((exp.CTE,), relations.unasked_ctes),
    "named_values": ((exp.Values,), relations.named_values),
    "values_by_function": ((exp.Values,), relations.values_by_function),
    "joins_by_value": ((exp.Join,), relations.joins_by_value),
    "qualified_columns": ((exp.Select,), relations.qualified_columns),
    "unmerged_stages": ((exp.Select,), relations.unmerged_stages),
    "laterals_as_scalars": ((exp.Select,), relations.laterals_as_scalars),
    "stages_as_ctes": ((exp.Select,), relations.stages_as_ctes),
}

CONSTANTS: dict[str, Rewrite] = {
    "infinity_as_overflow": ((exp.Cast,), constants.infinity_as_overflow),
    "infinity_as_null": ((exp.Cast,), constants.infinity_as_null),
    "infinity_in_full": ((exp.Cast,), constants.infinity_in_full),
    "doubles_as_quotients": ((exp.Literal, exp.GT), constants.doubles_as_quotients),
    "doubles_as_text": ((exp.Literal,), constants.doubles_as_text),
}

REWRITES: dict[str, Rewrite] = FORMS | CONSTANTS


def rewritten(tree: Expr, names: Iterable[str]) -> Expr:
    """The tree, changed in place, with those rewrites made in it; queries as their writers wrote them stay."""
    wanted = list(names)
    for table in (FORMS, CONSTANTS):
        tree = _walked(tree, {name: table[name] for name in wanted if name in table})
    return tree


def _walked(tree: Expr, rewrites: Mapping[str, Rewrite]) -> Expr:
    by_type: dict[type, list[Callable[[Any], Expr]]] = {}
    for types, function in rewrites.values():
        if not types:
            tree = function(tree)
        for kind in types:
            by_type.setdefault(kind, []).append(function)
    for node in reversed(list(ours(tree))) if by_type else ():
        for function in by_type.get(type(node), ()):
            made = function(node)
            if made is not node:
                tree = made if node is tree else tree
                node.replace(made)
                break
    return tree
