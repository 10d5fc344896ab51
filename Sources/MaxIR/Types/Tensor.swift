/// A dense array of one element type, row-major.
///
/// Two tensors are equal when shape, type and **bits** are: NaN equals the same NaN, 0.0 differs from -0.0.
public struct Tensor: Sendable, Hashable {
    public let shape: [Int]
    public let storage: TensorStorage

    /// - Throws: `.malformed` if the number of elements is not the product of the shape.
    public init(shape: [Int], _ storage: TensorStorage) throws(MaxError) {
        let expected = try elementCount(of: shape)
        guard expected == storage.count else {
            throw MaxError(.malformed, "tensor: \(storage.count) elements, expected \(expected) for shape \(shape)")
        }
        self.shape = shape
        self.storage = storage
    }

    /// For code that has just computed both; a mismatch is our own mistake.
    public init(unchecked storage: TensorStorage, shape: [Int]) {
        assert(shape.reduce(1, *) == storage.count, "shape \(shape) does not hold \(storage.count) elements")
        self.shape = shape
        self.storage = storage
    }

    public init<Element: TensorElement>(_ values: [Element], shape: [Int]) {
        self.init(unchecked: Element.wrap(values), shape: shape)
    }

    public init<Element: TensorElement>(_ values: [Element]) { self.init(values, shape: [values.count]) }

    public init<Element: TensorElement>(scalar value: Element) { self.init([value], shape: []) }

    public var elementType: ElementType { storage.elementType }
    public var count: Int { storage.count }
    public var rank: Int { shape.count }
    public var type: TensorType { TensorType(elementType, shape.map(Dimension.fixed)) }

    /// The elements as `[Element]`; nil when the tensor holds another type.
    public func values<Element: TensorElement>(as: Element.Type = Element.self) -> [Element]? {
        Element.unwrap(storage)
    }

    /// The same elements under another shape of equal size.
    public func reshaped(_ shape: [Int]) throws(MaxError) -> Tensor { try Tensor(shape: shape, storage) }
}

/// The elements of a tensor, one array per element type.
public enum TensorStorage: Sendable, Hashable {
    case f64([Double]), f32([Float]), f16([Float16]), bf16([BFloat16])
    case i64([Int64]), i32([Int32]), i16([Int16]), i8([Int8])
    case u64([UInt64]), u32([UInt32]), u16([UInt16]), u8([UInt8])
    case bool([Bool])
    case string([Text])
    case timestamp([Int64])

    public var elementType: ElementType {
        switch self {
        case .f64: .f64
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .i64: .i64
        case .i32: .i32
        case .i16: .i16
        case .i8: .i8
        case .u64: .u64
        case .u32: .u32
        case .u16: .u16
        case .u8: .u8
        case .bool: .bool
        case .string: .string
        case .timestamp: .timestamp
        }
    }

    /// Calls `body` with the array, whatever its type.
    @inlinable
    public func visit<Result, Failure: Error>(
        _ body: (any Visited) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .f64(let a): try body(a)
        case .f32(let a): try body(a)
        case .f16(let a): try body(a)
        case .bf16(let a): try body(a)
        case .i64(let a), .timestamp(let a): try body(a)
        case .i32(let a): try body(a)
        case .i16(let a): try body(a)
        case .i8(let a): try body(a)
        case .u64(let a): try body(a)
        case .u32(let a): try body(a)
        case .u16(let a): try body(a)
        case .u8(let a): try body(a)
        case .bool(let a): try body(a)
        case .string(let a): try body(a)
        }
    }

    /// What `visit` hands over: an array whose elements can be counted and picked.
    public typealias Visited = RandomAccessCollection

    public var count: Int { visit { $0.count } }

    /// The elements at `indices`, in that order. Every index must be in range.
    public func picking(_ indices: [Int]) -> TensorStorage {
        switch self {
        case .f64(let a): .f64(indices.map { a[$0] })
        case .f32(let a): .f32(indices.map { a[$0] })
        case .f16(let a): .f16(indices.map { a[$0] })
        case .bf16(let a): .bf16(indices.map { a[$0] })
        case .i64(let a): .i64(indices.map { a[$0] })
        case .i32(let a): .i32(indices.map { a[$0] })
        case .i16(let a): .i16(indices.map { a[$0] })
        case .i8(let a): .i8(indices.map { a[$0] })
        case .u64(let a): .u64(indices.map { a[$0] })
        case .u32(let a): .u32(indices.map { a[$0] })
        case .u16(let a): .u16(indices.map { a[$0] })
        case .u8(let a): .u8(indices.map { a[$0] })
        case .bool(let a): .bool(indices.map { a[$0] })
        case .string(let a): .string(indices.map { a[$0] })
        case .timestamp(let a): .timestamp(indices.map { a[$0] })
        }
    }

    /// This storage followed by `others`; nil when one of them holds another type.
    public func appending(_ others: [TensorStorage]) -> TensorStorage? {
        func joined<E: TensorElement>(_ first: [E]) -> TensorStorage? {
            var all = first
            for other in others {
                guard other.elementType == elementType, let more = E.unwrap(other) else { return nil }
                all += more
            }
            return E.wrap(all)
        }
        switch self {
        case .f64(let a): return joined(a)
        case .f32(let a): return joined(a)
        case .f16(let a): return joined(a)
        case .bf16(let a): return joined(a)
        case .i64(let a): return joined(a)
        case .i32(let a): return joined(a)
        case .i16(let a): return joined(a)
        case .i8(let a): return joined(a)
        case .u64(let a): return joined(a)
        case .u32(let a): return joined(a)
        case .u16(let a): return joined(a)
        case .u8(let a): return joined(a)
        case .bool(let a): return joined(a)
        case .string(let a): return joined(a)
        case .timestamp(let a):
            var all = a
            for other in others {
                guard case .timestamp(let more) = other else { return nil }
                all += more
            }
            return .timestamp(all)
        }
    }
}
