import MaxIR

/// The entries of one tile, each after its length as a big-endian u16.
struct EntryBundle {
    static let prefixBytes = 2
    static let maximumEntryBytes = 65535

    private(set) var bytes: [UInt8] = []
    /// Where each entry's data lies in `bytes`.
    private(set) var ranges: [Range<Int>] = []

    init() {}

    /// The first `tile.width` entries of what was read; more may follow only where a wider tile was read.
    ///
    /// - Throws: `.contentMismatch` when the lengths do not add up.
    init(_ read: [UInt8], _ tile: Tile, wider: Bool) throws(MaxError) {
        var position = 0
        ranges.reserveCapacity(tile.width)
        for index in 0..<tile.width {
            guard read.count - position >= Self.prefixBytes else { throw Self.mismatch(tile, "ends before entry \(index)") }
            let start = position + Self.prefixBytes
            let end = start + (Int(read[position]) << 8) + Int(read[position + 1])
            guard end <= read.count else { throw Self.mismatch(tile, "entry \(index) reaches beyond the end") }
            ranges.append(start..<end)
            position = end
        }
        guard wider || position == read.count else { throw Self.mismatch(tile, "\(read.count - position) bytes after the last entry") }
        bytes = wider ? Array(read[..<position]) : read
    }

    private static func mismatch(_ tile: Tile, _ found: String) -> MaxError {
        MaxError(.contentMismatch, "log: \(tile.name): \(found); expected \(tile.width) entries")
    }

    var count: Int { ranges.count }

    subscript(index: Int) -> [UInt8] { Array(bytes[ranges[index]]) }

    /// - Precondition: at most 65535 bytes.
    mutating func append(_ entry: [UInt8]) {
        bytes += [UInt8(truncatingIfNeeded: entry.count >> 8), UInt8(truncatingIfNeeded: entry.count)]
        ranges.append(bytes.count..<bytes.count + entry.count)
        bytes += entry
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
    }

    /// The leaf hashes of the entries.
    var hashes: [TreeHash] {
        bytes.withUnsafeBytes { raw in ranges.map { .leaf(UnsafeRawBufferPointer(rebasing: raw[$0])) } }
    }
}
