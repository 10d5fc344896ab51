import MaxFormats
import MaxIR
import MaxRuntime

extension ModelDiff {
    private static func title(_ info: ModelInfo) -> String { "\(info.name)@\(info.version)" }

    private static func said(_ value: Double) -> String { Int64(exactly: value).map { "\($0)" } ?? "\(value)" }

    /// A line per change, control characters made visible; ends with a line's end.
    public var text: String {
        var out = "\(Self.title(from)) -> \(Self.title(to))\(isEmpty ? ": no difference" : "")\n"
        for part in parts where !part.changes.isEmpty {
            out += "\(part.name)\n"
            for change in part.changes {
                let mark =
                    switch change.kind {
                    case .added: "+"
                    case .removed: "-"
                    case .changed: "~"
                    }
                let values = [change.before, change.after].compactMap { $0?.printable }.joined(separator: " -> ")
                let measures = change.measures.map { "\($0.name) \(Self.said($0.value))" }.joined(separator: ", ")
                out += "  \(mark) \(change.subject.printable): \(values)\(measures.isEmpty ? "" : " (\(measures))")\n"
            }
        }
        return out
    }

    public var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            for (name, info) in [("from", from), ("to", to)] {
                json.member(
                    name,
                    object: { json in
                        json.member("name", info.name.string)
                        json.member("version", info.version.string)
                        json.member("digest", "sha256:\(info.digest)")
                    })
            }
            json.member("equal", isEmpty)
            json.member(
                "parts",
                object: { json in
                    for part in parts { json.member(part.name, array: { json in for change in part.changes { write(change, &json) } }) }
                })
        }
        return json.bytes
    }

    private func write(_ change: Change, _ json: inout JSONWriter) {
        json.object { json in
            json.member("kind", change.kind.rawValue)
            json.member("subject", change.subject)
            if let before = change.before { json.member("before", before) }
            if let after = change.after { json.member("after", after) }
            guard !change.measures.isEmpty else { return }
            json.member(
                "measures",
                object: { json in
                    for measure in change.measures {
                        if let whole = Int64(exactly: measure.value) {
                            json.member(measure.name, whole)
                        } else {
                            json.member(measure.name, measure.value)
                        }
                    }
                })
        }
    }

    /// A section of a page: a table per part that differs. Nothing of a name is markup.
    public var html: String {
        var out = "<section class=\"model-diff\"><h2>\(Self.title(from).markup) → \(Self.title(to).markup)</h2>"
        if isEmpty { out += "<p>No difference.</p>" }
        for part in parts where !part.changes.isEmpty {
            out += "<h3>\(part.name)</h3><table><tr><th>what</th><th>before</th><th>after</th><th>how much</th></tr>"
            for change in part.changes {
                let measures = change.measures.map { "\($0.name) \(Self.said($0.value))" }.joined(separator: ", ")
                let cells = [change.subject, change.before ?? "", change.after ?? "", measures]
                out += "<tr class=\"\(change.kind.rawValue)\">\(cells.map { "<td>\($0.markup)</td>" }.joined())</tr>"
            }
            out += "</table>"
        }
        return out + "</section>"
    }
}
