import MaxFormats
import MaxIR
import MaxRuntime

/// One page about a bundle that needs nothing else to be read: no script, no font, no picture from elsewhere.
struct ModelCard {
    let bundle: Bundle
    let graph: Graph
    let model: Model

    private static let shownGoldenRows = 8
    private static let shownValues = 12

    init(_ bundle: Bundle) throws(MaxError) {
        self.bundle = bundle
        graph = try bundle.graph()
        model = try Model(graph: graph, info: bundle.info)
    }

    func html() throws(MaxError) -> String {
        var out = HTML()
        out.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        out.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        out.element("title", "\(bundle.info.name)@\(bundle.info.version)")
        out.raw(numbers: "\n<style>\(Self.style)</style>\n</head>\n<body>\n<main>\n")
        try identity(&out)
        columns(&out)
        drawing(&out)
        try golden(&out)
        sizes(&out)
        out.raw("</main>\n</body>\n</html>\n")
        return out.text
    }

    private func identity(_ out: inout HTML) throws(MaxError) {
        out.element("h1", "\(bundle.info.name) \(bundle.info.version)")
        let isSigned = try bundle.section(.signatures) != nil
        var rows = [
            ["Digest", "sha256:\(bundle.info.digest)"], ["Source", bundle.info.source.string], ["Made by", bundle.producer.string],
            ["Signatures", isSigned ? "embedded; maxai-registry verify says whose" : "none embedded"],
            ["Runs on", model.plan.summary],
        ]
        if let provenance = try Provenance(bundle) {
            rows.append(["Rewrites", provenance.rewrites.isEmpty ? "none" : provenance.rewrites.joined(separator: ", ")])
            if !provenance.dropped.isEmpty { rows.append(["Columns dropped", provenance.dropped.joined(separator: ", ")]) }
            if let proved = provenance.provedRows {
                rows.append(["Proof", "source graph and rewritten graph give equal bits on \(proved) adversarial rows"])
            }
        }
        out.table(["What", "Value"], rows)
    }

    private func columns(_ out: inout HTML) {
        out.element("h2", "Columns in")
        out.table(
            ["Name", "Type", "When missing"],
            model.schema.columns.map { [$0.name.string, $0.element.rawValue, $0.missing.phrase] })
        out.element("h2", "Columns out")
        out.table(
            ["Name", "Type", "Values per row", "Labels"],
            model.schema.outputs.map {
                [$0.name.string, $0.element.rawValue, "\($0.width)", $0.labels.map(\.string).joined(separator: ", ")]
            })
    }

    private func drawing(_ out: inout HTML) {
        out.element("h2", "Graph")
        if let svg = GraphDrawing.svg(of: graph) {
            out.element("p", "Columns on the left, outputs on the right. Point at a box to see what it stands for.")
            out.raw("<div class=\"wide\">")
            out.raw(numbers: svg)
            out.raw("</div>\n")
        } else {
            out.element(
                "p",
                "More than \(GraphDrawing.maximumBoxes) parts: too many to be looked at. maxai-inspect --graph prints all \(graph.nodes.count) nodes."
            )
        }
    }

    private func golden(_ out: inout HTML) throws(MaxError) {
        guard let golden = try bundle.golden(for: graph), let rows = golden.inputs.first?.shape.first, rows > 0 else { return }
        out.element("h2", "Golden rows")
        out.element("p", "\(rows) rows and what the model must give for them, bit for bit, wherever it is loaded. The first of them:")
        let tensors =
            zip(model.schema.inputs.map(\.name), golden.inputs).map { ($0, $1) }
            + zip(model.schema.outputs.map(\.name), golden.outputs).map { ($0, $1) }
        out.table(
            ["Name"] + (0..<min(rows, Self.shownGoldenRows)).map { "row \($0)" },
            tensors.map { name, tensor in
                let width = tensor.count / rows
                return [name.string]
                    + (0..<min(rows, Self.shownGoldenRows)).map { row in
                        let shown = (0..<min(width, Self.shownValues)).map {
                            String(tensor.describe(row * width + $0).prefix { $0 != "(" })
                        }
                        return shown.joined(separator: " ") + (width > Self.shownValues ? " …" : "")
                    }
            })
    }

    private func sizes(_ out: inout HTML) {
        out.element("h2", "Sections")
        let largest = bundle.records.map(\.storedBytes).max() ?? 1
        out.raw("<table><thead><tr><th>Section</th><th>Bytes</th><th>Unpacked</th><th></th></tr></thead><tbody>\n")
        for record in bundle.records {
            out.raw("<tr>")
            out.element("td", record.name)
            out.element("td", "\(record.storedBytes)")
            out.element("td", "\(record.rawBytes)")
            let width = max(1, Int(200 * Double(record.storedBytes) / Double(max(largest, 1))))
            out.raw(
                numbers:
                    "<td><svg width=\"200\" height=\"12\"><rect class=\"bar\" width=\"\(width)\" height=\"12\" rx=\"2\"/></svg></td></tr>\n"
            )
        }
        out.raw("</tbody></table>\n")
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c2024;--soft:#60646c;--line:#d9d9e0;--page:#fff;--node:#eef3fb;--column:#e9f6ec;--result:#fdf1e3;
        --accent:#3a6fd8}
        @media(prefers-color-scheme:dark){:root{--ink:#edeef0;
        --soft:#b0b4ba;--line:#3a3d42;--page:#18191b;--node:#1d2a41;--column:#17301f;--result:#3a2a14;--accent:#7aa2f7}}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        main{max-width:72rem;margin:0 auto;padding:2rem 1rem}
        h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}
        .wide{overflow-x:auto}table{border-collapse:collapse}
        th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
        th{color:var(--soft);font-weight:600}td{font-variant-numeric:tabular-nums}
        svg path{fill:none;stroke:var(--soft);stroke-opacity:.55}
        svg rect{stroke:var(--line);fill:var(--node)}g.column rect{fill:var(--column)}g.result rect{fill:var(--result)}
        svg text{fill:var(--ink);font-size:12px;text-anchor:middle}svg text.detail{fill:var(--soft);font-size:10px}
        rect.bar{fill:var(--accent);stroke:none}
        """
}
