import MaxFormats
import MaxIR

extension OCIRegistry {
    /// Digest of what a tag or digest names; nil when there is none.
    package func resolve(_ version: OCIReference.Version) throws(MaxError) -> ContentDigest? {
        var request = request("HEAD", "manifests/\(version.text)")
        request.headers = [HTTPHeader("Accept", Self.accepted)]
        let response = try send(request)
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw response.failure("HEAD") }
        if let said = response["docker-content-digest"] { return try ContentDigest(said) }
        return try fetchManifestBytes(version).map { ContentDigest(of: $0.bytes) }
    }

    /// The manifest that a tag or digest names, held against the digest and its own type.
    ///
    /// - Throws: `.notFound`; `.limitExceeded` above 4 MiB; `.contentMismatch`; `.malformed` when the header and the
    ///   manifest name different types.
    package func manifest(_ version: OCIReference.Version) throws(MaxError) -> ImageManifest {
        let place = "\(base.authority)/\(repository) \(version.text)"
        guard let (bytes, type) = try fetchManifestBytes(version) else { throw MaxError(.notFound, "\(place): no such manifest") }
        let manifest: ImageManifest
        do { manifest = try ImageManifest(bytes) } catch { throw error.inside(place) }
        guard type == MediaType.manifest else {
            throw MaxError(
                .malformed, "\(place): Content-Type \(type?.quoted ?? "is missing"), the manifest is \(MediaType.manifest.quoted)")
        }
        return manifest
    }

    static let accepted = "\(MediaType.manifest), \(MediaType.index)"

    /// Bytes and Content-Type of a manifest or index whose digest is as asked for; nil for 404.
    func fetchManifestBytes(_ version: OCIReference.Version) throws(MaxError) -> (bytes: [UInt8], type: Text?)? {
        var request = request("GET", "manifests/\(version.text)")
        request.headers = [HTTPHeader("Accept", Self.accepted)]
        request.sink = .memory(limit: ImageManifest.maximumBytes)
        let response = try send(request)
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw response.failure("GET") }
        let digest = ContentDigest(of: response.body)
        if case .digest(let wanted) = version, wanted != digest {
            throw MaxError(.contentMismatch, "\(response.address.shown): what is received has digest \(digest)")
        }
        try expect(digest, in: response)
        return (response.body, response.mediaType.map { Text($0) })
    }

    /// Stores a manifest under a tag or its own digest.
    ///
    /// - Returns: whether the registry keeps track of its subject (header `OCI-Subject`).
    @discardableResult
    func putManifest(_ bytes: [UInt8], type: Text, as version: OCIReference.Version) throws(MaxError) -> Bool {
        var request = request("PUT", "manifests/\(version.text)")
        request.headers = [HTTPHeader("Content-Type", type.string)]
        request.body = .bytes(bytes)
        let response = try send(request)
        guard response.isSuccess else { throw response.failure("PUT") }
        try expect(ContentDigest(of: bytes), in: response)
        return response["oci-subject"] != nil
    }
}
