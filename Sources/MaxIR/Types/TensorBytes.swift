/// Tensors as bytes: the little-endian form that bundles store, that hashes cover and that equality means.
extension TensorStorage {
    /// Calls `body` with the element bytes in host order; nil for strings, which have no fixed width.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        switch self {
        case .f64(let a): try a.withUnsafeBytes(body)
        case .f32(let a): try a.withUnsafeBytes(body)
        case .f16(let a): try a.withUnsafeBytes(body)
        case .bf16(let a): try a.withUnsafeBytes(body)
        case .i64(let a), .timestamp(let a): try a.withUnsafeBytes(body)
        case .i32(let a): try a.withUnsafeBytes(body)
        case .i16(let a): try a.withUnsafeBytes(body)
        case .i8(let a): try a.withUnsafeBytes(body)
        case .u64(let a): try a.withUnsafeBytes(body)
        case .u32(let a): try a.withUnsafeBytes(body)
        case .u16(let a): try a.withUnsafeBytes(body)
        case .u8(let a): try a.withUnsafeBytes(body)
        case .bool(let a): try a.withUnsafeBytes(body)
        case .string: nil
        }
    }

    /// Reads `count` little-endian elements from `bytes`, which must hold exactly that many.
    ///
    /// - Throws: `.malformed` for another length, for a bool byte other than 0 or 1, and for strings.
    public init(_ type: ElementType, count: Int, bytes: UnsafeRawBufferPointer) throws(MaxError) {
        guard let width = type.byteCount else {
            throw MaxError(.malformed, "tensor: strings are not stored as fixed-width elements")
        }
        let expected = try count.multiplied(by: width, "tensor size")
        guard bytes.count == expected else {
            throw MaxError(.malformed, "tensor: \(bytes.count) bytes, expected \(expected) for \(count) × \(type)")
        }
        func copy<E: BitwiseCopyable>(_: E.Type) -> [E] {
            [E](unsafeUninitializedCapacity: count) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                initialized = count
            }
        }
        switch type {
        case .f64: self = .f64(copy(Double.self))
        case .f32: self = .f32(copy(Float.self))
        case .f16: self = .f16(copy(Float16.self))
        case .bf16: self = .bf16(copy(UInt16.self).map(BFloat16.init(bits:)))
        case .i64: self = .i64(copy(Int64.self))
        case .timestamp: self = .timestamp(copy(Int64.self))
        case .i32: self = .i32(copy(Int32.self))
        case .i16: self = .i16(copy(Int16.self))
        case .i8: self = .i8(copy(Int8.self))
        case .u64: self = .u64(copy(UInt64.self))
        case .u32: self = .u32(copy(UInt32.self))
        case .u16: self = .u16(copy(UInt16.self))
        case .u8: self = .u8(copy(UInt8.self))
        case .bool:
            if let bad = bytes.first(where: { $0 > 1 }) {
                throw MaxError(.malformed, "bool tensor: byte \(bad), expected 0 or 1")
            }
            self = .bool(bytes.map { $0 == 1 })
        case .string: throw MaxError(.internal, "tensor: unreachable")
        }
    }
}

extension Tensor {
    public static func == (a: Tensor, b: Tensor) -> Bool {
        guard a.shape == b.shape, a.elementType == b.elementType else { return false }
        if case .string(let x) = a.storage, case .string(let y) = b.storage { return x == y }
        return a.storage.withBytes { x in
            b.storage.withBytes { y in x.count == y.count && x.elementsEqual(y) } ?? false
        } ?? false
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(contentHash) }

    /// A name for the content: FNV-1a over type, shape and bytes, in two 64-bit lanes, as 16 hex digits of
    /// their mix. Names constants in the text form; it is no protection against a forger (digests are).
    public var contentHash: String {
        var lane: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { lane = (lane ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        func mix(_ value: Int) { for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: value >> shift)) } }
        mix(elementType.code)
        mix(shape.count)
        shape.forEach { mix($0) }
        if case .string(let texts) = storage {
            for text in texts {
                mix(text.utf8.count)
                text.utf8.forEach { mix($0) }
            }
        } else {
            storage.withBytes { bytes in for byte in bytes { mix(byte) } }
        }
        let digits = String(lane, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
