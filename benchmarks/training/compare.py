"""Boosted trees beside LightGBM and XGBoost on the same rows: quality, time on one and two threads, memory, digests.

The quality on `higgs` is no measure of parity: its x0·x1 has no effect on its own, greedy growth finds it by chance, and
LightGBM differs from itself by up to 0.005 of AUC when only its start score moves.
Rounds are interleaved and medians are quoted; every fit runs in a process of its own.
Example: .peers/bin/python benchmarks/training/compare.py --quick
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIT = ROOT / ".build/release/fit"
PEER = """
import json, sys, time
import numpy as np
name, folder, task, threads, trees = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
x, y, t = (np.load(f"{folder}/{part}.npy") for part in ("x", "y", "t"))
def peak_of(reset=False):  # not ru_maxrss: a process inherits that from the one that started it
    if reset:
        open("/proc/self/clear_refs", "w").write("5")
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
if name == "lightgbm":
    import lightgbm
    before = peak_of(reset=True)
    settings = {"objective": "binary" if task == "binary" else "regression", "num_threads": threads, "verbosity": -1, "num_leaves": 31,
                "learning_rate": 0.1}
    start, cpu = time.perf_counter(), time.process_time()
    model = lightgbm.train(settings, lightgbm.Dataset(x, y), trees)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    raw = model.predict
else:
    import xgboost
    before = peak_of(reset=True)
    settings = {"objective": "binary:logistic" if task == "binary" else "reg:squarederror", "nthread": threads, "verbosity": 0,
                "max_leaves": 31, "max_depth": 0, "grow_policy": "lossguide", "tree_method": "hist", "eta": 0.1, "lambda": 0,
                "min_child_weight": 1e-3}
    start, cpu = time.perf_counter(), time.process_time()
    model = xgboost.train(settings, xgboost.QuantileDMatrix(x, y, nthread=threads), trees)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    raw = lambda t: model.predict(xgboost.DMatrix(t))
peak = peak_of()
np.save(f"{folder}/{name}.npy", raw(t))
print(json.dumps({"seconds": [seconds], "cpu": [cpu], "kibBefore": before, "kibPeak": peak}))
"""


def hastie(rows, generator):
    x = generator.standard_normal((rows, 10))
    return x, ((x**2).sum(1) > 9.34).astype(float)


def higgs(rows, generator):
    x = generator.standard_normal((rows, 28))
    z = (x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * np.abs(x[:, 3]) - 0.4 + x[:, 4] * (x[:, 5] > 0) + 0.3 * x[:, 6] ** 2 - 0.3
         + 0.2 * x[:, 7:12].sum(1))
    return x, (generator.random(rows) < 1 / (1 + np.exp(-z))).astype(float)


def friedman(rows, generator):
    x = generator.random((rows, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, y + generator.standard_normal(rows)


DATA = {"hastie": (hastie, "binary"), "higgs": (higgs, "binary"), "friedman": (friedman, "regression")}


def auc(y, score):
    order = np.argsort(score, kind="stable")
    values = score[order]
    starts = np.r_[0, np.flatnonzero(np.diff(values)) + 1, len(values)]
    ranks = np.repeat((starts[:-1] + starts[1:] + 1) / 2, np.diff(starts))
    positive = y[order] == 1
    n = positive.sum()
    return (ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(y) - n))


def quality(task, y, score):
    return auc(y, score) if task == "binary" else 1 - ((y - score) ** 2).sum() / ((y - y.mean()) ** 2).sum()


def measure(name, folder, task, threads, trees):
    environment = dict(os.environ, OMP_WAIT_POLICY="passive", OMP_NUM_THREADS=str(threads))
    if name == "maxai":
        command = [FIT, "gbdt", task, f"{folder}/x.npy", f"{folder}/y.npy", "--threads", str(threads), "--set", f"trees={trees}",
                   "--test", f"{folder}/t.npy", "--raw", f"{folder}/maxai.npy"]
    else:
        command = [sys.executable, "-c", PEER, name, str(folder), task, str(threads), str(trees)]
    result = subprocess.run([str(each) for each in command], env=environment, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{name}: {result.stderr}")
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="100,000 rows, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--data", action="append", choices=DATA)
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else arguments.rounds
    for name in arguments.data or DATA:
        generate, task = DATA[name]
        sizes = arguments.rows or ([100_000] if arguments.quick or name != "higgs" else [100_000, 1_000_000])
        for rows in sizes:
            with tempfile.TemporaryDirectory() as folder:
                generator = np.random.default_rng(42)
                x, y = generate(rows, generator)
                t, truth = generate(100_000, generator)
                for part, values in (("x", np.asfortranarray(x)), ("y", y), ("t", np.asfortranarray(t))):
                    np.save(f"{folder}/{part}.npy", values)
                found, digests = {}, set()
                for _ in range(rounds):
                    for threads in (1, 2):
                        for engine in ("maxai", "lightgbm", "xgboost"):
                            result = measure(engine, folder, task, threads, arguments.trees)
                            found.setdefault((engine, threads), []).append(result)
                            if "digest" in result:
                                digests.add(result["digest"])
                print(f"{name} {rows} x {x.shape[1]}: {arguments.trees} trees")
                base = statistics.median(each["seconds"][0] for each in found["lightgbm", 1])
                for (engine, threads), results in found.items():
                    seconds = statistics.median(each["seconds"][0] for each in results)
                    cpu = statistics.median(each["cpu"][0] for each in results)
                    memory = statistics.median(each["kibPeak"] - each["kibBefore"] for each in results) / 1024
                    score = quality(task, truth, np.load(f"{folder}/{engine}.npy"))
                    print(f"  {engine:9} {threads} threads {seconds:7.3f} s  cpu {cpu:7.3f} s  {seconds / base:5.2f} x  {memory:7.1f} MiB"
                          f"  quality {score:.5f}")
                print(f"  digests on 1 and 2 threads: {'equal' if len(digests) == 1 else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
