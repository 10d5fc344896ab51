import MaxIR

/// Values at which models change their mind: the corners of each type, and what stands in the graph itself
/// (thresholds with their two neighbours, keys of encoders with near misses).
struct ValuePool {
    private(set) var floats: [Double] = []
    private(set) var integers: [Int64] = []
    private(set) var texts: [Text] = []

    /// Elements of one tensor that are looked at; larger ones are sampled evenly.
    static let perTensor = 4096

    /// The constants of graphs.
    init(of graphs: [Graph]) {
        for graph in graphs {
            for node in graph.nodes {
                for spec in node.op.attributes { if let value = node.attributes[spec.name] { add(value) } }
            }
            for input in graph.inputs { if case .value(let value)? = input.missing { add(value) } }
        }
        floats = Self.distinct(floats.map(\.bitPattern)).map(Double.init(bitPattern:))
        integers = Self.distinct(integers)
        texts = Self.distinct(texts)
    }

    private mutating func add(_ attribute: Attribute) {
        switch attribute {
        case .int(let x): integers.append(x)
        case .float(let x): floats.append(x)
        case .string(let x): texts.append(x)
        case .ints(let x): integers += Self.sample(x)
        case .floats(let x): floats += Self.sample(x)
        case .strings(let x): texts += Self.sample(x)
        case .type: break
        case .tensor(let x): add(x)
        }
    }

    private mutating func add(_ tensor: Tensor) {
        switch tensor.storage {
        case .f64(let a): floats += Self.sample(a)
        case .f32(let a): floats += Self.sample(a).map(Double.init)
        case .f16(let a): floats += Self.sample(a).map(Double.init)
        case .bf16(let a): floats += Self.sample(a).map { Double($0.float) }
        case .i64(let a), .timestamp(let a): integers += Self.sample(a)
        case .i32(let a): integers += Self.sample(a).map(Int64.init)
        case .i16(let a): integers += Self.sample(a).map(Int64.init)
        case .i8(let a): integers += Self.sample(a).map(Int64.init)
        case .u64(let a): integers += Self.sample(a).map { Int64(bitPattern: $0) }
        case .u32(let a): integers += Self.sample(a).map(Int64.init)
        case .u16(let a): integers += Self.sample(a).map(Int64.init)
        case .u8(let a): integers += Self.sample(a).map(Int64.init)
        case .bool: break
        case .string(let a): texts += Self.sample(a)
        }
    }

    private static func sample<E>(_ values: [E]) -> [E] {
        guard values.count > perTensor else { return values }
        return (0..<perTensor).map { values[$0 * values.count / perTensor] }
    }

    private static func distinct<E: Hashable>(_ values: [E]) -> [E] {
        var seen = Set<E>()
        return values.filter { seen.insert($0).inserted }
    }
}

extension ValuePool {
    /// What to try in an input of the given type, corners first.
    func candidates(_ type: ElementType) -> TensorStorage {
        switch type {
        case .f64: .f64(doubles())
        case .f32: .f32(singles())
        case .f16: .f16(halves())
        case .bf16: .bf16(Self.distinct(singles().map { BFloat16($0) }))
        case .i64: .i64(integers(Int64.self))
        case .timestamp: .timestamp(integers(Int64.self) + [1_700_000_000_000_000, -2_208_988_800_000_000])
        case .i32: .i32(integers(Int32.self))
        case .i16: .i16(integers(Int16.self))
        case .i8: .i8(integers(Int8.self))
        case .u64: .u64(integers(UInt64.self))
        case .u32: .u32(integers(UInt32.self))
        case .u16: .u16(integers(UInt16.self))
        case .u8: .u8(integers(UInt8.self))
        case .bool: .bool([false, true])
        case .string: .string(strings())
        }
    }

    private func doubles() -> [Double] {
        var out: [Double] = [
            0, -0.0, 1, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0.5, 1e-35, -1e-36,
            0x1p24 + 1, 0x1p53 + 2, 0x1p63, -0x1p63, 1e30,
        ]
        for value in near(floats) + integers.map(Double.init) {
            out += [value, value.nextUp, value.nextDown]
            let single = Float(value)
            if single.isFinite { out += [Double(single), Double(single.nextUp), Double(single.nextDown)] }
        }
        return Self.distinct(out.map(\.bitPattern)).map(Double.init(bitPattern:))
    }

    private func singles() -> [Float] {
        var out: [Float] = [
            0, -0.0, 1, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0.5, 1e-35, -1e-36, 0x1p24,
            0x1p31, -0x1p31, 0x1p63, 1e30,
        ]
        for value in near(floats).map({ Float($0) }) + integers.map({ Float($0) }) {
            out += [value, value.nextUp, value.nextDown]
        }
        return Self.distinct(out.map(\.bitPattern)).map(Float.init(bitPattern:))
    }

    private func halves() -> [Float16] {
        var out: [Float16] = [
            0, -0.0, 1, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .leastNormalMagnitude,
            .greatestFiniteMagnitude,
        ]
        for value in near(floats).map({ Float16($0) }) { out += [value, value.nextUp, value.nextDown] }
        return Self.distinct(out.map(\.bitPattern)).map(Float16.init(bitPattern:))
    }

    private func near(_ values: [Double]) -> [Double] { values.filter { !$0.isNaN } }

    private func integers<I: FixedWidthInteger>(_: I.Type) -> [I] {
        var out: [I] = [0, 1, .max, .min, I(truncatingIfNeeded: -1), 2, 63, 64]
        for value in integers + floats.compactMap({ Int64(exactly: $0.rounded(.towardZero)) }) {
            out += [value, value &+ 1, value &- 1].compactMap { I(exactly: $0) }
        }
        return Self.distinct(out)
    }

    private func strings() -> [Text] {
        var out: [Text] = ["", "no such category", " ", "nan", "0", "1", "-1.5", "é", "e\u{301}"]
        for text in texts {
            out.append(text)
            out.append(Text(utf8: text.utf8 + [32]))
            out.append(Text(utf8: Array(text.utf8.dropLast())))
        }
        return Self.distinct(out)
    }
}
