"""LightGBM models with what LightGBM itself predicts for adversarial rows: raw scores, bit for bit."""

import os

import lightgbm
import numpy as np
import pandas as pd

from adversarial import ranges
from cases import EXACT, CaseFolder, close

SOURCE = f"lightgbm {lightgbm.__version__}"
ROWS = int(os.environ.get("MAXAI_ZOO_ROWS", 700))
PREDICTION = close(1e-15, 1e-14)
FEATURES = 8
CODED = [1, 4]  # columns that hold category codes where a table says so
TINY = float(np.float32(1e-35))
SPECIALS = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, TINY, -TINY, np.nextafter(TINY, 1), np.nextafter(TINY, 0), np.nextafter(-TINY, -1),
     np.nextafter(-TINY, 0), 5e-324, -5e-324, 1e-36, -1e-36, 1e300, -1e300, 1.0, -1.0, 16777217.0, 2147483648.0]
)  # fmt: skip
CODES = np.array(
    [-1, -0.5, -0.0, 0.5, 0.999, 1.5, 2.999, 31, 32, 33, 63, 64, 65, 1000, 65535, 1e6, 2147483646, 2147483647, 2147483648,
     4294967296, 1e19, -1e19, np.nan, np.inf, -np.inf]
)  # fmt: skip


