"""Compares featurizers with scikit-learn on columns that are hard to get right.

    .peers/bin/python peers/featurizers.py [--program .build/release/featurize]

Writes Parquet, runs the program on it, and prints a table: equal bits, or the largest relative difference, on the rows that were
learned from and on others with unseen texts and with numbers beyond those seen. `--only WORD` takes the cases that begin with it.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import pandas as pd
from sklearn import preprocessing
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold, mutual_info_classif
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.impute import SimpleImputer

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tables(rows: int = 3000):
    rng = np.random.default_rng(7)
    x = rng.normal(size=rows)
    missing = np.where(rng.random(rows) < 0.1, np.nan, x)
    times = pd.to_datetime(rng.integers(-(2**61), 2**62, rows) // 1000, unit="us", utc=True)
    words = np.array(["", " ", "a", "A", "é", "e\u0301", "日本", "x" * 40, "a b", "zz"], dtype=object)
    text = words[np.minimum(rng.geometric(0.3, rows) - 1, 9)]
    train = pd.DataFrame(
        {
            "normal": x,
            "missing": missing,
            "constant": np.full(rows, 3.1),
            "ties": rng.integers(0, 5, rows).astype(float),
            "zeros": np.where(rng.random(rows) < 0.5, -0.0, 0.0),
            "huge": rng.normal(size=rows) * 1e100,
            "tiny": rng.normal(size=rows) * 1e-300,
            "far": 1e9 + x,
            "positive": np.exp(x),
            "ten": 10.0 ** rng.integers(-8, 9, rows),
            "signed": np.sign(x) * np.exp(3 * np.abs(x)),
            "text": text,
            "gaps": np.where(rng.random(rows) < 0.2, None, text),
            "phrase": phrases(rng, rows),
            "time": times,
        }
    )
    train["target"] = (x + (text == "a") + rng.normal(size=rows) > 0).astype(float)
    test = train.copy()
    test.loc[:20, "text"] = "unseen"
    test.loc[:20, "phrase"] = "unseen words, AND ΑΣ"
    for name in NUMBERS:
        test.loc[:200, name] *= 1.5
    return train, test


WORDS = [
    "the", "The", "THE", "a", "I", "ab", "x_y", "_", "12", "3", "é", "e\u0301te\u0301", "Straße", "STRASSE", "İstanbul", "ΟΔΟΣ", "Σ", "ὈΔΥΣΣΕΎΣ",
    "日本語", "テキスト", "👍🏽", "ok👍ok", "²³", "Ⅷ", "don't", "co-op", "\u00a0", "ǅ", "ﬁn", "नमस्ते", "\u200dzw\u200d", "١٢", "x" * 70,
]
GAPS = [" ", "  ", "\t", "\n\n", ", ", "", "\u2003\u2003", ".", " \u00a0"]


def phrases(rng, rows):
    """Free texts: several scripts, cases without a simple pair, marks, white space of all kinds, empty and blank ones."""
    texts = []
    for count in rng.integers(0, 12, rows):
        parts = [WORDS[k] + GAPS[g] for k, g in zip(rng.integers(0, len(WORDS), count), rng.integers(0, len(GAPS), count))]
        texts.append("".join(parts))
    return np.array(texts, dtype=object)


NUMBERS = ["normal", "missing", "constant", "ties", "zeros", "huge", "tiny", "far", "positive"]
QUANTILES = [*NUMBERS, "ten", "signed"]
CHOICE = ["ties", "constant", "normal", "zeros"]
NORMALS = [name for name in QUANTILES if name not in ("tiny", "far", "ten")]
ABOVE = ["positive", "ten", "far"]
POWERS = [*NUMBERS, "ten", "signed"]
PLAIN = [name for name in NUMBERS if name != "missing"]


def parts(frame):
    when = frame["time"].dt
    columns = [when.year, when.month, when.day, when.weekday, when.hour, when.dayofyear, when.isocalendar().week, when.weekday >= 5]
    return np.column_stack([column.to_numpy().astype(float) for column in columns])


def text_cases():
    """As `cases`; the peer's texts have "" for missing ones, which it refuses."""

    def sk(column, vectorizer):
        def run(train, test):
            return vectorizer.fit(train[column].fillna("")).transform(test[column].fillna("")).toarray()

        return run

    def both(words, **more):
        ours = {"features": 100_000, **{k: v for k, v in more.items() if k in ("norm", "sublinear", "weights", "min_rows", "lower")}}
        peer = {"min_df": more.get("min_rows", 2), "lowercase": more.get("lower", True)}
        return {**words[0], **ours}, {**words[1], **peer}

    word = {"analyzer": "word"}, {"analyzer": "word"}
    pairs = {"analyzer": "word", "least": 1, "most": 2}, {"analyzer": "word", "ngram_range": (1, 2)}
    char = {"analyzer": "char", "least": 1, "most": 3}, {"analyzer": "char", "ngram_range": (1, 3)}
    for name, words in (("word", word), ("word pairs", pairs), ("char", char)):
        ours, peer = both(words)
        yield f"ngrams {name}", ["phrase"], [{"name": "ngrams", **ours}], sk("phrase", TfidfVectorizer(**peer))
        ours, peer = both(words, weights="counts", norm="none")
        yield f"ngrams {name} counts", ["phrase"], [{"name": "ngrams", **ours}], sk("phrase", CountVectorizer(**peer))
        ours, peer = both(words, weights="binary", norm="none", lower=False)
        yield f"ngrams {name} binary", ["phrase"], [{"name": "ngrams", **ours}], sk("phrase", CountVectorizer(**peer, binary=True))
        ours, peer = both(words, sublinear=True, norm="l1", min_rows=40)
        yield (
            f"ngrams {name} sublinear l1", ["phrase"], [{"name": "ngrams", **ours}],
            sk("phrase", TfidfVectorizer(**peer, sublinear_tf=True, norm="l1")),
        )
        ours, peer = {"name": "text_hash", "buckets": 97, **words[0]}, {"n_features": 97, **words[1]}
        yield f"text_hash {name}", ["phrase"], [ours], sk("phrase", HashingVectorizer(**peer))
        yield (
            f"text_hash {name} unsigned", ["phrase"], [{**ours, "signed": False, "norm": "none"}],
            sk("phrase", HashingVectorizer(**peer, alternate_sign=False, norm=None)),
        )
    yield "ngrams missing", ["gaps"], [{"name": "ngrams", "analyzer": "char"}], sk("gaps", TfidfVectorizer(analyzer="char", min_df=2))
    yield (
        "text_hash whole", ["phrase"], [{"name": "text_hash", "analyzer": "whole", "buckets": 64}],
        sk("phrase", HashingVectorizer(analyzer=lambda text: [text.lower()], n_features=64)),
    )


