"""ONNX as other boosting libraries export it: CatBoost by itself, LightGBM and XGBoost by onnxmltools."""

import os
import tempfile

import catboost
import lightgbm
import numpy as np
import onnx
import onnxmltools
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from adversarial import float_rows, onnx_thresholds
from cases import close
from zoo_onnx import first_line, write_case

TREE = close(1e-6, 1e-6)


def data(rng, n=300):
    x = rng.normal(size=(n, 4)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    filled = np.nan_to_num(x)
    score = filled[:, 0] - 0.5 * filled[:, 1] + np.sin(2 * filled[:, 2]) + 0.1 * rng.normal(size=n)
    return x, {"real": score, "binary": (score > 0).astype(int), "multi": np.digitize(score, [-0.7, 0.7])}


def from_catboost(model, x, y):
    model.fit(x, y)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        model.save_model(path, format="onnx")
        return onnx.load(path)


def from_lightgbm(model, x, y):
    model.fit(x, y)
    kind = [("input", FloatTensorType([None, x.shape[1]]))]
    return onnxmltools.convert_lightgbm(model, initial_types=kind, target_opset=15, zipmap=False)


def from_xgboost(model, x, y):
    model.fit(x, y)
    kind = [("input", FloatTensorType([None, x.shape[1]]))]
    return onnxmltools.convert_xgboost(model, initial_types=kind, target_opset=15)


def table():
    cat = {
        "iterations": 12,
        "depth": 4,
        "random_seed": 0,
        "verbose": False,
        "allow_writing_files": False,
        "thread_count": 1,
    }
    light = {"n_estimators": 12, "num_leaves": 12, "random_state": 0, "verbose": -1, "n_jobs": 1}
    xgb = {"n_estimators": 12, "max_depth": 4, "random_state": 0, "n_jobs": 1}
    return [
        ("catboost-regressor", from_catboost, catboost.CatBoostRegressor(**cat), "real"),
        ("catboost-binary", from_catboost, catboost.CatBoostClassifier(**cat), "binary"),
        ("catboost-multi", from_catboost, catboost.CatBoostClassifier(loss_function="MultiClass", **cat), "multi"),
        ("lightgbm-regressor", from_lightgbm, lightgbm.LGBMRegressor(**light), "real"),
        ("lightgbm-binary", from_lightgbm, lightgbm.LGBMClassifier(**light), "binary"),
        ("lightgbm-multi", from_lightgbm, lightgbm.LGBMClassifier(**light), "multi"),
        ("xgboost-regressor", from_xgboost, xgboost.XGBRegressor(**xgb), "real"),
        ("xgboost-binary", from_xgboost, xgboost.XGBClassifier(**xgb), "binary"),
        ("xgboost-multi", from_xgboost, xgboost.XGBClassifier(**xgb), "multi"),
    ]


def generate(root):
    versions = f"catboost {catboost.__version__}, lightgbm {lightgbm.__version__}, xgboost {xgboost.__version__}"
    made_with = f"{versions}, onnxmltools {onnxmltools.__version__}"
    written = []
    for index, (name, export, model, task) in enumerate(table()):
        rng = np.random.default_rng(900 + index)
        x, labels = data(rng)
        try:
            proto = export(model, x, labels[task])
            values, groups = float_rows(rng, x, onnx_thresholds(proto))
            feed = {proto.graph.input[0].name: values}
            zipmap = any(n.op_type == "ZipMap" for n in proto.graph.node)
            if zipmap:
                feed, groups = {k: v[:60] for k, v in feed.items()}, None
            case = write_case(root, f"exported-{name}", proto, feed, TREE, groups, made_with, zero_rows=not zipmap)
            written.append(case)
        except Exception as error:
            print(f"  not exported: {name}: {first_line(error)}")
    return written
