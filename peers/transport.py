#!/usr/bin/env python3
"""Registries and stores of other people: what we push they serve, what they copy we pull, bit for bit.

    .peers/bin/python peers/transport.py [--transport PATH] [--only NAME ...]

Needs Debian's docker-registry and skopeo; moto (PyPI) for S3; mlflow in an environment of its own, .peers-mlflow.
A group whose server is not installed is reported as skipped.
"""

import argparse
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile

import transport_hostile
import transport_mlflow
import transport_registry
import transport_s3
import transport_subjects

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Checks:
    """Runs the command, and counts."""

    def __init__(self, command):
        self.command = command
        self.failed = 0

    def run(self, *arguments, environment=None, seconds=120):
        command = [str(part) for part in (self.command, *arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment)

    def __call__(self, name, passed, said=""):
        self.failed += not passed
        print(f"{'ok  ' if passed else 'FAIL'}  {name}", flush=True)
        if not passed and said:
            print(f"      {str(said).strip()[-600:]}", flush=True)
        return passed

    def succeeds(self, name, *arguments, environment=None):
        done = self.run(*arguments, environment=environment)
        self(name, done.returncode == 0, f"status {done.returncode}: {done.stderr}")
        return done.stdout

    def refuses(self, name, status, words, *arguments, environment=None):
        """Ends with `status`, says `words`, leaves no trap."""
        done = self.run(*arguments, environment=environment)
        passed = done.returncode == status and all(word in done.stderr for word in words)
        self(name, passed, f"status {done.returncode}, expected {status} with {words}: {done.stderr}")
        return done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transport", default=ROOT / ".build/release/transport", type=pathlib.Path)
    groups = {
        "registry": (transport_registry.check, ["docker-registry", "skopeo"], []),
        "s3": (transport_s3.check, [], ["moto", "boto3"]),
        "mlflow": (transport_mlflow.check, [ROOT / ".peers-mlflow/bin/mlflow"], []),
        "subjects": (transport_subjects.check, [], []),
        "hostile": (transport_hostile.check, [], []),
    }
    parser.add_argument("--only", nargs="*", choices=groups, default=list(groups))
    given = parser.parse_args()
    checks = Checks(given.transport)
    for name in given.only:
        group, programs, modules = groups[name]
        missing = [str(program) for program in programs if not shutil.which(program)]
        missing += [module for module in modules if not importlib.util.find_spec(module)]
        if missing:
            print(f"skip  {name}: {', '.join(missing)} not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            group(checks, pathlib.Path(folder))
    print(f"{checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
