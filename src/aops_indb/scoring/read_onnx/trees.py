"""TreeEnsembleRegressor, TreeEnsembleClassifier, and TreeEnsemble of ai.onnx.ml 5, as ONNX Runtime computes them.

Features are rounded to single precision, which is moved into the thresholds; leaves are added up in single precision,
tree after tree, as ONNX Runtime does for up to 80 trees. Of more it may add up parts in threads of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Case, Forest, Leaf, Node, Part, Split, Tree, TreeNode, apply, number
from aops_indb.scoring.read_boosting.shapes import assemble
from aops_indb.scoring.read_onnx.values import FALSE, At, OnnxValue, Rows, shaped
from aops_indb.scoring.read_sklearn.rounding import double_thresholds

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")


@dataclass(frozen=True, slots=True)
class Branches:
    """The splits of all trees, by number: a row for which `mode` holds goes to `yes`; members are of BRANCH_MEMBER."""

    features: Sequence[int]
    modes: Sequence[str]
    thresholds: Any
    missing_yes: Sequence[bool]
    members: Mapping[int, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees in one numbering of splits and leaves: children of each split, (target, weight)s of each leaf."""

    branches: Branches
    children: Mapping[int, tuple[int, int]]
    leaves: Mapping[int, Sequence[tuple[int, float]]]
    roots: Sequence[int]
    targets: int

    def leaves_of(self, root: int) -> list[int]:
        """The leaves of the tree below a root."""
        found, pending = [], [root]
        while pending:
            here = pending.pop()
            if here in self.children:
                pending.extend(self.children[here])
            else:
                found.append(here)
        return found

    def targets_of(self, root: int) -> tuple[int, ...]:
        """The targets a tree has weights for."""
        return tuple(sorted({target for leaf in self.leaves_of(root) for target, _ in self.leaves.get(leaf, ())}))

    def always(self, root: int) -> set[int]:
        """The targets that every leaf of a tree has a weight for."""
        weights = [{target for target, _ in self.leaves.get(leaf, ())} for leaf in self.leaves_of(root)]
        return set.intersection(*weights)

    def is_of_trees(self) -> bool:
        """Whether no split is below two others, or below itself."""
        below = [child for pair in self.children.values() for child in pair if child in self.children]
        return len(set(below)) == len(below) and not set(below) & set(self.roots)

    def scored(self) -> set[int]:
        """The targets that every row gets a weight for."""
        return set().union(*map(self.always, self.roots))


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────


def from_columns(at: At, columns: Mapping[str, Any], weights: str, targets: int) -> Ensemble:
    """An ensemble of ai.onnx.ml 1 to 3, from the attributes of its nodes; weights: the prefix of those of leaves."""
    import numpy as np

    trees, ids = columns["nodes_treeids"], columns["nodes_nodeids"]
    count = len(ids)
    at_id = {key: i for i, key in enumerate(zip(trees, ids, strict=True))}
    modes = [mode.decode() for mode in columns["nodes_modes"]]
    try:
        children = {
            i: (at_id[trees[i], columns["nodes_truenodeids"][i]], at_id[trees[i], columns["nodes_falsenodeids"][i]])
            for i in range(count)
            if modes[i] != "LEAF"
        }
        leaves: dict[int, list[tuple[int, float]]] = {}
        for tree, node, target, weight in zip(
            *(columns[f"{weights}_{name}"] for name in ("treeids", "nodeids", "ids", "weights")), strict=True
        ):
            leaves.setdefault(at_id[tree, node], []).append((int(target), float(weight)))
    except KeyError as error:
        raise at.unsupported(
            f"{at.op} that refers to node {error} of a tree, which it lacks,", "fix the model"
        ) from None
    missing = [bool(flag) for flag in columns["nodes_missing_value_tracks_true"]] or [False] * count
    first = dict(reversed([(tree, i) for i, tree in enumerate(trees)]))
    branches = Branches(columns["nodes_featureids"], modes, np.asarray(columns["nodes_values"]), missing, {})
    return Ensemble(branches, children, leaves, sorted(first.values()), targets)


