/// What type inference and evaluation both see of a node: its operator and attributes, with defaults filled in.
public protocol OperatorNode {
    var op: Operator { get }
    var attributes: [String: Attribute] { get }
}

extension OperatorNode {
    /// The attribute, its declared default, or nil.
    public func attribute(_ name: String) -> Attribute? {
        attributes[name] ?? op.attribute(named: name)?.defaultValue
    }

    public func optionalInt(_ name: String) -> Int64? {
        if case .int(let value)? = attribute(name) { value } else { nil }
    }
    public func optionalFloat(_ name: String) -> Double? {
        if case .float(let value)? = attribute(name) { value } else { nil }
    }
    public func optionalString(_ name: String) -> Text? {
        if case .string(let value)? = attribute(name) { value } else { nil }
    }
    public func optionalTensor(_ name: String) -> Tensor? {
        if case .tensor(let value)? = attribute(name) { value } else { nil }
    }
    public func optionalType(_ name: String) -> ElementType? {
        if case .type(let value)? = attribute(name) { value } else { nil }
    }
    /// Absent lists read as nil, empty ones as empty.
    public func optionalInts(_ name: String) -> [Int64]? {
        if case .ints(let value)? = attribute(name) { value } else { nil }
    }
    public func optionalFloats(_ name: String) -> [Double]? {
        if case .floats(let value)? = attribute(name) { value } else { nil }
    }
    public func optionalStrings(_ name: String) -> [Text]? {
        if case .strings(let value)? = attribute(name) { value } else { nil }
    }

    public func int(_ name: String) throws(MaxError) -> Int64 { try required(name, optionalInt(name)) }
    public func float(_ name: String) throws(MaxError) -> Double { try required(name, optionalFloat(name)) }
    public func string(_ name: String) throws(MaxError) -> Text { try required(name, optionalString(name)) }
    public func tensor(_ name: String) throws(MaxError) -> Tensor { try required(name, optionalTensor(name)) }
    public func type(_ name: String) throws(MaxError) -> ElementType { try required(name, optionalType(name)) }
    public func ints(_ name: String) throws(MaxError) -> [Int64] { try required(name, optionalInts(name)) }
    public func floats(_ name: String) throws(MaxError) -> [Double] { try required(name, optionalFloats(name)) }
    public func strings(_ name: String) throws(MaxError) -> [Text] { try required(name, optionalStrings(name)) }

    /// A flag that ONNX writes as an integer.
    public func flag(_ name: String) throws(MaxError) -> Bool { try int(name) != 0 }

    private func required<T>(_ name: String, _ value: T?) throws(MaxError) -> T {
        guard let value else { throw MaxError(.malformed, "'\(op.name)': attribute '\(name)' is missing") }
        return value
    }
}
