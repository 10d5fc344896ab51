"""Boosted trees beside LightGBM on the same rows: the quality on fresh rows, for every objective, averaged over seeds.

Rows without pure interactions, which greedy growth finds or misses by chance: on those LightGBM differs from itself by
0.005 of AUC when its start score moves. Prints every difference and its mean with a standard error; ends with 1 where a
mean is worse by more than 0.0005 and by more than two standard errors. An argument says how many seeds.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile

import lightgbm
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIT = ROOT / ".build/release/fit"
LIMIT = 0.0005
ROWS, TREES, SEEDS = 30_000, 100, tuple(range(42, 42 + int(sys.argv[1] if len(sys.argv) > 1 else 4)))
OBJECTIVES = {
    "binary": ("binary", "binary"), "softmax": ("multiclass", "multiclass"), "squared": ("regression", "regression"),
    "absolute": ("regression", "regression_l1"), "quantile": ("regression", "quantile"), "huber": ("regression", "huber"),
    "poisson": ("regression", "poisson"), "gamma": ("regression", "gamma"), "tweedie": ("regression", "tweedie"),
    "lambdarank": ("ranking", "lambdarank"),
}


def rows(objective, generator, count):
    x = generator.random((count, 10))
    z = np.sin(3 * x[:, 0]) + 2 * (x[:, 2] - 0.3) ** 2 + x[:, 3] + 0.5 * x[:, 4] + x[:, 0] * x[:, 1]
    draw = {
        "binary": lambda: (generator.random(count) < 1 / (1 + np.exp(-3 * (z - 2)))).astype(float),
        "softmax": lambda: np.digitize(z + 0.3 * generator.standard_normal(count), [1.6, 2.2]).astype(float),
        "poisson": lambda: generator.poisson(np.exp(z - 1)).astype(float),
        "gamma": lambda: generator.gamma(2.0, np.exp(z - 1)) + 1e-9,
        "tweedie": lambda: generator.gamma(2.0, np.exp(z - 1)) * (generator.random(count) < 0.6),
        "lambdarank": lambda: np.digitize(z + 0.3 * generator.standard_normal(count), [1.5, 2.0, 2.5, 3.0]).astype(float),
    }
    return x, draw.get(objective, lambda: z + 0.3 * generator.standard_normal(count))()


def gain_of(y, score, loss, constant):
    """The part of a constant's loss that the scores save: R2, for other losses too."""
    return 1 - loss(y, score).mean() / loss(y, np.full(len(y), constant)).mean()


def quality(objective, y, raw):
    if objective == "binary":
        order = np.argsort(raw, kind="stable")
        rank = np.empty(len(y))
        rank[order] = np.arange(1, len(y) + 1)
        n = y.sum()
        return (rank[y == 1].sum() - n * (n + 1) / 2) / (n * (len(y) - n))
    if objective == "softmax":
        shifted = raw - raw.max(1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        prior = np.bincount(y.astype(int)) / len(y)
        return 1 + logs[np.arange(len(y)), y.astype(int)].mean() / -(prior * np.log(prior)).sum()
    if objective == "lambdarank":
        values, discount = [], 1 / np.log2(np.arange(2, 12))
        for relevance, scores in zip(y.reshape(-1, 20), raw.reshape(-1, 20)):
            gains = 2**relevance - 1
            best = (np.sort(gains)[::-1][:10] * discount).sum()
            if best > 0:
                values.append((gains[np.argsort(-scores, kind="stable")][:10] * discount).sum() / best)
        return np.mean(values)
    if objective == "absolute":
        return gain_of(y, raw, lambda a, b: np.abs(a - b), np.median(y))
    if objective == "quantile":
        return gain_of(y, raw, lambda a, b: np.maximum(0.9 * (a - b), -0.1 * (a - b)), np.quantile(y, 0.9))
    if objective in ("poisson", "gamma", "tweedie"):
        raw = np.exp(raw)
    return gain_of(y, raw, lambda a, b: (a - b) ** 2, y.mean())


def difference(objective, seed, folder):
    task, name = OBJECTIVES[objective]
    generator = np.random.default_rng(seed)
    x, y = rows(objective, generator, ROWS)
    t, truth = rows(objective, generator, ROWS)
    queries = np.full(ROWS // 20, 20.0)
    for part, values in (("x", np.asfortranarray(x)), ("y", y), ("t", np.asfortranarray(t)), ("q", queries)):
        np.save(f"{folder}/{part}.npy", values)
    command = [str(FIT), "gbdt", task, f"{folder}/x.npy", f"{folder}/y.npy", "--set", f"trees={TREES}",
               "--test", f"{folder}/t.npy", "--raw", f"{folder}/r.npy"]
    if task == "regression":
        command += ["--set", f"objective={objective}"]
    if task == "ranking":
        command += ["--queries", f"{folder}/q.npy"]
    subprocess.run(command, check=True, capture_output=True)
    settings = {"objective": name, "num_threads": 1, "verbosity": -1, "num_leaves": 31, "learning_rate": 0.1}
    if objective == "softmax":
        settings["num_class"] = 3
    if objective in ("quantile", "huber"):
        settings["alpha"] = 0.9
    data = lightgbm.Dataset(x, y, group=queries.astype(int) if task == "ranking" else None)
    peer = lightgbm.train(settings | {"tweedie_variance_power": 1.5} if objective == "tweedie" else settings, data, TREES)
    own = quality(objective, truth, np.load(f"{folder}/r.npy"))
    return own, quality(objective, truth, peer.predict(t, raw_score=True))


def main():
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for objective in OBJECTIVES:
            pairs = [difference(objective, seed, folder) for seed in SEEDS]
            differences = [own - peer for own, peer in pairs]
            mean = statistics.mean(differences)
            error = statistics.stdev(differences) / len(differences) ** 0.5
            bad = mean < -LIMIT and mean < -2 * error
            failed |= bad
            shown = " ".join(f"{each:+.5f}" for each in differences)
            print(f"{objective:10} lightgbm {pairs[0][1]:.5f}  differences {shown}  mean {mean:+.5f} ± {error:.5f}{'  WORSE' if bad else ''}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