def from_tensors(at: At, columns: Mapping[str, Any]) -> Ensemble:
    """An ensemble of ai.onnx.ml 5, whose leaves have numbers of their own."""
    count = len(columns["nodes_featureids"])

    def child(side: str, i: int) -> int:
        place = columns[f"nodes_{side}nodeids"][i]
        return int(place) + (count if columns[f"nodes_{side}leafs"][i] else 0)

    codes = [int(mode) for mode in columns["nodes_modes"]]
    if any(code >= len(MODES) for code in codes):
        raise at.unsupported(f"{at.op} with mode {max(codes)}", f"known are 0 to {len(MODES) - 1}")
    missing = [bool(flag) for flag in columns["nodes_missing_value_tracks_true"]] or [False] * count
    weights = zip(columns["leaf_targetids"], columns["leaf_weights"].tolist(), strict=True)
    leaves = {count + k: [(int(target), weight)] for k, (target, weight) in enumerate(weights)}
    modes = [MODES[code] for code in codes]
    members = _members([i for i, mode in enumerate(modes) if mode == "BRANCH_MEMBER"], columns["membership_values"])
    branches = Branches(columns["nodes_featureids"], modes, columns["nodes_splits"], missing, members)
    children = {i: (child("true", i), child("false", i)) for i in range(count)}
    return Ensemble(branches, children, leaves, list(columns["tree_roots"]), int(columns["n_targets"]))


def _members(nodes: Sequence[int], values: Any) -> dict[int, list[float]]:
    """The values of each set; NaN ends one."""
    import numpy as np

    sets: list[list[float]] = [[]]
    for value in [] if values is None else values.tolist():
        if np.isnan(value):
            sets.append([])
        else:
            sets[-1].append(value)
    return dict(zip(nodes, sets, strict=False))


# ── scoring ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What splits look at: the features, and a yes/no for each kind of split that is no threshold."""

    at: At
    rows: Rows
    nodes: list[Node]

    @property
    def single(self) -> bool:
        """Whether ONNX Runtime compares in single precision."""
        return self.rows.dtype != "float64"

    def moved(self, thresholds: Any) -> Any:
        """The thresholds for features that were not rounded."""
        return double_thresholds(thresholds) if self.single else thresholds

    def below(self, threshold: float) -> float:
        """The largest threshold for `<`."""
        import numpy as np

        one = np.float32 if self.single else np.float64
        return float(np.nextafter(one(threshold), one(-np.inf)))

    def is_one_of(self, feature: int, values: Sequence[float]) -> int:
        """The number of an input that is 1 where the feature is one of the values, else 0."""
        node = self.nodes[feature]
        found = [
            apply(
                "and",
                apply("greater", node, number(float(self.moved(self.below(value))))),
                apply("less_equal", node, number(float(self.moved(value)))),
            )
            if self.single
            else apply("equal", node, number(value))
            for value in values
        ]
        condition: Node = apply("or", *found) if found else FALSE
        self.nodes.append(self.at.title("one_of", Case(((condition, number(1.0)),), number(0.0))))
        return len(self.nodes) - 1


def sums(at: At, x: OnnxValue, ensemble: Ensemble, aggregate: str = "SUM") -> list[Node]:
    """Per target what its trees add up to, or the least or largest of them; before anything is added to it."""
    rows = at.rows(x)
    width = rows.shape[0] if rows.rank == 2 else 0
    if not ensemble.is_of_trees():
        raise at.unsupported(f"{at.op} whose splits make no trees", "fix the model")
    features = [ensemble.branches.features[i] for i in ensemble.children]
    if rows.rank != 2 or any(not 0 <= feature < width for feature in features):
        raise at.unsupported(
            f"{at.op} on rows of shape {rows.shape}", "give it (rows, features), as many as it asks for"
        )
    inputs = _Inputs(at, rows, [at.unrounded(node) for node in rows.nodes])
    roots = _roots(at, ensemble, inputs)
    if aggregate in ("MIN", "MAX"):
        return _extremes(at, ensemble, roots, inputs, "minimum" if aggregate == "MIN" else "maximum")
    trees = tuple(
        Tree(made, targets)
        for root, made in zip(ensemble.roots, roots, strict=True)
        if (targets := ensemble.targets_of(root))
    )
    forest = Forest(at.place.step, tuple(inputs.nodes), trees, (0.0,) * ensemble.targets, single=inputs.single)
    return [Part(forest, target) for target in range(ensemble.targets)]


