import Glibc
import MaxFormats
import MaxIR

/// The generated cases of `build/zoo`, which `peers/zoo.py` writes; it describes their form.
enum Zoo {
    static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/") + "/build/zoo"

    /// The cases whose name starts with `prefix`; none when the zoo has not been made.
    static func cases(_ prefix: String) -> [String] {
        guard let bytes = try? read("\(folder)/index.json"), case .array(let names)? = try? JSONReader.read(bytes)
        else {
            return []
        }
        return names.compactMap {
            if case .string(let name) = $0, name.string.hasPrefix(prefix) { name.string } else { nil }
        }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw MaxError(.notFound, "\(path): cannot be opened") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// One tensor of a case, and which of its elements are present.
    struct Column {
        let name: Text
        let tensor: Tensor
        let isPresent: [Bool]
        /// How far a float may be off: `absolute + relative × |expected|`; nil for values that must be equal.
        let tolerance: (absolute: Double, relative: Double)?

        /// The first element of `found` that is too far off, as a sentence; nil when there is none.
        func difference(from found: Tensor) -> String? {
            guard found.shape == tensor.shape, found.elementType == tensor.elementType else {
                return "found \(found.type), expected \(tensor.type)"
            }
            guard let tolerance, tolerance != (0, 0),
                let a = try? Cast.convert(found, to: .f64).values(as: Double.self),
                let b = try? Cast.convert(tensor, to: .f64).values(as: Double.self)
            else {
                return found.firstDifference(from: tensor).map { "element \($0): found \(found.describe($0)), expected \(tensor.describe($0))" }
            }
            for (index, (x, y)) in zip(a, b).enumerated() where x != y && !(x.isNaN && y.isNaN) {
                if !(abs(x - y) <= tolerance.absolute + tolerance.relative * abs(y)) { return "element \(index): found \(x), expected \(y)" }
            }
            return nil
        }
    }

    struct Case {
        let model: [UInt8]
        /// Inputs and outputs of each set.
        let sets: [(inputs: [Column], outputs: [Column])]

        init(_ name: String) throws {
            let manifest = try JSONReader.read(try Zoo.read("\(folder)/\(name)/case.json"))
            let data = try Zoo.read("\(folder)/\(name)/data.bin")
            model = try Zoo.read("\(folder)/\(name)/\(try manifest.text("model"))")
            sets = try manifest.list("sets").map { set in
                (
                    try set.list("inputs").map { try Column($0, data) },
                    try set.list("outputs").map { try Column($0, data) }
                )
            }
        }
    }
}

extension Zoo.Column {
    init(_ value: Document, _ data: [UInt8]) throws {
        name = Text(try value.text("name"))
        if let bounds = value["tolerance"] {
            tolerance = (bounds.double("atol"), bounds.double("rtol"))
        } else {
            tolerance = nil
        }
        let kind = try value.text("kind")
        guard kind == "tensor" else { throw MaxError(.unsupported, "kind \(kind)") }
        let shape = try value.integers("shape")
        let bytes = try value.slice(of: data)
        let count = shape.reduce(1, *)
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
            let types: [String: ElementType] = ["float32": .f32, "float64": .f64, "int64": .i64, "int32": .i32, "bool": .bool]
            guard let type = types[dtype] else { throw MaxError(.unsupported, "dtype \(dtype)") }
            tensor = try bytes.withUnsafeBytes {
                try Tensor(shape: shape, TensorStorage(type, count: count, bytes: $0))
            }
        }
        if let validity = value["validity"] { present = try validity.slice(of: data).map { $0 != 0 } }
        isPresent = present
    }

    /// The value that a graph is given: missing elements replaced as the input says.
    func value(for input: GraphInput) throws -> Value {
        switch (tensor.storage, input.missing) {
        case (.string(let texts), .value(.string(let missing))):
            .tensor(Tensor(zip(texts, isPresent).map { $1 ? $0 : missing }, shape: tensor.shape))
        case (.i64(let integers), .value(.int(let missing))):
            .tensor(Tensor(zip(integers, isPresent).map { $1 ? $0 : missing }, shape: tensor.shape))
        default: .tensor(tensor)
        }
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
