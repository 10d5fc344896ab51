"""What all ONNX cases share: run a model on rows with ONNX Runtime and onnx.reference, and write the case."""

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

from cases import CaseFolder, agree

SOURCE = f"onnxruntime {onnxruntime.__version__}"
REFERENCE = f"onnx.reference {onnx.__version__}"
onnxruntime.set_default_logger_severity(4)


def run_onnxruntime(model_bytes, feed):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_bytes, settings, providers=["CPUExecutionProvider"])
    return session.run(None, feed)


def first_line(error):
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160] if str(error).strip() else ''}"


def write_case(root, name, model, feed, tolerance=None, groups=None, made_with="onnx.helper", notes="", zero_rows=True):
    """Writes one case, zero rows of the same as a second set where ONNX Runtime takes them.

    tolerance applies to floating outputs. If ONNX Runtime cannot run the model, onnx.reference is the source.
    """
    model_bytes = model.SerializeToString()
    outputs = [o.name for o in model.graph.output]
    source, note = SOURCE, notes
    expected = reference = None
    try:
        expected = run_onnxruntime(model_bytes, feed)
    except Exception as error:  # any failure of the peer is a fact to record
        source, note = REFERENCE, f"{notes} onnxruntime: {first_line(error)}".strip()
    try:
        with np.errstate(all="ignore"):
            reference = ReferenceEvaluator(model_bytes).run(None, feed)
    except Exception as error:
        agreement = f"fails: {first_line(error)}"
    else:
        same = expected is None or all(agree(r, e, tolerance) for r, e in zip(reference, expected))
        agreement = "agrees" if same else "differs"
    if expected is None:
        if reference is None:
            raise RuntimeError(f"{name}: neither library runs it: {note}; {agreement}")
        expected, reference = reference, None
    folder = CaseFolder(root, name)

    def record(inputs, results):
        return {
            "inputs": [folder.value(n, v) for n, v in inputs.items()],
            "outputs": [folder.value(n, v, tolerance) for n, v in zip(outputs, results)],
        }

    sets = [record(feed, expected)]
    if agreement == "differs" and reference is not None:
        sets[0]["reference_outputs"] = [folder.value(n, v, tolerance) for n, v in zip(outputs, reference)]
    if zero_rows and source == SOURCE and all(isinstance(v, np.ndarray) and v.ndim for v in feed.values()):
        empty = {n: v[:0] for n, v in feed.items()}
        try:
            sets.append(record(empty, run_onnxruntime(model_bytes, empty)))
        except Exception as error:
            note = f"{note} zero rows, onnxruntime: {first_line(error)}".strip()
    rows = next((len(v) for v in feed.values()), 0)
    folder.write(
        "model.onnx",
        model_bytes,
        kind="onnx",
        source=source,
        made_with=made_with,
        notes=note,
        groups=groups or [{"name": "ordinary", "rows": [0, rows]}],
        reference=agreement,
        sets=sets,
    )
    return name, rows, f"reference {agreement[:60]}" + (f"; {note[:80]}" if source != SOURCE else "")
