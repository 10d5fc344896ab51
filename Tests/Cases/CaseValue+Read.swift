import MaxFormats
import MaxIR

extension CaseValue {
    init(_ value: Document, _ data: [UInt8]) throws {
        name = Text(try value.text("name"))
        if let bounds = value["tolerance"] {
            tolerance = (bounds.double("atol"), bounds.double("rtol"))
        } else {
            tolerance = nil
        }
        switch try value.text("kind") {
        case "tensor": (content, isPresent) = try Self.tensor(value, data)
        case "sequence":
            content = .sequence(try value.list("items").map { try CaseValue($0, data) })
            isPresent = []
        case "map":
            guard let keys = value["keys"], let values = value["values"] else {
                throw MaxError(.malformed, "expected keys and values")
            }
            content = .map(keys: try CaseValue(keys, data), values: try CaseValue(values, data))
            isPresent = []
        case let kind: throw MaxError(.unsupported, "kind \(kind)")
        }
    }

    private static func tensor(_ value: Document, _ data: [UInt8]) throws -> (Content, [Bool]) {
        let shape = try value.integers("shape")
        let bytes = try value.slice(of: data)
        let count = shape.reduce(1, *)
        let tensor: Tensor
        var present = [Bool](repeating: true, count: count)
        switch try value.text("dtype") {
        case "string":
            var texts: [Text] = []
            var at = bytes.startIndex
            for element in 0..<count {
                let length = bytes[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
                at += 4
                if length == 0xffff_ffff {
                    present[element] = false
                    texts.append("")
                } else {
                    texts.append(Text(utf8: Array(bytes[at..<(at + length)])))
                    at += length
                }
            }
            tensor = Tensor(texts, shape: shape)
        case let dtype:
            let types: [String: ElementType] = [
                "float32": .f32, "float64": .f64, "float16": .f16, "bfloat16": .bf16, "int64": .i64, "int32": .i32,
                "int16": .i16, "int8": .i8, "uint64": .u64, "uint32": .u32, "uint16": .u16, "uint8": .u8, "bool": .bool,
            ]
            guard let type = types[dtype] else { throw MaxError(.unsupported, "dtype \(dtype)") }
            tensor = try bytes.withUnsafeBytes {
                try Tensor(shape: shape, TensorStorage(type, count: count, bytes: $0))
            }
        }
        if let validity = value["validity"] { present = try validity.slice(of: data).map { $0 != 0 } }
        return (.tensor(tensor), present)
    }
}

extension Document {
    subscript(key: String) -> Document? { if case .object(let object) = self { object[Text(key)] } else { nil } }

    func text(_ key: String) throws -> String {
        guard case .string(let text)? = self[key] else { throw MaxError(.malformed, "\(key): expected a text") }
        return text.string
    }

    func list(_ key: String) throws -> [Document] {
        guard case .array(let list)? = self[key] else { throw MaxError(.malformed, "\(key): expected a list") }
        return list
    }

    func integers(_ key: String) throws -> [Int] {
        switch self[key] {
        case .numbers(let numbers): return try numbers.integers().map { Int($0) }
        case .number(let number): return [Int(number.integer ?? 0)]
        default: return []
        }
    }

    func double(_ key: String) -> Double { if case .number(let number)? = self[key] { number.double ?? 0 } else { 0 } }

    func slice(of data: [UInt8]) throws -> [UInt8] {
        guard let offset = try integers("offset").first, let count = try integers("bytes").first else {
            throw MaxError(.malformed, "expected offset and bytes")
        }
        return Array(data[offset..<(offset + count)])
    }
}
