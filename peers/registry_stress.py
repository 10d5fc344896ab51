"""Many writers and sudden ends on one registry.

    .peers/bin/python peers/registry_stress.py [--processes 8] [--promotions 500] [--kills 1000]

First, so many processes promote as often, all to one alias: every promotion that was acknowledged must be one pointer of the
log, numbered without gaps. Then pushes, promotions and collections are killed (SIGKILL) at random moments: after each the
registry must verify, and nothing that was acknowledged may be missing.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("MAXAI_BIN", ROOT / ".build/release"))


def run(*arguments, check=True, **options):
    done = subprocess.run([BIN / "maxai-registry", *map(str, arguments)], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        sys.exit(f"{arguments}: exit {done.returncode}: {done.stderr}")
    return done


def prepare(folder, bundle):
    keys = folder / "key"
    run("keygen", "-o", keys, "-q")
    (folder / "policy.json").write_text(
        json.dumps({"schema": "maxai.policy/1", "require": {"signatures": [{"role": "builder", "threshold": 1}]}}))
    roles = [f"{role}=k" for role in ("root", "builder", "evaluator", "approver", "promoter")]
    run("trust", "draft", "--origin", "stress.example", "--member", f"k={keys}.pub", "--role", *roles, "-o", folder / "root.json", "--key",
        f"{keys}.pem")
    os.environ.update(MAXAI_REGISTRY=str(folder / "registry"), MAXAI_TRUST=str(folder / "root.json"), XDG_STATE_HOME=str(folder / "state"))
    run("init", "--root", folder / "root.json", "--key", f"{keys}.pem")
    shutil.copy(bundle, folder / "model.maxb")
    run("sign", folder / "model.maxb", "--key", f"{keys}.pem")
    return ["--key", f"{keys}.pem"]


def pointers(alias):
    entries = json.loads(run("log", "--json").stdout)
    return [entry["sequence"] for entry in entries if entry["action"] == "point" and entry["name"] == alias]


def crowd(folder, key, processes, promotions):
    for version in ("1", "2"):
        run("push", folder / "model.maxb", "--version", version, *key)
    start = time.time()

    def work(worker):
        done = 0
        for step in range(promotions):
            promoted = run("promote", f"model@{1 + (worker + step) % 2}", "--to", "prod", "--policy", folder / "policy.json", "-q", *key)
            done += promoted.returncode == 0
        return done

    with ThreadPoolExecutor(processes) as pool:
        acknowledged = sum(pool.map(work, range(processes)))
    found = pointers("prod")
    assert found == list(range(1, acknowledged + 1)), f"{len(found)} pointers for {acknowledged} promotions"
    run("log", "verify")
    print(f"{processes} processes × {promotions} promotions: {acknowledged} acknowledged, {len(found)} pointers without a gap, "
          f"{(time.time() - start) / acknowledged * 1000:.1f} ms each, the log verifies")


def kills(folder, key, count):
    random.seed(1)
    acknowledged_versions, acknowledged_pointers, killed, slowest = set(), 0, 0, 0.03
    number = 0
    before = len(pointers("canary"))
    run("push", folder / "model.maxb", "--version", "first", *key)
    while killed < count:
        number += 1
        kind = random.choice(["push", "push", "promote", "promote", "promote", "gc"])
        arguments = {
            "push": ["push", folder / "model.maxb", "--version", f"k{number}", *key],
            "promote": ["promote", "model@first", "--to", "canary", "--policy", folder / "policy.json", "-q", *key],
            "gc": ["gc", "--grace", "PT0S", "-q"],
        }[kind]
        begun = time.time()
        process = subprocess.Popen([BIN / "maxai-registry", *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(random.uniform(0, slowest * 1.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        slowest = max(slowest * 0.99, min(time.time() - begun, 0.1))
        if process.returncode == 0:
            acknowledged_pointers += kind == "promote"
            if kind == "push":
                acknowledged_versions.add(f"k{number}")
        elif process.returncode == -9:
            killed += 1
            # Every registry that is opened again verifies.
            run("log", "verify", "--references", "-q")
            if killed % 25 == 0:
                found = pointers("canary")
                assert found == list(range(1, len(found) + 1)) and len(found) - before >= acknowledged_pointers
        else:
            sys.exit(f"{arguments}: exit {process.returncode}")
    # The next writer makes what the killed ones left undone.
    run("promote", "model@first", "--to", "canary", "--policy", folder / "policy.json", "-q", *key)
    listed = json.loads(run("list", "model", "--json").stdout)["models"][0]
    versions = {version["version"] for version in listed["versions"]}
    assert acknowledged_versions <= versions, acknowledged_versions - versions
    for version in random.sample(sorted(acknowledged_versions), min(20, len(acknowledged_versions))):
        run("verify", f"model@{version}", "-q")
    found = pointers("canary")
    assert len(found) - before > acknowledged_pointers
    print(f"{killed} kills in {number} commands: {len(acknowledged_versions)} pushes and {acknowledged_pointers} promotions were acknowledged, "
          f"all are there; {len(versions)} versions, {len(found)} pointers, every reopened registry verified")


parser = argparse.ArgumentParser()
parser.add_argument("--processes", type=int, default=8)
parser.add_argument("--promotions", type=int, default=500)
parser.add_argument("--kills", type=int, default=1000)
parser.add_argument("--bundle", type=pathlib.Path, help="a bundle of a model called `model`")
options = parser.parse_args()
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    bundle = options.bundle
    if bundle is None:
        rows = "\n".join(f"{i % 7},{i % 5},{int(i % 7 > i % 5)}" for i in range(200))
        (folder / "table.csv").write_text(f"a,b,y\n{rows}\n")
        subprocess.run([BIN / "maxai-train", folder / "table.csv", "--target", "y", "--set", "learner.settings.trees=3", "-q", "-o",
                        folder / "model.maxir"], check=True, cwd=folder)
        subprocess.run([BIN / "maxai-compile", folder / "model.maxir", "--name", "model", "--quiet", "-o", folder / "plain.maxb"], check=True)
        bundle = folder / "plain.maxb"
    key = prepare(folder, bundle)
    crowd(folder, key, options.processes, options.promotions)
    kills(folder, key, options.kills)
