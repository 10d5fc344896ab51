import MaxFormats
import MaxIR

/// Models in the Open Neural Network Exchange format: operator sets 9 and later of ai.onnx, 1 and later of ai.onnx.ml.
///
/// A node becomes the operator whose declaration maps to it; older forms are upgraded first (`ONNXUpgrade`), and
/// what has no one operator of ours is lowered to several (`ONNXLowering`). The first extent of the inputs is the
/// rows `N`. A `ZipMap` at an output is replaced by the tensor it would take apart, with its labels kept.
public enum ONNX {
    public struct Options: Sendable {
        /// Keeps `ZipMap` at outputs, and maps and sequences as they are: for conformance tests.
        public var keepsMaps: Bool
        /// Treats the first extent of every input as the number of rows, whatever the model says.
        public var namesRows: Bool

        public init(keepsMaps: Bool = false, namesRows: Bool = true) {
            self.keepsMaps = keepsMaps
            self.namesRows = namesRows
        }
    }

    /// Whether `bytes` look like an ONNX model: a protobuf message with a graph and an operator set.
    public static func detect(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
            var reader = WireReader(raw)
            var (graph, opset) = (false, false)
            while let field = try? reader.next() {
                if field.number == 7, field.type == .bytes { graph = true }
                if field.number == 8, field.type == .bytes { opset = true }
            }
            return graph && opset && reader.position == raw.count
        }
    }

    /// - Throws: `.malformed` naming node or tensor; `.unsupported` for an operator, type or construct that cannot
    ///   be represented; `.limitExceeded` above the limits.
    public static func read(_ bytes: [UInt8], name: Text, options: Options = Options()) throws(MaxError) -> Graph {
        let outcome: Result<ONNXModel, MaxError> = bytes.withUnsafeBytes { raw in
            do throws(MaxError) { return .success(try ONNXModel(raw)) } catch { return .failure(error) }
        }
        var importer = ONNXImporter(try outcome.get(), name: name, options: options)
        return try importer.run()
    }
}

/// Builds the graph of one model.
struct ONNXImporter {
    let model: ONNXModel
    let options: ONNX.Options
    var builder: GraphBuilder
    var values: [Text: ValueID] = [:]
    /// Labels of probability columns, by the value they belong to.
    var labels: [ValueID: [Text]] = [:]

    init(_ model: ONNXModel, name: Text, options: ONNX.Options) {
        self.model = model
        self.options = options
        builder = GraphBuilder(name: name)
    }

    mutating func run() throws(MaxError) -> Graph {
        let constants = Set(model.graph.initializers.map(\.name))
        for info in model.graph.inputs where !constants.contains(info.name) { try addInput(info) }
        for (name, tensor) in model.graph.initializers {
            guard values[name] == nil else { throw MaxError(.malformed, "onnx: value \(name.quoted) is defined twice") }
            values[name] = try builder.constant(tensor, label: name)
        }
        for node in model.graph.nodes {
            do throws(MaxError) {
                try add(node)
            } catch {
                throw error.inside("onnx: node \(node.place)")
            }
        }
        for info in model.graph.outputs {
            guard let value = values[info.name] else { throw MaxError(.malformed, "onnx: output \(info.name.quoted) is not computed") }
            builder.output(info.name, value, labels: labels[value] ?? [])
        }
        return try builder.finish()
    }

    private mutating func addInput(_ info: ONNXValueInfo) throws(MaxError) {
        guard var type = info.type else { throw MaxError(.malformed, "onnx: input \(info.name.quoted) has no type") }
        guard values[info.name] == nil else { throw MaxError(.malformed, "onnx: input \(info.name.quoted) is declared twice") }
        var missing: MissingPolicy?
        if options.namesRows, case .tensor(var tensor) = type {
            if var shape = tensor.shape, let first = shape.first, first.fixed == nil || shape.count == 2 {
                shape[0] = .rows
                tensor.shape = shape
            }
            // ONNX has no missing values: NaN stands for a float, and the empty text, as skl2onnx has it, for a string.
            if tensor.element.isFloat { missing = .nan }
            if tensor.element == .string { missing = .value(.string("")) }
            type = .tensor(tensor)
        }
        values[info.name] = try builder.input(GraphInput(info.name, type, missing: missing))
    }

    private mutating func add(_ node: ONNXNode) throws(MaxError) {
        var operands: [ValueID?] = []
        for name in node.inputs {
            if name.isEmpty {
                operands.append(nil)
                continue
            }
            guard let value = values[name] else {
                throw MaxError(.malformed, "input \(name.quoted) is not defined before the node")
            }
            operands.append(value)
        }
        let domain = node.domain.string
        guard let version = model.opsets[domain] ?? (domain.isEmpty ? model.opsets[""] : nil) else {
            throw MaxError(.malformed, "the model names no operator set of domain '\(domain)'")
        }
        while let last = operands.last, last == nil { operands.removeLast() }
        let results = try lower(node, domain: domain, version: version, operands: operands)
        for (name, value) in zip(node.outputs, results) where !name.isEmpty {
            guard values.updateValue(value, forKey: name) == nil else {
                throw MaxError(.malformed, "value \(name.quoted) is defined twice")
            }
        }
        if let missing = node.outputs.dropFirst(results.count).first(where: { !$0.isEmpty }) {
            throw MaxError(.unsupported, "output \(missing.quoted) of this operator is not computed")
        }
    }

    /// An operator by its place in ONNX.
    static let mapped: [String: Operator] = Dictionary(
        Ops.all.compactMap { op in op.onnx.map { ("\($0.domain):\($0.opType)", op) } }, uniquingKeysWith: { first, _ in first })

    /// The general case: the operator that maps to the node, with the attributes that it declares.
    mutating func apply(
        _ opType: String, domain: String, _ operands: [ValueID?], _ attributes: [String: Attribute], results: Int, label: Text
    ) throws(MaxError) -> [ValueID] {
        guard let op = Self.mapped["\(domain):\(opType)"] else {
            throw MaxError(.unsupported, "operator '\(opType)' of domain '\(domain.isEmpty ? "ai.onnx" : domain)' cannot be represented")
        }
        var kept: [String: Attribute] = [:]
        for (name, value) in attributes {
            guard let spec = op.attribute(named: name) else {
                throw MaxError(.unsupported, "attribute '\(name)' of '\(opType)' cannot be represented")
            }
            if spec.kind == .type, case .int(let code) = value {
                guard let type = ONNXTensor.elementType(code) else { throw MaxError(.unsupported, "element type \(code)") }
                kept[name] = .type(type)
            } else {
                kept[name] = value
            }
        }
        return try builder.node(op, operands, kept, results: results, label: label)
    }
}
