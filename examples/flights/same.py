#!/usr/bin/env python3
"""Holds three answers of one model against each other, bit for bit: what it said when it was trained, what maxai-score
wrote, and what a running maxai-serve says to the first rows.

    python examples/flights/same.py build/demo http://127.0.0.1:8080
"""

import json
import pathlib
import sys
import urllib.request

import numpy as np
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKED = 500
FORMS = {"string": "BYTES", "bool": "BOOL"}


def served(url, table, columns):
    """The answers of the server, one array for each output."""
    inputs = []
    for column in columns:
        values = table.column(column["name"]).to_pylist()
        kind = "BYTES" if column["type"] == "string" else "FP64"
        inputs.append({"name": column["name"], "datatype": kind, "shape": [len(values)], "data": values})
    request = urllib.request.Request(f"{url}/v2/models/late/infer", json.dumps({"inputs": inputs}).encode())
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    return {output["name"]: np.array(output["data"], float) for output in answer["outputs"]}


def main():
    out, url = pathlib.Path(sys.argv[1]), sys.argv[2]
    trained = pq.read_table(out / "trained.parquet").to_pandas()
    scored = pq.read_table(out / "late.parquet").to_pandas()
    schema = json.loads((out / "late.schema.json").read_text())["columns"]
    test = pq.read_table(ROOT / "build/flights/test.parquet").slice(0, ASKED)
    answers = served(url, test, schema)
    for name in ("raw", "probability"):
        a, b = trained[name].to_numpy(), scored[name].to_numpy()[trained["row"].to_numpy()]
        c = answers[name]
        same = [int((x.view(np.uint64) == y.view(np.uint64)).sum()) for x, y in ((a, b), (a[:ASKED], c))]
        print(f"{name:<12} training and maxai-score: {same[0]} of {len(a)} equal bits; training and maxai-serve: {same[1]} of {len(c)}")
        if same != [len(a), len(c)]:
            raise SystemExit("same.py: the answers differ")


if __name__ == "__main__":
    main()
