#!/usr/bin/env python3
"""libmaxai.so against the zoo: a C program (Tests/Library/check.c) and the Python binding score models of XGBoost, and every
answer has the bits that XGBoost gave; and the example of docs/c-api.md compiles.

    .peers/bin/python peers/c_library.py [--library PATH] [--compile PATH] [--valgrind]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ("xgboost-logistic", "xgboost-logistic-missing", "xgboost-softprob-missing", "xgboost-pseudohuber", "xgboost-poisson")


def array(folder, part):
    data = (folder / part["file"]).read_bytes()[part["offset"]:part["offset"] + part["bytes"]]
    return np.frombuffer(data, part["dtype"]).reshape(part["shape"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", default=ROOT / "build/lib/libmaxai.so", type=pathlib.Path)
    parser.add_argument("--compile", default=ROOT / ".build/release/maxai-compile", type=pathlib.Path)
    parser.add_argument("--valgrind", action="store_true")
    ours = parser.parse_args()
    os.environ["MAXAI_LIBRARY"] = str(ours.library)
    sys.path.insert(0, str(ROOT / "runtime/python"))
    from maxai import _runtime

    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        flags = ["-O1", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/runtime/capi/abi/include", f"-L{ours.library.parent}", "-lmaxai",
                 "-pthread", f"-Wl,-rpath,{ours.library.parent.resolve()}"]
        for source in ("Tests/Library/check.c", "examples/c/score.c"):
            subprocess.run(["cc", ROOT / source, "-o", folder / pathlib.Path(source).stem, *flags], check=True)
        for case in CASES:
            zoo = ROOT / "build/zoo" / case
            described = json.loads((zoo / "case.json").read_text())
            bundle = folder / f"{case}.maxb"
            subprocess.run([ours.compile, zoo / described["model"], "-o", bundle, "--quiet"], check=True)
            first = described["sets"][0]
            rows = np.stack([array(zoo, part) for part in first["inputs"]], 1).astype(np.float32)
            model = _runtime.load(bundle)
            names = [output.name for output in model.outputs]
            margin = next(part for part in first["outputs"] if part["name"] == "margin")
            raw = "raw" if "raw" in names else names[0]
            expected = array(zoo, margin)
            (folder / "rows").write_bytes(rows.tobytes())
            (folder / "expected").write_bytes(expected.tobytes())
            program = [folder / "check", bundle, folder / "rows", folder / "expected", str(rows.shape[1]), str(names.index(raw))]
            if ours.valgrind:
                program = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
                           *program]
            passed = subprocess.run(program).returncode == 0
            print(f"{'ok  ' if passed else 'FAIL'}  {case}: C", flush=True)
            found = model.predict(rows)[raw]
            same = found.tobytes() == expected.tobytes()
            print(f"{'ok  ' if same else 'FAIL'}  {case}: Python", flush=True)
            failed += (not passed) + (not same)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
