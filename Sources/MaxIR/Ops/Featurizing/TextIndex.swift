import Glibc

/// Numbers texts in the order in which they come: a flat table with open addressing on their bytes.
public struct TextIndex: Sendable {
    private var places: [Int32]
    private var hashes: [UInt64] = []
    private var ends: [Int] = [0]
    private var bytes: [UInt8] = []

    public init() { places = [Int32](repeating: -1, count: 64) }

    public var count: Int { hashes.count }

    /// All of them, by number.
    public var texts: [Text] { hashes.indices.map { Text(utf8: Array(bytes[ends[$0]..<ends[$0 + 1]])) } }

    /// The number of a text that was inserted.
    public func find(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let known = places[place(Self.hash(text), text)]
        return known < 0 ? nil : Int(known)
    }

    /// The number of a text, a new one where it was not there.
    public mutating func insert(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = Self.hash(text)
        let place = place(hash, text)
        if places[place] >= 0 { return Int(places[place]) }
        let new = hashes.count
        places[place] = Int32(truncatingIfNeeded: new)
        hashes.append(hash)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        if hashes.count * 2 > places.count { grow() }
        return new
    }

    /// Where a text is, or the free place for it.
    private func place(_ hash: UInt64, _ text: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hash >> 20) & mask
        while true {
            let known = Int(places[place])
            if known < 0 || (hashes[known] == hash && isEqual(known, text)) { return place }
            place = (place + 1) & mask
        }
    }

    private func isEqual(_ index: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let (start, end) = (ends[index], ends[index + 1])
        guard end - start == text.count else { return false }
        guard let base = text.baseAddress, text.count > 0 else { return true }
        return bytes.withUnsafeBufferPointer { all in
            guard let from = all.baseAddress else { return false }
            return memcmp(from + start, base, text.count) == 0
        }
    }

    private mutating func grow() {
        places = [Int32](repeating: -1, count: places.count * 4)
        let mask = places.count - 1
        for (index, hash) in hashes.enumerated() {
            var place = Int(truncatingIfNeeded: hash >> 20) & mask
            while places[place] >= 0 { place = (place + 1) & mask }
            places[place] = Int32(truncatingIfNeeded: index)
        }
    }

    /// Eight bytes at a time, multiplied and folded; not for use outside of this table.
    private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(text.count)
        let raw = UnsafeRawBufferPointer(text)
        var at = 0
        while at + 8 <= raw.count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        var tail: UInt64 = 0
        while at < raw.count {
            tail = tail << 8 | UInt64(raw[at])
            at += 1
        }
        return mix(hash ^ tail)
    }

    @inline(__always) private static func mix(_ x: UInt64) -> UInt64 {
        let product = x.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}
