#!/usr/bin/env python3
"""Holds `maxai-score --contributions all` against the package shap, path-dependent and interventional, on models of XGBoost,
LightGBM and scikit-learn, and times both on one thread.

    pip install shap            (into an environment that also has peers/requirements.txt)
    python peers/shap_values.py [--bin .build/release] [--rows N] [--background N]

Without shap it says so and stops with exit status 0. Exit status 1 if anything differs by more than 1e-5 of the largest
contribution.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
try:
    import shap
except ImportError:
    sys.exit(print("shap is not installed: nothing compared"))

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sklearn.ensemble
import xgboost

from zoo_native import maxai

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = 28
NAMES = [f"f{i}" for i in range(COLUMNS)]


def data(rows, seed):
    rng = np.random.default_rng(seed)
    # Values that f32 holds exactly: shap and the libraries read the same numbers.
    x = rng.normal(size=(rows, COLUMNS)).astype(np.float32).astype(np.float64)
    y = x[:, 0] * 2 + np.sin(x[:, 1] * 3) + x[:, 2] * x[:, 3] + rng.normal(size=rows) * 0.1
    return x, y


def models(x, y, folder):
    booster = xgboost.XGBRegressor(n_estimators=100, max_depth=6, n_jobs=1).fit(x, y).get_booster()
    booster.save_model(folder / "xgboost.json")
    yield "XGBoost, depth 6, 100 trees", booster, folder / "xgboost.json"
    booster = lightgbm.train({"num_leaves": 31, "num_threads": 1, "verbose": -1, "objective": "regression"}, lightgbm.Dataset(x, y, feature_name=NAMES), 100)
    booster.save_model(folder / "lightgbm.txt")
    yield "LightGBM, 31 leaves, 100 trees", booster, folder / "lightgbm.txt"
    boosting = sklearn.ensemble.GradientBoostingRegressor(n_estimators=100, max_depth=6, random_state=1).fit(x, y)
    maxai.export(boosting, folder / "sklearn.maxir", name="boosting", column_names=NAMES)
    yield "scikit-learn gradient boosting, depth 6, 100 trees", boosting, folder / "sklearn.maxir"


def ours(options, folder, model, rows, extra_compile, extra_score):
    bundle, out = folder / "m.maxb", folder / "out.parquet"
    subprocess.run([options.bin / "maxai-compile", model, "-o", bundle, "--quiet", *extra_compile], check=True)
    command = [options.bin / "maxai-score", bundle, rows, "-o", out, "--outputs", "raw", "--contributions", "all", "--quiet"]
    start = time.perf_counter()
    subprocess.run([*command, "--threads", "1", *extra_score], check=True)
    seconds = time.perf_counter() - start
    table = pq.read_table(out)
    columns = [name for name in table.column_names if name.startswith("contribution_")]
    parts = np.stack([table[name].to_numpy() for name in columns], axis=1)
    total = np.zeros(len(parts))
    for part in parts.T:
        total = total + part
    return parts[:, :-1], (total == table["raw"].to_numpy().astype(np.float64)).all(), seconds


def main():
    parser = argparse.ArgumentParser(description="contributions against shap")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / ".build/release")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--background", type=int, default=100)
    options = parser.parse_args()
    failed = 0
    x, y = data(5000, 1)
    rows, background = data(options.rows, 2)[0], data(options.background, 3)[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, values in (("rows.parquet", rows), ("background.parquet", background)):
            pq.write_table(pa.table({n: values[:, i] for i, n in enumerate(NAMES)}), folder / name)
        for name, model, path in models(x, y, folder):
            for kind in ("path-dependent", "interventional"):
                is_path = kind == "path-dependent"
                known = None if is_path else background
                explainer = shap.TreeExplainer(model, known, feature_perturbation="tree_path_dependent" if is_path else "interventional")
                start = time.perf_counter()
                values = explainer.shap_values(rows, check_additivity=False)
                theirs_s = time.perf_counter() - start
                compile_with = [] if is_path else ["--background", folder / "background.parquet", "--background-rows", options.background]
                found, exact, ours_s = ours(options, folder, path, folder / "rows.parquet", [str(c) for c in compile_with], [])
                base = np.ravel(explainer.expected_value)[0]
                off = max(np.abs(found[:, :-1] - values).max(), np.abs(found[:, -1] - base).max()) / np.abs(values).max()
                good = off < 1e-5 and exact
                failed += not good
                print(
                    f"  {'ok' if good else 'FAILED'}: {name}, {kind}: off by {off:.1e}, {'adds up' if exact else 'does not add up'}; "
                    f"{len(rows)} rows: maxai-score {ours_s:.3f} s with files, shap {theirs_s:.3f} s, ratio {ours_s / theirs_s:.3f}",
                    flush=True,
                )
    print(f"shap {shap.__version__}: {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
