import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say who signed a bundle or file, or refuse it.",
        discussion: """
            Exit status: 0 signed by a trusted key, 11 unsigned, 12 signature invalid, 13 signed by another key,
            14 the content is not what was signed, 20 malformed.

            Examples:
              maxai-registry verify churn.maxb --trust release.pub
              maxai-registry verify model.onnx --trust keys/ --signature model.sig
            """)

    @Argument(help: "The bundle or file.") var model: String
    @Option(help: "A public key in PEM, or a folder of them.") var trust: String
    @Option(help: "The detached signature; without it, the one inside the bundle.") var signature: String?
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let trust = try TrustStore(path: trust)
        let report = try verified(trust)
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("model", model)
                $0.member("verified", true)
                $0.member("signer", report.signer)
                $0.member("digest", report.digest)
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print("\(model): signed by \(report.signer), sha256 \(report.digest)")
        }
    }

    private func verified(_ trust: TrustStore) throws(MaxError) -> ModelSignature.Report {
        do {
            guard let signature else {
                let bundle = try Bundle(path: model)
                let report = try ModelSignature.verify(embeddedIn: bundle, trust: trust)
                try bundle.checkPacked()
                return report
            }
            let bytes = try FileBytes(path: signature, limit: 64 << 20).array
            let name = Text(model.split(separator: "/").last.map(String.init) ?? model)
            return try FileBytes(path: model).withBytes { content throws(MaxError) in
                try ModelSignature.verify(content, fileName: name, signature: bytes, trust: trust)
            }
        } catch {
            throw error.message.contains(model) ? error : error.inside(model)
        }
    }
}
