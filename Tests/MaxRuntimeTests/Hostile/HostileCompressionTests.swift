import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// Compressed sections made by hand (RFC 8878), in place of the provenance.
@Suite struct HostileCompressionTests {
    static let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    /// A block of `count` times one byte.
    static func run(_ count: Int, isLast: Bool = true) -> [UInt8] {
        let head = UInt32(isLast ? 1 : 0) | 1 << 1 | UInt32(count) << 3
        return (0..<3).map { UInt8(truncatingIfNeeded: head >> UInt32(8 * $0)) } + [0x61]
    }

    /// A frame in one segment that declares `size` bytes.
    static func frame(_ size: UInt32, _ blocks: [UInt8]) -> [UInt8] {
        magic + [0b1010_0000] + (0..<4).map { UInt8(truncatingIfNeeded: size >> UInt32(8 * $0)) } + blocks
    }

    private static func section(_ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String, raw: UInt64, _ bytes: [UInt8])
        -> HostileCase
    {
        .bundle(number, what, code, message) {
            $0[SectionKind.provenance] = .init(kind: SectionKind.provenance, flags: 2, bytes: bytes, rawBytes: raw)
        }
    }

    static let cases: [HostileCase] = [
        section(55, "a sound frame", nil, "", raw: 4000, frame(4000, run(4000))),
        section(55, "a bomb that says so", .limitExceeded, "compressed bytes declare 4194304", raw: 1 << 22, frame(1 << 22, run(1 << 17))),
        section(55, "a bomb that says it is small", .malformed, "damaged", raw: 100, frame(100, run(1 << 17))),
        section(
            55, "a frame that declares another size than its record", .malformed, "does not declare the 100 bytes", raw: 100,
            frame(4000, run(4000))),
        section(55, "a frame that declares no size", .malformed, "does not declare", raw: 100, magic + [0, 0x38] + run(100)),
        section(
            55, "a window of 2 GiB", .limitExceeded, "a window of 2147483648 bytes, at most 8388608", raw: 100,
            magic + [0b1000_0000, 21 << 3, 100, 0, 0, 0] + run(100)),
        section(
            55, "a window of 16 MiB", .limitExceeded, "a window of 16777216 bytes", raw: 100,
            magic + [0b1000_0000, 14 << 3, 100, 0, 0, 0] + run(100)),
        section(55, "a dictionary", .malformed, "needs a dictionary", raw: 100, magic + [0b1010_0001, 7, 100, 0, 0, 0] + run(100)),
        section(55, "a frame to skip", .malformed, "does not declare", raw: 4, [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]),
        section(55, "a frame behind one to skip", .malformed, "", raw: 100, [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0] + frame(100, run(100))),
        section(55, "two frames", .malformed, "not exactly one zstd frame", raw: 100, frame(100, run(100)) + frame(100, run(100))),
        section(55, "a wrong checksum", .malformed, "damaged", raw: 100, magic + [0b1010_0100, 100, 0, 0, 0] + run(100) + [0, 0, 0, 0]),
        section(55, "a frame that is cut off", .malformed, "", raw: 100, Array(frame(100, run(100)).dropLast(2))),
        section(55, "no frame", .malformed, "does not declare", raw: 100, [UInt8](repeating: 0, count: 100)),
        section(55, "nothing", .malformed, "", raw: 0, []),
        .bundle(55, "a compressed graph", .malformed, "do not fit this kind") {
            $0[SectionKind.graph] = .init(kind: SectionKind.graph, flags: 3, bytes: frame(100, run(100)), rawBytes: 100)
        },
    ]

    /// The provenance is read here: a model loads without it.
    @Test(arguments: cases) func isAnsweredAsTheFormatSays(hostile: HostileCase) throws {
        let bytes = try hostile.bytes()
        guard let code = hostile.code else {
            #expect(try Bundle(bytes: bytes).section(.provenance) == [UInt8](repeating: 0x61, count: 4000))
            return
        }
        let error = #expect(throws: MaxError.self) { try Bundle(bytes: bytes).section(.provenance) }
        #expect(error?.code == code, "\(error?.message ?? "")")
        #expect(error?.message.contains(hostile.message) == true, "\(error?.message ?? "")")
    }

    /// 56. What a section holds is unpacked once, whatever it looks like.
    @Test func aFrameInAFrameStaysAFrame() throws {
        let inner = Self.frame(4000, Self.run(4000))
        let raw = inner.count
        let block = UInt32(1) | UInt32(raw) << 3
        let outer = Self.frame(UInt32(raw), (0..<3).map { UInt8(truncatingIfNeeded: block >> UInt32(8 * $0)) } + inner)
        var bundle = try soundBundle()
        bundle[SectionKind.provenance] = .init(kind: SectionKind.provenance, flags: 2, bytes: outer, rawBytes: UInt64(raw))
        #expect(try Bundle(bytes: bundle.bytes).section(.provenance) == inner)
    }

    /// The writer keeps to the limits of the reader, however well its content compresses.
    @Test(arguments: [1, 40, 4000]) func whatIsWrittenIsReadHoweverWellItCompresses(period: Int) throws {
        var state: UInt64 = 1
        let pattern = (0..<period).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let block = (0..<1 << 16).map { pattern[$0 % period] }
        let provenance = (0..<160).flatMap { [UInt8($0)] + block }
        let bytes = try BundleWriter.bytes(
            of: BundleContent(info: ModelInfo(name: "sum"), producer: "test", graph: try sumGraph(), provenance: provenance))
        #expect(try Bundle(bytes: bytes).section(.provenance) == provenance)
    }
}
