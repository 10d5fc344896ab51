import MaxFormats
import MaxIR

extension OCIRegistry {
    private static let maximumPages = 10_000
    private static let maximumTags = 1_000_000
    private static let pageBytes = 8 << 20

    /// Every tag of the repository, in the registry's order; none when there is no such repository.
    ///
    /// - Throws: `.malformed` for a tag that none can be: it could be a command to a terminal.
    package func tags() throws(MaxError) -> [String] {
        var out: [String] = []
        try eachPage("tags/list?n=1000", accept: "application/json") { document throws(MaxError) in
            for element in document["tags"]?.elements ?? [] {
                guard let tag = element.text?.string, OCIReference.isTag(tag) else {
                    throw MaxError(.malformed, "\(base.authority)/\(repository): a tag in the list is none")
                }
                out.append(tag)
            }
            guard out.count <= Self.maximumTags else {
                throw MaxError(.limitExceeded, "\(base.authority)/\(repository): more than \(Self.maximumTags) tags")
            }
        }
        return out
    }

    /// Calls `body` with every page of a list, along the links with rel "next".
    ///
    /// - Returns: false when the registry answers 404 to the first.
    @discardableResult
    func eachPage(_ path: String, accept: String, _ body: (Document) throws(MaxError) -> Void) throws(MaxError) -> Bool {
        var request = request("GET", path)
        var seen = Set<String>()
        for _ in 0..<Self.maximumPages {
            request.headers = [HTTPHeader("Accept", accept)]
            request.sink = .memory(limit: Self.pageBytes)
            let response = try send(request)
            if response.status == 404, seen.isEmpty { return false }
            guard response.isSuccess else { throw response.failure("GET") }
            do { try body(try JSONReader.read(response.body)) } catch { throw error.inside(response.address.shown) }
            guard let next = Self.nextLink(response["link"]) else { return true }
            request = HTTPRequest("GET", try followed(next, from: response, "list"))
            request.origin = base
            guard seen.insert(request.address.target).inserted else { break }
        }
        throw MaxError(.limitExceeded, "\(base.authority)/\(repository): the list does not end")
    }

    /// The address of `<…>; rel="next"` (RFC 8288).
    package static func nextLink(_ header: String?) -> String? {
        guard let header, let open = header.firstIndex(of: "<"), let close = header[open...].firstIndex(of: ">") else { return nil }
        let parameters = header[close...].split(separator: ";").map { ASCII.lowercased($0.utf8.filter { $0 != 0x20 && $0 != 0x22 }) }
        guard parameters.contains(where: { Text($0) == "rel=next" }) else { return nil }
        return String(header[header.index(after: open)..<close])
    }
}
