import MaxIR

/// An array of numbers as the file has it: decimal text not yet converted, or binary elements.
public struct NumberArray: Sendable {
    enum Storage: Sendable {
        /// The text between the brackets, proven to be `count` numbers parted by commas.
        case decimals(ArraySlice<UInt8>)
        case typed(TensorStorage)
    }

    let storage: Storage
    public let count: Int

    init(decimals: ArraySlice<UInt8>, count: Int) {
        storage = .decimals(decimals)
        self.count = count
    }

    init(_ typed: TensorStorage) {
        storage = .typed(typed)
        count = typed.count
    }

    /// The elements, each rounded once to f32.
    public func floats() throws(MaxError) -> [Float] {
        switch storage {
        case .decimals(let text): return try converted(text, "f32", Decimal.float)
        case .typed(.f32(let values)): return values
        case .typed(let values): return try Self.elements(values, as: .f32)
        }
    }

    public func doubles() throws(MaxError) -> [Double] {
        switch storage {
        case .decimals(let text): try converted(text, "f64", Decimal.double)
        case .typed(let values): try Self.elements(values, as: .f64)
        }
    }

    /// - Throws: `.malformed` when an element is no integer, or none that fits an i64.
    public func integers() throws(MaxError) -> [Int64] {
        switch storage {
        case .decimals(let text): return try converted(text, "integer", Decimal.integer)
        case .typed(let values):
            if !values.elementType.isInteger {
                let wide: [Double] = try Self.elements(values, as: .f64)
                let exact = wide.compactMap { Int64(exactly: $0) }
                guard exact.count == wide.count else {
                    throw MaxError(.malformed, "found a fraction, expected integers")
                }
                return exact
            }
            return try Self.elements(values, as: .i64)
        }
    }

    private static func elements<E: TensorElement>(_ values: TensorStorage, as type: ElementType) throws(MaxError)
        -> [E]
    {
        let tensor = try Cast.convert(Tensor(unchecked: values, shape: [values.count]), to: type)
        guard let elements = tensor.values(as: E.self) else {
            throw MaxError(.internal, "number array: \(values.elementType) to \(type)")
        }
        return elements
    }

    private func converted<T>(
        _ text: ArraySlice<UInt8>, _ kind: String, _ convert: (ArraySlice<UInt8>) -> T?
    ) throws(MaxError) -> [T] {
        var out: [T] = []
        out.reserveCapacity(count)
        var start = text.startIndex
        while start < text.endIndex {
            if JSONReader.isSpace(text[start]) || text[start] == UInt8(ascii: ",") {
                start += 1
                continue
            }
            var end = start
            while end < text.endIndex, !JSONReader.isSpace(text[end]), text[end] != UInt8(ascii: ",") { end += 1 }
            guard let value = convert(text[start..<end]) else {
                throw MaxError(
                    .malformed,
                    "element \(out.count): found \(Text(utf8: Array(text[start..<end])).quoted), expected \(kind)")
            }
            out.append(value)
            start = end
        }
        return out
    }
}
