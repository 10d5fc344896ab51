"""scikit-learn's trees as `maxai.export` writes them, with scikit-learn's own float64 answers.

Each feature is one input column, float64 of shape [N], or string. Raw scores, averages of leaves, labels and what goes
through SciPy's expit are to be met bit for bit. NumPy's exp and power differ between processors in the last place.
"""

import os
import pathlib
import sys
import tempfile
import threading

import numpy as np
import pandas as pd
import sklearn
from sklearn import compose, dummy, ensemble, impute, pipeline, preprocessing, tree
from sklearn.ensemble._iforest import _parallel_compute_tree_depths

from adversarial import CATEGORY_CODES, SPECIALS, STRINGS, ranges
from cases import EXACT, CaseFolder, agree, close

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "runtime/python"))
import maxai  # noqa: E402

SOURCE = f"scikit-learn {sklearn.__version__}"
# NumPy's own exp and pow, where it has them, and libm's are each within two units of the last place of a result that
# a quotient and a sum round again.
POWERS = close(0, 2e-15)
ROWS = int(os.environ.get("MAXAI_ZOO_ROWS", 700))
MONOTONE = [1, 0, -1, 0, 0]


def table():
    """Name, estimator, label (real, positive, binary, texts, bools, floats, classes, …), data (plain, missing, …)."""
    t, e, p, i, c, pl = tree, ensemble, preprocessing, impute, compose, pipeline.make_pipeline
    forest = {"n_estimators": 9, "max_depth": 6, "random_state": 0}
    boost = {"n_estimators": 15, "max_depth": 3, "random_state": 0}
    hist = {"max_iter": 15, "max_leaf_nodes": 12, "random_state": 0}
    codes = {"categorical_features": [1, 3]}
    return [
        ("tree-classifier", t.DecisionTreeClassifier(random_state=0), "classes", "plain"),
        ("tree-classifier-weighted", t.DecisionTreeClassifier(max_depth=4, class_weight="balanced"), "texts", "weighted"),
        ("tree-classifier-missing", t.DecisionTreeClassifier(max_depth=6, random_state=0), "bools", "missing"),
        ("tree-classifier-outputs", t.DecisionTreeClassifier(max_depth=5, random_state=0), "two-outputs", "plain"),
        ("tree-classifier-monotone", t.DecisionTreeClassifier(max_depth=5, monotonic_cst=MONOTONE), "binary", "plain"),
        ("tree-classifier-floats", t.DecisionTreeClassifier(max_depth=5), "floats", "missing"),
        ("tree-classifier-one-class", t.DecisionTreeClassifier(), "one", "plain"),
        ("tree-classifier-best-first", t.DecisionTreeClassifier(max_leaf_nodes=17, random_state=0), "classes", "plain"),
        ("tree-classifier-many-classes", t.DecisionTreeClassifier(max_depth=7, random_state=0), "many", "plain"),
        ("tree-regressor", t.DecisionTreeRegressor(max_depth=6, random_state=0), "real", "plain"),
        ("tree-regressor-deep", t.DecisionTreeRegressor(random_state=0), "real", "missing"),
        ("tree-regressor-stump", t.DecisionTreeRegressor(max_depth=1), "real", "plain"),
        ("tree-regressor-constant", t.DecisionTreeRegressor(), "constant", "plain"),
        ("tree-regressor-targets", t.DecisionTreeRegressor(max_depth=5, random_state=0), "targets", "missing"),
        ("tree-regressor-absolute", t.DecisionTreeRegressor(criterion="absolute_error", max_depth=5), "real", "plain"),
        ("tree-regressor-poisson", t.DecisionTreeRegressor(criterion="poisson", max_depth=5), "positive", "missing"),
        ("extra-tree-classifier", t.ExtraTreeClassifier(max_depth=7, random_state=0), "classes", "missing"),
        ("extra-tree-regressor", t.ExtraTreeRegressor(max_depth=7, random_state=0), "real", "missing"),
        ("random-forest-binary", e.RandomForestClassifier(**forest), "binary", "plain"),
        ("random-forest-missing", e.RandomForestClassifier(**forest), "classes", "missing"),
        ("random-forest-texts", e.RandomForestClassifier(**forest), "texts", "weighted"),
        ("random-forest-outputs", e.RandomForestClassifier(**forest), "two-outputs", "missing"),
        ("random-forest-many-classes", e.RandomForestClassifier(**forest), "many", "plain"),
        ("random-forest-regressor", e.RandomForestRegressor(**forest), "real", "missing"),
        ("random-forest-regressor-targets", e.RandomForestRegressor(**forest), "targets", "plain"),
        ("random-forest-regressor-200", e.RandomForestRegressor(200, max_depth=4, random_state=0), "real", "plain"),
        ("extra-trees-classifier", e.ExtraTreesClassifier(**forest), "classes", "missing"),
        ("extra-trees-regressor", e.ExtraTreesRegressor(bootstrap=True, **forest), "real", "plain"),
        ("gradient-boosting-binary", e.GradientBoostingClassifier(**boost), "texts-two", "plain"),
        ("gradient-boosting-exponential", e.GradientBoostingClassifier(loss="exponential", **boost), "binary", "plain"),
        ("gradient-boosting-multi", e.GradientBoostingClassifier(**boost), "classes", "plain"),
        ("gradient-boosting-many-classes", e.GradientBoostingClassifier(**boost), "many", "plain"),
        ("gradient-boosting-zero", e.GradientBoostingClassifier(init="zero", subsample=0.7, **boost), "classes", "weighted"),
        ("gradient-boosting-regressor", e.GradientBoostingRegressor(**boost), "real", "plain"),
        ("gradient-boosting-huber", e.GradientBoostingRegressor(loss="huber", **boost), "real", "plain"),
        ("gradient-boosting-quantile", e.GradientBoostingRegressor(loss="quantile", alpha=0.3, **boost), "real", "plain"),
        ("gradient-boosting-dummy",
         e.GradientBoostingRegressor(init=dummy.DummyRegressor(strategy="median"), **boost), "real", "plain"),
        ("gradient-boosting-200", e.GradientBoostingRegressor(n_estimators=200, max_depth=2, random_state=0), "real", "plain"),
        ("hist-binary", e.HistGradientBoostingClassifier(**hist), "texts-two", "missing"),
        ("hist-multi", e.HistGradientBoostingClassifier(**hist), "classes", "plain"),
        ("hist-many-classes", e.HistGradientBoostingClassifier(**hist), "many", "missing"),
        ("hist-codes", e.HistGradientBoostingClassifier(**codes, **hist), "bools", "codes"),
        ("hist-strings", e.HistGradientBoostingClassifier(categorical_features="from_dtype", **hist), "classes", "strings"),
        ("hist-regressor", e.HistGradientBoostingRegressor(**hist), "real", "missing"),
        ("hist-regressor-stump", e.HistGradientBoostingRegressor(max_iter=10, max_leaf_nodes=2), "real", "plain"),
        ("hist-regressor-constant", e.HistGradientBoostingRegressor(max_iter=3), "constant", "plain"),
        ("hist-regressor-absolute", e.HistGradientBoostingRegressor(loss="absolute_error", **hist), "real", "weighted"),
        ("hist-regressor-quantile",
         e.HistGradientBoostingRegressor(loss="quantile", quantile=0.8, **hist), "real", "missing"),
        ("hist-regressor-poisson", e.HistGradientBoostingRegressor(loss="poisson", **hist), "positive", "missing"),
        ("hist-regressor-gamma", e.HistGradientBoostingRegressor(loss="gamma", **hist), "positive", "plain"),
        ("hist-regressor-monotone", e.HistGradientBoostingRegressor(monotonic_cst=MONOTONE, **hist), "real", "plain"),
        ("hist-regressor-codes", e.HistGradientBoostingRegressor(**codes, **hist), "real", "codes"),
        ("hist-regressor-many-codes", e.HistGradientBoostingRegressor(**codes, **hist), "real", "many-codes"),
        ("hist-regressor-strings",
         e.HistGradientBoostingRegressor(categorical_features=["size", "color"], **hist), "real", "strings"),
        ("hist-regressor-200", e.HistGradientBoostingRegressor(max_iter=200, max_leaf_nodes=8), "real", "plain"),
        ("isolation-forest", e.IsolationForest(n_estimators=20, random_state=0), "none", "missing"),
        ("isolation-forest-features",
         e.IsolationForest(n_estimators=20, max_features=3, contamination=0.1, random_state=0), "none", "plain"),
        ("isolation-forest-small", e.IsolationForest(n_estimators=200, max_samples=8, random_state=0), "none", "plain"),
        ("pipeline-scaled-forest", pl(p.StandardScaler(), e.RandomForestRegressor(**forest)), "real", "plain"),
        ("pipeline-imputed-boosting", pl(i.SimpleImputer(strategy="median"), p.StandardScaler(),
                                         e.GradientBoostingClassifier(**boost)), "classes", "missing"),
        ("pipeline-columns-tree", pl(mixed(p.OneHotEncoder(handle_unknown="ignore")),
                                     t.DecisionTreeClassifier(max_depth=8, random_state=0)), "texts", "filled"),
        ("pipeline-columns-hist", pl(mixed(p.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
                                     e.HistGradientBoostingRegressor(**hist)), "real", "filled"),
        ("pipeline-codes", pl(c.ColumnTransformer([("one", p.OneHotEncoder(handle_unknown="ignore"), [1]),
            ("ordinal", p.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), [3])],
            remainder=i.SimpleImputer()), e.ExtraTreesRegressor(**forest)), "real", "codes"),
    ]  # fmt: skip


