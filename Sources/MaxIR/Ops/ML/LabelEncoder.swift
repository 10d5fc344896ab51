extension Ops {
    /// Replaces every element that equals a key by that key's value, and every other by the default.
    ///
    /// - Operand `x`: any shape, the element type of the keys.
    /// - Attributes: one `keys_…` and one `values_…` of equal length; the default of the values' type.
    /// - A NaN key equals every NaN; 0.0 equals -0.0; of equal keys the last counts.
    /// - Source: ai.onnx.ml LabelEncoder 4.
    public static let labelEncoder = Operator(
        "label_encoder",
        "The value that stands for each element in a dictionary, or a default. Source: ai.onnx.ml LabelEncoder.",
        operands: [.one("x", .all)],
        attributes: [
            .optional("keys_strings", .strings), .optional("keys_int64s", .ints), .optional("keys_floats", .floats),
            .optional("keys_tensor", .tensor), .optional("values_strings", .strings), .optional("values_int64s", .ints),
            .optional("values_floats", .floats), .optional("values_tensor", .tensor),
            .defaulted("default_string", .string("_Unused")), .defaulted("default_int64", .int(-1)),
            .defaulted("default_float", .float(-0.0)), .optional("default_tensor", .tensor),
        ],
        onnx: .ml("LabelEncoder", since: 4),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            let dictionary = try LabelDictionary(node)
            guard dictionary.keys.elementType == x.element else {
                throw MaxError(.malformed, "operand is \(x), but the keys are \(dictionary.keys.elementType)")
            }
            return [.tensor(TensorType(dictionary.values.elementType, x.shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            return [.tensor(try LabelDictionary(node).encode(x))]
        })
}

/// The dictionary of a `label_encoder` node.
public struct LabelDictionary: Sendable {
    public let keys: TensorStorage
    public let values: TensorStorage
    /// One element, of the type of `values`.
    public let otherwise: TensorStorage

    /// - Throws: `.malformed` when keys or values are missing or given twice, or differ in number.
    public init(_ node: some OperatorNode) throws(MaxError) {
        keys = try Self.list(node, "keys")
        values = try Self.list(node, "values")
        guard keys.count == values.count else {
            throw MaxError(.malformed, "\(keys.count) keys and \(values.count) values, expected as many")
        }
        if let tensor = node.optionalTensor("default_tensor"), node.optionalTensor("values_tensor") != nil {
            guard tensor.elementType == values.elementType, tensor.count == 1 else {
                throw MaxError(.malformed, "default_tensor: found \(tensor.type), expected one \(values.elementType)")
            }
            otherwise = tensor.storage
            return
        }
        switch values.elementType {
        case .string: otherwise = .string([try node.string("default_string")])
        case .i64: otherwise = .i64([try node.int("default_int64")])
        case .f32: otherwise = .f32([Float(try node.float("default_float"))])
        case let other:
            let zero = other.isInteger ? -1 : -0.0
            otherwise = try Cast.convert(Tensor(scalar: zero), to: other).storage
        }
    }

    private static func list(_ node: some OperatorNode, _ name: String) throws(MaxError) -> TensorStorage {
        var found: [TensorStorage] = []
        if let texts = node.optionalStrings(name + "_strings") { found.append(.string(texts)) }
        if let integers = node.optionalInts(name + "_int64s") { found.append(.i64(integers)) }
        if let floats = node.optionalFloats(name + "_floats") { found.append(.f32(floats.map { Float($0) })) }
        if let tensor = node.optionalTensor(name + "_tensor") { found.append(tensor.storage) }
        guard found.count == 1 else {
            throw MaxError(.malformed, "\(found.count) attributes \(name)_…, expected one")
        }
        return found[0]
    }

    func encode(_ x: Tensor) throws(MaxError) -> Tensor {
        guard x.elementType == keys.elementType else {
            throw MaxError(.malformed, "'label_encoder': operand is \(x.type), but the keys are \(keys.elementType)")
        }
        func positions<Key: Hashable, E>(_ elements: [E], _ keys: [E], _ key: (E) -> Key) -> [Int] {
            var known: [Key: Int] = [:]
            for (position, element) in keys.enumerated() { known[key(element)] = position }
            return elements.map { known[key($0)] ?? keys.count }
        }
        let found: [Int]
        switch (x.storage, keys) {
        case (.f32(let a), .f32(let k)):
            found = positions(a, k) { $0.isNaN ? .nan : $0 == 0 ? UInt32(0) : $0.bitPattern }
        case (.f64(let a), .f64(let k)):
            found = positions(a, k) { $0.isNaN ? .nan : $0 == 0 ? UInt64(0) : $0.bitPattern }
        case (.i64(let a), .i64(let k)): found = positions(a, k) { $0 }
        case (.i32(let a), .i32(let k)): found = positions(a, k) { $0 }
        case (.i16(let a), .i16(let k)): found = positions(a, k) { $0 }
        case (.string(let a), .string(let k)): found = positions(a, k) { $0 }
        default: throw MaxError(.unsupported, "'label_encoder': keys of type \(keys.elementType)")
        }
        guard let table = values.appending([otherwise]) else {
            throw MaxError(.malformed, "'label_encoder': values and default differ in type")
        }
        return Tensor(unchecked: table.picking(found), shape: x.shape)
    }
}

extension UInt32 { fileprivate static var nan: UInt32 { Float.nan.bitPattern } }
extension UInt64 { fileprivate static var nan: UInt64 { Double.nan.bitPattern } }
