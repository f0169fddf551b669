"""An ONNX model read node by node: what goes in, what each node makes, what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aops_indb.errors import ModelError, UnsupportedModelError, shortened
from aops_indb.scoring.graph import Node, apply
from aops_indb.scoring.read_onnx.elementwise import TYPES, truncated
from aops_indb.scoring.read_onnx.ops import CHANGED_IN_13, CONTROL_FLOW, ML, MOVED, OPS, TAKE_ALL_TYPES, attributes_of
from aops_indb.scoring.read_onnx.values import (
    FLOATS,
    KINDS,
    LARGEST_WHOLE,
    At,
    OnnxValue,
    Rows,
    Zip,
    as_label,
    named_rows,
    shaped,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place

OLDEST_OPSET = 7
# Operators that a title names.
MOST_IN_TITLE = 8
CONVERT = "convert the model with onnx.version_converter.convert_version(model, 13)"


def load_onnx(source: bytes | str | Path) -> Any:
    """An ONNX model from a file or its bytes; ModelError for what is damaged.

    >>> load_onnx(b"no model")
    Traceback (most recent call last):
    aops_indb.errors.ModelError: the ONNX model cannot be read: its bytes are damaged or cut off; export it anew.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_from_string(source) if isinstance(source, bytes) else onnx.load(str(source))
        damaged = not model.graph.node and not model.graph.output
    except DecodeError:
        damaged = True
    except (OSError, onnx.checker.ValidationError) as error:
        raise ModelError(f"the ONNX model cannot be read: {error}") from error
    if damaged:
        raise ModelError("the ONNX model cannot be read: its bytes are damaged or cut off; export it anew.")
    return model


def title_of(model: Any) -> str:
    """What a model is, in a line.

    >>> import onnx
    >>> graph = onnx.helper.make_graph([onnx.helper.make_node("Abs", ["x"], ["y"])], "sizes", [], [])
    >>> title_of(onnx.helper.make_model(graph, producer_name="a tool"))
    "ONNX model 'sizes' by a tool (Abs)"
    """
    name, producer = (
        shortened(" ".join(told.split()))
        for told in (model.graph.name, f"{model.producer_name} {model.producer_version}")
    )
    operators = list(dict.fromkeys(node.op_type for node in model.graph.node))
    shown = [*operators[:MOST_IN_TITLE], "…"] if len(operators) > MOST_IN_TITLE else operators
    return f"ONNX model '{name}'{f' by {producer}' if producer else ''} ({', '.join(shown)})"


# ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the graph: its element type, the shape of one row, and the number of rows if it is fixed."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    batch: int | None

    @property
    def columns(self) -> list[str]:
        """A name for each element of a row."""
        count = 1
        for length in self.shape:
            count *= length
        return [self.name] if count == 1 else [f"{self.name}_{i}" for i in range(count)]


def inputs_of(model: Any) -> list[Input]:
    """What the graph takes; UnsupportedModelError for what is no tensor of rows."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [_input(given) for given in model.graph.input if given.name not in constants]


def _input(given: Any) -> Input:
    where = f"input '{given.name}'"
    if given.type.WhichOneof("value") != "tensor_type":
        raise UnsupportedModelError(f"{where}: a {given.type.WhichOneof('value')} has no SQL form; known are tensors.")
    tensor = given.type.tensor_type
    if tensor.elem_type not in TYPES:
        known = ", ".join(sorted(TYPES.values()))
        raise UnsupportedModelError(f"{where}: element type {tensor.elem_type} has no SQL form; known are {known}.")
    lengths = [dim.dim_value if dim.WhichOneof("value") == "dim_value" else None for dim in tensor.shape.dim]
    if not lengths or not all(lengths[1:]):
        shape = tuple("?" if length is None else length for length in lengths)
        raise UnsupportedModelError(
            f"{where}: shape {shape} has no SQL form; export it with fixed lengths behind the rows, as (None, 4)."
        )
    return Input(given.name, TYPES[tensor.elem_type], tuple(int(n) for n in lengths[1:] if n), lengths[0] or None)


def names_of(model: Any) -> list[str]:
    """The columns a model asks for."""
    names = [name for given in inputs_of(model) for name in given.columns]
    if not names:
        raise UnsupportedModelError("an ONNX model without inputs has no SQL form; export one that takes rows.")
    return names


def _read_input(given: Input, features: Features, at: At) -> Rows:
    """The columns as a tensor's row; rows that have what the type has not get no score."""
    kind = KINDS[given.dtype]
    nodes: list[Node] = []
    for name, node in features:
        value = at.place.read(at, name, node, kind)
        if given.dtype not in FLOATS:
            at.place.ledger.missing.setdefault(value, f"'{name}' is missing (input '{given.name}' of {given.dtype})")
        if given.dtype in LARGEST_WHOLE:
            at.refuse(apply("not", apply("equal", truncated(value), value)), f"'{name}' is no whole number")
            value = at.rounded(value, given.dtype)
        nodes.append(at.rounded(value, given.dtype) if given.dtype == "float32" else value)
    return Rows(given.dtype, shaped(nodes, given.shape))


# ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Run:
    """The values known so far, by name."""

    place: Place
    opsets: dict[str, int]
    batch: int | None
    values: dict[str, OnnxValue] = field(default_factory=dict)
    raw: dict[Node, Node] = field(default_factory=dict)

    def at(self, op: str, step: str, outputs: int = 1, version: int = 0) -> At:
        """Where a node stands."""
        path = (*self.place.path, f"node '{step}' ({op})" if op else step)
        return At(replace(self.place, path=path, step=step), op, self.batch, outputs, version, self.raw)

    def node(self, node: Any) -> None:
        """Compute what a node makes."""
        domain = "" if node.domain == "ai.onnx" else node.domain
        version = self.opsets.get(domain, 0)
        step = node.name or f"{node.op_type}_{node.output[0]}"
        at = self.at(node.op_type, step, len(node.output), version)
        given = [self.values[name] if name else None for name in node.input]
        attributes = {a.name: _attribute(a) for a in node.attribute}
        if not any(isinstance(value, Rows | Zip) or _is_symbolic(value) for value in given):
            made: Any = _folded(node, given, at)
        else:
            made = self._translated(node, domain, given, attributes, at)
        outputs = made if isinstance(made, tuple) else (made,)
        for name, value in zip(node.output, outputs, strict=False):
            self.values[name] = named_rows(at, value, name) if isinstance(value, Rows) else value
        self._refuse_others(node, len(outputs), at)

    def _translated(self, node: Any, domain: str, given: list[OnnxValue], attributes: dict[str, Any], at: At) -> Any:
        translate = OPS.get((domain, node.op_type))
        if translate is None:
            raise _unknown(node, domain, at)
        odd = [v.dtype for v in given if isinstance(v, Rows) and KINDS[v.dtype] != "number"]
        if odd and node.op_type not in TAKE_ALL_TYPES:
            raise at.unsupported(f"{at.op} of {odd[0]}", "it takes numbers")
        if domain == "" and self.opsets[""] < 13 and _changed(node.op_type, self.opsets[""]):
            raise at.unsupported(f"{at.op} of opset {self.opsets['']}", CONVERT)
        if node.op_type in MOVED and MOVED[node.op_type] in attributes:
            import numpy as np

            given = [*given, np.asarray(attributes.pop(MOVED[node.op_type]), dtype=np.int64)]
        known = attributes_of(node.op_type, translate)
        for name in attributes:
            if name not in known:
                raise at.unsupported(f"{at.op} with attribute '{name}'", f"known are {', '.join(known) or 'none'}")
        try:
            return translate(at, *given, **attributes)
        except (TypeError, ValueError, LookupError) as error:
            raise ModelError(
                f"{at.place.where(at)}: its inputs or attributes are not those of {at.op}: {error}"
            ) from error

    def _refuse_others(self, node: Any, made: int, at: At) -> None:
        if any(node.output[made:]):
            raise at.unsupported(f"output '{node.output[made]}' of {at.op}", f"known are its first {made}")


def _changed(op: str, opset: int) -> bool:
    """Whether an operator of ai.onnx means something else in an opset below 13."""
    import onnx

    if opset >= OLDEST_OPSET:
        return op in CHANGED_IN_13
    return bool(onnx.defs.get_schema(op, 13).since_version > opset)


def _is_symbolic(value: OnnxValue) -> bool:
    import numpy as np

    return value is not None and not isinstance(value, np.ndarray)


def _attribute(attribute: Any) -> Any:
    """The value of an attribute; tensors as arrays."""
    import onnx

    value = onnx.helper.get_attribute_value(attribute)
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _unknown(node: Any, domain: str, at: At) -> UnsupportedModelError:
    import difflib

    if node.op_type in CONTROL_FLOW:
        return at.unsupported(f"control flow by {node.op_type}", "export the model without it")
    if domain not in ("", ML):
        return at.unsupported(f"operator {node.op_type} of domain '{domain}'", f"known are those of ai.onnx and {ML}")
    names = sorted(name for known, name in OPS if known == domain)
    close = difflib.get_close_matches(node.op_type, names, n=3, cutoff=0.5) or names
    return at.unsupported(f"operator {node.op_type}", f"known are {', '.join(close)}")


