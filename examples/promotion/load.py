"""Asks a server for predictions until it is told to stop, and counts what came back: status, and which version answered.

    load.py HOST:PORT MODEL STOP_FILE
"""

import collections
import http.client
import json
import pathlib
import sys
import threading
import time

host, model, stop = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
body = json.dumps({"inputs": [{"name": name, "shape": [1], "datatype": "FP64", "data": [0.5]} for name in "abcd"]})
counts = collections.Counter()
lock = threading.Lock()


def ask():
    connection = http.client.HTTPConnection(host, timeout=10)
    mine = collections.Counter()
    while not stop.exists():
        try:
            connection.request("POST", f"/v2/models/{model}/infer", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            version = json.loads(text).get("model_version", "") if answer.status == 200 else ""
            mine[f"{answer.status} {version}".strip()] += 1
        except (OSError, http.client.HTTPException) as error:
            mine[type(error).__name__] += 1
            connection.close()
            time.sleep(0.01)
    with lock:
        counts.update(mine)


threads = [threading.Thread(target=ask) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(counts))
