"""moto's S3: push and pull, compare-and-set of tags, many writers, and what boto3 sees of it."""

import concurrent.futures
import json
import os
import sys
import urllib.request

import boto3
from transport_servers import Layout, blobs, free_port, server

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret", "AWS_REGION": "eu-central-1"}


def check(checks, folder):
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    with server(command, f"{endpoint}/moto-api/", folder, "moto"):
        client = boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id="testing", aws_secret_access_key="testing-secret", region_name="eu-central-1"
        )
        client.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": endpoint}
        copies(checks, folder, client, environment)
        writers(checks, folder, environment)
        lists(checks, folder, client, environment)
        signatures(checks, folder, endpoint, environment)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    checks.refuses("no keys", 2, ["AWS_ACCESS_KEY_ID"], "tags", "s3://models/team", environment=bare)


def copies(checks, folder, client, environment):
    layout = Layout(folder / "one", [70_000, 5, 3_000_000], signatures=2)
    store = "s3://models/team/prod"
    push = ["push", layout.path, layout.digest, store, "--tag", "1"]
    said = checks.succeeds("push", *push, "--referrer", layout.signatures[0], environment=environment)
    counted = json.loads(said or "{}")
    checks("progress ends at the total", counted.get("done") == counted.get("total") > 3_000_000, said)
    checks.succeeds("push again, another signature", *push, "--referrer", layout.signatures[1], environment=environment)
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="models")["Contents"]]
    wanted = [f"team/prod/blobs/sha256/{name}" for name in blobs(layout.path)] + ["team/prod/refs/1.json"]
    checks("blobs and a reference are there", sorted(keys) == sorted(wanted), sorted(keys))
    said = checks.succeeds("pull by tag", "pull", store, folder / "pulled", "--tag", "1", environment=environment)
    checks("equal bytes, signatures too", blobs(folder / "pulled") == blobs(layout.path))
    checks("both signatures are named", sorted(json.loads(said or "{}").get("referrers", [])) == sorted(layout.signatures), said)
    checks.succeeds("pull by digest", "pull", store, folder / "by-digest", "--digest", layout.digest, environment=environment)
    checks("equal bytes by digest", blobs(folder / "by-digest") == blobs(layout.path))
    other = Layout(folder / "two", [10], seed=1)
    move = ["push", other.path, other.digest, store, "--tag", "1"]
    checks.refuses("a tag stays", 30, [layout.digest], *move, environment=environment)
    checks.succeeds("unless it is moved", *move, "--move", environment=environment)
    checks.refuses("no such tag", 10, ["no tag"], "pull", store, folder / "none", "--tag", "none", environment=environment)
    checks.refuses("no such bucket", 10, [], "push", other.path, other.digest, "s3://nothing/x", environment=environment)

    first = json.loads(layout.blob(layout.digest))["layers"][0]["digest"]
    client.put_object(Bucket="models", Key=f"team/prod/blobs/sha256/{first[7:]}", Body=bytes(70_000))
    checks.refuses("a changed blob", 14, ["has digest"], "pull", store, folder / "bad", "--digest", layout.digest, environment=environment)
    client.put_object(Bucket="models", Key=f"team/prod/blobs/sha256/{first[7:]}", Body=bytes(70_001))
    checks.refuses("a longer blob", 14, ["more than 70000"], "pull", store, folder / "bad", "--digest", layout.digest, environment=environment)
    checks("nothing of them is kept", first[7:] not in blobs(folder / "bad"))
    checks.refuses("pushing over another size", 14, ["70001"], *push, "--move", environment=environment)
    client.put_object(Bucket="models", Key="team/prod/refs/bad.json", Body=b'{"schema":"maxai.ref/2"}')
    checks.refuses("a reference of another schema", 22, ["maxai.ref/2"], "pull", store, folder / "bad", "--tag", "bad", environment=environment)


def writers(checks, folder, environment):
    layout = Layout(folder / "writers", [100_000], seed=6, signatures=0)
    digests = [layout.sign(f"writer {index}") for index in range(6)]
    store = "s3://models/writers"

    def write(digest):
        return checks.run("push", layout.path, layout.digest, store, "--tag", "1", "--referrer", digest, environment=environment)

    with concurrent.futures.ThreadPoolExecutor(len(digests)) as pool:
        done = list(pool.map(write, digests))
    checks("six writers at once", all(each.returncode == 0 for each in done), [each.stderr for each in done])
    said = checks.succeeds("pull after them", "pull", store, folder / "written", "--tag", "1", environment=environment)
    checks("nothing is lost", sorted(json.loads(said or "{}").get("referrers", [])) == sorted(digests), said)


def lists(checks, folder, client, environment):
    layout = Layout(folder / "lists", [10], seed=7)
    checks.succeeds("the first tag", "push", layout.path, layout.digest, "s3://models/lists", "--tag", "first", environment=environment)
    reference = client.get_object(Bucket="models", Key="lists/refs/first.json")["Body"].read()
    names = ["first"] + [f"v{number}" for number in range(1200)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: client.put_object(Bucket="models", Key=f"lists/refs/{name}.json", Body=reference), names[1:]))
    client.put_object(Bucket="models", Key="lists/refs/\x1b[31m&.json", Body=b"{}")
    listed = checks.succeeds("tags on several pages", "tags", "s3://models/lists", environment=environment).split()
    checks("every tag is listed, and nothing else", sorted(listed) == sorted(names), len(listed))
    checks("tags of nothing", checks.succeeds("an empty store", "tags", "s3://models/empty", environment=environment) == "")


def signatures(checks, folder, endpoint, environment):
    """From here on the store holds every request against the key of a user that it knows."""
    users = boto3.client(
        "iam", endpoint_url=endpoint, aws_access_key_id="testing", aws_secret_access_key="testing-secret", region_name="eu-central-1"
    )
    users.create_user(UserName="maxai")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    users.put_user_policy(UserName="maxai", PolicyName="all", PolicyDocument=json.dumps(allowed))
    key = users.create_access_key(UserName="maxai")["AccessKey"]
    from_now_on = {"data": b"0", "method": "POST", "headers": {"Content-Type": "text/plain"}}
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset-auth", **from_now_on)).close()
    layout = Layout(folder / "signed", [1000, 70_000], seed=8)
    known = {**environment, "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    push = ["push", layout.path, layout.digest, "s3://models/signed", "--tag", "1", "--referrer", layout.signatures[0]]
    checks.succeeds("a known key may push", *push, environment=known)
    checks.succeeds("and pull", "pull", "s3://models/signed", folder / "signed-pulled", "--tag", "1", environment=known)
    checks("equal bytes", blobs(folder / "signed-pulled") == blobs(layout.path))
    checks("and list", checks.succeeds("tags", "tags", "s3://models/signed", environment=known).split() == ["1"])
    wrong = {**known, "AWS_SECRET_ACCESS_KEY": "wrong-secret"}
    done = checks.refuses("a wrong secret", 41, ["status 403", "SignatureDoesNotMatch"], "tags", "s3://models/signed", environment=wrong)
    checks("is not shown", "wrong-secret" not in done.stderr)
    checks.refuses("an unknown key", 41, ["status 403"], "tags", "s3://models/signed", environment=environment)
