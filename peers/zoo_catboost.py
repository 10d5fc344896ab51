"""CatBoost models with what CatBoost itself predicts for adversarial rows: raw values, bit for bit."""

import json
import os
import pathlib
import tempfile

import catboost
import numpy as np
import pandas as pd

from adversarial import SPECIALS, STRINGS, ranges
from cases import EXACT, CaseFolder, close

SOURCE = f"catboost {catboost.__version__}"
ROWS = int(os.environ.get("MAXAI_ZOO_ROWS", 700))
PREDICTION = close(1e-15, 1e-14)
FLOATS = 6
EXPONENTIAL = ("Poisson", "Tweedie")
PROBABILITY = ("Logloss", "CrossEntropy", "Focal:focal_alpha=0.5;focal_gamma=1", "MultiClass", "MultiClassOneVsAll",
               "MultiLogloss", "MultiCrossEntropy")  # fmt: skip
CTRS = ["Borders:TargetBorderCount=3:TargetBorderType=Uniform", "Buckets:TargetBorderCount=2", "BinarizedTargetMeanValue:TargetBorderCount=4",
        "Counter:Prior=0/1:Prior=0.5/1"]  # fmt: skip


def table():
    """(name, loss, label, kind of columns, rounds, settings)."""
    return [
        ("rmse", "RMSE", "real", "floats", 20, {}),
        ("rmse-one-tree", "RMSE", "real", "floats", 1, {}),
        ("rmse-1000-trees", "RMSE", "real", "floats", 1000, {"depth": 3}),
        ("rmse-missing-min", "RMSE", "real", "missing", 20, {"nan_mode": "Min"}),
        ("rmse-missing-max", "RMSE", "real", "missing", 20, {"nan_mode": "Max"}),
        ("rmse-depth-1", "RMSE", "real", "missing", 30, {"depth": 1}),
        ("rmse-depth-2", "RMSE", "real", "floats", 30, {"depth": 2}),
        ("rmse-depth-8", "RMSE", "real", "missing", 15, {"depth": 8}),
        ("rmse-depth-10", "RMSE", "real", "floats", 10, {"depth": 10}),
        ("rmse-depth-14", "RMSE", "real", "floats", 2, {"depth": 14}),
        ("rmse-borders-1024", "RMSE", "real", "floats", 60, {"border_count": 1024, "depth": 6}),
        ("rmse-borders-8", "RMSE", "real", "missing", 20, {"border_count": 8}),
        ("rmse-ordered", "RMSE", "real", "floats", 20, {"boosting_type": "Ordered"}),
        ("rmse-lossguide", "RMSE", "real", "missing", 20, {"grow_policy": "Lossguide", "max_leaves": 31}),
        ("rmse-lossguide-deep", "RMSE", "real", "floats", 10, {"grow_policy": "Lossguide", "max_leaves": 64, "depth": 14}),
        ("rmse-depthwise", "RMSE", "real", "missing", 20, {"grow_policy": "Depthwise", "depth": 5}),
        ("rmse-depthwise-max", "RMSE", "real", "missing", 20, {"grow_policy": "Depthwise", "depth": 4, "nan_mode": "Max"}),
        ("rmse-scaled", "RMSE", "real", "floats", 20, {"scaled": (2.5, 0.3)}),
        ("rmse-onehot", "RMSE", "real", "categories", 20, {"one_hot_max_size": 255}),
        ("rmse-onehot-lossguide", "RMSE", "real", "categories", 20, {"one_hot_max_size": 255, "grow_policy": "Lossguide"}),
        ("rmse-ctr", "RMSE", "real", "categories", 20, {"one_hot_max_size": 2, "max_ctr_complexity": 1}),
        ("rmse-ctr-combined", "RMSE", "real", "categories", 40, {"one_hot_max_size": 4, "max_ctr_complexity": 4}),
        ("rmse-ctr-combined-max", "RMSE", "real", "categories-missing", 40,
         {"one_hot_max_size": 4, "max_ctr_complexity": 4, "nan_mode": "Max"}),
        ("rmse-ctr-kinds", "RMSE", "real", "categories", 40, {"one_hot_max_size": 2, "simple_ctr": CTRS, "combinations_ctr": CTRS}),
        ("rmse-ctr-lossguide", "RMSE", "real", "categories-missing", 20, {"one_hot_max_size": 2, "grow_policy": "Lossguide"}),
        ("rmse-categories-only", "RMSE", "real", "only-categories", 30, {"one_hot_max_size": 4}),
        ("rmse-integers", "RMSE", "real", "integer-categories", 30, {"one_hot_max_size": 4}),
        ("mae", "MAE", "real", "missing", 20, {}),
        ("mape", "MAPE", "positive", "floats", 20, {}),
        ("lq", "Lq:q=1.5", "real", "floats", 20, {}),
        ("huber", "Huber:delta=1.0", "real", "floats", 20, {}),
        ("expectile", "Expectile:alpha=0.3", "real", "floats", 20, {}),
        ("quantile", "Quantile:alpha=0.8", "real", "categories", 20, {}),
        ("loglin-quantile", "LogLinQuantile:alpha=0.6", "positive", "floats", 20, {}),
        ("multi-quantile", "MultiQuantile:alpha=0.1,0.5,0.9", "real", "missing", 20, {}),
        ("poisson", "Poisson", "positive", "missing", 20, {}),
        ("tweedie", "Tweedie:variance_power=1.5", "positive", "floats", 20, {}),
        ("uncertainty", "RMSEWithUncertainty", "real", "missing", 20, {}),
        ("multi-rmse", "MultiRMSE", "two-reals", "floats", 20, {}),
        ("multi-rmse-counters", "MultiRMSE", "two-reals", "categories", 20, {"simple_ctr": "Counter", "combinations_ctr": "Counter"}),
        ("logloss", "Logloss", "binary", "missing", 20, {}),
        ("logloss-texts", "Logloss", "binary-texts", "floats", 20, {}),
        ("logloss-ctr", "Logloss", "binary", "categories", 40, {"one_hot_max_size": 2}),
        ("logloss-ctr-kinds", "Logloss", "binary", "categories", 40,
         {"one_hot_max_size": 2, "simple_ctr": ["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"]}),
        ("logloss-depthwise", "Logloss", "binary", "categories-missing", 20, {"grow_policy": "Depthwise"}),
        ("cross-entropy", "CrossEntropy", "share", "missing", 20, {}),
        ("focal", "Focal:focal_alpha=0.5;focal_gamma=1", "binary", "floats", 20, {}),
        ("multiclass", "MultiClass", "classes", "missing", 15, {}),
        ("multiclass-texts", "MultiClass", "classes-texts", "floats", 15, {}),
        ("multiclass-ctr", "MultiClass", "classes", "categories", 20, {"one_hot_max_size": 2}),
        ("multiclass-lossguide", "MultiClass", "classes", "missing", 15, {"grow_policy": "Lossguide"}),
        ("multiclass-ova", "MultiClassOneVsAll", "classes", "floats", 15, {}),
        ("multilogloss", "MultiLogloss", "two-flags", "missing", 15, {}),
        ("multi-cross-entropy", "MultiCrossEntropy", "two-shares", "floats", 15, {}),
        ("query-rmse", "QueryRMSE", "grades", "floats", 15, {}),
        ("yetirank", "YetiRank", "grades", "missing", 15, {}),
        ("pair-logit", "PairLogit", "grades", "floats", 15, {}),
    ]  # fmt: skip


