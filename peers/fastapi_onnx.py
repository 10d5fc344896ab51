#!/usr/bin/env python3
"""FastAPI with ONNX Runtime: the usual way to serve an ONNX model in Python, for the latency comparison.

One model, the V2 inference protocol's JSON, one worker, uvloop and httptools, one ONNX Runtime thread. It does what
a good plain server does and no more: the session is made once, the request is parsed once, no model of the body
is validated twice.

    .peers/bin/python peers/fastapi_onnx.py build/flights/logistic.onnx [--port 8000] [--name flights]

    GET  /v2/health/ready
    GET  /v2/models/NAME
    POST /v2/models/NAME/infer
"""

import argparse
import os
import pathlib

import numpy as np
import onnxruntime
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

ELEMENTS = {
    "tensor(float)": ("FP32", np.float32),
    "tensor(double)": ("FP64", np.float64),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(int32)": ("INT32", np.int32),
    "tensor(bool)": ("BOOL", np.bool_),
    "tensor(string)": ("BYTES", object),
}


def json_response(content, status=200):
    return Response(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type="application/json")


def tensors(described):
    return [
        {"name": t.name, "datatype": ELEMENTS[t.type][0], "shape": [d if isinstance(d, int) else -1 for d in t.shape]}
        for t in described
    ]


def server(path, name):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    types = {i.name: ELEMENTS[i.type][1] for i in session.get_inputs()}
    datatypes = {o.name: ELEMENTS[o.type][0] for o in session.get_outputs()}
    outputs = list(datatypes)
    metadata = {"name": name, "platform": "onnxruntime", "versions": ["1"]}
    metadata |= {"inputs": tensors(session.get_inputs()), "outputs": tensors(session.get_outputs())}
    app = FastAPI()

    @app.get("/v2/health/ready")
    async def ready():
        return Response()

    @app.get(f"/v2/models/{name}")
    async def model():
        return json_response(metadata)

    @app.post(f"/v2/models/{name}/infer")
    async def infer(request: Request):
        try:
            body = orjson.loads(await request.body())
            feed = {i["name"]: np.array(i["data"], types[i["name"]]).reshape(i["shape"]) for i in body["inputs"]}
            # On the event loop, not in a thread pool: one row costs less than the hand-over.
            results = session.run(outputs, feed)
        except Exception as error:
            return json_response({"error": str(error)}, 400)
        answer = {"model_name": name, "model_version": "1"}
        if "id" in body:
            answer["id"] = body["id"]
        answer["outputs"] = [
            {
                "name": n,
                "datatype": datatypes[n],
                "shape": list(v.shape),
                "data": v.ravel() if v.dtype != object else v.ravel().tolist(),
            }
            for n, v in zip(outputs, results)
        ]
        return json_response(answer)

    return app


def main():
    parser = argparse.ArgumentParser(description="serve one ONNX model with FastAPI and ONNX Runtime")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--name", default="flights")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    uvicorn.run(
        server(options.model.as_posix(), options.name),
        host="127.0.0.1",
        port=options.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
