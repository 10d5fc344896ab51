"""The learners without trees beside scikit-learn: objectives of linear models at the same optimum, quality of the others.

Weights are read off the runtime's own answers. Both weight vectors go through one objective function here, in f64: ours may be
lower, and worse by 1e-6 of it at most. Prints a table; ends with 1 where something is worse than its limit.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from scipy.special import logsumexp, xlogy
from sklearn import cluster, datasets, linear_model, metrics, model_selection, naive_bayes, neighbors, neural_network

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIT = ROOT / ".build/release/fit"
FAILED = []


def fit(learner, task, x, y, test=None, raw=False, weights=None, threads=1, seed=1, **settings):
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", np.asarray(x, dtype=float))
        command = [str(FIT), learner, task, f"{folder}/x.npy", "-"]
        if y is not None:
            np.save(f"{folder}/y.npy", np.asarray(y, dtype=float))
            command[-1] = f"{folder}/y.npy"
        if weights is not None:
            np.save(f"{folder}/w.npy", np.asarray(weights, dtype=float))
            command += ["--weights", f"{folder}/w.npy"]
        if test is not None:
            np.save(f"{folder}/t.npy", np.asarray(test, dtype=float))
            command += ["--test", f"{folder}/t.npy"]
        for name, value in settings.items():
            shown = str(value).lower() if isinstance(value, bool) else ",".join(map(str, value)) if isinstance(value, tuple) else value
            command += ["--set", f"{name}={shown}"]
        command += ["--raw" if raw else "--predict", f"{folder}/p.npy", "--threads", str(threads), "--seed", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        return np.load(f"{folder}/p.npy"), json.loads(done.stdout)


def coefficients(learner, task, x, y, **settings):
    """Weights `[columns, outputs]` and intercepts, from what the runtime says of unit steps."""
    steps = np.maximum(np.std(x, axis=0), 1e-300)
    raw, info = fit(learner, task, x, y, test=np.vstack([np.zeros(x.shape[1]), np.diag(steps)]), raw=True, **settings)
    raw = raw.reshape(len(raw), -1)
    return (raw[1:] - raw[0]) / steps[:, None], raw[0], info


def line(name, own, peer, limit, kind, note=""):
    """`own` and `peer` where less is better; worse by `limit` at most."""
    difference = own - peer
    if kind == "relative":
        difference /= max(abs(peer), 1e-12)
    bad = not difference <= limit
    if bad:
        FAILED.append(name)
    print(f"{name:46} own {own:<22.15g} peer {peer:<22.15g} {kind} {difference:+.1e}{'  WORSE' if bad else ''} {note}", flush=True)


# Objectives


def penalty(w, alpha, ratio):
    return alpha * (ratio * np.abs(w).sum() + (1 - ratio) / 2 * (w**2).sum())


def squared(x, y, w, b, alpha, ratio, v):
    return np.average((y - x @ w[:, 0] - b[0]) ** 2, weights=v) / 2 + penalty(w, alpha, ratio)


def log_loss(x, y, w, b, c, ratio, v):
    eta = x @ w + b
    if w.shape[1] == 1:
        losses = np.logaddexp(0, eta[:, 0]) - y * eta[:, 0]
    else:
        losses = logsumexp(eta, axis=1) - eta[np.arange(len(y)), y.astype(int)]
    return c * (losses * v).sum() + penalty(w, 1, ratio)


def half_deviance(y, mu, power):
    if power == 0:
        return (y - mu) ** 2 / 2
    if power == 1:
        return xlogy(y, y / mu) - y + mu
    if power == 2:
        return np.log(mu / y) + y / mu - 1
    p = power
    return np.maximum(y, 0) ** (2 - p) / ((1 - p) * (2 - p)) - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p)


def glm(x, y, w, b, power, alpha, ratio, v, link="log"):
    eta = x @ w[:, 0] + b[0]
    return np.average(half_deviance(y, np.exp(eta) if link == "log" else eta, power), weights=v) + penalty(w, alpha, ratio)


# Data


def ill_conditioned(rows=400, columns=20, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((rows, columns)) @ np.diag(np.logspace(0, -5, columns)) @ generator.standard_normal((columns, columns))
    x[:, 0] = x[:, 0] * 1e3 + 500
    return x, x @ generator.standard_normal(columns) * 3 + 0.1 * generator.standard_normal(rows)


def linear():
    sets = {"diabetes": datasets.load_diabetes(return_X_y=True), "ill": ill_conditioned()}
    wide = np.random.default_rng(1).standard_normal((60, 200))
    sets["wide"] = (wide, wide[:, :5].sum(1) + 0.1 * np.random.default_rng(2).standard_normal(60))
    for name, (x, y) in sets.items():
        v = np.random.default_rng(3).random(len(y)) + 0.1
        for alpha, ratio in ((0, 0), (1e-3, 0), (1.0, 0), (0.1, 1), (1e-3, 1), (0.1, 0.5)):
            for weights in (None, v):
                w, b, _ = coefficients("linear", "regression", x, y, weights=weights, alpha=alpha, l1_ratio=ratio)
                own_v = np.ones(len(y)) if weights is None else v
                if ratio == 0:
                    peer = linear_model.Ridge(alpha * own_v.sum(), solver="svd") if alpha else linear_model.LinearRegression()
                else:
                    peer = linear_model.ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-14, max_iter=1_000_000)
                peer.fit(x, y, sample_weight=weights)
                values = [squared(x, y, *model, alpha, ratio, own_v) for model in ((w, b), (peer.coef_[:, None], [peer.intercept_]))]
                # An unpenalized wide fit leaves no error at all.
                if name == "wide" and alpha == 0:
                    values = [value / np.var(y) + 1 for value in values]
                line(f"linear {name} alpha={alpha} l1={ratio}{'' if weights is None else ' weighted'}", *values, 1e-6, "relative")


def logistic():
    raw = {name: getattr(datasets, f"load_{name}")(return_X_y=True) for name in ("iris", "wine", "breast_cancer", "digits")}
    sets = {name: ((x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1), y.astype(float)) for name, (x, y) in raw.items()}
    x, y = ill_conditioned()
    sets["ill"] = (x / np.abs(x).max(0), (y > np.median(y)).astype(float))
    for name, (x, y) in sets.items():
        task = "binary" if y.max() == 1 else "multiclass"
        for c, ratio, balance in ((1.0, 0, None), (100.0, 0, "balanced"), (0.1, 1, None), (1.0, 0.5, None)):
            if name == "digits" and ratio > 0:
                x, y = x[:600], y[:600]
            counts = np.bincount(y.astype(int))
            v = (len(y) / (len(counts) * counts))[y.astype(int)] if balance else np.ones(len(y))
            w, b, _ = coefficients("logistic", task, x, y, c=c, l1_ratio=ratio, **({"weights": v} if balance else {}))
            if ratio == 0:
                peer = linear_model.LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000, class_weight=balance)
            else:
                peer = linear_model.LogisticRegression(C=c, l1_ratio=ratio, solver="saga", tol=1e-7, max_iter=2000)
            peer.fit(x, y)
            values = [log_loss(x, y, *model, c, ratio, v) for model in ((w, b), (peer.coef_.T, peer.intercept_))]
            line(f"logistic {name} c={c} l1={ratio} {balance or ''}", *values, 1e-6, "relative")


def generalized():
    generator = np.random.default_rng(5)
    x, _ = ill_conditioned(1000, 8, 5)
    x = x / np.abs(x).max(0)
    mean = np.exp(x @ generator.standard_normal(8) + 0.5)
    targets = {
        "poisson": (1, generator.poisson(mean).astype(float)), "gamma": (2, generator.gamma(2.0, mean) + 1e-6),
        "tweedie": (1.5, generator.gamma(2.0, mean) * (generator.random(1000) < 0.6)),
    }
    v = generator.random(1000) + 0.1
    for family, (power, y) in targets.items():
        for alpha in (0, 0.01, 1.0):
            w, b, _ = coefficients("glm", "regression", x, y, family=family, alpha=alpha, weights=v)
            peer = linear_model.TweedieRegressor(power=power, alpha=alpha, link="log", solver="newton-cholesky", tol=1e-12, max_iter=1000)
            peer.fit(x, y, sample_weight=v)
            values = [glm(x, y, *model, power, alpha, 0, v) for model in ((w, b), (peer.coef_[:, None], [peer.intercept_]))]
            line(f"glm {family} alpha={alpha}", *values, 1e-6, "relative")


# Others


def log_probability(task, raw):
    raw = raw if task == "multiclass" else np.column_stack([np.zeros(len(raw)), raw])
    return raw - logsumexp(raw, axis=1, keepdims=True)


def bayes():
    for name in ("iris", "wine", "breast_cancer", "digits"):
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        task = "binary" if y.max() == 1 else "multiclass"
        v = np.random.default_rng(4).random(len(y)) + 0.1
        middle = float(np.median(x))
        learners = {
            "gaussian_nb": (naive_bayes.GaussianNB(), {}), "multinomial_nb": (naive_bayes.MultinomialNB(alpha=0.5), {"alpha": 0.5}),
            "bernoulli_nb": (naive_bayes.BernoulliNB(binarize=middle), {"threshold": middle}),
        }
        for learner, (peer, settings) in learners.items():
            for weights in (None, v):
                raw, _ = fit(learner, task, x, y, raw=True, weights=weights, **settings)
                truth = peer.fit(x, y, sample_weight=weights).predict_joint_log_proba(x)
                truth = truth - logsumexp(truth, axis=1, keepdims=True)
                worst = (np.abs(log_probability(task, raw) - truth) / np.maximum(1, np.abs(truth))).max()
                line(f"{learner} {name}{'' if weights is None else ' weighted'} log probability", worst, 0, 1e-12, "absolute")


def nearest():
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes"):
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
        train, test, y_train, y_test = model_selection.train_test_split(x, y, random_state=0)
        for k in (1, 5, 10):
            if name == "diabetes":
                own, _ = fit("knn", "regression", train, y_train, test=test, k=k)
                peer = neighbors.KNeighborsRegressor(k, algorithm="brute").fit(train, y_train).predict(test)
            else:
                task = "binary" if y.max() == 1 else "multiclass"
                own, _ = fit("knn", task, train, y_train, test=test, k=k)
                peer = neighbors.KNeighborsClassifier(k, algorithm="brute").fit(train, y_train).predict_proba(test)
                own = np.column_stack([1 - own, own]) if task == "binary" else own
            line(f"knn {name} k={k}: part of rows that differ", (np.abs(own - peer).reshape(len(test), -1).max(1) > 1e-9).mean(), 0, 0, "absolute")


def clusters():
    for name, k in (("iris", 3), ("wine", 5), ("breast_cancer", 4), ("digits", 10)):
        x, _ = getattr(datasets, f"load_{name}")(return_X_y=True)
        _, info = fit("kmeans", "clustering", x, None, clusters=k, starts=20, tolerance=0)
        peer = cluster.KMeans(k, n_init=20, tol=0, random_state=0).fit(x)
        distance, _ = fit("kmeans", "clustering", x, None, clusters=k, starts=20, tolerance=0)
        inertia = (distance**2).sum()
        line(f"kmeans {name} k={k} inertia", float(info["facts"]["inertia"]), peer.inertia_, 0.0005, "relative", f"outputs {inertia / peer.inertia_ - 1:+.1e}")


def perceptron():
    """Means of seeds on held-out rows: log loss, or 1 - R²; the limit is two standard errors of the difference and 0.0005."""
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes"):
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        train, test, y_train, y_test = model_selection.train_test_split(x, y, random_state=0, stratify=None if name == "diabetes" else y)
        mean, scale = train.mean(0), np.where(train.std(0) > 0, train.std(0), 1)
        train, test = (train - mean) / scale, (test - mean) / scale
        own, peer = [], []
        for seed in range(5):
            settings = {"hidden": (50,), "epochs": 200, "batch": 50, "seed": seed}
            if name == "diabetes":
                mean, scale = y_train.mean(), y_train.std()
                p, _ = fit("mlp", "regression", train, y_train, test=test, **settings)
                q = neural_network.MLPRegressor(hidden_layer_sizes=(50,), max_iter=200, batch_size=50, random_state=seed).fit(train, (y_train - mean) / scale).predict(test)
                own.append(1 - metrics.r2_score(y_test, p))
                peer.append(1 - metrics.r2_score(y_test, q * scale + mean))
            else:
                task = "binary" if y.max() == 1 else "multiclass"
                p, _ = fit("mlp", task, train, y_train, test=test, **settings)
                q = neural_network.MLPClassifier((50,), max_iter=200, batch_size=50, random_state=seed).fit(train, y_train).predict_proba(test)
                own.append(metrics.log_loss(y_test, p))
                peer.append(metrics.log_loss(y_test, q))
        error = np.sqrt((np.var(own, ddof=1) + np.var(peer, ddof=1)) / 5)
        line(f"mlp {name} {'1 - R2' if name == 'diabetes' else 'log loss'}", np.mean(own), np.mean(peer), 0.0005 + 2 * error, "absolute", f"se {error:.4f}")


def main():
    warnings.filterwarnings("ignore")
    parts = [linear, logistic, generalized, bayes, nearest, clusters, perceptron]
    chosen = sys.argv[1:]
    for part in parts:
        if not chosen or part.__name__ in chosen:
            part()
    if FAILED:
        sys.exit(f"{len(FAILED)} worse than their limit: {', '.join(FAILED)}")


if __name__ == "__main__":
    main()
