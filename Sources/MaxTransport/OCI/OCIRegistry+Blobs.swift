import MaxIR

extension OCIRegistry {
    /// Whether the registry has the blob.
    package func hasBlob(_ digest: ContentDigest) throws(MaxError) -> Bool {
        let response = try send(request("HEAD", "blobs/\(digest)"))
        if response.status == 404 { return false }
        guard response.isSuccess else { throw response.failure("HEAD") }
        return true
    }

    /// Fetches a blob into an open file.
    ///
    /// - Returns: how many bytes came and their digest, for the caller to hold against the descriptor.
    /// - Throws: `.contentMismatch` when there are more than the descriptor says.
    func fetchBlob(_ descriptor: Descriptor, into file: Int32, onBytes: ((Int) -> Void)?) throws(MaxError) -> (UInt64, ContentDigest?) {
        var request = request("GET", "blobs/\(descriptor.digest)")
        request.onBytes = onBytes
        return try ResumedBody.receive(request, into: file, limit: descriptor.size) { request throws(MaxError) in
            let response = try send(request)
            guard response.isSuccess else { throw response.failure("GET") }
            return response
        }
    }

    /// Sends a blob: in one piece, or above `chunkBytes` in several.
    func uploadBlob(_ file: OpenFile, _ digest: ContentDigest, onBytes: ((Int) -> Void)?) throws(MaxError) {
        var start = request("POST", "blobs/uploads/")
        start.body = .bytes([])
        let response = try send(start)
        guard response.status == 202 else { throw response.failure("POST") }
        var location = try uploadLocation(response)
        let count = Int64(file.count)
        var sent: Int64 = 0
        if count > chunkBytes {
            while sent < count {
                let piece = min(chunkBytes, count - sent)
                location = try patch(location, file, sent..<sent + piece, onBytes: onBytes)
                sent += piece
            }
        }
        location.target +=
            (location.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + "digest=\(ASCII.percentEncoded(digest.text.utf8))"
        var finish = HTTPRequest("PUT", location)
        finish.origin = base
        finish.headers = [HTTPHeader("Content-Type", "application/octet-stream")]
        finish.body = sent == count ? .bytes([]) : .file(descriptor: file.descriptor, offset: 0, count: count)
        finish.onBytes = onBytes
        finish.isPatient = true
        let finished = try send(finish)
        guard finished.status == 201 else { throw finished.failure("PUT") }
        try expect(digest, in: finished)
    }

    private func patch(_ location: WebAddress, _ file: OpenFile, _ range: Range<Int64>, onBytes: ((Int) -> Void)?) throws(MaxError)
        -> WebAddress
    {
        var request = HTTPRequest("PATCH", location)
        request.origin = base
        request.headers = [
            HTTPHeader("Content-Type", "application/octet-stream"),
            HTTPHeader("Content-Range", "\(range.lowerBound)-\(range.upperBound - 1)"),
        ]
        request.body = .file(descriptor: file.descriptor, offset: range.lowerBound, count: Int64(range.count))
        request.onBytes = onBytes
        let response = try send(request)
        guard response.status == 202 else { throw response.failure("PATCH") }
        let expected = "0-\(range.upperBound - 1)"
        if let stored = response["range"], !stored.utf8.elementsEqual(expected.utf8) {
            throw MaxError(.network, "PATCH \(location.shown): the registry has bytes \(Text(stored).quoted), expected \"\(expected)\"")
        }
        return try uploadLocation(response)
    }

    private func uploadLocation(_ response: HTTPResponse) throws(MaxError) -> WebAddress {
        guard let location = response["location"] else {
            throw MaxError(.network, "\(response.address.shown): status \(response.status) without a Location")
        }
        return try followed(location, from: response, "upload")
    }

    /// Holds `Docker-Content-Digest`, where it is given, against what we know.
    func expect(_ digest: ContentDigest, in response: HTTPResponse) throws(MaxError) {
        guard let said = response["docker-content-digest"], !said.utf8.elementsEqual(digest.text.utf8) else { return }
        throw MaxError(.contentMismatch, "\(response.address.shown): the registry says digest \(Text(said).quoted), it is \(digest)")
    }
}
