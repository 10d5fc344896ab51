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
