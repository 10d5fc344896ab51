"""A registry that lies: every way in which its answers may be wrong is refused with its own code."""

import contextlib
import hashlib
import http.server
import json
import os
import re
import socket
import ssl
import threading
import time

from transport_servers import BUNDLE, INDEX, MANIFEST, Layout, blobs


class Server:
    """An HTTP server of which every answer is a function of the request; keeps what it was asked."""

    def __init__(self, host="127.0.0.1", context=None):
        self.routes = []
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.content = self.rfile.read(length)
                outer.seen.append((self.command, self.path, dict(self.headers), self.content))
                for method, pattern, function in outer.routes:
                    found = re.fullmatch(pattern, self.path.partition("?")[0])
                    if found and method == self.command:
                        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                            function(self, *found.groups())
                        return
                self.say(404)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

            def say(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.http.daemon_threads = True
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def on(self, method, pattern, function):
        """The newest route of a path wins."""
        self.routes.insert(0, (method, pattern, function))

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def serves(server, layout, tag="1"):
    """The honest answers: manifests and blobs of a layout, no referrers API."""

    def manifest(request, reference):
        digest = layout.digest if reference == tag else reference
        path = layout.path / "blobs/sha256" / digest.removeprefix("sha256:")
        if not path.is_file():
            return request.say(404)
        request.say(200, path.read_bytes(), Content_Type=MANIFEST, Docker_Content_Digest=digest)

    def blob(request, digest):
        request.say(200, layout.blob(digest), Content_Type="application/octet-stream")

    for method in ("GET", "HEAD"):
        server.on(method, "/v2/m/manifests/(.+)", manifest)
        server.on(method, "/v2/m/blobs/(sha256:.+)", blob)


@contextlib.contextmanager
def lying(layout):
    server = Server()
    try:
        serves(server, layout)
        yield server
    finally:
        server.close()


def check(checks, folder):
    layout = Layout(folder / "honest", [1000, 2000])
    pulls = iter(range(1000))

    def refuses(name, status, words, server, *more, version=":1"):
        target = folder / f"pull-{next(pulls)}"
        done = checks.refuses(name, status, words, "pull", f"oci://{server.host}/m{version}", target, *more)
        left = list((target / "blobs/sha256").iterdir()) if target.exists() else []
        checks(f"{name}: nothing wrong is kept", all(hashlib.sha256(file.read_bytes()).hexdigest() == file.name for file in left))
        return done

    with lying(layout) as server:
        checks.succeeds("the honest server", "pull", f"oci://{server.host}/m:1", folder / "pulled")
    contents(layout, refuses)
    manifests(layout, refuses)
    redirects(checks, folder, layout, refuses)
    bodies(layout, refuses)
    resumed(checks, folder, layout)
    referrers(checks, folder, layout, refuses)
    uploads(checks, layout)
    tokens(checks, folder, layout)
    encrypted(checks, folder, layout)
    moved(checks, folder, layout)
    names(checks, folder, layout)
    repaired(checks, folder, layout)


def contents(layout, refuses):
    first = json.loads(layout.blob(layout.digest))["layers"][0]["digest"]
    right = layout.blob(first)
    for name, body, words in [
        ("a blob of another digest", bytes(len(right)), ["has digest"]),
        ("a blob that is shorter", right[:-1], ["999 bytes received", "1000"]),
        ("a blob that is longer", right + b"x", ["more than 1000 bytes"]),
        ("an empty blob", b"", ["0 bytes received"]),
    ]:
        with lying(layout) as server:
            server.on("GET", f"/v2/m/blobs/({first})", lambda request, _: request.say(200, body))
            refuses(name, 14, words, server)


def manifests(layout, refuses):
    honest = layout.blob(layout.digest)
    parsed = json.loads(honest)

    def answer(body, media_type=MANIFEST, **headers):
        return lambda request, _: request.say(200, body, Content_Type=media_type, **headers)

    def with_layer(**changes):
        return json.dumps({**parsed, "layers": [{**parsed["layers"][0], **changes}]}).encode()

    padded = honest + b" " * ((4 << 20) - len(honest))
    hexadecimal = "a" * 64
    cases = [
        ("a manifest of 4 MiB and 1", 21, ["4194304"], answer(padded + b" ")),
        ("a manifest of another type", 20, ["Content-Type"], answer(honest, INDEX)),
        ("a manifest in text/html", 20, ["Content-Type"], answer(honest, "text/html")),
        ("an index for a manifest", 22, ["mediaType"], answer(json.dumps({**parsed, "mediaType": INDEX}).encode(), INDEX)),
        ("a digest that is not the manifest's", 14, ["digest"], answer(honest, Docker_Content_Digest=f"sha256:{hexadecimal}")),
        ("no JSON", 20, ["json"], answer(b"<html>")),
        ("a member twice", 20, ["json"], answer(honest.replace(b'{"schemaVersion": 2', b'{"schemaVersion": 2, "schemaVersion": 2'))),
        ("no layers", 20, ["layers"], answer(json.dumps({**parsed, "layers": None}).encode())),
        ("a digest with a path", 20, ["lowercase hexadecimal"], answer(with_layer(digest="sha256:../../x"))),
        ("a digest in capitals", 20, ["lowercase hexadecimal"], answer(with_layer(digest=f"sha256:{hexadecimal.upper()}"))),
        ("a digest of 63 digits", 20, ["lowercase hexadecimal"], answer(with_layer(digest=f"sha256:{hexadecimal[1:]}"))),
        ("sha512", 20, ["lowercase hexadecimal"], answer(with_layer(digest=f"sha512:{hexadecimal}"))),
        ("a negative size", 20, ["size -1"], answer(with_layer(size=-1))),
        ("a size of 2^63", 20, ["layers[0]"], answer(with_layer(size=1 << 63))),
        ("a size of 2^50", 21, ["at most"], answer(with_layer(size=1 << 50))),
        ("a media type with a line", 20, ["mediaType"], answer(with_layer(mediaType="a/b\r\nX: y"))),
        ("a size that the blob has not", 14, ["1000 bytes received"], answer(with_layer(size=1001))),
    ]
    for name, status, words, function in cases:
        with lying(layout) as server:
            server.on("GET", "/v2/m/manifests/(1)", function)
            refuses(name, status, words, server)
    with lying(layout) as server:
        server.on("GET", "/v2/m/manifests/(sha256:.+)", answer(honest.replace(b"churn", b"other") + b" "))
        refuses("another manifest for a digest", 14, ["has digest"], server, version=f"@{layout.digest}")


def redirects(checks, folder, layout, refuses):
    def to(location):
        return lambda request, *_: request.say(307, Location=location)

    manifest = "/v2/m/manifests/(1)"
    for name, location, words in [
        ("a file", "file:///etc/passwd", ["http:// or https://"]),
        ("ftp", "ftp://127.0.0.1/x", ["http:// or https://"]),
        ("the clouds' metadata", "http://169.254.169.254/latest/meta-data/", ["169.254.169.254"]),
        ("the metadata by https", "https://169.254.169.254/", ["link-local"]),
        ("the metadata as one number", "https://2852039166/", ["link-local"]),
        ("the metadata in hexadecimal", "https://0xa9fea9fe/", ["link-local"]),
        ("the metadata in IPv6", "https://[::ffff:169.254.169.254]/", ["link-local"]),
        ("an IPv6 link-local address", "https://[fe80::1]/", ["link-local"]),
        ("http elsewhere", "http://192.0.2.1/", ["not encrypted"]),
        ("a user in the address", "http://user@127.0.0.1/", ["host:port"]),
        ("a blank in the address", "http://127.0.0.1/a b", ["printable"]),
        ("itself", "/v2/m/manifests/1", ["more than 5 redirects"]),
    ]:
        with lying(layout) as server:
            server.on("GET", manifest, to(location))
            refuses(f"redirect to {name}", 41, words, server)
    with lying(layout) as server, lying(layout) as other:
        # 127.0.0.1 and another port are another server.
        for kind in ("manifests", "blobs"):
            server.on("GET", f"/v2/m/{kind}/(.+)", lambda request, name, kind=kind: challenge(request, lambda: to(f"http://{other.host}/v2/m/{kind}/{name}")(request)))
        secret = {"MAXAI_REGISTRY_USER": "maxai", "MAXAI_REGISTRY_PASSWORD": "secret", "PATH": "/usr/bin", "HOME": str(folder)}
        checks.succeeds("redirect to another server", "pull", f"oci://{server.host}/m:1", folder / "redirected", environment=secret)
        checks("with equal bytes", blobs(folder / "redirected").items() <= blobs(layout.path).items())
        checks("the first server was told the password", any("Authorization" in headers for _, _, headers, _ in server.seen))
        checks("the other was not", bool(other.seen) and not any("Authorization" in headers for _, _, headers, _ in other.seen))


def challenge(request, allowed):
    if "Authorization" in request.headers:
        return allowed()
    request.say(401, WWW_Authenticate='Basic realm="test"')


def bodies(layout, refuses):
    def endless(request, _):
        request.send_response(200)
        request.send_header("Content-Type", MANIFEST)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for _ in range(4096):
            request.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")

    def slow(request, _):
        request.send_response(200)
        request.send_header("Content-Type", MANIFEST)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        for _ in range(60):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.5)

    def silent(request, _):
        time.sleep(30)

    def cut(request, _):
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"x" * 500)
        request.close_connection = True

    def failing(request, _):
        request.send_response(403)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"16\r\nno\x1b[31m, go away\r\nmore\r\n")
        for _ in range(4096):
            request.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")

    blob = json.loads(layout.blob(layout.digest))["layers"][0]["digest"]
    for name, path, function, status, words, more in [
        ("an endless manifest", "/v2/m/manifests/(1)", endless, 21, ["4194304"], []),
        ("an endless blob", f"/v2/m/blobs/({blob})", endless, 14, ["more than 1000"], []),
        ("a slow manifest", "/v2/m/manifests/(1)", slow, 41, ["too slow"], ["--timeout", "2"]),
        ("a slow blob", f"/v2/m/blobs/({blob})", slow, 41, ["too slow"], ["--timeout", "2"]),
        ("a silent server", "/v2/m/manifests/(1)", silent, 41, ["too slow"], ["--timeout", "1"]),
        ("a blob that is cut off", f"/v2/m/blobs/({blob})", cut, 41, ["GET"], []),
        ("an endless refusal", "/v2/m/manifests/(1)", failing, 41, ["status 403", "go away"], []),
    ]:
        with lying(layout) as server:
            server.on("GET", path, function)
            began = time.monotonic()
            done = refuses(name, status, words, server, *more)
            if time.monotonic() - began > 10 or "\x1b" in done.stderr:
                refuses(f"{name}: soon, and without control characters", 0, [], server)


