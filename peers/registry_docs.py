#!/usr/bin/env python3
"""Runs what docs/registry.md and docs/ci.md say, as it stands there, and reads the reports as their systems would.

    .peers/bin/python peers/registry_docs.py
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("MAXAI_BIN", ROOT / ".build/release"))

PREPARE = """
maxai-train build/shop.csv --target bought --quiet -o build/fraud.maxir
maxai-compile build/fraud.maxir --name fraud --model-version 1.0 --quiet -o build/fraud.maxb
maxai-registry sign build/fraud.maxb --key build/ann.pem -q
maxai-registry push build/fraud.maxb --key build/ann.pem -q
echo '{"schema":"maxai.policy/1","require":{"signatures":[{"role":"builder","threshold":1}]}}' > prod.json
maxai-registry promote fraud@1.0 --to staging --policy prod.json --key build/ann.pem -q
export MAXAI_KEY="$(cat build/ann.pem)"
"""


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S)


def commands(document):
    """The maxai-registry commands of every block, in whatever language it is."""
    found = []
    for block in blocks(document, r"\w+"):
        for line in block.splitlines():
            at = re.match(r"^\s*(?:- run: |- |sh ')?(maxai-registry .*?)'?$", line)
            if at:
                found.append(at.group(1))
    return found


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "build").mkdir()
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "XDG_STATE_HOME": str(folder / "state")}
    lines = commands("docs/ci.md")
    assert len(lines) >= 9, lines
    script = "\n".join([*blocks("docs/registry.md", "sh"), PREPARE, *lines])
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"exit status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    sarif = json.loads((folder / "report.sarif").read_text())
    driver = sarif["runs"][0]["tool"]["driver"]
    assert sarif["version"] == "2.1.0" and driver["name"] == "maxai-registry" and len(driver["rules"]) >= 6, sarif
    suites = xml.etree.ElementTree.parse(folder / "report.xml").getroot()
    assert suites.tag == "testsuites" and int(suites.get("tests")) == len(suites.findall(".//testcase")) > 1
    assert json.loads((folder / "quality.json").read_text()) == []
    # A refusal, in every form.
    refuse = """
    export MAXAI_REGISTRY=$PWD/build/registry MAXAI_TRUST=$PWD/build/root.json
    echo '{"schema":"maxai.policy/1","require":{"signatures":[{"role":"approver","threshold":1}]}}' > strict.json
    for format in text json sarif junit github gitlab; do
      status=0
      maxai-registry promote fraud@1.0 --to gate --policy strict.json --key build/ann.pem --format $format -o refused.$format > /dev/null 2>&1 || status=$?
      [ $status = 17 ]
    done
    """
    subprocess.run(["bash", "-euo", "pipefail", "-c", refuse], cwd=folder, env=environment, check=True)
    results = json.loads((folder / "refused.sarif").read_text())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["signatures/approver"] and results[0]["partialFingerprints"], results
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], results
    assert xml.etree.ElementTree.parse(folder / "refused.junit").getroot().get("failures") == "1"
    finding = json.loads((folder / "refused.gitlab").read_text())[0]
    assert finding["check_name"] == "signatures/approver" and finding["fingerprint"] and finding["location"]["lines"]["begin"] == 1, finding
    assert (folder / "refused.github").read_text().startswith("::error title=promote fraud@1.0 to gate%3A signatures/approver::")
    assert json.loads((folder / "refused.json").read_text())["passed"] is False
print("docs/registry.md and docs/ci.md do what they say; a refusal is read in every form")
