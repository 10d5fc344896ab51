#!/usr/bin/env python3
"""Signatures in both directions with model_signing (PyPI model-signing): what we sign it accepts, what it signs we
accept, and one changed bit is refused by both.

    .peers/bin/python peers/interop_signing.py [--registry PATH] [--compile PATH]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = pathlib.Path(__file__).resolve().parent.parent
THEIRS = ROOT / ".peers/bin/model_signing"
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


def status(*command):
    return subprocess.run([str(part) for part in command], capture_output=True).returncode


def keys(folder, curve):
    key = ec.generate_private_key(curve)
    private, public = folder / "theirs.pem", folder / "theirs.pub"
    pkcs8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*pkcs8))
    subject = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public.write_bytes(key.public_key().public_bytes(*subject))
    return private, public


def changed(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    other = path.parent / "changed" / path.name
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(data)
    return other


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", default=ROOT / ".build/release/maxai-registry", type=pathlib.Path)
    parser.add_argument("--compile", default=ROOT / ".build/release/maxai-compile", type=pathlib.Path)
    ours = parser.parse_args()
    failed = 0

    def check(name, passed):
        nonlocal failed
        failed += not passed
        print(f"{'ok  ' if passed else 'FAIL'}  {name}", flush=True)

    for curve, parameters in CURVES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            model = folder / "model.maxb"
            source = ROOT / "build/zoo/xgboost-logistic/model.json"
            check(f"{curve}: compiles", status(ours.compile, source, "-o", model) == 0)
            private, public = keys(folder, parameters)
            if curve == "P-256":
                check("P-256: keygen", status(ours.registry, "keygen", "-o", folder / "ours") == 0)
                private, public = folder / "ours.pem", folder / "ours.pub"
            signature = folder / "ours.sig"
            check(f"{curve}: we sign", status(ours.registry, "sign", model, "--key", private, "--detached", signature) == 0)
            verify = [THEIRS, "verify", "key", "--signature", signature, "--public_key", public]
            check(f"{curve}: model_signing accepts it", status(*verify, model) == 0)
            check(f"{curve}: and refuses one changed bit", status(*verify, changed(model)) != 0)
            signature = folder / "theirs.sig"
            sign = [THEIRS, "sign", "key", "--private_key", private, "--signature", signature, model]
            check(f"{curve}: model_signing signs", status(*sign) == 0)
            verify = [ours.registry, "verify", "--trust", public, "--signature", signature]
            check(f"{curve}: we accept it", status(*verify, model) == 0)
            check(f"{curve}: and refuse one changed bit with 14", status(*verify, changed(model)) == 14)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
