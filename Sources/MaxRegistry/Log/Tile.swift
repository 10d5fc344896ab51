import MaxIR

/// A file of the log's tree or of its entries (C2SP tlog-tiles):
///
///     tile/<L>/<N>            256 hashes: the roots of the complete subtrees of height 8·L from number 256·N on
///     tile/<L>/<N>.p/<W>      the first W of them, 1 to 255, where the tree ends
///     tile/entries/<N>[.p/<W>]  the entries that the hashes of tile/0/<N> are of
///
/// N is written in groups of three digits, all but the last after an `x`: 1234067 is `x001/x234/067`.
package struct Tile: Hashable, Sendable {
    static let fullWidth = 256
    /// Above it no tile can be: 256^8 entries are more than a log may have.
    static let levels = 0..<8

    package enum Content: Hashable, Sendable {
        case entries
        case hashes(level: Int)

        static let all: [Content] = [.entries] + Tile.levels.map { .hashes(level: $0) }

        /// Entries are counted as the hashes of level 0 are.
        var level: Int { if case .hashes(let level) = self { level } else { 0 } }
    }

    let content: Content
    let number: UInt64
    /// 1 to 256.
    let width: Int

    /// Hashes at `level`, full tiles and partial one together, of a tree of `size` leaves.
    static func count(_ level: Int, size: UInt64) -> UInt64 { size >> UInt64(8 * level) }

    /// Tile `number` of a tree of `size` leaves; nil when the tree has none there.
    init?(_ content: Content, number: UInt64, size: UInt64) {
        let count = Self.count(content.level, size: size)
        guard number <= count >> 8 else { return nil }
        let width = number < count >> 8 ? Self.fullWidth : Int(count & 255)
        guard width > 0 else { return nil }
        self.init(content, number: number, width: width)
    }

    /// The partial tile at the tree's right edge; nil when the level ends with a full tile or is empty.
    init?(edge content: Content, size: UInt64) {
        self.init(content, number: Self.count(content.level, size: size) >> 8, size: size)
    }

    package init(_ content: Content, number: UInt64, width: Int) {
        (self.content, self.number, self.width) = (content, number, width)
    }

    /// The same tile at full width.
    var full: Tile { Tile(content, number: number, width: Self.fullWidth) }
    var isPartial: Bool { width < Self.fullWidth }

    /// From the folder of the log down.
    var path: [String] {
        let kind = if case .hashes(let level) = content { String(level) } else { "entries" }
        var groups: [String] = []
        var rest = number
        repeat {
            let digits = String(rest % 1000)
            groups.insert((groups.isEmpty ? "" : "x") + String(repeating: "0", count: 3 - digits.count) + digits, at: 0)
            rest /= 1000
        } while rest > 0
        let path = ["tile", kind] + groups
        return isPartial ? path.dropLast() + ["\(groups[groups.count - 1]).p", String(width)] : path
    }

    package var name: String { path.joined(separator: "/") }

    /// The most bytes that the file may have.
    var maximumBytes: Int {
        content == .entries ? width * (EntryBundle.prefixBytes + EntryBundle.maximumEntryBytes) : width * TreeHash.byteCount
    }
}
