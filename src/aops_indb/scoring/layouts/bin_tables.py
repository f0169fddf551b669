"""What the bins of inputs say of a row, out of tables with a row per bin, in words of bits.

DuckDB joins a table of masks on a small number by looking its rows up, and passes their columns on without copying
them, if it joins it to the rows and not the rows to it. To tell, it estimates how many rows come out, from how many
different bins there are, and takes of a computed bin as many as of the first column it is computed from. Which
therefore is one of a single value: see `Joins`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.graph import CategorySplit, Forest, Split, tree_nodes
from aops_indb.scoring.layouts.bins import Grid, grid, of_code, searched
from aops_indb.scoring.parameters import Parameters, ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, balanced, col, eq, lit
from aops_indb.sqlgen.statements import select, subquery, with_alias

# that tables of masks are joined for in one sub-select: each join passes on the columns of those before it
INPUTS_PER_STAGE = 5
# of a category, beyond which a table with a row for each is out of proportion
LARGEST_CODE = 10_000


@dataclass(frozen=True, slots=True)
class Feature:
    """An input's edges between bins: its thresholds, or the codes of its categories; and the grid over thresholds."""

    edges: Sequence[float]
    cells: Grid | None = None
    of_codes: bool = False


def features_of(forest: Forest) -> Mapping[int, Feature] | None:
    """The inputs that trees ask for, in order; None where codes are too large, or are thresholds as well."""
    thresholds: dict[int, set[float]] = {}
    codes: dict[int, int] = {}
    for tree in forest.trees:
        for node in tree_nodes(tree.root):
            if isinstance(node, Split):
                thresholds.setdefault(node.input, set()).add(node.threshold)
            elif isinstance(node, CategorySplit):
                codes[node.input] = max(codes.get(node.input, 0), *node.codes, 0)
    if codes.keys() & thresholds.keys() or max(codes.values(), default=0) > LARGEST_CODE:
        return None
    found = {index: Feature(range(largest + 1), of_codes=True) for index, largest in codes.items()}
    for index, values in thresholds.items():
        edges = sorted(values)
        found[index] = Feature(edges, grid(edges))
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Joins:
    """Tables of constants that stages join, of which each row has its row by a number."""

    step: str
    stages: Stages
    parameters: ParameterTables

    def constants(self, values: Mapping[str, Expr], stage: int) -> Mapping[str, Expr]:
        """Columns of a stage, each of which is known to have a single value."""
        alias = self.stages.claim(f"{self.step}__constants")
        self.stages.put_beside(subquery(select(values), alias), stage=stage)
        return {name: col(name, alias) for name in values}

    def put(self, what: str, made: Parameters, number: Column, stage: int) -> Mapping[str, Expr]:
        """Join a table to a stage, by a column that has the number of a row's row; its columns but the first."""
        key, *others = made.types
        alias = self.stages.claim(f"{self.step}__{what}")
        relation = self.parameters.add(f"{self.step}__{what}", made)
        on = eq(number.ref(), col(key, alias))
        self.stages.look_up(with_alias(relation(), alias), on, stage=stage, always=True)
        return {name: col(name, alias) for name in others}


def bins_of(
    features: Mapping[int, Feature], inputs: Sequence[Column], joins: Joins, start: int
) -> Mapping[int, Column]:
    """Of each input the number of its bin, in the second stage after `start`."""
    names = {index: joins.stages.claim(f"{inputs[index].name}__low") for index in features}
    cells = {index: feature.cells for index, feature in features.items()}
    low = {names[index]: lit(0) if grid_ is None else lit(-grid_.low) for index, grid_ in cells.items()}
    constants = joins.constants(low, start + 1) if low else {}
    bins = {}
    for index, feature in features.items():
        x, constant = inputs[index], constants[names[index]]
        if feature.cells is not None:
            number = feature.cells.cell(x.ref(), constant)
            cell = joins.stages.place(joins.step, f"{x.name}__cell", number, after=start)
            found = joins.put(f"{x.name}__cells", feature.cells.cells(), cell, start + 2)
            bin_ = feature.cells.bin(x.ref(), found, len(feature.edges) + 1)
        else:
            number = of_code(x.ref(), len(feature.edges)) if feature.of_codes else searched(x.ref(), feature.edges)
            bin_ = joins.stages.place(joins.step, f"{x.name}__number", add(constant, number), after=start).ref()
        bins[index] = joins.stages.place(joins.step, f"{x.name}__bin", bin_, after=start + 1)
    return bins


def combined(
    words: Sequence[Mapping[int, Sequence[int]]],
    how: Callable[[Expr, Expr], Expr],
    bins: Mapping[int, Column],
    joins: Joins,
    after: int,
) -> dict[int, Column]:
    """Of each word what its inputs' bins say, combined by an operation on bits; of a few inputs more in each stage.

    words: by input, of each of its bins; one that no input has anything to say of is left out
    """
    by_input: dict[int, dict[str, Sequence[int]]] = {}
    for number, masks in enumerate(words):
        for index, of_bins in masks.items():
            by_input.setdefault(index, {})[f"word_{number}"] = of_bins
    whole: dict[str, Column] = {}
    chosen = sorted(by_input)
    batches = [chosen[first : first + INPUTS_PER_STAGE] for first in range(0, len(chosen), INPUTS_PER_STAGE)]
    for stage, batch in enumerate(batches, after):
        found = {name: [column.ref()] for name, column in whole.items()}
        for index in batch:
            columns = by_input[index]
            rows = range(len(next(iter(columns.values()))))
            made = Parameters({"bin": "INT"} | dict.fromkeys(columns, "BIGINT"), {"bin": rows, **columns}, many=True)
            for name, mask in joins.put(f"{bins[index].name}__masks", made, bins[index], stage + 1).items():
                found.setdefault(name, []).append(mask)
        for name, parts in found.items():
            if name not in whole or len(parts) > 1:
                title = f"{joins.step}__{name}"
                whole[name] = joins.stages.place(joins.step, title, balanced(how, parts), after=stage)
    return {number: whole[f"word_{number}"] for number in range(len(words)) if f"word_{number}" in whole}
