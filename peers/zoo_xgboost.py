"""XGBoost cases: objective x booster x missing x categorical x outputs, with XGBoost's own answers.

Each feature is one input column, float32 of shape [N]; a column of string categories has dtype string.
Two outputs: `margin` (raw, to be met bit for bit) and `prediction`.
"""

import json
import os

import numpy as np
import pandas as pd
import xgboost

from adversarial import CATEGORY_CODES, float_rows, ranges
from cases import EXACT, CaseFolder, close

ROUNDS = 12
# Rows of a case are about 700 times this.
TIMES = max(-(-int(os.environ.get("MAXAI_ZOO_ROWS", 700)) // 700), 1)
SOURCE = f"xgboost {xgboost.__version__}"
# Links go through expf, where two correct libraries may differ in the last place.
PREDICTION = close(1e-7, 1e-6)
# Boosters predicted through a DMatrix, which refuses infinities.
FINITE_ONLY = ("gblinear", "dart")

# Kinds of data with columns of pandas' type `category`; the texts of `strings` are not all ASCII.
TYPED = ("strings", "texts", "integers")


def table():
    """One row per model: name, settings, and what is special about data or form."""

    def case(name, objective, label="real", form="json", data="plain", rounds=ROUNDS, **settings):
        return name, {"objective": objective} | settings, label, form, data, rounds

    dart = {"booster": "dart", "rate_drop": 0.4, "skip_drop": 0.2, "one_drop": 1}
    linear = {"booster": "gblinear", "updater": "coord_descent"}
    vector = {"multi_strategy": "multi_output_tree", "tree_method": "hist"}
    each = {"multi_strategy": "one_output_per_tree", "tree_method": "hist"}
    quantiles = {"quantile_alpha": [0.1, 0.5, 0.9]}
    aft = {"aft_loss_distribution": "normal", "aft_loss_distribution_scale": 1.2}
    return [
        case("squarederror", "reg:squarederror"),
        case("squarederror-ubj", "reg:squarederror", form="ubj"),
        case("squarederror-base-score", "reg:squarederror", base_score=-3.7),
        case("squarederror-deep", "reg:squarederror", max_depth=9, rounds=4),
        case("squarederror-stump", "reg:squarederror", max_depth=1),
        case("squarederror-constant", "reg:squarederror", gamma=1e9, rounds=2),
        case("squarederror-lossguide", "reg:squarederror", grow_policy="lossguide", max_leaves=20, max_depth=0),
        case("squarederror-exact", "reg:squarederror", tree_method="exact"),
        case("squarederror-one-round", "reg:squarederror", rounds=1),
        case("squarederror-200-trees", "reg:squarederror", rounds=200, max_depth=3),
        case("squarederror-missing", "reg:squarederror", data="missing"),
        case("squarederror-missing-ubj", "reg:squarederror", data="missing", form="ubj"),
        case("squarederror-named", "reg:squarederror", data="named"),
        case("squarederror-dart", "reg:squarederror", **dart),
        case("squarederror-dart-missing-ubj", "reg:squarederror", data="missing", form="ubj", **dart),
        case("squarederror-linear", "reg:squarederror", **linear),
        case("squarederror-forest", "reg:squarederror", num_parallel_tree=5, subsample=0.7, rounds=3),
        case("squarederror-random-forest", "reg:squarederror", num_parallel_tree=12, subsample=0.7, eta=1.0, rounds=1),
        case("squarederror-targets-each", "reg:squarederror", label="targets", **each),
        case("squarederror-targets-vector", "reg:squarederror", label="targets", **vector),
        case("squarederror-targets-vector-missing-ubj", "reg:squarederror", "targets", "ubj", "missing", **vector),
        case("squarederror-onehot-codes", "reg:squarederror", data="codes", max_cat_to_onehot=100),
        case("squarederror-partition-codes", "reg:squarederror", data="codes", max_cat_to_onehot=1),
        case("squarederror-partition-codes-ubj", "reg:squarederror", data="codes", form="ubj", max_cat_to_onehot=1),
        case("squarederror-many-codes", "reg:squarederror", data="many-codes", max_cat_to_onehot=1, rounds=30),
        case("squarederror-strings", "reg:squarederror", data="strings", max_cat_to_onehot=4),
        case("squarederror-strings-ubj", "reg:squarederror", data="strings", form="ubj", max_cat_to_onehot=1),
        case("squarederror-integers", "reg:squarederror", data="integers", max_cat_to_onehot=1),
        case("squarederror-codes-targets", "reg:squarederror", "targets", data="codes", max_cat_to_onehot=1, **each),
        case("reg-logistic", "reg:logistic", "unit"),
        case("logistic", "binary:logistic", "binary"),
        case("logistic-ubj", "binary:logistic", "binary", form="ubj"),
        case("logistic-base-score", "binary:logistic", "binary", base_score=0.013),
        case("logistic-missing", "binary:logistic", "binary", data="missing"),
        case("logistic-weighted", "binary:logistic", "binary", scale_pos_weight=4.5),
        case("logistic-dart", "binary:logistic", "binary", **dart),
        case("logistic-dart-forest", "binary:logistic", "binary", normalize_type="forest", **dart),
        case("logistic-linear", "binary:logistic", "binary", **linear),
        case("logistic-strings", "binary:logistic", "binary", data="strings", max_cat_to_onehot=1),
        case("logistic-forest", "binary:logistic", "binary", num_parallel_tree=4, subsample=0.6, rounds=4),
        case("logistic-labels-each", "binary:logistic", "labels", **each),
        case("logistic-labels-vector", "binary:logistic", "labels", **vector),
        case("logitraw", "binary:logitraw", "binary"),
        case("hinge", "binary:hinge", "binary"),
        case("poisson", "count:poisson", "count"),
        case("poisson-base-score", "count:poisson", "count", base_score=2.25),
        case("poisson-missing-ubj", "count:poisson", "count", form="ubj", data="missing"),
        case("poisson-linear", "count:poisson", "count", **linear),
        case("gamma", "reg:gamma", "positive"),
        case("tweedie", "reg:tweedie", "count", tweedie_variance_power=1.3),
        case("squaredlogerror", "reg:squaredlogerror", "positive"),
        case("pseudohuber", "reg:pseudohubererror", huber_slope=1.5),
        case("absoluteerror", "reg:absoluteerror"),
        case("quantile", "reg:quantileerror", quantile_alpha=0.3),
        case("quantiles", "reg:quantileerror", **quantiles),
        case("cox", "survival:cox", "survival"),
        case("aft", "survival:aft", "interval", **aft),
        case("softmax", "multi:softmax", "classes", num_class=4),
        case("softprob", "multi:softprob", "classes", num_class=4),
        case("softprob-ubj", "multi:softprob", "classes", form="ubj", num_class=4),
        case("softprob-missing", "multi:softprob", "classes", data="missing", num_class=4),
        case("softprob-dart", "multi:softprob", "classes", num_class=4, **dart),
        case("softprob-linear", "multi:softprob", "classes", num_class=4, **linear),
        case("softprob-forest", "multi:softprob", "classes", num_class=4, num_parallel_tree=3, subsample=0.7, rounds=4),
        case("softprob-vector", "multi:softprob", "classes", num_class=4, **vector),
        case("softprob-strings", "multi:softprob", "classes", data="strings", num_class=4),
        case("softprob-base-score", "multi:softprob", "classes", num_class=4, base_score=0.7),
        case("rank-pairwise", "rank:pairwise", "rank"),
        case("rank-ndcg", "rank:ndcg", "rank"),
        case("rank-map", "rank:map", "binary-rank"),
        case("rank-pairwise-missing", "rank:pairwise", "rank", data="missing"),
        case("squarederror-texts", "reg:squarederror", data="texts", max_cat_to_onehot=4),
        case("squarederror-texts-ubj", "reg:squarederror", data="texts", form="ubj", max_cat_to_onehot=1),
        case("squarederror-texts-dart", "reg:squarederror", data="texts", max_cat_to_onehot=1, **dart),
        case("squarederror-approx", "reg:squarederror", tree_method="approx", data="missing"),
        case("logistic-texts", "binary:logistic", "binary", data="texts", max_cat_to_onehot=1),
        case("logistic-codes", "binary:logistic", "binary", data="codes", max_cat_to_onehot=1),
        case("softprob-texts", "multi:softprob", "classes", data="texts", num_class=4),
        case("softprob-codes-ubj", "multi:softprob", "classes", data="codes", form="ubj", num_class=4, max_cat_to_onehot=1),
        case("softmax-missing", "multi:softmax", "classes", data="missing", num_class=4),
        case("poisson-dart", "count:poisson", "count", **dart),
        case("gamma-codes", "reg:gamma", "positive", data="codes", max_cat_to_onehot=1),
        case("tweedie-texts", "reg:tweedie", "count", data="texts", max_cat_to_onehot=1),
        case("quantiles-missing", "reg:quantileerror", data="missing", **quantiles),
        case("aft-logistic", "survival:aft", "interval", aft_loss_distribution="logistic"),
        case("cox-missing-ubj", "survival:cox", "survival", form="ubj", data="missing"),
    ]


def features(rng, kind, n=400):
    """A frame of ordinary rows, and the categories of its categorical columns by name."""
    names = ["f0", "f1", "f2", "f3", "f4"]
    if kind == "named":
        names = ["age", "größe", "a b", "x[0]".replace("[0]", ".0"), "a"]
    values = rng.normal(size=(n, 5)).astype(np.float32)
    values[:, 1] = np.round(values[:, 1] * 3)
    values[:, 3] *= 1000
    if kind == "missing":
        values[rng.random(values.shape) < 0.25] = np.nan
    frame = pd.DataFrame(values, columns=names)
    if kind in ("codes", "many-codes"):
        counts = (70, 300) if kind == "many-codes" else (6, 40)
        for name, count in zip(("f1", "f4"), counts):
            codes = rng.integers(count, size=n).astype(np.float32)
            codes[rng.random(n) < 0.1] = np.nan
            frame[name] = codes
    if kind in ("strings", "texts"):
        other = ["日本", "é", "e\u0301"] if kind == "strings" else ["a,b", "~!\"\\", " x"]
        carriers = np.array(["AA", "B6", "DL", "", *other, "United Air"], object)
        places = np.array([f"place-{i:02d}" for i in range(30)], object)
        frame["f1"] = pd.Categorical(carriers[rng.integers(8, size=n)], categories=carriers)
        frame["f4"] = pd.Categorical(places[rng.integers(30, size=n)], categories=places)
        frame.loc[rng.random(n) < 0.1, "f4"] = np.nan
    if kind == "integers":
        zips = np.array([10001, 7, -3, 94103, 60601, 2**31 + 5, 0, 33101], np.int64)
        frame["f1"] = pd.Categorical(zips[rng.integers(8, size=n)], categories=zips)
        frame["f4"] = pd.Categorical(rng.integers(20, size=n), categories=np.arange(20))
        frame.loc[rng.random(n) < 0.1, "f4"] = np.nan
    return frame


def labels(rng, kind, frame):
    """DMatrix arguments for a label of this kind, related to the features."""
    codes = [c.cat.codes if isinstance(c.dtype, pd.CategoricalDtype) else c for c in (frame[n] for n in frame)]
    x = np.nan_to_num(np.column_stack([np.asarray(c, np.float64) for c in codes]))
    n = len(x)
    score = x[:, 0] - 0.3 * x[:, 1] + np.sin(x[:, 2] * 2) + 0.0007 * x[:, 3] + 0.2 * np.cos(x[:, 4])
    score = score + rng.normal(size=n) * 0.2
    squashed = 1 / (1 + np.exp(-score))
    if kind == "real":
        return {"label": score * 3 + 1}
    if kind == "unit":
        return {"label": squashed}
    if kind == "binary":
        return {"label": score > 0.3}
    if kind == "labels":
        return {"label": np.column_stack([score > 0, x[:, 0] > 0.5, x[:, 2] > score])}
    if kind == "targets":
        return {"label": np.column_stack([score, score * x[:, 0], np.abs(x[:, 2])])}
    if kind == "count":
        return {"label": rng.poisson(np.exp(np.clip(score, -3, 3)))}
    if kind == "positive":
        return {"label": np.exp(np.clip(score, -3, 3)) + 0.01}
    if kind == "classes":
        return {"label": np.clip(np.floor(score + 2), 0, 3)}
    if kind == "survival":
        return {"label": np.exp(np.clip(score, -3, 3)) * np.where(rng.random(n) < 0.3, -1, 1)}
    if kind == "interval":
        lower = np.exp(np.clip(score, -3, 3))
        upper = np.where(rng.random(n) < 0.3, np.inf, lower * 1.1)
        return {"label_lower_bound": lower, "label_upper_bound": upper}
    if kind == "rank":
        return {"label": np.clip(np.floor(score + 2), 0, 4), "group": [20] * (n // 20)}
    if kind == "binary-rank":
        return {"label": score > 0.3, "group": [20] * (n // 20)}
    raise ValueError(kind)


def thresholds(booster):
    """Feature index -> thresholds of the numeric splits."""
    found = {}
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = model.get("gbtree", model).get("model", {})
    for tree in model.get("trees", []):
        kinds = tree.get("split_type") or [0] * len(tree["left_children"])
        for left, feature, value, kind in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], kinds
        ):
            if left != -1 and not kind:
                found.setdefault(feature, set()).add(value)
    return {feature: sorted(values) for feature, values in found.items()}


def rows_to_try(rng, frame, kind, booster):
    """Ordinary rows, special values and thresholds in the numeric columns, odd codes in coded ones."""
    limits = thresholds(booster)
    # Without rows at thresholds more of the others are made.
    times = TIMES if limits or TIMES == 1 else TIMES * 5 // 2
    ordinary = frame.iloc[:220].reset_index(drop=True) if times == 1 else features(rng, kind, 220 * times)
    numeric = [n for n in frame if not isinstance(frame[n].dtype, pd.CategoricalDtype)]
    position = {list(frame).index(name): i for i, name in enumerate(numeric)}
    near = {position[f]: v for f, v in limits.items() if f in position}
    values, groups = float_rows(rng, ordinary[numeric].to_numpy(np.float32), near, times=times)
    # Columns of typed categories keep ordinary values: XGBoost itself refuses a value it has not seen.
    rows = ordinary.iloc[rng.integers(len(ordinary), size=len(values))].reset_index(drop=True)
    rows.iloc[: len(ordinary)] = ordinary
    for i, name in enumerate(numeric):
        rows[name] = values[:, i]
    if kind in ("codes", "many-codes"):
        codes = np.tile(CATEGORY_CODES, TIMES)
        coded = ordinary.iloc[rng.integers(len(ordinary), size=2 * len(codes))].reset_index(drop=True)
        coded.loc[: len(codes) - 1, "f1"] = codes
        coded.loc[len(codes) :, "f4"] = codes
        rows = pd.concat([rows, coded], ignore_index=True)
        groups = ranges([(g["name"], g["rows"][1] - g["rows"][0]) for g in groups] + [("code", len(coded))])
    return rows, groups


def predict(booster, rows, kind, settings, types):
    """Margin and prediction. In-place prediction takes infinities, which a DMatrix refuses; where both work
    they must agree. A linear booster has the DMatrix only, and so has dart here: in place, XGBoost sums its trees
    in another order, and rounds differently."""
    typed = kind in TYPED
    values = rows if typed else rows.to_numpy(np.float32)

    def matrix(part):
        return xgboost.DMatrix(
            part, enable_categorical=True, feature_types=None if typed else types, feature_names=booster.feature_names
        )

    if settings.get("booster") in FINITE_ONLY:
        data = matrix(values)
        return booster.predict(data, output_margin=True), booster.predict(data)
    ahead = {"validate_features": False}
    margin = booster.inplace_predict(values, predict_type="margin", **ahead)
    prediction = booster.inplace_predict(values, predict_type="value", **ahead)
    numbers = rows.select_dtypes("number").to_numpy(np.float32)
    ok = ~np.isinf(numbers).any(axis=1)
    again = booster.predict(matrix(values[ok]), output_margin=True)
    if not np.array_equal(again.view(np.uint32), np.ascontiguousarray(margin[ok]).view(np.uint32)):
        raise RuntimeError("in-place prediction and DMatrix differ")
    return margin, prediction


def generate(root):
    written = []
    for index, (name, settings, label, form, kind, rounds) in enumerate(table()):
        rng = np.random.default_rng(1000 + index)
        frame = features(rng, kind)
        coded = kind in ("codes", "many-codes")
        types = ["c" if coded and n in ("f1", "f4") else "float" for n in frame]
        typed = kind in TYPED
        arguments = {k: np.asarray(v, np.float32) if k != "group" else v for k, v in labels(rng, label, frame).items()}
        data = xgboost.DMatrix(frame, enable_categorical=True, feature_types=None if typed else types, **arguments)
        configuration = {
            "model": settings["objective"],
            "data": f"{label}, {kind}",
            "settings": ", ".join([*(f"{k}={v}" for k, v in settings.items() if k != "objective"), f"{rounds} rounds, {form}"]),
        }
        settings = {"max_depth": 4, "eta": 0.3, "seed": 7, "nthread": 1} | settings
        booster = xgboost.train(settings, data, num_boost_round=rounds)
        rows, groups = rows_to_try(rng, frame, kind, booster)
        if settings.get("booster") in FINITE_ONLY:
            keep = ~np.isinf(rows.select_dtypes("number").to_numpy(np.float32)).any(axis=1)
            groups = ranges([(g["name"], int(keep[slice(*g["rows"])].sum())) for g in groups])
            rows = rows[keep].reset_index(drop=True)
        margin, prediction = predict(booster, rows, kind, settings, types)
        folder = CaseFolder(root, f"xgboost-{name}")
        file = f"model.{form}"
        sets = [
            {
                "inputs": [column(folder, name, rows[name]) for name in rows],
                "outputs": [
                    folder.tensor("margin", margin, EXACT),
                    folder.tensor("prediction", prediction, PREDICTION),
                ],
            },
            {
                "inputs": [column(folder, name, rows[name].iloc[:0]) for name in rows],
                "outputs": [
                    folder.tensor("margin", margin[:0], EXACT),
                    folder.tensor("prediction", prediction[:0], PREDICTION),
                ],
            },
        ]
        notes = "unseen typed categories are left out: XGBoost refuses them" if typed else ""
        folder.write(
            file,
            bytes(booster.save_raw(form)),
            kind="xgboost",
            source=SOURCE,
            made_with=SOURCE,
            settings=settings | {"rounds": rounds},
            configuration=configuration,
            notes=notes,
            groups=groups,
            sets=sets,
        )
        written.append((folder.name, len(rows), ""))
    return written


def column(folder, name, series):
    if not isinstance(series.dtype, pd.CategoricalDtype):
        return folder.tensor(name, series.to_numpy(np.float32))
    present = series.notna().to_numpy()
    if series.cat.categories.dtype.kind in "iu":
        values = np.where(present, series.astype(object), 0).astype(np.int64)
        return folder.tensor(name, values, validity=present)
    return folder.tensor(name, np.array([v if p else None for v, p in zip(series, present)], dtype=object))
