#!/usr/bin/env python3
"""Generates models of other libraries with adversarial rows and those libraries' answers.

    .peers/bin/python peers/zoo.py [--out build/zoo] [--only xgboost lightgbm catboost operators sklearn boosters native]

The format of a case is described in cases.py. The run ends with a table of what was written; index.json lists it.
"""

import argparse
import importlib
import json
import os
import pathlib
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = pathlib.Path(__file__).resolve().parents[1]
PARTS = ["xgboost", "lightgbm", "catboost", "operators", "sklearn", "boosters", "native"]


def main():
    parser = argparse.ArgumentParser(description="generate models, rows and expected outputs")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/zoo")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    options.out.mkdir(parents=True, exist_ok=True)
    total = 0
    for part in options.only:
        start = time.monotonic()
        written = importlib.import_module(f"zoo_{part}").generate(options.out)
        total += len(written)
        for name, rows, note in written:
            print(f"  {name:52} {rows:6} rows  {note}")
        print(f"{part}: {len(written)} cases, {time.monotonic() - start:.1f} s", flush=True)
    names = sorted(p.parent.name for p in options.out.glob("*/case.json"))
    (options.out / "index.json").write_text(json.dumps(names, indent=0) + "\n")
    size = sum(p.stat().st_size for p in options.out.rglob("*") if p.is_file())
    print(f"{total} cases written, {len(names)} in {options.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
