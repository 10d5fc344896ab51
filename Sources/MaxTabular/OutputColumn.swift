import MaxIR

/// A column of a table to be written.
public struct OutputColumn: Sendable, Hashable {
    public var name: Text
    /// How Arrow describes one value of it, or one element of its lists.
    var format: String
    /// Not nil: each row is a list of so many values.
    public var listLength: Int?

    /// A column made here.
    ///
    /// - Throws: `.unsupported` for `bf16`, which no table format has, and for names that contain a zero byte.
    public init(_ name: Text, _ element: ElementType, listLength: Int? = nil) throws(MaxError) {
        guard let format = element.arrowFormat else {
            throw MaxError(.unsupported, "column \(name.quoted): tables have no \(element.rawValue): cast it to f32")
        }
        try self.init(name, format: format, listLength: listLength)
    }

    /// A column that is handed on from a table that is read, under another name if asked.
    public init(keeping column: TableColumn, as name: Text? = nil) throws(MaxError) {
        guard column.element != nil else {
            throw MaxError(.unsupported, "column \(column.name.quoted) of type \(column.sourceType) cannot be kept")
        }
        try self.init(name ?? column.name, format: column.format, listLength: nil)
    }

    private init(_ name: Text, format: String, listLength: Int?) throws(MaxError) {
        guard !name.utf8.contains(0) else {
            throw MaxError(.unsupported, "column \(name.quoted): a name in a table cannot contain a zero byte")
        }
        guard (listLength ?? 1) > 0, (listLength ?? 1) <= Int(Int32.max) else {
            throw MaxError(.unsupported, "column \(name.quoted): lists of \(listLength ?? 0) values")
        }
        self.name = name
        self.format = format
        self.listLength = listLength
    }
}
