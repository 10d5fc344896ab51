"""Debian's docker-registry and skopeo: push, copy, pull; passwords; two writers of one fallback tag."""

import base64
import concurrent.futures
import json
import os
import subprocess

from transport_servers import Layout, blobs, registry

# bcrypt of "secret" at the lowest cost.
HTPASSWD = "maxai:$2b$04$pz59SHL/bl8ersbMZ.LB2ebeG086boz6ql.DVb6Dgc2dMdmuSXJ72\n"


def skopeo(*arguments):
    return subprocess.run(["skopeo", "--insecure-policy", *map(str, arguments)], capture_output=True, text=True)


def check(checks, folder):
    with registry(folder, "open") as host:
        copies(checks, folder, host)
        tags(checks, folder, host)
        damaged(checks, folder, host)
        writers(checks, folder, host)
    passwords(checks, folder)


def copies(checks, folder, host):
    layout = Layout(folder / "one", [70_000, 5, 0, 3_000_000], signatures=2)
    signatures = [part for digest in layout.signatures for part in ("--referrer", digest)]
    said = checks.succeeds("push", "push", layout.path, layout.digest, f"oci://{host}/a/churn:1", *signatures)
    counted = json.loads(said or "{}")
    checks("progress ends at the total", counted.get("done") == counted.get("total") > 3_000_000, said)
    checks.succeeds("push again", "push", layout.path, layout.digest, f"oci://{host}/a/churn:1", *signatures)
    pulled = folder / "pulled"
    said = checks.succeeds("pull by tag", "pull", f"oci://{host}/a/churn:1", pulled)
    checks("equal bytes, signatures too", blobs(pulled) == blobs(layout.path))
    checks("both signatures are named", sorted(json.loads(said or "{}").get("referrers", [])) == sorted(layout.signatures), said)
    by_digest = folder / "by-digest"
    checks.succeeds("pull by digest", "pull", f"oci://{host}/a/churn@{layout.digest}", by_digest)
    checks("equal bytes by digest", blobs(by_digest) == blobs(layout.path))
    checks.succeeds("pull into what is there", "pull", f"oci://{host}/a/churn:1", pulled)

    copied = skopeo("copy", "--src-tls-verify=false", "--dest-tls-verify=false", f"docker://{host}/a/churn:1", f"docker://{host}/b/churn:1")
    checks("skopeo copies to another repository", copied.returncode == 0, copied.stderr)
    bare = folder / "bare"
    said = checks.succeeds("pull the copy", "pull", f"oci://{host}/b/churn:1", bare)
    without = {digest.removeprefix("sha256:") for digest in layout.signatures}
    model = {name: data for name, data in blobs(layout.path).items() if name not in without and b'"signature"' not in data and data != b"{}"}
    checks("the copy is equal, without signatures", blobs(bare) == model, sorted(blobs(bare)))
    copied = skopeo("copy", "--src-tls-verify=false", f"docker://{host}/a/churn:1", f"oci:{folder}/skopeo:1")
    checks("skopeo copies to a layout", copied.returncode == 0, copied.stderr)
    checks("the layout is equal", copied.returncode == 0 and blobs(folder / "skopeo") == model)
    checks.succeeds("push skopeo's layout", "push", folder / "skopeo", layout.digest, f"oci://{host}/c/churn:1")
    copied = skopeo("copy", "--dest-tls-verify=false", f"oci:{layout.path}:1", f"docker://{host}/d/churn:1")
    checks("skopeo pushes our layout", copied.returncode == 0, copied.stderr)
    checks.succeeds("and we pull it", "pull", f"oci://{host}/d/churn:1", folder / "d")

    large = Layout(folder / "large", [2_500_000, 1_000_000], seed=1)
    checks.succeeds("push in pieces", "push", large.path, large.digest, f"oci://{host}/a/large:1", "--chunk", "1000000")
    checks.succeeds("pull what came in pieces", "pull", f"oci://{host}/a/large:1", folder / "large-pulled")
    checks("equal bytes", all(large.blob(f"sha256:{name}") == data for name, data in blobs(folder / "large-pulled").items()))


