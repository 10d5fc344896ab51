import MaxFormats
import MaxIR

/// An ONNX model as its protobuf says it, bounded and checked, before it means anything.
struct ONNXModel {
    /// The newest operator sets whose meaning is known here, by domain.
    static let newest: [String: Int64] = ["": 28, "ai.onnx.ml": 5]

    var irVersion: Int64 = 0
    /// Operator-set version by domain; the default domain is "".
    var opsets: [String: Int] = [:]
    var producer: Text = ""
    var graph = ONNXGraph()

    init(_ bytes: UnsafeRawBufferPointer) throws(MaxError) {
        var reader = WireReader(bytes)
        var hasGraph = false
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .varint): irVersion = field.int64
            case (2, .bytes): producer = field.text
            case (7, .bytes):
                guard !hasGraph else { throw MaxError(.malformed, "onnx: the model has two graphs") }
                hasGraph = true
                graph = try ONNXGraph(try reader.message(field))
            case (8, .bytes):
                var entry = try reader.message(field)
                var (domain, version) = ("", Int64(1))
                while let part = try entry.next() {
                    if part.number == 1 { domain = part.text.string } else if part.number == 2 { version = part.int64 }
                }
                if domain == "ai.onnx" { domain = "" }
                let newest = Self.newest[domain] ?? Int64(Int32.max)
                guard version >= 1 else { throw MaxError(.malformed, "onnx: operator set \(version) of domain '\(domain)'") }
                guard version <= newest else {
                    throw MaxError(
                        .unsupported,
                        "onnx: operator set \(version) of domain '\(domain.isEmpty ? "ai.onnx" : domain)', at most \(newest) is known: "
                            + "export the model with an older one")
                }
                opsets[domain] = Int(version)
            case (25, .bytes): throw MaxError(.unsupported, "onnx: model-local functions; inline them before the import (onnx.inliner)")
            default: break
            }
        }
        guard hasGraph else { throw MaxError(.malformed, "onnx: the file holds no graph") }
        guard !opsets.isEmpty else { throw MaxError(.malformed, "onnx: the model names no operator set") }
    }
}

struct ONNXGraph {
    var name: Text = ""
    var nodes: [ONNXNode] = []
    var initializers: [(name: Text, tensor: Tensor)] = []
    var inputs: [ONNXValueInfo] = []
    var outputs: [ONNXValueInfo] = []

    init() {}

    /// - Parameter isBody: whether this is the subgraph of a node, which may hold none itself.
    init(_ message: WireReader, isBody: Bool = false) throws(MaxError) {
        var reader = message
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes):
                guard nodes.count < Limits.nodes else { throw MaxError(.limitExceeded, "onnx: more than \(Limits.nodes) nodes") }
                nodes.append(try ONNXNode(try reader.message(field), isInBody: isBody))
            case (2, .bytes): name = field.text
            case (5, .bytes): initializers.append(try ONNXTensor.read(try reader.message(field)))
            case (11, .bytes): inputs.append(try ONNXValueInfo(try reader.message(field)))
            case (12, .bytes): outputs.append(try ONNXValueInfo(try reader.message(field)))
            case (15, .bytes): throw MaxError(.unsupported, "onnx: sparse initializers")
            default: break
            }
        }
        guard inputs.count <= Limits.ports, outputs.count <= Limits.ports else {
            throw MaxError(.limitExceeded, "onnx: \(inputs.count) inputs and \(outputs.count) outputs, at most \(Limits.ports)")
        }
    }
}

struct ONNXNode {
    var inputs: [Text] = []
    var outputs: [Text] = []
    var name: Text = ""
    var opType: Text = ""
    var domain: Text = ""
    var attributes: [String: Attribute] = [:]
    /// The attribute `body` of a Scan; never more than one.
    var bodies: [ONNXGraph] = []

    init(_ message: WireReader, isInBody: Bool) throws(MaxError) {
        var reader = message
        var content: [WireReader] = []
        while let field = try reader.next() {
            guard field.type == .bytes else { continue }
            switch field.number {
            case 1: inputs.append(field.text)
            case 2: outputs.append(field.text)
            case 3: name = field.text
            case 4: opType = field.text
            case 5:
                content.append(try reader.message(field))
            case 7: domain = field.text == "ai.onnx" ? "" : field.text
            default: break
            }
        }
        // The operator type may stand behind the attributes.
        for message in content {
            if opType == "Scan", domain.isEmpty, !isInBody, bodies.isEmpty, let body = try ONNXAttribute.body(message) {
                bodies.append(body)
                continue
            }
            guard let (key, value) = try ONNXAttribute.read(message, in: opType) else { continue }
            guard attributes.updateValue(value, forKey: key) == nil else {
                throw MaxError(.malformed, "onnx: node \(name.quoted): attribute '\(key)' is given twice")
            }
        }
    }

