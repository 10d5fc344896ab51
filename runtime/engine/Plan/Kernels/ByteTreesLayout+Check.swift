import CMaxKernels
import MaxIR

extension ByteTreesLayout {
    /// Proves that kernels read and write within bounds and end, whatever the arrays hold: a file may have been made by
    /// anyone. What they hold is another question, which golden rows and signatures answer.
    ///
    /// - Throws: `.malformed` naming the array.
    func check() throws(MaxError) {
        func fail(_ what: String) -> MaxError { MaxError(.malformed, "packed trees: \(what)") }
        let trees = shape.count
        guard (1...TestColumns.maximumWidth).contains(width), outputCount >= 1, leafStride >= 1, leafStride <= outputCount,
            outputCount <= Limits.ports, columns <= Limits.ports
        else { throw fail("width \(width), \(outputCount) outputs, \(leafStride) values per leaf") }
        guard
            [nodeCount.count, innerCount.count, levels.count, starts.count, leafStarts.count, leafCounts.count, treeOutput.count]
                .allSatisfy({ $0 == trees })
        else { throw fail("arrays of different lengths for \(trees) trees") }
        guard heapLimit.count == heapOffset.count, base.count == outputCount, base.elementType == leaves.elementType,
            leaves.bytes.baseAddress != nil
        else { throw fail("heap_limit, base or leaves do not fit") }
        try checkRanks(fail)
        let end = UInt32(64 * width)
        guard heapOffset.allSatisfy({ $0 < end && $0 % 64 == 0 }) else { throw fail("heap_offset beyond \(width) columns") }
        for tree in 0..<trees { if let what = fault(tree) { throw fail("\(what) of tree \(tree)") } }
    }

    /// Which array leads a kernel astray in `tree`, if one does.
    private func fault(_ tree: Int) -> String? {
        guard treeOutput[tree] >= 0, Int(treeOutput[tree]) <= outputCount - leafStride else { return "tree_output" }
        let (start, leaf) = (Int(starts[tree]), Int(leafStarts[tree]))
        guard start >= 0, leaf >= 0, leaf + Self.paddingLeaves * leafStride <= leaves.count else { return "starts or leaf_starts" }
        let code = Int(shape[tree])
        if code == MAXAI_FREE_SHAPE { return isSound(tree, start) ? nil : "nodes" }
        let slots = code < MAXAI_FREE_SHAPE ? 1 << code : code - MAXAI_OBLIVIOUS
        guard code != MAXAI_OBLIVIOUS, slots <= (code < MAXAI_FREE_SHAPE ? 64 : 8), start <= heapOffset.count - slots else {
            return "shape"
        }
        return nil
    }

    private func checkRanks(_ fail: (String) -> MaxError) throws(MaxError) {
        let count = ranks.count / Self.rankWords
        let type: ElementType = comparesF64 ? .f64 : .f32
        guard ranks.count % Self.rankWords == 0, !comparesF64 || xIsF64, thresholds.count == count * Self.thresholdsPerRank,
            firsts.count == count * Self.firstsPerRank, thresholds.elementType == type, firsts.elementType == type
        else { throw fail("ranks, thresholds and firsts do not fit") }
        for rank in 0..<count {
            let words = ranks[rank * Self.rankWords..<(rank + 1) * Self.rankWords]
            // A last sixteenth would send a search behind the thresholds.
            guard words.first.map({ $0 >= 0 && Int($0) < columns }) == true,
                words.dropFirst(2).prefix(5).allSatisfy({ $0 >= -1 && Int($0) < width }),
                firsts.double(rank * Self.firstsPerRank + 15).isNaN
            else { throw fail("rank column \(rank)") }
        }
    }

    /// Whether the children of a tree's nodes stand after their parents, so that every walk ends, and every mask is written
    /// before it is read: every node but the first is some earlier one's child.
    private func isSound(_ tree: Int, _ start: Int) -> Bool {
        let count = Int(nodeCount[tree])
        guard Int(innerCount[tree]) <= count, start < nodes.count - count else { return false }
        guard let tree = nodes.baseAddress.map({ $0 + start }) else { return false }
        return maxai_byte_nodes_sound(tree, count, Int32(width)) == 1
    }
}
