"""Parquet in, predictions out: maxai-score beside pyarrow + XGBoost + pyarrow, on two threads, in turn.

Usage: scoring.py [ROWS]   (default 2,000,000 rows of 30 float columns, 100 trees of depth 6)
"""

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
columns, folder, runs = 30, "build/bench", 3
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(1)
names = [f"f{i}" for i in range(columns)]

train = random.normal(size=(50_000, columns)).astype(np.float32)
label = (train[:, :5].sum(1) + random.normal(size=len(train)) > 0).astype(int)
booster = xgboost.train(
    {"objective": "binary:logistic", "max_depth": 6, "nthread": 2}, xgboost.DMatrix(train, label, feature_names=names), 100)
booster.save_model(f"{folder}/model.json")
subprocess.run([".build/release/maxai-compile", f"{folder}/model.json", "-o", f"{folder}/model.maxb", "--quiet"], check=True)


def table(count, path):
    if not os.path.exists(path):
        data = random.normal(size=(count, columns)).astype(np.float32)
        pq.write_table(pa.table({n: data[:, i] for i, n in enumerate(names)}), path, row_group_size=1 << 17)


def peer(source, target):
    data = pq.read_table(source)
    matrix = np.stack([data[n].to_numpy() for n in names], 1)
    pq.write_table(pa.table({"probability": booster.inplace_predict(matrix)}), target, compression="zstd")


def ours(source, target):
    subprocess.run([".build/release/maxai-score", f"{folder}/model.maxb", source, "-o", target, "--outputs", "probability",
                    "--threads", "2", "--quiet"], check=True)


def peak(source, target):
    script = f"import resource, subprocess; subprocess.run({['.build/release/maxai-score', f'{folder}/model.maxb', source, '-o', target, '--threads', '2', '--quiet']!r}, check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout) / 1024


source = f"{folder}/rows-{rows}.parquet"
table(rows, source)
booster.set_param({"nthread": 2})
times = {"ours": [], "peer": []}
for _ in range(runs):
    for name, body in (("peer", peer), ("ours", ours)):
        start = time.perf_counter()
        body(source, f"{folder}/{name}.parquet")
        times[name].append(time.perf_counter() - start)
a = pq.read_table(f"{folder}/ours.parquet")["probability"].to_numpy().view(np.uint32)
b = pq.read_table(f"{folder}/peer.parquet")["probability"].to_numpy().view(np.uint32)
median = {name: sorted(values)[runs // 2] for name, values in times.items()}
print(f"rows {rows}, columns {columns}, 100 trees of depth 6, two threads, median of {runs}")
print(f"maxai-score {median['ours']:.2f} s   pyarrow + xgboost {median['peer']:.2f} s   ratio {median['ours'] / median['peer']:.2f}")
print(f"predictions equal bit for bit: {(a == b).sum()} of {len(a)}")
quarter = f"{folder}/rows-{rows // 4}.parquet"
table(rows // 4, quarter)
print(f"peak memory: {peak(quarter, folder + '/x.parquet'):.0f} MiB for {rows // 4} rows, {peak(source, folder + '/x.parquet'):.0f} MiB for {rows}")
