"""Exports every model of the zoo with maxai-compile and runs the ONNX file with ONNX Runtime on the case's rows.

    .peers/bin/python peers/exported.py [--compile PATH] [PREFIX]

Prints one line per model that is not equal within the case's tolerance, and a summary. Models that ONNX cannot say
at operator set 17 and ai.onnx.ml 3 are tried at 19 and 5, and then with --allow-approximate. ONNX Runtime runs on one
thread: with more it adds trees in an order of its own. Exit status 1 if anything differs, is refused for another reason than REFUSED gives, or has no output to compare.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

from cases import agree

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What is refused, and why; anything else that is refused is a failure.
REFUSED = {
    "onnx-tree-classifier-multi-sparse-classes": "which classes have votes depends on the row",
    "onnx-tree-regressor-sparse-targets": "whether a target has votes depends on the row",
    "xgboost-logistic-strings": "categories outside ASCII",
    "xgboost-softprob-strings": "categories outside ASCII",
    "xgboost-squarederror-strings": "categories outside ASCII",
    "xgboost-squarederror-strings-ubj": "categories outside ASCII",
}
REFUSED_PREFIXES = {"lightgbm-linear-": "leaves are linear in the columns"}
# Whatever asks for the hash of a category.
REFUSED_KINDS = {"catboost": "string_hash"}
# ONNX Runtime's float64 Sigmoid is not the C library's, through which scikit-learn's probabilities go.
SIGMOID = {"atol": 0, "rtol": 1e-14}
# What can only be written approximately, and what ONNX Runtime does not run.
APPROXIMATE = {"lightgbm-regression-zero-as-missing": "ONNX takes no number for missing"}
UNLOADABLE = {"lightgbm-cross-entropy-lambda": "ONNX Runtime has no Softplus of doubles"}
ATTEMPTS = [[], ["--opset", "19", "--ml-opset", "5"], ["--allow-approximate"]]


def read(value, data, missing=None):
    """A value of a case as NumPy has it; `missing` stands where an integer or a text has no value."""
    if value["kind"] == "sequence":
        return [read(item, data) for item in value["items"]]
    if value["kind"] == "map":
        keys = read(value["keys"], data)
        return dict(zip(keys.tolist(), read(value["values"], data).tolist(), strict=True))
    if value["kind"] != "tensor":
        raise ValueError(value["kind"])
    content = data[value["offset"] : value["offset"] + value["bytes"]]
    if value["dtype"] == "string":
        texts, at = [], 0
        while at < len(content):
            length = int.from_bytes(content[at : at + 4], "little")
            at += 4
            if length == 0xFFFFFFFF:
                texts.append("nan" if missing is None else missing)
                continue
            texts.append(content[at : at + length].decode())
            at += length
        return np.array(texts, dtype=object).reshape(value["shape"])
    array = np.frombuffer(content, dtype=np.dtype(value["dtype"])).reshape(value["shape"]).copy()
    if "validity" in value and (array.dtype.kind == "f" or missing is not None):
        place = value["validity"]
        present = np.frombuffer(data[place["offset"] : place["offset"] + place["bytes"]], dtype=np.uint8)
        array[present.reshape(array.shape) == 0] = np.nan if array.dtype.kind == "f" else int(missing)
    return array


def tensors(expected, model):
    """A sequence of maps, as ZipMap gives it, as the tensor that the compiled model has in its place."""
    if not (isinstance(expected, list) and expected and isinstance(expected[0], dict)):
        return expected
    node = next(node for node in onnx.load(model).graph.node if node.op_type == "ZipMap")
    labels = next(onnx.helper.get_attribute_value(a) for a in node.attribute if len(a.ints) or len(a.strings))
    labels = [label.decode() if isinstance(label, bytes) else label for label in labels]
    return np.array([[row[label] for label in labels] for row in expected], dtype=np.float32)


def tolerance_of(value):
    """That of a value, or of the first map in a sequence."""
    if value["kind"] == "sequence" and value["items"]:
        return value["items"][0].get("values", {}).get("tolerance")
    return value.get("tolerance")


def export(compiler, model, output):
    """The options with which the model could be written and what stands for missing values, or the last refusal."""
    for options in ATTEMPTS:
        run = subprocess.run([compiler, model, "-o", output, *options], capture_output=True, text=True)
        if run.returncode == 0:
            found = re.findall(r'^note: input "(.*)": pass "?(.*?)"? where the value is missing$', run.stderr, re.M)
            return options, dict(found)
    return None, run.stderr.strip()


def check(compiler, folder, target):
    case = json.loads((folder / "case.json").read_text())
    if "skip_reason" in case:
        return "skipped", case["skip_reason"]
    data = (folder / "data.bin").read_bytes()
    options, missing = export(compiler, folder / case["model"], target)
    if options is None:
        reason = REFUSED.get(folder.name) or next((v for k, v in REFUSED_PREFIXES.items() if folder.name.startswith(k)), None)
        reason = reason or REFUSED_KINDS.get(case["kind"])
        return "refused" if reason and reason in missing else "failed", missing
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 1
    session_options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(target.read_bytes(), session_options, ["CPUExecutionProvider"])
    except Exception as error:  # whatever ONNX Runtime says
        if folder.name in UNLOADABLE:
            return "not run", UNLOADABLE[folder.name]
        return "unloadable", f"{options} {error}"
    if "--allow-approximate" in options and folder.name in APPROXIMATE:
        return "approximate", APPROXIMATE[folder.name]
    names = {"margin": "raw"} if case["kind"] in ("xgboost", "lightgbm") else {}
    outputs = [output.name for output in session.get_outputs()]
    compared = 0
    for number, rows in enumerate(case["sets"]):
        given = {value["name"]: read(value, data, missing.get(value["name"])) for value in rows["inputs"]}
        feeds = {}
        for wanted in session.get_inputs():
            array = given[wanted.name]
            feeds[wanted.name] = array.reshape(array.shape[0], -1) if len(wanted.shape) == 2 and array.ndim == 1 else array
        try:
            found = dict(zip(outputs, session.run(outputs, feeds), strict=True))
        except Exception as error:
            return "failed", f"{options} set {number}: {error}"
        # Where ONNX Runtime and onnx.reference differ, either will do, row by row.
        references = {value["name"]: value for value in rows.get("reference_outputs", [])}
        for value in rows["outputs"]:
            expected = tensors(read(value, data), folder / case["model"])
            name = names.get(value["name"], value["name"])
            if name not in found:
                continue
            result, tolerance = found[name], tolerance_of(value)
            if case["kind"] == "maxir" and name == "probability" and "raw" in found:
                tolerance = SIGMOID
            compared += 1
            if len(expected) == 0:
                continue
            if result.shape != expected.shape:
                if result.size != expected.size:
                    return "differs", f"{options} output {name}: {result.shape}, expected {expected.shape}"
                result = result.reshape(expected.shape)
            other = references.get(value["name"])
            answers = [expected] + ([read(other, data)] if other else [])
            if not all(any(agree(row, a[i], tolerance) for a in answers) for i, row in enumerate(result)):
                rows_off = first_difference(result, expected, tolerance)
                return "differs", f"{options} set {number} output {name} ({tolerance}): {rows_off}"
    if compared == 0:
        return "failed", f"no output of {outputs} was compared"
    return " ".join(options) or "exact", ""


def first_difference(found, expected, tolerance):
    if found.shape != expected.shape:
        return f"found {found.shape}, expected {expected.shape}"
    for index in np.ndindex(expected.shape):
        if not agree(found[index], expected[index], tolerance):
            return f"element {index}: found {found[index]!r}, expected {expected[index]!r}"
    return "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prefix", nargs="?", default="")
    parser.add_argument("--compile", default=ROOT / ".build/debug/maxai-compile", type=pathlib.Path)
    arguments = parser.parse_args()
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "model.onnx"
        for path in sorted((ROOT / "build/zoo").glob(f"{arguments.prefix}*/case.json")):
            outcome, message = check(arguments.compile, path.parent, target)
            counts[outcome] = counts.get(outcome, 0) + 1
            if message:
                print(f"{path.parent.name}: {outcome}: {message}", flush=True)
    print(json.dumps(counts, sort_keys=True))
    return 1 if {"differs", "failed", "unloadable"} & counts.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
