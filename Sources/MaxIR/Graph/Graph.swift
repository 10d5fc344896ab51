/// A value of a graph: inputs first, then each node's results, numbered from 0 in order of definition.
public struct ValueID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let index: Int
    public init(_ index: Int) { self.index = index }
    public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
    public var description: String { "%\(index)" }
}

/// What happens to a missing value of an input column, before the graph sees it.
public enum MissingPolicy: Sendable, Hashable {
    /// The row is refused.
    case error
    /// NaN; floats only.
    case nan
    /// This value: a number for numeric columns, a text for strings.
    case value(Attribute)
}

/// A named, typed input: one column, or a matrix that is fed from several.
public struct GraphInput: Sendable, Hashable {
    public var name: Text
    public var type: ValueType
    /// For a column: whether values may be missing, and what stands for them then. nil = never missing.
    public var missing: MissingPolicy?
    /// For a matrix `[N, k]`: the names of its k columns as the source model has them.
    public var columns: [Text]

    public init(_ name: Text, _ type: ValueType, missing: MissingPolicy? = nil, columns: [Text] = []) {
        self.name = name
        self.type = type
        self.missing = missing
        self.columns = columns
    }
}

/// A named output; `labels` name its columns where the model says what they are (class labels).
public struct GraphOutput: Sendable, Hashable {
    public var name: Text
    public var value: ValueID
    public var labels: [Text]

    public init(_ name: Text, _ value: ValueID, labels: [Text] = []) {
        self.name = name
        self.value = value
        self.labels = labels
    }
}

/// One application of an operator.
public struct Node: Sendable, Hashable {
    public var op: Operator
    /// nil where an optional operand is left out.
    public var operands: [ValueID?]
    public var attributes: [String: Attribute]
    public var results: [ValueID]
    /// The name in the source model, for error messages; empty if it had none.
    public var label: Text

    public init(
        _ op: Operator, _ operands: [ValueID?], attributes: [String: Attribute] = [:], results: [ValueID],
        label: Text = ""
    ) {
        self.op = op
        self.operands = operands
        self.attributes = attributes
        self.results = results
        self.label = label
    }
}

/// A typed program in static single assignment form: one block, no control flow.
///
/// A graph made by `GraphBuilder`, by a reader or by the rewrite driver is verified: every operand is defined
/// before its use, every type is what the operator's inference gives.
public struct Graph: Sendable, Hashable {
    public var name: Text
    public var inputs: [GraphInput]
    public var nodes: [Node]
    public var outputs: [GraphOutput]
    /// The type of every value, by its number.
    public var types: [ValueType]

    public init(name: Text, inputs: [GraphInput], nodes: [Node], outputs: [GraphOutput], types: [ValueType]) {
        self.name = name
        self.inputs = inputs
        self.nodes = nodes
        self.outputs = outputs
        self.types = types
    }

    public func type(of value: ValueID) -> ValueType { types[value.index] }
    public var inputIDs: Range<Int> { 0..<inputs.count }
}