def _folded(node: Any, given: Sequence[Any], at: At) -> tuple[Any, ...]:
    """What a node makes of constants, as ONNX Runtime computes it."""
    import onnx
    import onnxruntime

    if node.op_type in CONTROL_FLOW or node.domain not in ("", "ai.onnx", ML):
        raise _unknown(node, node.domain, at)
    constants = {name: value for name, value in zip(node.input, given, strict=True) if name}
    graph = onnx.helper.make_graph(
        [node],
        "constants",
        [],
        [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [onnx.helper.make_opsetid(node.domain, max(at.version, 1))]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return tuple(session.run(None, {}))
    except Exception as error:  # the runtime raises types of its own
        raise at.unsupported(f"{at.op} of constants", f"ONNX Runtime says: {str(error).splitlines()[0]}") from error


# ── the model ──────────────────────────────────────────────────────────────────────────────────────────


def onnx_model(model: Any, features: Features, place: Place) -> Features:
    """label and probability_<class> of a classifier; else the outputs by their own names."""
    run = _Run(place, _opsets(model, place), None)
    run.values |= _constants(model, place)
    inputs = inputs_of(model)
    batches = {given.batch for given in inputs}
    run.batch = batches.pop() if len(batches) == 1 else None
    names = iter(features)
    for given in inputs:
        part = [next(names) for _ in given.columns]
        here = Features(tuple(name for name, _ in part), tuple(node for _, node in part))
        run.values[given.name] = _read_input(given, here, run.at("", given.name))
    for node in model.graph.node:
        _check_inputs(node, run)
        run.node(node)
    return _outputs([(out.name, run.values[out.name]) for out in model.graph.output], place)


def _check_inputs(node: Any, run: _Run) -> None:
    absent = [name for name in node.input if name and name not in run.values]
    if absent:
        raise ModelError(f"node '{node.name or node.op_type}' ({node.op_type}): nothing makes its input '{absent[0]}'.")


def _opsets(model: Any, place: Place) -> dict[str, int]:
    import onnx

    found: dict[str, int] = {}
    for opset in model.opset_import:
        domain = "" if opset.domain == "ai.onnx" else opset.domain
        found[domain] = max(opset.version, found.get(domain, 0))
    found.setdefault("", 1)
    for domain, newest in (("", onnx.defs.onnx_opset_version()), (ML, onnx.defs.onnx_ml_opset_version())):
        if found.get(domain, 0) > newest:
            name = domain or "ai.onnx"
            raise place.unsupported(f"opset {found[domain]} of {name}", f"known are those up to {newest}")
    if model.functions:
        raise place.unsupported(f"function {model.functions[0].name} of the model's own", "export it with them inlined")
    return found


def _constants(model: Any, place: Place) -> dict[str, Any]:
    """The initializers as arrays."""
    import onnx

    if model.graph.sparse_initializer:
        raise place.unsupported("a sparse initializer", "store the model's weights dense")
    found: dict[str, Any] = {}
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ModelError(
                f"initializer '{tensor.name}' is kept in a file beside the model; load it with "
                "onnx.load(path), or save the model as one file."
            )
        try:
            found[tensor.name] = onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise ModelError(f"initializer '{tensor.name}' is damaged: {error}") from error
    return found


def _outputs(outputs: Sequence[tuple[str, OnnxValue]], place: Place) -> Features:
    label = [value for _, value in outputs if isinstance(value, Rows) and value.classes and value.nodes.size == 1]
    scores: list[Any] = [value for _, value in outputs if isinstance(value, Zip) or _has_scores(value, label)]
    if len(outputs) == 2 and len(label) == len(scores) == 1:
        (score,) = scores
        found = score if isinstance(score, Zip) else Zip(label[0].classes, score)
        names = ("label", *(f"probability_{label}" for label in found.classes))
        return Features(names, (_given_out(label[0])[0], *found.scores.flat()))
    made: dict[str, Node] = {}
    for name, value in outputs:
        if isinstance(value, Zip):
            made |= {f"probability_{c}": node for c, node in zip(value.classes, value.scores.flat(), strict=True)}
        elif isinstance(value, Rows):
            nodes = _given_out(value)
            names_out = [name] if len(nodes) == 1 else [f"{name}_{i}" for i in range(len(nodes))]
            made |= dict(zip(names_out, nodes, strict=True))
        else:
            raise place.unsupported(f"output '{name}' that does not depend on the row", "leave it out")
    return Features(tuple(made), tuple(made.values()))


def _has_scores(value: OnnxValue, labels: Sequence[Rows]) -> bool:
    return (
        isinstance(value, Rows) and value.dtype in FLOATS and bool(labels) and value.shape == (len(labels[0].classes),)
    )


def _given_out(rows: Rows) -> list[Node]:
    return [as_label(node, rows.classes) for node in rows.flat()]
