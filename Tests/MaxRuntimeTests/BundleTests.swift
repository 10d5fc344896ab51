import MaxIR
import MaxRuntime
import Testing

/// A small model: two columns in, their sum out.
func sumGraph() throws -> Graph {
    var builder = GraphBuilder(name: "sum")
    let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
    let b = try builder.input("b", TensorType(.f32, [.rows]), missing: .value(.float(1.5)))
    let one = try builder.constant(Tensor([Float(0.25), -0.0, .nan], shape: [3]))
    _ = one
    builder.output("total", try builder.add(Ops.add, [a, b]))
    return try builder.finish()
}

func sumBundle() throws -> [UInt8] {
    let golden = GoldenRows(
        inputs: [Tensor([Float(1), .nan], shape: [2]), Tensor([Float(2), 3], shape: [2])],
        outputs: [Tensor([Float(3), .nan], shape: [2])])
    return try BundleWriter.bytes(
        of: BundleContent(
            info: ModelInfo(name: "sum", version: "7"), producer: "test", graph: try sumGraph(), golden: golden,
            provenance: Array(repeating: UInt8(ascii: "x"), count: 5000)))
}

@Suite struct BundleTests {
    @Test func whatWasWrittenIsRead() throws {
        let bundle = try Bundle(bytes: try sumBundle())
        #expect(bundle.info.name == "sum")
        #expect(bundle.info.version == "7")
        #expect(try bundle.graph() == (try sumGraph()))
        #expect(try bundle.section(.provenance)?.count == 5000)
        let model = try Model.load(bundle)
        let out = try model.predict([Tensor([Float(1)]), Tensor([Float(4)])])
        #expect(out == [Tensor([Float(5)])])
    }

    @Test func equalContentGivesEqualBytes() throws { #expect(try sumBundle() == (try sumBundle())) }

    @Test func everySingleBitFlipIsRefused() throws {
        let bytes = try sumBundle()
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 1 << UInt8(position % 8)
            #expect(throws: MaxError.self, "bit flip at byte \(position)") { try Bundle(bytes: changed) }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try sumBundle()
        for count in stride(from: 0, to: bytes.count, by: 37) {
            #expect(throws: MaxError.self, "cut at \(count)") { try Bundle(bytes: Array(bytes.prefix(count))) }
        }
        #expect(throws: MaxError.self) { try Bundle(bytes: bytes + [0]) }
    }

    @Test func goldenRowsThatDoNotComeOutAreRefused() throws {
        let golden = GoldenRows(inputs: [Tensor([Float(1)]), Tensor([Float(2)])], outputs: [Tensor([Float(4)])])
        let bytes = try BundleWriter.bytes(
            of: BundleContent(info: ModelInfo(name: "sum"), producer: "test", graph: try sumGraph(), golden: golden))
        let error = #expect(throws: MaxError.self) { try Model.load(try Bundle(bytes: bytes)) }
        #expect(error?.code == .contentMismatch)
        #expect(error?.message.contains("found 3.0 (0x40400000), expected 4.0") == true)
    }

    @Test func signaturesLeaveTheContentAsItWas() throws {
        let unsigned = try sumBundle()
        let bundle = try Bundle(bytes: unsigned)
        let signed = try Bundle(bytes: try BundleWriter.embed(signatures: Array("{}".utf8), in: bundle))
        #expect(signed.root == bundle.root)
        #expect(try signed.contentImage() == unsigned)
        #expect(try signed.section(.signatures) == Array("{}".utf8))
        let again = try Bundle(bytes: try BundleWriter.embed(signatures: Array("[]".utf8), in: signed))
        #expect(try again.contentImage() == unsigned)
    }
}