def table():
    """(name, settings, label, kind of columns, rounds)."""
    squared = {"objective": "regression"}
    plain = [
        ("regression", squared, "real", "floats", 20),
        ("regression-missing", squared, "real", "missing", 20),
        ("regression-zero-as-missing", squared | {"zero_as_missing": True}, "real", "sparse", 20),
        ("regression-no-missing", squared | {"use_missing": False}, "real", "missing", 20),
        ("regression-constant", squared | {"min_data_in_leaf": 10000}, "real", "floats", 3),
        ("regression-stump", squared | {"num_leaves": 2}, "real", "floats", 10),
        ("regression-63-leaves", squared | {"num_leaves": 63}, "real", "missing", 30),
        ("regression-255-leaves", squared | {"num_leaves": 255, "min_data_in_leaf": 1}, "real", "floats", 12),
        ("regression-deep", squared | {"num_leaves": 500, "min_data_in_leaf": 1}, "real", "missing", 6),
        ("regression-300-trees", squared | {"learning_rate": 0.05}, "real", "floats", 300),
        ("regression-sqrt", squared | {"reg_sqrt": True}, "positive", "floats", 15),
        ("regression-dart", squared | {"boosting": "dart", "drop_rate": 0.4}, "real", "missing", 20),
        ("regression-goss", squared | {"data_sample_strategy": "goss"}, "real", "floats", 20),
        ("regression-forest", squared | {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, "real", "missing", 15),
        ("regression-extra", squared | {"extra_trees": True}, "real", "floats", 15),
        ("regression-codes", squared, "real", "codes", 20),
        ("regression-many-codes", squared | {"max_cat_threshold": 200}, "real", "many-codes", 20),
        ("regression-onehot-codes", squared | {"max_cat_to_onehot": 100}, "real", "codes", 15),
        ("regression-codes-missing", squared | {"cat_smooth": 1, "min_data_per_group": 1}, "real", "codes-missing", 20),
        ("regression-strings", squared, "real", "strings", 15),
        ("regression-integers", squared, "real", "integers", 15),
        ("l1", {"objective": "regression_l1"}, "real", "floats", 15),
        ("huber", {"objective": "huber"}, "real", "missing", 15),
        ("fair", {"objective": "fair"}, "real", "floats", 15),
        ("quantile", {"objective": "quantile", "alpha": 0.8}, "real", "floats", 15),
        ("mape", {"objective": "mape"}, "positive", "floats", 15),
        ("poisson", {"objective": "poisson"}, "positive", "missing", 15),
        ("gamma", {"objective": "gamma"}, "positive", "floats", 15),
        ("tweedie", {"objective": "tweedie"}, "positive", "codes", 15),
        ("binary", {"objective": "binary"}, "binary", "floats", 20),
        ("binary-missing", {"objective": "binary"}, "binary", "missing", 20),
        ("binary-sigmoid", {"objective": "binary", "sigmoid": 0.7}, "binary", "missing", 20),
        ("binary-forest", {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, "binary", "codes", 15),
        ("binary-codes", {"objective": "binary", "num_leaves": 63}, "binary", "codes-missing", 30),
        ("binary-strings", {"objective": "binary"}, "binary", "strings", 20),
        ("multiclass", {"objective": "multiclass", "num_class": 4}, "classes", "missing", 12),
        ("multiclass-codes", {"objective": "multiclass", "num_class": 4}, "classes", "codes", 12),
        ("multiclass-dart", {"objective": "multiclass", "num_class": 4, "boosting": "dart"}, "classes", "floats", 12),
        ("multiclass-forest", {"objective": "multiclass", "num_class": 4, "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7},
         "classes", "floats", 8),
        ("multiclassova", {"objective": "multiclassova", "num_class": 4, "sigmoid": 1.3}, "classes", "floats", 12),
        ("cross-entropy", {"objective": "cross_entropy"}, "share", "missing", 15),
        ("cross-entropy-lambda", {"objective": "cross_entropy_lambda"}, "share", "floats", 15),
        ("lambdarank", {"objective": "lambdarank"}, "grades", "floats", 15),
        ("rank-xendcg", {"objective": "rank_xendcg"}, "grades", "missing", 15),
    ]  # fmt: skip
    linear = {"linear_tree": True, "linear_lambda": 0.01}
    return plain + [
        ("linear-regression", squared | linear, "real", "floats", 20),
        ("linear-regression-missing", squared | linear, "real", "missing", 20),
        ("linear-regression-no-missing", squared | linear | {"use_missing": False}, "real", "missing", 15),
        ("linear-regression-sparse", squared | linear | {"linear_lambda": 0}, "real", "sparse", 15),
        ("linear-regression-constant", squared | linear | {"min_data_in_leaf": 10000}, "real", "floats", 3),
        ("linear-regression-lone-leaf", squared | linear | {"min_gain_to_split": 1e9}, "real", "floats", 3),
        ("linear-regression-255-leaves", squared | linear | {"num_leaves": 255, "min_data_in_leaf": 2}, "real", "missing", 10),
        ("linear-regression-deep", squared | linear | {"num_leaves": 500, "min_data_in_leaf": 1}, "real", "missing", 6),
        ("linear-regression-codes", squared | linear, "real", "codes-missing", 20),
        ("linear-regression-strings", squared | linear, "real", "strings", 15),
        ("linear-huber", {"objective": "huber"} | linear, "real", "missing", 15),
        ("linear-poisson", {"objective": "poisson"} | linear, "positive", "floats", 10),
        ("linear-binary", {"objective": "binary"} | linear, "binary", "missing", 20),
        ("linear-multiclass", {"objective": "multiclass", "num_class": 4} | linear, "classes", "codes-missing", 10),
        ("linear-dart", squared | linear | {"boosting": "dart", "drop_rate": 0.4}, "real", "missing", 15),
        ("linear-large-terms", squared | linear, "real", "missing", 5),
        ("linear-goss", squared | linear | {"data_sample_strategy": "goss"}, "real", "floats", 15),
    ]


def features(rng, kind, rows=600):
    x = rng.normal(size=(rows, FEATURES)) * np.array([1, 1, 10, 1e-3, 1, 1e5, 1, 1])
    x[:, 6] = np.round(x[:, 6])
    if "codes" in kind:
        for column in CODED:
            x[:, column] = rng.integers(200 if kind == "many-codes" else 12, size=rows)
    if kind == "sparse":
        x[rng.random(x.shape) < 0.5] = 0
    if "missing" in kind:
        x[rng.random(x.shape) < 0.15] = np.nan
    frame = pd.DataFrame(x, columns=[f"f{i}" for i in range(FEATURES)])
    if kind in ("strings", "integers"):
        keys = ["red", "green", "blue", "a b", "", "grün"] if kind == "strings" else [7, -3, 40, 1000000, 5, 0]
        for column in CODED:
            picks = pd.Series(keys, dtype=object if kind == "strings" else "int64").iloc[rng.integers(len(keys), size=rows)]
            frame[f"f{column}"] = pd.Categorical(picks, categories=sorted(keys))
    return frame


def label(rng, what, frame):
    numbers = frame.select_dtypes("number").fillna(0).to_numpy()
    codes = sum((frame[n].cat.codes for n in frame if isinstance(frame[n].dtype, pd.CategoricalDtype)), np.zeros(len(frame)))
    y = numbers[:, 0] + np.sin(2 * numbers[:, -1]) + (numbers[:, 1] % 3) * 0.7 + codes % 4 + rng.normal(size=len(frame)) * 0.2
    if what == "positive":
        return np.exp(y / 3)
    if what == "binary":
        return (y > np.median(y)).astype(float)
    if what == "share":
        return 1 / (1 + np.exp(-y))
    if what == "classes":
        return np.digitize(y, np.quantile(y, [0.25, 0.5, 0.75])).astype(float)
    if what == "grades":
        return np.digitize(y, np.quantile(y, [0.5, 0.8, 0.95])).astype(float)
    return y


def large_terms(text):
    """A model whose leaves tell 1e-35 from 0, and whose sums overflow."""
    lines = []
    for line in text.splitlines():
        key, _, values = line.partition("=")
        if key == "leaf_const":
            line = "leaf_const=" + " ".join("-0" for _ in values.split())
        if key == "leaf_coeff":
            line = "leaf_coeff=" + " ".join(repr(float(v) * 10 ** (i % 4 * 15)) for i, v in enumerate(values.split()))
        if key != "tree_sizes":  # the trees' lengths in bytes, which change
            lines.append(line)
    return "\n".join(lines) + "\n"


def thresholds(booster):
    """Feature -> thresholds of its numeric splits."""
    found = {}
    for line in booster.model_to_string().splitlines():
        key, _, value = line.partition("=")
        if key == "split_feature":
            columns = [int(v) for v in value.split()]
        elif key == "threshold":
            limits = [float(v) for v in value.split()]
        elif key == "decision_type":
            for column, limit, decision in zip(columns, limits, value.split(), strict=True):
                if not int(decision) & 1:
                    found.setdefault(column, set()).add(limit)
    return found


def rows_to_try(rng, frame, kind, booster):
    """Ordinary rows, special values, thresholds with both neighbours, and odd codes, at least ROWS of them."""
    typed = {int(n[1:]) for n in frame if isinstance(frame[n].dtype, pd.CategoricalDtype)}
    near = [
        (column, value)
        for column, limits in sorted(thresholds(booster).items())
        if column not in typed
        for t in sorted(limits)
        for value in (t, np.nextafter(t, -np.inf), np.nextafter(t, np.inf))
    ]
    free = [c for c in range(FEATURES) if c not in typed]
    share = -(-ROWS // (2 + bool(near) + ("codes" in kind)))
    parts, groups = [frame.iloc[rng.integers(len(frame), size=share)]], [("ordinary", share)]
    special = frame.iloc[rng.integers(len(frame), size=share)].copy()
    for column in free:
        mask = rng.random(share) < 0.5
        values = special[f"f{column}"].to_numpy(float).copy()
        values[mask] = rng.choice(SPECIALS, mask.sum())
        special[f"f{column}"] = values
    parts.append(special)
    groups.append(("special", share))
    if near:
        picks = frame.iloc[rng.integers(len(frame), size=share)].copy()
        matrix = picks[[f"f{c}" for c in free]].to_numpy(float).copy()
        for row in range(share):
            for index in rng.integers(len(near), size=3):
                column, value = near[index]
                matrix[row, free.index(column)] = value
        for place, column in enumerate(free):
            picks[f"f{column}"] = matrix[:, place]
        parts.append(picks)
        groups.append(("threshold", share))
    if "codes" in kind:
        coded = frame.iloc[rng.integers(len(frame), size=share)].copy()
        for column in CODED:
            coded[f"f{column}"] = rng.choice(CODES, share)
        parts.append(coded)
        groups.append(("code", share))
    return pd.concat(parts, ignore_index=True), ranges(groups)


def column(folder, name, series):
    if not isinstance(series.dtype, pd.CategoricalDtype):
        return folder.tensor(name, series.to_numpy(np.float64))
    present = series.notna().to_numpy()
    if series.cat.categories.dtype.kind in "iu":
        values = np.array([v if p else 0 for v, p in zip(series, present, strict=True)], dtype=np.int64)
        return folder.tensor(name, values, validity=present)
    return folder.tensor(name, np.array([v if p else None for v, p in zip(series, present, strict=True)], dtype=object))


def generate(root):
    written = []
    for index, (name, settings, what, kind, rounds) in enumerate(table()):
        rng = np.random.default_rng(5000 + index)
        frame = features(rng, kind)
        y = label(rng, what, frame)
        typed = kind in ("strings", "integers")
        coded = [f"f{c}" for c in CODED] if "codes" in kind else "auto"
        data = lightgbm.Dataset(
            frame, y, categorical_feature=coded, group=[30] * 20 if what == "grades" else None, free_raw_data=False
        )
        configuration = {
            "model": settings["objective"],
            "data": f"{what}, {kind}",
            "settings": ", ".join([*(f"{k}={v}" for k, v in settings.items() if k != "objective"), f"{rounds} rounds"]),
        }
        settings = {"verbosity": -1, "num_threads": 1, "seed": 3, "deterministic": True, "min_data_in_leaf": 5} | settings
        booster = lightgbm.train(settings, data, rounds)
        if name == "linear-large-terms":
            booster = lightgbm.Booster(model_str=large_terms(booster.model_to_string()))
            configuration["settings"] += ", then leaf_const 0 and leaf_coeff up to 1e45 times as large"
        rows, groups = rows_to_try(rng, frame, kind, booster)
        given = rows if typed else rows.to_numpy(np.float64)
        margin = booster.predict(given, raw_score=True, num_threads=1)
        prediction = booster.predict(given, num_threads=1)
        folder = CaseFolder(root, f"lightgbm-{name}")
        sets = [
            {
                "inputs": [column(folder, n, rows[n].iloc[:count]) for n in rows],
                "outputs": [
                    folder.tensor("margin", margin[:count], EXACT),
                    folder.tensor("prediction", prediction[:count], PREDICTION),
                ],
            }
            for count in (len(rows), 0)
        ]
        folder.write(
            "model.txt", booster.model_to_string().encode(), kind="lightgbm", source=SOURCE, made_with=SOURCE,
            settings=settings | {"rounds": rounds}, configuration=configuration, notes="", groups=groups, sets=sets,
        )  # fmt: skip
        written.append((folder.name, len(rows), ""))
    return written
