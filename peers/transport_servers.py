"""The servers that peers/transport.py talks to, and the layouts that it moves: all on 127.0.0.1, all in one folder."""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import time
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
WEIGHT = "application/vnd.cncf.model.weight.v1.raw"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def server(command, url, folder, name, environment=None, seconds=120):
    """Runs `command` until the block ends; waits until `url` answers anything."""
    with open(folder / f"{name}.log", "wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=log, stderr=log, cwd=folder, env={**os.environ, **(environment or {})}
        )
        try:
            for _ in range(10 * seconds):
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: see {folder / name}.log")
                try:
                    urllib.request.urlopen(url, timeout=2).close()
                    break
                except urllib.error.HTTPError:
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise RuntimeError(f"{name} does not answer at {url}")
            yield process
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def registry(folder, name, passwords=None):
    """Debian's docker-registry; gives host:port. With `passwords`, an htpasswd file that it asks for."""
    port = free_port()
    place = folder / name
    place.mkdir()
    config = (
        f"version: 0.1\nlog:\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {place}/data\n"
        f"http:\n  addr: 127.0.0.1:{port}\n"
    )
    if passwords:
        config += f"auth:\n  htpasswd:\n    realm: test\n    path: {passwords}\n"
    (place / "config.yml").write_text(config)
    with server(["docker-registry", "serve", place / "config.yml"], f"http://127.0.0.1:{port}/v2/", place, name):
        yield f"127.0.0.1:{port}"


class Layout:
    """An OCI image layout with one model and its signatures."""

    def __init__(self, path, sizes, seed=0, signatures=1):
        self.path = path
        (path / "blobs/sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        layers = []
        for index, size in enumerate(sizes):
            layer = self.add(hashlib.shake_128(f"{seed} {index}".encode()).digest(size), WEIGHT)
            layers.append({**layer, "annotations": {"org.cncf.model.filepath": f"model-{index}.maxb"}})
        digests = [layer["digest"] for layer in layers]
        config = {"descriptor": {"name": "churn"}, "config": {}, "modelfs": {"type": "layers", "diffIds": digests}}
        self.root = self.add(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": "application/vnd.cncf.model.manifest.v1+json",
                "config": self.add(config, "application/vnd.cncf.model.config.v1+json"),
                "layers": layers,
            },
            MANIFEST,
        )
        self.signatures = [self.sign(f"signature {index} of {seed}") for index in range(signatures)]
        self.name("1")

    def add(self, content, media_type):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        digest = hashlib.sha256(data).hexdigest()
        (self.path / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def sign(self, text, subject=None):
        return self.add(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": BUNDLE,
                "config": self.add(b"{}", "application/vnd.oci.empty.v1+json"),
                "layers": [self.add({"signature": text}, BUNDLE)],
                "subject": subject or self.root,
                "annotations": {"dev.sigstore.bundle.content": "dsse-envelope"},
            },
            MANIFEST,
        )["digest"]

    def name(self, tag):
        named = {**self.root, "annotations": {"org.opencontainers.image.ref.name": tag}}
        (self.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))

    @property
    def digest(self):
        return self.root["digest"]

    def blob(self, digest):
        return (self.path / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()


def blobs(path):
    """Name and bytes of every file among a layout's blobs; nothing else may be there."""
    return {file.name: file.read_bytes() for file in (path / "blobs/sha256").iterdir()}