def selection_cases():
    """The columns that say most about the target, the sign of `normal` with noise."""
    binned = preprocessing.KBinsDiscretizer(16, encode="ordinal", strategy="quantile", quantile_method="linear")

    def codes(x):
        several = [binned.fit_transform(x[:, [k]])[:, 0] if len(np.unique(x[:, k])) > 16 else x[:, k] for k in range(x.shape[1])]
        return np.column_stack([np.unique(column, return_inverse=True)[1] for column in several])

    def information(train, test):
        select = SelectKBest(lambda x, y: mutual_info_classif(codes(x), y, discrete_features=True), k=2)
        return select.fit(train[CHOICE], train["target"]).transform(test[CHOICE])

    def trees(train, test):
        select = SelectFromModel(GradientBoostingClassifier(n_estimators=50), max_features=1, threshold=-np.inf)
        return select.fit(train[CHOICE], train["target"]).transform(test[CHOICE])

    yield "mutual_information", CHOICE, [{"name": "mutual_information", "features": 2}], information
    yield "importance", CHOICE, [{"name": "importance", "features": 1}], trees


def cases():
    """Name, columns, steps, and what the peer gives for train and test."""

    def sk(transformer, columns):
        return lambda train, test: transformer.fit(train[columns]).transform(test[columns])

    simple = [
        ("impute mean", NUMBERS, [{"name": "impute"}], SimpleImputer()),
        ("impute median", NUMBERS, [{"name": "impute", "strategy": "median"}], SimpleImputer(strategy="median")),
        ("impute most_frequent", NUMBERS, [{"name": "impute", "strategy": "most_frequent"}], SimpleImputer(strategy="most_frequent")),
        ("impute constant", NUMBERS, [{"name": "impute", "strategy": "constant", "value": 7}], SimpleImputer(strategy="constant", fill_value=7)),
        ("impute indicator", NUMBERS, [{"name": "impute", "indicator": True}], SimpleImputer(add_indicator=True)),
        ("standard", NUMBERS, [{"name": "standard"}], preprocessing.StandardScaler()),
        ("min_max", NUMBERS, [{"name": "min_max"}], preprocessing.MinMaxScaler()),
        ("max_abs", NUMBERS, [{"name": "max_abs"}], preprocessing.MaxAbsScaler()),
        ("robust", NUMBERS, [{"name": "robust"}], preprocessing.RobustScaler()),
        ("one_hot", ["text"], [{"name": "one_hot"}], preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore")),
        ("one_hot missing", ["gaps"], [{"name": "one_hot"}], preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore")),
        ("one_hot numbers", ["ties"], [{"name": "one_hot"}], preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore")),
        (
            "one_hot min_frequency", ["text"], [{"name": "one_hot", "min_frequency": 400}],
            preprocessing.OneHotEncoder(sparse_output=False, min_frequency=400, handle_unknown="infrequent_if_exist"),
        ),
        (
            "one_hot max_categories", ["text"], [{"name": "one_hot", "max_categories": 4}],
            preprocessing.OneHotEncoder(sparse_output=False, max_categories=4, handle_unknown="infrequent_if_exist"),
        ),
        (
            "ordinal", ["text"], [{"name": "ordinal"}],
            preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        ),
        ("polynomial", ["normal", "ties", "far"], [{"name": "polynomial"}], preprocessing.PolynomialFeatures(2, include_bias=False)),
        (
            "interactions", ["normal", "ties", "far"], [{"name": "polynomial", "interactions_only": True}],
            preprocessing.PolynomialFeatures(2, include_bias=False, interaction_only=True),
        ),
        ("pca", ["normal", "ties", "positive"], [{"name": "pca", "components": 2}], PCA(2, svd_solver="full")),
        ("svd", ["normal", "ties", "positive"], [{"name": "svd", "components": 2}], TruncatedSVD(2, algorithm="arpack")),
        ("variance", PLAIN, [{"name": "variance"}], VarianceThreshold()),
        (
            "discretize quantile", ["normal", "positive"], [{"name": "discretize", "strategy": "quantile", "bins": 7}],
            preprocessing.KBinsDiscretizer(7, encode="ordinal", strategy="quantile", quantile_method="linear"),
        ),
        (
            "discretize uniform", ["normal", "positive"], [{"name": "discretize", "strategy": "uniform", "bins": 7}],
            preprocessing.KBinsDiscretizer(7, encode="ordinal", strategy="uniform"),
        ),
        ("quantile", QUANTILES, [{"name": "quantile"}], preprocessing.QuantileTransformer(subsample=None)),
        ("quantile, 11 points", QUANTILES, [{"name": "quantile", "points": 11}], preprocessing.QuantileTransformer(n_quantiles=11, subsample=None)),
        (
            "quantile, more points than rows", QUANTILES, [{"name": "quantile", "points": 5000}],
            preprocessing.QuantileTransformer(n_quantiles=5000, subsample=None),
        ),
        (
            "discretize one_hot", ["normal", "positive", "ties"], [{"name": "discretize", "bins": 7, "encode": "one_hot"}],
            preprocessing.KBinsDiscretizer(7, encode="onehot-dense", strategy="quantile", quantile_method="linear"),
        ),
        (
            "quantile to normal", NORMALS, [{"name": "quantile", "output": "normal"}],
            preprocessing.QuantileTransformer(output_distribution="normal", subsample=None),
        ),
        ("power box_cox", ABOVE, [{"name": "power", "method": "box_cox"}], preprocessing.PowerTransformer("box-cox")),
        (
            "power box_cox, not standardized", ABOVE, [{"name": "power", "method": "box_cox", "standardize": False}],
            preprocessing.PowerTransformer("box-cox", standardize=False),
        ),
        ("power", POWERS, [{"name": "power"}], preprocessing.PowerTransformer()),
        ("power, not standardized", POWERS, [{"name": "power", "standardize": False}], preprocessing.PowerTransformer(standardize=False)),
        ("target auto", ["text"], [{"name": "target"}], None),
        ("target smoothing 10", ["text"], [{"name": "target", "smoothing": 10}], None),
    ]
    for name, columns, steps, transformer in simple:
        if transformer is None:
            smooth = steps[0].get("smoothing", "auto")
            encoder = preprocessing.TargetEncoder(smooth=float(smooth) if smooth != "auto" else smooth, target_type="continuous")
            yield name, columns, steps, lambda train, test, e=encoder, c=columns: e.fit(train[c], train["target"]).transform(test[c])
        else:
            yield name, columns, steps, sk(transformer, columns)
    yield from text_cases()
    yield from selection_cases()

    def hashed(train, test, sign):
        hasher = FeatureHasher(37, input_type="string", alternate_sign=sign)
        return hasher.transform([[word] for word in test["text"]]).toarray()

    for sign in (True, False):
        steps = [{"name": "hash", "buckets": 37, "signed": sign}]
        yield f"hash signed={sign}", ["text"], steps, lambda train, test, sign=sign: hashed(train, test, sign)
    names = ["year", "month", "day", "weekday", "hour", "day_of_year", "week", "is_weekend"]
    yield "date_parts", ["time"], [{"name": "date_parts", "parts": names}], lambda train, test: parts(test)


def compare(found, expected):
    if found.shape != expected.shape:
        return f"SHAPE {found.shape}, expected {expected.shape}"
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    if same.all():
        return "equal"
    if (np.isnan(found) != np.isnan(expected)).any():
        return f"NaN DIFFERS in {(np.isnan(found) != np.isnan(expected)).sum()} values"
    with np.errstate(all="ignore"):
        scale = np.nanmax(np.abs(expected), axis=0)
        difference = np.abs(found - expected) / np.where(scale == 0, 1, scale)
    largest = np.nanmax(difference, axis=0)
    worst = [f"{k}: {largest[k]:.1e}" for k in np.argsort(-largest, kind="stable") if not same[:, k].all()]
    more = f" and {len(worst) - 12} more" if len(worst) > 12 else ""
    return f"{(~same).sum()} of {same.size} values differ; by column, as a part of its largest value: {', '.join(worst[:12])}{more}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=ROOT / ".build/release/featurize")
    parser.add_argument("--only", default="", help="cases whose names begin so")
    options = parser.parse_args()
    train, test = tables()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train.to_parquet(folder / "train.parquet", index=False, row_group_size=700)
        test.to_parquet(folder / "test.parquet", index=False, row_group_size=1300)
        print("| featurizer | scikit-learn 1.9, rows learned from | other rows |\n|---|---|---|")
        for name, columns, steps, peer in cases():
            if not name.startswith(options.only):
                continue
            (folder / "plan.json").write_text(json.dumps([{"columns": columns, "steps": steps}]))
            found = []
            for table, path in ((train, "train.parquet"), (test, "test.parquet")):
                command = [options.program, folder / "plan.json", folder / "train.parquet", folder / "out.npy", "--target", "target"]
                command += ["--classes", "2"] if steps[0]["name"] in ("mutual_information", "importance") else []
                ran = subprocess.run([*command, "--apply", folder / path], capture_output=True, text=True)
                if ran.returncode:
                    found.append(f"FAILED: {ran.stderr.strip()}")
                    continue
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    expected = np.asarray(peer(train, table), dtype=float)
                found.append(compare(np.load(folder / "out.npy").T, expected))
            print(f"| {name} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
