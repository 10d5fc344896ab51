"""An MLflow server: a version registered twice is one, with its tags and alias."""

import json
import os
import pathlib
import urllib.parse
import urllib.request

from transport_servers import free_port, server

MLFLOW = pathlib.Path(__file__).resolve().parent.parent / ".peers-mlflow/bin/mlflow"
DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def check(checks, folder):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [MLFLOW, "server", "--host", "127.0.0.1", "--port", port, "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/m.db"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with server([*command, "--default-artifact-root", folder / "artifacts"], f"{url}/health", folder, "mlflow", quiet):
        versions(checks, url)


def ask(url, path, **parameters):
    with urllib.request.urlopen(f"{url}/api/2.0/mlflow/{path}?{urllib.parse.urlencode(parameters)}") as answer:
        return json.load(answer)


def versions(checks, url):
    source = f"oci://registry.example/team/churn@{DIGEST}"
    register = ["mlflow", url, "churn", source, DIGEST, "1.2.0", "--verdict", "pass", "--alias", "champion"]
    number = checks.succeeds("register a version", *register).strip()
    checks("it is the first", number == "1", number)
    again = checks.succeeds("register it again", *register).strip()
    checks("which makes no second", again == "1", again)
    found = ask(url, "registered-models/alias", name="churn", alias="champion")["model_version"]
    checks("the alias names it", found["version"] == "1", found)
    checks("its source is the address", found["source"] == source, found)
    tags = {tag["key"]: tag["value"] for tag in found["tags"]}
    wanted = {"maxai.digest": DIGEST, "maxai.version": "1.2.0", "maxai.verdict": "pass"}
    checks("its tags are ours", tags == wanted, tags)
    other = "sha256:" + "b" * 64
    number = checks.succeeds("another digest", "mlflow", url, "churn", source.replace(DIGEST, other), other, "1.3.0", "--alias", "champion").strip()
    checks("is another version", number == "2", number)
    moved = ask(url, "registered-models/alias", name="churn", alias="champion")["model_version"]["version"]
    checks("the alias has moved", moved == "2", moved)
    checks.refuses("a name that is a filter", 2, ["letters"], "mlflow", url, "x' or name='churn", source, DIGEST, "1")
    refused = {**os.environ, "MLFLOW_TRACKING_USERNAME": "maxai", "MLFLOW_TRACKING_PASSWORD": "secret"}
    done = checks.refuses("a path that is not MLflow's", 41, ["status 404"], "mlflow", f"{url}/none", "churn", source, DIGEST, "1", environment=refused)
    checks("shows no password", "secret" not in done.stderr)
