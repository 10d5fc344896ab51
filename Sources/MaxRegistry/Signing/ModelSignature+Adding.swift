import MaxIR

extension ModelSignature {
    /// One more signature over the same statement; one by the same key is replaced.
    ///
    /// - Parameter content: checks that what is signed is what is there.
    /// - Throws: `.unsupported` for signers with certificates, `.limitExceeded`, `.malformed`, `.contentMismatch`.
    public static func add(_ signer: any Signer, to bytes: [UInt8], directory path: String, signaturePath: String) throws(MaxError)
        -> [UInt8]
    {
        try add(signer, to: bytes) { statement throws(MaxError) in
            _ = try check(statement, directory: path, signaturePaths: [signaturePath])
        }
    }

    /// As for a directory.
    public static func add(_ signer: any Signer, to bytes: [UInt8], content: UnsafeRawBufferPointer, fileName: Text) throws(MaxError)
        -> [UInt8]
    {
        try add(signer, to: bytes) { statement throws(MaxError) in _ = try check(statement, content, fileName: fileName) }
    }

    private static func add(_ signer: any Signer, to bytes: [UInt8], check: (Statement) throws(MaxError) -> Void) throws(MaxError)
        -> [UInt8]
    {
        guard signer.certificates.isEmpty else {
            throw MaxError(.unsupported, "a file of signatures holds the certificates of its first signer only: write another file")
        }
        var bundle = try SignatureBundle(bytes)
        // Nobody signs what they have not seen.
        try check(try Statement(bundle.payload))
        let message = SignatureBundle.authenticated(bundle.payload)
        bundle.signatures.removeAll { signer.publicKey.verifies($0, of: message) }
        guard bundle.signatures.count < SignatureBundle.maximumSignatures else {
            throw MaxError(.limitExceeded, "\(bundle.signatures.count) signatures, at most \(SignatureBundle.maximumSignatures)")
        }
        bundle.signatures.append(try signer.sign(message))
        return bundle.bytes
    }

    /// The query that a time stamp authority is sent for a signature file.
    ///
    /// - Parameter index: which of its signatures, from 0.
    public static func timestampQuery(_ bytes: [UInt8], signature index: Int = 0) throws(MaxError) -> [UInt8] {
        let signatures = try SignatureBundle(bytes).signatures
        guard signatures.indices.contains(index) else {
            throw MaxError(.usage, "signature \(index): there are \(signatures.count), counted from 0")
        }
        return try TimestampToken.query(signatures[index])
    }

    /// The signature file with an authority's response in it. Who made it is checked by who verifies.
    ///
    /// - Throws: `.malformed`; `.contentMismatch` when it is over other bytes than those of a signature; `.limitExceeded`.
    public static func attach(timestamp response: [UInt8], to bytes: [UInt8]) throws(MaxError) -> [UInt8] {
        var bundle = try SignatureBundle(bytes)
        var isOverOne = false
        for signature in bundle.signatures where try TimestampToken.isOver(signature, response) { isOverOne = true }
        guard isOverOne else { throw MaxError(.contentMismatch, "time stamp: is over other bytes than the signatures") }
        guard bundle.timestamps.count < SignatureBundle.maximumTimestamps else {
            throw MaxError(.limitExceeded, "\(bundle.timestamps.count) time stamps, at most \(SignatureBundle.maximumTimestamps)")
        }
        if !bundle.timestamps.contains(response) { bundle.timestamps.append(response) }
        return bundle.bytes
    }
}
