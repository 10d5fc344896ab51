#!/usr/bin/env python3
"""Pastes the commands of the README and of the training guide into a shell, as a stranger would, and looks at what comes back.

    .peers/bin/python peers/readme.py [--bin FOLDER]      default .build/release

Every line of the block that ends by starting the server must succeed, the server must say that it listens, and every
curl of the block after it must get an answer without an error; all predictions among them, in whatever protocol, must
be the same number. Works in a temporary folder; on another port when 8080 is taken. Exit status 1 if something fails.
"""

import argparse
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


DOCUMENTS = ["README.md", "docs/training.md"]


def blocks(document):
    return [b.replace("\\\n", " ") for b in re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S)]


def port():
    for wanted in (8080, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", wanted))
                return s.getsockname()[1]
            except OSError:
                continue


def shell(script, folder, **options):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=ROOT / ".build/release", type=pathlib.Path)
    options = parser.parse_args()
    if not all((ROOT / "build/flights" / name).exists() for name in ("xgboost.json", "sample.csv")):
        subprocess.run([sys.executable, ROOT / "examples/flights/train.py"], check=True, cwd=ROOT)
    return max(check(document, options) for document in DOCUMENTS)


def check(document, options):
    print(f"== {document}")
    found = blocks(document)
    at = next(i for i, b in enumerate(found) if re.search(r"^maxai-serve ", b, re.M))
    commands, serve = re.fullmatch(r"(.*\n)?(maxai-serve [^\n]*)\n", found[at], re.S).groups()
    commands = "".join(found[:at]) + commands if document != "README.md" else commands
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "build").mkdir()
        (folder / ".build").mkdir()
        (folder / ".build/release").symlink_to(options.bin.resolve())
        (folder / "build/flights").symlink_to((ROOT / "build/flights").resolve())
        commands = commands.replace("make build && ", "").replace(".peers/bin/python examples/flights/train.py\n", "")
        done = shell(commands, folder)
        print(done.stdout, done.stderr, sep="")
        if done.returncode:
            print(f"FAIL  {document}: exit status {done.returncode}")
            return 1
        number = port()
        arguments = shlex.split(serve) + ([] if number == 8080 else ["--http", f"127.0.0.1:{number}"])
        arguments[0] = str(options.bin.resolve() / arguments[0])
        server = subprocess.Popen(arguments, cwd=folder, stderr=subprocess.PIPE, text=True)
        try:
            if not any("listening on" in line for line in server.stderr):
                print(f"FAIL  {document}: the server did not start")
                return 1
            predictions = set()
            for line in filter(None, found[at + 1].split("\n")):
                pasted = line.replace("localhost:8080", f"localhost:{number}")
                answer = shell("curl() { command curl -sS --fail-with-body \"$@\"; }\n" + pasted, folder, timeout=30)
                passed = answer.returncode == 0 and answer.stdout and '"error"' not in answer.stdout
                failed += not passed
                predictions |= set(re.findall(r'"probability":([0-9.e-]+)|"name":"probability"[^}]*"data":\[([^]]*)\]', answer.stdout))
                print(f"{'ok  ' if passed else 'FAIL'}  {line}\n      {answer.stdout[:300].strip()}{answer.stderr.strip()}", flush=True)
        finally:
            server.terminate()
            server.wait(10)
    same = len({a or b for a, b in predictions}) == 1
    print(f"{'ok  ' if same else 'FAIL'}  one probability in every protocol: {sorted({a or b for a, b in predictions})}")
    return 1 if failed or not same else 0


if __name__ == "__main__":
    sys.exit(main())
