import CArrowABI
import MaxIR

/// Rows of a table, as columns. Owns their memory: what a column points at lives as long as the batch.
public final class RecordBatch: @unchecked Sendable {
    public let rows: Int
    public let columns: [Column]
    private let formats: [String]
    private var array: ArrowArray

    /// One column, seen where Arrow has it.
    public struct Column {
        public var element: ElementType
        /// Numbers and timestamps: the first row's value, and the others behind it. Booleans: a bitmap.
        /// Strings: the bytes that `offsets` points into.
        public var values: UnsafeRawPointer
        /// Strings: where each text starts and ends in `values`, `rows + 1` of them, from the first row on.
        public var offsets: Offsets?
        /// Bit `validityOffset + i` is 1 if row i has a value; nil if all have.
        public var validity: UnsafePointer<UInt8>?
        public var validityOffset: Int
        /// Booleans: bit `bitOffset + i` is row i. Bits count from the lowest of each byte.
        public var bitOffset: Int

        public func isValid(_ row: Int) -> Bool {
            guard let validity else { return true }
            let bit = validityOffset + row
            return validity[bit >> 3] & (1 << (bit & 7)) != 0
        }
    }

    public enum Offsets {
        case narrow(UnsafePointer<Int32>)
        case wide(UnsafePointer<Int64>)
    }

    /// Takes `array`, a struct array whose children are as `columns` say.
    init(_ array: ArrowArray, columns: [TableColumn]) throws(MaxError) {
        var array = array
        formats = columns.map(\.format)
        do {
            rows = Int(array.length)
            self.columns = try Self.columns(of: array, columns)
        } catch {
            array.release?(&array)
            throw error
        }
        self.array = array
    }

    deinit { array.release?(&array) }

    /// The Arrow array of column `index`, to be handed on together with a reference to this batch.
    func child(_ index: Int) -> ArrowArray? {
        guard index >= 0, index < columns.count else { return nil }
        return array.children?[index]?.pointee
    }

    /// How Arrow describes column `index`.
    func format(_ index: Int) -> String? { formats.indices.contains(index) ? formats[index] : nil }

    /// Rows that are left out before the first, which the children have too.
    var offset: Int64 { array.offset }

    private static func columns(of array: ArrowArray, _ columns: [TableColumn]) throws(MaxError) -> [Column] {
        guard array.n_children == columns.count else {
            throw MaxError(.internal, "a batch has \(array.n_children) columns, expected \(columns.count)")
        }
        var views: [Column] = []
        views.reserveCapacity(columns.count)
        for (index, column) in columns.enumerated() {
            guard let child = array.children?[index]?.pointee, let element = column.element,
                child.length >= array.length + array.offset,
                let view = Column(child, element, format: column.format, first: Int(array.offset))
            else { throw MaxError(.internal, "column \(column.name.quoted) does not have the form of its type") }
            views.append(view)
        }
        return views
    }
}

extension RecordBatch.Column {
    /// Stands for buffers that Arrow leaves out where a column has no rows.
    private nonisolated(unsafe) static let nothing = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).initializeMemory(as: UInt64.self, repeating: 0, count: 8))

    fileprivate init?(_ array: ArrowArray, _ element: ElementType, format: String, first: Int) {
        guard let buffers = array.buffers, array.n_buffers == (element == .string ? 3 : 2) else { return nil }
        let start = Int(array.offset) + first
        self.element = element
        validity = array.null_count == 0 ? nil : buffers[0]?.assumingMemoryBound(to: UInt8.self)
        validityOffset = start
        bitOffset = element == .bool ? start : 0
        let isEmpty = array.length == 0
        guard let main = buffers[1] ?? (isEmpty ? Self.nothing : nil) else { return nil }
        guard element == .string else {
            values = element == .bool ? main : main + start * (element.byteCount ?? 1)
            return
        }
        offsets =
            format == "U"
            ? .wide(main.assumingMemoryBound(to: Int64.self) + start)
            : .narrow(main.assumingMemoryBound(to: Int32.self) + start)
        values = buffers[2] ?? Self.nothing
    }

    /// The bytes of the text in `row`, which must be a row of a column of strings that has a value.
    public func text(_ row: Int) -> UnsafeRawBufferPointer {
        switch offsets {
        case .narrow(let p): UnsafeRawBufferPointer(start: values + Int(p[row]), count: Int(p[row + 1] - p[row]))
        case .wide(let p): UnsafeRawBufferPointer(start: values + Int(p[row]), count: Int(p[row + 1] - p[row]))
        case nil: UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }
}
