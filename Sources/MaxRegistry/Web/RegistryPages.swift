import MaxFormats
import MaxIR

/// The registry as pages for people: what there is, what runs where, who signed what, and on what evidence. Static files that
/// need nothing else: no script, nothing from elsewhere.
package struct RegistryPages {
    let registry: Registry
    let trust: Trust
    let time: Timestamp

    package init(_ registry: Registry, trust: Trust, time: Timestamp) {
        self.registry = registry
        self.trust = trust
        self.time = time
    }

    /// Paths below the folder, with their bytes. Equal registries at equal times give equal pages.
    package func files() throws(MaxError) -> [(path: String, bytes: [UInt8])] {
        var files: [(String, [UInt8])] = []
        var overview = HTMLPage()
        overview.begin(title: "Models of \(registry.origin.string)")
        overview.raw(Self.style)
        overview.element("h1", "Models of \(registry.origin.string)")
        let log = try registry.log()
        overview.raw("<p class=\"lead\">")
        overview.escaped(
            "Trust root \(trust.root.version), until \(trust.root.expires.text). \(log.checkpoint.size) entries in the log, root hash \(log.checkpoint.root.base64). Seen at \(time.text)."
        )
        overview.raw("</p>\n")
        for model in try registry.models() {
            overview.raw("<h2>")
            overview.link("\(model)/index.html", model)
            overview.raw("</h2>\n")
            try aliases(of: model, from: "\(model)/", into: &overview)
            files.append(("\(model)/index.html", Array(try page(of: model).utf8)))
            var previous: Registry.Reference?
            for version in try registry.versions(of: model) {
                files.append(("\(model)/\(version.record.name).html", Array(try page(of: version, model: model, after: previous).utf8)))
                previous = version
            }
        }
        overview.element("h2", "Who may do what")
        overview.table(
            ["Role", "Signatures it takes", "Keys"],
            TrustRoot.Role.allCases.compactMap { role in
                trust.root.roles[role].map {
                    [role.rawValue, "\($0.threshold)", $0.keys.map { trust.name(of: $0) }.joined(separator: ", ")]
                }
            })
        if !trust.revocations.entries.isEmpty {
            overview.element("h2", "Revoked")
            overview.table(
                ["What", "Which", "Why", "When"],
                trust.revocations.entries.map { [$0.kind.rawValue, $0.identifier, $0.reason.string, $0.time.text] })
        }
        overview.end()
        files.append(("index.html", Array(overview.text.utf8)))
        return files
    }

    /// What each alias stands for.
    func aliases(of model: String, from base: String, into page: inout HTMLPage) throws(MaxError) {
        page.raw(
            "<div class=\"wide\"><table><thead><tr><th>Alias</th><th>Version</th><th>Since</th><th>By</th><th></th></tr></thead><tbody>\n")
        for alias in try registry.aliases(of: model) {
            guard let pointer = try registry.pointer(of: alias, model: model) else { continue }
            let resolved = try registry.resolve(ModelReference(model: model, target: .name(alias)))
            page.raw("<tr>")
            page.element("td", alias)
            page.raw("<td>")
            page.link("\(base)\(resolved.version).html", resolved.version)
            page.raw("</td>")
            page.element("td", pointer.record.time.text)
            page.element("td", trust.name(of: pointer.record.actor))
            page.raw("<td>")
            if isRevoked(resolved.manifest) { page.raw("<b class=\"bad\">revoked</b>") }
            page.raw("</td></tr>\n")
        }
        page.raw("</tbody></table></div>\n")
    }

    func isRevoked(_ manifest: BlobDigest?) -> Bool { manifest.map { trust.revocations.entry(artifact: $0) != nil } ?? false }

    static let style: StaticString = """
        <style>
        .good { color: var(--c) } .bad { color: var(--b) } a { color: var(--a) } nav { font-size: .9rem; margin-bottom: 1rem }
        code { font-size: .85rem; overflow-wrap: anywhere } details { margin: .4rem 0 } summary { cursor: pointer }
        .track { position: relative; height: 4.2rem; margin: 1rem 0 } .track svg { width: 100%; height: 100% }
        </style>
        """
}
