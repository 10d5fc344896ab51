/// Arithmetic on numbers from outside: every overflow is an error, never a trap and never a wrap.
extension FixedWidthInteger {
    @inlinable public func adding(_ other: Self, _ what: @autoclosure () -> String) throws(MaxError) -> Self {
        let (value, overflow) = addingReportingOverflow(other)
        if overflow { throw MaxError(.malformed, "\(what()): \(self) + \(other) overflows") }
        return value
    }

    @inlinable public func multiplied(by other: Self, _ what: @autoclosure () -> String) throws(MaxError) -> Self {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        if overflow { throw MaxError(.malformed, "\(what()): \(self) × \(other) overflows") }
        return value
    }
}

/// The number of elements of a shape, at most `limit`.
///
/// An extent of 0 does not excuse the others: their product is bounded too, so that strides and the sizes of parts can be
/// computed without overflow.
///
/// - Throws: `.malformed` for a negative dimension, `.limitExceeded` above `limit` (also when the product
///   would not fit an `Int`).
public func elementCount(of shape: [Int], limit: Int = Limits.elements) throws(MaxError) -> Int {
    var count = 1
    for dimension in shape {
        guard dimension >= 0 else { throw MaxError(.malformed, "shape \(shape): dimension \(dimension) is negative") }
        let (product, overflow) = count.multipliedReportingOverflow(by: max(dimension, 1))
        if overflow || product > limit {
            throw MaxError(.limitExceeded, "shape \(shape): more than \(limit) elements")
        }
        count = product
    }
    return shape.contains(0) ? 0 : count
}

/// Limits on what is read and on what is written. Each is documented in `docs/limits.md`.
public enum Limits {
    /// Elements of one tensor.
    public static let elements = 1 << 31
    /// Dimensions of one tensor.
    public static let rank = 8
    /// Nodes of one graph.
    public static let nodes = 1 << 20
    /// Bytes of one name (column, output, node).
    public static let nameBytes = 1 << 12
    /// Inputs, and outputs, of one graph.
    public static let ports = 1 << 16
    /// Elements that evaluating a graph may create from constants and attributes alone.
    public static let evaluatedElements = 1 << 28
}
