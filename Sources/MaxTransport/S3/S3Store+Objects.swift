import MaxIR

extension S3Store {
    private func key(_ digest: ContentDigest) -> String { "blobs/sha256/\(digest.hex)" }

    /// Whether the store has the blob.
    ///
    /// - Throws: `.contentMismatch` when it has another size there.
    func hasBlob(_ descriptor: Descriptor) throws(MaxError) -> Bool {
        let response = try send(request("HEAD", key(descriptor.digest)))
        if response.status == 404 { return false }
        guard response.isSuccess else { throw failure(response, "HEAD") }
        guard let length = response["content-length"], UInt64(length) == descriptor.size else {
            throw MaxError(
                .contentMismatch,
                "\(response.address.shown): \(Text(response["content-length"] ?? "no").quoted) bytes, its descriptor says \(descriptor.size)"
            )
        }
        return true
    }

    /// Stores a blob, unless one is there.
    ///
    /// - Parameter file: holds what `digest` says.
    func putBlob(_ file: OpenFile, _ digest: ContentDigest, onBytes: ((Int) -> Void)?) throws(MaxError) {
        guard file.count <= Self.maximumBytes else {
            throw MaxError(.unsupported, "\(file.path): \(file.count) bytes, a store takes at most \(Self.maximumBytes) at once")
        }
        try create(key(digest), .file(descriptor: file.descriptor, offset: 0, count: Int64(file.count)), digest.hex, onBytes)
    }

    func putBlob(_ bytes: [UInt8]) throws(MaxError) {
        let digest = ContentDigest(of: bytes)
        try create(key(digest), .bytes(bytes), digest.hex, nil)
    }

    private func create(_ key: String, _ body: HTTPRequest.Body, _ hash: String, _ onBytes: ((Int) -> Void)?) throws(MaxError) {
        for _ in 0..<3 {
            var request = request("PUT", key)
            request.headers = [HTTPHeader("Content-Type", "application/octet-stream"), HTTPHeader("If-None-Match", "*")]
            request.body = body
            request.repeatsFile = true
            request.isPatient = true
            request.onBytes = onBytes
            let response = try send(request, payloadHash: hash)
            // 412: it is there. 409: another writer is at it.
            if response.isSuccess || response.status == 412 { return }
            guard response.status == 409 else { throw failure(response, "PUT") }
        }
        throw MaxError(.conflict, "\(address.text)/\(key): others are writing it: try again")
    }

    /// Fetches a blob into an open file.
    func fetchBlob(_ descriptor: Descriptor, into file: Int32, onBytes: ((Int) -> Void)?) throws(MaxError) -> (UInt64, ContentDigest?) {
        var request = request("GET", key(descriptor.digest))
        request.onBytes = onBytes
        return try ResumedBody.receive(request, into: file, limit: descriptor.size) { request throws(MaxError) in
            let response = try send(request)
            guard response.isSuccess else { throw failure(response, "GET") }
            return response
        }
    }

    /// The manifest of that digest, held against it.
    func manifest(_ digest: ContentDigest) throws(MaxError) -> ImageManifest {
        var request = request("GET", key(digest))
        request.sink = .memory(limit: ImageManifest.maximumBytes)
        let response = try send(request)
        guard response.isSuccess else { throw failure(response, "GET") }
        let found = ContentDigest(of: response.body)
        guard found == digest else {
            throw MaxError(.contentMismatch, "\(response.address.shown): what is received has digest \(found)")
        }
        return try ImageManifest(response.body)
    }
}