def mixed(encoder):
    """Texts encoded, one number scaled, one dropped, the rest as it is."""
    return compose.ColumnTransformer(
        [("texts", encoder, ["size", "color"]), ("scaled", preprocessing.StandardScaler(), ["price"]), ("out", "drop", ["weight"])],
        remainder="passthrough", sparse_threshold=0)  # fmt: skip


def features(rng, kind, n=500):
    """The ordinary rows: a float64 matrix, or a frame where columns have names."""
    x = rng.normal(size=(n, 5))
    x[:, 1] = np.round(x[:, 1] * 3)
    x[:, 3] *= 1000
    if "codes" in kind:
        x[:, 1] = rng.integers(0, 12 if kind == "codes" else 200, n)
        x[:, 3] = rng.choice([-7.0, 0.0, 2.5, 1e9, 16777217.0, 5.0], n)
        x[rng.random(x.shape) < 0.1] = np.nan
    if kind == "missing":
        x[rng.random(x.shape) < 0.2] = np.nan
    if kind not in ("strings", "filled"):
        return x
    frame = pd.DataFrame(x, columns=["weight", "size", "price", "color", "größe"])
    frame["size"] = pd.Series(rng.choice(["S", "M", "L", "Ünïcödé", "🛫"], n)).astype("category")
    frame["color"] = pd.Series(rng.choice(["red", "green", " ", np.nan], n).tolist()).replace("nan", np.nan)
    frame["color"] = frame["color"].astype("category")
    if kind == "filled":
        frame["color"] = frame["color"].cat.add_categories("none").fillna("none")
    return frame