def resumed(checks, folder, layout):
    """Connections that break in the middle of a blob: one server goes on where it was, the others only say so."""
    blob = json.loads(layout.blob(layout.digest))["layers"][0]["digest"]
    body, asked = layout.blob(blob), []

    def broken(says):
        def answer(request, _):
            wanted = request.headers.get("Range")
            asked.append(wanted)
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
            request.send_response(206 if wanted else 200)
            if wanted:
                request.send_header("Content-Range", says(start))
            request.send_header("Content-Length", str(1000 - start))
            request.end_headers()
            request.wfile.write(body[start : start + 400])
            request.close_connection = True

        return answer

    with lying(layout) as server:
        server.on("GET", f"/v2/m/blobs/({blob})", broken(lambda start: f"bytes {start}-999/1000"))
        checks.succeeds("a blob in three connections", "pull", f"oci://{server.host}/m:1", folder / "resumed")
        checks("each goes on where the last broke", asked == [None, "bytes=400-", "bytes=800-"], asked)
        checks("equal bytes", blobs(folder / "resumed").items() <= blobs(layout.path).items())
        server.on("GET", f"/v2/m/blobs/({blob})", broken(lambda start: f"bytes {start - 1}-999/1000"))
        checks.refuses("a blob that goes on elsewhere", 41, [blob], "pull", f"oci://{server.host}/m:1", folder / "resumed-2")
        server.on("GET", f"/v2/m/blobs/({blob})", broken(lambda start: f"bytes {start}-999/1000"))
        body = bytes(1000)
        checks.refuses("a blob whose parts are wrong", 14, ["has digest"], "pull", f"oci://{server.host}/m:1", folder / "resumed-3")


