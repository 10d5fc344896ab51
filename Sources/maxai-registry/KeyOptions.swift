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
    @Option(
        help: ArgumentHelp(
            "The private key: a file in PEM, env:NAME, pkcs11:token=…;object=…?module-path=…&pin-source=file:…, or exec:PROGRAM.",
            valueName: "key"))
    var key: String
    @Option(help: "With exec:, and tokens that do not keep it: the public key in PEM.") var publicKey: String?
    @OptionGroup var secret: PassphraseOptions

    func signer() throws(MaxError) -> any Signer {
        let known = try publicKey.map { path throws(MaxError) in
            try PublicKey(pem: try FileBytes(path: path, limit: 1 << 20).array, place: path)
        }
        if key.hasPrefix("pkcs11:") { return try TokenKey(address: key, publicKey: known) }
        if key.hasPrefix("exec:") {
            guard let known else { throw MaxError(.usage, "--key exec:PROGRAM: name the public key with --public-key") }
            return ExternalSigner(program: String(key.dropFirst(5)), publicKey: known)
        }
        guard known == nil else { throw MaxError(.usage, "--public-key: goes with --key exec:PROGRAM or pkcs11:…") }
        if key.hasPrefix("env:") {
            let name = String(key.dropFirst(4))
            guard let value = getenv(name) else { throw MaxError(.usage, "--key \(key): not set") }
            return try PrivateKey(pem: Array(String(cString: value).utf8), passphrase: try secret.passphrase(), place: key)
        }
        return try PrivateKey(pem: try FileBytes(path: key, limit: 1 << 20).array, passphrase: try secret.passphrase(), place: key)
    }
}

/// The certificates that go with a signature.
struct CertificateOptions: ParsableArguments {
    @Option(help: "The signer's certificate in PEM, which goes with the signature.") var certificate: String?
    @Option(help: "The certificates of those who vouch for it, in PEM, the nearest first.") var chain: String?

    func certified(_ signer: any Signer) throws(MaxError) -> any Signer {
        guard let certificate else {
            guard chain == nil else { throw MaxError(.usage, "--chain: name the signer's own certificate with --certificate") }
            return signer
        }
        var all = try Certificate.list(pem: try FileBytes(path: certificate, limit: 1 << 20).array, place: certificate)
        if let chain { all += try Certificate.list(pem: try FileBytes(path: chain, limit: 1 << 20).array, place: chain) }
        return try CertifiedSigner(signer, chain: all)
    }
}
