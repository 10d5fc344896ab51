import ArgumentParser
import Glibc
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

@main
struct MaxaiRegistry: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-registry",
        abstract: "Makes keys, signs models, and says who signed what.",
        discussion: """
            Signatures are those of OpenSSF Model Signing 1.0 (ECDSA on P-256, P-384 or P-521). Inside a bundle they cover
            its whole content; detached they are files that the model_signing tool verifies, and the other way round.

            Examples:
              maxai-registry keygen -o release
              maxai-registry sign churn.maxb --key release.pem
              maxai-registry verify churn.maxb --trust release.pub
              maxai-registry sign model.onnx --key release.pem --detached model.sig
            """,
        version: maxaiVersion, subcommands: [KeyGen.self, Sign.self, Verify.self])
}

/// Where a passphrase comes from: never the command line, which every process can read.
struct PassphraseOptions: ParsableArguments {
    @Option(help: "The environment variable that holds the key's passphrase.") var passphraseEnv: String?
    @Option(help: "The file whose first line is the key's passphrase.") var passphraseFile: String?

    func passphrase() throws(MaxError) -> [UInt8]? {
        if let name = passphraseEnv {
            guard let value = getenv(name) else { throw MaxError(.usage, "--passphrase-env \(name): not set") }
            return Array(String(cString: value).utf8)
        }
        guard let path = passphraseFile else { return nil }
        return Array(try FileBytes(path: path, limit: 1 << 16).array.prefix { $0 != UInt8(ascii: "\n") })
    }
}

struct KeyGen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Make a key pair: NAME.pem, private, and NAME.pub, public.",
        discussion: "Example:\n  maxai-registry keygen -o release --passphrase-env RELEASE_PASSPHRASE")

    @Option(name: .shortAndLong, help: "The files' name without ending.") var output: String
    @Option(help: "P-256, P-384 or P-521.") var curve = "P-256"
    @OptionGroup var secret: PassphraseOptions
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        guard let curve = Curve(rawValue: curve) else { throw MaxError(.usage, "--curve \(curve): expected P-256, P-384 or P-521") }
        for ending in ["pem", "pub"] where access("\(output).\(ending)", F_OK) == 0 {
            throw MaxError(.conflict, "\(output).\(ending) exists: a key is never overwritten")
        }
        let key = try PrivateKey.generate(curve)
        try AtomicFile.write(Array(key.pem(passphrase: try secret.passphrase()).utf8), to: "\(output).pem", mode: 0o600)
        try AtomicFile.write(Array(key.publicKey.pem.utf8), to: "\(output).pub")
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("private", "\(output).pem")
                $0.member("public", "\(output).pub")
                $0.member("curve", curve.rawValue)
                $0.member("fingerprint", key.publicKey.fingerprint)
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print("\(output).pem (private, keep it) and \(output).pub: \(curve.rawValue), fingerprint \(key.publicKey.fingerprint)")
        }
    }
}

struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a bundle, or any file beside it.",
        discussion: """
            A bundle gets the signature inside, and keeps its digest; --detached writes a file of its own instead.

            Examples:
              maxai-registry sign churn.maxb --key release.pem
              maxai-registry sign model.onnx --key release.pem --detached model.sig
            """)

    @Argument(help: "The bundle or file.") var model: String
    @Option(help: "The private key in PEM.") var key: String
    @OptionGroup var secret: PassphraseOptions
    @Option(help: "Write the signature to this file.") var detached: String?
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let pem = try FileBytes(path: key, limit: 1 << 20).array
        let key = try PrivateKey(pem: pem, passphrase: try secret.passphrase(), place: key)
        let file = try FileBytes(path: model)
        if let detached {
            let name = Text(model.split(separator: "/").last.map(String.init) ?? model)
            let signature = try file.withBytes { bytes throws(MaxError) in try ModelSignature.sign(bytes, name: name, with: key) }
            try AtomicFile.write(signature, to: detached)
        } else {
            let bundle = try opened(file)
            try AtomicFile.write(try ModelSignature.embed(in: bundle, with: key), to: model)
        }
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("model", model)
                $0.member("signature", detached ?? model)
                $0.member("signer", key.publicKey.fingerprint)
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print("\(model): signed by \(key.publicKey.fingerprint)\(detached.map { ", signature in \($0)" } ?? "")")
        }
    }

    private func opened(_ file: FileBytes) throws(MaxError) -> Bundle {
        let bundle: Bundle
        do { bundle = try Bundle(file) } catch {
            throw error.inside("\(model) (to sign another kind of file, name one for the signature with --detached)")
        }
        // What is signed is what runs.
        do { try bundle.checkPacked() } catch { throw error.inside(model) }
        return bundle
    }
}

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
