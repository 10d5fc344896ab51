"""One row per request: maxai-serve beside FastAPI with ONNX Runtime, and nginx with a fixed answer as the floor.

    .peers/bin/python benchmarks/serving.py [SECONDS]      default 5 per measurement, three in turn, medians

The flights' logistic pipeline (strings and numbers) over the V2 protocol's JSON at 1, 16 and 64 connections, with wrk
as the load. One connection is measured twice: with load and server on one core, which then never sleeps, and apart, where
most of a round trip on an idle virtual machine is the time in which processors wake up (nginx shows how much, and the last
column leaves it out). Needs `make demo` to have trained the model; installs wrk and nginx-light where they are missing.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
CASES, ROUNDS = ((1, True), (1, False), (16, False), (64, False)), 3
MODEL = ROOT / "build/flights/logistic.onnx"

for program, package in (("wrk", "wrk"), ("nginx", "nginx-light")):
    if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
        subprocess.run([*([] if os.geteuid() == 0 else ["sudo"]), "apt-get", "install", "-y", "--no-install-recommends", package],
                       check=True, stdout=subprocess.DEVNULL)


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def post(url, body):
    with urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"})) as answer:
        return json.loads(answer.read())


def wait(url):
    for _ in range(400):
        try:
            return get(url)
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"no answer from {url}")


def request(url):
    """A flight as both servers take it: matrices of one row, from the metadata."""
    flight = {
        "origin": "EWR", "dest": "IAH", "carrier": "UA", "engine": "Turbo-fan", "month": 12, "day": 3, "weekday": 2, "hour": 18,
        "minute": 30, "distance": 1400, "seats": 150, "year_built": 2004, "temp": 39.2, "humid": 61.5, "wind_speed": 9.2,
        "wind_gust": 0, "precip": 0, "pressure": 1015.3, "visib": 10,
    }
    inputs = []
    for wanted in json.loads(get(url))["inputs"]:
        shape = [1 if d == -1 else d for d in wanted["shape"]]
        inputs.append({"name": wanted["name"], "datatype": wanted["datatype"], "shape": shape, "data": [flight[wanted["name"]]]})
    return json.dumps({"inputs": inputs}).encode()


def pin(processes, cores):
    """Every thread of the processes and of their children."""
    for process in processes:
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        for pid in [process.pid, *map(int, children)]:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cores)


def wrk(url, body, connections, cores):
    script = pathlib.Path(folder) / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = {json.dumps(body.decode())}\n'
        'done = function(s, l, r) io.write(string.format("RESULT %d %d %d %d\\n", l:percentile(50), l:percentile(99), '
        's.requests * 1e6 / s.duration, s.errors.status + s.errors.read + s.errors.connect + s.errors.timeout)) end\n')
    run = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", script, url], capture_output=True, text=True, check=True,
                         preexec_fn=lambda: os.sched_setaffinity(0, cores))
    p50, p99, rate, errors = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", run.stdout).groups())
    if errors:
        raise SystemExit(f"{errors} failed requests at {url}")
    return p50, p99, rate


with tempfile.TemporaryDirectory() as folder:
    bundle = f"{folder}/flights.maxb"
    subprocess.run([ROOT / ".build/release/maxai-compile", MODEL, "-o", bundle, "--name", "flights", "--quiet"], check=True)
    pathlib.Path(folder, "nginx.conf").write_text(
        f"worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;"
        f" uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000000;\n"
        " server { listen 127.0.0.1:8603; location / { return 200 '{\"outputs\":[]}'; } } }\n")
    servers = [
        subprocess.Popen([ROOT / ".build/release/maxai-serve", bundle, "--http", "127.0.0.1:8601", "--quiet"], stderr=subprocess.DEVNULL),
        subprocess.Popen([sys.executable, ROOT / "peers/fastapi_onnx.py", MODEL, "--port", "8602", "--name", "flights"]),
        subprocess.Popen([shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", f"{folder}/nginx.conf"],
                         stderr=subprocess.DEVNULL),
    ]
    try:
        urls = {"maxai-serve": "http://127.0.0.1:8601/v2/models/flights", "FastAPI + ONNX Runtime": "http://127.0.0.1:8602/v2/models/flights",
                "nginx, fixed answer": "http://127.0.0.1:8603/"}
        for url in urls.values():
            wait(url)
        bodies = {name: request(url) if "v2" in url else b"{}" for name, url in urls.items()}
        answers = {}
        for name, url in urls.items():
            if "v2" in url:
                urls[name] = url + "/infer"
                outputs = post(urls[name], bodies[name])["outputs"]
                answers[name] = {o["name"]: o["data"] for o in outputs}
        ours, theirs = answers["maxai-serve"], answers["FastAPI + ONNX Runtime"]
        for name, data in ours.items():
            other = next(v for k, v in theirs.items() if k == name or k.endswith(name))
            assert all(abs(a - b) <= 1e-6 for a, b in zip(data, other)), (name, data, other)
        print(f"answers agree: {ours}")
        print(f"{'connections':>11}  {'server':<24} {'p50 us':>8} {'p99 us':>8} {'requests/s':>11}   p50 / FastAPI   above nginx's")
        everywhere = os.sched_getaffinity(0)
        for connections, shares in CASES:
            cores = {max(everywhere)} if shares else everywhere
            pin(servers, cores)
            results = {name: [] for name in urls}
            for _ in range(ROUNDS):
                for name, url in urls.items():
                    results[name].append(wrk(url, bodies[name], connections, cores))
            median = {name: [sorted(column)[ROUNDS // 2] for column in zip(*rows)] for name, rows in results.items()}
            peer, floor = median["FastAPI + ONNX Runtime"][0], median["nginx, fixed answer"][0]
            for name, (p50, p99, rate) in median.items():
                ratios = f"{p50 / peer:13.3f}   {(p50 - floor) / (peer - floor):13.3f}"
                label = f"{connections}, one core" if shares else f"{connections}"
                print(f"{label:>11}  {name:<24} {p50:>8} {p99:>8} {rate:>11}   {ratios}")
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()
