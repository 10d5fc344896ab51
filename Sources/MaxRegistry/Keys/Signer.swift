import MaxIR

/// Who signs: a key in memory, in a token, or behind a program.
public protocol Signer: Sendable {
    /// The half that others check with.
    var publicKey: PublicKey { get }

    /// DER, the signer's own first; empty for keys that are trusted by themselves.
    var certificates: [[UInt8]] { get }

    /// ECDSA over `message` with the curve's digest, as DER.
    func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8]
}

extension Signer {
    public var certificates: [[UInt8]] { [] }
}

extension PrivateKey: Signer {}
