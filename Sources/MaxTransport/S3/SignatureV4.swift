import COpenSSL
import Glibc
import MaxRuntime

/// AWS Signature Version 4: what proves to an S3 store who asks.
///
/// Source: AWS, "Create a signed AWS API request"; for S3 the path is encoded once.
package struct SignatureV4 {
    var accessKey: String
    var secretKey: String
    var region: String
    var service: String

    package init(accessKey: String, secretKey: String, region: String, service: String = "s3") {
        (self.accessKey, self.secretKey, self.region, self.service) = (accessKey, secretKey, region, service)
    }

    /// The header `Authorization`.
    ///
    /// - Parameters:
    ///   - headers: all that are signed, `host` among them.
    ///   - payloadHash: hexadecimal SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    ///   - time: as in `20130524T000000Z`.
    package func authorization(_ method: String, target: String, headers: [HTTPHeader], payloadHash: String, time: String) -> String {
        let (request, names) = Self.canonicalRequest(method, target: target, headers: headers, payloadHash: payloadHash)
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let hash = Array(request.utf8).withUnsafeBytes { SHA256.hash($0).hex }
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(hash)"
        let signature = Self.hmac(key(day: day), text).hex
        return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
    }

    private func key(day: String) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array("AWS4\(secretKey)".utf8)) { Self.hmac($0, $1) }
    }

    package static func canonicalRequest(_ method: String, target: String, headers: [HTTPHeader], payloadHash: String) -> (
        String, names: String
    ) {
        let path = target.prefix { $0 != "?" }
        let query = target.dropFirst(path.count + 1).split(separator: "&").map { $0.contains("=") ? String($0) : "\($0)=" }
        let sortedQuery = query.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "&")
        let lines = headers.map { (name: ASCII.lowercased($0.name.utf8), value: collapsed($0.value)) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let names = lines.map(\.name).joined(separator: ";")
        let block = lines.map { "\($0.name):\($0.value)\n" }.joined()
        return ("\(method)\n\(path)\n\(sortedQuery)\n\(block)\n\(names)\n\(payloadHash)", names)
    }

    /// Without blanks at the ends, and with one where there were several.
    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        let message = Array(text.utf8)
        HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &out, &count)
        return out
    }

    /// Now, as the header `x-amz-date` has it.
    package static func now() -> String {
        var clock = Glibc.time(nil)
        var parts = tm()
        gmtime_r(&clock, &parts)
        func digits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)\(digits(parts.tm_mon + 1))\(digits(parts.tm_mday))T"
            + "\(digits(parts.tm_hour))\(digits(parts.tm_min))\(digits(parts.tm_sec))Z"
    }
}
