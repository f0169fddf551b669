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
from aops_indb.scoring.layouts.leaf_masks import ALL, BITS, TreeMasks, tree_masks
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
    sub,
)
from aops_indb.sqlgen.lists import element
from aops_indb.sqlgen.statements import select, subquery, with_alias

TREES_PER_STAGE = 20
# of a category, beyond which a table with a row for each is out of proportion
LARGEST_CODE = 10_000


def bit_vector(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given; nested_case where codes of categories are too large."""
    features = _features(forest)
    if features is None:
        return nested_case(forest, inputs, names, stages, parameters)
    trees = [tree_masks(tree, {index: feature.edges for index, feature in features.items()}) for tree in forest.trees]
    start = max((column.stage for column in inputs), default=-1)
    joins = _Joins(forest.step, stages, parameters)
    masks = _masks(trees, _bins(features, inputs, joins, start), joins)
    writer = _Writer(forest.step, trees, masks, stages, start + 2)
    coded = any(len(tree.outputs) > 1 for tree in forest.trees)
    return add_up(forest, names, stages, writer.terms, after=start + 3, delay=coded, per_stage=TREES_PER_STAGE)


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

    def zero(self, stage: int) -> Expr:
        """A column of a stage that is 0, and known to have a single value."""
        alias, name = self.stages.claim(f"{self.step}__constant"), self.stages.claim("zero")
        self.stages.put_beside(subquery(select({name: cast(lit(0), "INT")}), alias), stage=stage)
        return col(name, alias)

    def put(self, what: str, made: Parameters, number: Column) -> Mapping[str, Expr]:
        """Join a table to the stage after the column that has the number of a row's row; its columns but the first."""
        key, *others = made.types
        alias = self.stages.claim(f"{self.step}__{what}")
        relation = self.parameters.add(f"{self.step}__{what}", made)
        on = eq(number.ref(), col(key, alias))
        self.stages.look_up(with_alias(relation(), alias), on, stage=number.stage + 1, always=True)
        return {name: col(name, alias) for name in others}


def _bins(
    features: Mapping[int, _Feature], inputs: Sequence[Column], joins: _Joins, start: int
) -> Mapping[int, Column]:
    """Of each input the number of its bin, in the second stage after `start`."""
    if not features:
        return {}
    zero, bins = joins.zero(start + 1), {}
    for index, feature in features.items():
        x = inputs[index]
        if feature.cells is not None:
            number = add(zero.copy(), feature.cells.cell(x.ref()))
            cell = joins.stages.place(joins.step, f"{x.name}__cell", number, after=start)
            found = joins.put(f"{x.name}__cells", feature.cells.cells(len(feature.edges) + 1), cell)
            bin_ = feature.cells.bin(x.ref(), found)
        else:
            number = of_code(x.ref(), len(feature.edges)) if feature.of_codes else searched(x.ref(), feature.edges)
            bin_ = joins.stages.place(joins.step, f"{x.name}__number", add(zero.copy(), number), after=start).ref()
        bins[index] = joins.stages.place(joins.step, f"{x.name}__bin", bin_, after=start + 1)
    return bins


def _masks(trees: Sequence[TreeMasks], bins: Mapping[int, Column], joins: _Joins) -> Mapping[str, list[Expr]]:
    """Of each word of a tree the masks that inputs have for it, in tables that the stage after the bins joins."""
    words: dict[int, dict[str, Sequence[int]]] = {}
    for number, tree in enumerate(trees, 1):
        for index, masks in tree.masks.items():
            for k, word in enumerate(masks):
                if min(word) < ALL:
                    words.setdefault(index, {})[_word(number, k)] = word
    found: dict[str, list[Expr]] = {}
    for index, columns in words.items():
        rows = range(len(next(iter(columns.values()))))
        types = {"bin": "INT"} | dict.fromkeys(columns, "BIGINT")
        made = Parameters(types, {"bin": rows, **columns}, many=True)
        for name, mask in joins.put(f"{bins[index].name}__masks", made, bins[index]).items():
            found.setdefault(name, []).append(mask)
    return found


def _word(tree: int, k: int) -> str:
    """The name of a tree's word of masks."""
    return f"tree_{tree}_{k}"


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes trees of the masks of their words, which are columns of the stage after `after`."""

    step: str
    trees: Sequence[TreeMasks]
    masks: Mapping[str, list[Expr]]
    stages: Stages
    after: int

    def terms(self, tree: Tree, number: int, stage: int) -> Sequence[Expr]:
        """What a tree adds to each of its outputs."""
        leaves = self.trees[number - 1].leaves
        if len(leaves) == 1:
            return [lit(value) for value in leaves[0].values]
        leaf = _leaf([self._in_reach(number, k).ref() for k in range(self.trees[number - 1].words)])
        if len(tree.outputs) > 1:
            leaf = self.stages.place(self.step, f"{self.step}__leaf_of_tree_{number}", leaf, after=stage).ref()
        values = zip(*(leaf.values for leaf in leaves), strict=True)
        return [element([lit(value) for value in each], leaf.copy()) for each in values]

    def _in_reach(self, number: int, k: int) -> Column:
        """The leaves of a word that are in reach of all inputs."""
        masks = self.masks.get(_word(number, k), [])
        reach = balanced(bit_and, masks) if masks else cast(lit(ALL), "BIGINT")
        return self.stages.place(self.step, f"{self.step}__leaves_{k}_of_tree_{number}", reach, after=self.after)


def _leaf(words: Sequence[Expr]) -> Expr:
    """The number of the leaf in reach, from 1."""
    # bits are counted in 8 bits, which hold no more than 127
    numbers = [add(cast(_lowest(word), "INT"), lit(k * BITS)) if k else _lowest(word) for k, word in enumerate(words)]
    whens = [(ne(word.copy(), lit(0)), number) for word, number in zip(words, numbers, strict=True)]
    return case(whens[:-1], numbers[-1]) if len(whens) > 1 else numbers[0]


def _lowest(word: Expr) -> Expr:
    """The position of the lowest bit that is set, from 1."""
    return func("BIT_COUNT", anonymous("XOR", word, sub(word.copy(), lit(1))))