    /// The node as messages name it.
    var place: String { "\(opType)" + (name.isEmpty ? "" : " \(name.quoted)") }
}

enum ONNXAttribute {
    /// The graph of an attribute named `body`; nil for any other attribute.
    static func body(_ message: WireReader) throws(MaxError) -> ONNXGraph? {
        var reader = message
        var name: Text = ""
        var graph: WireReader?
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, _): name = field.text
            case (6, .bytes): graph = try reader.message(field)
            default: break
            }
        }
        guard name == "body", let graph else { return nil }
        return try ONNXGraph(graph, isBody: true)
    }

    /// nil for an attribute that holds nothing.
    static func read(_ message: WireReader, in opType: Text) throws(MaxError) -> (String, Attribute)? {
        var reader = message
        var name: Text = ""
        var type: Int64 = 0
        var (int, float, string) = (Int64(0), Float(0), Text(""))
        var (ints, floats, strings): ([Int64], [UInt32], [Text]) = ([], [], [])
        var tensor: Tensor?
        var hasGraph = false
        while let field = try reader.next() {
            switch field.number {
            case 1: name = field.text
            case 2: float = field.float
            case 3: int = field.int64
            case 4: string = field.text
            case 5: tensor = try ONNXTensor.read(try reader.message(field)).tensor
            case 6, 11: hasGraph = true
            case 7: try field.words(into: &floats)
            case 8: try field.varints(into: &ints)
            case 9: strings.append(field.text)
            case 20: type = field.int64
            default: break
            }
        }
        if hasGraph {
            throw MaxError(.unsupported, "onnx: operator \(opType) has the subgraph '\(name)': control flow cannot be represented")
        }
        switch type {
        case 1: return (name.string, .float(Double(float)))
        case 2: return (name.string, .int(int))
        case 3: return (name.string, .string(string))
        case 4:
            guard let tensor else { throw MaxError(.malformed, "onnx: attribute '\(name)' of \(opType) has no tensor") }
            return (name.string, .tensor(tensor))
        case 6: return (name.string, .floats(floats.map { Double(Float(bitPattern: $0)) }))
        case 7: return (name.string, .ints(ints))
        case 8: return (name.string, .strings(strings))
        case 0 where ints.isEmpty && floats.isEmpty && strings.isEmpty && tensor == nil: return nil
        default: throw MaxError(.unsupported, "onnx: attribute '\(name)' of \(opType) has type \(type)")
        }
    }
}

enum ONNXTensor {
    static func elementType(_ code: Int64) -> ElementType? {
        switch code {
        case 1: .f32
        case 2: .u8
        case 3: .i8
        case 4: .u16
        case 5: .i16
        case 6: .i32
        case 7: .i64
        case 8: .string
        case 9: .bool
        case 10: .f16
        case 11: .f64
        case 12: .u32
        case 13: .u64
        case 16: .bf16
        default: nil
        }
    }

