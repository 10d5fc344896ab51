"""The models of the benchmark: trained once, with fixed seeds, into build/bench-trees/NAME."""

import json
import pathlib
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "build/bench-trees"

# name: library, columns, trees, what is trained; `quick` ones are those of --quick.
SUITE = {
    "xgb-100x6": dict(library="xgboost", columns=30, trees=100, depth=6),
    "xgb-200x6": dict(library="xgboost", columns=28, trees=200, depth=6, quick=True),
    "xgb-1000x8": dict(library="xgboost", columns=28, trees=1000, depth=8),
    "xgb-1x6": dict(library="xgboost", columns=28, trees=1, depth=6),
    "xgb-10000x6": dict(library="xgboost", columns=28, trees=10_000, depth=6),
    "lgb-63x200": dict(library="lightgbm", columns=28, trees=200, leaves=63, quick=True),
    "lgb-255x500": dict(library="lightgbm", columns=28, trees=500, leaves=255),
    "lgb-categories": dict(library="lightgbm", columns=28, trees=200, leaves=63, categories=4, missing=0.1),
    "cat-500x6": dict(library="catboost", columns=28, trees=500, depth=6),
    "forest-200x16": dict(library="sklearn", columns=28, trees=200, depth=16, classes=7),
    "forest-100x20": dict(library="sklearn", columns=28, trees=100, depth=20, classes=1),
    "hist-200": dict(library="sklearn", columns=28, trees=200, leaves=31),
}
FILES = {"xgboost": "model.json", "lightgbm": "model.txt", "catboost": "model.cbm", "sklearn": "model.joblib"}


def table(case, count, seed):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, case["columns"])).astype(np.float32)
    for k in range(case.get("categories", 0)):
        rows[:, k] = random.integers(0, 40, count)
    score = rows[:, 4:9].sum(1) + 2 * np.sin(2 * rows[:, 9]) * rows[:, 10] + (rows[:, 0].astype(int) % 3) + random.normal(size=count)
    if case.get("missing"):
        hidden = random.random(rows.shape) < case["missing"]
        hidden[:, : case.get("categories", 0)] = False
        rows[hidden] = np.nan
    classes = case.get("classes", 2)
    if classes == 1:
        return rows, score
    edges = np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])
    return rows, np.digitize(score, edges)


def prepare(name):
    """Trains the model, and writes the rows that are scored. Training threads are two everywhere: they are part of the seed."""
    case, folder = SUITE[name], OUT / name
    target = folder / FILES[case["library"]]
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "rows.f32").exists():
        table(case, 100_000, 2)[0].tofile(folder / "rows.f32")
    if target.exists():
        return folder
    print(f"training {name}", flush=True)
    rows, label = table(case, 20_000, 1)
    part = folder / f"part-{target.name}"
    if case["library"] == "xgboost":
        import xgboost

        settings = {"objective": "binary:logistic", "max_depth": case["depth"], "nthread": 2, "seed": 1, "eta": 0.05, "min_child_weight": 0}
        xgboost.train(settings, xgboost.DMatrix(rows, label), case["trees"]).save_model(part)
    elif case["library"] == "lightgbm":
        import lightgbm

        settings = {"objective": "binary", "num_leaves": case["leaves"], "num_threads": 2, "seed": 1, "learning_rate": 0.05, "verbose": -1,
                    "min_data_in_leaf": 5, "deterministic": True, "force_col_wise": True}
        data = lightgbm.Dataset(rows, label, categorical_feature=list(range(case.get("categories", 0))))
        lightgbm.train(settings, data, case["trees"]).save_model(part)
    elif case["library"] == "catboost":
        import catboost

        model = catboost.CatBoostClassifier(iterations=case["trees"], depth=case["depth"], random_seed=1, thread_count=2, verbose=False,
                                            allow_writing_files=False)
        model.fit(rows, label).save_model(str(part))
        model.save_model(str(folder / "model.json"), format="json")
    else:
        import joblib
        from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor

        if "depth" not in case:
            model = HistGradientBoostingClassifier(max_iter=case["trees"], early_stopping=False, random_state=1)
        elif case["classes"] == 1:
            model = RandomForestRegressor(case["trees"], max_depth=case["depth"], random_state=1, n_jobs=2)
        else:
            model = RandomForestClassifier(case["trees"], max_depth=case["depth"], random_state=1, n_jobs=2)
        joblib.dump(model.fit(rows, label), part)
    part.rename(target)
    return folder


def compile_ours(name):
    """The bundle's path, or why there is none."""
    folder, case = OUT / name, SUITE[name]
    source, bundle = folder / FILES[case["library"]], folder / "model.maxb"
    if case["library"] == "sklearn":
        sys.path.insert(0, str(ROOT / "runtime/python"))
        try:
            import joblib
            import maxai

            source = folder / "model.maxir"
            maxai.export(joblib.load(folder / FILES["sklearn"]), source)
        except Exception as error:
            return None, f"maxai.export: {type(error).__name__}: {error}"
    elif case["library"] == "catboost":
        source = folder / "model.json"
    done = subprocess.run([ROOT / ".build/release/maxai-compile", source, "-o", bundle, "--quiet"], capture_output=True, text=True)
    return (bundle, "") if done.returncode == 0 else (None, (done.stderr.strip().splitlines() or ["?"])[-1])


def width(name):
    """Answers of one row: the class probabilities where there are more than two, and else one probability."""
    classes = SUITE[name].get("classes", 2)
    return classes if classes > 2 else 1


if __name__ == "__main__":
    for name in sys.argv[1:] or SUITE:
        prepare(name)
        print(json.dumps([name, *map(str, compile_ours(name))]))