def _extremes(at: At, ensemble: Ensemble, roots: Sequence[TreeNode], inputs: _Inputs, op: str) -> list[Node]:
    parts: list[list[Node]] = [[] for _ in range(ensemble.targets)]
    for root, made in zip(ensemble.roots, roots, strict=True):
        targets = ensemble.targets_of(root)
        if set(targets) != ensemble.always(root):
            raise at.unsupported(f"{at.op} of least or largest with leaves without weight", "give every leaf one")
        forest = Forest(
            at.place.step, tuple(inputs.nodes), (Tree(made, tuple(range(len(targets)))),), (0.0,) * len(targets)
        )
        for k, target in enumerate(targets):
            parts[target].append(Part(forest, k))
    return [apply(op, *part) if part else number(0.0) for part in parts]


def _roots(at: At, ensemble: Ensemble, inputs: _Inputs) -> list[TreeNode]:
    import numpy as np

    branches = ensemble.branches
    plain = [t for t, mode in zip(branches.thresholds.tolist(), branches.modes, strict=True) if mode != "BRANCH_MEMBER"]
    if np.isnan(plain).any():
        raise at.unsupported(f"{at.op} with NaN for a threshold", "use nodes_missing_value_tracks_true")
    limits = np.array([
        inputs.below(t) if mode in ("BRANCH_LT", "BRANCH_GTE") else float(t)
        for t, mode in zip(branches.thresholds.tolist(), branches.modes, strict=True)
    ])  # fmt: skip
    thresholds = inputs.moved(np.nan_to_num(limits, nan=0.0, posinf=np.inf, neginf=-np.inf)).tolist()

    def split(i: int, yes: TreeNode, no: TreeNode) -> TreeNode:
        feature, mode, missing = branches.features[i], branches.modes[i], branches.missing_yes[i]
        if mode in ("BRANCH_LEQ", "BRANCH_LT"):
            return Split(feature, thresholds[i], missing, yes, no)
        if mode in ("BRANCH_GTE", "BRANCH_GT"):
            return Split(feature, thresholds[i], not missing, no, yes)
        return _of_set(i, yes, no)

    def _of_set(i: int, yes: TreeNode, no: TreeNode) -> TreeNode:
        feature, mode, missing = branches.features[i], branches.modes[i], branches.missing_yes[i]
        values = branches.members[i] if mode == "BRANCH_MEMBER" else [float(branches.thresholds[i])]
        found = inputs.is_one_of(feature, values)
        # NaN is not equal to anything
        inside, outside = (no, yes) if mode == "BRANCH_NEQ" else (yes, no)
        if not missing or mode == "BRANCH_NEQ":
            return Split(found, 0.5, True, outside, inside)
        present = len(inputs.nodes)
        inputs.nodes.append(Case(((apply("is_missing", inputs.nodes[feature]), number(1.0)),), inputs.nodes[found]))
        return Split(present, 0.5, True, outside, inside)

    def leaf(targets: Sequence[int]) -> Any:
        def make(i: int) -> TreeNode:
            values = dict.fromkeys(targets, 0.0)
            for target, weight in ensemble.leaves.get(i, ()):
                values[target] += weight
            return Leaf(tuple(values[target] for target in targets))

        return make

    return [assemble(root, ensemble.children.get, split, leaf(ensemble.targets_of(root))) for root in ensemble.roots]


# ── operators ──────────────────────────────────────────────────────────────────────────────────────────


def finished(
    at: At, ensemble: Ensemble, parts: Sequence[Node], aggregate: str, base: Sequence[float], dtype: str
) -> list[Node]:
    """The sums, divided by the number of trees if asked for, with the base values added."""
    if aggregate == "AVERAGE":
        count = number(len(ensemble.roots))
        parts = [at.rounded(apply("divide", part, count), dtype) for part in parts]
    if not base:
        return list(parts)
    if len(base) != len(parts):
        raise at.unsupported(f"{at.op} with {len(base)} base_values for {len(parts)} targets", "give one for each")
    return [at.rounded(apply("add", part, number(shift)), dtype) for part, shift in zip(parts, base, strict=True)]


