/// Comparisons, boolean logic and selection.
extension Ops {
    public static let equal = compare("equal", "a = b; NaN equals nothing. Source: ONNX Equal.", "Equal", 7, .all) { $0 == $1 }
    public static let less = compare("less", "a < b. Source: ONNX Less.", "Less", 9, .numeric) { $0 < $1 }
    public static let lessOrEqual = compare("less_or_equal", "a <= b. Source: ONNX LessOrEqual.", "LessOrEqual", 12, .numeric) { $0 <= $1 }
    public static let greater = compare("greater", "a > b. Source: ONNX Greater.", "Greater", 9, .numeric) { $0 > $1 }
    public static let greaterOrEqual = compare(
        "greater_or_equal", "a >= b. Source: ONNX GreaterOrEqual.", "GreaterOrEqual", 12, .numeric
    ) { $0 >= $1 }
    static let comparisons = [equal, less, lessOrEqual, greater, greaterOrEqual]

    public static let and = logic("and", "Both. Source: ONNX And.", "And") { $0 && $1 }
    public static let or = logic("or", "Either. Source: ONNX Or.", "Or") { $0 || $1 }
    public static let xor = logic("xor", "Exactly one. Source: ONNX Xor.", "Xor") { $0 != $1 }
    public static let not = Operator(
        "not", "Negation. Source: ONNX Not.", operands: [.one("x", [.bool])], onnx: ONNXMapping("Not", since: 1),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            return [.tensor(Tensor(try node.values(0, as: Bool.self).map { !$0 }, shape: x.shape))]
        })
    public static let select = Operator(
        "where", "a where the condition holds, else b. Source: ONNX Where.",
        operands: [.one("condition", [.bool]), .one("a", .all), .one("b", .all)],
        onnx: ONNXMapping("Where", since: 9),
        infer: { node throws(MaxError) in
            let (a, b) = (try node.tensorType(1), try node.tensorType(2))
            guard a.element == b.element else {
                throw MaxError(.malformed, "operands are \(a) and \(b), expected one element type")
            }
            let shape = try Broadcast.types(try Broadcast.types(a.shape, b.shape), try node.tensorType(0).shape)
            return [.tensor(TensorType(a.element, shape))]
        },
        evaluate: { node throws(MaxError) in
            let (condition, a, b) = (try node.tensor(0), try node.tensor(1), try node.tensor(2))
            let shape = try Broadcast.shapes(try Broadcast.shapes(a.shape, b.shape), condition.shape)
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let flags = try node.values(0, as: Bool.self)
            let fromA = Broadcast.sources(from: a.shape, to: shape)
            let fromB = Broadcast.sources(from: b.shape, to: shape)
            let chosen = Broadcast.sources(from: condition.shape, to: shape).enumerated().map { i, c in
                flags[c] ? fromA[i] : a.count + fromB[i]
            }
            guard let both = a.storage.appending([b.storage]) else {
                throw node.malformed("operands are \(a.type) and \(b.type), expected one element type")
            }
            return [.tensor(Tensor(unchecked: both.picking(chosen), shape: shape))]
        })
    static let logical = [and, or, xor, not, select]

    private static func compare(
        _ name: String, _ summary: String, _ onnx: String, _ since: Int, _ types: Set<ElementType>,
        _ body: @escaping @Sendable (Comparand, Comparand) -> Bool
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("a", types), .one("b", types)], onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in
                guard case .tensor(let type)? = try inferBroadcast(node).first else { return [] }
                return [.tensor(TensorType(.bool, type.shape))]
            },
            evaluate: { node throws(MaxError) in
                let (a, b) = (try node.tensor(0), try node.tensor(1))
                let shape = try Broadcast.shapes(a.shape, b.shape)
                _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
                let (x, y) = (Comparand.all(a.storage), Comparand.all(b.storage))
                let from = Broadcast.sources(from: b.shape, to: shape)
                let out = Broadcast.sources(from: a.shape, to: shape).enumerated().map { body(x[$1], y[from[$0]]) }
                return [.tensor(Tensor(out, shape: shape))]
            })
    }

    private static func logic(
        _ name: String, _ summary: String, _ onnx: String, _ body: @escaping @Sendable (Bool, Bool) -> Bool
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("a", [.bool]), .one("b", [.bool])], onnx: ONNXMapping(onnx, since: 7),
            infer: inferBroadcast,
            evaluate: { node throws(MaxError) in
                let (a, b) = (try node.tensor(0), try node.tensor(1))
                let shape = try Broadcast.shapes(a.shape, b.shape)
                _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
                let (x, y) = (try node.values(0, as: Bool.self), try node.values(1, as: Bool.self))
                let from = Broadcast.sources(from: b.shape, to: shape)
                let out = Broadcast.sources(from: a.shape, to: shape).enumerated().map { body(x[$1], y[from[$0]]) }
                return [.tensor(Tensor(out, shape: shape))]
            })
    }
}

/// One element as something that compares exactly, whatever its type.
enum Comparand: Comparable {
    case double(Double), signed(Int64), unsigned(UInt64), text(Text)

    static func < (a: Comparand, b: Comparand) -> Bool {
        switch (a, b) {
        case (.double(let x), .double(let y)): x < y
        case (.signed(let x), .signed(let y)): x < y
        case (.unsigned(let x), .unsigned(let y)): x < y
        case (.text(let x), .text(let y)): x < y
        default: false
        }
    }
    // Comparable's defaults derive these from `<`, which is wrong for NaN.
    static func <= (a: Comparand, b: Comparand) -> Bool { a < b || a == b }
    static func > (a: Comparand, b: Comparand) -> Bool { b < a }
    static func >= (a: Comparand, b: Comparand) -> Bool { b < a || a == b }

    static func all(_ storage: TensorStorage) -> [Comparand] {
        switch storage {
        case .f64(let a): a.map { .double($0) }
        case .f32(let a): a.map { .double(Double($0)) }
        case .f16(let a): a.map { .double(Double($0)) }
        case .bf16(let a): a.map { .double($0.double) }
        case .i64(let a), .timestamp(let a): a.map { .signed($0) }
        case .i32(let a): a.map { .signed(Int64($0)) }
        case .i16(let a): a.map { .signed(Int64($0)) }
        case .i8(let a): a.map { .signed(Int64($0)) }
        case .u64(let a): a.map { .unsigned($0) }
        case .u32(let a): a.map { .unsigned(UInt64($0)) }
        case .u16(let a): a.map { .unsigned(UInt64($0)) }
        case .u8(let a): a.map { .unsigned(UInt64($0)) }
        case .bool(let a): a.map { .unsigned($0 ? 1 : 0) }
        case .string(let a): a.map { .text($0) }
        }
    }
}
