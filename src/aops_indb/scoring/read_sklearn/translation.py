"""What translators are given: features, and the place they stand at in the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from aops_indb.errors import ModelError, UnsupportedModelError
from aops_indb.scoring.graph import (
    Constant,
    Guard,
    Input,
    Kind,
    Lookup,
    Named,
    Node,
    Value,
    kind_of_value,
    number,
)
from aops_indb.scoring.guards import LARGEST_ROUNDING_TO_FLOAT32, Limit
from aops_indb.scoring.ranges import LARGEST_DOUBLE
from aops_indb.scoring.read_sklearn.refused import REFUSED
from aops_indb.scoring.verify import kinds_of

Translator: TypeAlias = Callable[[Any, "Features", "Place"], "Features"]


@dataclass(frozen=True, slots=True)
class Features:
    """The columns that flow from step to step: a name and a node each.

    sparse: the library holds them as a sparse matrix here; some estimators then refuse what they take when dense
    single: the library holds them in single precision here
    """

    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    sparse: bool = False
    single: bool = False

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        return zip(self.names, self.nodes, strict=True)

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, indices: Iterable[int]) -> Features:
        """The features at the indices, in that order."""
        chosen = list(indices)
        return replace(self, names=tuple(self.names[i] for i in chosen), nodes=tuple(self.nodes[i] for i in chosen))


@dataclass(frozen=True, slots=True)
class StepSupport:
    """One step of a model, and why it has no SQL form if it has none."""

    path: str
    estimator: str
    problem: str | None = None


@dataclass(slots=True)
class Ledger:
    """What is collected over a whole model while its parts are read.

    table:   what a model says, its prediction; or of a transformer what it makes
    transforms: what those models make of features that both predict and transform
    inputs:  each column of the source, by name and kind, so that each is read once
    missing: nodes that make the library refuse a row where they are missing, with the reason
    limits:  those that do where they are infinite, or larger than something else
    """

    table: dict[str, Translator]
    transforms: dict[str, Translator]
    lenient: bool = False
    inputs: dict[tuple[str, Kind], Input] = field(default_factory=dict)
    kinds: dict[Node, Kind] = field(default_factory=dict)
    missing: dict[Node, str] = field(default_factory=dict)
    limits: dict[Node, Limit] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    steps: list[StepSupport] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the model a translator stands; `path` is for errors, `step` names the columns it makes."""

    ledger: Ledger
    path: tuple[str, ...]
    step: str

    def inside(self, owner: object, name: str) -> Place:
        """The place of a named part of `owner`."""
        return replace(self, path=(*self.path, f"{type(owner).__name__} step '{name}'"), step=name)

    def where(self, model: object) -> str:
        """The path to here, as errors show it."""
        return " > ".join(self.path) or type(model).__name__

    def unsupported(self, what: str, instead: str) -> UnsupportedModelError:
        """The error for something that has no SQL form: what it is, and what is known instead."""
        path = " > ".join(self.path)
        message = f"{what} has no SQL form; {instead}."
        return UnsupportedModelError(f"{path}: {message}" if path else message)

    # ── reading features ───────────────────────────────────────────────────────────────────────────────

    def column(self, name: str) -> Input:
        """A column of the source, of a kind yet to be decided by whoever reads it."""
        return self.ledger.inputs.setdefault((name, "any"), Input(name, "any"))

    def kind(self, node: Node) -> Kind:
        """The kind of a node."""
        kinds = self.ledger.kinds
        if node not in kinds:
            kinds.update(kinds_of([node], kinds))
        return kinds[node]

    def read(self, model: object, name: str, node: Node, kind: Kind) -> Node:
        """The node as a value of that kind; UnsupportedModelError if it is of another."""
        have = self.kind(node)
        if have == kind:
            return node
        if isinstance(node, Input) and have == "any":
            return self.ledger.inputs.setdefault((node.name, kind), Input(node.name, kind))
        if isinstance(node, Constant) and have == "any":
            return Constant(None, kind)
        if have == "boolean" and kind == "number":
            return Lookup(node, ((True, 1.0), (False, 0.0)), otherwise=None, missing=None)
        raise self.unsupported(
            f"{type(model).__name__} on feature '{name}', which is {have} and not {kind},", "encode it first"
        )

    def numbers(self, model: object, features: Features, *, exact: bool = True) -> list[Node]:
        """The features as numbers; exact: refuse those the library would compute with in single precision."""
        if exact and features.single:
            raise self.unsupported(
                f"{type(model).__name__} on features in single precision",
                "give the encoder before it dtype=float64",
            )
        return [self.read(model, name, node, "number") for name, node in features]

    # ── making features ────────────────────────────────────────────────────────────────────────────────

    def named(self, name: str, node: Node) -> Node:
        """The node as feature `name` of this step; columns and constants need no other name."""
        return node if isinstance(node, Input | Constant) else Named(self.step, name, node)

    def features(self, model: Any, before: Sequence[str], nodes: Sequence[Node], **flags: bool) -> Features:
        """The nodes as this step's output, under the names the model gives them."""
        names = names_out(model, before, len(nodes))
        named = tuple(self.named(name, node) for name, node in zip(names, nodes, strict=True))
        return Features(names, named, **flags)

    # ── what the library refuses ───────────────────────────────────────────────────────────────────────

    def refuse_missing(self, model: object, features: Features, nodes: Iterable[Node]) -> None:
        """Rows where one of the nodes is missing get no score."""
        for name, node in zip(features.names, nodes, strict=True):
            self.ledger.missing.setdefault(node, f"'{name}' is missing ({self.where(model)})")

    def refuse_infinite(
        self, model: object, features: Features, nodes: Iterable[Node], largest: float = LARGEST_DOUBLE
    ) -> None:
        """Rows where one of the nodes is infinite, or larger in size than `largest`, get no score.

        largest: what the library's own sums take, where they are larger than those of the graph; at least 1e100
        """
        for name, node in zip(features.names, nodes, strict=True):
            self._limit(node, Limit(name, self.where(model), largest))

    def refuse_too_large(self, model: object, features: Features, nodes: Iterable[Node]) -> None:
        """Rows where one of the nodes is infinite, or becomes so in single precision, get no score."""
        for name, node in zip(features.names, nodes, strict=True):
            self._limit(node, Limit(name, self.where(model), LARGEST_ROUNDING_TO_FLOAT32))

    def _limit(self, node: Node, limit: Limit) -> None:
        known = self.ledger.limits.get(node, limit)
        self.ledger.limits[node] = known if known.largest <= limit.largest else limit

    def refuse(self, condition: Node, reason: str) -> None:
        """Rows that meet the condition get no score."""
        self.ledger.guards.append(Guard(condition, (reason,)))

    # ── other models inside this one ───────────────────────────────────────────────────────────────────

    def transform(self, model: Any, features: Features) -> Features:
        """What the model makes of the features as a step before another."""
        return self.translate(model, features, self.ledger.transforms)

    def translate(
        self, model: Any, features: Features, table: Mapping[str, Translator] = MappingProxyType({})
    ) -> Features:
        """What the model says of the features, by its entry in `table`, or else in the table of translators."""
        check_fitted(model, self)
        composite = any(hasattr(model, parts) for parts in ("steps", "transformers", "transformer_list"))
        try:
            key = class_key(type(model))
            translator = table.get(key, self.ledger.table.get(key))
            if translator is None:
                raise unknown_class(model, self)
            result = translator(model, features, self)
            if not self.path and not len(result):
                raise self.unsupported(f"{type(model).__name__} that makes no columns", "fit it so that it makes one")
        except UnsupportedModelError as error:
            if composite or not self.ledger.lenient:
                raise
            self.ledger.steps.append(StepSupport(self.where(model), type(model).__name__, str(error)))
            predicts = not table and hasattr(model, "predict")
            return predictor_stand_in(model) if predicts else stand_in(model, features)
        if not composite:
            self.ledger.steps.append(StepSupport(self.where(model), type(model).__name__))
        return result


