import MaxCompiler
import MaxIR
import MaxRuntime

/// All that the commands do with a model once it is read: rewrite it, store it, load it, score with it.
enum Exercise {
    /// Rows of values that have caused trouble, one tensor per input.
    static func inputs(of schema: Schema, rows: Int) -> [Tensor] {
        schema.inputs.map { port in
            let count = rows * port.width
            return Tensor(unchecked: storage(port.element, count), shape: [rows] + port.tail)
        }
    }

    private static func storage(_ element: ElementType, _ count: Int) -> TensorStorage {
        let doubles: [Double] = [0, 1, -2.5, .nan, .infinity, -.infinity, 3e9, -0.0, 1e-300]
        let integers: [Int64] = [0, 1, -1, 7, .max, .min, 1 << 33]
        let texts: [Text] = ["", "a", "é", "x", "1"]
        func cycle<T, E>(_ from: [T], _ convert: (T) -> E) -> [E] { (0..<count).map { convert(from[$0 % from.count]) } }
        return switch element {
        case .f64: .f64(cycle(doubles) { $0 })
        case .f32: .f32(cycle(doubles) { Float($0) })
        case .f16: .f16(cycle(doubles) { Float16($0) })
        case .bf16: .bf16(cycle(doubles) { BFloat16(bits: UInt16(truncatingIfNeeded: Float($0).bitPattern >> 16)) })
        case .i64: .i64(cycle(integers) { $0 })
        case .timestamp: .timestamp(cycle(integers) { $0 })
        case .i32: .i32(cycle(integers) { Int32(truncatingIfNeeded: $0) })
        case .i16: .i16(cycle(integers) { Int16(truncatingIfNeeded: $0) })
        case .i8: .i8(cycle(integers) { Int8(truncatingIfNeeded: $0) })
        case .u64: .u64(cycle(integers) { UInt64(bitPattern: $0) })
        case .u32: .u32(cycle(integers) { UInt32(truncatingIfNeeded: $0) })
        case .u16: .u16(cycle(integers) { UInt16(truncatingIfNeeded: $0) })
        case .u8: .u8(cycle(integers) { UInt8(truncatingIfNeeded: $0) })
        case .bool: .bool(cycle(integers) { $0 & 1 == 1 })
        case .string: .string(cycle(texts) { $0 })
        }
    }

    /// Scores one row and then a few.
    static func score(_ model: Model) throws(MaxError) {
        let width = model.schema.columns.count + model.schema.outputs.reduce(0) { $0 + $1.width }
        for rows in width > 4096 ? [1] : [1, 9] {
            _ = try model.predict(inputs(of: model.schema, rows: rows))
        }
    }

    private static func evaluate(_ graph: Graph) throws(MaxError) {
        var arguments: [Value] = []
        for input in graph.inputs {
            guard let type = input.type.tensor else { throw MaxError(.unsupported, "input \(input.name.quoted): \(input.type)") }
            let shape = (type.shape ?? [.rows]).map { $0.fixed ?? 2 }
            let count = try elementCount(of: shape, limit: 1 << 16)
            arguments.append(.tensor(Tensor(unchecked: storage(type.element, count), shape: shape)))
        }
        _ = try graph.evaluate(arguments)
    }

    /// Compiles, stores and loads again, and scores both before and after.
    ///
    /// What is no model of rows is rewritten and run by the reference evaluator: the compiler meets it so far.
    static func compile(_ graph: Graph) throws(MaxError) {
        guard (try? Schema(of: graph)) != nil else {
            try evaluate(graph)
            return try evaluate(try RewriteDriver(rules: Pipeline.exact).run(graph).graph)
        }
        let model = try Model(graph: graph, info: ModelInfo(name: "m"))
        // What the operators refuse, they refuse; the compiler goes on with the graph all the same.
        do throws(MaxError) { try score(model) } catch  where error.code != .internal {}
        let result = try RewriteDriver(rules: Pipeline.exact).run(graph)
        let bytes = try BundleWriter.bytes(
            of: BundleContent(info: ModelInfo(name: "m"), producer: "mutations", graph: result.graph))
        try score(try Model.load(try Bundle(bytes: bytes)))
    }
}
