/// Sums over blocks of rows whose order never depends on threads: chain c adds the blocks c, c + 8, … in order, and the chains
/// are added in order.
struct OrderedChains {
    static let count = 8
    let width: Int
    private let sums: Block<Double>

    init(width: Int) {
        self.width = width
        sums = Block<Double>(Self.count * width, 0)
    }

    /// Calls `add` for all blocks of `rows` rows, with the chain's sums to add to, and gives the sums of all chains.
    func total(
        of rows: Int, size: Int, crew: Crew, _ add: (_ block: Range<Int>, _ sums: UnsafeMutablePointer<Double>) -> Void
    ) -> [Double] {
        for place in 0..<sums.count { sums[place] = 0 }
        let blocks = (rows + size - 1) / size
        crew.pieces(of: min(Self.count, blocks), size: 1) { chain, _ in
            for block in stride(from: chain, to: blocks, by: Self.count) {
                add(block * size..<min(rows, (block + 1) * size), sums.start + chain * width)
            }
        }
        var out = [Double](repeating: 0, count: width)
        for chain in 0..<Self.count { for place in 0..<width { out[place] += sums[chain * width + place] } }
        return out
    }
}