def labels(rng, x, kind):
    n = len(x)
    numbers = x if isinstance(x, np.ndarray) else x[["weight", "price", "größe"]].to_numpy()
    real = np.nan_to_num(numbers[:, 0]) * 2 + np.nan_to_num(numbers[:, 1]) * 0.3 + rng.normal(size=n)
    if not isinstance(x, np.ndarray):
        real += (x["size"] == "M") * 1.5
    classes = np.digitize(real, [-2, 0, 1.5])
    match kind:
        case "real": return real
        case "positive": return np.exp(real / 3)
        case "constant": return np.full(n, -2.75)
        case "targets": return np.column_stack([real, -real * 0.5, rng.normal(size=n)])
        case "binary": return (real > 0.5).astype(int)
        case "bools": return real > 0.5
        case "texts-two": return np.where(real > 0.5, "yes", "nö")
        case "texts": return np.array(["b", "a", "d", "c c"])[classes]
        case "floats": return classes - 2.0
        case "classes": return classes * 3 - 2
        case "many": return np.digitize(real, np.linspace(-5, 5, 20))
        case "one": return np.full(n, 4)
        case "two-outputs": return np.column_stack([classes, (rng.random(n) < 0.3) * 7])
        case _: return None


def thresholds(model):
    """(feature, threshold) of every node, and whether x is compared as float32; none after a transformer."""
    if isinstance(model, pipeline.Pipeline):
        return [], True
    if hasattr(model, "_predictors"):
        order = np.arange(model.n_features_in_)
        if model._preprocessor is not None:
            order = np.concatenate([np.flatnonzero(model.is_categorical_), np.flatnonzero(~model.is_categorical_)])
        nodes = [p.nodes[(p.nodes["is_leaf"] == 0) & (p.nodes["is_categorical"] == 0)] for s in model._predictors for p in s]
        return [(order[n["feature_idx"]], n["num_threshold"]) for each in nodes for n in each], False
    trees = np.ravel(getattr(model, "estimators_", [model])).tolist()
    subsets = getattr(model, "estimators_features_", [np.arange(model.n_features_in_)] * len(trees))
    found = [(features_[each.tree_.feature[i]], each.tree_.threshold[i]) for each, features_ in zip(trees, subsets)
             for i in np.flatnonzero(each.tree_.children_left != -1)]  # fmt: skip
    return found, True


