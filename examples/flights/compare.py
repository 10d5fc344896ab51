"""Compares what maxai-score wrote with what the training frameworks predict, row by row."""

import sys

import numpy as np
import pyarrow.parquet as pq

folder = sys.argv[1]
expected = pq.read_table("build/flights/expected_xgboost.parquet").to_pandas()
found = pq.read_table(f"{folder}/delay.parquet").to_pandas()
margins = expected["margin"].to_numpy(np.float32).view(np.uint32) == found["raw"].to_numpy(np.float32).view(np.uint32)
chances = expected["probability"].to_numpy(np.float32).view(np.uint32) == found["probability"].to_numpy(np.float32).view(np.uint32)
print(f"{'xgboost: rows':44} {len(found)}")
print(f"{'xgboost: margins equal bit for bit':44} {margins.sum()} of {len(margins)}")
print(f"{'xgboost: probabilities equal bit for bit':44} {chances.sum()} of {len(chances)}")

expected = pq.read_table("build/flights/expected_logistic.parquet").to_pandas()
scored = pq.read_table(f"{folder}/logistic.parquet").to_pandas()
labels = expected["label"].to_numpy() == scored["label"].to_numpy()
error = np.abs(expected["probability"].to_numpy() - scored["probabilities_1"].to_numpy()).max()
print(f"{'logistic: labels equal (ONNX Runtime)':44} {labels.sum()} of {len(labels)}")
print(f"{'logistic: largest error of a probability':44} {error:.3g}")
sys.exit(0 if margins.all() and labels.all() and error < 1e-6 else 1)
