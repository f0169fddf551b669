"""A tree as masks of its leaves, a bit each: one of each feature's bin, which says what is in its reach, and their AND.

For an engine that computes an operation for many rows at once: no branches, and an AND for each tree and feature.
DuckDB joins a table of masks on a small number by looking its rows up, and passes their columns on without copying
them, if it joins it to the rows and not the rows to it. To tell, it estimates how many rows come out, from how many
different bins there are, and takes of a computed bin as many as of the first column it is computed from. Which
therefore is one of a single value: see `_Joins`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.graph import CategorySplit, Forest, Split, Tree, tree_nodes
from aops_indb.scoring.layouts.bins import Grid, grid, of_code, searched
from aops_indb.scoring.layouts.leaf_masks import BITS, Place, Words, tree_masks
from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.layouts.sums import add_up
from aops_indb.scoring.parameters import Parameters, ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import (
    Expr,
    add,
    anonymous,
    balanced,
    bit_and,
    case,
    cast,
    col,
    eq,
    func,
    lit,
    ne,
    shift_right,
    sub,
)
from aops_indb.sqlgen.lists import element
from aops_indb.sqlgen.statements import select, subquery, with_alias

TREES_PER_STAGE = 20
# that tables of masks are joined for in one sub-select: each join passes on the columns of those before it
INPUTS_PER_STAGE = 5
# of a category, beyond which a table with a row for each is out of proportion
LARGEST_CODE = 10_000


def bit_vector(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given; nested_case where codes of categories are too large."""
    features = _features(forest)
    if features is None:
        return nested_case(forest, inputs, names, stages, parameters)
    edges = {index: feature.edges for index, feature in features.items()}
    words = Words()
    for tree in forest.trees:
        words.add(tree_masks(tree, edges))
    start = max((column.stage for column in inputs), default=-1)
    joins = _Joins(forest.step, stages, parameters)
    reach = _in_reach(words, _bins(features, inputs, joins, start), joins, start + 2)
    writer = _Writer(forest.step, words, reach, stages)
    coded = any(len(tree.outputs) > 1 for tree in forest.trees)
    done = max((column.stage for column in reach.values()), default=start)
    return add_up(forest, names, stages, writer.terms, after=done, delay=coded, per_stage=TREES_PER_STAGE)


@dataclass(frozen=True, slots=True)
class _Feature:
    """An input's edges between bins: its thresholds, or the codes of its categories; and the grid over thresholds."""

    edges: Sequence[float]
    cells: Grid | None = None
    of_codes: bool = False


def _features(forest: Forest) -> Mapping[int, _Feature] | None:
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
    found = {index: _Feature(range(largest + 1), of_codes=True) for index, largest in codes.items()}
    for index, values in thresholds.items():
        edges = sorted(values)
        found[index] = _Feature(edges, grid(edges))
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class _Joins:
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


def _bins(
    features: Mapping[int, _Feature], inputs: Sequence[Column], joins: _Joins, start: int
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


def _in_reach(words: Words, bins: Mapping[int, Column], joins: _Joins, after: int) -> dict[int, Column]:
    """Of each word the leaves that are in reach of all inputs; of a few inputs more in each stage."""
    by_input: dict[int, dict[str, Sequence[int]]] = {}
    for number, masks in enumerate(words.masks):
        for index, of_bins in masks.items():
            by_input.setdefault(index, {})[f"word_{number}"] = of_bins
    reach: dict[str, Column] = {}
    chosen = sorted(by_input)
    batches = [chosen[first : first + INPUTS_PER_STAGE] for first in range(0, len(chosen), INPUTS_PER_STAGE)]
    for stage, batch in enumerate(batches, after):
        found = {name: [column.ref()] for name, column in reach.items()}
        for index in batch:
            columns = by_input[index]
            rows = range(len(next(iter(columns.values()))))
            made = Parameters({"bin": "INT"} | dict.fromkeys(columns, "BIGINT"), {"bin": rows, **columns}, many=True)
            for name, mask in joins.put(f"{bins[index].name}__masks", made, bins[index], stage + 1).items():
                found.setdefault(name, []).append(mask)
        for name, parts in found.items():
            if name not in reach or len(parts) > 1:
                title = f"{joins.step}__{name}"
                reach[name] = joins.stages.place(joins.step, title, balanced(bit_and, parts), after=stage)
    return {number: reach[f"word_{number}"] for number in range(len(words.masks)) if f"word_{number}" in reach}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes trees of the leaves in reach, by words."""

    step: str
    words: Words
    reach: Mapping[int, Column]
    stages: Stages

    def terms(self, tree: Tree, number: int, stage: int) -> Sequence[Expr]:
        """What a tree adds to each of its outputs."""
        leaves = self.words.leaves[number - 1]
        if len(leaves) == 1:
            return [lit(value) for value in leaves[0].values]
        leaf = self._leaf(self.words.places[number - 1])
        if len(tree.outputs) > 1:
            leaf = self.stages.place(self.step, f"{self.step}__leaf_of_tree_{number}", leaf, after=stage).ref()
        values = zip(*(leaf.values for leaf in leaves), strict=True)
        return [element([lit(value) for value in each], leaf.copy()) for each in values]

    def _leaf(self, places: Sequence[Place]) -> Expr:
        """The number of the leaf in reach, from 1."""
        if len(places) == 1:
            # leaves of other trees in the word come later, and one of this tree's is in reach
            return _lowest(self._from(places[0]))
        parts = [bit_and(self._from(place), lit((1 << place.bits) - 1)) for place in places]
        # bits are counted in 8 bits, which hold no more than 127
        numbers = [add(cast(_lowest(part.copy()), "INT"), lit(k * BITS)) for k, part in enumerate(parts)]
        whens = [(ne(part, lit(0)), number) for part, number in zip(parts, numbers, strict=True)]
        return case(whens[:-1], numbers[-1])

    def _from(self, place: Place) -> Expr:
        """A word from a place on."""
        # a word that no input rules a leaf out of has all
        known = place.word in self.reach
        word = self.reach[place.word].ref() if known else cast(lit((1 << self.words.used[place.word]) - 1), "BIGINT")
        return shift_right(word, lit(place.shift)) if place.shift else word


def _lowest(word: Expr) -> Expr:
    """The position of the lowest bit that is set, from 1."""
    return func("BIT_COUNT", anonymous("XOR", word, sub(word.copy(), lit(1))))
