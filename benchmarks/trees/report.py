"""The figures as Markdown tables and as drawings."""

import importlib.metadata
import math
import os
import pathlib
import platform

BATCHES = ("1", "16", "256", "4096", "100000")
VERSIONS = ("xgboost-cpu", "lightgbm", "catboost", "scikit-learn", "onnxruntime", "openvino", "scikit-learn-intelex", "treelite", "tl2cgen", "lleaves", "ydf")
OURS, OTHERS = "#d9480f", "#868e96"


def figure(entry, threads, batch, key="ns_per_row"):
    found = entry.get(f"threads_{threads}", {}).get("batches", {})
    value = found.get(batch, found.get(int(batch)))
    return value[key] if value else None


def text(value, digits=3):
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"


def best(peers, threads, batch):
    """The fastest peer and its figure, or None."""
    others = [(figure(e, threads, batch), p) for p, e in peers.items() if p != "maxai" and figure(e, threads, batch) is not None]
    return min(others, default=None)


def is_python(entry):
    return bool(entry.get("threads_1", {}).get("python"))


def label(peer, entry):
    return peer + ("*" if is_python(entry) else "")


def machine():
    name = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    family = "AVX-512 with VBMI" if "avx512vbmi" in flags else "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    return f"{name}, {family}, {len(os.sched_getaffinity(0))} shared cores; Python {platform.python_version()}; {versions}"


def described(model):
    return ", ".join(f"{value} {key}" if isinstance(value, int) and key != "depth" else f"{key} {value}" if key == "depth" else f"{value}"
                     if key == "library" else f"{key} {value}" for key, value in model.items())


