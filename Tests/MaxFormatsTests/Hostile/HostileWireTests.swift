import MaxFormats
import MaxIR
import Testing

/// Protobuf that lies about its lengths, its depth or its numbers.
@Suite struct HostileWireTests {
    /// Messages in field 1, `depth` of them, each inside the one before.
    static func nested(_ depth: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<depth {
            var outer = WireWriter()
            outer.data(1, bytes)
            bytes = outer.bytes
        }
        return bytes
    }

    static let cases: [HostileCase] = [
        HostileCase(45, "a length beyond the end", .malformed, "field 1 declares 100 bytes, 1 remain", [0x0a, 100, 0]),
        HostileCase(
            45, "a length of 2^64-1", .malformed, "declares 18446744073709551615 bytes", [0x0a] + [UInt8](repeating: 0xff, count: 9) + [1]),
        HostileCase(
            45, "a length of 2^63", .malformed, "declares 9223372036854775808 bytes", [0x0a] + [UInt8](repeating: 0x80, count: 9) + [1]),
        HostileCase(45, "a group that starts", .malformed, "wire type 3 of field 1", [0x0b]),
        HostileCase(45, "a group that ends", .malformed, "wire type 4 of field 1", [0x0c]),
        HostileCase(45, "wire type 6", .malformed, "wire type 6", [0x0e]),
        HostileCase(45, "wire type 7", .malformed, "wire type 7", [0x0f]),
        HostileCase(45, "a varint above 64 bits", .malformed, "varint exceeds 64 bits", [0x08] + [UInt8](repeating: 0xff, count: 9) + [2]),
        HostileCase(45, "a varint of 11 bytes", .malformed, "varint exceeds", [0x08] + [UInt8](repeating: 0x80, count: 10) + [1]),
        HostileCase(45, "a varint without an end", .malformed, "varint is cut off", [0x08, 0xff]),
        HostileCase(45, "field number 0", .malformed, "field number 0", [0x00, 0]),
        HostileCase(45, "field number 2^29", .malformed, "field number 536870912", [0x80, 0x80, 0x80, 0x80, 0x10, 0]),
        HostileCase(45, "a field number of 61 bits", .malformed, "field number", [UInt8](repeating: 0xff, count: 9) + [1]),
        HostileCase(45, "a fixed64 that is cut off", .malformed, "a value of 8 bytes is cut off: 7 remain", [0x09, 0, 0, 0, 0, 0, 0, 0]),
        HostileCase(45, "a fixed32 that is cut off", .malformed, "a value of 4 bytes is cut off: 3 remain", [0x0d, 0, 0, 0]),
        HostileCase(45, "100 messages in each other", .limitExceeded, "nested deeper than 32", nested(100)),
        HostileCase(45, "10,000 messages in each other", .limitExceeded, "nested deeper than 32", nested(10_000)),
        HostileCase(45, "32 messages in each other", nil, "", nested(32)),
        HostileCase(45, "the longest varint there may be", nil, "", [0x10] + [UInt8](repeating: 0xff, count: 9) + [1]),
    ]

    /// Reads every field, and what is in field 1 as a message.
    private static func walk(_ reader: WireReader) throws(MaxError) {
        var reader = reader
        while let field = try reader.next() {
            if field.number == 1 { try walk(try reader.message(field)) }
        }
    }

    @Test(arguments: cases) func isAnsweredByTheReader(hostile: HostileCase) throws {
        try hostile.check { bytes throws(MaxError) in
            let outcome: Result<Void, MaxError> = bytes.withUnsafeBytes { raw in
                do throws(MaxError) { return .success(try Self.walk(WireReader(raw))) } catch { return .failure(error) }
            }
            try outcome.get()
        }
    }
}