def referrers(checks, folder, layout, refuses):
    foreign = Layout(folder / "foreign", [10], seed=9)
    theirs = foreign.signatures[0]
    mine = layout.signatures[0]

    def listing(*digests, **changes):
        listed = [
            {"mediaType": MANIFEST, "digest": digest, "size": len((layout if digest == mine else foreign).blob(digest)), "artifactType": BUNDLE, **changes}
            for digest in digests
        ]
        return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()

    def serve(server):
        server.on("GET", f"/v2/m/manifests/({theirs})", lambda request, _: request.say(200, foreign.blob(theirs), Content_Type=MANIFEST))

    path = f"/v2/m/referrers/{layout.digest}"
    with lying(layout) as server:
        serve(server)
        server.on("GET", path, lambda request: request.say(200, listing(theirs, mine, mine), Content_Type=INDEX))
        said = checks.succeeds("referrers of another subject", "pull", f"oci://{server.host}/m:1", folder / "ours")
        checks("are left out", json.loads(said or "{}").get("referrers") == [mine], said)
        checks("and not kept", theirs.removeprefix("sha256:") not in blobs(folder / "ours"))
    with lying(layout) as server:
        pages = {"": listing(theirs), "?page=2": listing(mine)}

        def paged(request):
            query = request.path.removeprefix(path)
            more = {"Link": f'<{path}?page=2>; rel="next"'} if not query else {}
            request.say(200, pages[query], Content_Type=INDEX, **more)

        serve(server)
        server.on("GET", path, paged)
        said = checks.succeeds("referrers on two pages", "pull", f"oci://{server.host}/m:1", folder / "paged")
        checks("the second is read", json.loads(said or "{}").get("referrers") == [mine], said)
    for name, function, status, words in [
        ("referrers of another size", lambda request: request.say(200, listing(mine, size=7)), 14, ["its descriptor says 7"]),
        ("referrers that are no index", lambda request: request.say(200, b"[]"), 20, ["manifests"]),
        ("pages without end", lambda request: request.say(200, listing(), Link=f'<{path}?{time.monotonic_ns() % 3}>; rel="next"'), 21, ["does not end"]),
        ("a page on another server", lambda request: request.say(200, listing(), Link='<http://127.0.0.1:1/x>; rel="next"'), 41, ["another server"]),
    ]:
        with lying(layout) as server:
            server.on("GET", path, function)
            refuses(name, status, words, server)


