"""Exports scikit-learn's trees, compiles and scores them with our commands, and compares every bit with scikit-learn.

    .peers/bin/python peers/export_check.py [--bin .build/release]

The tables go through Parquet, and through CSV where the model has no texts. Then what cannot be written exactly must be
refused by name. Prints one line per check; exit status 1 if one fails.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
from sklearn import cluster, dummy, ensemble, linear_model, neighbors, pipeline, preprocessing, tree

from cases import agree
from zoo_native import fitted, maxai, outputs

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = [
    "tree-classifier-missing", "tree-classifier-outputs", "tree-regressor-targets", "random-forest-texts",
    "gradient-boosting-many-classes", "gradient-boosting-exponential", "hist-binary", "hist-codes", "hist-strings",
    "hist-regressor-poisson", "isolation-forest",
    "pipeline-imputed-boosting", "pipeline-columns-tree", "pipeline-columns-hist",
]  # fmt: skip
# Python's missing text, and none in CSV.
FORMATS = dict.fromkeys(["hist-strings", "pipeline-columns-tree", "pipeline-columns-hist"], ["parquet"])


class Own(tree.DecisionTreeRegressor):
    """A subclass, which may predict as it likes."""


def refused():
    """What is refused, and the words that say why."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    y = (x[:, 0] > 0).astype(int)
    boost, plain = ensemble.GradientBoostingClassifier, tree.DecisionTreeClassifier
    few = {"n_estimators": 2, "max_depth": 2}
    both = pipeline.make_pipeline(preprocessing.PowerTransformer(), plain())
    strict = pipeline.make_pipeline(preprocessing.OneHotEncoder(), plain())
    return [
        (linear_model.LinearRegression().fit(x, y), {}, "LinearRegression"),
        (neighbors.KNeighborsClassifier().fit(x, y), {}, "KNeighborsClassifier"),
        (ensemble.AdaBoostClassifier(n_estimators=2).fit(x, y), {}, "AdaBoostClassifier"),
        (ensemble.RandomTreesEmbedding(n_estimators=2).fit(x), {}, "RandomTreesEmbedding"),
        (cluster.KMeans(2, n_init=1).fit(x), {}, "KMeans"),
        (both.fit(x, y), {}, "PowerTransformer"),
        (strict.fit(np.round(x), y), {}, "handle_unknown='error'"),
        (Own().fit(x, y), {}, "Own"),
        (object(), {}, "object"),
        (plain(), {}, "not fitted"),
        (boost(init=linear_model.LogisticRegression(), **few).fit(x, y), {}, "LogisticRegression"),
        (boost(init=dummy.DummyClassifier(strategy="stratified"), **few).fit(x, y), {}, "stratified"),
        (plain().fit(x, y), {"column_names": ["a", "b"]}, "found 2 names, expected 3"),
        (plain().fit(x, y), {"column_names": ["a", "b", "a"]}, "twice"),
        (plain().fit(x, y), {"name": "a/b"}, "a/b"),
        (plain().fit(x, y), {"version": ""}, "version"),
    ]


def columns(name, value):
    """The columns that an output becomes in a table."""
    value = np.asarray(value)
    if value.ndim == 1 or value.shape[1] == 1:
        return {name: value.ravel()}
    return {f"{name}_{k}": value[:, k] for k in range(value.shape[1])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=ROOT / ".build/release", type=pathlib.Path)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    failed = 0

    def report(passed, what):
        nonlocal failed
        failed += not passed
        print(f"{'ok  ' if passed else 'FAIL'}  {what}", flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        source, bundle, found_path = folder / "model.maxir", folder / "model.maxb", folder / "found.parquet"
        for name, model, x, _, _ in fitted(MODELS):
            maxai.export(model, source, name=name)
            compiled = subprocess.run([options.bin / "maxai-compile", source, "-o", bundle], capture_output=True, text=True)
            if compiled.returncode != 0:
                report(False, f"{name}: {compiled.stderr.strip()}")
                continue
            frame = x if isinstance(x, pd.DataFrame) else pd.DataFrame(x, columns=[f"x{k}" for k in range(x.shape[1])])
            expected = outputs(model, x)
            for form in FORMATS.get(name, ["parquet", "csv"]):
                table = folder / f"rows.{form}"
                frame.to_parquet(table) if form == "parquet" else frame.to_csv(table, index=False)
                wanted = ",".join(output for output, _, _ in expected)
                command = [options.bin / "maxai-score", bundle, table, "-o", found_path, "--outputs", wanted]
                scored = subprocess.run(command, capture_output=True, text=True)
                if scored.returncode != 0:
                    report(False, f"{name}, {form}: {scored.stderr.strip()}")
                    continue
                found = pd.read_parquet(found_path)
                wrong = [
                    column for output, value, tolerance in expected for column, values in columns(output, value).items()
                    if not agree(found[column].to_numpy(), values, tolerance)]
                equal = f"{len(frame)} rows, {sum(len(columns(*each[:2])) for each in expected)} columns"
                report(not wrong, f"{name}, {form}: {equal}" + (f": wrong {', '.join(wrong)}" if wrong else ""))
        for estimator, settings, words in refused():
            try:
                maxai.export(estimator, folder / "refused.maxir", **{"name": "m"} | settings)
                report(False, f"{type(estimator).__name__} is not refused")
            except maxai.ExportError as error:
                report(words in str(error), f"refused: {error}")
            report(not (folder / "refused.maxir").exists(), "and no file is written")
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
