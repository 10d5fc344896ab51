import MaxIR

/// Reading what may or may not be there; a reader that must say what is wrong matches the cases instead.
extension Document {
    /// The member of an object; nil when there is none, or no object.
    public subscript(key: Text) -> Document? { if case .object(let object) = self { object[key] } else { nil } }
    /// The elements of an array that is not all numbers; otherwise none.
    public var elements: [Document] { if case .array(let elements) = self { elements } else { [] } }
    public var text: Text? { if case .string(let text) = self { text } else { nil } }
    public var integer: Int64? { if case .number(let number) = self { number.integer } else { nil } }
}
