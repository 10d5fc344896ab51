"""What scores a model of the suite: commands, each one process that prints the measurements of one peer."""

import pathlib
import subprocess
import sys

from suite import FILES, OUT, ROOT, SUITE, width

HERE = pathlib.Path(__file__).resolve().parent
# Compiling longer than this is a result too, and not one to wait for.
COMPILE_SECONDS = 300
# Larger models take a C compiler many minutes.
COMPILED_TREES = 200


def module(name):
    return pathlib.Path(__import__(name).__file__).parent


def tl2cgen(name):
    import tl2cgen as generator
    import treelite

    folder, case = OUT / name, SUITE[name]
    library = folder / "tl2cgen.so"
    if case["trees"] > COMPILED_TREES:
        raise RuntimeError(f"more than {COMPILED_TREES} trees: not compiled, a C compiler takes too long")
    if not library.exists():
        source = folder / FILES[case["library"]]
        model = (treelite.frontend.load_xgboost_model(source, format_choice="json") if case["library"] == "xgboost" else
                 treelite.frontend.load_lightgbm_model(source))
        generator.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 8}, nthread=2)
    return library


def lleaves(name):
    folder = OUT / name
    library, cache = folder / "lleaves.so", folder / "lleaves.o"
    if SUITE[name]["trees"] > COMPILED_TREES:
        raise RuntimeError(f"more than {COMPILED_TREES} trees: not compiled, takes too long")
    if not library.exists():
        script = f"import lleaves; lleaves.Model(model_file={str(folder / 'model.txt')!r}).compile(cache={str(cache)!r})"
        subprocess.run([sys.executable, "-c", script], check=True, timeout=COMPILE_SECONDS, capture_output=True)
        subprocess.run(["cc", "-shared", cache, "-o", library, "-lm"], check=True)
    return library


def onnx(name):
    """The model in ONNX, by the converters of onnxmltools and skl2onnx."""
    folder, case = OUT / name, SUITE[name]
    target = folder / "model.onnx"
    if target.exists():
        return target
    if case["library"] == "catboost":
        import catboost

        catboost.CatBoostClassifier().load_model(folder / "model.cbm").save_model(str(target), format="onnx")
        return target
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    kind = [("input", FloatTensorType([None, case["columns"]]))]
    if case["library"] == "xgboost":
        import xgboost

        booster = xgboost.Booster(model_file=folder / "model.json")
        booster.feature_names = [f"f{i}" for i in range(case["columns"])]
        model = onnxmltools.convert_xgboost(booster, initial_types=kind)
    elif case["library"] == "lightgbm":
        import lightgbm

        model = onnxmltools.convert_lightgbm(lightgbm.Booster(model_file=folder / "model.txt"), initial_types=kind, zipmap=False)
    else:
        import joblib
        import skl2onnx

        estimator = joblib.load(folder / "model.joblib")
        model = skl2onnx.to_onnx(estimator, initial_types=[("input", skl2onnx.common.data_types.FloatTensorType([None, case["columns"]]))],
                                 options={id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None)
    target.write_bytes(model.SerializeToString())
    return target


def commands(name, bundle):
    """Peer → (command up to the number of threads, file) or the reason why there is none."""
    case, folder = SUITE[name], OUT / name
    rows, columns, source = folder / "rows.f32", str(case["columns"]), folder / FILES[case["library"]]
    found = {}

    def c(kind, library, model):
        return [OUT / "harness", kind, library, model, rows, columns], model

    def attempt(peer, body):
        try:
            found[peer] = body()
        except Exception as error:
            found[peer] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"

    def python(peer, model):
        return [sys.executable, HERE / "measure.py", peer, "-", model, rows, columns], model

    if bundle:
        found["maxai"] = c("maxai", ROOT / "build/lib/libmaxai.so", bundle)
    if case["library"] == "xgboost":
        attempt("xgboost", lambda: c("xgboost", module("xgboost") / "lib/libxgboost.so", source))
    if case["library"] in ("xgboost", "lightgbm", "catboost"):
        attempt("onedal", lambda: python("onedal", source))
    if case["library"] == "lightgbm":
        attempt("lightgbm", lambda: c("lightgbm", module("lightgbm") / "lib/lib_lightgbm.so", source))
        attempt("lleaves", lambda: c("lleaves", lleaves(name), folder / "lleaves.so"))
    if case["library"] in ("xgboost", "lightgbm"):
        attempt("tl2cgen", lambda: c("tl2cgen" if case["library"] == "xgboost" else "tl2cgen64", tl2cgen(name), folder / "tl2cgen.so"))
    if case["library"] in ("catboost", "sklearn"):
        attempt(case["library"], lambda: python(case["library"], source))
    if case["library"] == "sklearn" and "depth" in case:
        attempt("ydf", lambda: python("ydf", source))
    if case["library"] != "catboost":
        attempt("treelite", lambda: python("treelite", source))
    attempt("onnxruntime", lambda: python("onnxruntime", onnx(name)))
    attempt("openvino", lambda: python("openvino", onnx(name)))
    return found, width(name)
