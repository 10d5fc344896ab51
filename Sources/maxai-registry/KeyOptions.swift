import ArgumentParser
import Glibc
import MaxIR
import MaxRegistry
import MaxRuntime

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

/// The key that signs.
struct SigningOptions: ParsableArguments {
    @Option(help: "The private key in PEM: a file, or env:NAME for an environment variable that holds it.") var key: String
    @OptionGroup var secret: PassphraseOptions

    func signer() throws(MaxError) -> any Signer { try Self.signer(key, secret) }

    static func signer(_ key: String, _ secret: PassphraseOptions) throws(MaxError) -> any Signer {
        if key.hasPrefix("env:") {
            let name = String(key.dropFirst(4))
            guard let value = getenv(name) else { throw MaxError(.usage, "--key \(key): not set") }
            return try PrivateKey(pem: Array(String(cString: value).utf8), passphrase: try secret.passphrase(), place: key)
        }
        return try PrivateKey(pem: try FileBytes(path: key, limit: 1 << 20).array, passphrase: try secret.passphrase(), place: key)
    }
}
