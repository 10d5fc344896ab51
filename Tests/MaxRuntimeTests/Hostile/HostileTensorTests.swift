import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// Bundles whose constants lie about themselves. The other sections are sound, and every digest is right.
@Suite struct HostileTensorTests {
    private static func table(
        _ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String,
        _ change: @escaping @Sendable (inout RawTensorTable) -> Void
    ) -> HostileCase {
        .bundle(number, what, code, message) { bundle in
            // The graph's own constant has three elements; here it gets another.
            var table = RawTensorTable()
            change(&table)
            bundle[SectionKind.constants]?.bytes = table.bytes
        }
    }

    private typealias Record = RawTensorTable.Record

    static let cases: [HostileCase] = [
        table(21, "2^32-1 tensors", .limitExceeded, "4294967295 tensors, at most 1048576") { $0.count = .max },
        table(21, "more records than bytes", .malformed, "1000000 records need") { $0.count = 1_000_000 },
        table(23, "a scalar", nil, "") { $0.records = [Record(extents: [], data: [0, 0, 0x80, 0x3f])] },
        table(23, "rank 9", .malformed, "rank 9, at most 8") { $0.records[0].rank = 9 },
        table(23, "rank 255", .malformed, "rank 255, at most 8") { $0.records[0].rank = 255 },
        table(24, "an extent of 0", nil, "") { $0.records = [Record(extents: [0], data: [])] },
        table(24, "an extent of -1", .limitExceeded, "extent 18446744073709551615") { $0.records[0].extents = [.max] },
        table(24, "an extent of 2^63", .limitExceeded, "extent 9223372036854775808") { $0.records[0].extents = [1 << 63] },
        table(25, "extents whose product wraps to 0", .limitExceeded, "more than") {
            $0.records[0].extents = [1 << 31, 1 << 31, 1 << 2]
        },
        table(25, "extents whose product wraps to 2", .limitExceeded, "more than") {
            $0.records[0].extents = [0x1_0001, 0x7fff_ffff, 0x7fff_ffff, 2]
        },
        table(25, "a zero that hides extents whose product wraps", .limitExceeded, "more than") {
            $0.records[0] = Record(extents: [0, 1 << 31, 1 << 31, 1 << 31], data: [])
        },
        table(26, "fewer bytes than elements", .malformed, "8 bytes, expected 12") { $0.records[0].extents = [3] },
        table(26, "more bytes than elements", .malformed, "8 bytes, expected 4") { $0.records[0].extents = [1] },
        table(27, "a boolean that is neither", .malformed, "byte 2, expected 0 or 1") {
            $0.records[0] = Record(element: 13, extents: [3], data: [0, 1, 2])
        },
        table(28, "an offset that wraps when aligned", .malformed, "starts at 18446744073709551584, expected 192") {
            $0.records[0].offset = 0 &- 32
        },
        table(28, "a size that wraps when aligned", .malformed, "but the section has") { $0.records[0].size = .max },
        table(29, "sizes whose sum wraps", .malformed, "but the section has") {
            $0.records = [Record(size: 1 << 63), Record(size: 1 << 63)]
        },
        table(30, "element type 0", .malformed, "element type 0 is unknown") { $0.records[0].element = 0 },
        table(30, "the element type after the last", .malformed, "element type 16 is unknown") { $0.records[0].element = 16 },
        table(30, "element type 255", .malformed, "element type 255 is unknown") { $0.records[0].element = 255 },
        table(31, "NaN, infinities and subnormals", nil, "") {
            let words: [UInt32] = [0x7fc0_0001, 0xff80_0000, 0x7f80_0000, 1, 0x8000_0000, 0x7f80_0001]
            $0.records[0].extents = [6]
            $0.records[0].data = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
        },
        table(33, "two tensors in one place", .malformed, "tensor 1: starts at 256, expected 320") {
            $0.records = [Record(), Record(offset: 256)]
        },
        table(33, "a tensor in the table", .malformed, "tensor 0: starts at 0, expected 192") { $0.records[0].offset = 0 },
        table(0, "bytes in the reserved fields", .malformed, "(padding or reserved)") { $0.records[0].reserved = 1 },
        table(0, "bytes after the last tensor", .malformed, "bytes after the last tensor") { $0.trailing = [0] },
        table(0, "texts whose offsets fall", .malformed, "text 1 spans 2 to 1") { $0.records[0] = text([0, 2, 1], "ab") },
        table(0, "a text that ends behind the tensor", .malformed, "text 0 spans 0 to 18446744073709551615") {
            $0.records[0] = text([0, .max], "ab")
        },
        table(0, "texts that do not start at 0", .malformed, "does not start at 0") { $0.records[0] = text([1, 2], "ab") },
        table(0, "bytes behind the last text", .malformed, "1 bytes after the last text") { $0.records[0] = text([0, 1], "ab") },
        table(0, "a text that is not UTF-8", .malformed, "text 0 is not UTF-8") {
            $0.records[0] = text([0, 1], "a")
            $0.records[0].data[16] = 0xff
        },
        table(0, "more texts than bytes", .malformed, "for the offsets of 2000000000 texts") {
            $0.records[0] = text([0, 1], "a")
            $0.records[0].extents = [2_000_000_000]
        },
        .bundle(0, "constants shorter than their head", .malformed, "63 bytes, expected at least 64") {
            $0[SectionKind.constants]?.bytes = [UInt8](repeating: 0, count: 63)
        },
    ]

    private static func text(_ offsets: [UInt64], _ body: String) -> Record {
        Record(
            element: 14, extents: [UInt64(offsets.count - 1)],
            data: offsets.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } } + Array(body.utf8))
    }

    @Test(arguments: cases) func isAnsweredAsTheFormatSays(hostile: HostileCase) throws { try hostile.check() }

    /// 27 and 32. No element is narrower than a byte and none is quantised: there is no scale that could be zero.
    @Test func everyElementTypeIsWholeBytesOrText() {
        for code in UInt8.min...UInt8.max {
            guard let type = ElementType(code: code) else { continue }
            #expect((1...15).contains(code))
            #expect(type == .string || (type.byteCount ?? 0) >= 1)
        }
    }
}
