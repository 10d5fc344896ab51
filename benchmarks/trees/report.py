"""The figures as a Markdown table and as a drawing."""

BATCHES = ("1", "16", "256", "4096", "100000")


def figure(entry, threads, batch, key="ns_per_row"):
    found = entry.get(f"threads_{threads}", {}).get("batches", {})
    value = found.get(batch, found.get(int(batch)))
    return value[key] if value else None


def text(value, digits=3):
    return "" if value is None else f"{value:.{digits}g}" if abs(value) < 1000 else f"{value:.0f}"


def best(peers, threads, batch):
    others = [(figure(e, threads, batch), p) for p, e in peers.items() if p != "maxai" and figure(e, threads, batch) is not None]
    return min(others, default=None)


def markdown(results):
    lines = []
    for name, result in results.items():
        trees, peers = result["model"]["trees"], result["peers"]
        lines += [f"### {name}: {', '.join(f'{k} {v}' for k, v in result['model'].items())}", "",
                  "ns per row and tree; one row: µs of a call. `*`: timed through Python.", "",
                  "| peer | threads | one row p50, p99 µs | 16 | 256 | 4096 | 100k | load ms | to first answer | file KB | peak MB | equal bits |",
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
                    f"| {peer}{'*' if run.get('python') else ''} | {threads} | {', '.join(text(o / 1000) for o in one if o is not None)} | "
                    + " | ".join(cells) + f" | {text(run['load_ms'])} | {text(run['first_ms'])} | {entry['bytes'] / 1024:.0f} | "
                    f"{run['peak_kb'] / 1024:.0f} | "
                    + (f"{same['equal']} of {same['of']}, largest {same['largest']:.1g}" if same.get("compared") else "") + " |")
        if "maxai" in peers:
            lines += ["", "times faster than the best peer:"]
            for threads in (1, 2):
                parts = []
                for batch in BATCHES:
                    other, mine = best(peers, threads, batch), figure(peers["maxai"], threads, batch)
                    if other and mine:
                        parts.append(f"{batch}: {other[0] / mine:.2f}× ({other[1]})")
                lines.append(f"- {threads} thread{'s' if threads > 1 else ''}: {', '.join(parts)}")
            one, two = (figure(peers["maxai"], t, "100000") for t in (1, 2))
            if one and two:
                lines.append(f"- two threads beside one, 100k rows: {one / two:.2f}×")
        for peer, entry in peers.items():
            if overhead := entry.get("threads_1", {}).get("overhead_ns"):
                lines.append(f"- {peer}: a call of an empty model through Python is {overhead / 1000:.1f} µs")
        for peer, why in result["skipped"].items():
            lines.append(f"- {peer}: {why}")
        lines.append("")
    return "\n".join(lines)


def svg(results):
    """Bars, one thread, 4096 rows: ns per row and tree, on a logarithmic scale."""
    import math

    bars = [(name, peer, figure(entry, 1, "4096") / result["model"]["trees"]) for name, result in results.items()
            for peer, entry in result["peers"].items() if figure(entry, 1, "4096")]
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
        colour = "#d9480f" if peer == "maxai" else "#868e96"
        rows.append(f'<text x="230" y="{y + 12}" text-anchor="end">{peer}</text><rect x="240" y="{y + 2}" width="{length:.1f}" height="12" '
                    f'fill="{colour}"/><text x="{245 + length:.1f}" y="{y + 12}">{text(value)}</text>')
        y += 18
    title = "ns per row and tree, one thread, batches of 4096 rows (logarithmic)"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{y + 20}" font-family="sans-serif" font-size="12">'
            f'<rect width="100%" height="100%" fill="white"/><text x="10" y="24" font-size="15">{title}</text>{"".join(rows)}</svg>\n')
