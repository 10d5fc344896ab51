import MaxIR

extension S3Store {
    private static let maximumPages = 10_000
    private static let maximumKeys = 1_000_000
    private static let pageBytes = 8 << 20

    private func key(_ tag: String) -> String { "refs/\(tag).json" }

    /// What a tag names, with the ETag that replacing it needs; nil when there is no such tag.
    package func reference(_ tag: String) throws(MaxError) -> (S3Reference, etag: String)? {
        guard OCIReference.isTag(tag) else { throw MaxError(.usage, "tag \(Text(tag).quoted): no tag") }
        var request = request("GET", key(tag))
        request.sink = .memory(limit: S3Reference.maximumBytes)
        let response = try send(request)
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw failure(response, "GET") }
        guard let etag = response["etag"] else { throw MaxError(.network, "\(response.address.shown): no ETag") }
        do { return (try S3Reference(response.body), etag) } catch { throw error.inside(response.address.shown) }
    }

    /// Writes a tag: a new one, or in place of what had that ETag.
    ///
    /// - Returns: false when somebody else has written it since.
    package func write(_ tag: String, _ reference: S3Reference, replacing etag: String?) throws(MaxError) -> Bool {
        let bytes = reference.bytes
        var request = request("PUT", key(tag))
        request.headers = [
            HTTPHeader("Content-Type", "application/json"), etag.map { HTTPHeader("If-Match", $0) } ?? HTTPHeader("If-None-Match", "*"),
        ]
        request.body = .bytes(bytes)
        let response = try send(request, payloadHash: ContentDigest(of: bytes).hex)
        if response.status == 412 || response.status == 409 || (response.status == 404 && etag != nil) { return false }
        guard response.isSuccess else { throw failure(response, "PUT") }
        return true
    }

    /// Every tag of the store, in byte order.
    package func tags() throws(MaxError) -> [String] {
        let prefix = address.prefix.isEmpty ? "refs/" : "\(address.prefix)/refs/"
        return try keys(below: prefix).compactMap { key in
            guard key.utf8.starts(with: prefix.utf8), key.utf8.suffix(5).elementsEqual(".json".utf8) else { return nil }
            let tag = String(decoding: key.utf8.dropFirst(prefix.utf8.count).dropLast(5), as: UTF8.self)
            return OCIReference.isTag(tag) ? tag : nil
        }
    }

    /// Keys that begin with `prefix` (ListObjectsV2).
    private func keys(below prefix: String) throws(MaxError) -> [String] {
        var out: [String] = []
        var token: String?
        for _ in 0..<Self.maximumPages {
            // In the order of the names, as the signature wants them.
            let next = token.map { "continuation-token=\(ASCII.percentEncoded($0.utf8))&" } ?? ""
            var request = listRequest("\(next)list-type=2&prefix=\(ASCII.percentEncoded(prefix.utf8))")
            request.sink = .memory(limit: Self.pageBytes)
            let response = try send(request)
            guard response.isSuccess else { throw failure(response, "GET") }
            out += XMLValues.all("Key", in: response.body)
            guard out.count <= Self.maximumKeys else { break }
            guard XMLValues.first("IsTruncated", in: response.body).map({ Text($0) }) == "true" else { return out }
            guard let following = XMLValues.first("NextContinuationToken", in: response.body), token.map({ Text($0) }) != Text(following)
            else {
                throw MaxError(.network, "\(response.address.shown): a list without its continuation")
            }
            token = following
        }
        throw MaxError(.limitExceeded, "\(address.text): the list does not end")
    }
}
