/// Constants: attribute values and tensors.
extension GraphParser {
    /// An attribute value, whose kind the operator's declaration gives.
    mutating func constant(_ kind: Attribute.Kind) throws(MaxError) -> Attribute {
        switch kind {
        case .int: .int(try integer())
        case .float: .float(try cursor.number("a number", Double.init(literal:)))
        case .string: .string(try cursor.text("a text"))
        case .strings: .strings(try texts())
        case .type: .type(try elementType())
        case .tensor: .tensor(try tensor())
        case .ints: .ints(try numbers { parser throws(MaxError) in try parser.integer() })
        case .floats:
            .floats(try numbers { parser throws(MaxError) in try parser.cursor.number("a number", Double.init(literal:)) })
        }
    }

    private mutating func integer() throws(MaxError) -> Int64 { try cursor.number("an integer") { Int64($0) } }

    private mutating func numbers<N>(_ next: (inout GraphParser) throws(MaxError) -> N) throws(MaxError) -> [N] {
        try cursor.expect("[")
        if cursor.accept("]") { return [] }
        var out: [N] = []
        repeat { out.append(try next(&self)) } while cursor.accept(",")
        try cursor.expect("]")
        return out
    }

    private mutating func tensor() throws(MaxError) -> Tensor {
        if cursor.accept("#") {
            let place = cursor.position - 1
            let key = try cursor.number("the hash of a constant")
            guard let tensor = constants[key] else { throw cursor.error("constant #\(key) is not in the table", at: place) }
            return tensor
        }
        try cursor.expect("dense<")
        let place = cursor.position
        guard let type = try valueType().tensor, let shape = type.fixedShape else {
            throw cursor.error("a tensor needs a type with numbers for extents", at: place)
        }
        let count = try elementCount(of: shape)
        let storage = cursor.accept(":") ? try elements(type.element) : TensorStorage.empty(type.element)
        guard storage.count == count else {
            throw cursor.error("\(storage.count) elements, expected \(count) for \(type)", at: place)
        }
        try cursor.expect(">")
        return try Tensor(shape: shape, storage)
    }

    private mutating func elements(_ type: ElementType) throws(MaxError) -> TensorStorage {
        func list<E>(_ read: (String) -> E?) throws(MaxError) -> [E] {
            var out: [E] = []
            repeat { out.append(try cursor.number("an element of type \(type.rawValue)", read)) } while cursor.accept(",")
            return out
        }
        switch type {
        case .f64: return .f64(try list(Double.init(literal:)))
        case .f32: return .f32(try list(Float.init(literal:)))
        case .f16: return .f16(try list(Float16.init(literal:)))
        case .bf16: return .bf16(try list(BFloat16.init(literal:)))
        case .i64: return .i64(try list { Int64($0) })
        case .timestamp: return .timestamp(try list { Int64($0) })
        case .i32: return .i32(try list { Int32($0) })
        case .i16: return .i16(try list { Int16($0) })
        case .i8: return .i8(try list { Int8($0) })
        case .u64: return .u64(try list { UInt64($0) })
        case .u32: return .u32(try list { UInt32($0) })
        case .u16: return .u16(try list { UInt16($0) })
        case .u8: return .u8(try list { UInt8($0) })
        case .bool: return .bool(try list { $0 == "true" ? true : $0 == "false" ? false : nil })
        case .string:
            var out: [Text] = []
            repeat { out.append(try cursor.text("a text")) } while cursor.accept(",")
            return .string(out)
        }
    }
}

extension TensorStorage {
    /// No elements.
    static func empty(_ type: ElementType) -> TensorStorage {
        switch type {
        case .f64: .f64([])
        case .f32: .f32([])
        case .f16: .f16([])
        case .bf16: .bf16([])
        case .i64: .i64([])
        case .i32: .i32([])
        case .i16: .i16([])
        case .i8: .i8([])
        case .u64: .u64([])
        case .u32: .u32([])
        case .u16: .u16([])
        case .u8: .u8([])
        case .bool: .bool([])
        case .string: .string([])
        case .timestamp: .timestamp([])
        }
    }
}