def features(rng, kind, rows=600):
    x = (rng.normal(size=(rows, FLOATS)) * np.array([1, 1, 10, 1e-3, 1, 1e5])).astype(np.float32)
    x[:, 4] = np.round(x[:, 4] * 2)
    if "missing" in kind:
        x[rng.random(x.shape) < 0.15] = np.nan
    frame = pd.DataFrame(x, columns=[f"f{i}" for i in range(FLOATS)])
    if "categories" in kind:
        if kind == "only-categories":
            frame = frame.iloc[:, :0]
        words = ["red", "green", "blue", "", "grün", "x" * 40, "seventeen letters!", "日本語のテキストです、とても長いので三十二バイトを超えます"]
        if kind == "integer-categories":
            frame["a"], frame["b"] = rng.integers(-3, 5, rows), rng.integers(0, 10**9, 40)[rng.integers(0, 40, rows)]
        else:
            frame["a"], frame["b"] = rng.choice(words, rows), rng.choice([f"item {i}" for i in range(60)], rows)
        frame["c"] = rng.choice(["yes", "no"], rows)
        if "missing" not in kind:  # categories between the numbers, not after them
            frame = frame[[c for c in ["f0", "a", "f1", "f2", "b", "f3", "f4", "c", "f5"] if c in frame]]
    return frame