def around(threshold, is_single):
    """A threshold and its neighbours; where x becomes float32, also that type's, and what rounds to them."""
    with np.errstate(all="ignore"):
        out = [threshold, np.nextafter(threshold, -np.inf), np.nextafter(threshold, np.inf)]
        if is_single:
            middle = np.float32(threshold)
            near = [float(np.nextafter(middle, np.float32(-np.inf))), float(middle), float(np.nextafter(middle, np.float32(np.inf)))]
            halves = [(near[0] + near[1]) / 2, (near[1] + near[2]) / 2]
            out += near + halves + [np.nextafter(h, d) for h in halves for d in (-np.inf, np.inf)]
    return out


def rows(rng, model, ordinary, kind, allows_nan, allows_infinity):
    """Ordinary rows, then special values, then thresholds; for named columns, texts that are no category."""
    special = np.concatenate([SPECIALS.astype(np.float64), [5e-324, -5e-324, 2.2e-308, 3.4028234e38, -3.4028234e38]])
    frame = None if isinstance(ordinary, np.ndarray) else ordinary
    matrix = ordinary if frame is None else frame[["weight", "price", "größe"]].to_numpy()
    positions = [0, 1, 2, 3, 4] if frame is None else [0, 2, 4]
    # A part of them goes: what the estimator itself refuses.
    count = max(ROWS, 60) * 6 // 5
    base = matrix[rng.integers(len(matrix), size=count)].copy()
    third = count // 3
    for row in range(third, 2 * third):
        picked = rng.random(base.shape[1]) < (1 if row % 7 == 0 else 0.4)
        base[row, picked] = rng.choice(special, picked.sum()) if row % 7 else rng.choice(special)
    known, is_single = thresholds(model)
    near = [(feature, value) for feature, threshold in known for value in around(threshold, is_single)]
    for row in range(2 * third, count):
        if not near:
            break
        for feature, value in [near[i] for i in rng.integers(len(near), size=1 + row % 3)]:
            if feature in positions:
                base[row, positions.index(feature)] = value
    if "codes" in kind:
        for at in (1, 3):
            picked = rng.random(count) < 0.4
            base[picked, at] = rng.choice(CATEGORY_CODES.astype(np.float64), picked.sum())
            base[~np.isfinite(base[:, at]), at] = np.nan
    # What a transformer makes of a number must be a float32, too.
    limit = np.inf if allows_infinity else 1e30 if isinstance(model, pipeline.Pipeline) else 3.4028235e38
    keep = (np.abs(base) <= limit).all(axis=1) if not allows_nan else ~(np.abs(base) > limit).any(axis=1)
    base = base[keep]
    groups = [("ordinary", int(keep[:third].sum())), ("special", int(keep[third : 2 * third].sum()))]
    groups.append(("threshold", len(base) - sum(n for _, n in groups)))
    if frame is None:
        return base, ranges(groups)
    out = pd.DataFrame({"weight": base[:, 0], "price": base[:, 1], "größe": base[:, 2]})
    for name in ("size", "color"):
        texts = [*frame[name].cat.categories, *STRINGS, *([np.nan] if frame[name].isna().any() else [])]
        out[name] = pd.Series([texts[i] for i in rng.integers(len(texts), size=len(base))], dtype=object)
    return out[list(frame.columns)], ranges(groups)


