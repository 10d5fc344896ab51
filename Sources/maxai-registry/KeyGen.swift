import ArgumentParser
import Glibc
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

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
