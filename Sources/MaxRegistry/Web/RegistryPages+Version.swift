import MaxFormats
import MaxIR
import MaxRuntime

extension RegistryPages {
    /// A version: its card, who signed it, what is known of it, and what changed since the version before.
    func page(of version: Registry.Reference, model: String, after previous: Registry.Reference?) throws(MaxError) -> String {
        var page = HTMLPage()
        let name = version.record.name
        page.begin(title: "\(model)@\(name)")
        page.raw(Self.style)
        page.raw("<nav>")
        page.link("../index.html", registry.origin.string)
        page.raw(" / ")
        page.link("index.html", model)
        page.raw("</nav>\n")
        page.element("h1", "\(model) \(name)")
        guard let digest = version.record.manifest else { throw MaxError(.malformed, "\(model)@\(name): an entry without manifest") }
        if let entry = trust.revocations.entry(artifact: digest) {
            page.raw("<p class=\"lead\"><b class=\"bad\">Revoked</b> ")
            page.escaped("at \(entry.time.text): \(entry.reason.string)")
            page.raw("</p>\n")
        }
        let manifest = try registry.manifest(digest)
        let found = try registry.evidence(model: model, version: name, manifest: digest, trust: trust)
        let bundle = try registry.bundle(of: manifest)
        page.table(
            ["", ""],
            [
                ["Manifest", digest.name], ["Bundle", "\(manifest.bundle.digest.name), \(manifest.bundle.size) bytes"],
                ["Source", bundle.info.source.string], ["Made by", bundle.producer.string],
                ["Pushed", "\(version.record.time.text) by \(trust.name(of: version.record.actor)), log entry \(version.index)"],
                ["Model signed by", found.modelSigners.map { trust.name(of: $0) }.joined(separator: ", ")],
            ])
        try columns(bundle, into: &page)
        try evaluation(found, into: &page)
        page.element("h2", "Evidence")
        page.table(
            ["What", "By", "Statement"],
            found.statements.map { statement in
                [
                    PredicateType.shortName(statement.predicateType),
                    statement.signers.map { trust.name(of: $0.fingerprint) }.joined(separator: ", "), statement.digest.name,
                ]
            })
        if let previous, let before = previous.record.manifest {
            page.element("h2", "Since \(previous.record.name)")
            let old = try registry.bundle(of: try registry.manifest(before))
            page.number(try ModelDiff(from: old, to: bundle).html)
        }
        page.element("h2", "Where it has been")
        let resolved = try registry.resolve(ModelReference(model: model, target: .manifest(digest)))
        page.table(
            ["Alias", "", "When", "By"],
            try registry.history(of: resolved).map { record in
                [
                    record.name, record.action == .point ? "pointer \(record.sequence ?? 0)" : "refused", record.time.text,
                    trust.name(of: record.actor),
                ]
            })
        page.end()
        return page.text
    }

    private func columns(_ bundle: Bundle, into page: inout HTMLPage) throws(MaxError) {
        let schema = try Schema(of: try bundle.graph())
        page.element("h2", "Columns")
        page.table(
            ["Name", "Type", ""],
            schema.columns.map { [$0.name.string, $0.element.rawValue, "in"] }
                + schema.outputs.map { [$0.name.string, $0.element.rawValue, "out"] })
    }

    /// The metrics that an evaluator signed; else those of the bundle, which nobody vouches for.
    private func evaluation(_ found: PromotionCase.Version, into page: inout HTMLPage) throws(MaxError) {
        guard let statement = found.statements.last(where: { $0.predicateType == PredicateType.evaluation }) else { return }
        page.element("h2", "How good it is")
        page.element("p", "Signed by \(statement.signers.map { trust.name(of: $0.fingerprint) }.joined(separator: ", ")).")
        var rows: [[String]] = []
        for metric in try statement.predicate.member("evaluation").member("metrics").elements() {
            guard let value = metric.optional("value") else { continue }
            let error = try metric.optional("standard_error")?.double()
            rows.append([
                try metric.member("name").text().string, Self.digits(try value.double()), error.map { "± \(Self.digits($0))" } ?? "",
            ])
        }
        page.table(["Metric", "Value", "Standard error"], rows)
    }

    private static func digits(_ value: Double) -> String { "\((value * 1e5).rounded() / 1e5)" }
}
