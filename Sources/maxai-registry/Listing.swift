import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List models, versions and what aliases stand for.",
        discussion: "Example:\n  maxai-registry list --registry /srv/models")

    @Argument(help: "A model; all when not given.") var model: String?
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let revocations = try opened.trust().revocations
        var lines: [String] = []
        var out = JSONWriter()
        try out.object { json in
            try json.member(
                "models",
                array: { json in
                    for name in try opened.models() where model == nil || model == name {
                        lines.append(name)
                        try json.object { json in try list(name, opened, revocations, &json, &lines) }
                    }
                })
        }
        if let model, lines.isEmpty { throw MaxError(.notFound, "\(opened.folder.path): no model \(Text(model).quoted)") }
        if output.json {
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !output.quiet {
            print(lines.isEmpty ? "no models yet: maxai-registry push" : lines.joined(separator: "\n"))
        }
    }

    private func list(_ name: String, _ opened: Registry, _ revocations: RevocationList, _ json: inout JSONWriter, _ lines: inout [String])
        throws
    {
        json.member("model", name)
        var pointers: [(alias: String, pointer: Registry.Reference)] = []
        for alias in try opened.aliases(of: name) {
            if let pointer = try opened.pointer(of: alias, model: name) { pointers.append((alias, pointer)) }
        }
        let versions = try opened.versions(of: name)
        json.member(
            "versions",
            array: { json in
                for version in versions {
                    let aliases = pointers.filter { $0.pointer.record.manifest == version.record.manifest }.map(\.alias)
                    let isRevoked = version.record.manifest.map { revocations.entry(artifact: $0) != nil } ?? false
                    let marks = aliases + (isRevoked ? ["revoked"] : [])
                    lines.append(
                        "  \(version.record.name)  \(version.record.time.text)  \(version.record.manifest?.name ?? "")"
                            + (marks.isEmpty ? "" : "  [\(marks.joined(separator: ", "))]"))
                    json.object { json in
                        json.member("version", version.record.name)
                        json.member("pushed", version.record.time.text)
                        json.member("manifest", version.record.manifest?.name ?? "")
                        json.member("revoked", isRevoked)
                        json.member("aliases", array: { json in for alias in aliases { json.value(alias) } })
                    }
                }
            })
        json.member(
            "aliases",
            array: { json in
                for (alias, pointer) in pointers {
                    json.object { json in
                        json.member("alias", alias)
                        json.member("sequence", pointer.record.sequence ?? 0)
                        json.member("manifest", pointer.record.manifest?.name ?? "")
                        json.member("time", pointer.record.time.text)
                    }
                }
            })
    }
}

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a version: who pushed and signed it, all evidence, and where it has been.",
        discussion: "Example:\n  maxai-registry show fraud@prod --registry /srv/models")

    @Argument(help: "MODEL@VERSION or MODEL@ALIAS.") var version: String
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let trust = try trusting.trust(of: opened)
        let resolved = try opened.resolve(try ModelReference(version))
        let found = try opened.evidence(model: resolved.model, version: resolved.version, manifest: resolved.manifest, trust: trust)
        let manifest = try opened.manifest(resolved.manifest)
        let history = try opened.history(of: resolved)
        var lines = [
            resolved.text, "  manifest  \(resolved.manifest.name)",
            "  bundle    \(manifest.bundle.digest.name), \(manifest.bundle.size) bytes",
            "  pushed    \(resolved.pushed.record.time.text) by \(trust.name(of: resolved.pushed.record.actor))",
            "  signed by \(found.modelSigners.map { trust.name(of: $0) }.joined(separator: ", "))",
        ]
        if let entry = trust.revocations.entry(artifact: resolved.manifest) {
            lines.append("  REVOKED   \(entry.time.text): \(entry.reason.string)")
        }
        for statement in found.statements {
            let signers = statement.signers.map { trust.name(of: $0.fingerprint) }.joined(separator: ", ")
            lines.append("  evidence  \(PredicateType.shortName(statement.predicateType)) by \(signers), \(statement.digest.name)")
        }
        for record in history {
            let what = record.action == .point ? "pointer \(record.sequence ?? 0)" : "refused"
            lines.append("  \(record.name)  \(what) at \(record.time.text) by \(trust.name(of: record.actor))")
        }
        output.write(lines.joined(separator: "\n")) { json in
            json.member("model", resolved.model)
            json.member("version", resolved.version)
            json.member("manifest", resolved.manifest.name)
            json.member("bundle", manifest.bundle.digest.name)
            json.member("size", manifest.bundle.size)
            json.member("revoked", trust.revocations.entry(artifact: resolved.manifest) != nil)
            json.member("signers", array: { json in for signer in found.modelSigners { json.value(signer) } })
            json.member(
                "evidence",
                array: { json in
                    for statement in found.statements {
                        json.object { json in
                            json.member("type", statement.predicateType)
                            json.member("statement", statement.digest.name)
                            json.member("signers", array: { json in for signer in statement.signers { json.value(signer.fingerprint) } })
                        }
                    }
                })
            json.member("history", array: { json in for record in history { json.object { record.write(&$0) } } })
        }
    }
}

struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify a version and write its bundle to a file.",
        discussion: "Example:\n  maxai-registry pull fraud@prod -o fraud.maxb --registry /srv/models --trust root.json")

    @Argument(help: "MODEL@VERSION or MODEL@ALIAS.") var version: String
    @Option(name: .shortAndLong, help: "The file to write.") var output: String
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let opened = try registry.opened()
        let path = trusting.statePath(opened)
        var state = try trusting.loadState(path)
        var checks = Verification()
        let verified: VerifiedVersion
        let (reference, pinned) = (try ModelReference(version), try trusting.pinned())
        do throws(MaxError) {
            verified = try opened.verify(reference, pinned: pinned, state: &state, checks: &checks)
        } catch { throw error.message.contains(version) ? error : error.inside(version) }
        let manifest = try opened.manifest(verified.resolved.manifest)
        try opened.export(manifest, to: output)
        try trusting.save(state, to: path)
        if !quiet { print("\(output): \(verified.resolved.text), \(manifest.bundle.digest.name)") }
    }
}
