"""What a model inside another says: its outputs picked by their names, and sums of several in the library's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Constant, Lookup, Named, Node, apply, kind_of_value, number
from aops_indb.scoring.read_sklearn.links import classes_of
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain

# a sum of more terms is written in several stages: engines limit how deep an expression may nest
TERMS_PER_STAGE = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """The outputs of a model; what it has not is empty. classes: its labels, as they were when it was fitted."""

    model: Any
    place: Place
    outputs: Mapping[str, Node]

    @property
    def label(self) -> Node:
        """The label, of a classifier."""
        return self._need(self._starting("label"), "predict")[0]

    @property
    def probabilities(self) -> Sequence[Node]:
        """The probabilities, in the order of the model's classes."""
        return self._need(self._starting("probability_"), "predict_proba")

    @property
    def decisions(self) -> Sequence[Node]:
        """The decision, or one for each class or pair of classes."""
        return self._need(self._starting("decision"), "decision_function")

    @property
    def predictions(self) -> Sequence[Node]:
        """The predictions, of a regressor."""
        return self._need(self._starting("prediction"), "predict")

    @property
    def classes(self) -> list[Any]:
        """The labels as Python values."""
        return classes_of(self.model, self.place)

    @property
    def scores(self) -> tuple[Sequence[Node], Sequence[Node]]:
        """The probabilities and the decisions, as far as the model has them."""
        return self._starting("probability_"), self._starting("decision")

    def by(self, method: str) -> Sequence[Node]:
        """The outputs that stand for a method of the library; labels as numbers."""
        if method == "predict":
            return [self.label_number()] if self._starting("label") else self.predictions
        return self.probabilities if method == "predict_proba" else self.decisions

    def label_number(self) -> Node:
        """The label as the number it is; UnsupportedModelError if it is text."""
        label, labels = self.label, self.classes
        if self.place.kind(label) == "number":
            return label
        if isinstance(labels[0], str):
            raise self.place.unsupported(
                f"{type(self.model).__name__} with text for labels where numbers are needed", "use numbers for labels"
            )
        return Lookup(label, tuple((value, float(value)) for value in labels), otherwise=None, missing=None)

    def _starting(self, prefix: str) -> Sequence[Node]:
        return [node for name, node in self.outputs.items() if name.startswith(prefix)]

    def _need(self, found: Sequence[Node], method: str) -> Sequence[Node]:
        if not found:
            raise self.place.unsupported(f"{type(self.model).__name__} without {method}", "use a model that has it")
        return found


def ask(
    owner: object, name: str, model: Any, features: Features, place: Place, *, takes_single: bool = False
) -> Answer:
    """What the part `name` of `owner` says of the features.

    takes_single: whether the library computes in double precision with what the part says in single, or not at all
    """
    here = place.inside(owner, name)
    said = here.translate(model, features)
    if said.single and not takes_single:
        raise here.unsupported(
            f"{type(owner).__name__} of {type(model).__name__}, whose answers are in single precision,",
            "use it alone, or calibrated by method='sigmoid'",
        )
    # sub-models of one kind have outputs of one name: theirs tell them apart
    named = [here.named(output, node.of if isinstance(node, Named) else node) for output, node in said]
    return Answer(model, here, dict(zip(said.names, named, strict=True)))


def sum_in_order(terms: Sequence[Node], place: Place, name: str) -> Node:
    """The terms added up one after the other: the order decides the last bit, and with it ties."""
    total = terms[0]
    for done, term in enumerate(terms[1:], 2):
        total = apply("add", total, term)
        if done % TERMS_PER_STAGE == 0 and done < len(terms):
            total = place.named(f"{name}_after_{done}", total)
    return total


def mean_in_order(terms: Sequence[Node], place: Place, name: str) -> Node:
    """The sum of the terms, divided by how many they are."""
    total = sum_in_order(terms, place, name)
    return total if len(terms) == 1 else apply("divide", total, number(float(len(terms))))


def same_as(node: Node, value: Any) -> Node:
    """Whether a label is that one."""
    label = plain(value)
    return apply("equal", node, Constant(label, kind_of_value(label)))


def relabelled(label: Node, labels: Sequence[Any]) -> Node:
    """For a label that is the number of a class, the class."""
    entries = tuple(enumerate(labels))
    return Lookup(label, entries, otherwise=None, missing=None, kind=kind_of_value(labels[0]))
