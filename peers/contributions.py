#!/usr/bin/env python3
"""Holds `maxai-score --contributions all` and `--outputs leaf` against XGBoost's own, and shows what both cost.

    .peers/bin/python peers/contributions.py [--bin .build/release] [--rows N] [--time]

Contributions must agree with `pred_contribs` within what its f32 sums leave; added in order with base and rest they must
give the raw score in every bit; leaf numbers must equal `pred_leaf`. `--time` prints the seconds of both on one thread.
Exit status 1 if anything differs.
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Name, settings, rounds, rows with missing values.
MODELS = [
    ("squared error, depth 6", {"objective": "reg:squarederror", "max_depth": 6}, 60, False),
    ("logistic, missing values", {"objective": "binary:logistic", "max_depth": 5}, 40, True),
    ("three classes", {"objective": "multi:softprob", "num_class": 3, "max_depth": 4}, 20, True),
    ("deep", {"objective": "reg:squarederror", "max_depth": 12}, 8, False),
    ("linear", {"objective": "multi:softprob", "num_class": 3, "booster": "gblinear", "updater": "coord_descent"}, 20, True),
    ("dart", {"objective": "reg:squarederror", "max_depth": 4, "booster": "dart", "rate_drop": 0.3}, 20, False),
]
TIMED = ("depth 6, 100 trees, 28 columns", {"objective": "reg:squarederror", "max_depth": 6}, 100, False)


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]}: exit status {done.returncode}: {done.stderr}")


def check(folder, options, name, settings, rounds, missing, columns=12, rows=1500, timed=False):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(rows, columns)).astype(np.float32)
    if missing:
        x[rng.random(x.shape) < 0.1] = np.nan
    filled = np.nan_to_num(x)
    y = filled[:, 0] * 2 + np.sin(filled[:, 1] * 3) + filled[:, 2] * filled[:, 3] + rng.normal(size=rows) * 0.1
    if "num_class" in settings:
        y = np.digitize(y, [-1, 1])
    elif settings["objective"].startswith("binary"):
        y = y > 0
    data = xgboost.DMatrix(x, y)
    booster = xgboost.train({"nthread": 1, "seed": 1} | ({} if settings.get("booster") == "gblinear" else {"min_child_weight": 0}) | settings, data, rounds)
    model, bundle, table, out = (folder / n for n in ("m.json", "m.maxb", "x.parquet", "y.parquet"))
    booster.save_model(model)
    names = [f"f{i}" for i in range(columns)]
    pq.write_table(pa.table({n: x[:, i] for i, n in enumerate(names)}), table)
    run([options.bin / "maxai-compile", model, "-o", bundle, "--quiet"])
    is_linear = settings.get("booster") == "gblinear"
    outputs = "raw" if timed or is_linear else "raw,leaf"
    command = [options.bin / "maxai-score", bundle, table, "-o", out, "--outputs", outputs, "--contributions", "all", "--quiet"]
    start = time.perf_counter()
    run(command + ["--threads", "1"])
    ours = time.perf_counter() - start
    start = time.perf_counter()
    theirs = booster.predict(xgboost.DMatrix(x), pred_contribs=True)
    peer = time.perf_counter() - start
    scored = pq.read_table(out).to_pandas()
    outputs = settings.get("num_class", 1)
    theirs = theirs.reshape(rows, outputs, columns + 1)
    faults = []
    for k in range(outputs):
        prefix = "contribution_" + (f"{k}_" if outputs > 1 else "")
        ordered = [scored[prefix + n].to_numpy() for n in names + ["base", "rest"]]
        total = np.zeros(rows)
        for part in ordered:
            total = total + part
        raw = scored["raw" if outputs == 1 else f"raw_{k}"].to_numpy()
        if not np.array_equal(total, raw.astype(np.float64)):
            faults.append(f"output {k}: {(total != raw).sum()} of {rows} rows do not add up")
        found = np.stack(ordered[:-1], axis=1)
        off = np.abs(found - theirs[:, k]).max() / max(np.abs(theirs[:, k]).max(), 1e-9)
        if not off < 2e-5:
            faults.append(f"output {k}: off by {off:.1e} of the largest contribution")
    if not timed:
        leaves = np.zeros((rows, 0)) if is_linear else booster.predict(data, pred_leaf=True).reshape(rows, -1)
        found = np.array([scored[f"leaf_{i}"] for i in range(leaves.shape[1])]).reshape(leaves.shape[::-1]).T
        if not np.array_equal(found, leaves):
            faults.append(f"{(found != leaves).sum()} leaves differ")
        faults += largest(folder, command, scored, names, outputs)
    print(f"  {'FAILED ' + '; '.join(faults) if faults else 'ok'}: {name}, off by {off:.1e} at most")
    if timed:
        print(f"  {rows} rows on one thread: maxai-score {ours:.3f} s with files, XGBoost {peer:.3f} s, ratio {ours / peer:.2f}")
    return bool(faults)


def largest(folder, command, scored, names, outputs, count=3):
    command = [count if part == "all" else part for part in command]
    run(command)
    top = pq.read_table(folder / "y.parquet").to_pandas()
    faults = []
    for k in range(outputs):
        prefix = "contribution_" + (f"{k}_" if outputs > 1 else "")
        parts = np.stack([scored[prefix + n].to_numpy() for n in names], axis=1)
        order = np.argsort(-np.abs(parts), axis=1, kind="stable")
        for place in range(count):
            at = order[:, place]
            if list(top[f"{prefix}{place + 1}_feature"]) != [names[i] for i in at]:
                faults.append(f"output {k}: the columns that come {place + 1}th differ")
            if not np.array_equal(top[f"{prefix}{place + 1}_value"], parts[np.arange(len(at)), at]):
                faults.append(f"output {k}: the values that come {place + 1}th differ")
        if not np.array_equal(top[prefix + "base"], scored[prefix + "base"]):
            faults.append(f"output {k}: the base differs")
    return faults


def main():
    parser = argparse.ArgumentParser(description="contributions and leaves against XGBoost")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / ".build/release")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--time", action="store_true", help="also time depth 6, 100 trees")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in MODELS:
            failed += check(pathlib.Path(folder), options, *case)
        if options.time:
            failed += check(pathlib.Path(folder), options, *TIMED, columns=28, rows=options.rows, timed=True)
    print(f"contributions: {len(MODELS) + options.time - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
