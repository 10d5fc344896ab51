import Glibc
import MaxIR

/// The different values of a column and which one each row has.
struct Categories: Sendable {
    enum Keys: Sendable {
        /// In the order of their bytes.
        case texts([Text])
        /// Ascending, without NaN; 0.0 and -0.0 are one.
        case numbers([Double])

        var count: Int {
            switch self {
            case .texts(let a): a.count;
            case .numbers(let a): a.count
            }
        }
    }
    let keys: Keys
    let counts: [Int]
    /// The position of each row's value among `keys`; -1 where it is missing.
    let codes: [Int32]

    var missingCount: Int { codes.count - counts.reduce(0, +) }

    init(numbers: UnsafeBufferPointer<Double>) {
        var distinct: [UInt64: Int32] = [:]
        var values: [Double] = []
        var codes: [Int32] = []
        codes.reserveCapacity(numbers.count)
        for number in numbers {
            if number.isNaN {
                codes.append(-1)
                continue
            }
            let bits = number == 0 ? 0 : number.bitPattern
            if let code = distinct[bits] {
                codes.append(code)
            } else {
                let code = Int32(truncatingIfNeeded: values.count)
                distinct[bits] = code
                values.append(number == 0 ? 0 : number)
                codes.append(code)
            }
        }
        let order = values.indices.sorted { values[$0] < values[$1] }
        self.init(.numbers(order.map { values[$0] }), order, codes)
    }

    init(_ texts: borrowing TextCodes) {
        let keys = texts.keys
        let order = keys.indices.sorted { keys[$0] < keys[$1] }
        self.init(.texts(order.map { keys[$0] }), order, texts.codes)
    }

    private init(_ keys: Keys, _ order: [Int], _ codes: [Int32]) {
        self.keys = keys
        var rank = [Int32](repeating: 0, count: order.count)
        for (position, index) in order.enumerated() { rank[index] = Int32(truncatingIfNeeded: position) }
        var counts = [Int](repeating: 0, count: order.count)
        var ranked = codes
        for row in ranked.indices where ranked[row] >= 0 {
            let code = rank[Int(ranked[row])]
            ranked[row] = code
            counts[Int(code)] += 1
        }
        self.codes = ranked
        self.counts = counts
    }

    func label(_ index: Int) -> String {
        switch keys {
        case .texts(let texts): return texts[index].string
        case .numbers(let numbers):
            if let integer = Int64(exactly: numbers[index]) { return "\(integer)" }
            return "\(numbers[index])"
        }
    }
}

/// Numbers texts in the order in which they come, by a flat table with open addressing on their bytes.
struct TextCodes: ~Copyable {
    private var places: [Int32]
    private var hashes: [UInt64] = []
    private var ends: [Int] = [0]
    private var bytes: [UInt8] = []
    private(set) var codes: [Int32] = []

    init(rows: Int) {
        places = [Int32](repeating: -1, count: 64)
        codes.reserveCapacity(rows)
    }

    var keys: [Text] { hashes.indices.map { Text(utf8: Array(bytes[ends[$0]..<ends[$0 + 1]])) } }

    mutating func appendMissing() { codes.append(-1) }

    mutating func append(_ text: UnsafeBufferPointer<UInt8>) { codes.append(code(text)) }

    private mutating func code(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
        let hash = Self.hash(text)
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hash >> 20) & mask
        while true {
            let known = places[place]
            if known < 0 { break }
            if hashes[Int(known)] == hash, isEqual(Int(known), text) { return known }
            place = (place + 1) & mask
        }
        let new = Int32(truncatingIfNeeded: hashes.count)
        places[place] = new
        hashes.append(hash)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        if hashes.count * 2 > places.count { grow() }
        return new
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
