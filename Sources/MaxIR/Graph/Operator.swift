/// All that is true of an operator, said once. The verifier, the text form, the reference evaluator, the
/// ONNX reader and writer, `docs/operators.md` and the shared tests follow from it.
public struct Operator: Sendable {
    /// The name in the text form and in bundles: snake case, never reused for another meaning.
    public let name: String
    /// What it computes, one line, with the source of the rule.
    public let summary: String
    public let operands: [OperandSpec]
    public let attributes: [AttributeSpec]
    public let results: ResultCount
    /// The ONNX operator with this meaning, if there is one: same operands, same attributes by name.
    public let onnx: ONNXMapping?
    let infer: @Sendable (Inference) throws(MaxError) -> [ValueType]
    package let evaluate: @Sendable (Evaluation) throws(MaxError) -> [Value]
    /// For an operator that is one function of each float element: that function, as the attributes make it.
    package let scalar: (@Sendable (Evaluation) throws(MaxError) -> ScalarFunction)?

    public init(
        _ name: String, _ summary: String, operands: [OperandSpec], attributes: [AttributeSpec] = [],
        results: ResultCount = .exactly(1), onnx: ONNXMapping? = nil,
        scalar: (@Sendable (Evaluation) throws(MaxError) -> ScalarFunction)? = nil,
        infer: @escaping @Sendable (Inference) throws(MaxError) -> [ValueType],
        evaluate: @escaping @Sendable (Evaluation) throws(MaxError) -> [Value]
    ) {
        self.name = name
        self.summary = summary
        self.operands = operands
        self.attributes = attributes
        self.results = results
        self.onnx = onnx
        self.infer = infer
        self.evaluate = evaluate
        self.scalar = scalar
    }

    public func attribute(named name: String) -> AttributeSpec? { attributes.first { $0.name == name } }
}

/// A function of one element, in both precisions.
public struct ScalarFunction: Sendable {
    package let f64: @Sendable (Double) -> Double
    package let f32: @Sendable (Float) -> Float
}

extension Operator: Hashable {
    public static func == (a: Operator, b: Operator) -> Bool { a.name == b.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// One operand of an operator, or with `isVariadic` the last operand and all that follow.
public struct OperandSpec: Sendable {
    public let name: String
    /// The element types allowed; nil where any value may stand (maps and sequences too).
    public let types: Set<ElementType>?
    public let isOptional: Bool
    public let isVariadic: Bool

    public static func one(_ name: String, _ types: Set<ElementType>?) -> OperandSpec {
        OperandSpec(name: name, types: types, isOptional: false, isVariadic: false)
    }
    public static func optional(_ name: String, _ types: Set<ElementType>?) -> OperandSpec {
        OperandSpec(name: name, types: types, isOptional: true, isVariadic: false)
    }
    public static func many(_ name: String, _ types: Set<ElementType>?) -> OperandSpec {
        OperandSpec(name: name, types: types, isOptional: false, isVariadic: true)
    }
}

/// One attribute of an operator. Without a default, `isRequired` says whether it may be absent.
public struct AttributeSpec: Sendable {
    public let name: String
    public let kind: Attribute.Kind
    public let defaultValue: Attribute?
    public let isRequired: Bool

    public static func required(_ name: String, _ kind: Attribute.Kind) -> AttributeSpec {
        AttributeSpec(name: name, kind: kind, defaultValue: nil, isRequired: true)
    }
    public static func optional(_ name: String, _ kind: Attribute.Kind) -> AttributeSpec {
        AttributeSpec(name: name, kind: kind, defaultValue: nil, isRequired: false)
    }
    public static func defaulted(_ name: String, _ value: Attribute) -> AttributeSpec {
        AttributeSpec(name: name, kind: value.kind, defaultValue: value, isRequired: false)
    }
}

public enum ResultCount: Sendable, Hashable {
    case exactly(Int)
    /// The node says how many (ONNX `Split`), or leaves trailing ones out.
    case upTo(Int)
}

/// Where an operator stands in ONNX.
public struct ONNXMapping: Sendable, Hashable {
    public let domain: String
    public let opType: String
    /// The oldest operator-set version whose form equals ours; older nodes are upgraded on import.
    public let since: Int

    public init(_ opType: String, domain: String = "", since: Int) {
        self.domain = domain
        self.opType = opType
        self.since = since
    }

    public static func ml(_ opType: String, since: Int) -> ONNXMapping {
        ONNXMapping(opType, domain: "ai.onnx.ml", since: since)
    }
}
