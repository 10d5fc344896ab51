import ArgumentParser
import Glibc
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say who signed a bundle, a file or a version of a registry, or refuse it.",
        discussion: """
            Exit status: 0 verified, 10 not found, 11 unsigned, 12 signature invalid, 13 signed by others, 14 the content is not
            what was signed, 15 expired, 16 revoked, 17 refused by the policy, 19 somebody shows less than was seen before,
            20 malformed.

            Examples:
              maxai-registry verify churn.maxb --trust release.pub
              maxai-registry verify model.onnx --trust keys/ --signature model.sig
              maxai-registry verify saved_model/ --trust keys/ --signature ann.sig --signature ben.sig --threshold 2
              maxai-registry verify model.onnx --trust-ca ca.pem --crl ca.crl --trust-tsa tsa.pem --signature model.sig
              maxai-registry verify fraud@prod --registry /srv/models --trust root.json --format sarif -o report.sarif
            """)

    @Argument(help: "The bundle or file; or MODEL@ALIAS, MODEL@VERSION of a registry.") var model: String
    @Option(help: "A public key in PEM or a folder of them; with a registry, its trust root (MAXAI_TRUST when not given).") var trust:
        String?
    @Option(help: "A detached signature; without one, the one inside the bundle.") var signature: [String] = []
    @Option(name: .customLong("trust-ca"), help: "Certificates of authorities to trust, in PEM; their signers are trusted.") var trustCA:
        String?
    @Option(help: "Revocation lists of those authorities, in PEM; the signer's must be there.") var crl: String?
    @Option(
        name: .customLong("trust-tsa"),
        help: "Certificates of time stamp authorities to trust, in PEM; every signature must have a time stamp.") var trustTSA: String?
    @Option(help: "So many distinct keys must have signed.") var threshold = 1
    @OptionGroup var registry: RegistryOptions
    @Option(help: "With a registry: a policy that the version must pass as well, for the alias that is named.") var policy: String?
    @Option(help: "With a registry: the file that remembers what was seen; default: one per registry in ~/.local/state/maxai.") var state:
        String?
    @Flag(help: "Remember nothing, and compare with nothing.") var noState = false
    @Option(help: "Judge as of this time; default: now.") var at: String?
    @Option(help: "\(ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")).") var format: ReportFormat = .text
    @Option(name: .shortAndLong, help: "Write the report to this file.") var output: String?
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        // A file wins: nobody who meant one is sent to a registry.
        if model.contains("@"), !Self.exists(model) { return try verifyVersion() }
        let report = try verified(try signatureTrust())
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("model", model)
                $0.member("verified", true)
                $0.member("signer", report.signer)
                $0.member("signers", array: { json in for signer in report.signers { json.value(signer) } })
                $0.member("digest", report.digest)
                if let time = report.time { $0.member("time", time.text) }
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print(
                "\(model): signed by \(report.signers.joined(separator: ", ")), sha256 \(report.digest)\(report.time.map { ", time stamp \($0.text)" } ?? "")"
            )
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func verifyVersion() throws {
        let opened = try registry.opened()
        let reference = try ModelReference(model)
        var trusting = TrustOptions()
        (trusting.trust, trusting.state, trusting.noState) = (trust, state, noState)
        let pinned = try trusting.pinned()
        let path = trusting.statePath(opened)
        var seen = try trusting.loadState(path)
        let time = try at.map { text throws(MaxError) in try Timestamp(Text(text)) } ?? .now
        var checks = Verification()
        var subject = model
        var failure: MaxError?
        var policyGates: [GateResult] = []
        do throws(MaxError) {
            let verified = try opened.verify(reference, pinned: pinned, state: &seen, at: time, checks: &checks)
            subject = verified.resolved.text
            if let policy {
                guard case .name(let alias) = reference.target else { throw MaxError(.usage, "--policy: name an alias") }
                let bytes = try FileBytes(path: policy, limit: 1 << 20).array
                policyGates = try opened.judge(verified, for: alias, policy: bytes, time: time)
                if policyGates.contains(where: { $0.state == .fail || $0.state == .error }) {
                    failure = MaxError(.policyFailed, "\(model): refused by the policy \(policy)")
                }
            }
        } catch {
            failure = error.message.contains(model) ? error : error.inside(model)
        }
        try trusting.save(seen, to: failure == nil ? path : nil)
        let report = GateReport(
            command: "verify", subject: subject, target: subject == model ? nil : model, artifact: model, gates: checks.gates + policyGates)
        var options = ReportOptions()
        (options.format, options.output, options.quiet) = (json ? .json : format, output, quiet)
        if failure == nil || !report.gates.isEmpty {
            try options.write(report, summary: "\(model): \(failure == nil ? "verified, \(subject)" : "refused")")
        }
        if let failure { throw failure }
    }

    private func signatureTrust() throws(MaxError) -> SignatureTrust {
        guard trust != nil || trustCA != nil else {
            throw MaxError(.usage, "name the keys to trust with --trust, or the authorities with --trust-ca")
        }
        guard threshold >= 1 else { throw MaxError(.usage, "--threshold \(threshold): expected at least 1") }
        guard crl == nil || trustCA != nil else { throw MaxError(.usage, "--crl: goes with --trust-ca") }
        let keys = try trust.map { path throws(MaxError) in try TrustStore(path: path) } ?? TrustStore([])
        var found = SignatureTrust(keys: keys, threshold: threshold)
        if let trustCA { found.authorities = try Self.certificates(trustCA) }
        if let trustTSA { found.timestampAuthorities = try Self.certificates(trustTSA) }
        if let crl { found.revocations = try CertificateRevocations.list(pem: try FileBytes(path: crl, limit: 16 << 20).array, place: crl) }
        if let at { found.time = try Timestamp(Text(at)) }
        return found
    }

    private static func certificates(_ path: String) throws(MaxError) -> [Certificate] {
        try Certificate.list(pem: try FileBytes(path: path, limit: 16 << 20).array, place: path)
    }

    private func verified(_ trust: SignatureTrust) throws(MaxError) -> ModelSignature.Report {
        var status = stat()
        let isDirectory = stat(model, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        do throws(MaxError) {
            guard !signature.isEmpty else {
                guard !isDirectory else { throw MaxError(.usage, "\(model) is a directory: name its signature with --signature") }
                let bundle = try Bundle(path: model)
                let report = try ModelSignature.verify(embeddedIn: bundle, trust: trust)
                try bundle.checkPacked()
                return report
            }
            var signatures: [[UInt8]] = []
            for path in signature { signatures.append(try FileBytes(path: path, limit: 64 << 20).array) }
            guard !isDirectory else {
                return try ModelSignature.verify(directory: model, signatures: signatures, signaturePaths: signature, trust: trust)
            }
            let name = Text(model.split(separator: "/").last.map(String.init) ?? model)
            return try FileBytes(path: model).withBytes { content throws(MaxError) in
                try ModelSignature.verify(content, fileName: name, signatures: signatures, trust: trust)
            }
        } catch {
            throw error.message.contains(model) ? error : error.inside(model)
        }
    }
}
