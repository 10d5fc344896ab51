import MaxCompiler
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

/// A signature file whose statement can be changed and signed again: a statement is parsed only when its signature is good.
struct SignedText {
    /// The key that signs and is trusted, the same for the whole process.
    static let key = Result { () throws(MaxError) -> PrivateKey in try PrivateKey.generate(.p256) }
    /// What the seeds sign.
    static let content = Array("what was signed".utf8)

    private let statement: [UInt8]

    init?(_ file: [UInt8]) {
        guard let document = try? JSONReader.read(file), let payload = document["dsseEnvelope"]?["payload"]?.text,
            let statement = Base64.decode(payload.utf8)
        else { return nil }
        self.statement = statement
    }

    /// The file with a changed statement, signed well.
    func damaged(_ random: inout SeededGenerator) -> [UInt8] {
        var statement = statement
        statement.damageText(&random, others: [])
        guard let key = try? Self.key.get(), let signature = try? key.sign(SignatureBundle.authenticated(statement)) else {
            return statement
        }
        return SignatureBundle(hint: key.publicKey.fingerprint, payload: statement, signatures: [signature]).bytes
    }
}
