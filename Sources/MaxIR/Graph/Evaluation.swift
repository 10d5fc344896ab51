/// What an operator sees when the reference evaluator asks for its results.
public struct Evaluation: OperatorNode {
    public let op: Operator
    public let attributes: [String: Attribute]
    public let operands: [Value?]
    public let resultCount: Int

    public init(op: Operator, attributes: [String: Attribute], operands: [Value?], resultCount: Int) {
        self.op = op
        self.attributes = attributes
        self.operands = operands
        self.resultCount = resultCount
    }

    public func tensor(_ index: Int) throws(MaxError) -> Tensor {
        guard let tensor = optionalTensor(index) else {
            throw MaxError(.malformed, "'\(op.name)': operand \(index) is not a tensor")
        }
        return tensor
    }

    public func optionalTensor(_ index: Int) -> Tensor? { index < operands.count ? operands[index]?.tensor : nil }

    /// The elements of operand `index` as `[Element]`; an error when it holds another type.
    public func values<Element: TensorElement>(
        _ index: Int, as: Element.Type = Element.self
    ) throws(MaxError) -> [Element] {
        let tensor = try tensor(index)
        guard let values = tensor.values(as: Element.self) else {
            throw MaxError(
                .malformed, "'\(op.name)': operand \(index) is \(tensor.elementType), expected \(Element.elementType)")
        }
        return values
    }

    public func has(_ index: Int) -> Bool { index < operands.count && operands[index] != nil }

    func malformed(_ message: String) -> MaxError { MaxError(.malformed, "'\(op.name)': \(message)") }
}
