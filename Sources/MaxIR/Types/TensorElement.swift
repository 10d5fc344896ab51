/// A Swift type that a tensor can hold.
///
/// `Int64` stands for i64; timestamps share its values and keep their own storage case.
public protocol TensorElement: Sendable, Hashable {
    static var elementType: ElementType { get }
    static func wrap(_ values: [Self]) -> TensorStorage
    static func unwrap(_ storage: TensorStorage) -> [Self]?
}

extension Double: TensorElement {
    public static var elementType: ElementType { .f64 }
    public static func wrap(_ values: [Double]) -> TensorStorage { .f64(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Double]? { if case .f64(let a) = storage { a } else { nil } }
}

extension Float: TensorElement {
    public static var elementType: ElementType { .f32 }
    public static func wrap(_ values: [Float]) -> TensorStorage { .f32(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Float]? { if case .f32(let a) = storage { a } else { nil } }
}

extension Float16: TensorElement {
    public static var elementType: ElementType { .f16 }
    public static func wrap(_ values: [Float16]) -> TensorStorage { .f16(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Float16]? {
        if case .f16(let a) = storage { a } else { nil }
    }
}

extension BFloat16: TensorElement {
    public static var elementType: ElementType { .bf16 }
    public static func wrap(_ values: [BFloat16]) -> TensorStorage { .bf16(values) }
    public static func unwrap(_ storage: TensorStorage) -> [BFloat16]? {
        if case .bf16(let a) = storage { a } else { nil }
    }
}

extension Int64: TensorElement {
    public static var elementType: ElementType { .i64 }
    public static func wrap(_ values: [Int64]) -> TensorStorage { .i64(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Int64]? {
        switch storage {
        case .i64(let a), .timestamp(let a): a
        default: nil
        }
    }
}

extension Int32: TensorElement {
    public static var elementType: ElementType { .i32 }
    public static func wrap(_ values: [Int32]) -> TensorStorage { .i32(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Int32]? { if case .i32(let a) = storage { a } else { nil } }
}

extension Int16: TensorElement {
    public static var elementType: ElementType { .i16 }
    public static func wrap(_ values: [Int16]) -> TensorStorage { .i16(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Int16]? { if case .i16(let a) = storage { a } else { nil } }
}

extension Int8: TensorElement {
    public static var elementType: ElementType { .i8 }
    public static func wrap(_ values: [Int8]) -> TensorStorage { .i8(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Int8]? { if case .i8(let a) = storage { a } else { nil } }
}

extension UInt64: TensorElement {
    public static var elementType: ElementType { .u64 }
    public static func wrap(_ values: [UInt64]) -> TensorStorage { .u64(values) }
    public static func unwrap(_ storage: TensorStorage) -> [UInt64]? { if case .u64(let a) = storage { a } else { nil } }
}

extension UInt32: TensorElement {
    public static var elementType: ElementType { .u32 }
    public static func wrap(_ values: [UInt32]) -> TensorStorage { .u32(values) }
    public static func unwrap(_ storage: TensorStorage) -> [UInt32]? { if case .u32(let a) = storage { a } else { nil } }
}

extension UInt16: TensorElement {
    public static var elementType: ElementType { .u16 }
    public static func wrap(_ values: [UInt16]) -> TensorStorage { .u16(values) }
    public static func unwrap(_ storage: TensorStorage) -> [UInt16]? { if case .u16(let a) = storage { a } else { nil } }
}

extension UInt8: TensorElement {
    public static var elementType: ElementType { .u8 }
    public static func wrap(_ values: [UInt8]) -> TensorStorage { .u8(values) }
    public static func unwrap(_ storage: TensorStorage) -> [UInt8]? { if case .u8(let a) = storage { a } else { nil } }
}

extension Bool: TensorElement {
    public static var elementType: ElementType { .bool }
    public static func wrap(_ values: [Bool]) -> TensorStorage { .bool(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Bool]? { if case .bool(let a) = storage { a } else { nil } }
}

extension Text: TensorElement {
    public static var elementType: ElementType { .string }
    public static func wrap(_ values: [Text]) -> TensorStorage { .string(values) }
    public static func unwrap(_ storage: TensorStorage) -> [Text]? { if case .string(let a) = storage { a } else { nil } }
}
