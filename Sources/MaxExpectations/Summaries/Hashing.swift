/// Hashes for tables in memory; they are never stored.
enum Hashing {
    /// Source: the finalizer of MurmurHash3 (Austin Appleby, public domain), one round less.
    @inline(__always) static func mix(_ key: UInt64) -> UInt64 {
        var hash = key
        hash ^= hash >> 32
        hash &*= 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 29
        hash &*= 0xbf58_476d_1ce4_e5b9
        return hash ^ (hash >> 32)
    }

    @inline(__always) static func bytes(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9e37_79b9_7f4a_7c15
        guard let start = bytes.baseAddress else { return mix(hash) }
        let raw = UnsafeRawPointer(start)
        var position = 0
        while position + 8 <= bytes.count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        var rest: UInt64 = 0
        while position < bytes.count {
            rest = rest << 8 | UInt64(raw.load(fromByteOffset: position, as: UInt8.self))
            position += 1
        }
        return mix(hash ^ rest)
    }
}
