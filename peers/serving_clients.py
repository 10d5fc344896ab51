#!/usr/bin/env python3
"""Talks to a running maxai-serve with the clients that people have, unmodified: tritonclient (JSON and binary
tensors) and the kserve REST client (V1 and V2). The values must be those of the source framework.

    .peers/bin/python peers/serving_clients.py --serve PATH --compile PATH

Compiles cases of the zoo, starts the server on a free port, and prints one line per check. Exit status 1 if one fails.
"""

import argparse
import asyncio
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import tritonclient.http
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

from cases import agree
from exported import read, tolerance_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = {"xgboost-logistic": {"margin": "raw"}, "sklearn-columns-logistic": {}}
# The models that can be explained.
TREES = {"xgboost-logistic"}
ROWS = 16


def rows_of(folder):
    case = json.loads((folder / "case.json").read_text())
    data = (folder / "data.bin").read_bytes()
    first = case["sets"][0]
    inputs = {value["name"]: read(value, data, "") for value in first["inputs"]}
    outputs = {value["name"]: (read(value, data), tolerance_of(value)) for value in first["outputs"]}
    # The kserve client writes an infinity as null, which is NaN to everybody else.
    infinite = [np.isinf(a.reshape(len(a), -1)).any(1) for a in inputs.values() if a.dtype.kind == "f"]
    rows = np.flatnonzero(~np.any(infinite, axis=0))[:ROWS]
    return (
        folder / case["model"],
        {name: array[rows] for name, array in inputs.items()},
        {name: (array[rows], tolerance) for name, (array, tolerance) in outputs.items()},
    )


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, name, passed):
        self.failed += not passed
        print(f"{'ok  ' if passed else 'FAIL'}  {name}", flush=True)

    def outputs(self, name, found, expected, names):
        for output, (array, tolerance) in expected.items():
            result = found(names.get(output, output))
            if result is None:
                continue
            result = np.array([x.decode() if isinstance(x, bytes) else x for x in result.ravel()]).reshape(array.shape)
            self(f"{name}: {output}", all(agree(a, b, tolerance) for a, b in zip(result, array)))


def triton(url, models, check):
    client = tritonclient.http.InferenceServerClient(url)
    check("triton: live and ready", client.is_server_live() and client.is_server_ready())
    check("triton: repository index", {m["name"] for m in client.get_model_repository_index()} >= set(models))
    for name, (_, inputs, expected) in models.items():
        check(f"triton: {name} ready", client.is_model_ready(name))
        metadata, config = client.get_model_metadata(name), client.get_model_config(name)
        check(f"triton: {name} config", config["name"] == name and len(config["input"]) == len(metadata["inputs"]))
        for binary in (False, True):
            tensors = []
            for wanted in metadata["inputs"]:
                shape = [ROWS if d == -1 else d for d in wanted["shape"]]
                tensor = tritonclient.http.InferInput(wanted["name"], shape, wanted["datatype"])
                tensor.set_data_from_numpy(column(wanted, inputs).reshape(shape), binary_data=binary)
                tensors.append(tensor)
            asked = [tritonclient.http.InferRequestedOutput(o["name"], binary_data=binary) for o in metadata["outputs"]]
            result = client.infer(name, tensors, outputs=asked, request_id="7")
            check(f"triton: {name} id", result.get_response().get("id") == "7")
            check.outputs(f"triton: {name} {'binary' if binary else 'JSON'}", result.as_numpy, expected, CASES[name])
        explained(client, name, tensors, check)
        statistics = client.get_inference_statistics(name)["model_stats"][0]
        check(f"triton: {name} statistics", statistics["inference_count"] == (6 if name in TREES else 2) * ROWS)
    client.close()