# Attributes of ai.onnx.ml 1 to 3 that are columns of a table; of 3 also as tensors, under the name with _as_tensor.
COLUMNS = (
    "nodes_falsenodeids", "nodes_featureids", "nodes_hitrates", "nodes_missing_value_tracks_true", "nodes_modes",
    "nodes_nodeids", "nodes_treeids", "nodes_truenodeids", "nodes_values", "base_values",
)  # fmt: skip
_LEAVES = ("ids", "nodeids", "treeids", "weights")
_AS_TENSORS = ("nodes_hitrates", "nodes_values", "base_values", "target_weights", "class_weights")


def column_names(prefix: str) -> tuple[str, ...]:
    """The names of all attributes that are columns; prefix: of those of the leaves."""
    names = (*COLUMNS, *(f"{prefix}_{name}" for name in _LEAVES))
    return (*names, *(f"{name}_as_tensor" for name in _AS_TENSORS if name in names))


def columns_of(given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The columns, empty where they are not given."""
    names = (*COLUMNS, *(f"{prefix}_{name}" for name in _LEAVES))
    found = {name: given.get(f"{name}_as_tensor", given.get(name, ())) for name in names}
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in found.items()}


def score_type(rows: Rows) -> str:
    """The type in which ONNX Runtime adds leaves up."""
    return "float64" if rows.dtype == "float64" else "float32"


def regressor(
    at: At, x: OnnxValue, *, n_targets: int = 1, aggregate_function: bytes = b"SUM", post_transform: bytes = b"NONE",
    **given: Any,
) -> Rows:  # fmt: skip
    """TreeEnsembleRegressor."""
    aggregate = aggregate_function.decode()
    if post_transform != b"NONE":
        raise at.setting("post_transform", post_transform.decode(), "'NONE'")
    if aggregate not in AGGREGATES:
        raise at.setting("aggregate_function", aggregate, ", ".join(AGGREGATES))
    columns = columns_of(given, "target")
    ensemble = from_columns(at, columns, "target", n_targets)
    return _targets(at, at.rows(x), ensemble, aggregate, columns["base_values"])


def _targets(at: At, rows: Rows, ensemble: Ensemble, aggregate: str, base: Sequence[float]) -> Rows:
    dtype = score_type(rows)
    made = finished(at, ensemble, sums(at, rows, ensemble, aggregate), aggregate, base, dtype)
    if base and ensemble.targets > 1:
        made = _where_reached(at, ensemble, made)
    if dtype == "float64":
        made = [at.rounded(node, "float32") for node in made]
    return Rows("float32", shaped(made, (ensemble.targets,)))


def _where_reached(at: At, ensemble: Ensemble, scores: Sequence[Node]) -> list[Node]:
    """Of several targets ONNX Runtime adds the base value to those that the row's leaves have a weight for."""
    always = ensemble.scored()
    reached = {target for root in ensemble.roots for target in ensemble.targets_of(root)}
    if reached != always:
        raise at.unsupported(
            f"{at.op} with base_values and targets that only some leaves have a weight for", "give every leaf one"
        )
    return [score if target in always else number(0.0) for target, score in enumerate(scores)]


def ensemble_5(
    at: At, x: OnnxValue,
    *, aggregate_function: int = 1, post_transform: int = 0, n_targets: int, tree_roots: Sequence[int],
    nodes_featureids: Sequence[int], nodes_modes: Any, nodes_splits: Any, nodes_truenodeids: Sequence[int],
    nodes_trueleafs: Sequence[int], nodes_falsenodeids: Sequence[int], nodes_falseleafs: Sequence[int],
    leaf_targetids: Sequence[int], leaf_weights: Any, membership_values: Any = None, nodes_hitrates: Any = None,
    nodes_missing_value_tracks_true: Sequence[int] = (),
) -> Rows:  # fmt: skip
    """TreeEnsemble of ai.onnx.ml 5; its scores have the type of its input."""
    columns = {k: v for k, v in locals().items() if k not in ("at", "x")}
    if post_transform:
        raise at.setting("post_transform", post_transform, "0")
    if not 0 <= aggregate_function < len(AGGREGATES):
        raise at.setting("aggregate_function", aggregate_function, "0 to 3")
    ensemble, rows = from_tensors(at, columns), at.rows(x)
    aggregate, dtype = AGGREGATES[aggregate_function], score_type(rows)
    made = finished(at, ensemble, sums(at, rows, ensemble, aggregate), aggregate, (), dtype)
    return Rows(dtype, shaped(made, (ensemble.targets,)))
