import MaxIR
import MaxRuntime

/// Signing and verifying models: of one file, such as a bundle, or of a directory.
public enum ModelSignature {
    /// Who signed what.
    public struct Report: Sendable {
        /// Lowercase hexadecimal SHA-256 of the public keys in PEM that signed; distinct, and never empty.
        public let signers: [String]
        /// Lowercase hexadecimal SHA-256 of the file's signed bytes; of a directory, the root digest of its files.
        public let digest: String
        /// The last of the times that trusted authorities gave the signatures.
        package let time: Timestamp?

        public var signer: String { signers.first ?? "" }
    }

    /// As the reference implementation names the one file of a model that is a file.
    static let singleFile: Text = "."

    /// A detached signature of the bytes of one file, as `model_signing` reads and writes it.
    public static func sign(_ content: UnsafeRawBufferPointer, name: Text, with signer: any Signer) throws(MaxError) -> [UInt8] {
        let statement = Statement(subject: name, resources: [.init(name: singleFile, digest: SHA256.hash(content).hex)])
        return try SignatureBundle(signing: statement, with: signer).bytes
    }

    /// - Parameter fileName: what a resource may be called besides ".".
    /// - Throws: `.malformed`, `.untrusted`, `.signatureInvalid`, and `.contentMismatch` when the bytes are others.
    public static func verify(_ content: UnsafeRawBufferPointer, fileName: Text, signature: [UInt8], trust: TrustStore) throws(MaxError)
        -> Report
    {
        try verify(content, fileName: fileName, signatures: [signature], trust: SignatureTrust(keys: trust))
    }

    /// - Parameter signatures: files of one signature or more each; keys are counted over all of them.
    /// - Throws: as `verify` of one, and `.expired`, `.revoked` of certificates.
    public static func verify(
        _ content: UnsafeRawBufferPointer, fileName: Text, signatures: [[UInt8]], trust: SignatureTrust
    ) throws(MaxError) -> Report {
        try trust.report(on: signatures) { statement throws(MaxError) in try check(statement, content, fileName: fileName) }
    }

    /// - Parameter signaturePaths: left out of the model where they are inside.
    /// - Throws: as `verify` of a file; `.contentMismatch` also for files that are missing, more, links, or have several names.
    public static func verify(
        directory path: String, signatures: [[UInt8]], signaturePaths: [String], trust: SignatureTrust
    ) throws(MaxError) -> Report {
        try trust.report(on: signatures) { statement throws(MaxError) in
            try check(statement, directory: path, signaturePaths: signaturePaths)
        }
    }

    static func check(_ statement: Statement, _ content: UnsafeRawBufferPointer, fileName: Text) throws(MaxError) -> String {
        guard statement.shardBytes == nil else {
            throw MaxError(.unsupported, "the signature is of pieces of files: name the directory that they are in")
        }
        guard statement.resources.count == 1, let resource = statement.resources.first,
            resource.name == singleFile || resource.name == fileName
        else {
            let names = statement.resources.prefix(3).map(\.name.quoted).joined(separator: ", ")
            throw MaxError(
                .contentMismatch,
                "the signature is of \(statement.resources.count) files (\(names)), expected one called \".\" or \(fileName.quoted)")
        }
        let digest = try statement.hash.digest { update throws(MaxError) in update(content) }.hex
        guard digest == resource.digest else {
            throw MaxError(.contentMismatch, "the file has digest \(digest), signed was \(resource.digest)")
        }
        return digest
    }

    /// The bundle with a signature of its content inside.
    public static func embed(in bundle: Bundle, with signer: any Signer) throws(MaxError) -> [UInt8] {
        let signature = try bundle.contentImage().withBytes { bytes throws(MaxError) in
            try sign(bytes, name: bundle.info.name, with: signer)
        }
        return try BundleWriter.embed(signatures: signature, in: bundle)
    }

    /// Checks the signature inside a bundle.
    ///
    /// - Throws: `.unsigned` when there is none; otherwise as `verify`.
    public static func verify(embeddedIn bundle: Bundle, trust: TrustStore) throws(MaxError) -> Report {
        try verify(embeddedIn: bundle, trust: SignatureTrust(keys: trust))
    }

    public static func verify(embeddedIn bundle: Bundle, trust: SignatureTrust) throws(MaxError) -> Report {
        guard let signature = try bundle.section(.signatures) else { throw MaxError(.unsigned, "the bundle holds no signature") }
        let image = try bundle.contentImage()
        return try image.withBytes { bytes throws(MaxError) in
            try verify(bytes, fileName: bundle.info.name, signatures: [signature], trust: trust)
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