def tags(checks, folder, host):
    one, two = Layout(folder / "tags-one", [10], seed=2), Layout(folder / "tags-two", [10], seed=3)
    for tag in ("1", "v2.0_x", "latest"):
        checks.succeeds(f"tag {tag}", "push", one.path, one.digest, f"oci://{host}/tags:{tag}")
    listed = checks.succeeds("tags", "tags", f"oci://{host}/tags").split()
    checks("every tag is listed", sorted(listed) == ["1", "latest", "v2.0_x"], listed)
    checks("no repository, no tags", checks.succeeds("tags of none", "tags", f"oci://{host}/none") == "")
    checks.refuses("a tag stays", 30, ["latest", one.digest], "push", two.path, two.digest, f"oci://{host}/tags:latest")
    checks.succeeds("unless it is moved", "push", two.path, two.digest, f"oci://{host}/tags:latest", "--move")
    checks.refuses("no such tag", 10, ["no such manifest"], "pull", f"oci://{host}/tags:none", folder / "none")


def damaged(checks, folder, host):
    layout = Layout(folder / "damaged", [1000], seed=4)
    other = Layout(folder / "other", [1001], seed=5)
    (layout.path / "blobs/sha256" / other.signatures[0][7:]).write_bytes(other.blob(other.signatures[0]))
    push = ["push", layout.path, layout.digest, f"oci://{host}/damaged:1"]
    checks.refuses("a signature of another model", 14, ["its subject is"], *push, "--referrer", other.signatures[0])
    name = next(file for file in (layout.path / "blobs/sha256").iterdir() if file.stat().st_size == 1000)
    name.write_bytes(bytes(1000))
    checks.refuses("a damaged blob", 14, ["its digest is"], *push)
    name.write_bytes(bytes(999))
    checks.refuses("a short blob", 14, ["999 bytes"], *push)
    name.unlink()
    checks.refuses("a missing blob", 10, ["cannot open"], *push)


def writers(checks, folder, host):
    """Every writer adds a signature of its own to one manifest, all at once."""
    layout = Layout(folder / "writers", [100], seed=6, signatures=0)
    digests = [layout.sign(f"writer {index}") for index in range(6)]
    checks.succeeds("the model first", "push", layout.path, layout.digest, f"oci://{host}/writers:1")

    def write(digest):
        return checks.run("push", layout.path, layout.digest, f"oci://{host}/writers:1", "--referrer", digest)

    for count in (2, 4):
        mine, digests = digests[:count], digests[count:]
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            done = list(pool.map(write, mine))
        checks(f"{count} writers at once", all(each.returncode == 0 for each in done), [each.stderr for each in done])
        listed = checks.succeeds("the referrers", "referrers", f"oci://{host}/writers@{layout.digest}").split()
        checks(f"nothing of {count} writers is lost", set(mine) <= set(listed), f"{len(listed)} listed")
    checks("six signatures", len(set(listed)) == 6, listed)


def passwords(checks, folder):
    (folder / "htpasswd").write_text(HTPASSWD)
    layout = Layout(folder / "private", [100], seed=7)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MAXAI_", "DOCKER_"))}
    bare["HOME"] = str(folder)
    with registry(folder, "closed", folder / "htpasswd") as host:
        push = ["push", layout.path, layout.digest, f"oci://{host}/private:1", "--referrer", layout.signatures[0]]
        checks.refuses("no password", 41, ["status 401"], *push, environment=bare)
        named = {**bare, "MAXAI_REGISTRY_USER": "maxai", "MAXAI_REGISTRY_PASSWORD": "wrong"}
        done = checks.refuses("a wrong password", 41, ["status 401"], *push, environment=named)
        checks("which is not shown", "wrong" not in done.stderr and base64.b64encode(b"maxai:wrong").decode() not in done.stderr)
        named["MAXAI_REGISTRY_PASSWORD"] = "secret"
        checks.succeeds("a password from the environment", *push, environment=named)
        docker = folder / "docker"
        docker.mkdir()
        (docker / "config.json").write_text(json.dumps({"auths": {host: {"auth": base64.b64encode(b"maxai:secret").decode()}}}))
        configured = {**bare, "DOCKER_CONFIG": str(docker)}
        checks.succeeds("a password from Docker's configuration", "pull", f"oci://{host}/private:1", folder / "p", environment=configured)
        checks("equal bytes", blobs(folder / "p") == blobs(layout.path))