def uploads(checks, layout):
    for name, location, words in [
        ("another server", "http://127.0.0.1:1/upload", ["another server"]),
        ("a file", "file:///tmp/x", ["http:// or https://"]),
        ("the metadata", "https://169.254.169.254/", ["another server"]),
        ("nowhere", None, ["without a Location"]),
    ]:
        server = Server()
        headers = {"Location": location} if location else {}
        server.on("POST", "/v2/m/blobs/uploads/", lambda request: request.say(202, **headers))
        checks.refuses(f"upload to {name}", 41, words, "push", layout.path, layout.digest, f"oci://{server.host}/m:1")
        server.close()


def tokens(checks, folder, layout):
    """A token service on a server of its own, as large registries have it."""
    service = Server()
    with lying(layout) as server:
        def issue(request):
            request.say(200, json.dumps({"token": "opaque.token"}).encode(), Content_Type="application/json")

        service.on("GET", "/token", issue)
        honest = list(server.routes)

        def guarded(function):
            def answer(request, *groups):
                if request.headers.get("Authorization") == "Bearer opaque.token":
                    return function(request, *groups)
                request.say(401, WWW_Authenticate=f'Bearer realm="http://{service.host}/token",service="test",scope="repository:m:pull"')

            return answer

        server.routes = [(method, pattern, guarded(function)) for method, pattern, function in honest]
        secret = {"MAXAI_REGISTRY_USER": "maxai", "MAXAI_REGISTRY_PASSWORD": "secret", "HOME": str(folder)}
        checks.succeeds("a token", "pull", f"oci://{server.host}/m:1", folder / "token", environment=secret)
        asked = [path for _, path, _, _ in service.seen]
        checks("is asked for with service and scope, once", asked == ["/token?service=test&scope=repository%3Am%3Apull"], asked)
        checks("with the password", all("Basic" in headers.get("Authorization", "") for _, _, headers, _ in service.seen))
        checks("which the registry does not see", not any("Basic" in headers.get("Authorization", "") for _, _, headers, _ in server.seen))
        service.on("GET", "/token", lambda request: request.say(200, b'{"token": "a\\r\\nX: y"}'))
        checks.refuses("a token with a line", 20, ["no token"], "pull", f"oci://{server.host}/m:1", folder / "token-2", environment=secret)
        service.on("GET", "/token", lambda request: request.say(307, Location="https://169.254.169.254/token"))
        checks.refuses("a token of the metadata", 41, ["link-local"], "pull", f"oci://{server.host}/m:1", folder / "token-3", environment=secret)
    service.close()


