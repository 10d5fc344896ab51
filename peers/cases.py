"""Test cases on disk: a model, inputs, and the outputs that another library gives.

One folder per case. `case.json` describes it; all values lie in one file beside it, `data.bin`, little-endian
and without padding, so that a reader in any language needs a JSON parser and nothing else:

    {
      "name": "tree-classifier-v3",  "kind": "onnx" | "xgboost" | "lightgbm" | "catboost" | "maxir",  "model": "model.onnx",
      "source": "onnxruntime 1.32.0",         what computed the outputs
      "made_with": "scikit-learn 1.9.1 ...",  what made the model
      "notes": "...",
      "configuration": {"model": "...", "data": "...", "settings": "..."},    of tree models: texts for a table
      "skip_reason": "...",                   only if the case or its values cannot be written down
      "groups": [{"name": "ordinary", "rows": [0, 200]}, ...],   half-open, of set 0
      "reference": "agrees" | "differs" | "fails: ...",          onnx.reference against outputs of set 0
      "reference_differs": {"output": {"group": [row, ...]}},    where "reference" is "differs"
      "sets": [{"inputs": [value, ...], "outputs": [value, ...], "reference_outputs": [value, ...]}]
    }

A value is one of

    {"name", "kind": "tensor", "dtype", "shape", "file", "offset", "bytes"}    and perhaps "tolerance", "validity"
    {"name", "kind": "map", "keys": value, "values": value}                    two tensors of rank 1
    {"name", "kind": "sequence", "items": [value, ...]}
    {"name", "kind": "optional", "value": value | null}

dtype: float16 bfloat16 float32 float64 int8..int64 uint8..uint64 bool string complex64 complex128, or an ONNX
narrow type by its lower-case name, as ONNX packs it in raw_data. bool: one byte. string: each element a u32
length, then that many bytes of UTF-8; length 0xFFFFFFFF marks a missing string. "validity" (offset, bytes) is
one byte per element of a numeric column, 0 where the value is missing.

tolerance: {"ulp": 0} asks for equal bits (NaN equals NaN), else |found - expected| <= atol + rtol * |expected|.
Integers, bools and strings are always exact.
"""

import json
import pathlib
import shutil
import struct

import numpy as np

EXACT = {"ulp": 0}
MISSING_STRING = struct.pack("<I", 0xFFFFFFFF)


def close(atol, rtol):
    return {"atol": atol, "rtol": rtol}


def pack_strings(elements):
    parts = []
    for element in elements:
        if element is None or (isinstance(element, float) and element != element):
            parts.append(MISSING_STRING)
            continue
        text = element if isinstance(element, bytes) else str(element).encode("utf-8")
        parts.append(struct.pack("<I", len(text)) + text)
    return b"".join(parts)


class CaseFolder:
    """Collects the values of one case, and writes the folder at the end, or nothing."""

    def __init__(self, root, name):
        self.path = pathlib.Path(root) / name
        self.name = name
        self.data = bytearray()

    def raw(self, name, dtype, shape, content):
        """A tensor given as its bytes."""
        value = {"name": name, "kind": "tensor", "dtype": dtype, "shape": [int(d) for d in shape]}
        value |= {"file": "data.bin", "offset": len(self.data), "bytes": len(content)}
        self.data += content
        return value

    def tensor(self, name, array, tolerance=None, validity=None):
        array = np.asarray(array)
        if array.dtype.kind in "OUS":
            value = self.raw(name, "string", array.shape, pack_strings(array.ravel().tolist()))
        else:
            little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
            value = self.raw(name, array.dtype.name, array.shape, little.tobytes())
        if tolerance is not None and (array.dtype.kind in "fc" or array.dtype.name == "bfloat16"):
            value["tolerance"] = tolerance
        if validity is not None:
            present = np.asarray(validity, dtype=np.uint8).tobytes()
            value["validity"] = {"file": "data.bin", "offset": len(self.data), "bytes": len(present)}
            self.data += present
        return value

    def value(self, name, content, tolerance=None):
        """Any value that ONNX Runtime or onnx.reference takes or gives: array, dict, list, None."""
        if content is None:
            return {"name": name, "kind": "optional", "value": None}
        if isinstance(content, dict):
            keys, values = list(content), list(content.values())
            key_type = object if keys and isinstance(keys[0], str) else np.int64
            value_type = object if values and isinstance(values[0], str) else None
            if values and isinstance(values[0], float):
                value_type = np.float32
            return {
                "name": name,
                "kind": "map",
                "keys": self.tensor("keys", np.array(keys, dtype=key_type)),
                "values": self.tensor("values", np.array(values, dtype=value_type), tolerance),
            }
        if isinstance(content, (list, tuple)):
            items = [self.value(str(i), item, tolerance) for i, item in enumerate(content)]
            return {"name": name, "kind": "sequence", "items": items}
        return self.tensor(name, content, tolerance)

    def write(self, model_name, model_bytes, **fields):
        """Writes model, values and manifest; replaces a folder of this name."""
        if self.path.exists():
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True)
        if model_bytes is not None:
            (self.path / model_name).write_bytes(model_bytes)
        if self.data:
            (self.path / "data.bin").write_bytes(self.data)
        manifest = {"name": self.name, "model": model_name} | fields
        (self.path / "case.json").write_text(json.dumps(manifest, ensure_ascii=False) + "\n", encoding="utf-8")
        return manifest


def agree(found, expected, tolerance):
    """Whether two values are equal within the tolerance, in the terms of the text above."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(expected)
            and all(agree(np.asarray(found[k]), np.asarray(expected[k]), tolerance) for k in expected)
        )
    if isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(lambda f, e: agree(f, e, tolerance), found, expected))
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return False
    if expected.dtype.kind != "f":
        return bool((found == expected).all()) if found.size else True
    if found.dtype.kind != "f":
        return False
    if tolerance is None or "ulp" in tolerance:
        return bool(np.array_equal(found, expected, equal_nan=True))
    with np.errstate(all="ignore"):
        return bool(np.allclose(found, expected, tolerance["rtol"], tolerance["atol"], equal_nan=True))
