"""Times a peer that has no C interface we can call: through Python, with the cheapest call it has. Arguments and answer as harness.c.

`overhead_ns` is what a call costs with an empty model, where the peer can run one: part of every figure.
"""

import json
import os
import sys
import time

import numpy as np

peer, _, model, rows_file, columns, threads, answers, width, seconds, *batches = sys.argv[1:]
columns, threads, width, seconds = int(columns), int(threads), int(width), float(seconds)
os.environ["OMP_NUM_THREADS"] = str(threads)
rows = np.fromfile(rows_file, np.float32).reshape(-1, columns)
overhead = None


def onnxruntime_session(source):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    names, given = [output.name for output in session.get_outputs()][-1:], session.get_inputs()[0].name
    return lambda x: session.run(names, {given: x})[0]


def empty_onnx():
    import onnx
    from onnx import TensorProto, helper

    port = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, columns])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "empty", [port("x")], [port("y")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


def source():
    """The model as the library that trained it holds it."""
    if model.endswith(".json"):
        import xgboost

        return xgboost.Booster(model_file=model)
    if model.endswith(".txt"):
        import lightgbm

        return lightgbm.Booster(model_file=model)
    if model.endswith(".cbm"):
        import catboost

        return catboost.CatBoostClassifier().load_model(model)
    import joblib

    return joblib.load(model)


def load():
    if peer == "onnxruntime":
        call = onnxruntime_session(model)

        def probability(x):
            found = call(x)
            # CatBoost's converter answers with one dictionary a row.
            return np.array([[row[k] for k in sorted(row)] for row in found]) if isinstance(found, list) else found
        return probability
    if peer == "openvino":
        import openvino

        core = openvino.Core()
        compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"})
        request, last = compiled.create_infer_request(), compiled.outputs[-1]
        return lambda x: request.infer([x])[last]
    loaded = source()
    if peer == "onedal":
        import daal4py

        daal4py.daalinit(threads)
        return daal4py.mb.convert_model(loaded).predict_proba
    if peer == "treelite":
        import treelite

        if model.endswith(".joblib"):
            converted = treelite.sklearn.import_model(loaded)
        else:
            converted = (treelite.frontend.load_xgboost_model(model, format_choice="json") if model.endswith(".json") else
                         treelite.frontend.load_lightgbm_model(model))
        return lambda x: treelite.gtil.predict(converted, x, nthread=threads)
    if peer == "ydf":
        import ydf

        converted = ydf.from_sklearn(loaded)
        return lambda x: converted.predict({"features": x}, num_threads=threads)
    if peer == "catboost":
        return lambda x: loaded.predict_proba(x, thread_count=threads)
    if hasattr(loaded, "n_jobs"):
        loaded.n_jobs = threads
    return loaded.predict if not hasattr(loaded, "predict_proba") else loaded.predict_proba


start = time.perf_counter()
predict = load()
loaded = time.perf_counter()
predict(rows[:1])
first = time.perf_counter()


def calls(body, batch):
    times, at, end = [], 0, time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        part = rows[at:at + batch]
        begin = time.perf_counter_ns()
        body(part)
        times.append(time.perf_counter_ns() - begin)
        at = at + batch if at + 2 * batch <= len(rows) else 0
    return times


found = np.asarray(predict(rows[:4096]), np.float64).reshape(len(rows[:4096]), -1)
(found[:, -1:] if width == 1 else found).tofile(answers)
if peer == "onnxruntime":
    overhead = float(np.median(calls(onnxruntime_session(empty_onnx()), 1)))
peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
results = []
for batch in map(int, batches):
    if batch <= len(rows):
        # A call that takes long needs no warming up, and is not repeated.
        warm, end = 0, time.perf_counter() + seconds / 2
        while warm < 3 and (not results or results[-1]["ns_per_row"] * batch < seconds * 1e9) and time.perf_counter() < end:
            predict(rows[:batch])
            warm += 1
        times = calls(predict, batch)
        p50, p99 = np.percentile(times, [50, 99])
        results.append({"batch": batch, "calls": len(times), "p50_ns": p50, "p99_ns": p99, "ns_per_row": p50 / batch})
print(json.dumps({"open_ms": 0, "load_ms": (loaded - start) * 1e3, "first_ms": (first - start) * 1e3, "width": width, "batches": results,
                  "overhead_ns": overhead, "python": True, "peak_kb": peak() - rows.nbytes // 1024}))