def encrypted(checks, folder, layout):
    """https with an authority of our own: it must be trusted, and nothing leads from it to http."""
    certificate = authority(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = {**os.environ, "SSL_CERT_FILE": str(certificate)}
    server, plain = Server(context=context), Server()
    serves(server, layout)
    serves(plain, layout)
    pull = ["pull", f"oci://{server.host}/m:1", folder / "encrypted", "--encrypted"]
    checks.refuses("an unknown authority", 41, ["certificate"], *pull)
    checks.succeeds("a trusted one", *pull, environment=trusting)
    checks("equal bytes over https", blobs(folder / "encrypted").items() <= blobs(layout.path).items())
    server.on("GET", "/v2/m/manifests/(1)", lambda request, _: request.say(307, Location=f"http://{plain.host}/v2/m/manifests/1"))
    checks.refuses("redirect from https to http", 41, ["from https to http"], *pull, environment=trusting)
    realm = f'Bearer realm="http://{plain.host}/token",service="test"'
    server.on("GET", "/v2/m/manifests/(1)", lambda request, _: request.say(401, WWW_Authenticate=realm))
    checks.refuses("a token by http for https", 41, ["from https to http"], *pull, environment=trusting)
    server.on("POST", "/v2/m/blobs/uploads/", lambda request: request.say(202, Location=f"http://{server.host}/upload"))
    server.on("HEAD", "/v2/m/(manifests|blobs)/.+", lambda request, _: request.say(404))
    push = ["push", layout.path, layout.digest, f"oci://{server.host}/m:1", "--encrypted"]
    checks.refuses("an upload by http for https", 41, ["another server"], *push, environment=trusting)
    checks("nothing was asked by http", not plain.seen, plain.seen)
    checks.refuses("http with another machine", 41, ["not encrypted"], "mlflow", "http://registry.example/", "m", "s", layout.digest, "1")
    server.close()
    plain.close()


def authority(folder):
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, 0), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "authority.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path


def moved(checks, folder, layout):
    """The tag names another manifest on every request: what is pulled is one of them, whole."""
    other = Layout(folder / "other", [500], seed=11)
    with lying(layout) as server:
        asked = []

        def turning(request, _):
            asked.append(request.path)
            chosen = (layout, other)[(len(asked) - 1) % 2]
            request.say(200, chosen.blob(chosen.digest), Content_Type=MANIFEST, Docker_Content_Digest=chosen.digest)

        server.on("GET", "/v2/m/manifests/(1)", turning)
        said = checks.succeeds("a tag that moves", "pull", f"oci://{server.host}/m:1", folder / "moved")
        checks("is asked once", len(asked) == 1 and json.loads(said or "{}").get("manifest") == layout.digest, asked)
        checks("and pulled whole", blobs(folder / "moved").items() <= blobs(layout.path).items())


def names(checks, folder, layout):
    """A server that is not this machine by its address sends us to it by number and by a name of /etc/hosts."""
    address, name = own_address(), own_name()
    if not address or not name:
        print("skip  names of this machine: it has no address or no name to try")
        return
    server = Server(host=address)
    target = f"oci://{address}:{server.port}/m:1"
    for host, words in [("127.0.0.1", ["this machine is refused"]), (name, ["the name leads to"]), ("169.254.1.1", ["link-local"])]:
        location = f"http://{host}:{server.port}/v2/m/manifests/1"
        server.on("GET", "/v2/m/manifests/(1)", lambda request, _: request.say(307, Location=location))
        checks.refuses(f"redirect from elsewhere to {host}", 41, words, "pull", target, folder / "names", "--plain-http")
    checks.refuses("plain http must be allowed", 41, ["https"], "pull", target, folder / "names", "--timeout", "2")
    server.close()


def own_address():
    """An address of this machine that is not 127.0.0.1; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def own_name():
    """A name other than localhost that leads to this machine."""
    for name in (socket.gethostname(), "ip6-loopback"):
        with contextlib.suppress(OSError):
            if socket.getaddrinfo(name, 80)[0][4][0] in ("127.0.0.1", "127.0.1.1", "::1"):
                return name
    return None


def repaired(checks, folder, layout):
    """A blob that was damaged in the layout is fetched again; a busy server is asked again."""
    with lying(layout) as server:
        target = folder / "repaired"
        checks.succeeds("a pull", "pull", f"oci://{server.host}/m:1", target)
        first = json.loads(layout.blob(layout.digest))["layers"][0]["digest"]
        (target / "blobs/sha256" / first[7:]).write_bytes(bytes(1000))
        checks.succeeds("a pull into a damaged layout", "pull", f"oci://{server.host}/m:1", target)
        checks("repairs it", blobs(target).items() <= blobs(layout.path).items())
        answers = [503, 429]
        honest = [function for method, pattern, function in server.routes if method == "GET" and "manifests" in pattern][0]

        def busy(request, reference):
            if answers:
                return request.say(answers.pop(), b"busy", Retry_After="1")
            honest(request, reference)

        server.on("GET", "/v2/m/manifests/(1)", busy)
        checks.succeeds("a busy server", "pull", f"oci://{server.host}/m:1", folder / "busy")
        checks("was asked again", not answers)
        server.on("GET", "/v2/m/manifests/(1)", lambda request, _: request.say(503, b"down"))
        checks.refuses("a server that stays busy", 41, ["status 503", "down"], "pull", f"oci://{server.host}/m:1", folder / "busy-2")
