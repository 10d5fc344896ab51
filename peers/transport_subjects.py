"""A registry that knows subjects (OCI distribution 1.1) and asks for tokens: no fallback tag is written for it."""

import hashlib
import json
import os
import re
import urllib.parse

from transport_hostile import Server
from transport_servers import INDEX, MANIFEST, Layout, blobs


class Registry:
    """Repository `m`, in memory, on the newest rules: referrers, relative locations, Bearer tokens by scope."""

    def __init__(self):
        self.blobs, self.manifests, self.tags, self.uploads = {}, {}, {}, {}
        self.scopes = []
        self.server = Server()
        self.host = self.server.host
        for method, pattern, function in [
            ("GET", "/token", self.token),
            ("POST", "/token", self.refresh),
            ("HEAD", "/v2/m/blobs/(sha256:.+)", self.blob),
            ("GET", "/v2/m/blobs/(sha256:.+)", self.blob),
            ("POST", "/v2/m/blobs/uploads/", self.start),
            ("PATCH", "/v2/m/blobs/uploads/(.+)", self.piece),
            ("PUT", "/v2/m/blobs/uploads/(.+)", self.finish),
            ("HEAD", "/v2/m/manifests/(.+)", self.manifest),
            ("GET", "/v2/m/manifests/(.+)", self.manifest),
            ("PUT", "/v2/m/manifests/(.+)", self.put),
            ("GET", "/v2/m/referrers/(.+)", self.referrers),
        ]:
            self.server.on(method, pattern, function if "token" in pattern else self.guarded(function))

    def guarded(self, function):
        def answer(request, *groups):
            scope = "pull" if request.command in ("GET", "HEAD") else "pull,push"
            given = request.headers.get("Authorization", "")
            if given == "Bearer pull,push" or given == f"Bearer {scope}":
                return function(request, *groups)
            asks = f'Bearer realm="http://{self.host}/token",service="modern",scope="repository:m:{scope}"'
            request.say(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}', WWW_Authenticate=asks)

        return answer

    def issue(self, request, scope):
        self.scopes.append(scope)
        request.say(200, json.dumps({"access_token": scope.rpartition(":")[2]}).encode())

    def token(self, request):
        self.issue(request, urllib.parse.parse_qs(request.path.partition("?")[2])["scope"][0])

    def refresh(self, request):
        form = urllib.parse.parse_qs(request.content.decode())
        if form.get("grant_type") != ["refresh_token"] or form.get("refresh_token") != ["identity & more"]:
            return request.say(403)
        self.issue(request, form["scope"][0])

    def blob(self, request, digest):
        request.say(200, self.blobs[digest]) if digest in self.blobs else request.say(404)

    def start(self, request):
        name = str(len(self.uploads))
        self.uploads[name] = b""
        request.say(202, Location=f"{name}?state=a%20b")

    def piece(self, request, name):
        start, end = map(int, re.fullmatch(r"(\d+)-(\d+)", request.headers["Content-Range"]).groups())
        if start != len(self.uploads[name]) or end - start + 1 != len(request.content):
            return request.say(416)
        self.uploads[name] += request.content
        request.say(202, Location=f"/v2/m/blobs/uploads/{name}?state=c", Range=f"0-{end}")

    def finish(self, request, name):
        digest = urllib.parse.parse_qs(request.path.partition("?")[2])["digest"][0]
        body = self.uploads.pop(name) + request.content
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
            return request.say(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        self.blobs[digest] = body
        request.say(201, Docker_Content_Digest=digest)

    def manifest(self, request, reference):
        body = self.manifests.get(self.tags.get(reference, reference))
        if body is None or MANIFEST not in request.headers.get("Accept", ""):
            return request.say(404)
        request.say(200, body, Content_Type=MANIFEST)

    def put(self, request, reference):
        body, parsed = request.content, json.loads(request.content)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        missing = [blob for blob in (parsed["config"], *parsed["layers"]) if blob["digest"] not in self.blobs]
        if request.headers["Content-Type"] != parsed["mediaType"] or missing:
            return request.say(400, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')
        self.manifests[digest] = body
        if not reference.startswith("sha256:"):
            self.tags[reference] = digest
        more = {"OCI-Subject": parsed["subject"]["digest"]} if "subject" in parsed else {}
        request.say(201, Docker_Content_Digest=digest, **more)

    def referrers(self, request, subject):
        listed = [
            {"mediaType": MANIFEST, "digest": digest, "size": len(body), "artifactType": json.loads(body).get("artifactType")}
            for digest, body in self.manifests.items()
            if json.loads(body).get("subject", {}).get("digest") == subject
        ]
        request.say(200, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode(), Content_Type=INDEX)


def check(checks, folder):
    registry = Registry()
    layout = Layout(folder / "one", [70_000, 2_500_000], signatures=3)
    signatures = [part for digest in layout.signatures for part in ("--referrer", digest)]
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MAXAI_", "DOCKER_"))}
    bare["HOME"] = str(folder)
    push = ["push", layout.path, layout.digest, f"oci://{registry.host}/m:1", "--chunk", "1000000", *signatures]
    checks.succeeds("push with tokens, in pieces, to relative locations", *push, environment=bare)
    checks("tokens were asked for to pull, then to push", registry.scopes == ["repository:m:pull", "repository:m:pull,push"], registry.scopes)
    checks("the one tag is ours", registry.tags == {"1": layout.digest}, registry.tags)
    said = checks.succeeds("pull", "pull", f"oci://{registry.host}/m:1", folder / "pulled", environment=bare)
    checks("equal bytes, signatures too", blobs(folder / "pulled") == blobs(layout.path))
    checks("three signatures are named", sorted(json.loads(said or "{}").get("referrers", [])) == sorted(layout.signatures), said)
    order = [path for command, path, _, _ in registry.server.seen if command == "PUT" and "/manifests/" in path]
    checks("the tag was written last", order[-1:] == ["/v2/m/manifests/1"], order)

    docker = folder / "docker"
    docker.mkdir()
    configuration = {"auths": {f"https://{registry.host}": {"identitytoken": "identity & more"}}}
    (docker / "config.json").write_text(json.dumps(configuration))
    known = {**bare, "DOCKER_CONFIG": str(docker)}
    del registry.scopes[:]
    checks.succeeds("an identity token", "pull", f"oci://{registry.host}/m:1", folder / "identity", environment=known)
    checks("is exchanged for a token", registry.scopes == ["repository:m:pull"], registry.scopes)
    registry.server.close()
