#!/usr/bin/env python3
"""Signatures in both directions with model_signing (PyPI model-signing), by key and by certificate, of files and of
directories; keys in SoftHSM; two of three signers as securesystemslib counts them; time stamps of OpenSSL.

    .peers/bin/python peers/interop_signing.py [--registry PATH] [--compile PATH]
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import signing_authority

ROOT = pathlib.Path(__file__).resolve().parent.parent
THEIRS = ROOT / ".peers/bin/model_signing"
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
SOFTHSM = pathlib.Path("/usr/lib/softhsm/libsofthsm2.so")


def status(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, **options).returncode


def keys(folder, curve, name):
    key = ec.generate_private_key(curve)
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    pkcs8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*pkcs8))
    subject = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public.write_bytes(key.public_key().public_bytes(*subject))
    return key, private, public


def changed(path):
    """A copy of a file, or of a directory, in which one bit of a file is another."""
    other = path.parent / "changed" / path.name
    other.parent.mkdir(exist_ok=True)
    if path.is_dir():
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(path, other)
        file = other / "weights/0.bin"
    else:
        shutil.copy(path, other)
        file = other
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    return other


class Checks:
    def __init__(self, ours):
        self.ours = ours
        self.failed = 0

    def check(self, name, passed):
        self.failed += not passed
        print(f"{'ok  ' if passed else 'FAIL'}  {name}", flush=True)

    def both_ways(self, name, model, our_sign, our_verify, their_sign, their_verify):
        """Signs with each, verifies with the other, and again after one bit has changed."""
        for signer in ["we", "they"]:
            signature = model.parent / f"{signer}.sig"
            if signer == "we":
                signed = status(self.ours, "sign", model, *our_sign, "--detached", signature)
            else:
                signed = status(THEIRS, "sign", *their_sign, "--signature", signature, model)
            self.check(f"{name}: {signer} sign", signed == 0)
            ours = [self.ours, "verify", *our_verify, "--signature", signature]
            theirs = [THEIRS, "verify", *their_verify, "--signature", signature]
            self.check(f"{name}: we accept what {signer} signed", status(*ours, model) == 0)
            self.check(f"{name}: they accept what {signer} signed", status(*theirs, model) == 0)
            self.check(f"{name}: we refuse one changed bit with 14", status(*ours, changed(model)) == 14)
            self.check(f"{name}: they refuse one changed bit", status(*theirs, changed(model)) != 0)

    def models(self, folder, compile):
        file, tree = folder / "model.maxb", folder / "model"
        source = ROOT / "build/zoo/xgboost-logistic/model.json"
        self.check("compiles", status(compile, source, "-o", file) == 0)
        (tree / "weights").mkdir(parents=True)
        for name, data in {"a-b": b"1", "a/b": b"2", "a.b": b"", "weights/0.bin": bytes(3_000_000), "ä\u0308": b"3"}.items():
            (tree / name).parent.mkdir(exist_ok=True)
            (tree / name).write_bytes(data)
        return {"file": file, "directory": tree}

    def key_and_certificate(self, folder, compile):
        models = self.models(folder, compile)
        for curve, parameters in CURVES.items():
            key, private, public = keys(folder, parameters, curve)
            pki = signing_authority.Authority(folder, curve)
            leaf = pki.issue(key)
            for kind, model in models.items():
                self.both_ways(
                    f"{curve} key, {kind}", model, ["--key", private], ["--trust", public],
                    ["key", "--private_key", private], ["key", "--public_key", public])
                self.both_ways(
                    f"{curve} certificate, {kind}", model,
                    ["--key", private, "--certificate", leaf, "--chain", pki.path], ["--trust-ca", pki.path],
                    ["certificate", "--private_key", private, "--signing_certificate", leaf, "--certificate_chain", pki.path],
                    ["certificate", "--certificate_chain", pki.path])

    def threshold(self, folder):
        """Two of three, one that signs twice, and a stranger: we and securesystemslib say the same."""
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import SSlibKey

        model, trusted = folder / "m.bin", folder / "trusted"
        model.write_bytes(b"model")
        trusted.mkdir()
        made = [keys(folder, CURVES["P-256"], f"signer{index}") for index in range(4)]
        for index in range(3):
            shutil.copy(made[index][2], trusted / f"{index}.pub")
        theirs = [SSlibKey.from_crypto(key.public_key()) for key, _, _ in made[:3]]
        for signers, threshold in [([0], 1), ([0], 2), ([0, 1], 2), ([0, 0], 2), ([0, 3], 2), ([3], 1), ([2, 3, 1], 2), ([0, 1, 2], 3)]:
            signature = folder / "threshold.sig"
            for index, signer in enumerate(signers):
                add = ["--add"] if index else []
                status(self.ours, "sign", model, "--key", made[signer][1], "--detached", signature, *add)
            verify = [self.ours, "verify", model, "--trust", trusted, "--signature", signature]
            ours = status(*verify, "--threshold", threshold) == 0
            envelope = json.loads(signature.read_text())["dsseEnvelope"]
            payload = base64.b64decode(envelope["payload"])
            agreed = self.they_count(Envelope, payload, envelope, theirs, threshold)
            expected = len(set(signers) & {0, 1, 2}) >= threshold
            self.check(f"signers {signers}, threshold {threshold}: we {ours}, they {agreed}", ours == agreed == expected)

    @staticmethod
    def they_count(envelope_type, payload, envelope, theirs, threshold):
        from securesystemslib.signer import Signature

        # They find keys by their ids, which DSSE leaves open and we leave out: each signature is tried under each.
        named = {}
        for entry in envelope["signatures"]:
            for key in theirs:
                signature = Signature(key.keyid, base64.b64decode(entry["sig"]).hex())
                try:
                    envelope_type(payload, envelope["payloadType"], {key.keyid: signature}).verify([key], 1)
                    named[key.keyid] = signature
                except Exception:
                    continue
        try:
            envelope_type(payload, envelope["payloadType"], named).verify(theirs, threshold)
        except Exception:
            return False
        return True

    def tokens(self, folder):
        if not SOFTHSM.exists():
            print("skip  tokens: apt-get install softhsm2")
            return
        (folder / "tokens").mkdir()
        (folder / "softhsm.conf").write_text(f"directories.tokendir = {folder}/tokens\n")
        (folder / "pin").write_text("5678\n")
        environment = dict(os.environ, SOFTHSM2_CONF=str(folder / "softhsm.conf"))
        status("softhsm2-util", "--init-token", "--free", "--label", "release", "--so-pin", "1234", "--pin", "5678", env=environment)
        model = folder / "m.bin"
        model.write_bytes(b"model")
        for curve, parameters in CURVES.items():
            # Imported, so that the public half is known without asking the token.
            _, private, public = keys(folder, parameters, f"token-{curve}")
            identity = f"0{len(curve)}{curve[2:]}0"[:4]
            imported = status(
                "softhsm2-util", "--import", private, "--token", "release", "--label", curve, "--id", identity, "--pin", "5678",
                env=environment)
            self.check(f"{curve}: SoftHSM takes the key", imported == 0)
            address = f"pkcs11:token=release;object={curve}?module-path={SOFTHSM}&pin-source=file:{folder}/pin"
            signature = folder / "token.sig"
            signed = status(self.ours, "sign", model, "--key", address, "--detached", signature, env=environment)
            self.check(f"{curve}: we sign in SoftHSM", signed == 0)
            accepted = status(THEIRS, "verify", "key", "--signature", signature, "--public_key", public, model)
            self.check(f"{curve}: they accept what SoftHSM signed", accepted == 0)
            accepted = status(self.ours, "verify", model, "--signature", signature, "--trust", public)
            self.check(f"{curve}: we accept what SoftHSM signed", accepted == 0)
        address = f"pkcs11:token=release;object=P-256?module-path={SOFTHSM}&pin-value=5678"
        refused = status(self.ours, "sign", model, "--key", address, "--detached", signature, env=environment)
        self.check("a PIN on the command line is refused with 2", refused == 2)

    def timestamps(self, folder):
        model, signature = folder / "m.bin", folder / "stamped.sig"
        model.write_bytes(b"model")
        key, private, public = keys(folder, CURVES["P-256"], "stamped")
        pki = signing_authority.Authority(folder, "stamps")
        status(self.ours, "sign", model, "--key", private, "--detached", signature)
        verify = [self.ours, "verify", model, "--trust", public, "--signature", signature, "--trust-tsa"]
        self.check("no time stamp: 18", status(*verify, pki.path) == 18)
        query, response = folder / "query.tsq", folder / "response.tsr"
        unstamped = signature.read_bytes()
        self.check("query", status(self.ours, "timestamp", signature, "--query", query) == 0)
        self.check("OpenSSL gives a time stamp", pki.stamp(query, response))
        for purpose, code in [("TIME_STAMPING", 0), ("SERVER_AUTH", 13)]:
            signature.write_bytes(unstamped)
            given = folder / "restamped.tsr"
            made = pki.restamp(response, given, getattr(ExtendedKeyUsageOID, purpose))
            attached = status(self.ours, "timestamp", signature, "--attach", given)
            self.check(f"signed again for {purpose}: attach", made and attached == 0)
            self.check(f"signed again for {purpose}: {code}", status(*verify, pki.path) == code)
        signature.write_bytes(unstamped)
        status(self.ours, "timestamp", signature, "--attach", response)
        self.check("time stamp of OpenSSL: 0", status(*verify, pki.path) == 0)
        other = signing_authority.Authority(folder, "other")
        self.check("another authority: 13", status(*verify, other.path) == 13)
        # The response moved to another signature by hand, past `timestamp --attach`, which refuses it.
        moved = json.loads(signature.read_text())
        status(self.ours, "sign", model, "--key", private, "--detached", signature)
        self.check("attach to another signature: 14", status(self.ours, "timestamp", signature, "--attach", response) == 14)
        foreign = json.loads(signature.read_text())
        foreign["verificationMaterial"]["timestampVerificationData"] = moved["verificationMaterial"]["timestampVerificationData"]
        signature.write_text(json.dumps(foreign))
        self.check("a time stamp over other bytes: 12", status(*verify, pki.path) == 12)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", default=ROOT / ".build/release/maxai-registry", type=pathlib.Path)
    parser.add_argument("--compile", default=ROOT / ".build/release/maxai-compile", type=pathlib.Path)
    ours = parser.parse_args()
    checks = Checks(ours.registry)
    for part in [lambda folder: checks.key_and_certificate(folder, ours.compile), checks.threshold, checks.tokens, checks.timestamps]:
        with tempfile.TemporaryDirectory() as name:
            part(pathlib.Path(name))
    print(f"{checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
