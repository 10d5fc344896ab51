"""scikit-learn models exported by skl2onnx: scalers, imputers, encoders, linear models, SVMs, naive Bayes,
neighbours, trees, forests, boosting, networks, clustering, decomposition, and pipelines of named columns."""

import numpy as np
import onnx
import pandas as pd
import skl2onnx
import sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (
    calibration,
    cluster,
    compose,
    decomposition,
    ensemble,
    impute,
    linear_model,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

from adversarial import STRINGS, float_rows, onnx_thresholds
from cases import EXACT, close
from zoo_onnx import first_line, write_case

MADE_WITH = f"scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}, onnx {onnx.__version__}"
TREE, SUM, KERNEL = close(1e-6, 1e-6), close(1e-5, 1e-5), close(1e-3, 1e-3)


def table():
    """Name, estimator, task (none, binary, multi, real, targets, count), rows (any, finite), tolerance."""
    p, lm, e = preprocessing, linear_model, ensemble
    forest = {"n_estimators": 8, "max_depth": 4, "random_state": 0}
    boost = {"n_estimators": 10, "max_depth": 3, "random_state": 0}
    histogram = {"max_iter": 10, "max_depth": 4, "random_state": 0}
    network = {"hidden_layer_sizes": (12, 6), "max_iter": 60, "random_state": 0}
    knn = neighbors.KNeighborsClassifier(3), neighbors.KNeighborsRegressor(3)
    return [
        ("standard-scaler", p.StandardScaler(), "none", "any", SUM),
        ("min-max-scaler", p.MinMaxScaler(), "none", "any", SUM),
        ("min-max-scaler-clip", p.MinMaxScaler(clip=True), "none", "any", SUM),
        ("max-abs-scaler", p.MaxAbsScaler(), "none", "any", SUM),
        ("robust-scaler", p.RobustScaler(), "none", "any", SUM),
        ("normalizer-l1", p.Normalizer("l1"), "none", "any", SUM),
        ("normalizer-l2", p.Normalizer("l2"), "none", "any", SUM),
        ("normalizer-max", p.Normalizer("max"), "none", "any", SUM),
        ("binarizer", p.Binarizer(threshold=0.3), "none", "finite", EXACT),
        (
            "k-bins-ordinal",
            p.KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf"),
            "none",
            "finite",
            EXACT,
        ),
        (
            "k-bins-one-hot",
            p.KBinsDiscretizer(3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"),
            "none",
            "finite",
            EXACT,
        ),
        ("polynomial-features", p.PolynomialFeatures(2), "none", "any", SUM),
        ("power-transformer", p.PowerTransformer(), "none", "finite", close(1e-4, 1e-4)),
        ("imputer-mean", impute.SimpleImputer(strategy="mean"), "missing", "any", EXACT),
        ("imputer-median", impute.SimpleImputer(strategy="median"), "missing", "any", EXACT),
        ("imputer-most-frequent", impute.SimpleImputer(strategy="most_frequent"), "missing", "any", EXACT),
        ("imputer-constant", impute.SimpleImputer(strategy="constant", fill_value=-1.0), "missing", "any", EXACT),
        ("logistic-binary", lm.LogisticRegression(), "binary", "any", SUM),
        ("logistic-multi", lm.LogisticRegression(), "multi", "any", SUM),
        ("linear-regression", lm.LinearRegression(), "real", "any", SUM),
        ("linear-regression-targets", lm.LinearRegression(), "targets", "any", SUM),
        ("ridge", lm.Ridge(), "real", "any", SUM),
        ("lasso", lm.Lasso(0.01), "real", "any", SUM),
        ("elastic-net", lm.ElasticNet(0.01), "real", "any", SUM),
        ("poisson-regressor", lm.PoissonRegressor(), "count", "any", SUM),
        ("sgd-classifier", lm.SGDClassifier(random_state=0), "binary", "any", SUM),
        ("sgd-classifier-log", lm.SGDClassifier(loss="log_loss", random_state=0), "multi", "any", SUM),
        ("perceptron", lm.Perceptron(random_state=0), "multi", "any", SUM),
        ("linear-svc", svm.LinearSVC(random_state=0), "multi", "any", SUM),
        ("svc-rbf", svm.SVC(), "binary", "any", KERNEL),
        ("svc-poly", svm.SVC(kernel="poly", degree=3), "binary", "any", KERNEL),
        ("svc-linear-multi", svm.SVC(kernel="linear"), "multi", "any", KERNEL),
        ("svc-sigmoid", svm.SVC(kernel="sigmoid"), "binary", "any", KERNEL),
        ("svc-probability", svm.SVC(probability=True, random_state=0), "multi", "any", KERNEL),
        ("svr-rbf", svm.SVR(), "real", "any", KERNEL),
        ("svr-poly", svm.SVR(kernel="poly"), "real", "any", KERNEL),
        ("one-class-svm", svm.OneClassSVM(), "none", "any", KERNEL),
        ("gaussian-nb", naive_bayes.GaussianNB(), "multi", "finite", KERNEL),
        ("multinomial-nb", naive_bayes.MultinomialNB(), "multi-positive", "finite", KERNEL),
        ("bernoulli-nb", naive_bayes.BernoulliNB(), "multi", "finite", KERNEL),
        ("k-neighbors-classifier", knn[0], "multi", "neighbours", SUM),
        ("k-neighbors-regressor", knn[1], "real", "neighbours", SUM),
        ("decision-tree-classifier", tree.DecisionTreeClassifier(max_depth=5, random_state=0), "multi", "any", TREE),
        ("decision-tree-regressor", tree.DecisionTreeRegressor(max_depth=5, random_state=0), "real", "any", TREE),
        (
            "decision-tree-missing",
            tree.DecisionTreeClassifier(max_depth=5, random_state=0),
            "multi-missing",
            "any",
            TREE,
        ),
        ("random-forest-binary", e.RandomForestClassifier(**forest), "binary", "any", TREE),
        ("random-forest-multi", e.RandomForestClassifier(**forest), "multi", "any", TREE),
        ("random-forest-strings", e.RandomForestClassifier(**forest), "named", "any", TREE),
        ("random-forest-regressor", e.RandomForestRegressor(**forest), "real", "any", TREE),
        ("random-forest-targets", e.RandomForestRegressor(**forest), "targets", "any", TREE),
        ("extra-trees-classifier", e.ExtraTreesClassifier(**forest), "multi", "any", TREE),
        ("extra-trees-regressor", e.ExtraTreesRegressor(**forest), "real", "any", TREE),
        ("gradient-boosting-binary", e.GradientBoostingClassifier(**boost), "binary", "any", SUM),
        ("gradient-boosting-multi", e.GradientBoostingClassifier(**boost), "multi", "any", SUM),
        ("gradient-boosting-regressor", e.GradientBoostingRegressor(**boost), "real", "any", SUM),
        ("hist-boosting-binary", e.HistGradientBoostingClassifier(**histogram), "binary", "any", SUM),
        ("hist-boosting-multi", e.HistGradientBoostingClassifier(**histogram), "multi", "any", SUM),
        ("hist-boosting-regressor-missing", e.HistGradientBoostingRegressor(**histogram), "real-missing", "any", SUM),
        ("ada-boost-classifier", e.AdaBoostClassifier(n_estimators=5, random_state=0), "binary", "finite", SUM),
        ("bagging-classifier", e.BaggingClassifier(n_estimators=3, random_state=0), "multi", "finite", SUM),
        ("mlp-classifier", neural_network.MLPClassifier(**network), "multi", "any", SUM),
        (
            "mlp-classifier-binary-tanh",
            neural_network.MLPClassifier(activation="tanh", **network),
            "binary",
            "any",
            SUM,
        ),
        ("mlp-regressor", neural_network.MLPRegressor(**network), "real", "any", SUM),
        ("isolation-forest", e.IsolationForest(n_estimators=5, max_samples=32, random_state=0), "none", "finite", SUM),
        ("k-means", cluster.KMeans(4, n_init=1, random_state=0), "none", "neighbours", SUM),
        ("pca", decomposition.PCA(2), "none", "any", SUM),
        ("pca-whiten", decomposition.PCA(2, whiten=True), "none", "any", SUM),
        ("truncated-svd", decomposition.TruncatedSVD(2, random_state=0), "none", "any", SUM),
        (
            "calibrated-sigmoid",
            calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=2),
            "binary",
            "finite",
            SUM,
        ),
        ("one-vs-rest", multiclass.OneVsRestClassifier(lm.LogisticRegression()), "multi", "finite", SUM),
        (
            "voting-soft",
            e.VotingClassifier(
                [("l", lm.LogisticRegression()), ("t", tree.DecisionTreeClassifier(max_depth=3))],
                voting="soft",
                flatten_transform=False,
            ),
            "multi",
            "finite",
            SUM,
        ),
        (
            "stacking",
            e.StackingClassifier([("l", lm.LogisticRegression()), ("t", tree.DecisionTreeClassifier(max_depth=3))]),
            "binary",
            "finite",
            SUM,
        ),
        (
            "scale-pca-logistic",
            pipeline.make_pipeline(p.StandardScaler(), decomposition.PCA(3), lm.LogisticRegression()),
            "multi",
            "any",
            SUM,
        ),
        (
            "impute-scale-forest",
            pipeline.make_pipeline(impute.SimpleImputer(), p.StandardScaler(), e.RandomForestClassifier(**forest)),
            "multi-missing",
            "any",
            TREE,
        ),
    ]


def fitted(rng, estimator, task, n=300):
    x = rng.normal(size=(n, 4)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 2)
    score = x[:, 0] - 0.4 * x[:, 1] + np.sin(2 * x[:, 2]) + 0.2 * rng.normal(size=n)
    if "positive" in task:
        x = np.abs(x)
    if "missing" in task:
        x[rng.random(x.shape) < 0.15] = np.nan
    kind = task.split("-")[0]
    if kind in ("none", "missing"):
        return x, estimator.fit(x)
    labels = {
        "binary": (score > 0).astype(np.int64),
        "multi": np.digitize(score, [-0.8, 0.7]) * 3 - 1,
        "named": np.array(["no", "ø", "yes"], object)[np.digitize(score, [-0.8, 0.7])],
        "real": score * 2 + 1,
        "targets": np.column_stack([score, x[:, 0] * score]),
        "count": rng.poisson(np.exp(np.clip(score, -2, 2))),
    }
    return x, estimator.fit(x, labels[kind])


def numeric_cases(root):
    written, failed = [], []
    for index, (name, estimator, task, rows, tolerance) in enumerate(table()):
        rng = np.random.default_rng(500 + index)
        x, model = fitted(rng, estimator, task)
        forms = [("", FloatTensorType([None, 4]), np.float32)]
        if name in DOUBLES:
            forms.append(("-double", DoubleTensorType([None, 4]), np.float64))
        for suffix, kind, dtype in forms:
            try:
                with_map = sklearn.base.is_classifier(model) and not isinstance(model, svm.LinearSVC)
                options = {id(model): {"zipmap": False}} if with_map else None
                proto = skl2onnx.convert_sklearn(
                    model, name, [("X", kind)], options=options, target_opset={"": 17, "ai.onnx.ml": 3}
                )
                values, groups = float_rows(rng, x.astype(dtype), onnx_thresholds(proto), finite=rows != "any")
                if rows == "neighbours":
                    # Equal distances would leave the choice of neighbour to the library.
                    values, groups = x.astype(dtype), None
                case = write_case(root, f"sklearn-{name}{suffix}", proto, {"X": values}, tolerance, groups, MADE_WITH)
                written.append(case)
            except Exception as error:  # what the exporter cannot do is listed, not hidden
                failed.append(f"sklearn-{name}{suffix}: {first_line(error)}")
    return written, failed


# Models whose ONNX form also takes float64; for others the exporter writes graphs with contradictory types.
DOUBLES = {
    "standard-scaler",
    "logistic-binary",
    "linear-regression",
    "random-forest-multi",
    "mlp-regressor",
    "pca",
    "svc-rbf",
}


def column_cases(root):
    """Pipelines over named columns of several types."""
    rng = np.random.default_rng(77)
    n = 300
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, n).astype(np.float32),
            "income": rng.lognormal(10, 1, n).astype(np.float32),
            "visits": rng.integers(0, 9, n),
            "plan": np.array(["", "basic", "pro", "日本", "é"], object)[rng.integers(5, size=n)],
            "city": np.array([f"c{i}" for i in range(25)], object)[rng.integers(25, size=n)],
        }
    )
    frame.loc[rng.random(n) < 0.2, "age"] = np.nan
    target = (frame["age"].fillna(40) + 10 * (frame["plan"] == "pro") + rng.normal(0, 8, n) > 43).astype(np.int64)
    types = {
        "age": FloatTensorType([None, 1]),
        "income": FloatTensorType([None, 1]),
        "visits": Int64TensorType([None, 1]),
        "plan": StringTensorType([None, 1]),
        "city": StringTensorType([None, 1]),
    }
    numbers = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    one_hot = preprocessing.OneHotEncoder(handle_unknown="ignore")
    marked = impute.SimpleImputer(missing_values="", strategy="constant", fill_value="none")

    def columns(*steps):
        return compose.ColumnTransformer([(f"s{i}", s, c) for i, (s, c) in enumerate(steps)])

    mixed = columns((numbers, ["age", "income"]), (one_hot, ["plan", "city"]))
    imputed = columns((numbers, ["age", "income"]), (pipeline.make_pipeline(marked, one_hot), ["plan"]))
    ordinal = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    forest = ensemble.RandomForestClassifier(8, max_depth=4, random_state=0)
    boosting = ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0)
    models = [
        ("one-hot-strings", columns((one_hot, ["plan", "city"])), ["plan", "city"], False),
        ("one-hot-integers", columns((one_hot, ["visits"])), ["visits"], False),
        ("one-hot-drop-first", columns((preprocessing.OneHotEncoder(drop="first"), ["visits"])), ["visits"], False),
        ("ordinal-strings", columns((ordinal, ["plan", "city"])), ["plan", "city"], False),
        ("ordinal-integers", columns((preprocessing.OrdinalEncoder(), ["visits"])), ["visits"], False),
        ("impute-strings", columns((marked, ["plan"])), ["plan"], False),
        (
            "columns-logistic",
            pipeline.make_pipeline(mixed, linear_model.LogisticRegression()),
            list(types)[:2] + ["plan", "city"],
            True,
        ),
        (
            "columns-imputed-logistic",
            pipeline.make_pipeline(imputed, linear_model.LogisticRegression()),
            ["age", "income", "plan"],
            True,
        ),
        (
            "columns-forest",
            pipeline.make_pipeline(columns((numbers, ["age", "income"]), (ordinal, ["city"])), forest),
            ["age", "income", "city"],
            True,
        ),
        (
            "columns-boosting",
            pipeline.make_pipeline(columns((numbers, ["age", "income"]), (one_hot, ["plan"])), boosting),
            ["age", "income", "plan"],
            True,
        ),
        (
            "columns-logistic-zipmap",
            pipeline.make_pipeline(mixed, linear_model.LogisticRegression()),
            list(types)[:2] + ["plan", "city"],
            True,
        ),
        ("label-binarizer", preprocessing.LabelBinarizer().fit(frame["visits"]), ["visits"], None),
        ("label-encoder", preprocessing.LabelEncoder().fit(frame["city"]), ["city"], None),
    ]
    written, failed = [], []
    for name, model, used, supervised in models:
        try:
            if supervised is not None:
                model.fit(frame[used], target) if supervised else model.fit(frame[used])
            zipmap = name.endswith("zipmap")
            options = {id(model): {"zipmap": zipmap}} if supervised else None
            inputs = [(c, types[c] if supervised is not None else type(types[c])([None])) for c in used]
            proto = skl2onnx.convert_sklearn(
                model, name, inputs, options=options, target_opset={"": 17, "ai.onnx.ml": 3}
            )
            feed = column_rows(rng, frame, used, 20 if zipmap else 320, known_only=name in KNOWN_ONLY)
            if supervised is None:
                feed = {c: v.ravel() for c, v in feed.items()}
            written.append(write_case(root, f"sklearn-{name}", proto, feed, SUM, None, MADE_WITH, zero_rows=not zipmap))
        except Exception as error:
            failed.append(f"sklearn-{name}: {first_line(error)}")
    return written, failed


# These encoders refuse unknown values in scikit-learn; what their ONNX form gives then is an accident.
KNOWN_ONLY = {"one-hot-drop-first", "ordinal-integers", "label-binarizer", "label-encoder"}


def column_rows(rng, frame, used, n, known_only):
    picked = frame.iloc[rng.integers(len(frame), size=n)].reset_index(drop=True)
    feed = {}
    for name in used:
        values = picked[name].to_numpy(copy=True)
        odd = rng.random(n) < (0 if known_only else 0.25)
        if values.dtype == object:
            values[odd] = rng.choice(np.array(STRINGS, object), odd.sum())
        elif values.dtype.kind == "i":
            values[odd] = rng.choice([-1, 9, 2**31, 2**53 + 1, -(2**63)], odd.sum())
        else:
            values[odd] = rng.choice(np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3e38], np.float32), odd.sum())
        feed[name] = values.reshape(-1, 1)
    return feed


def generate(root):
    written = []
    for part in (numeric_cases, column_cases):
        done, failed = part(root)
        written += done
        for line in failed:
            print(f"  not exported: {line}")
    return written