def label(rng, what, frame):
    numbers = frame.select_dtypes("float32").fillna(0)
    y = rng.normal(size=len(frame)) * 0.2
    if len(numbers.columns):
        y = y + numbers.iloc[:, 0] + np.sin(2 * numbers.iloc[:, 1]) + 0.3 * numbers["f4"]
    if "a" in frame:
        y = y + pd.factorize(frame["a"])[0] % 3 + pd.factorize(frame["b"])[0] % 7 * 0.5 + (frame["c"] == "yes") * pd.factorize(frame["b"])[0] % 2
    y = y.to_numpy()
    if what == "positive":
        return np.exp(y / 4)
    if what == "share":
        return 1 / (1 + np.exp(-y))
    if what.startswith("binary"):
        flags = y > np.median(y)
        return np.where(flags, "good", "bad") if what == "binary-texts" else flags.astype(int)
    if what.startswith("classes"):
        found = np.digitize(y, np.quantile(y, [0.25, 0.5, 0.75]))
        return np.array(["north", "süd", "east", "west"])[found] if what == "classes-texts" else found * 10
    if what == "two-reals":
        return np.c_[y, np.cos(y) + rng.normal(size=len(y)) * 0.1]
    if what == "two-flags":
        return np.c_[y > np.median(y), np.cos(y) > 0].astype(int)
    if what == "two-shares":
        return np.c_[1 / (1 + np.exp(-y)), 1 / (1 + np.exp(y * y))]
    if what == "grades":
        return np.digitize(y, np.quantile(y, [0.5, 0.8, 0.95])).astype(float)
    return y


def borders(model):
    """Float feature -> borders."""
    return {f["feature_index"]: f["borders"] or [] for f in model["features_info"].get("float_features", [])}


