extension Ops {
    public static let oneHotEncoder = Operator(
        "one_hot_encoder",
        "A column per category, 1 where x is that category; numbers are truncated to integers first. An unknown value gives zeros, or is refused when `zeros` is 0. Source: ai.onnx.ml OneHotEncoder.",
        operands: [.one("x", [.f32, .f64, .i64, .i32, .string])],
        attributes: [.optional("cats_int64s", .ints), .optional("cats_strings", .strings), .defaulted("zeros", .int(1))],
        onnx: .ml("OneHotEncoder", since: 1),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            let count = try categories(node, isText: x.element == .string)
            return [.tensor(TensorType(.f32, x.shape.map { $0 + [.fixed(count)] }))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let count = try categories(node, isText: x.elementType == .string)
            var out = [Float](repeating: 0, count: try elementCount(of: x.shape + [count], limit: Limits.evaluatedElements))
            let positions: [Int?]
            if case .string(let texts) = x.storage {
                let index = Dictionary(zip(try node.strings("cats_strings"), 0...), uniquingKeysWith: { $1 })
                positions = texts.map { index[$0] }
            } else {
                let index = Dictionary(zip(try node.ints("cats_int64s"), 0...), uniquingKeysWith: { $1 })
                positions = (try Cast.convert(x, to: .i64).values(as: Int64.self) ?? []).map { index[$0] }
            }
            for (row, position) in positions.enumerated() {
                if let position {
                    out[row * count + position] = 1
                } else if try !node.flag("zeros") {
                    throw node.malformed("element \(row): the value is no known category, and the model takes no other")
                }
            }
            return [.tensor(Tensor(out, shape: x.shape + [count]))]
        })

    private static func categories(_ node: some OperatorNode, isText: Bool) throws(MaxError) -> Int {
        let count = isText ? node.optionalStrings("cats_strings")?.count : node.optionalInts("cats_int64s")?.count
        guard let count, count >= 1 else { throw MaxError(.malformed, "\(isText ? "cats_strings" : "cats_int64s") is missing or empty") }
        return count
    }

    public static let arrayFeatureExtractor = Operator(
        "array_feature_extractor", "Columns of x at the positions of y. Source: ai.onnx.ml ArrayFeatureExtractor.",
        operands: [.one("x", .all), .one("y", [.i64])], onnx: .ml("ArrayFeatureExtractor", since: 1),
        infer: { node throws(MaxError) in
            let (x, y) = (try node.tensorType(0), try node.tensorType(1))
            guard let shape = x.shape, !shape.isEmpty else { return [.tensor(TensorType(x.element, nil))] }
            // The product of y's extents: one that is not a number stands when the others are 1.
            let open = (y.shape ?? [.unknown]).filter { $0.fixed != 1 }
            let count = y.fixedShape.map { Dimension.fixed($0.reduce(1, *)) } ?? (open.count == 1 ? open[0] : .unknown)
            if let positions = node.constant(1)?.values(as: Int64.self), let width = shape.last?.fixed,
                let bad = positions.first(where: { $0 < 0 || $0 >= Int64(width) })
            {
                throw MaxError(.malformed, "position \(bad) of \(width) columns")
            }
            let head = shape.count == 1 ? [.fixed(1)] : Array(shape.dropLast())
            return [.tensor(TensorType(x.element, head + [count]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard let width = x.shape.last else { throw node.malformed("operand is a scalar") }
            let positions = try Selecting.indices(node, try node.tensor(1), extent: width)
            let rows = width == 0 ? 0 : x.count / width
            let picked = (0..<rows).flatMap { row in positions.map { row * width + $0 } }
            let head = x.rank == 1 ? [1] : Array(x.shape.dropLast())
            return [.tensor(Tensor(unchecked: x.storage.picking(picked), shape: head + [positions.count]))]
        })

    public static let featureVectorizer = Operator(
        "feature_vectorizer",
        "The operands' columns side by side, each operand cut or padded with 0 to its entry in `inputdimensions`, in f32. Source: ai.onnx.ml FeatureVectorizer.",
        operands: [.many("x", Rows.numeric)], attributes: [.optional("inputdimensions", .ints)], onnx: .ml("FeatureVectorizer", since: 1),
        infer: { node throws(MaxError) in
            var total: Int? = 0
            for index in node.operands.indices {
                let type = try node.tensorType(index)
                let found = type.rank == 1 ? 1 : type.shape?.dropFirst().first?.fixed
                if let width = try vectorWidth(node, index, found), let sum = total { total = sum + width } else { total = nil }
            }
            let rows = try node.tensorType(0).shape?.first ?? .unknown
            return [.tensor(TensorType(.f32, [rows, total.map { .fixed($0) } ?? .unknown]))]
        },
        evaluate: { node throws(MaxError) in
            let rows = try node.tensor(0).shape.first ?? 1
            var columns: [(values: [Float], width: Int, kept: Int)] = []
            for index in node.operands.indices {
                let x = try node.tensor(index)
                guard x.rank >= 1, x.shape[0] == rows else {
                    throw node.malformed("operand \(index) has shape \(x.shape), expected \(rows) rows")
                }
                let width = rows == 0 ? (x.shape.dropFirst().reduce(1, *)) : x.count / rows
                let kept = try vectorWidth(node, index, width) ?? width
                columns.append((try Cast.convert(x, to: .f32).values(as: Float.self) ?? [], width, kept))
            }
            var out: [Float] = []
            for row in 0..<rows {
                for column in columns {
                    for position in 0..<column.kept {
                        out.append(position < column.width ? column.values[row * column.width + position] : 0)
                    }
                }
            }
            return [.tensor(Tensor(out, shape: [rows, columns.reduce(0) { $0 + $1.kept }]))]
        })

    private static func vectorWidth(_ node: some OperatorNode, _ index: Int, _ found: Int?) throws(MaxError) -> Int? {
        guard let declared = node.optionalInts("inputdimensions"), !declared.isEmpty else { return found }
        guard index < declared.count, declared[index] >= 0, declared[index] <= Int64(Limits.ports) else {
            throw MaxError(.malformed, "inputdimensions \(declared) for operand \(index)")
        }
        return Int(declared[index])
    }

    static let encoding = [oneHotEncoder, arrayFeatureExtractor, featureVectorizer]
}
