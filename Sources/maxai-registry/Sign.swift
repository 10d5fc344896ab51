import ArgumentParser
import Glibc
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a bundle, or any file or directory beside it.",
        discussion: """
            A bundle gets the signature inside, and keeps its digest; --detached writes a file of its own instead.

            Examples:
              maxai-registry sign churn.maxb --key release.pem
              maxai-registry sign model.onnx --key release.pem --detached model.sig
              maxai-registry sign saved_model/ --key release.pem --detached model.sig
            """)

    @Argument(help: "The bundle, file or directory.") var model: String
    @OptionGroup var signing: SigningOptions
    @Option(help: "Write the signature to this file.") var detached: String?
    @Option(help: "Of a directory: leave out this path inside it.") var ignore: [String] = []
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let signer = try signing.signer()
        try sign(with: signer)
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("model", model)
                $0.member("signature", detached ?? model)
                $0.member("signer", signer.publicKey.fingerprint)
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print("\(model): signed by \(signer.publicKey.fingerprint)\(detached.map { ", signature in \($0)" } ?? "")")
        }
    }

    private func sign(with signer: any Signer) throws(MaxError) {
        var status = stat()
        if stat(model, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            guard let detached else { throw MaxError(.usage, "\(model) is a directory: name a file for the signature with --detached") }
            let bytes = try ModelSignature.sign(
                directory: model, signaturePath: detached, ignoring: ignore.map { Text($0) }, with: signer)
            return try AtomicFile.write(bytes, to: detached)
        }
        guard ignore.isEmpty else { throw MaxError(.usage, "--ignore: goes with a directory") }
        let file = try FileBytes(path: model)
        guard let detached else {
            return try AtomicFile.write(try ModelSignature.embed(in: try opened(file), with: signer), to: model)
        }
        let name = Text(model.split(separator: "/").last.map(String.init) ?? model)
        try AtomicFile.write(
            try file.withBytes { bytes throws(MaxError) in try ModelSignature.sign(bytes, name: name, with: signer) }, to: detached)
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
