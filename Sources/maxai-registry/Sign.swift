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
              maxai-registry sign saved_model/ --key second.pem --detached model.sig --add
              maxai-registry sign model.onnx --key k.pem --certificate leaf.pem --chain ca.pem --detached model.sig
              maxai-registry sign model.onnx --detached model.sig \\
                  --key 'pkcs11:token=release;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin'
            """)

    @Argument(help: "The bundle, file or directory.") var model: String
    @OptionGroup var signing: SigningOptions
    @OptionGroup var certificates: CertificateOptions
    @Option(help: "Write the signature to this file.") var detached: String?
    @Flag(help: "Add a signature to those in the --detached file, over the same statement.") var add = false
    @Option(help: "Of a directory: leave out this path inside it.") var ignore: [String] = []
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let signer = try certificates.certified(try signing.signer())
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
            return try write(detached) { old throws(MaxError) in
                if let old { return try ModelSignature.add(signer, to: old, directory: model, signaturePath: detached) }
                return try ModelSignature.sign(
                    directory: model, signaturePath: detached, ignoring: ignore.map { Text($0) }, with: signer)
            }
        }
        guard ignore.isEmpty else { throw MaxError(.usage, "--ignore: goes with a directory") }
        let file = try FileBytes(path: model)
        guard let detached else {
            guard !add else { throw MaxError(.usage, "--add: name the file of signatures with --detached") }
            return try AtomicFile.write(try ModelSignature.embed(in: try opened(file), with: signer), to: model)
        }
        let name = Text(model.split(separator: "/").last.map(String.init) ?? model)
        try write(detached) { old throws(MaxError) in
            try file.withBytes { bytes throws(MaxError) in
                guard let old else { return try ModelSignature.sign(bytes, name: name, with: signer) }
                return try ModelSignature.add(signer, to: old, content: bytes, fileName: name)
            }
        }
    }

    /// Writes what `body` makes of the signatures that are there, if they are asked for.
    private func write(_ path: String, _ body: ([UInt8]?) throws(MaxError) -> [UInt8]) throws(MaxError) {
        let old = add ? try FileBytes(path: path, limit: 64 << 20).array : nil
        try AtomicFile.write(try body(old), to: path)
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
