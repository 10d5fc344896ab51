import MaxCases
import MaxCompiler
import MaxIR
import MaxRuntime
import Testing

/// Bundles of ensembles that are large enough to be kept packed.
@Suite struct PackedTests {
    static let columns = 5
    static let packedGraph: UInt32 = 9
    static let packedArrays: UInt32 = 11

    /// 400 trees of up to 63 leaves, in every shape that the layout knows.
    static func graph(seed: UInt64 = 1) throws -> Graph {
        var random = SeededGenerator(seed: seed)
        var trees = TreeEnsembleBuilder(outputs: 1)
        for tree in 0..<400 {
            // Full trees, oblivious ones, and chains.
            let kind = tree % 3
            let splits = 63
            var columns: [Int] = []
            var thresholds: [Double] = []
            for _ in 0..<splits {
                columns.append(random.below(Self.columns))
                thresholds.append(Double(Float(random.below(200)) / 100 - 1))
            }
            try trees.addTree(count: 2 * splits + 1, output: 0) { position throws(MaxError) in
                guard position < splits else { return .leaf([Double(Float(position * 7 % 64) / 8)]) }
                let level = Int.bitWidth - 1 - (position + 1).leadingZeroBitCount
                let test = kind == 1 ? level : position
                let (left, right) = kind == 2 ? (splits + position, position + 1) : (2 * position + 1, 2 * position + 2)
                return .split(
                    SourceNode.Split(
                        column: columns[test], comparison: .less, threshold: thresholds[test], missing: .nan,
                        missingGoesTrue: test % 2 == 0, ifTrue: left, ifFalse: right))
            }
        }
        let ensemble = try trees.finish(threshold: .f32, base: .f32([0.5]))
        var builder = GraphBuilder(name: "large")
        let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(Self.columns)]), missing: .nan)
        builder.output("raw", try builder.add(Ops.trees, [x], ensemble.attributes))
        return try builder.finish()
    }

    static func rows(_ count: Int) -> Tensor {
        var random = SeededGenerator(seed: 9)
        return Tensor(
            (0..<count * columns).map { _ in random.below(20) == 0 ? Float.nan : Float(random.below(2400)) / 1000 - 1.2 },
            shape: [count, columns])
    }

    static func bundle(_ graph: Graph) throws -> [UInt8] {
        try BundleWriter.bytes(of: BundleContent(info: ModelInfo(name: "large"), producer: "test", graph: graph))
    }

    @Test func `a packed model gives the bits of the portable one in every kernel family`() throws {
        let graph = try Self.graph()
        let x = Self.rows(300)
        let expected = try graph.evaluate([.tensor(x)]).map { try #require($0.tensor) }
        let bytes = try Self.bundle(graph)
        for choice in KernelChoice.available {
            try KernelChoice.$forced.withValue(choice) {
                let model = try Model.load(try Bundle(bytes: bytes))
                #expect(model.plan.summary == "trees.byte.\(choice)")
                #expect(try model.predict([x]) == expected)
                for row in 0..<10 {
                    let values: [Float] = try #require(x.values())
                    let one = Tensor(Array(values[row * Self.columns..<(row + 1) * Self.columns]), shape: [1, Self.columns])
                    let scores: [Float] = try #require(expected[0].values())
                    #expect(try model.predict([one])[0].values() == [scores[row]])
                }
                #expect(try model.graph == graph)
            }
        }
    }

    @Test func `another kernel that is asked for runs from the portable graph`() throws {
        let bytes = try Self.bundle(try Self.graph())
        let model = try TreeKernel.$forced.withValue(.general) { try Model.load(try Bundle(bytes: bytes)) }
        #expect(model.plan.summary == "trees.general")
    }

    @Test func `sections that this version does not know are left alone`() throws {
        var raw = try #require(RawBundle(try Self.bundle(try Self.graph())))
        let name = Array("packed_byte_trees_2".utf8)
        var bytes = try #require(raw[Self.packedGraph]).bytes
        let at = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        bytes[at + name.count - 1] = UInt8(ascii: "9")
        raw[Self.packedGraph]?.bytes = bytes
        let bundle = try Bundle(bytes: raw.bytes)
        #expect(try Model.load(bundle).plan.isPlanned)
        try bundle.checkPacked()
    }

    @Test func `a packed graph of another model is found out`() throws {
        var raw = try #require(RawBundle(try Self.bundle(try Self.graph(seed: 1))))
        let other = try #require(RawBundle(try Self.bundle(try Self.graph(seed: 2))))
        raw[Self.packedGraph] = other[Self.packedGraph]
        raw[Self.packedArrays] = other[Self.packedArrays]
        let bundle = try Bundle(bytes: raw.bytes)
        #expect(throws: MaxError.self) { try bundle.checkPacked() }
        try Bundle(bytes: try Self.bundle(try Self.graph(seed: 1))).checkPacked()
    }

    /// Every digest fits, so that only the check of the arrays stands between a stranger's numbers and the kernels.
    @Test func `damaged arrays are refused, or run within bounds and end`() throws {
        let good = try #require(RawBundle(try Self.bundle(try Self.graph())))
        let arrays = try #require(good[Self.packedArrays]).bytes
        var random = SeededGenerator(seed: 3)
        let x = Self.rows(70)
        var refused = 0
        for _ in 0..<400 {
            var bytes = arrays
            // Most of the section is leaves and nodes: aim at the records and the small arrays too.
            let reach = [1500, 8000, bytes.count][random.below(3)]
            for _ in 0..<1 + random.below(4) {
                bytes[random.below(reach)] = [0, 1, 127, 128, 255, UInt8(random.below(256))][random.below(6)]
            }
            var raw = good
            raw[Self.packedArrays]?.bytes = bytes
            do {
                let model = try Model.load(try Bundle(bytes: raw.bytes))
                _ = try model.predict([x])
                _ = try model.predict([Self.rows(1)])
            } catch {
                #expect([.malformed, .limitExceeded].contains(error.code), "\(error)")
                refused += 1
            }
        }
        #expect(refused > 50)
    }
}
