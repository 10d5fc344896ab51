import MaxIR

/// Who signs: a key in memory, in a token, or behind a program.
public protocol Signer: Sendable {
    /// The half that others check with.
    var publicKey: PublicKey { get }

    /// ECDSA over `message` with the curve's digest, as DER.
    func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8]
}

extension PrivateKey: Signer {}
