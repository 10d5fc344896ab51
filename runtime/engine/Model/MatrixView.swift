import MaxIR

/// Rows of floats as their owner has them in memory, a value for each column side by side; only read during the call.
public struct MatrixView {
    /// `.f32` or `.f64`, whatever the model declares.
    public var element: ElementType
    public var start: UnsafeRawPointer
    /// Bytes from one row to the next.
    public var rowStride: Int

    public init(_ element: ElementType, _ start: UnsafeRawPointer, rowStride: Int) {
        self.element = element
        self.start = start
        self.rowStride = rowStride
    }
}
