#!/usr/bin/env python3
"""Writes every case of the onnx package's backend test suite as a folder that any language can read.

    .peers/bin/python peers/conformance.py [--out build/conformance] [--kinds node simple ...]

The format is that of cases.py, with one entry in "sets" for each data set of a case, and besides: "group" (the
suite's kind: node, simple, pytorch-converted, pytorch-operator, light, real), "operators" (domain and name of
every node, subgraphs and functions included) and "opsets". A case that cannot be written down has a
"skip_reason" and no sets. index.json lists all cases.
"""

import argparse
import collections
import json
import pathlib
import time
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

from cases import CaseFolder, close, pack_strings

ROOT = pathlib.Path(__file__).resolve().parents[1]
KINDS = ["node", "simple", "pytorch-converted", "pytorch-operator", "light", "real"]
LARGEST = 4 << 20
PLAIN = {"float": "float32", "double": "float64"}


class TooLarge(Exception):
    pass


def value_of(folder, name, content, tolerance):
    """A value of the suite: numpy array, TensorProto or another proto, list, dict or None."""
    if isinstance(content, (onnx.SequenceProto, onnx.MapProto, onnx.OptionalProto)):
        convert = {onnx.SequenceProto: "to_list", onnx.MapProto: "to_dict", onnx.OptionalProto: "to_optional"}
        content = getattr(numpy_helper, convert[type(content)])(content)
    if content is None:
        return {"name": name, "kind": "optional", "value": None}
    if isinstance(content, dict):
        return folder.value(name, content, tolerance)
    if isinstance(content, (list, tuple)):
        items = [value_of(folder, str(i), item, tolerance) for i, item in enumerate(content)]
        return {"name": name, "kind": "sequence", "items": items}
    if not isinstance(content, TensorProto):
        array = np.asarray(content)
        if array.dtype.kind in "OUS":
            return folder.tensor(name, array)
        content = numpy_helper.from_array(array)
    dtype = TensorProto.DataType.Name(content.data_type).lower()
    dtype = PLAIN.get(dtype, dtype)
    if dtype == "string":
        raw = pack_strings(list(content.string_data))
    elif content.HasField("raw_data"):
        raw = content.raw_data
    else:
        raw = numpy_helper.from_array(numpy_helper.to_array(content)).raw_data
    if len(raw) > LARGEST:
        raise TooLarge(f"tensor '{name}' has {len(raw)} bytes; at most {LARGEST} are exported")
    value = folder.raw(name, dtype, content.dims, raw)
    if dtype.startswith(("float", "bfloat", "complex")):
        value["tolerance"] = tolerance
    return value


def typed(value, kind):
    """Wraps a value in what its declared type asks for: an optional holds its value one level down."""
    if kind.WhichOneof("value") == "optional_type" and value["kind"] != "optional":
        return {"name": value["name"], "kind": "optional", "value": value}
    return value


def operators(model):
    """ "domain::Operator" of every node, subgraphs and functions included."""
    found, pending = set(), [model.graph.node, *[f.node for f in model.functions]]
    while pending:
        for node in pending.pop():
            found.add(f"{node.domain or 'ai.onnx'}::{node.op_type}")
            for attribute in node.attribute:
                graphs = [attribute.g] if attribute.HasField("g") else []
                pending += [g.node for g in [*graphs, *attribute.graphs]]
    return sorted(found)


def stored_sets(folder):
    """Data sets of a case that lies on disk: protos by number."""
    sets = []
    for data in sorted(folder.glob("test_data_set_*"), key=lambda p: int(p.name.rsplit("_", 1)[1])):
        lists = []
        for side in ("input", "output"):
            files = sorted(data.glob(f"{side}_*.pb"), key=lambda p: int(p.stem.rsplit("_", 1)[1]))
            lists.append([f.read_bytes() for f in files])
        sets.append(lists)
    return sets


def parsed(raw, kind):
    proto = {
        "tensor_type": onnx.TensorProto,
        "sequence_type": onnx.SequenceProto,
        "map_type": onnx.MapProto,
        "optional_type": onnx.OptionalProto,
    }[kind.WhichOneof("value")]()
    proto.ParseFromString(raw)
    return proto


def export(case, root):
    """Writes one case; returns its reason for being skipped, or an empty text."""
    folder = CaseFolder(root, f"{case.kind}-{case.name.removeprefix('test_')}")
    about = {"kind": "onnx", "group": case.kind, "source": f"onnx {onnx.__version__} backend tests"}
    model, sets = case.model, case.data_sets
    if model is None:
        if case.model_dir is None:
            reason = "the model is not in the onnx package: it would have to be downloaded"
            folder.write(None, None, **about, operators=[], skip_reason=reason)
            return folder.name, reason
        model = onnx.load(pathlib.Path(case.model_dir) / "model.onnx")
        sets = stored_sets(pathlib.Path(case.model_dir))
    inputs = [(i.name, i.type) for i in model.graph.input]
    outputs = [(o.name, o.type) for o in model.graph.output]
    initialized = {t.name for t in model.graph.initializer}
    tolerance = close(case.atol, case.rtol)
    about["operators"] = operators(model)
    about["opsets"] = {o.domain or "ai.onnx": o.version for o in model.opset_import}
    model_bytes = model.SerializeToString()
    reason, written = "", []
    if len(model_bytes) > LARGEST:
        reason = f"the model has {len(model_bytes)} bytes; at most {LARGEST} are exported"
    else:
        try:
            for given, expected in sets:
                asked = inputs if len(given) == len(inputs) else [i for i in inputs if i[0] not in initialized]
                record = {}
                for side, names, values in (("inputs", asked, given), ("outputs", outputs, expected)):
                    if len(names) < len(values):
                        raise ValueError(f"{len(values)} {side} are given, and the graph has {len(names)}")
                    record[side] = []
                    for (name, kind), content in zip(names, values):
                        content = parsed(content, kind) if isinstance(content, bytes) else content
                        record[side].append(typed(value_of(folder, name, content, tolerance), kind))
                written.append(record)
        except TooLarge as error:
            reason = str(error)
        except (ValueError, TypeError, KeyError) as error:
            reason = f"values cannot be written: {type(error).__name__}: {str(error)[:200]}"
    if reason:
        folder.data.clear()
        folder.write(None, None, **about, skip_reason=reason)
        return folder.name, reason
    if not written:
        about["notes"] = "the suite gives no data: the model is only to be accepted"
    folder.write("model.onnx", model_bytes, **about, sets=written)
    return folder.name, ""


def main():
    parser = argparse.ArgumentParser(description="write the onnx backend tests as plain files")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/conformance")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    options.out.mkdir(parents=True, exist_ok=True)
    start, skipped, count = time.monotonic(), [], 0
    by_kind = collections.Counter()
    for kind in options.kinds:
        for case in sorted(load_model_tests(kind=kind), key=lambda c: c.name):
            name, reason = export(case, options.out)
            by_kind[kind] += 1
            count += 1
            if reason:
                skipped.append((name, reason))
    for name, reason in skipped:
        print(f"  skipped {name}: {reason}")
    names = sorted(p.parent.name for p in options.out.glob("*/case.json"))
    (options.out / "index.json").write_text(json.dumps(names, indent=0) + "\n")
    size = sum(p.stat().st_size for p in options.out.rglob("*") if p.is_file())
    listed = ", ".join(f"{n} {k}" for k, n in by_kind.items())
    print(f"{count - len(skipped)} cases written, {len(skipped)} skipped ({listed})")
    print(f"{options.out}: {size / 1e6:.1f} MB, {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
