import Glibc

/// An element that arithmetic operators work on, with ONNX's meaning for each of them.
protocol Number: TensorElement, Comparable {
    static func adding(_ a: Self, _ b: Self) -> Self
    static func subtracting(_ a: Self, _ b: Self) -> Self
    static func multiplying(_ a: Self, _ b: Self) -> Self
    /// nil for an integer division by zero.
    static func dividing(_ a: Self, _ b: Self) -> Self?
    /// The remainder with the sign of the divisor (`fmod: false`) or of the dividend (`fmod: true`); nil as above.
    static func remainder(_ a: Self, _ b: Self, fmod: Bool) -> Self?
    var double: Double { get }
    /// Nearest value; out of range or NaN for an integer wraps as C's conversion through i64 does on x86-64.
    init(converting value: Double)
    init(converting value: Int64)
    init(converting value: Float)
    var isNaNValue: Bool { get }
}

extension Number where Self: FixedWidthInteger {
    static func adding(_ a: Self, _ b: Self) -> Self { a &+ b }
    static func subtracting(_ a: Self, _ b: Self) -> Self { a &- b }
    static func multiplying(_ a: Self, _ b: Self) -> Self { a &* b }
    static func dividing(_ a: Self, _ b: Self) -> Self? { b == 0 ? nil : a.dividedReportingOverflow(by: b).partialValue }
    static func remainder(_ a: Self, _ b: Self, fmod: Bool) -> Self? {
        guard b != 0 else { return nil }
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        if fmod || rest == 0 || (rest < 0) == (b < 0) { return rest }
        return rest &+ b
    }
    var double: Double { Double(self) }
    init(converting value: Double) {
        if let exact = Self(exactly: value.rounded(.towardZero)) {
            self = exact
        } else if let wide = Int64(exactly: value.rounded(.towardZero)) {
            self = Self(truncatingIfNeeded: wide)
        } else {
            self = Self(truncatingIfNeeded: Int64.min)
        }
    }
    init(converting value: Float) { self.init(converting: Double(value)) }
    init(converting value: Int64) { self = Self(truncatingIfNeeded: value) }
    var isNaNValue: Bool { false }
}

extension Int64: Number {}
extension Int32: Number {}
extension Int16: Number {}
extension Int8: Number {}
extension UInt64: Number {}
extension UInt32: Number {}
extension UInt16: Number {}
extension UInt8: Number {}

extension Number where Self: BinaryFloatingPoint {
    static func adding(_ a: Self, _ b: Self) -> Self { a + b }
    static func subtracting(_ a: Self, _ b: Self) -> Self { a - b }
    static func multiplying(_ a: Self, _ b: Self) -> Self { a * b }
    static func dividing(_ a: Self, _ b: Self) -> Self? { a / b }
    static func remainder(_ a: Self, _ b: Self, fmod: Bool) -> Self? {
        let rest = a.truncatingRemainder(dividingBy: b)
        if fmod || rest == 0 || (rest < 0) == (b < 0) { return rest }
        return rest + b
    }
    var double: Double { Double(self) }
    init(converting value: Double) { self = Self(value) }
    init(converting value: Float) { self = Self(value) }
    init(converting value: Int64) { self = Self(value) }
    var isNaNValue: Bool { isNaN }
}

extension Double: Number {}
extension Float: Number {}
extension Float16: Number {}

extension BFloat16: Number {
    static func adding(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float + b.float) }
    static func subtracting(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float - b.float) }
    static func multiplying(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float * b.float) }
    static func dividing(_ a: BFloat16, _ b: BFloat16) -> BFloat16? { BFloat16(a.float / b.float) }
    static func remainder(_ a: BFloat16, _ b: BFloat16, fmod: Bool) -> BFloat16? {
        Float.remainder(a.float, b.float, fmod: fmod).map { BFloat16($0) }
    }
    public static func < (a: BFloat16, b: BFloat16) -> Bool { a.float < b.float }
    var double: Double { Double(float) }
    init(converting value: Double) { self.init(Float(value)) }
    init(converting value: Float) { self.init(value) }
    init(converting value: Int64) { self.init(Float(value)) }
    var isNaNValue: Bool { float.isNaN }
}

/// A generic computation over the elements of a tensor, applied to whichever type it holds.
protocol NumberBody: SendableMetatype {
    associatedtype Result
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> Result
}

extension TensorStorage {
    /// Runs `body` on the elements of a numeric tensor; nil for bool, string and timestamp.
    func numbers<Body: NumberBody>(_ body: Body) throws(MaxError) -> Body.Result? {
        switch self {
        case .f64(let a): try body(a)
        case .f32(let a): try body(a)
        case .f16(let a): try body(a)
        case .bf16(let a): try body(a)
        case .i64(let a): try body(a)
        case .i32(let a): try body(a)
        case .i16(let a): try body(a)
        case .i8(let a): try body(a)
        case .u64(let a): try body(a)
        case .u32(let a): try body(a)
        case .u16(let a): try body(a)
        case .u8(let a): try body(a)
        case .bool, .string, .timestamp: nil
        }
    }
}
