extension Ops {
    /// - Operand `x`: texts of any shape.
    /// - Result: i64, from -2^31 to 2^31 - 1.
    /// - Source: CityHash 1.0 (Google), as CatBoost hashes categories (`util/digest/city`, `CalcCatFeatureHash`).
    public static let stringHash = Operator(
        "string_hash",
        "The low 32 bits of the 64-bit CityHash 1.0 of each text's UTF-8, as a signed number. Source: CatBoost.",
        operands: [.one("x", [.string])],
        infer: { node throws(MaxError) in [.tensor(TensorType(.i64, try node.tensorType(0).shape))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let hashes = try node.values(0, as: Text.self).map { text in text.utf8.withUnsafeBytes { CityHash.low32($0) } }
            return [.tensor(Tensor(hashes, shape: x.shape))]
        })
}

/// CityHash 1.0.2, 64 bits.
public enum CityHash {
    private static let k0: UInt64 = 0xc3a5_c85c_97cb_3127
    private static let k1: UInt64 = 0xb492_b66f_be98_f273
    private static let k2: UInt64 = 0x9ae1_6a3b_2f90_404f
    private static let k3: UInt64 = 0xc949_d7c7_509e_6557
    private static let mixer: UInt64 = 0x9ddf_ea08_eb38_2d69

    public static func low32(_ bytes: UnsafeRawBufferPointer) -> Int64 { Int64(Int32(truncatingIfNeeded: hash64(bytes))) }

    public static func hash64(_ s: UnsafeRawBufferPointer) -> UInt64 {
        switch s.count {
        case 0...16: upTo16(s)
        case 17...32: upTo32(s)
        case 33...64: upTo64(s)
        default: long(s)
        }
    }

    private static func word(_ s: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(littleEndian: s.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { bits == 0 ? value : value >> bits | value << (64 - bits) }
    private static func shiftMix(_ value: UInt64) -> UInt64 { value ^ value >> 47 }

    private static func pair(_ u: UInt64, _ v: UInt64) -> UInt64 {
        let a = shiftMix((u ^ v) &* mixer)
        return shiftMix((v ^ a) &* mixer) &* mixer
    }

    private static func upTo16(_ s: UnsafeRawBufferPointer) -> UInt64 {
        let count = UInt64(s.count)
        if s.count > 8 {
            let (a, b) = (word(s, 0), word(s, s.count - 8))
            return pair(a, rotate(b &+ count, count)) ^ b
        }
        if s.count >= 4 {
            let a = UInt64(UInt32(littleEndian: s.loadUnaligned(as: UInt32.self)))
            let b = UInt64(UInt32(littleEndian: s.loadUnaligned(fromByteOffset: s.count - 4, as: UInt32.self)))
            return pair(count &+ a << 3, b)
        }
        guard s.count > 0 else { return k2 }
        let y = UInt64(s[0]) &+ UInt64(s[s.count >> 1]) << 8
        let z = count &+ UInt64(s[s.count - 1]) << 2
        return shiftMix(y &* k2 ^ z &* k3) &* k2
    }

    private static func upTo32(_ s: UnsafeRawBufferPointer) -> UInt64 {
        let a = word(s, 0) &* k1, b = word(s, 8)
        let c = word(s, s.count - 8) &* k2, d = word(s, s.count - 16) &* k0
        return pair(rotate(a &- b, 43) &+ rotate(c, 30) &+ d, a &+ rotate(b ^ k3, 20) &- c &+ UInt64(s.count))
    }

    private static func upTo64(_ s: UnsafeRawBufferPointer) -> UInt64 {
        func half(_ a: UInt64, _ z: UInt64, _ second: UInt64, _ third: UInt64) -> (UInt64, UInt64) {
            var a = a
            let b = rotate(a &+ z, 52)
            var c = rotate(a, 37)
            a = a &+ second
            c = c &+ rotate(a, 7)
            a = a &+ third
            return (a &+ z, b &+ rotate(a, 31) &+ c)
        }
        let n = s.count
        let v = half(word(s, 0) &+ (UInt64(n) &+ word(s, n - 16)) &* k0, word(s, 24), word(s, 8), word(s, 16))
        let w = half(word(s, 16) &+ word(s, n - 32), word(s, n - 8), word(s, n - 24), word(s, n - 16))
        let r = shiftMix((v.0 &+ w.1) &* k2 &+ (w.0 &+ v.1) &* k0)
        return shiftMix(r &* k0 &+ v.1) &* k2
    }

    private static func weak(_ s: UnsafeRawBufferPointer, _ at: Int, _ a: UInt64, _ b: UInt64) -> (UInt64, UInt64) {
        let z = word(s, at + 24)
        var a = a &+ word(s, at)
        var b = rotate(b &+ a &+ z, 21)
        let c = a
        a = a &+ word(s, at + 8) &+ word(s, at + 16)
        b = b &+ rotate(a, 44)
        return (a &+ z, b &+ c)
    }

    private static func long(_ s: UnsafeRawBufferPointer) -> UInt64 {
        let n = s.count
        var x = word(s, 0)
        var y = word(s, n - 16) ^ k1
        var z = word(s, n - 56) ^ k0
        var v = weak(s, n - 64, UInt64(n), y)
        var w = weak(s, n - 32, UInt64(n) &* k1, k0)
        z = z &+ shiftMix(v.1) &* k1
        x = rotate(z &+ x, 39) &* k1
        y = rotate(y, 33) &* k1
        for at in stride(from: 0, to: (n - 1) & ~63, by: 64) {
            x = rotate(x &+ y &+ v.0 &+ word(s, at + 16), 37) &* k1
            y = rotate(y &+ v.1 &+ word(s, at + 48), 42) &* k1
            x ^= w.1
            y ^= v.0
            z = rotate(z ^ w.0, 33)
            v = weak(s, at, v.1 &* k1, x &+ w.0)
            w = weak(s, at + 32, z &+ w.1, y)
            swap(&z, &x)
        }
        return pair(pair(v.0, w.0) &+ shiftMix(y) &* k1 &+ z, pair(v.1, w.1) &+ x)
    }
}
