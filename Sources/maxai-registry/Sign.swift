import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

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
