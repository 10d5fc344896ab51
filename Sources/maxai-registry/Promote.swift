import ArgumentParser
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

/// What promote and rollback share.
struct PromotionOptions: ParsableArguments {
    @Option(help: "The policy, a file.") var policy: String
    @Option(help: "The number that the alias's pointer must have now, 0 for none: refuses (30) when somebody moved it.") var expect: Int64?
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var report: ReportOptions

    func promote(_ resolved: Registry.Resolved, to alias: String, in registry: Registry, kind: Verdict.Kind) throws {
        let promotion = try registry.promote(
            resolved, to: alias, policy: try FileBytes(path: policy, limit: 1 << 20).array, signer: try signing.signer(),
            trust: try trusting.trust(of: registry), kind: kind, expected: expect)
        let command = kind.rawValue
        let outcome: String
        if let pointer = promotion.pointer {
            try registry.writeIndex()
            outcome =
                "\(resolved.model)@\(alias) is \(resolved.version) now, pointer \(pointer.sequence), verdict \(promotion.statement.name)"
        } else {
            outcome = "\(resolved.text) was not made \(alias), verdict \(promotion.statement.name)"
        }
        try report.write(
            GateReport(
                command: command, subject: resolved.text, target: alias, artifact: "\(resolved.model)@\(resolved.version)",
                gates: promotion.verdict.gates),
            summary: outcome)
        if !report.quiet, report.format == .text, report.output == nil { print(outcome) }
        guard promotion.pointer == nil else { return }
        let failed = promotion.verdict.gates.filter { $0.state == .fail || $0.state == .error }
        throw MaxError(.policyFailed, "\(resolved.text) to \(alias): refused by \(failed.map(\.id).joined(separator: ", "))")
    }
}

struct Promote: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an alias stand for a version, if its policy allows it.",
        discussion: """
            The verdict is stored with all its evidence, whatever it says. Exit status: 17 when the policy refuses.

            Example:
              maxai-registry promote fraud@1.2 --to prod --policy prod.json --registry /srv/models --key promoter.pem
            """)

    @Argument(help: "MODEL@VERSION.") var version: String
    @Option(help: "The alias.") var to: String
    @OptionGroup var promotion: PromotionOptions

    func run() throws {
        let registry = try promotion.registry.opened()
        try promotion.promote(try registry.resolve(try ModelReference(version)), to: to, in: registry, kind: .promote)
    }
}

struct Rollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an alias stand for the version before, or another, again.",
        discussion: """
            A promotion like any other, except that it is not held to rules that compare with what is left, nor to soak time.

            Example:
              maxai-registry rollback fraud@prod --policy prod.json --registry /srv/models --key promoter.pem
            """)

    @Argument(help: "MODEL@ALIAS.") var alias: String
    @Option(help: "The version; without it, the one that the alias stood for before.") var version: String?
    @OptionGroup var promotion: PromotionOptions

    func run() throws {
        let registry = try promotion.registry.opened()
        let reference = try ModelReference(alias)
        guard case .name(let name) = reference.target else { throw MaxError(.usage, "\(alias): expected MODEL@ALIAS") }
        let resolved =
            if let version { try registry.resolve(ModelReference(model: reference.model, target: .name(version))) } else {
                try registry.previous(of: name, model: reference.model)
            }
        try promotion.promote(resolved, to: name, in: registry, kind: .rollback)
    }
}

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reach stored verdicts again, from stored evidence alone.",
        discussion: """
            Exit status: 14 when a verdict comes out otherwise than it was stored, 18 when evidence is gone.

            Examples:
              maxai-registry replay fraud@prod --registry /srv/models
              maxai-registry replay sha256:… --registry /srv/models --format json
            """)

    @Argument(help: "MODEL@ALIAS for all its promotions, or the digest of a verdict.") var subject: String
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var report: ReportOptions

    func run() throws {
        let opened = try registry.opened()
        var failures = 0
        let digests = try digests(opened)
        for digest in digests {
            let replay = try opened.replay(digest)
            let verdict = replay.stored
            let gate = GateResult(
                id: "replay", state: replay.isEqual ? .pass : .fail,
                message:
                    "\(verdict.kind.rawValue) of \(verdict.time.text) \(verdict.passed ? "passed" : "refused"): \(replay.isEqual ? "comes out the same" : "comes out otherwise")"
            )
            try report.write(
                GateReport(
                    command: "replay", subject: "\(verdict.model)@\(verdict.candidate.version)", target: verdict.alias,
                    artifact: digest.name, gates: replay.gates + [gate]), summary: gate.message)
            if !replay.isEqual { failures += 1 }
        }
        guard failures == 0 else {
            throw MaxError(.contentMismatch, "\(subject): \(failures) of \(digests.count) verdicts come out otherwise")
        }
    }

    private func digests(_ opened: Registry) throws -> [BlobDigest] {
        if subject.hasPrefix("sha256:") { return [try BlobDigest(Text(subject))] }
        let reference = try ModelReference(subject)
        guard case .name(let alias) = reference.target else { throw MaxError(.usage, "\(subject): expected MODEL@ALIAS or sha256:…") }
        let digests = try opened.verdicts(of: alias, model: reference.model)
        guard !digests.isEmpty else { throw MaxError(.notFound, "\(subject): was never promoted") }
        return digests
    }
}
