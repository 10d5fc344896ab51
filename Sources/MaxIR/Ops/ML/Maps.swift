extension Ops {
    public static let zipMap = Operator(
        "zip_map", "One map per row from class labels to that row's values. Source: ai.onnx.ml ZipMap.",
        operands: [.one("x", [.f32])],
        attributes: [.optional("classlabels_int64s", .ints), .optional("classlabels_strings", .strings)], onnx: .ml("ZipMap", since: 1),
        infer: { node throws(MaxError) in
            let labels = try ClassLabels(node, integers: "classlabels_int64s")
            if let width = try Rows.type(node).width.fixed, width != labels.storage.count {
                throw MaxError(.malformed, "\(labels.storage.count) labels for \(width) columns")
            }
            return [.sequence(.map(key: labels.storage.elementType, value: .f32))]
        },
        evaluate: { node throws(MaxError) in
            let labels = try ClassLabels(node, integers: "classlabels_int64s")
            let (rows, width) = try Rows.shape(node)
            guard width == labels.storage.count else { throw node.malformed("\(labels.storage.count) labels for \(width) columns") }
            let x = try node.values(0, as: Float.self)
            let keys = Tensor(unchecked: labels.storage, shape: [width])
            return [.sequence((0..<rows).map { .map(keys: keys, values: Tensor(Array(x[$0 * width..<($0 + 1) * width]))) })]
        })

    public static let dictVectorizer = Operator(
        "dict_vectorizer", "A map's values in the order of a vocabulary, 0 where it has none. Source: ai.onnx.ml DictVectorizer.",
        operands: [.one("x", nil)],
        attributes: [.optional("string_vocabulary", .strings), .optional("int64_vocabulary", .ints)], onnx: .ml("DictVectorizer", since: 1),
        infer: { node throws(MaxError) in
            let vocabulary = try ClassLabels(node, integers: "int64_vocabulary", strings: "string_vocabulary")
            guard case .map(let key, let value)? = node.operands[0], key == vocabulary.storage.elementType else {
                throw MaxError(
                    .malformed,
                    "operand is \(node.operands[0].map { "\($0)" } ?? "missing"), expected a map with \(vocabulary.storage.elementType) keys"
                )
            }
            return [.tensor(TensorType(value, [.fixed(1), .fixed(vocabulary.storage.count)]))]
        },
        evaluate: { node throws(MaxError) in
            let vocabulary = try ClassLabels(node, integers: "int64_vocabulary", strings: "string_vocabulary").storage
            guard case .map(let keys, let values)? = node.operands[0] else { throw node.malformed("operand is not a map") }
            let known = Dictionary(zip(Comparand.all(keys.storage).map(Key.init), 0...), uniquingKeysWith: { $1 })
            let filler: TensorStorage =
                values.elementType == .string ? .string([""]) : try Cast.convert(Tensor([Int64(0)]), to: values.elementType).storage
            guard let padded = values.storage.appending([filler]) else { throw node.malformed("map values") }
            let picked = Comparand.all(vocabulary).map { known[Key($0)] ?? values.count }
            return [.tensor(Tensor(unchecked: padded.picking(picked), shape: [1, picked.count]))]
        })

    public static let castMap = Operator(
        "cast_map",
        "A map's values as `cast_to` (TO_FLOAT, TO_INT64, TO_STRING), in key order; SPARSE places each at its key among `max_map`. Source: ai.onnx.ml CastMap.",
        operands: [.one("x", nil)],
        attributes: [.defaulted("cast_to", .string("TO_FLOAT")), .defaulted("map_form", .string("DENSE")), .defaulted("max_map", .int(1))],
        onnx: .ml("CastMap", since: 1),
        infer: { node throws(MaxError) in
            let target = try castTarget(node)
            let isSparse = try node.string("map_form").string == "SPARSE"
            return [.tensor(TensorType(target, [.fixed(1), isSparse ? .fixed(try maximumKeys(node)) : .unknown]))]
        },
        evaluate: { node throws(MaxError) in
            guard case .map(let keys, let values)? = node.operands[0], let index = keys.values(as: Int64.self) else {
                throw node.malformed("operand is not a map with i64 keys")
            }
            let cast = try castMapValues(values, to: try castTarget(node))
            let order = index.indices.sorted { index[$0] < index[$1] }
            guard try node.string("map_form").string == "SPARSE" else {
                return [.tensor(Tensor(unchecked: cast.storage.picking(order), shape: [1, order.count]))]
            }
            let count = try maximumKeys(node)
            let filler: TensorStorage =
                cast.elementType == .string ? .string(["0"]) : try Cast.convert(Tensor([Int64(0)]), to: cast.elementType).storage
            guard let padded = cast.storage.appending([filler]) else { throw node.malformed("map values") }
            var picked = [Int](repeating: cast.count, count: count)
            for (position, key) in index.enumerated() where key >= 0 && key < Int64(count) { picked[Int(key)] = position }
            return [.tensor(Tensor(unchecked: padded.picking(picked), shape: [1, count]))]
        })

    /// Floats become texts with six decimals, as ONNX Runtime writes them here.
    private static func castMapValues(_ values: Tensor, to type: ElementType) throws(MaxError) -> Tensor {
        guard type == .string, let floats = values.values(as: Float.self) else { return try Cast.convert(values, to: type) }
        return Tensor(floats.map { Text(Cast.decimals($0)) }, shape: values.shape)
    }

    private static func castTarget(_ node: some OperatorNode) throws(MaxError) -> ElementType {
        switch try node.string("cast_to").string {
        case "TO_FLOAT": .f32
        case "TO_INT64": .i64
        case "TO_STRING": .string
        default: throw MaxError(.malformed, "cast_to: found \(try node.string("cast_to").quoted), expected TO_FLOAT, TO_INT64 or TO_STRING")
        }
    }

    private static func maximumKeys(_ node: some OperatorNode) throws(MaxError) -> Int {
        let count = try node.int("max_map")
        guard count >= 1, count <= Int64(Limits.evaluatedElements) else { throw MaxError(.malformed, "max_map: \(count)") }
        return Int(count)
    }

    private struct Key: Hashable {
        let text: Text
        let number: Int64
        init(_ value: Comparand) {
            switch value {
            case .text(let text): (self.text, number) = (text, 0)
            case .signed(let number): (text, self.number) = ("", number)
            default: (text, number) = ("", 0)
            }
        }
    }

    static let maps = [zipMap, dictVectorizer, castMap]
}
