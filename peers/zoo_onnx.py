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


def differing_rows(found, wanted, tolerance, groups):
    """Rows of each group in which two outputs differ; a text where they cannot be compared by rows."""
    if not isinstance(found, np.ndarray) or not isinstance(wanted, np.ndarray) or found.shape != wanted.shape:
        return f"{getattr(found, 'shape', type(found))} against {getattr(wanted, 'shape', type(wanted))}"
    if wanted.ndim == 0 or len(wanted) < groups[-1]["rows"][1]:
        return "" if agree(found, wanted, tolerance) else "all"
    rows = {g["name"]: [i for i in range(*g["rows"]) if not agree(found[i], wanted[i], tolerance)] for g in groups}
    return {name: listed for name, listed in rows.items() if listed}


def counts(differing):
    named = {k: v if isinstance(v, str) else {g: len(r) for g, r in v.items()} for k, v in differing.items() if v}
    return f" {named}" if named else ""


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
    rows = next((len(v) for v in feed.values()), 0)
    groups = groups or [{"name": "ordinary", "rows": [0, rows]}]
    folder = CaseFolder(root, name)

    def record(inputs, results):
        return {
            "inputs": [folder.value(n, v) for n, v in inputs.items()],
            "outputs": [folder.value(n, v, tolerance) for n, v in zip(outputs, results)],
        }

    sets = [record(feed, expected)]
    if agreement == "differs" and reference is not None:
        sets[0]["reference_outputs"] = [folder.value(n, v, tolerance) for n, v in zip(outputs, reference)]
    differing = {}
    if agreement == "differs" and reference is not None:
        for output, found, wanted in zip(outputs, reference, expected):
            differing[output] = differing_rows(found, wanted, tolerance, groups)
    if zero_rows and source == SOURCE and all(isinstance(v, np.ndarray) and v.ndim for v in feed.values()):
        empty = {n: v[:0] for n, v in feed.items()}
        try:
            sets.append(record(empty, run_onnxruntime(model_bytes, empty)))
        except Exception as error:
            note = f"{note} zero rows, onnxruntime: {first_line(error)}".strip()
    folder.write(
        "model.onnx",
        model_bytes,
        kind="onnx",
        source=source,
        made_with=made_with,
        notes=note,
        groups=groups,
        reference=agreement,
        reference_differs=differing,
        sets=sets,
    )
    return name, rows, f"reference {agreement[:60]}{counts(differing)}" + (f"; {note[:80]}" if source != SOURCE else "")
