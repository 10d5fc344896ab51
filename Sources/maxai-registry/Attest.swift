import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

struct Attest: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign evidence about a version: what was measured, how it was built.",
        discussion: """
            Types: evaluation (the one in the bundle, or --predicate), parity (runs the golden rows), latency (measures, beside
            --against), rebuild (compares with --rebuilt), provenance, bom, drift (--predicate), or any URI with --predicate.
            A statement that somebody else signed is taken with --statement.

            Examples:
              maxai-registry attest fraud@1.2 --type evaluation --registry /srv/models --key evaluator.pem
              maxai-registry attest fraud@1.2 --type latency --against fraud@prod --registry /srv/models --key evaluator.pem
              maxai-registry attest fraud@1.2 --statement scan.sigstore.json --registry /srv/models --key evaluator.pem
            """)

    @Argument(help: "MODEL@VERSION.") var version: String
    @Option(help: "The kind of evidence.") var type: String?
    @Option(help: "A file with what is said, as JSON.") var predicate: String?
    @Option(help: "A file with a statement that is signed already.") var statement: String?
    @Option(help: "For evaluation: the digest of the data, sha256:….") var dataset: String?
    @Option(help: "For latency: the version to compare with.") var against: String?
    @Option(help: "For latency: samples of each.") var samples = 200
    @Option(help: "For rebuild: the bundle that was built again.") var rebuilt: String?
    @Option(help: "For provenance: who built it, a URI.") var builder: String?
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let resolved = try opened.resolve(try ModelReference(version))
        let signer = try signing.signer()
        let bytes: [UInt8]
        if let statement {
            guard type == nil, predicate == nil else { throw MaxError(.usage, "--statement: goes without --type and --predicate") }
            bytes = try FileBytes(path: statement, limit: 4 << 20).array
        } else {
            guard let type else { throw MaxError(.usage, "name the kind of evidence with --type") }
            let uri = PredicateType.evidence[type] ?? type
            guard uri.contains(":") else {
                throw MaxError(
                    .usage, "--type \(type): expected one of \(PredicateType.evidence.keys.sorted().joined(separator: ", ")), or a URI")
            }
            bytes = try SignedStatement.sign(
                resolved.manifest, name: Text(resolved.text), type: uri, predicate: try said(type, opened, resolved), with: [signer])
        }
        let digest = try opened.attest(resolved, bytes, signer: signer, trust: try trusting.trust(of: opened))
        output.write("\(resolved.text): \(type ?? "statement") \(digest.name)") { json in
            json.member("version", resolved.text)
            json.member("statement", digest.name)
        }
    }

    private func said(_ type: String, _ opened: Registry, _ resolved: Registry.Resolved) throws -> [UInt8] {
        if let predicate {
            let bytes = try FileBytes(path: predicate, limit: 4 << 20).array
            _ = try JSONReader.read(bytes)
            guard type != "evaluation" else { return try Evidence.evaluation(bytes, dataset: try measuredOn(), time: .now) }
            return bytes
        }
        let bundle = try opened.bundle(of: try opened.manifest(resolved.manifest))
        switch type {
        case "evaluation":
            guard let stored = try bundle.section(.evaluation) else {
                throw MaxError(.evidenceMissing, "\(resolved.text): the bundle holds no evaluation: name one with --predicate")
            }
            return try Evidence.evaluation(stored, dataset: try measuredOn(), time: .now)
        case "parity": return try Evidence.parity(bundle, time: .now)
        case "latency":
            let other = try against.map { text throws(MaxError) in try opened.resolve(try ModelReference(text)) }
            let otherBundle = try other.map { other throws(MaxError) in try opened.bundle(of: try opened.manifest(other.manifest)) }
            return try Evidence.latency(bundle, against: otherBundle, manifest: other?.manifest, samples: samples, time: .now)
        case "rebuild":
            guard let rebuilt else { throw MaxError(.usage, "--rebuilt: name the bundle that was built again") }
            return Evidence.rebuild(bundle, again: try Bundle(path: rebuilt), time: .now)
        case "bom": return try BillOfMaterials.cycloneDX(of: bundle)
        case "provenance":
            guard let builder else { throw MaxError(.usage, "--builder: name who built it, a URI") }
            return try Provenance.slsa(of: bundle, builderID: builder, startedOn: nil, finishedOn: Timestamp.now.text)
        default: throw MaxError(.usage, "--predicate: a file must say what \(type) is about")
        }
    }

    private func measuredOn() throws(MaxError) -> BlobDigest? {
        try dataset.map { text throws(MaxError) in try BlobDigest(Text(text)) }
    }
}

struct Approve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign that a version may become what an alias stands for.",
        discussion: "Example:\n  maxai-registry approve fraud@1.2 --for prod --expires P7D --registry /srv/models --key approver.pem")

    @Argument(help: "MODEL@VERSION.") var version: String
    @Option(name: .customLong("for"), help: "The alias; an approval for one is none for another.") var alias: String
    @Option(help: "When it ends: a time, or a period such as P7D.") var expires: String?
    @Option(help: "Why.") var comment = ""
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let resolved = try opened.resolve(try ModelReference(version))
        let signer = try signing.signer()
        let end = try expires.map { text throws(MaxError) in try expiry(text, "--expires") }
        guard Text(alias).isModelName else { throw MaxError(.usage, "--for \(Text(alias).quoted): not the name of an alias") }
        let bytes = try SignedStatement.sign(
            resolved.manifest, name: Text(resolved.text), type: PredicateType.approval, with: [signer]
        ) { json in
            json.member("alias", alias)
            json.member("time", Timestamp.now.text)
            if let end { json.member("expires", end.text) }
            json.member("comment", comment)
        }
        let digest = try opened.attest(resolved, bytes, signer: signer, trust: try trusting.trust(of: opened))
        output.write("\(resolved.text): approved for \(alias), \(digest.name)") { json in
            json.member("version", resolved.text)
            json.member("alias", alias)
            json.member("statement", digest.name)
        }
    }
}

struct Waive: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign that a gate may fail for a version, until a time; signatures cannot be waived.",
        discussion:
            "Example:\n  maxai-registry waive fraud@1.2 --for prod --gate latency --reason 'new hardware' --expires P7D --registry /srv/models --key approver.pem"
    )

    @Argument(help: "MODEL@VERSION.") var version: String
    @Option(name: .customLong("for"), help: "The alias.") var alias: String
    @Option(help: "The gate, as reports name it.") var gate: String
    @Option(help: "Why; shown in every later report.") var reason: String
    @Option(help: "When it ends: a time, or a period such as P7D.") var expires: String
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let resolved = try opened.resolve(try ModelReference(version))
        let signer = try signing.signer()
        let end = try expiry(expires, "--expires")
        guard Text(alias).isModelName else { throw MaxError(.usage, "--for \(Text(alias).quoted): not the name of an alias") }
        let bytes = try SignedStatement.sign(
            resolved.manifest, name: Text(resolved.text), type: PredicateType.waiver, with: [signer]
        ) { json in
            json.member("gate", gate)
            json.member("alias", alias)
            json.member("expires", end.text)
            json.member("reason", reason)
        }
        let digest = try opened.attest(resolved, bytes, signer: signer, trust: try trusting.trust(of: opened))
        output.write("\(resolved.text): \(gate) waived for \(alias) until \(end.text), \(digest.name)") { json in
            json.member("version", resolved.text)
            json.member("gate", gate)
            json.member("statement", digest.name)
        }
    }
}