    static func read(_ message: WireReader) throws(MaxError) -> (name: Text, tensor: Tensor) {
        var reader = message
        var name: Text = ""
        var dims: [Int64] = []
        var code: Int64 = 0
        var raw: UnsafeRawBufferPointer?
        var (words32, words64): ([UInt32], [UInt64]) = ([], [])
        var (varints, texts): ([Int64], [Text]) = ([], [])
        while let field = try reader.next() {
            switch field.number {
            case 1: try field.varints(into: &dims)
            case 2: code = field.int64
            case 4: try field.words(into: &words32)
            case 5, 7, 11: try field.varints(into: &varints)
            case 6: texts.append(field.text)
            case 8: name = field.text
            case 9 where field.type == .bytes: raw = field.content
            case 10: try field.words(into: &words64)
            case 13: throw MaxError(.unsupported, "onnx: tensor \(name.quoted) lies in another file; save the model as one file")
            case 14 where field.word != 0:
                throw MaxError(.unsupported, "onnx: tensor \(name.quoted) lies in another file; save the model as one file")
            default: break
            }
        }
        guard let type = elementType(code) else { throw MaxError(.unsupported, "onnx: tensor \(name.quoted) has element type \(code)") }
        guard dims.count <= Limits.rank else {
            throw MaxError(.limitExceeded, "onnx: tensor \(name.quoted) has rank \(dims.count), at most \(Limits.rank)")
        }
        var shape: [Int] = []
        for dim in dims {
            guard let n = Int(exactly: dim) else { throw MaxError(.malformed, "onnx: tensor \(name.quoted) has extent \(dim)") }
            shape.append(n)
        }
        do throws(MaxError) {
            let count = try elementCount(of: shape)
            if let raw {
                let empty = UnsafeRawBufferPointer(start: nil, count: 0)
                return (name, try Tensor(shape: shape, try TensorStorage(type, count: count, bytes: raw.count == 0 ? empty : raw)))
            }
            let storage: TensorStorage
            switch type {
            case .f32: storage = .f32(words32.map(Float.init(bitPattern:)))
            case .f64: storage = .f64(words64.map(Double.init(bitPattern:)))
            case .string: storage = .string(texts)
            case .i64: storage = .i64(varints)
            case .u64: storage = .u64(varints.map { UInt64(bitPattern: $0) })
            case .u32: storage = .u32(varints.map { UInt32(truncatingIfNeeded: $0) })
            case .f16: storage = .f16(varints.map { Float16(bitPattern: UInt16(truncatingIfNeeded: $0)) })
            case .bf16: storage = .bf16(varints.map { BFloat16(bits: UInt16(truncatingIfNeeded: $0)) })
            case .i32: storage = .i32(varints.map { Int32(truncatingIfNeeded: $0) })
            case .i16: storage = .i16(varints.map { Int16(truncatingIfNeeded: $0) })
            case .i8: storage = .i8(varints.map { Int8(truncatingIfNeeded: $0) })
            case .u16: storage = .u16(varints.map { UInt16(truncatingIfNeeded: $0) })
            case .u8: storage = .u8(varints.map { UInt8(truncatingIfNeeded: $0) })
            case .bool: storage = .bool(varints.map { $0 != 0 })
            case .timestamp: throw MaxError(.internal, "unreachable")
            }
            return (name, try Tensor(shape: shape, storage))
        } catch {
            throw error.inside("onnx: tensor \(name.quoted)")
        }
    }
}

struct ONNXValueInfo {
    var name: Text = ""
    var type: ValueType?

    init(_ message: WireReader) throws(MaxError) {
        var reader = message
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): name = field.text
            case (2, .bytes): type = try Self.type(try reader.message(field), name)
            default: break
            }
        }
    }

    private static func type(_ message: WireReader, _ name: Text) throws(MaxError) -> ValueType? {
        var reader = message
        while let field = try reader.next() {
            guard field.type == .bytes else { continue }
            var inner = try reader.message(field)
            switch field.number {
            case 1:
                var element: ElementType?
                var shape: [Dimension]?
                while let part = try inner.next() {
                    if part.number == 1 {
                        element = ONNXTensor.elementType(part.int64)
                        if element == nil { throw MaxError(.unsupported, "onnx: value \(name.quoted) has element type \(part.int64)") }
                    } else if part.number == 2 {
                        shape = try self.shape(try inner.message(part), name)
                    }
                }
                guard let element else { throw MaxError(.malformed, "onnx: value \(name.quoted) has no element type") }
                return .tensor(TensorType(element, shape))
            case 4:
                while let part = try inner.next() {
                    if part.number == 1 { return try type(try inner.message(part), name).map { .sequence($0) } }
                }
            case 5:
                var (key, value): (ElementType?, ValueType?) = (nil, nil)
                while let part = try inner.next() {
                    if part.number == 1 {
                        key = ONNXTensor.elementType(part.int64)
                    } else if part.number == 2 {
                        value = try type(try inner.message(part), name)
                    }
                }
                guard let key, let element = value?.tensor?.element else {
                    throw MaxError(.unsupported, "onnx: value \(name.quoted) is a map of this kind")
                }
                return .map(key: key, value: element)
            default: throw MaxError(.unsupported, "onnx: value \(name.quoted) is neither tensor, sequence nor map")
            }
        }
        return nil
    }

    private static func shape(_ message: WireReader, _ name: Text) throws(MaxError) -> [Dimension] {
        var reader = message
        var out: [Dimension] = []
        while let field = try reader.next() {
            guard field.number == 1 else { continue }
            var inner = try reader.message(field)
            var dimension = Dimension.unknown
            while let part = try inner.next() {
                if part.number == 1 {
                    dimension = part.int64 >= 0 ? Int(exactly: part.int64).map { .fixed($0) } ?? .unknown : .unknown
                } else if part.number == 2, !part.text.isEmpty {
                    dimension = .symbol(part.text.string)
                }
            }
            guard out.count < Limits.rank else {
                throw MaxError(.limitExceeded, "onnx: value \(name.quoted) has more than \(Limits.rank) extents")
            }
            out.append(dimension)
        }
        return out
    }
}
