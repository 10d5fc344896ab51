/// What an operator sees when its result types are asked for.
public struct Inference: OperatorNode {
    public let op: Operator
    public let attributes: [String: Attribute]
    /// nil where an optional operand is left out.
    public let operands: [ValueType?]
    /// The operand's value where it is known before any row is seen.
    public let constants: [Tensor?]
    /// How many results the node names.
    public let resultCount: Int

    public init(
        op: Operator, attributes: [String: Attribute], operands: [ValueType?], constants: [Tensor?], resultCount: Int
    ) {
        self.op = op
        self.attributes = attributes
        self.operands = operands
        self.constants = constants
        self.resultCount = resultCount
    }

    /// The tensor type of operand `index`, which the verifier has found present and of an allowed type.
    public func tensorType(_ index: Int) throws(MaxError) -> TensorType {
        guard let type = optionalTensorType(index) else {
            throw MaxError(.malformed, "'\(op.name)': operand \(index) is not a tensor")
        }
        return type
    }

    public func optionalTensorType(_ index: Int) -> TensorType? {
        index < operands.count ? operands[index]?.tensor : nil
    }

    public func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

    /// Whether operand `index` is there at all.
    public func has(_ index: Int) -> Bool { index < operands.count && operands[index] != nil }
}
