extension Ops {
    /// - Operand `x`: texts of any shape.
    /// - Result: i64, from -2^31 to 2^31 - 1.
    /// - Source: MurmurHash3 x86 32 (Appleby), as scikit-learn's `murmurhash3_bytes_s32` reads its result.
    public static let murmurHash = Operator(
        "murmur_hash",
        "MurmurHash3 (x86, 32 bits, little endian) of each text's UTF-8 with `seed`, as a signed number. Source: scikit-learn FeatureHasher.",
        operands: [.one("x", [.string])], attributes: [.defaulted("seed", .int(0))],
        infer: { node throws(MaxError) in
            let seed = try node.int("seed")
            guard (0...Int64(UInt32.max)).contains(seed) else {
                throw MaxError(.malformed, "seed: found \(seed), expected 0 to \(UInt32.max)")
            }
            return [.tensor(TensorType(.i64, try node.tensorType(0).shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let seed = UInt32(truncatingIfNeeded: try node.int("seed"))
            let hashes = try node.values(0, as: Text.self).map { text in
                text.utf8.withUnsafeBytes { MurmurHash.hash32($0, seed: seed) }
            }
            return [.tensor(Tensor(hashes, shape: x.shape))]
        })
}

/// MurmurHash3 x86 32.
public enum MurmurHash {
    public static func hash32(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> Int64 {
        var hash = seed
        let blocks = bytes.count / 4
        for block in 0..<blocks {
            hash ^= scramble(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * block, as: UInt32.self)))
            hash = (hash << 13 | hash >> 19) &* 5 &+ 0xe654_6b64
        }
        var tail: UInt32 = 0
        for index in stride(from: bytes.count - 1, through: 4 * blocks, by: -1) { tail = tail << 8 | UInt32(bytes[index]) }
        if bytes.count % 4 != 0 { hash ^= scramble(tail) }
        hash ^= UInt32(truncatingIfNeeded: bytes.count)
        hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
        hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
        return Int64(Int32(bitPattern: hash ^ hash >> 16))
    }

    private static func scramble(_ word: UInt32) -> UInt32 {
        let k = word &* 0xcc9e_2d51
        return (k << 15 | k >> 17) &* 0x1b87_3593
    }
}
