#!/usr/bin/env python3
"""A signed version goes to Debian's docker-registry, through skopeo, to an S3 store and to MLflow, and comes back verified.

    .peers/bin/python peers/registry_transfer.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

import boto3
from transport_servers import free_port, registry, server

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("MAXAI_BIN", ROOT / ".build/release"))
MLFLOW = ROOT / ".peers-mlflow/bin/mlflow"
failed = 0


def run(*arguments, status=0):
    done = subprocess.run([str(part) for part in (BIN / "maxai-registry", *arguments)], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"{arguments}: exit {done.returncode}, expected {status}: {done.stderr}")
    return done.stdout


def skopeo(*arguments):
    done = subprocess.run(["skopeo", "--insecure-policy", "copy", *map(str, arguments)], capture_output=True, text=True)
    check(f"skopeo copy {' '.join(map(str, arguments[-2:]))}", done.returncode == 0, done.stderr)


def check(name, passed, said=""):
    global failed
    failed += not passed
    print(f"{'ok  ' if passed else 'FAIL'}  {name}", flush=True)
    if not passed:
        print(f"      {str(said).strip()[-800:]}", flush=True)


def prepare(folder):
    """A registry with fraud@1.2 as prod; the bundle that was pushed."""
    for name in ("ann", "mallory"):
        run("keygen", "-o", folder / name, "-q")
    rows = "\n".join(f"{i % 7},{i % 5},{int(i % 7 > i % 5)}" for i in range(200))
    (folder / "table.csv").write_text(f"a,b,y\n{rows}\n")
    settings = ["--target", "y", "--set", "learner.settings.trees=3", "-q", "-o", folder / "fraud.maxir"]
    subprocess.run([BIN / "maxai-train", folder / "table.csv", *settings], check=True, cwd=folder)
    bundle = folder / "fraud.maxb"
    subprocess.run([BIN / "maxai-compile", folder / "fraud.maxir", "--model-version", "1.2", "--quiet", "-o", bundle], check=True)
    (folder / "policy.json").write_text(json.dumps({"schema": "maxai.policy/1", "require": {}}))
    key = ["--key", folder / "ann.pem"]
    for owner, path in (("ann", "root.json"), ("mallory", "other.json")):
        roles = [f"{role}=k" for role in ("root", "builder", "evaluator", "approver", "promoter")]
        member = ["--member", f"k={folder / owner}.pub"]
        run("trust", "draft", "--origin", "transfer.example", *member, "--role", *roles, "-o", folder / path, "--key", folder / f"{owner}.pem")
    os.environ.update(MAXAI_REGISTRY=str(folder / "registry"), MAXAI_TRUST=str(folder / "root.json"), XDG_STATE_HOME=str(folder / "state"))
    run("init", "--root", folder / "root.json", *key)
    run("sign", bundle, *key)
    run("push", bundle, *key)
    run("attest", "fraud@1.2", "--type", "evaluation", *key)
    run("promote", "fraud@1.2", "--to", "prod", "--policy", folder / "policy.json", *key)
    return bundle


def comes_back(name, folder, bundle, address, *more):
    target = folder / "back.maxb"
    said = run("download", address, "-o", target, *more)
    check(f"{name}: equal bytes and a valid signature", target.read_bytes() == bundle.read_bytes() and "fraud@1.2" in said, said)
    run("verify", target, "--trust", folder / "ann.pub")
    target.unlink()
    run("download", address, "-o", target, *more, "--trust", folder / "other.json", status=13)
    check(f"{name}: refused by another trust root, nothing written", not target.exists() and not list(folder.glob("back*")))


def images(folder, bundle):
    with registry(folder, "docker") as host:
        sent = json.loads(run("upload", "fraud@prod", f"oci://{host}/models/fraud", "--json"))
        check("the model's signature, the push and the evaluation went along", len(sent["referrers"]) == 3, sent)
        comes_back("docker-registry", folder, bundle, f"oci://{host}/models/fraud:1.2")
        comes_back("docker-registry by digest", folder, bundle, f"oci://{host}/models/fraud@{sent['manifest']}")
        plain = ["--src-tls-verify=false", "--dest-tls-verify=false"]
        skopeo(*plain, f"docker://{host}/models/fraud:1.2", f"docker://{host}/elsewhere/fraud:1.2")
        comes_back("skopeo's copy", folder, bundle, f"oci://{host}/elsewhere/fraud:1.2")
        skopeo("--dest-tls-verify=false", f"oci:{folder / 'registry'}:fraud-prod", f"docker://{host}/direct/fraud:prod")
        comes_back("skopeo from our directory", folder, bundle, f"oci://{host}/direct/fraud:prod")
        again = json.loads(run("upload", "fraud@prod", f"oci://{host}/models/fraud", "--json"))
        check("uploading again changes nothing", again == sent, again)
        run("verify", "fraud@prod")


def stores(folder, bundle):
    endpoint = f"http://127.0.0.1:{free_port()}"
    port = endpoint.rsplit(":", 1)[1]
    with server([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], f"{endpoint}/moto-api/", folder, "moto"):
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "secret", "region_name": "eu-central-1"}
        client = boto3.client("s3", endpoint_url=endpoint, **keys)
        client.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="secret", AWS_REGION="eu-central-1")
        run("upload", "fraud@1.2", "s3://models/team")
        comes_back("S3", folder, bundle, "s3://models/team", "--tag", "1.2")


def mlflow(folder):
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rsplit(":", 1)[1]
    command = [MLFLOW, "server", "--host", "127.0.0.1", "--port", port, "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/m.db"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with server([*command, "--default-artifact-root", folder / "artifacts"], f"{url}/health", folder, "mlflow", quiet):
        run("mlflow", "fraud@prod", "--url", url, "--source", "oci://registry.example/models/fraud:1.2")
        query = urllib.parse.urlencode({"name": "fraud", "alias": "prod"})
        with urllib.request.urlopen(f"{url}/api/2.0/mlflow/registered-models/alias?{query}") as answer:
            found = json.load(answer)["model_version"]
        tags = {tag["key"]: tag["value"] for tag in found["tags"]}
        check("MLflow's alias follows the promotion", tags["maxai.version"] == "1.2" and tags["maxai.verdict"] == "passed", found)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    bundle = prepare(folder)
    images(folder, bundle)
    stores(folder, bundle)
    if MLFLOW.exists():
        mlflow(folder)
    else:
        print("skip  MLflow: peers/setup mlflow")
print(f"{failed} failed")
sys.exit(1 if failed else 0)
