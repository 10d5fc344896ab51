"""Input rows that find mistakes: special values, and every threshold of a model with its two neighbours."""

import numpy as np
from onnx import numpy_helper

SPECIALS = np.array(
    [
        np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5,
        1.401298464324817e-45, -1.401298464324817e-45, 1.1754942e-38, -1.1754942e-38, 1.1754944e-38,
        3.4028235e38, -3.4028235e38, 1e30, -1e30, 1e-30, 16777216.0, 16777217.0, 2147483648.0, -2147483648.0,
        9.2233720368547758e18, 88.7, -88.8, 104.0, -104.0,
    ],
    dtype=np.float32,
)  # fmt: skip
CATEGORY_CODES = np.array(
    [-1, -0.5, -0.0, 0.5, 0.999, 1.5, 2.999, 31, 32, 63, 64, 1000, 65535, 65536, 1e6, 16777214, 16777215, 16777216,
     2147483647, 2147483648, 4294967296, 1e19, 3e38, -3e38, 1e-45, np.nan],
    dtype=np.float32,
)  # fmt: skip
STRINGS = ["", " ", "unheard-of", "Ünïcödé", "日本語", "🛫", "e\u0301", "\u00e9", "A", "a", "0", "nan",
     "x" * 300]


def around(thresholds):
    """Each float32 threshold, the next value below and the next above."""
    t = np.asarray(thresholds, dtype=np.float32)
    with np.errstate(all="ignore"):
        below, above = np.nextafter(t, np.float32(-np.inf)), np.nextafter(t, np.float32(np.inf))
    return np.unique(np.concatenate([t, below, above]))


def float_rows(rng, ordinary, thresholds=None, finite=False, limit=400, times=1):
    """Rows to try on a model whose ordinary rows are given, [n, features] float32 or float64.

    thresholds: feature index -> thresholds met there; limit: most rows of them; times: how often each special value and
    threshold is tried. Returns the rows and their groups.
    """
    n, features = ordinary.shape
    rows, groups = [ordinary], [("ordinary", n)]
    special = SPECIALS[np.isfinite(SPECIALS) & (np.abs(SPECIALS) < 1e9)] if finite else SPECIALS
    picks = []
    for value in special:
        row = ordinary[rng.integers(n)].copy()
        row[:] = value
        picks.append(row)
        for _ in range(3 * times - 1):
            row = ordinary[rng.integers(n)].copy()
            row[rng.integers(features)] = value
            picks.append(row)
    for _ in range(40 * times):
        row = ordinary[rng.integers(n)].copy()
        mask = rng.random(features) < 0.4
        row[mask] = rng.choice(special, mask.sum())
        picks.append(row)
    rows.append(np.array(picks))
    groups.append(("special", len(picks)))
    near = [(f, v) for f in sorted(thresholds or {}) if f < features for v in around(thresholds[f])]
    if near:
        if len(near) > limit:
            near = [near[i] for i in sorted(rng.choice(len(near), limit, replace=False))]
        if times > 1:
            near = [near[i % len(near)] for i in range(limit * times)]
        picks = []
        for feature, value in near:
            row = ordinary[rng.integers(n)].copy()
            row[feature] = value
            picks.append(row)
        rows.append(np.array(picks))
        groups.append(("threshold", len(picks)))
    return np.concatenate(rows).astype(ordinary.dtype), ranges(groups)


def ranges(groups):
    """[("a", 3), ("b", 2)] as [{"name": "a", "rows": [0, 3]}, {"name": "b", "rows": [3, 5]}]."""
    listed, start = [], 0
    for name, count in groups:
        listed.append({"name": name, "rows": [start, start + count]})
        start += count
    return listed


def onnx_thresholds(model):
    """Feature index -> thresholds, of all tree ensembles of an ONNX model."""
    found = {}
    for node in model.graph.node:
        attributes = {a.name: a for a in node.attribute}
        if node.op_type in ("TreeEnsembleClassifier", "TreeEnsembleRegressor"):
            features = attributes["nodes_featureids"].ints
            if "nodes_values_as_tensor" in attributes:
                values = numpy_helper.to_array(attributes["nodes_values_as_tensor"].t)
            else:
                values = attributes["nodes_values"].floats
            modes = [m.decode() for m in attributes["nodes_modes"].strings]
            pairs = [(f, v) for f, v, m in zip(features, values, modes) if m != "LEAF"]
        elif node.op_type == "TreeEnsemble":
            splits = numpy_helper.to_array(attributes["nodes_splits"].t)
            pairs = list(zip(attributes["nodes_featureids"].ints, splits))
        else:
            continue
        for feature, value in pairs:
            found.setdefault(feature, set()).add(float(value))
    return {feature: sorted(values) for feature, values in found.items()}
