import MaxIR
import MaxRuntime

/// Signing and verifying models of one file: bundles, or any other.
public enum ModelSignature {
    /// Who signed what.
    public struct Report: Sendable {
        /// Lowercase hexadecimal SHA-256 of the signer's public key in PEM.
        public let signer: String
        /// Lowercase hexadecimal SHA-256 of the file's signed bytes.
        public let digest: String
    }

    /// As the reference implementation names the one file of a model that is a file.
    static let singleFile: Text = "."

    /// A detached signature of the bytes of one file, as `model_signing` reads and writes it.
    public static func sign(_ content: UnsafeRawBufferPointer, name: Text, with key: PrivateKey) throws(MaxError) -> [UInt8] {
        let statement = Statement(subject: name, resources: [.init(name: singleFile, digest: SHA256.hash(content).hex)])
        return try SignatureBundle(signing: statement, with: key).bytes
    }

    /// - Parameter fileName: what a resource may be called besides ".".
    /// - Throws: `.malformed`, `.untrusted`, `.signatureInvalid`, and `.contentMismatch` when the bytes are others.
    public static func verify(_ content: UnsafeRawBufferPointer, fileName: Text, signature: [UInt8], trust: TrustStore) throws(MaxError)
        -> Report
    {
        let (key, statement) = try SignatureBundle(signature).verified(by: trust)
        guard statement.resources.count == 1, let resource = statement.resources.first,
            resource.name == singleFile || resource.name == fileName
        else {
            let names = statement.resources.prefix(3).map(\.name.quoted).joined(separator: ", ")
            throw MaxError(
                .contentMismatch,
                "the signature is of \(statement.resources.count) files (\(names)), expected one called \".\" or \(fileName.quoted)")
        }
        let digest = SHA256.hash(content).hex
        guard digest == resource.digest else {
            throw MaxError(.contentMismatch, "the file has digest \(digest), signed was \(resource.digest)")
        }
        return Report(signer: key.fingerprint, digest: digest)
    }

    /// The bundle with a signature of its content inside.
    public static func embed(in bundle: Bundle, with key: PrivateKey) throws(MaxError) -> [UInt8] {
        let signature = try bundle.contentImage().withBytes { bytes throws(MaxError) in try sign(bytes, name: bundle.info.name, with: key) }
        return try BundleWriter.embed(signatures: signature, in: bundle)
    }

    /// Checks the signature inside a bundle.
    ///
    /// - Throws: `.unsigned` when there is none; otherwise as `verify`.
    public static func verify(embeddedIn bundle: Bundle, trust: TrustStore) throws(MaxError) -> Report {
        guard let signature = try bundle.section(.signatures) else { throw MaxError(.unsigned, "the bundle holds no signature") }
        let image = try bundle.contentImage()
        return try image.withBytes { bytes throws(MaxError) in
            try verify(bytes, fileName: bundle.info.name, signature: signature, trust: trust)
        }
    }
}

extension [UInt8] {
    /// As `withUnsafeBytes`, for bodies that throw `MaxError`.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws(MaxError) -> Value) throws(MaxError) -> Value {
        let outcome: Result<Value, MaxError> = withUnsafeBytes { bytes in
            do throws(MaxError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}