def explained(client, name, tensors, check):
    if name not in TREES:
        return check(f"triton: {name} is not explained", refused(client, name, tensors, True))
    for binary in (False, True):
        wish = lambda outputs: [tritonclient.http.InferRequestedOutput(o, binary_data=binary) for o in outputs]  # noqa: E731
        result = client.infer(name, tensors, outputs=wish(["raw", "contributions", "contribution_names"]), parameters={"contributions": True})
        parts, names = result.as_numpy("contributions"), texts(result.as_numpy("contribution_names"))
        total = np.zeros(parts.shape[:2])
        for position in range(parts.shape[2]):
            total = total + parts[:, :, position]
        raw = result.as_numpy("raw").reshape(total.shape).astype(np.float64)
        check(f"triton: {name} contributions {'binary' if binary else 'JSON'} add up", np.array_equal(total, raw))
        result = client.infer(
            name, tensors, parameters={"contributions": 2},
            outputs=wish(["contribution_features", "contribution_values", "contribution_base"]))  # fmt: skip
        order = np.argsort(-np.abs(parts[:, :, :-2]), axis=2, kind="stable")[:, :, :2]
        same = np.array_equal(result.as_numpy("contribution_values"), np.take_along_axis(parts, order, axis=2))
        features = np.array(texts(result.as_numpy("contribution_features").ravel())).reshape(order.shape)
        same = same and np.array_equal(features, np.array(names)[order])
        same = same and np.array_equal(result.as_numpy("contribution_base"), parts[:, :, -2])
        check(f"triton: {name} largest contributions {'binary' if binary else 'JSON'}", same)
    for wrong in (0, -1, "yes", 1.5):
        check(f"triton: {name} contributions {wrong!r} are refused", refused(client, name, tensors, wrong))


def texts(array):
    return [text.decode() if isinstance(text, bytes) else text for text in array]


def refused(client, name, tensors, wanted):
    try:
        client.infer(name, tensors, parameters={"contributions": wanted})
    except tritonclient.utils.InferenceServerException as error:
        return error.status() == "400"
    return False


def column(wanted, inputs):
    array = inputs[wanted["name"]]
    return array if array.dtype != object else np.array([str(x).encode() for x in array.ravel()], dtype=object)


async def kserve(url, models, check):
    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    check("kserve: live and ready", await v2.is_server_live(url) and await v2.is_server_ready(url))
    for name, (_, inputs, expected) in models.items():
        check(f"kserve: {name} ready", await v2.is_model_ready(url, name))
        tensors = []
        for key, array in inputs.items():
            datatype = "BYTES" if array.dtype == object else {"f": "FP32", "i": "INT64"}[array.dtype.kind]
            tensor = InferInput(key, list(array.shape), datatype)
            values = np.array([str(x).encode() for x in array.ravel()], dtype=object).reshape(array.shape) if datatype == "BYTES" else array
            tensor.set_data_from_numpy(values, binary_data=False)
            tensors.append(tensor)
        answer = await v2.infer(url, InferRequest(name, tensors), model_name=name)
        found = {output.name: output.as_numpy() for output in answer.outputs}
        check.outputs(f"kserve V2: {name}", found.get, expected, CASES[name])
        instances = [{key: plain(array[row]) for key, array in inputs.items()} for row in range(ROWS)]
        answer = await v1.infer(url, {"instances": instances}, model_name=name)
        check(f"kserve V1: {name}", len(answer["predictions"]) == ROWS)


def plain(value):
    value = np.asarray(value).ravel()
    item = value[0].item() if hasattr(value[0], "item") else value[0]
    return None if isinstance(item, float) and item != item else item


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", default=ROOT / ".build/release/maxai-serve", type=pathlib.Path)
    parser.add_argument("--compile", default=ROOT / ".build/release/maxai-compile", type=pathlib.Path)
    options = parser.parse_args()
    check = Checks()
    models = {name: rows_of(ROOT / "build/zoo" / name) for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        bundles = []
        for name, (model, _, _) in models.items():
            bundles.append(f"{folder}/{name}.maxb")
            subprocess.run([options.compile, model, "-o", bundles[-1], "--name", name, "--quiet"], check=True)
        server = subprocess.Popen([options.serve, *bundles, "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        try:
            for line in server.stderr:
                if found := re.search(r"listening on http://([0-9.:]+)", line):
                    break
            triton(found[1], models, check)
            asyncio.run(kserve(f"http://{found[1]}", models, check))
        finally:
            server.terminate()
            server.wait(10)
    print(f"{check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
