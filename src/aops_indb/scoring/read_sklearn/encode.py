"""Encoders of categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Kind, Lookup, Node, Value, kind_of_value
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories of one feature: (value, code after grouping the infrequent), and the code of missing if it is one.

    infrequent: the code infrequent categories share, if there are such
    """

    entries: tuple[tuple[Value, int], ...]
    missing: int | None
    infrequent: int | None


def one_hot_encoder(model: Any, features: Features, place: Place) -> Features:
    """A 0/1 column per category that is not dropped."""
    columns: list[Node] = []
    for index, (node, known) in enumerate(_encoded(model, features, place)):
        dropped = None if model._drop_idx_after_grouping is None else model._drop_idx_after_grouping[index]
        unknown = known.infrequent if model.handle_unknown in ("infrequent_if_exist", "warn") else None
        missing = known.missing if known.missing is not None else unknown
        codes = len({code for _, code in known.entries} | ({known.missing} - {None}))
        columns += [
            Lookup(
                node,
                # where unknown categories give 1, the others must be named to give 0
                tuple((c, float(of == code)) for c, of in known.entries if of == code or code == unknown),
                otherwise=float(code == unknown),
                missing=float(code == missing),
            )
            for code in range(codes)
            if code != dropped
        ]
    single = _is_single(model.dtype)
    return place.features(model, features.names, columns, sparse=model.sparse_output, single=single)


def ordinal_encoder(model: Any, features: Features, place: Place) -> Features:
    """The number of each category."""
    columns: list[Node] = []
    unknown = _float(model.unknown_value)
    for index, (node, known) in enumerate(_encoded(model, features, place)):
        missing = unknown if known.missing is None else float(known.missing)
        if index in model._missing_indices:
            missing = _float(model.encoded_missing_value)
        entries = tuple((category, float(code)) for category, code in known.entries)
        columns.append(Lookup(node, entries, otherwise=unknown, missing=missing))
    return place.features(model, features.names, columns, single=_is_single(model.dtype))


def target_encoder(model: Any, features: Features, place: Place) -> Features:
    """The mean of the target in each category, shrunk towards that of all, which others get; per class if several."""
    import numpy as np

    per_feature = len(model.classes_) if model.target_type_ == "multiclass" else 1
    means = np.atleast_1d(model.target_mean_).tolist()
    columns: list[Node] = []
    for index, (name, node) in enumerate(features):
        known, kind = _categories(model, index, name, place, node)
        read = place.read(model, name, node, kind)
        if kind == "number":
            place.refuse_infinite(model, features.pick([index]), [read])
        for k in range(per_feature):
            encoding = model.encodings_[index * per_feature + k].tolist()
            entries = tuple((category, encoding[code]) for category, code in known.entries)
            missing = means[k] if known.missing is None else encoding[known.missing]
            columns.append(Lookup(read, entries, otherwise=means[k], missing=missing))
    return place.features(model, features.names, columns)


def _encoded(model: Any, features: Features, place: Place) -> Iterator[tuple[Node, Categories]]:
    """Each feature read as the kind its categories have, and these; unknown ones refused if the encoder does."""
    for index, (name, node) in enumerate(features):
        known, kind = _categories(model, index, name, place, node)
        read = place.read(model, name, node, kind)
        if kind == "number":
            place.refuse_infinite(model, features.pick([index]), [read])
        if model.handle_unknown == "error":
            _refuse_unknown(model, place, name, read, known)
        yield read, known


def _float(value: Any) -> float | None:
    number = plain(value)
    return None if number is None else float(number)


def _is_single(dtype: Any) -> bool:
    import numpy as np

    return bool(np.issubdtype(dtype, np.floating) and np.dtype(dtype).itemsize < 8)


def _refuse_unknown(model: Any, place: Place, name: str, node: Node, known: Categories) -> None:
    unknown = Lookup(
        node,
        tuple((category, False) for category, _ in known.entries),
        otherwise=True,
        missing=known.missing is None,
        kind="boolean",
    )
    place.refuse(place.named(f"{name}_unknown", unknown), f"'{name}' is an unknown category ({place.where(model)})")


def _categories(model: Any, index: int, name: str, place: Place, node: Node) -> tuple[Categories, Kind]:
    """The categories of feature `index` and the kind they have; UnsupportedModelError for kinds SQL lacks."""
    try:
        values = [plain(value) for value in model.categories_[index]]
    except TypeError as error:
        raise place.unsupported(
            f"{type(model).__name__} with category {error} of '{name}'", "use numbers, text or booleans"
        ) from None
    kind = _kind(model, name, values, place, node, model.categories_[index].dtype.kind)
    if values.count(None) > 1:
        raise place.unsupported(
            f"{type(model).__name__} with both None and NaN as categories of '{name}'",
            "use one of them: in a warehouse both are NULL",
        )
    mapping = model._default_to_infrequent_mappings[index] if model._infrequent_enabled else None
    entries: list[tuple[Value, int]] = []
    missing = None
    for position, value in enumerate(values):
        # an OrdinalEncoder groups the infrequent without looking at NaN, its last category
        code = position if mapping is None or position >= len(mapping) else int(mapping[position])
        if value is None:
            missing = code
        else:
            entries.append((float(value) if kind == "number" else value, code))
    infrequent = None if mapping is None else int(mapping[model._infrequent_indices[index][0]])
    return Categories(tuple(entries), missing, infrequent), kind


def _kind(model: Any, name: str, values: Sequence[Value], place: Place, node: Node, dtype_kind: str) -> Kind:
    kinds = {kind_of_value(value) for value in values if value is not None}
    if kinds <= {"integer", "number"} and (kinds or dtype_kind in "fiu"):
        for value in values:
            # a column of whole numbers is read as doubles: beyond this its neighbours would be the same category
            if isinstance(value, int) and abs(value) >= 2**53:
                raise place.unsupported(
                    f"{type(model).__name__} with category {value} of '{name}', too large for a double,",
                    "use text for such keys",
                )
        return "number"
    if kinds == {"boolean"}:
        return "number" if place.kind(node) == "number" else "boolean"
    if kinds <= {"text"}:
        return "text"
    raise place.unsupported(
        f"{type(model).__name__} with categories of several types in '{name}'", "use one type per feature"
    )