def rows_to_try(rng, frame, model):
    """Ordinary rows, special values, borders with both neighbours, and odd categories, at least ROWS of them."""
    floats = [c for c in frame if c.startswith("f")]
    texts = [c for c in frame if not c.startswith("f")]
    specials = [v for v in SPECIALS if not np.isnan(v) or frame[floats].isna().any().any()]
    near = [(floats[k], v) for k, found in sorted(borders(model).items()) for b in found
            for v in (np.float32(b), np.nextafter(np.float32(b), np.float32(np.inf)), np.nextafter(np.float32(b), np.float32(-np.inf)))]

    share = -(-ROWS // (1 + bool(floats) + bool(near) + bool(texts)))

    def some():
        return frame.iloc[rng.integers(len(frame), size=share)].copy()

    parts, groups = [some()], [("ordinary", share)]
    if floats:
        special = some()
        for name in floats:
            mask = rng.random(share) < 0.5
            special.loc[mask, name] = rng.choice(specials, mask.sum()).astype(np.float32)
        parts.append(special)
        groups.append(("special", share))
    if near:
        picks = some()
        columns = {name: picks[name].to_numpy(copy=True) for name in floats}
        for row in range(share):
            for index in rng.integers(len(near), size=3):
                columns[near[index][0]][row] = near[index][1]
        for name in floats:
            picks[name] = columns[name]
        parts.append(picks)
        groups.append(("threshold", share))
    if texts:
        odd = some()
        for name in texts:
            if odd[name].dtype.kind in "iu":
                odd[name] = rng.choice([-1, 0, 3, 7, 2**31, -(2**31), 2**62], share)
            else:
                odd[name] = rng.choice(STRINGS + ["red", "item 3", "yes", "y" * 64, "z" * 65, "w" * 129], share)
        parts.append(odd)
        groups.append(("category", share))
    return pd.concat(parts, ignore_index=True), ranges(groups)


def column(folder, name, series):
    if series.dtype == object:
        return folder.tensor(name, series.to_numpy(object))
    if series.dtype.kind in "iu":
        return folder.tensor(name, np.array([str(v) for v in series], dtype=object))
    return folder.tensor(name, series.to_numpy(np.float32))


def generate(root):
    written = []
    for index, (name, loss, what, kind, rounds, settings) in enumerate(table()):
        rng = np.random.default_rng(7000 + index)
        frame = features(rng, kind)
        y = label(rng, what, frame)
        texts = [c for c in frame if not c.startswith("f")]
        settings = {"depth": 5} | settings
        scaled = settings.pop("scaled", None)
        pool = catboost.Pool(frame, y, cat_features=texts, group_id=np.repeat(np.arange(20), 30) if what == "grades" else None)
        model = catboost.CatBoost(
            {"loss_function": loss, "iterations": rounds, "random_seed": 3, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
            | settings
        )
        model.fit(pool)
        if scaled:
            model.set_scale_and_bias(*scaled)
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch) / "model.json"
            model.save_model(str(path), format="json", pool=pool)
            text = path.read_bytes()
        rows, groups = rows_to_try(rng, frame, json.loads(text))
        given = catboost.Pool(rows, cat_features=texts)
        raw = model.predict(given, prediction_type="RawFormulaVal", thread_count=1)
        base = loss.split(":")[0]
        if loss in PROBABILITY:
            if base in ("Logloss", "CrossEntropy", "Focal"):
                prediction = model.predict(given, prediction_type="Probability", thread_count=1)[:, 1]
            else:
                prediction = model.predict(given, prediction_type="Probability", thread_count=1)
        elif base in EXPONENTIAL:
            prediction = model.predict(given, prediction_type="Exponent", thread_count=1)
        elif base == "RMSEWithUncertainty":
            prediction = model.predict(given, prediction_type="RMSEWithUncertainty", thread_count=1)
        else:
            prediction = raw
        shown = {k: v for k, v in settings.items() if k not in ("simple_ctr", "combinations_ctr")}
        configuration = {
            "model": f"{loss}, {rounds} trees", "data": kind,
            "settings": ", ".join([f"{k}={v}" for k, v in shown.items()] + (["all kinds of statistics"] if "simple_ctr" in settings else [])),
        }  # fmt: skip
        folder = CaseFolder(root, f"catboost-{name}")
        sets = [
            {
                "inputs": [column(folder, n, rows[n].iloc[:count]) for n in rows],
                "outputs": [folder.tensor("raw", raw[:count], EXACT), folder.tensor("prediction", prediction[:count], PREDICTION)],
            }
            for count in (len(rows), 0)
        ]
        folder.write(
            "model.json", text, kind="catboost", source=SOURCE, made_with=SOURCE,
            settings=settings | {"loss_function": loss, "iterations": rounds}, configuration=configuration, notes="", groups=groups,
            sets=sets,
        )  # fmt: skip
        written.append((folder.name, len(rows), ""))
    return written
