import MaxIR

/// A column as a table has it.
public struct TableColumn: Sendable, Hashable {
    public var name: Text
    /// What its values are; nil if they are nothing that can be read here (lists, structures, times of day).
    public var element: ElementType?
    /// The source's own name for its type, for messages.
    public var sourceType: String
    /// How Arrow arrays of it are described; empty if `element` is nil.
    package var format: String
}