def summary(results):
    """A line per model: ours, and how many times as long the best peer takes."""
    lines = ["| model | one row, µs: p50, p99 | best peer / ours | 4096 rows, ns per row and tree | best peer / ours | 100,000 rows | best peer / ours | "
             "two threads beside one | load to first answer, ms | answers |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, result in results.items():
        peers, trees = result["peers"], result["model"]["trees"]
        if "maxai" not in peers:
            continue
        ours, cells = peers["maxai"], []
        for batch in ("1", "4096", "100000"):
            mine, other = figure(ours, 1, batch), best(peers, 1, batch)
            if batch == "1":
                cells.append(", ".join(text(figure(ours, 1, "1", key) / 1000) for key in ("p50_ns", "p99_ns")))
            else:
                cells.append(text(mine / trees))
            cells.append(f"{text(other[0] / mine)} ({label(other[1], peers[other[1]])})" if other else "")
        one, two = (figure(ours, threads, "100000") for threads in (1, 2))
        cells += [text(one / two) if one and two else "", text(ours["threads_1"]["first_ms"])]
        source = [(p, e["agreement"]) for p, e in peers.items() if p != "maxai" and e["agreement"].get("source")]
        cells.append(", ".join(f"{p}: {a['equal']} of {a['of']} equal" + ("" if a["equal"] == a["of"] else f", largest difference {a['largest']:.1g}") for p, a in source))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def markdown(results):
    lines = []
    for name, result in results.items():
        trees, peers = result["model"]["trees"], result["peers"]
        lines += [f"### {name}: {described(result['model'])}", "",
                  "| peer | threads | one row, µs: p50, p99 | 16 | 256 | 4096 | 100k | load, ms | to first answer | file, KB | peak, MB | equal answers |",
                  "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
        for peer, entry in peers.items():
            same = entry["agreement"]
            for threads in (1, 2):
                run = entry.get(f"threads_{threads}")
                if not run:
                    continue
                one = [figure(entry, threads, "1", key) for key in ("p50_ns", "p99_ns")]
                cells = [text(f / trees) if (f := figure(entry, threads, b)) is not None else "" for b in BATCHES[1:]]
                lines.append(
                    f"| {label(peer, entry)} | {threads} | {', '.join(text(o / 1000) for o in one if o is not None)} | "
                    + " | ".join(cells) + f" | {text(run['load_ms'])} | {text(run['first_ms'])} | {entry['bytes'] / 1024:.0f} | "
                    f"{run['peak_kb'] / 1024:.0f} | "
                    + (f"{same['equal']} of {same['of']}" + ("" if same["equal"] == same["of"] else f", largest difference {same['largest']:.1g}")
                       if same.get("compared") and peer != "maxai" else "") + " |")
        lines.append("")
        if "maxai" in peers:
            for threads in (1, 2):
                parts = []
                for batch in BATCHES:
                    other, mine = best(peers, threads, batch), figure(peers["maxai"], threads, batch)
                    if other and mine:
                        parts.append(f"{batch}: {text(other[0] / mine)} ({label(other[1], peers[other[1]])})")
                lines.append(f"- best peer / ours, {threads} thread{'s' if threads > 1 else ''}: {', '.join(parts)}")
        for peer, entry in peers.items():
            if overhead := entry.get("threads_1", {}).get("overhead_ns"):
                lines.append(f"- {peer}: a call of an empty model through Python is {overhead / 1000:.1f} µs")
        for peer, why in result["skipped"].items():
            lines.append(f"- {peer}: {why}")
        lines.append("")
    return "\n".join(lines)


def svg(results, batch, scale_by_trees, title):
    """Bars, one thread, on a logarithmic scale."""
    bars = []
    for name, result in results.items():
        by = result["model"]["trees"] if scale_by_trees else 1000
        found = [(figure(entry, 1, batch) / by, label(peer, entry)) for peer, entry in result["peers"].items() if figure(entry, 1, batch)]
        bars += [(name, peer, value) for value, peer in sorted(found)]
    if not bars:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'
    low = min(b[2] for b in bars) / 2
    scale = 460 / math.log(max(b[2] for b in bars) * 1.1 / low)
    rows, y, last = [], 40, None
    for name, peer, value in bars:
        if name != last:
            y += 12
            rows.append(f'<text x="10" y="{y + 12}" font-weight="bold">{name}</text>')
            last = name
        length = scale * math.log(value / low)
        rows.append(f'<text x="230" y="{y + 12}" text-anchor="end">{peer}</text><rect x="240" y="{y + 2}" width="{length:.1f}" height="12" '
                    f'fill="{OURS if peer == "maxai" else OTHERS}"/><text x="{245 + length:.1f}" y="{y + 12}">{text(value)}</text>')
        y += 18
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{y + 20}" font-family="sans-serif" font-size="12">'
            f'<rect width="100%" height="100%" fill="white"/><text x="10" y="24" font-size="15">{title}</text>{"".join(rows)}</svg>\n')


def drawings(results):
    return {
        "trees-batch.svg": svg(results, "4096", True, "ns per row and tree, one thread, batches of 4096 rows (logarithmic; * through Python)"),
        "trees-row.svg": svg(results, "1", False, "µs for one row, one thread (logarithmic; * through Python)"),
    }


def write(results, docs, command):
    """The page of all tables, the summary between two comments of the page on performance, and the drawings."""
    docs = pathlib.Path(docs)
    images = docs / "images"
    images.mkdir(exist_ok=True)
    for name, drawing in drawings(results).items():
        (images / name).write_text(drawing)
    note = (f"`{command}`: {machine()}. Every peer in turn on the same 100,000 rows, one process a measurement, medians of rounds. From C where the "
            "peer has a C interface; `*`: through Python, its cheapest call.")
    (docs / "tree-benchmarks.md").write_text(
        f"# Trees beside the peers\n\n{note}\n\nns per row and tree but for one row. \"Equal answers\": those of 4,096 rows that are ours in every bit of float32. "
        "What a peer could not do is below its table.\n\n" + markdown(results).rstrip() + "\n")
    page = docs / "performance.md"
    begin, end = "<!-- trees: begin -->\n", "<!-- trees: end -->"
    head, rest = page.read_text().split(begin)
    page.write_text(head + begin + f"{note}\n\n{summary(results)}\n" + end + rest.split(end)[1])
