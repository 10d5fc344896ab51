#!/usr/bin/env python3
"""Holds every metric and calibration of MaxEvaluation against scikit-learn, scipy or the plain formula.

Different on purpose: where scikit-learn returns 0 (or 1, or an error) for something without a denominator (precision, recall, F1,
kappa, AUC of one class, average precision without positives, R2 of equal targets), the value here is NaN with a reason.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn import metrics as m
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression

warnings.filterwarnings("ignore")
random = np.random.default_rng(7)


def run(binary, cases, *flags):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(cases, file)
        file.flush()
        done = subprocess.run([binary, file.name, *flags], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def delong(y, p):
    """The error of AUC by all pairs of a positive and a negative."""
    a, b = p[y == 1], p[y == 0]
    if min(len(a), len(b)) < 2:
        return None
    psi = (a[:, None] > b) + 0.5 * (a[:, None] == b)
    return np.sqrt(psi.mean(1).var(ddof=1) / len(a) + psi.mean(0).var(ddof=1) / len(b))


def binary(y, p, w):
    c = p >= 0.5
    two = len(set(y)) == 2
    out = {
        "log_loss": m.log_loss(y, p, sample_weight=w, labels=[0, 1]),
        "brier": np.average((y - p) ** 2, weights=w),
        "accuracy": m.accuracy_score(y, c, sample_weight=w),
        "balanced_accuracy": m.balanced_accuracy_score(y, c, sample_weight=w),
        "mcc": m.matthews_corrcoef(y, c, sample_weight=w),
    }
    bins = np.minimum((p * 10).astype(int), 9)
    v = np.ones(len(y)) if w is None else w
    out["ece"] = sum(abs((v * (p - y))[bins == b].sum()) for b in range(10)) / v.sum()
    if two:
        out["auc"] = m.roc_auc_score(y, p, sample_weight=w)
        out["gini"] = 2 * out["auc"] - 1
        fpr, tpr, _ = m.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
        out["ks"] = np.abs(tpr - fpr).max()
        out["kappa"] = m.cohen_kappa_score(y, c, sample_weight=w)
        out["specificity"] = m.recall_score(1 - y, ~c, sample_weight=w)
        out["g_mean"] = np.sqrt(out["specificity"] * m.recall_score(y, c, sample_weight=w))
    if y.any():
        out["average_precision"] = m.average_precision_score(y, p, sample_weight=w)
        out["recall"] = m.recall_score(y, c, sample_weight=w)
        out["f1"] = m.f1_score(y, c, sample_weight=w)
        out["f_beta"] = m.fbeta_score(y, c, beta=2, sample_weight=w)
    if c.any():
        out["precision"] = m.precision_score(y, c, sample_weight=w)
    return out


def multiclass(y, p, w):
    k = p.shape[1]
    c = p.argmax(1)
    labels = list(range(k))
    out = {
        "log_loss": m.log_loss(y, p, sample_weight=w, labels=labels),
        "brier": np.average(((np.eye(k)[y.astype(int)] - p) ** 2).sum(1), weights=w),
        "accuracy": m.accuracy_score(y, c, sample_weight=w),
        "balanced_accuracy": m.balanced_accuracy_score(y, c, sample_weight=w),
        "mcc": m.matthews_corrcoef(y, c, sample_weight=w),
        "precision_macro": m.precision_score(y, c, sample_weight=w, average="macro", zero_division=0),
        "recall_macro": m.recall_score(y, c, sample_weight=w, average="macro", zero_division=0),
        "f1_macro": m.f1_score(y, c, sample_weight=w, average="macro", zero_division=0),
        "f1_micro": m.f1_score(y, c, sample_weight=w, average="micro"),
        "f1_weighted": m.f1_score(y, c, sample_weight=w, average="weighted", zero_division=0),
        "top_k_accuracy": m.top_k_accuracy_score(y, p, k=2, sample_weight=w, labels=labels),
    }
    if len(set(y)) == k:
        out["kappa"] = m.cohen_kappa_score(y, c, sample_weight=w)
        out["auc_ovr_macro"] = m.roc_auc_score(y, p, sample_weight=w, multi_class="ovr", labels=labels)
        if w is None:
            out["auc_ovr_weighted"] = m.roc_auc_score(y, p, multi_class="ovr", average="weighted", labels=labels)
            out["auc_ovo"] = m.roc_auc_score(y, p, multi_class="ovo", labels=labels)
    return out


def regression(y, p, w):
    e = np.abs(y - p)
    out = {
        "mae": m.mean_absolute_error(y, p, sample_weight=w),
        "rmse": m.root_mean_squared_error(y, p, sample_weight=w),
        "mse": m.mean_squared_error(y, p, sample_weight=w),
        "mape": m.mean_absolute_percentage_error(y, p, sample_weight=w),
        "smape": np.average(np.divide(2 * e, np.abs(y) + np.abs(p), out=np.zeros_like(e), where=e > 0), weights=w),
        "medae": m.median_absolute_error(y, p, sample_weight=w),
        "max_error": e.max(),
        "pinball": m.mean_pinball_loss(y, p, sample_weight=w),
        "huber": np.average(np.where(e <= 1, e * e / 2, e - 0.5), weights=w),
    }
    if np.abs(y).sum() > 0:
        out["wape"] = np.average(e, weights=w) / np.average(np.abs(y), weights=w)
    if np.ptp(y) > 0:
        out["r2"] = m.r2_score(y, p, sample_weight=w)
        out["adjusted_r2"] = 1 - (1 - out["r2"]) * (len(y) - 1) / (len(y) - 4)
        out["d2_absolute_error"] = m.d2_absolute_error_score(y, p, sample_weight=w)
        out["d2_pinball"] = m.d2_pinball_score(y, p, sample_weight=w)
    if min(y.min(), p.min()) > 0:
        out["msle"] = m.mean_squared_log_error(y, p, sample_weight=w)
        for name, power in [("poisson", 1), ("gamma", 2), ("tweedie", 1.5)]:
            out[f"{name}_deviance"] = m.mean_tweedie_deviance(y, p, power=power, sample_weight=w)
        if np.ptp(y) > 0:
            out["d2_tweedie"] = m.d2_tweedie_score(y, p, power=1.5, sample_weight=w)
    return out


def cases():
    for n in [5, 40, 300]:
        for weighted in [False, True]:
            w = random.integers(1, 5, n).astype(float) if weighted else None
            y = (random.random(n) < 0.4).astype(float)
            p = np.clip(0.3 * y + random.random(n) * 0.7, 0, 1)
            for target, score in [(y, p), (y, p.round(1)), (y, np.full(n, 0.25)), (y * 0, p), (y * 0 + 1, p), (y, y), (y, 1 - y)]:
                yield "binary", target, score, w, binary(target, score, w)
            for k in [3, 4, 5]:
                y = random.integers(0, k, n).astype(float)
                p = random.dirichlet(np.ones(k), n)
                for target, score in [(y, p), (np.zeros(n), p), (y, np.full((n, k), 1 / k))]:
                    yield "multiclass", target, score, w, multiclass(target, score, w)
            y = random.lognormal(0, 1, n)
            p = y * random.lognormal(0, 0.5, n)
            for target, score in [(y, p), (y - 1, p - 1), (y.round(), p.round()), (y, y * 0 + 1), (y * 1e100, p * 1e100), (y, y), (y * 0 + 2, p)]:
                yield "regression", target, score, w, regression(target, score, w)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", default=".build/release/metrics")
    path = arguments.parse_args().binary
    every = list(cases())
    inputs = []
    for task, y, p, w, _ in every:
        case = {"task": task, "target": y.tolist(), "prediction": p.ravel().tolist(), "classes": p.shape[1] if p.ndim == 2 else 1}
        if w is not None:
            case["weights"] = w.tolist()
        inputs.append(case)
    wrong, checked = [], 0

    def check(where, found, expected, relative=1e-12):
        nonlocal checked
        checked += 1
        found = np.nan if found is None else found
        # Values near 0 are differences of numbers near 1.
        if not abs(found - expected) <= relative * max(abs(expected), 1):
            wrong.append(f"{where}: found {found!r}, expected {expected!r}")

    for (task, y, p, w, expected), found in zip(every, run(path, inputs)):
        where = f"{task} rows {len(y)} weights {w is not None}"
        for name, value in expected.items():
            if np.isfinite(value):
                check(f"{where} {name}", found[name]["value"], value)
        if task == "binary" and w is None and (error := delong(y, p)) is not None:
            check(f"{where} DeLong", found["auc"].get("error"), error)
    for weighted in [False, True]:
        y = (random.random(200) < 0.4).astype(float)
        p = (y + random.normal(0, 1, 200)).round(1)
        w = random.integers(1, 4, 200).astype(float) if weighted else None
        case = [{"target": y.tolist(), "prediction": p.tolist(), **({"weights": w.tolist()} if weighted else {})}]
        a, b = _sigmoid_calibration(p, y, sample_weight=w)
        found = run(path, case, "--calibrate", "platt")[0]
        # scikit-learn stops at a gradient of 1e-6.
        check("platt slope", found["slope"], -a, 1e-4)
        check("platt intercept", found["intercept"], -b, 1e-4)
        expected = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(p, y, sample_weight=w).predict(p)
        for one, other in zip(run(path, case, "--calibrate", "isotonic")[0]["values"], expected):
            check("isotonic", one, other)
    print(f"{checked} values, {len(wrong)} differ")
    for line in wrong[:40]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
