import MaxIR

/// A tree while it grows and after: nodes in the order in which they were split, leaves in the order in which they came to be.
struct GrownTree: Sendable {
    struct Node: Sendable {
        var column: Int
        /// Numbers: bins up to this one go left.
        var bin: Int
        /// Bins that go left, bin 255 for missing rows.
        var goesLeft: GoesLeft
        var isCategory: Bool
        var missingLeft: Bool
        /// `c >= 0` is node c, `c < 0` leaf `~c`.
        var left: Int
        var right: Int
        var gain: Double
        var rows: Int
    }

    typealias GoesLeft = (UInt64, UInt64, UInt64, UInt64)

    var nodes: [Node] = []
    var values: [Double] = [0]
    var leafRows: [Int] = [0]

    /// The leaf of a row of bins.
    func leaf(_ features: BinnedFeatures, row: Int) -> Int {
        var at = nodes.isEmpty ? -1 : 0
        while at >= 0 {
            let node = nodes[at]
            let bin = features.bin(row: row, column: node.column)
            at = Self.contains(node.goesLeft, bin) ? node.left : node.right
        }
        return ~at
    }

    static func contains(_ set: GoesLeft, _ bin: Int) -> Bool {
        let word = bin < 128 ? (bin < 64 ? set.0 : set.1) : (bin < 192 ? set.2 : set.3)
        return word >> UInt64(bin & 63) & 1 == 1
    }

    /// Bins `0 ... last`, and that of missing rows where they go along.
    static func upTo(_ last: Int, missing: Bool) -> GoesLeft {
        func word(_ index: Int) -> UInt64 {
            let count = last + 1 - index * 64
            return count <= 0 ? 0 : count >= 64 ? .max : (1 << UInt64(count)) - 1
        }
        return (word(0), word(1), word(2), missing ? word(3) | 1 << 63 : word(3) & ~(1 << 63))
    }

    static func of(_ bins: some Sequence<Int>) -> GoesLeft {
        var words: GoesLeft = (0, 0, 0, 0)
        for bin in bins {
            let bit = UInt64(1) << UInt64(bin & 63)
            switch bin >> 6 {
            case 0: words.0 |= bit
            case 1: words.1 |= bit
            case 2: words.2 |= bit
            default: words.3 |= bit
            }
        }
        return words
    }

    /// The tree as the graph has it: positions 0 and on are nodes, those behind them leaves.
    func append(to builder: inout TreeEnsembleBuilder, output: Int, columns: [BinnedFeatures.Column]) throws(MaxError) {
        let count = nodes.count + values.count
        func position(_ child: Int) -> Int { child >= 0 ? child : nodes.count + ~child }
        try builder.addTree(root: nodes.isEmpty ? 0 : 0, count: count, output: output) { at throws(MaxError) in
            guard at < nodes.count else {
                let leaf = at - nodes.count
                return .leaf(.init([values[leaf]], id: leaf, cover: Double(leafRows[leaf])))
            }
            let node = nodes[at]
            let column = columns[node.column]
            var split = SourceNode.Split(
                column: node.column, comparison: .lessOrEqual, missing: .nan, missingGoesTrue: node.missingLeft,
                ifTrue: position(node.left), ifFalse: position(node.right), cover: Double(node.rows))
            if node.isCategory {
                split.comparison = .member
                split.set = Self.words(node.goesLeft, column.codes ?? [])
            } else {
                // Behind the last bound there is no value: only missing rows go right.
                split.threshold = node.bin < column.bounds.count ? column.bounds[node.bin] : .infinity
            }
            return .split(split)
        }
    }

    /// The categories whose bins go left, as bits of their codes.
    private static func words(_ set: GoesLeft, _ codes: [Int]) -> [UInt64] {
        let chosen = codes.indices.filter { contains(set, $0) }.map { codes[$0] }
        var words = [UInt64](repeating: 0, count: (chosen.max() ?? 0) / 64 + 1)
        for code in chosen { words[code / 64] |= 1 << UInt64(code % 64) }
        return words
    }
}