def outputs(model, x):
    """Name, value and tolerance of what scikit-learn computes."""
    if isinstance(model, ensemble.IsolationForest):
        depths = np.zeros(len(x), order="f")
        single = x.astype(np.float32)
        lock = threading.Lock()
        for k, (each, chosen) in enumerate(zip(model.estimators_, model.estimators_features_)):
            _parallel_compute_tree_depths(each, single, chosen, model._decision_path_lengths[k],
                                          model._average_path_length_per_tree[k], depths, lock)  # fmt: skip
        return [("raw", depths.reshape(-1, 1), EXACT), ("score", model.score_samples(x), POWERS),
                ("decision", model.decision_function(x), close(1e-15, 2e-15)), ("prediction", model.predict(x), EXACT)]  # fmt: skip
    found = []
    if isinstance(model, pipeline.Pipeline):
        made = model[:-1].transform(x)
        found = outputs(model[-1], made if isinstance(made, np.ndarray) else made.toarray())
        # The pipeline itself may go through a sparse matrix.
        assert agree(model.predict(x), found[-1][1], EXACT)
        return found
    boosts = hasattr(model, "_raw_predict")
    if boosts:
        found.append(("raw", model._raw_predict(np.ascontiguousarray(x, np.float32))
                      if hasattr(model, "estimators_") else model._raw_predict(x), EXACT))  # fmt: skip
    if not hasattr(model, "classes_"):
        link = type(model._loss.link).__name__ if boosts else ""
        return [*found, ("prediction", model.predict(x), POWERS if link == "LogLink" else EXACT)]
    probability, label = model.predict_proba(x), model.predict(x)
    if isinstance(probability, list):
        for k, each in enumerate(probability):
            found += [(f"probability_{k}", each, EXACT), (f"label_{k}", label[:, k].astype(np.int64), EXACT)]
        return found
    found.append(("probability", probability, POWERS if boosts and probability.shape[1] > 2 else EXACT))
    return [*found, ("label", label, EXACT)]


def asked(model, names):
    """The columns that a model reads: those that no ColumnTransformer drops."""
    first = model[0] if isinstance(model, pipeline.Pipeline) else None
    if not isinstance(first, compose.ColumnTransformer):
        return names
    kept = [name for name, step, _ in first.transformers_ if not isinstance(step, str) or step != "drop"]
    used = [first._transformer_to_input_indices[name] for name in kept]
    return [names[position] for position in sorted({int(position) for each in used for position in each})]


def write(out, name, model, x, groups, notes):
    folder = CaseFolder(out, name)
    inputs = []
    frame = x if isinstance(x, pd.DataFrame) else pd.DataFrame(x, columns=[f"x{k}" for k in range(x.shape[1])])
    for column in asked(model, list(frame.columns)):
        inputs.append(folder.tensor(column, frame[column].to_numpy()))
    expected = [folder.tensor(output, value, tolerance) for output, value, tolerance in outputs(model, x)]
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "model.maxir")
        maxai.export(model, path, name=name)
        content = path.read_bytes()
    last = model[-1] if isinstance(model, pipeline.Pipeline) else model
    before = [type(step).__name__ for step in model[:-1]] if last is not model else []
    configuration = {
        "model": type(last).__name__,
        "data": notes,
        "settings": ", ".join([*(f"after {step}" for step in before), " ".join(repr(last).split()).partition("(")[2][:-1]]),
    }
    folder.write(
        "model.maxir", content, kind="maxir", source=SOURCE, made_with=SOURCE, configuration=configuration, notes=notes, groups=groups,
        sets=[{"inputs": inputs, "outputs": expected}])  # fmt: skip
    return name, len(x), f"{len(content)} bytes, {notes}"


def fitted(names=None):
    """Name, fitted model, rows to try, their groups and notes, of every model of the table, or of those named."""
    for number, (name, model, label, kind) in enumerate(table()):
        if names is not None and name not in names:
            continue
        rng = np.random.default_rng(1000 + number)
        x = features(rng, kind)
        y = labels(rng, x, label)
        weight = {"sample_weight": rng.random(len(x)) * 3} if kind == "weighted" else {}
        model.fit(x, y, **weight)
        last = model[-1] if isinstance(model, pipeline.Pipeline) else model
        first = np.ravel(getattr(last, "estimators_", [last]))[0]
        is_histogram = hasattr(last, "_predictors")
        stages = isinstance(last, ensemble.GradientBoostingClassifier | ensemble.GradientBoostingRegressor)
        knows_missing = not is_histogram and not stages and first.__sklearn_tags__().input_tags.allow_nan
        allows_nan = is_histogram or knows_missing or "isolation" in name or "imputed" in name
        tried, groups = rows(rng, model, x, kind, allows_nan, last is model and is_histogram and "codes" not in kind)
        yield name, model, tried, groups, f"{label}, {kind}"


def generate(out):
    return [write(out, f"native-{name}", model, *rest) for name, model, *rest in fitted()]
