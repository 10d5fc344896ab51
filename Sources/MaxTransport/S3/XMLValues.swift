/// Values of elements in the flat XML that S3 answers with; anything cleverer is not read.
package enum XMLValues {
    /// The text of every `<name>…</name>`, in order, with the predefined entities replaced.
    package static func all(_ name: String, in bytes: [UInt8]) -> [String] {
        let (open, close) = (Array("<\(name)>".utf8), Array("</\(name)>".utf8))
        var out: [String] = []
        var position = 0
        while let start = find(open, in: bytes, from: position), let end = find(close, in: bytes, from: start + open.count) {
            out.append(decoded(bytes[(start + open.count)..<end]))
            position = end + close.count
        }
        return out
    }

    package static func first(_ name: String, in bytes: [UInt8]) -> String? { all(name, in: bytes).first }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        while position + pattern.count <= bytes.count {
            if bytes[position] == pattern[0], bytes[position..<position + pattern.count].elementsEqual(pattern) { return position }
            position += 1
        }
        return nil
    }

    private static let entities: [(name: StaticString, byte: UInt8)] = [
        ("&amp;", 0x26), ("&lt;", 0x3c), ("&gt;", 0x3e), ("&quot;", 0x22), ("&#34;", 0x22), ("&apos;", 0x27), ("&#39;", 0x27),
    ]

    private static func decoded(_ text: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var rest = text
        while let byte = rest.first {
            let entity = byte == 0x26 ? entities.first { rest.starts(with: $0.name.description.utf8) } : nil
            out.append(entity?.byte ?? byte)
            rest = rest.dropFirst(entity?.name.utf8CodeUnitCount ?? 1)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
