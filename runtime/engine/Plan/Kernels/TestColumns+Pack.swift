import CMaxKernels
import MaxIR

extension TestColumns {
    /// Writes the ranks into a layout of bytes.
    func write(into out: inout ByteTreesLayout, _ constants: ConstantMemory) {
        var words: [Int32] = []
        var thresholds: [Double] = []
        var firsts: [Double] = []
        for rank in ranks {
            words += [rank.source, Int32(rank.thresholds.count)] + rank.out + [Int32(rank.ofZero)]
            let all = rank.thresholds + [Double](repeating: .nan, count: ByteTreesLayout.thresholdsPerRank - rank.thresholds.count)
            thresholds += all
            firsts += stride(from: 16, to: ByteTreesLayout.thresholdsPerRank, by: 16).map { all[$0] } + [.nan]
        }
        out.ranks = constants.view(words)
        out.thresholds = constants.view(thresholds, isF64: comparesF64)
        out.firsts = constants.view(firsts, isF64: comparesF64)
    }

    /// Writes categories and single tests into `trees`.
    func pack(_ e: TreeEnsemble, into trees: inout maxai_byte_trees, _ constants: ConstantMemory) {
        trees.set_rule = e.setRule.code
        trees.category_count = Int32(categories.count)
        trees.test_count = Int32(single.count)
        trees.categories = UnsafePointer(
            constants.copy(
                categories.map { column in
                    let byCategory = (0..<256).flatMap { category in column.tables.map { $0[category] } }
                    let bySet = column.tables.flatMap { table in
                        stride(from: 0, to: 256, by: 8).map { first in
                            (0..<8).reduce(UInt8(0)) { $0 | table[first + $1] << UInt8($1) }
                        }
                    }
                    return maxai_category_column(
                        source: column.source, out: Int32(column.out), first_set: Int32(column.firstSet),
                        set_count: Int32(column.tables.count), by_category: UnsafePointer(constants.copy(byCategory)),
                        by_set: UnsafePointer(constants.copy(bySet)))
                }))
        trees.tests = packTests(e, constants)
    }

    /// Writes the columns into `trees`.
    func pack(_ e: TreeEnsemble, into trees: inout maxai_walk_trees, _ constants: ConstantMemory) {
        trees.width = Int32(max(width, 1))
        trees.compares_f64 = comparesF64 ? 1 : 0
        trees.set_rule = e.setRule.code
        trees.rank_count = Int32(ranks.count)
        trees.test_count = Int32(single.count)
        trees.ranks = UnsafePointer(
            constants.copy(
                ranks.map { rank in
                    var out = maxai_word_ranks()
                    out.source = rank.source
                    withUnsafeMutableBytes(of: &out.out) { $0.copyBytes(from: rank.out.withUnsafeBytes { Array($0) }) }
                    out.rank_of_zero = UInt16(rank.ofZero)
                    var level = rank.thresholds
                    repeat {
                        let padding = [Double](repeating: .nan, count: (16 - level.count % 16) % 16 + 16)
                        let start = floats(level + padding, constants)
                        withUnsafeMutableBytes(of: &out.levels) {
                            $0.storeBytes(
                                of: start, toByteOffset: Int(out.level_count) * MemoryLayout<UnsafeRawPointer>.stride,
                                as: UnsafeRawPointer.self)
                        }
                        out.level_count += 1
                        level = level.count <= 16 ? [] : stride(from: 16, to: level.count, by: 16).map { level[$0] }
                    } while !level.isEmpty
                    return out
                }))
        trees.tests = packTests(e, constants)
    }

    private func packTests(_ e: TreeEnsemble, _ constants: ConstantMemory) -> UnsafePointer<maxai_test_column> {
        let setWords = single.contains { $0.set >= 0 } ? UnsafePointer(constants.copy(e.setWords)) : nil
        return UnsafePointer(
            constants.copy(
                single.map { test in
                    var out = test.column
                    if test.set >= 0, let setWords {
                        let (start, end) = (e.setOffsets[Int(test.set)], e.setOffsets[Int(test.set) + 1])
                        out.words = setWords + Int(start)
                        out.word_count = end - start
                    }
                    return out
                }))
    }

    private func floats(_ values: [Double], _ constants: ConstantMemory) -> UnsafeRawPointer {
        comparesF64 ? UnsafeRawPointer(constants.copy(values)) : UnsafeRawPointer(constants.copy(values.map { Float($0) }))
    }
}