# ── reading models ─────────────────────────────────────────────────────────────────────────────────────


def class_key(cls: type) -> str:
    """A class by the name people import it under: `sklearn.linear_model.Ridge` for sklearn.linear_model._ridge.Ridge.

    >>> from fractions import Fraction
    >>> class_key(Fraction)
    'fractions.Fraction'
    """
    public = [part for part in cls.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public[:2], cls.__qualname__])


def check_fitted(model: object, place: Place) -> None:
    """ModelError unless the model is a fitted estimator."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not hasattr(model, "fit") and class_key(type(model)) in place.ledger.table:
        return  # a booster of a library's own interface is there only once it is trained
    if isinstance(model, type) or not hasattr(model, "fit"):
        given = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise ModelError(f"{place.where(model)}: expected a fitted scikit-learn estimator, got {given}.")
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ModelError(f"{place.where(model)}: this {type(model).__name__} is not fitted; call fit first.") from None


def unknown_class(model: object, place: Place) -> UnsupportedModelError:
    """The error for an estimator without an entry in the table."""
    import difflib

    refusal = REFUSED.get(class_key(type(model)))
    if refusal:
        return place.unsupported(f"{type(model).__name__}, which {refusal.why},", refusal.instead)
    known = {key.rsplit(".", 1)[-1] for key in place.ledger.table}
    close = difflib.get_close_matches(type(model).__name__, sorted(known), n=3, cutoff=0.6)
    hint = f"known are {', '.join(close)} and others" if close else "others have one"
    return place.unsupported(type(model).__name__, f"{hint}, see docs/models.md")


def stand_in(model: Any, features: Features) -> Features:
    """Features in the place of those a step without SQL form would make, so that later steps can be looked at."""
    names = names_out(model, features.names, getattr(model, "n_features", None))
    return Features(names, (number(0.0),) * len(names))


def predictor_stand_in(model: Any) -> Features:
    """Outputs in the place of those a predictor without SQL form would have."""
    classes = [plain(label) for label in getattr(model, "classes_", ())]
    if not classes:
        return Features(("prediction", "label"), (number(0.0), number(0.0)))
    outputs: dict[str, Node] = {"label": Constant(classes[0], kind_of_value(classes[0]))}
    outputs |= {f"probability_{c}": number(0.0) for c in classes if hasattr(model, "predict_proba")}
    if hasattr(model, "decision_function"):
        outputs |= {f"decision_{c}": number(0.0) for c in classes[:1] + classes[1:] * (len(classes) > 2)}
    return Features(tuple(outputs), tuple(outputs.values()))


def names_out(model: Any, before: Sequence[str], count: int | None) -> tuple[str, ...]:
    """The names a transformer gives its output."""
    import numpy as np

    try:
        names = tuple(str(name) for name in model.get_feature_names_out(np.asarray(before, dtype=object)))
    except (AttributeError, ValueError):
        names = ()
    if count is None:
        return names or tuple(before)
    if len(names) == count:
        return names
    return tuple(f"{type(model).__name__.lower()}{i}" for i in range(count))


def plain(value: Any) -> Value:
    """A NumPy scalar as the Python value it stands for; NaN, NaT and pandas.NA as None."""
    import numpy as np
    import pandas as pd

    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and math.isnan(value)):
        return None
    result = value.item() if isinstance(value, np.generic) else value
    if isinstance(result, bool | int | float | str):
        return result
    raise TypeError(f"{type(value).__name__} {value!r}")
