import MaxIR

/// `s3://bucket[/prefix]`: where a store's blobs and references begin.
package struct S3Address: Hashable, Sendable {
    package var bucket: String
    /// Without slashes at its ends; empty for the whole bucket.
    package var prefix: String

    /// - Throws: `.usage`.
    package init(_ text: String) throws(MaxError) {
        func wrong(_ what: String) -> MaxError { MaxError(.usage, "address \(Text(String(text.prefix(300))).quoted): \(what)") }
        let bytes = Array(text.utf8)
        guard bytes.starts(with: "s3://".utf8), bytes.count <= 1024 else { throw wrong("expected s3://bucket/prefix") }
        var parts = bytes[5...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
        guard let bucket = parts.first, Self.isBucket(bucket) else {
            throw wrong("a bucket is 3 to 63 lowercase letters, digits, dots and dashes, with a letter or digit at both ends")
        }
        for part in parts.dropFirst() {
            guard !part.isEmpty, !part.allSatisfy({ $0 == UInt8(ascii: ".") }),
                part.allSatisfy({ ASCII.isAlphanumeric($0) || "._-".utf8.contains($0) })
            else { throw wrong("a prefix is letters, digits, dots, dashes and underscores, parted by single slashes") }
        }
        self.bucket = String(decoding: bucket, as: UTF8.self)
        prefix = parts.dropFirst().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    package var text: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }

    private static func isBucket(_ name: ArraySlice<UInt8>) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool { ASCII.isDigit(byte) || ASCII.isLowercase(byte) }
        guard (3...63).contains(name.count), let first = name.first, let last = name.last, isPlain(first), isPlain(last) else {
            return false
        }
        return name.allSatisfy { isPlain($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
            && !zip(name, name.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
    }
}
