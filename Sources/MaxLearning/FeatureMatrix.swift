import MaxIR

/// The features of all rows, one column after the other, as every learner sees them.
///
/// NaN is a missing value. A category is its code, from 0 on, and NaN where the value is none of the known ones.
public final class FeatureMatrix: @unchecked Sendable {
    public struct Column: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case number
            /// Codes 0 ..< count.
            case category(count: Int)
        }
        public var name: Text
        public var kind: Kind

        public init(_ name: Text, _ kind: Kind = .number) {
            self.name = name
            self.kind = kind
        }
    }

    public let rows: Int
    public let columns: [Column]
    /// f32 or f64: what the graph computes features in, so what thresholds are compared in.
    public let element: ElementType
    /// `columns.count × rows` values, column by column.
    public let values: UnsafeMutableRawPointer

    /// Zeros, to be overwritten before anybody else sees the matrix.
    public init(rows: Int, columns: [Column], element: ElementType = .f64) throws(MaxError) {
        guard element == .f32 || element == .f64 else { throw MaxError(.internal, "features of type \(element), expected f32 or f64") }
        let count = try elementCount(of: [columns.count, rows])
        self.rows = rows
        self.columns = columns
        self.element = element
        let bytes = max(count * (element == .f32 ? 4 : 8), 64)
        values = .allocate(byteCount: bytes, alignment: 64)
        values.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { values.deallocate() }

    /// The values of column `index`, when the matrix is of f32.
    public func f32(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(element == .f32 && columns.indices.contains(index), "A column must be read as what it is")
        return UnsafeMutableBufferPointer(start: values.assumingMemoryBound(to: Float.self) + index * rows, count: rows)
    }

    /// The values of column `index`, when the matrix is of f64.
    public func f64(_ index: Int) -> UnsafeMutableBufferPointer<Double> {
        precondition(element == .f64 && columns.indices.contains(index), "A column must be read as what it is")
        return UnsafeMutableBufferPointer(start: values.assumingMemoryBound(to: Double.self) + index * rows, count: rows)
    }

    public func value(row: Int, column: Int) -> Double { element == .f32 ? Double(f32(column)[row]) : f64(column)[row] }
}
