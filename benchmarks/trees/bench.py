"""Runs the suite: every peer in turn, one process a measurement, pinned to as many cores as it has threads; medians of rounds."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from peers import commands
from report import drawings, markdown, summary, write
from suite import OUT, SUITE, compile_ours, prepare

BATCHES = [1, 16, 256, 4096, 100_000]
LIMIT_SECONDS = 600
# One round is enough for a measurement that takes longer.
SLOW_SECONDS = 20
# Peers that train the model: their scores are ours in every bit, and their links may differ in the last place of f32.
SOURCE = ("xgboost", "lightgbm", "catboost", "sklearn")
SOURCE_TOLERANCE = 1e-6
# Others sum in their own order and type.
TOLERANCE = 1e-4


def once(command, threads, answers, width, seconds, batches):
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[-threads:]))
    line = ["taskset", "-c", cores, *command, str(threads), answers, str(width), str(seconds), *map(str, batches)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    try:
        done = subprocess.run(line, capture_output=True, text=True, env=environment, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done after {LIMIT_SECONDS} s") from None
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def median(results):
    """One result of several rounds: the median of every figure."""
    merged = dict(results[0])
    for key in ("open_ms", "load_ms", "first_ms", "peak_kb"):
        merged[key] = statistics.median(r[key] for r in results)
    merged["batches"] = {
        entry["batch"]: {key: statistics.median(r["batches"][i][key] for r in results) for key in ("p50_ns", "p99_ns", "ns_per_row")}
        for i, entry in enumerate(results[0]["batches"])}
    return merged


def agreement(peer, ours, theirs):
    """How answers compare: float32 bits equal, largest difference; and whether that is as it must be."""
    if ours is None or theirs is None:
        return {"compared": False}
    if ours.shape != theirs.shape or not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return {"compared": True, "equal": 0, "of": int(ours.size), "largest": float("nan"), "source": peer in SOURCE, "passed": False}
    equal = int((ours.astype(np.float32).view(np.uint32) == theirs.astype(np.float32).view(np.uint32)).sum())
    far = float(np.nanmax(np.abs(ours - theirs))) if ours.size else 0.0
    return {"compared": True, "equal": equal, "of": int(ours.size), "largest": far, "source": peer in SOURCE, "passed": far <= (SOURCE_TOLERANCE if peer in SOURCE else TOLERANCE)}


def case(name, rounds, seconds, batches):
    prepare(name)
    bundle, reason = compile_ours(name)
    found, width = commands(name, bundle)
    result = {"model": {k: v for k, v in SUITE[name].items() if k != "quick"}, "peers": {}, "skipped": {}}
    if not bundle:
        result["skipped"]["maxai"] = reason
    runs, answers, slow = {}, {}, {}
    for _ in range(rounds):
        for peer, entry in found.items():
            if isinstance(entry, str):
                result["skipped"][peer] = entry
                continue
            if peer in result["skipped"]:
                continue
            for threads in (1, 2):
                place = OUT / name / f"answers-{peer}.f64"
                # Medians are for what is quick enough to be disturbed.
                if slow.get((peer, threads), 0) > SLOW_SECONDS:
                    continue
                begin = time.monotonic()
                try:
                    runs.setdefault((peer, threads), []).append(once(entry[0], threads, place, width, seconds, batches))
                    answers[peer] = np.fromfile(place)
                    slow[peer, threads] = time.monotonic() - begin
                except Exception as error:
                    result["skipped"][peer] = f"{str(error)[:200]}"
                    break
    for (peer, threads), results in runs.items():
        if peer in result["skipped"]:
            continue
        entry = result["peers"].setdefault(peer, {"bytes": os.path.getsize(found[peer][1])})
        entry[f"threads_{threads}"] = median(results)
        entry["agreement"] = agreement(peer, answers.get("maxai"), answers.get(peer))
    # Whoever computes something else is no peer; that the library itself differs from us is a failure.
    for peer, entry in list(result["peers"].items()):
        same = entry["agreement"]
        if same.get("compared") and not same["passed"] and not same["source"]:
            result["skipped"][peer] = f"its answers differ from the library's and ours, by up to {same['largest']:.2g}"
            del result["peers"][peer]
    for peer, why in result["skipped"].items():
        print(f"  {name}: {peer} skipped: {why}", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small subset, in under two minutes")
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--write", metavar="DOCS", help="put tables and drawings into this folder of documents")
    parser.add_argument("--again", action="store_true", help="measure nothing: the tables of the last results")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [n for n, c in SUITE.items() if c.get("quick") or not options.quick]
    rounds = options.rounds or (1 if options.quick else 3)
    # Models that are not measured now keep what was measured before.
    found = json.loads((OUT / "results.json").read_text()) if (options.again or options.only) and (OUT / "results.json").exists() else {}
    results = {n: found[n] for n in SUITE if n in found}
    for name in [] if options.again else names:
        results[name] = case(name, rounds, 0.1 if options.quick else 0.15, BATCHES)
        (OUT / "results.json").write_text(json.dumps(results, indent=1))
        print(markdown({name: results[name]}), flush=True)
    results = {n: results[n] for n in SUITE if n in results}
    (OUT / "results.md").write_text(f"{summary(results)}\n\n{markdown(results)}")
    for name, drawing in drawings(results).items():
        (OUT / name).write_text(drawing)
    if options.write:
        write(results, options.write, " ".join(["benchmarks/trees/run", *(a for a in sys.argv[1:] if a not in ("--again", "--only", options.only))]))
    print(f"{OUT}: results.json, results.md, {', '.join(drawings(results))}")
    failed = [f"{n}: {p}" for n, r in results.items() for p, e in r["peers"].items()
              if e["agreement"].get("compared") and not e["agreement"]["passed"]]
    if failed:
        raise SystemExit(f"answers differ from the library's by more than {SOURCE_TOLERANCE}: {', '.join(failed)}")


if __name__ == "__main__":
    main()
