/// A brain float: the upper half of an IEEE 754 binary32.
public struct BFloat16: Sendable, Hashable {
    public var bits: UInt16

    public init(bits: UInt16) { self.bits = bits }

    /// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
    public init(_ value: Float) {
        let word = value.bitPattern
        if value.isNaN {
            bits = UInt16(truncatingIfNeeded: word >> 16) | 0x0040
        } else {
            let rounding = 0x7fff &+ ((word >> 16) & 1)
            bits = UInt16(truncatingIfNeeded: (word &+ rounding) >> 16)
        }
    }

    public var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}
