import MaxFormats
import MaxIR

extension RegistryPages {
    /// A model: its versions, and what its aliases stood for through time.
    func page(of model: String) throws(MaxError) -> String {
        var page = HTMLPage()
        page.begin(title: model)
        page.raw(Self.style)
        page.raw("<nav>")
        page.link("../index.html", registry.origin.string)
        page.raw("</nav>\n")
        page.element("h1", model)
        try aliases(of: model, from: "", into: &page)
        page.element("h2", "Versions")
        page.raw(
            "<div class=\"wide\"><table><thead><tr><th>Version</th><th>Pushed</th><th>By</th><th>Manifest</th><th></th></tr></thead><tbody>\n"
        )
        for version in try registry.versions(of: model).reversed() {
            page.raw("<tr><td>")
            page.link("\(version.record.name).html", version.record.name)
            page.raw("</td>")
            page.element("td", version.record.time.text)
            page.element("td", trust.name(of: version.record.actor))
            page.raw("<td><code>")
            page.escaped(version.record.manifest?.name ?? "")
            page.raw("</code></td><td>")
            if isRevoked(version.record.manifest) { page.raw("<b class=\"bad\">revoked</b>") }
            page.raw("</td></tr>\n")
        }
        page.raw("</tbody></table></div>\n")
        page.element("h2", "What aliases stood for")
        try timelines(of: model, into: &page)
        page.element("h2", "Promotions, the newest first")
        for alias in try registry.aliases(of: model) + refusedOnly(model) {
            for digest in try registry.verdicts(of: alias, model: model).reversed() { try verdict(digest, into: &page) }
        }
        page.end()
        return page.text
    }

    /// Aliases to which nothing was ever promoted.
    private func refusedOnly(_ model: String) throws(MaxError) -> [String] {
        let standing = try registry.aliases(of: model)
        return try registry.folder.names("\(Registry.references)/models/\(model)/refused").filter { !standing.contains($0) }
    }

    /// Bars from pointer to pointer on one scale of time.
    private func timelines(of model: String, into page: inout HTMLPage) throws(MaxError) {
        var rows: [(alias: String, pointers: [(time: Timestamp, version: String)])] = []
        for alias in try registry.aliases(of: model) {
            var pointers: [(Timestamp, String)] = []
            for pointer in try registry.pointers(of: alias, model: model) {
                let version = try pointer.record.manifest.map { digest throws(MaxError) in
                    try registry.resolve(ModelReference(model: model, target: .manifest(digest))).version
                }
                pointers.append((pointer.record.time, version ?? "?"))
            }
            rows.append((alias, pointers))
        }
        guard let first = rows.compactMap(\.pointers.first?.time).min() else { return page.element("p", "No alias yet.") }
        let span = Double(max(time.seconds - first.seconds, 1))
        let (left, width, height) = (90.0, 640.0, 26.0)
        page.number("<svg viewBox=\"0 0 760 \(Int(height) * rows.count + 24)\" role=\"img\" aria-label=\"aliases through time\">\n")
        for (row, line) in rows.enumerated() {
            let y = Double(row) * height
            page.number("<text class=\"label end\" x=\"\(left - 8)\" y=\"\(y + 17)\">")
            page.escaped(line.alias)
            page.raw("</text>\n")
            for (index, pointer) in line.pointers.enumerated() {
                let start = left + width * Double(pointer.time.seconds - first.seconds) / span
                let end =
                    index + 1 < line.pointers.count
                    ? left + width * Double(line.pointers[index + 1].time.seconds - first.seconds) / span : left + width
                page.number(
                    "<g><rect class=\"bar s\(index % 4)\" x=\"\(Self.short(start))\" y=\"\(y + 4)\" width=\"\(Self.short(max(end - start - 1, 1)))\" height=\"\(height - 8)\"><title>"
                )
                page.escaped("\(pointer.version) since \(pointer.time.text)")
                page.raw("</title></rect>")
                if end - start > 30 {
                    page.number("<text class=\"label\" x=\"\(Self.short(start + 5))\" y=\"\(y + 17)\">")
                    page.escaped(String(pointer.version.prefix(Int((end - start) / 8))))
                    page.raw("</text>")
                }
                page.raw("</g>\n")
            }
        }
        let bottom = Double(rows.count) * height + 14
        page.number("<text class=\"tick\" x=\"\(left)\" y=\"\(bottom)\">\(first.text)</text>")
        page.number("<text class=\"tick end\" x=\"\(left + width)\" y=\"\(bottom)\">\(time.text)</text></svg>\n")
    }

    private static func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    /// A verdict with its gates, folded; open when it refused.
    func verdict(_ digest: BlobDigest, into page: inout HTMLPage) throws(MaxError) {
        let replay = try registry.replay(digest)
        let verdict = replay.stored
        page.raw(verdict.passed ? "<details><summary>" : "<details open><summary>")
        page.raw(verdict.passed ? "<b class=\"good\">" : "<b class=\"bad\">")
        page.escaped(verdict.passed ? "passed" : "refused")
        page.raw("</b> ")
        page.escaped(
            "\(verdict.time.text): \(verdict.kind == .rollback ? "rollback" : "promotion") of \(verdict.candidate.version) to \(verdict.alias) by \(trust.name(of: replay.signer))"
        )
        page.raw("</summary>\n")
        page.table(["Gate", "", "Why"], verdict.gates.map { [$0.id, $0.state.rawValue, $0.message] })
        page.raw("<p class=\"note\">")
        page.escaped(
            "Verdict \(digest.name), policy \(verdict.policy.name), \(verdict.candidate.statements.count) statements of evidence. Judged again from what is stored: "
        )
        page.raw(replay.isEqual ? "<b class=\"good\">the same</b>" : "<b class=\"bad\">OTHERWISE</b>")
        page.raw("</p></details>\n")
    }
}
